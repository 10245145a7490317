"""A scene's style: the named one, a style file over it, and the scene's own changes over both."""

import dataclasses
import re

import pytest
from from_tables import planned_from
from matrix_cinema.description.scene import Scene, load_scene, to_json
from matrix_cinema.description.style import Style
from matrix_cinema.errors import InputError
from matrix_cinema.look.lights import RIGS
from matrix_cinema.look.mm_colors import called, mm_color, parsed
from matrix_cinema.look.styles import STYLES, style_of, with_style_file
from matrix_cinema.staging.plan import plan

A = "[matrices.A]\nvalues = [[1.0, -2.0], [3.0, 4.0]]\n"


def scene_of(folder, text):
    (folder / "scene.toml").write_text(f'expression = "A @ A"\n{text}\n{A}')
    return load_scene(folder / "scene.toml")


def test_there_are_at_least_six_styles_and_all_their_rigs_are_known():
    assert len(STYLES) >= 6 and not any(None in vars(one).values() for one in STYLES.values())
    assert {one.light for one in STYLES.values()} <= set(RIGS)
    assert {one.interior for one in STYLES.values()} == {"solid", "glass", "glow"}


def test_the_scene_changes_its_style_field_by_field(tmp_path):
    scene = scene_of(tmp_path, '[look]\nstyle = "paper"\n[style]\nbackground = "#fff8e7"\nexposure = 1')
    changed = style_of(scene)
    assert changed == dataclasses.replace(
        STYLES["paper"], background=(1.0, 248 / 255, 231 / 255), exposure=1.0
    )
    assert plan(scene).style == changed


def test_a_style_file_becomes_part_of_the_description(tmp_path):
    (tmp_path / "mine.toml").write_text('base = "glow"\ntext = "#00ff00"\nglow = 0.5\n')
    scene = scene_of(tmp_path, '[look]\nstyle = "mine.toml"\n[style]\nglow = 0.75')
    shown = plan(scene)
    assert (shown.style.text, shown.style.glow, shown.style.interior) == ((0.0, 1.0, 0.0), 0.75, "glow")
    assert shown.scene.look.style == "glow" and "mine.toml" not in to_json(shown.scene)
    (tmp_path / "mine.toml").unlink()
    assert plan(shown.scene).style == shown.style  # what was built needs the file no more


REFUSED_FILES = {
    'base = "glaw"': 'mine.toml: base: unknown style "glaw"; did you mean "glow"',
    'base = "mine.toml"': 'unknown style "mine.toml"',
    "txet = 1": 'mine.toml: unknown key "txet"; did you mean "text"?',
    "base = 1": "base: unknown style",
    "base = []": "base: unknown style",
    "text = ": "mine.toml: not TOML",
    None: "mine.toml: no such style file",
}


@pytest.mark.parametrize("text", REFUSED_FILES)
def test_a_bad_style_file_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=re.escape(REFUSED_FILES[text])):
        plan(scene_of(tmp_path, '[look]\nstyle = "mine.toml"'))


def test_an_environment_has_to_be_a_picture(tmp_path):
    with pytest.raises(InputError, match=r'light: "environment" needs a picture'):
        plan(scene_of(tmp_path, '[style]\nlight = "environment"'))
    with pytest.raises(InputError, match="style: environment: .*sky.hdr: no such file"):
        plan(scene_of(tmp_path, '[style]\nenvironment = "sky.hdr"'))
    with pytest.raises(InputError, match="environment: .*is a folder, not a file"):
        plan(scene_of(tmp_path, '[style]\nenvironment = "."'))
    (tmp_path / "sky.hdr").write_text("a sky")
    with pytest.raises(InputError, match="not a picture that can light a scene; those are Radiance HDR"):
        plan(scene_of(tmp_path, '[style]\nenvironment = "sky.hdr"'))
    (tmp_path / "sky.hdr").write_bytes(b"#?RADIANCE\n\n-Y 4 +X 8\n")
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "mine.toml").write_text('environment = "../sky.hdr"')
    scene = scene_of(tmp_path, '[look]\nstyle = "styles/mine.toml"')
    assert plan(scene).environment.samefile(tmp_path / "sky.hdr")  # relative to the style file


def test_mm_s_hues_are_settings(tmp_path):
    """hue = zero + sign (gap + spread v), lightness = min + (max - min) √v; worked out by hand."""
    article = (0.75, 0.75, 0.03, 0.2, 0.9)
    # sign +, v = 1: hue 0.53 (mod 1), lightness 0.9: chroma 0.2, between cyan and blue.
    assert mm_color(1.0, 1.0, article) == pytest.approx((0.8, 0.8 + 0.2 * (4 - 0.53 * 6), 1.0))
    # sign -, v = 0.25: hue -0.0075, lightness 0.55: chroma 0.9.
    assert mm_color(-1.0, 0.25, article) == pytest.approx((1.0, 0.1, 0.1 + 0.9 * 0.0075 * 6))
    text = '[look]\nstyle = "mm"\n[style]\nzero_hue = 0.75\nhue_gap = 0.75\nhue_spread = 0.03\n'
    p = plan(scene_of(tmp_path, text + "min_light = 0.2\nmax_light = 0.9"))
    name = p.final["A"].color_map
    assert name == "mm(0.75, 0.75, 0.03, 0.2, 0.9)" and parsed(name) == ("mm", article)
    assert plan(scene_of(tmp_path, '[look]\nstyle = "mm"')).final["A"].color_map == "mm"
    assert called("vik", article) == "vik"


@pytest.mark.parametrize(
    "name",
    [
        "mm(1, 2, 3, 4, 5)",
        "mm(0.1)",
        "mm(a, 0, 0, 0, 0)",
        "mm(0..1, 0, 0, 0, 0)",
        "mm(9e999, 0, 0, 0, 0)",
        "vik(0, 0, 0, 0, 0)",
    ],
)
def test_other_calls_are_unknown_maps(tmp_path, name):
    with pytest.raises(InputError, match="look: color_map: unknown colour map"):
        plan(scene_of(tmp_path, f'[look]\ncolor_map = "{name}"'))


@pytest.mark.parametrize("sensitivity", ["local", "global", "semilocal", "superlocal"])
def test_matrices_are_clipped_at_a_percentile(sensitivity):
    values = [[float(n) for n in range(1, 100)] + [1000.0]]
    looks = {"clip": 99.0, "sensitivity": sensitivity}
    description = {"expression": "A", "matrices": {"A": {"values": values}}, "look": looks}
    scale = planned_from(description).final["A"]
    assert scale.high == pytest.approx(108.01) and scale.clip == 99.0  # 99 + 0.01 (1000 - 99)


def test_nothing_said_changes_nothing():
    assert with_style_file(Scene()) == Scene() and style_of(Scene()) == STYLES["studio_light"]
    assert Scene().style == Style()
