"""Figures as files: true size, exact dots, type that is type, the map's colours, the same bytes twice."""

import json
import re
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from from_tables import scene_from
from matrix_cinema.cli import commands as cli
from paths import ROOT
from PIL import Image

bpy = pytest.importorskip("bpy")

from matrix_cinema.description.scene import load_scene  # noqa: E402
from matrix_cinema.errors import InputError, JobError  # noqa: E402
from matrix_cinema.look.color_maps import color_map  # noqa: E402
from matrix_cinema.outputs import figure as figures  # noqa: E402
from matrix_cinema.picture.figure_page import Shown, cells_of  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")
HEAD, TINY = ROOT / "examples" / "attention_head.toml", ROOT / "tests" / "tiny.toml"


def make(path, scene=None, **options):
    """The figure of a scene, else of the tiny one."""
    options = {"dpi": 100, "samples": 1} | options
    return figures.figure([Shown(scene or load_scene(TINY))], path, **options)


def check_notes(said):
    """What a figure says of itself, as a still does."""
    assert re.fullmatch("[0-9a-f]{64}", said["scene"])
    assert 0 < said["largest_error"] < 1e-5


@pytest.fixture
def pdf():
    pytest.importorskip("matplotlib")
    pytest.importorskip("brotli")
    return pytest.importorskip("pypdf")


def test_a_pdf_has_its_size_its_dots_and_selectable_text(pdf, tmp_path):
    """The head at single-column width: the picture is 300 dots per inch, the text is text."""
    page = make(tmp_path / "head.pdf", load_scene(HEAD), dpi=300)
    (leaf,) = pdf.PdfReader(tmp_path / "head.pdf").pages
    assert float(leaf.mediabox.width) == pytest.approx(3.3 * 72, abs=0.02)
    assert float(leaf.mediabox.height) == pytest.approx(page.height, abs=0.02)
    said = pdf.PdfReader(tmp_path / "head.pdf").metadata
    notes = json.loads(said["/Keywords"])
    check_notes(notes)
    assert list(notes["files"].values())
    assert said["/Title"] == load_scene(HEAD).title and "Matrix Cinema" in said["/Creator"]
    (image,) = leaf.images
    assert image.image.size == (990, round(page.height / 72 * 300))
    words = " ".join(leaf.extract_text().split())  # a shape may stand in two lines
    for text in ("16 × 32", "query", "32 × 16", "animal", "[CLS]", "probability", "out", "street"):
        assert text in words, words
    fonts = [font.get_object() for font in leaf["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor and "/ToUnicode" in font and "Inter" in font["/BaseFont"]


def test_an_svg_has_its_size_and_text_and_needs_no_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = make(tmp_path / "head.svg", load_scene(HEAD), width="84mm")
    text = (tmp_path / "head.svg").read_text("utf-8")
    width, height = map(float, re.search(r'width="([\d.]+)in" height="([\d.]+)in"', text).groups())
    assert width == pytest.approx(84 / 25.4, abs=0.011)
    assert height == pytest.approx(page.height / 72, abs=1e-3)
    check_notes(json.loads(ElementTree.fromstring(text).find("{*}metadata").text))
    assert ">animal</text>" in text and ">attn</text>" in text and "sans-serif" in text
    with pytest.raises(JobError, match="pip install"):
        make(tmp_path / "head.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["head.svg"]
    slanted = {round(-np.degrees(one.angle), 3) for one in page.texts if one.angle} - {-90.0}
    turns = {float(turn) for turn in re.findall(r"rotate\((\S+) ", text)}
    assert slanted and slanted | {-90.0} == turns  # titles of axes lie along the edges of matrices


def test_a_page_that_takes_long_says_so_before_it_stands_still(tmp_path, tiny, monkeypatch):
    heard = []
    for most, said in ((3 * 72 * 216 * 9, []), (100, ["in which the progress stands still"])):
        monkeypatch.setattr(figures, "QUICKLY_RENDERED", most)
        make(tmp_path / "a.svg", load_scene(tiny), width="3in", dpi=36, samples=1, progress=heard.append)
        told = [one.message for one in heard if "may take minutes" in one.message]
        assert len(told) == len(said) and all(part in one for part, one in zip(said, told, strict=True))


def test_a_png_tells_its_dots_per_inch(pdf, tmp_path):
    make(tmp_path / "a.png", dpi=150)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] == 495 and image.mode == "RGB" and image.info["icc_profile"]
        check_notes(json.loads(image.text["Comment"]))
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.02)


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png"])
def test_the_same_figure_is_the_same_bytes(pdf, tmp_path, suffix):
    for name in "ab":
        make(tmp_path / f"{name}{suffix}", dpi=40)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["vik", "oslo_r"])
def test_elements_and_colour_bar_have_the_maps_colours(pdf, tmp_path, name):
    """At the middle of each element of a row of 33 values, and all along the bar, to 2/255."""
    signed = name == "vik"
    values = np.linspace(-1 if signed else 0, 1, 33)
    scene = scene_from(
        {
            "expression": "A",
            "matrices": {"A": {"values": [values.tolist()], "color_map": name}},
            "look": {"min_size": 1.0, "numbers": "off", "title": False},
            "camera": {"view": "front"},
        }
    )
    page = make(tmp_path / "row.png", scene, dpi=300, samples=4)
    with Image.open(tmp_path / "row.png") as image:
        dots = np.asarray(image.convert("RGB")).astype(float)
    assert (dots[:3] == 255).all()  # a white page, without noise
    table = color_map(name).astype(float)
    (picture,), (bar,) = page.pictures, page.bars
    (plane,) = cells_of([figures.Shown(scene)], 990)[0].plan.arrangement.planes
    for n, value in enumerate(values):
        if value == 0:
            continue  # absent
        at = (picture.view.project(plane.places(np.array([0]), np.array([n])))[0] + 1) / 2
        x, y = at * (page.width, page.height) * 300 / 72
        place = 255 * (0.5 + 0.5 * value if signed else value)
        wanted = [np.interp(place, np.arange(256), table[:, channel]) for channel in range(3)]
        assert np.abs(dots[len(dots) - 1 - int(y), int(x)] - wanted).max() <= 2, (n, value)
    y = len(dots) - 1 - round((bar.y + 0.5 * bar.height) * 300 / 72)
    for part in np.linspace(0.05, 0.95, 19):
        drawn = dots[y, round((bar.x + part * bar.width) * 300 / 72)]
        near = table[max(0, int(255 * part) - 1) : int(255 * part) + 3]
        assert (near.min(axis=0) - 2 <= drawn).all() and (drawn <= near.max(axis=0) + 2).all()


def test_the_cells_of_a_flat_star_have_the_maps_colours(pdf, tmp_path):
    """In a scene whose own style is lit, at the middle of every cell, to 2/255."""
    values = np.linspace(0.0, 1.0, 16).reshape(4, 4)
    look = {"style": "studio_light", "min_size": 1.0, "numbers": "off"}
    scene = {"expression": "A", "matrices": {"A": {"values": values.tolist(), "color_map": "oslo_r"}}}
    scene = scene_from(scene | {"look": look, "readout": ["A"], "star": "A"})
    page = make(tmp_path / "flat.png", scene, width="2in", dpi=150, samples=4)
    with Image.open(tmp_path / "flat.png") as image:
        dots = np.asarray(image.convert("RGB")).astype(float)
    (picture,), table = page.pictures, color_map("oslo_r").astype(float)
    (block,) = [one.readout for one in picture.readouts]
    for (i, j), value in np.ndenumerate(values):
        if value > 0.0:  # zero is absent
            at = (block.origin + (i, j) @ block.steps) * picture.height + (picture.x, picture.y)
            x, y = (int(n) for n in at * 150 / 72)
            wanted = [np.interp(255 * value, np.arange(256), table[:, channel]) for channel in range(3)]
            assert np.abs(dots[len(dots) - 1 - y, x] - wanted).max() <= 2, (i, j)


def test_a_transparent_figure_has_no_background(pdf, tmp_path):
    make(tmp_path / "a.png", transparent=True)
    with Image.open(tmp_path / "a.png") as image:
        alpha = np.asarray(image)[..., 3]
    assert np.median(alpha[:10]) == 0 and alpha.max() == 255  # of few samples: soft shadows are noise


def test_panels_show_their_frames(pdf, tmp_path, tiny):
    """Frame 1 has no result yet; the last has. The picture of each stands at its place."""
    out = tmp_path / "two.png"
    assert cli.run(["figure", str(tiny), "--frames", "1,12", "-o", str(out), "--dpi", "100", "--quiet"]) == 0
    with Image.open(out) as image:
        dots = np.asarray(image.convert("RGB"))[: round(image.size[1] * 0.7)]
    left, right = np.array_split(dots, 2, axis=1)
    drawn = [(half.max(axis=2) - half.min(axis=2) > 30).sum() for half in (left, right)]
    assert drawn[1] > 1.2 * drawn[0] > 0


@pytest.mark.one_blender
@pytest.mark.parametrize(
    "words, said",
    [
        (["-o", "a.gif"], "suffix must be .pdf"),
        (["-o", "a.pdf", "--width", "3.3"], "not a length such as"),
        (["-o", "a.pdf", "--width", "99in", "--dpi", "2400"], "dots"),
        (["-o", "a.svg", "--font", "no such font.ttf"], "no such font file"),
        (["-o", "a.svg", "--frame", "13"], "frames 1 to 12"),
        (["-o", "a.svg", "--frame", "1", "--frames", "1,2"], "--frame"),
        (["-o", "a.svg", "--layers", "5"], "to take a layer or head of"),
        (["-o", "a.svg", "--font-size", "1"], "not a size of type"),
    ],
)
def test_bad_input_is_told_in_one_line_and_leaves_what_was_there(tiny, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tiny.parent)
    for name in ("a.pdf", "a.svg"):
        (tiny.parent / name).write_text("kept")
    assert cli.run(["figure", str(tiny), *words]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
    assert {path.name for path in tiny.parent.iterdir()} == {"tiny.toml", "a.pdf", "a.svg"}
    assert (tiny.parent / "a.svg").read_text() == "kept"


def test_outlines_are_shapes(pdf, tmp_path):
    make(tmp_path / "a.svg", outlines=True)
    text = (tmp_path / "a.svg").read_text("utf-8")
    assert "<text" not in text and text.count("<path") > 8


def test_an_own_font_is_the_one_embedded(pdf, tmp_path):
    import matplotlib

    font = f"{matplotlib.get_data_path()}/fonts/ttf/STIXGeneral.ttf"
    make(tmp_path / "a.pdf", font=font)
    (leaf,) = pdf.PdfReader(tmp_path / "a.pdf").pages
    names = [str(font.get_object()["/BaseFont"]) for font in leaf["/Resources"]["/Font"].values()]
    assert any("STIX" in name for name in names) and "out" in leaf.extract_text()
    with pytest.raises(InputError, match="no font of the family"):
        make(tmp_path / "b.pdf", font="No Such Family")
