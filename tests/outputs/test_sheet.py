"""The contact sheet of heads: the colours of its patterns, what is absent, and what it says."""

import base64
import io
import re
import sys
import warnings

import numpy as np
import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.formats.capture_file import open_capture, write_capture
from matrix_cinema.look.color_maps import color_map
from matrix_cinema.outputs import font_files
from matrix_cinema.outputs.contact_sheet import draw_sheet
from paths import ROOT

pytestmark = pytest.mark.one_blender

DATA = ROOT / "examples" / "data"
MINILM, INDUCTION = DATA / "minilm.safetensors", DATA / "induction.safetensors"


@pytest.fixture(scope="module")
def matplotlib():
    return pytest.importorskip("matplotlib", reason="NO FIGURES: pip install matplotlib")


def test_every_colour_of_a_pattern_is_the_map_s(tmp_path, matplotlib):
    """The picture of the pattern stands in the SVG as a PNG of its own."""
    image = pytest.importorskip("PIL.Image")
    capture = open_capture(INDUCTION)
    draw_sheet(capture, tmp_path / "x.svg", layer="0", head=1)
    inner = re.findall(r"base64,([^\"]+)", (tmp_path / "x.svg").read_text())
    pixels = np.asarray(image.open(io.BytesIO(base64.b64decode(inner[0].replace("\n", ""))))).astype(int)
    pattern, allowed = capture.tensor(0, "pattern", 1), capture.allowed(0, 1)
    middles = [((np.arange(13) + 0.5) * n / 13).astype(int) for n in pixels.shape[:2]]
    found = pixels[np.ix_(*middles)]
    found = found[::-1] if (found[..., 3] > 0)[0].all() else found  # SVG pictures stand on their heads
    wanted = color_map("jade").astype(int)[np.minimum((pattern * 256).astype(int), 255)]
    assert np.array_equal(found[..., 3] > 0, allowed), "what is masked is absent"
    assert np.abs(found[..., :3] - wanted)[allowed].max() <= 2


def test_a_sheet_is_the_same_each_time_and_says_which_heads(tmp_path, matplotlib):
    for kind in ("png", "svg", "pdf"):
        made = [tmp_path / f"{n}.{kind}" for n in "ab"]
        assert {draw_sheet(open_capture(INDUCTION), path) for path in made} == {16}
        assert made[0].read_bytes() == made[1].read_bytes()
    text = (tmp_path / "a.svg").read_text()
    said = [re.sub(r"\s+", " ", t) for t in re.findall(r"<text[^>]*>([^<]*)</text>", text)]
    assert {f"L{layer}H{head}" for layer in (0, 1) for head in range(8)} <= set(said)
    assert sum(t.startswith("induction") for t in said) == 8 and "itself 1.00" in said
    assert said.count("&lt;s&gt;") == 2 + 8  # queries of two layers, keys of eight heads


def test_tokens_are_text_and_no_formulas(tmp_path, matplotlib):
    rng = np.random.default_rng(0)
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    tensors = {"L0.q": rng.normal(size=(1, 3, 4)), "L0.k": rng.normal(size=(1, 3, 4))}
    tokens = ["$x$", "\\frac", "日\n"]
    write_capture(tmp_path / "a.safetensors", tensors, {"tokens_q": tokens, "layers": {"0": layer}})
    draw_sheet(open_capture(tmp_path / "a.safetensors"), tmp_path / "x.svg")
    assert "$x$" in (tmp_path / "x.svg").read_text()


SCRIPTS = ["café", "日本語", "カナ", "한국어", "ไทยที่", "हिन्दी", "தமிழ்", "🙂", "👩‍💻", "Ж", "the", "the"]


def labelled(folder, tokens):
    rng = np.random.default_rng(0)
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    tensors = {f"L0.{name}": rng.normal(size=(1, len(tokens), 4)) for name in "qk"}
    write_capture(folder / "a.safetensors", tensors, {"tokens_q": tokens, "layers": {"0": layer}})
    return open_capture(folder / "a.safetensors")


def written_in(path):
    return set(re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text()))


def test_every_script_has_its_letters(tmp_path, matplotlib):
    """Blender's fonts have what matplotlib's own lacks; which Blender that is, is no matter."""
    pytest.importorskip("brotli", reason="NO FIGURES: pip install fonttools[woff]")
    capture = labelled(tmp_path, SCRIPTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that of a missing glyph
        for kind in ("png", "pdf", "svg"):
            draw_sheet(capture, tmp_path / f"x.{kind}")
    assert {*SCRIPTS[:8], "👩💻", "Ж", "the₁₀", "the₁₁"} <= written_in(tmp_path / "x.svg")
    assert "Noto Sans Thai'" in (tmp_path / "x.svg").read_text()


def test_a_letter_without_a_glyph_is_its_number(tmp_path, matplotlib, monkeypatch):
    monkeypatch.setattr(font_files, "_blenders", lambda: [])
    draw_sheet(labelled(tmp_path, ["a", "日b"]), tmp_path / "x.svg")
    assert {"a", "U+65E5b"} <= written_in(tmp_path / "x.svg")


def test_patches_stand_beside_their_rows_and_columns(tmp_path, matplotlib):
    image = pytest.importorskip("PIL.Image")
    colors = np.array([[(250, 0, 0), (0, 250, 0)], [(0, 0, 250), (250, 250, 0)]], np.uint8)
    rng, tokens = np.random.default_rng(0), ["[CLS]", "r0c0", "r0c1", "r1c0", "r1c1"]
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    tensors = {f"L0.{name}": rng.normal(size=(1, 5, 4)) for name in "qk"} | {"picture": colors}
    write_capture(tmp_path / "a.safetensors", tensors, {"tokens_q": tokens, "layers": {"0": layer}})
    draw_sheet(open_capture(tmp_path / "a.safetensors"), tmp_path / "x.svg")
    inner = re.findall(r"base64,([^\"]+)", (tmp_path / "x.svg").read_text())
    pictures = [
        np.asarray(image.open(io.BytesIO(base64.b64decode(one.replace("\n", ""))))).astype(int)
        for one in inner
    ]
    tall = [one for one in pictures if one.shape[0] > 2 * one.shape[1]]
    (rows,) = (one if one[0, 0, 3] == 0 else one[::-1] for one in tall)
    middles = ((np.arange(5) + 0.5) * len(rows) / 5).astype(int)
    found = rows[middles, rows.shape[1] // 2]
    assert found[0, 3] == 0 and np.array_equal(found[1:, :3], colors.reshape(4, 3))
    assert sum(one.shape[1] > 2 * one.shape[0] for one in pictures) == 2  # the columns, and the scale


@pytest.mark.parametrize("shape", [(1, 1), (700, 700), (2, 900), (40, 3)])
def test_any_shape_and_no_tokens(tmp_path, matplotlib, shape):
    rng = np.random.default_rng(0)
    layer = {"n_q_heads": 2, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    tensors = {"L0.q": rng.normal(size=(2, shape[0], 4)), "L0.k": rng.normal(size=(1, shape[1], 4))}
    write_capture(tmp_path / "a.safetensors", tensors, {"layers": {"0": layer}})
    assert draw_sheet(open_capture(tmp_path / "a.safetensors"), tmp_path / "x.png") == 2


def test_the_command(tmp_path, capsys, matplotlib):
    out = tmp_path / "sheet.png"
    asked = ["inspect", str(MINILM), "--sheet", str(out)]
    assert cli.run([*asked, "--layer", "5", "--style", "studio_dark"]) == 0
    assert "12 heads" in capsys.readouterr().out and out.stat().st_size > 10_000
    assert cli.run([*asked, "--layer", "9"]) == 2 and "layers: 0" in capsys.readouterr().err
    assert cli.run([*asked, "--layer", "5", "--head", "12"]) == 2 and "heads: 0-11" in capsys.readouterr().err
    assert cli.run([*asked, "--style", "papr"]) == 2 and '"paper"' in capsys.readouterr().err
    assert cli.run([*asked[:-1], str(tmp_path / "x.gif")]) == 2 and "suffix" in capsys.readouterr().err
    assert cli.run(["inspect", str(ROOT / "examples/attention_head.toml"), "--sheet", str(out)]) == 2


def test_what_cannot_be_drawn(tmp_path, monkeypatch):
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    write_capture(tmp_path / "a.safetensors", {"L0.v": np.ones((1, 3, 4))}, {"layers": {"0": layer}})
    with pytest.raises(InputError, match="no patterns to draw"):
        draw_sheet(open_capture(tmp_path / "a.safetensors"), tmp_path / "x.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.collections", None)
    with pytest.raises(JobError, match=r"matrix-cinema\[figures\]"):
        draw_sheet(open_capture(MINILM), tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()
