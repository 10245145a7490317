"""Wherever a person wants a file: in the working folder, in folders that Blender would read as patterns."""

import os
import sys

import pytest
from matrix_cinema.cli import commands as cli
from PIL import Image

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.usefixtures("factory")


@pytest.mark.skipif(sys.platform == "win32", reason="names as POSIX allows them")
@pytest.mark.parametrize(
    "folder", [".", f"shot ## {{scene}} {{{{x}}}} <UDIM> %04d ü/{'d' * 250}/{'e' * 250}"]
)
def test_every_output_lies_where_it_was_asked_for(tiny, folder, monkeypatch):
    (tiny.parent / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tiny.parent / folder)
    before = set(os.listdir())
    small = ["--size", "32x18", "--samples", "1", "--quiet"]
    assert cli.run(["build", str(tiny), "-o", "a.blend"]) == 0
    assert cli.run(["render", "a.blend", "-o", "b##{x}.png", *small]) == 0
    assert cli.run(["render", "a.blend", "-o", "c##{x}.mp4", "--frames", "1-2", *small]) == 0
    assert set(os.listdir()) - before == {"a.blend", "b##{x}.png", "c##{x}.mp4", "c##{x}.frames"}
    assert Image.open("b##{x}.png").size == (32, 18)
    assert Image.open("c##{x}.frames/0002.png").size == (32, 18)
    assert bpy.data.movieclips.load(os.path.abspath("c##{x}.mp4")).frame_duration == 2


def test_frames_may_lie_in_the_working_folder_itself(tiny, monkeypatch):
    (tiny.parent / "frames").mkdir()
    monkeypatch.chdir(tiny.parent / "frames")
    small = ["--frames", "1-2", "--size", "32x18", "--samples", "1", "--quiet"]
    assert cli.run(["render", str(tiny), "-o", ".", *small]) == 0
    assert set(os.listdir()) == {"0001.png", "0002.png", "frames.json"}
