"""Films for a purpose, and what is put beside them; pictures that move; notes; stills for print; previews."""

import json

import pytest
from matrix_cinema.cli import commands as cli
from PIL import Image

bpy = pytest.importorskip("bpy")

from matrix_cinema.outputs import rendering  # noqa: E402
from matrix_cinema.outputs.estimate import Estimate  # noqa: E402
from matrix_cinema.outputs.frames import Settings  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")

BEATS = """
title = "A product"
caption = "three by two"
[[beats]]
say = "A has three rows & four columns"
seconds = 0.25
[[beats]]
say = "and B two"
run = "out"
seconds = 0.25
"""


@pytest.fixture
def told(tiny):
    """The tiny scene, in two beats."""
    head, _, text = BEATS.partition("[[beats]]")
    tiny.write_text(head + tiny.read_text() + "[[beats]]" + text)
    return tiny


def chapters(film):
    """Nero's list of chapters in an MP4, as it stands there."""
    data = film.read_bytes()
    at = data.index(b"chpl") - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def test_a_film_for_a_page_has_what_a_page_needs(told, capsys):
    film = told.parent / "a.mp4"
    command = ["render", str(told), "-o", str(film), "--for", "web", "--size", "64x36", "--quiet"]
    (told.parent / "a.srt").write_text("mine")
    assert cli.run(command) == 2 and "a.srt: exists" in capsys.readouterr().err
    (told.parent / "a.srt").unlink()
    assert cli.run(command) == 0
    assert "A has three rows &amp; four columns" in (told.parent / "a.vtt").read_text()
    assert "A has three rows & four columns" in (told.parent / "a.srt").read_text()
    assert Image.open(told.parent / "a-poster.png").size == (64, 36)
    data = film.read_bytes()
    assert data.index(b"chpl") > data.index(b"moov") and b"and B two" in data and b"A product" in data
    clip = bpy.data.movieclips.load(str(film))  # the film itself is as it was
    frames = len(list((told.parent / "a.frames").glob("*.png")))
    assert (clip.frame_duration, tuple(clip.size)) == (frames, (64, 36))
    assert cli.run(command) == 0

    # What was built of the scene says the same, without its scene file.
    blend, again = told.with_suffix(".blend"), told.parent / "b.mp4"
    assert cli.run(["build", str(told), "-o", str(blend)]) == 0
    told.unlink()
    assert cli.run(["render", str(blend), "-o", str(again), *command[4:]]) == 0
    assert (told.parent / "b.vtt").read_text() == (told.parent / "a.vtt").read_text()
    assert chapters(again) == chapters(film) and len(chapters(film)) > 20


@pytest.mark.one_blender
def test_a_film_may_be_a_picture_that_moves(tiny):
    for suffix in (".apng", ".webp", ".gif"):
        film = tiny.parent / f"a{suffix}"
        command = ["render", str(tiny), "-o", str(film), "--frames", "1-6", "--quiet"]
        assert cli.run(command) == 0
        image = Image.open(film)
        assert image.size == (64, 36) and image.n_frames >= 4
        before = film.stat().st_mtime_ns
        assert cli.run(command) == 0 and film.stat().st_mtime_ns == before
    assert len(list((tiny.parent / "a.frames").glob("*.png"))) == 6  # they share their frames


def test_a_still_for_print(told, capsys):
    out = told.parent / "a.png"
    command = ["render", str(told), "-o", str(out), "--width", "20mm", "--dpi", "100", "--bits", "16"]
    assert cli.run(command) == 0
    image = Image.open(out)
    assert image.size == (79, 44) and image.info["dpi"] == pytest.approx((100, 100), abs=0.1)
    assert len(image.info["icc_profile"]) > 400 and out.read_bytes()[24] == 16  # bits of a channel
    assert (image.info["Title"], image.info["Description"]) == ("A product", "three by two")
    comment = json.loads(image.info["Comment"])
    assert comment["blender"] == bpy.app.version_string and 0 < comment["largest_error"] < 1e-5
    assert len(comment["scene"]) == 64
    assert cli.run([*command[:3], str(out.with_suffix(".exr")), *command[4:]]) == 2
    assert "are only for a .png" in capsys.readouterr().err


@pytest.mark.one_blender
def test_a_preview_is_small_and_has_fewer_frames(tiny, monkeypatch):
    monkeypatch.setattr(rendering, "PREVIEW_FRAMES", 6)
    tiny.write_text(
        tiny.read_text().replace("film_width = 64, film_height = 36", "film_width = 640, film_height = 360")
    )
    film = tiny.parent / "a.mp4"
    assert cli.run(["render", str(tiny), "-o", str(film), "--preview", "--quiet"]) == 0
    clip = bpy.data.movieclips.load(str(film))
    assert (clip.frame_duration, tuple(clip.size), clip.fps) == (6, (256, 144), 12)


def test_a_dry_run_tells_what_it_would_take(tiny, capsys):
    film = tiny.parent / "a.mp4"
    assert cli.run(["render", str(tiny), "-o", str(film), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("12 frames, of which ") and "s a frame here" in said
    assert "; 64 × 36 pixels, 1 samples; " in said
    told = str(Estimate(1, 1, Settings(20, 10, 1), 5, 10**7, None, 2.0, 2.0))
    assert told.startswith("1 frame; 20 × 10 pixels, 1 samples; 5 elements at most; ")
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny.toml"]


@pytest.mark.one_blender
def test_a_dry_run_is_of_the_render_that_is_asked_for(tiny, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(rendering, "estimated", lambda *told: seen.append((told[2], told[3].width)))
    for words, numbers, width in (
        (["-o", "a.mp4", "--for", "web"], range(1, 13), 960),
        (["-o", "a.mp4", "--preview", "--frames", "2-9", "--size", "640x360"], range(2, 10), 256),
        (["-o", "a.png", "--frame", "5", "--width", "1in", "--dpi", "100"], range(5, 6), 100),
    ):
        assert cli.run(["render", str(tiny), *words, "--dry-run"]) == 0 and seen.pop() == (numbers, width)
    assert cli.run(["render", str(tiny), "-o", "a.png", "--frame", "99", "--dry-run"]) == 2 and not seen
    assert "frame 99: the scene has frames 1 to 12" in capsys.readouterr().err


@pytest.mark.one_blender
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-o", "a.png", "--for", "web"], "--for is only for films"),
        (["-o", "a.mp4", "--width", "84mm"], "are only for a .png"),
        (["-o", "a.png", "--width", "84"], "is not a length"),
    ],
)
def test_what_does_not_go_together(tiny, words, told, capsys, monkeypatch):
    monkeypatch.chdir(tiny.parent)
    for more in ([], ["--dry-run"]):
        assert cli.run(["render", str(tiny), *words, *more]) == 2 and told in capsys.readouterr().err
