"""No command writes over what it reads: not by the same name, another spelling, a link or a second name."""

import os
import shutil

import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.outputs.frames_folder import frame_path
from paths import ROOT
from pictures import grey_png

SCENE = 'expression = "A @ B"\nmatrices.A.file = "a.csv"\nmatrices.B = { init = "eye", shape = [2, 2] }\n'
STYLE = 'look.style = "own.toml"\n'

# The words of a command, whose output is the last of them, and the file that it would write over.
COMMANDS = {
    "render": (["render", "scene.toml", "-o", "out.png"], "scene.toml"),
    "render: data": (["render", "scene.toml", "-o", "out.exr"], "a.csv"),
    "render: style": (["render", "scene.toml", "-o", "out.mp4"], "own.toml"),
    "render: panorama of a style file": (["render", "scene.toml", "-o", "out.png"], "sky.png"),
    "render: a frame of a film": (["render", "scene.toml", "-o", "out.mp4"], "a.csv", "out.frames/0002.png"),
    "render: a frame": (["render", "scene.toml", "-o", "out"], "a.csv", "out/0002.png"),
    "render: .blend": (["render", "scene.blend", "-o", "out.png"], "scene.blend"),
    "build": (["build", "scene.toml", "-o", "out.blend"], "a.csv"),
    "figure": (["figure", "scene.toml", "-o", "out.svg"], "a.csv"),
    "figure: font": (["figure", "scene.toml", "--font", "type.ttf", "-o", "out.svg"], "type.ttf"),
    "farm": (["farm", "scene.toml", "-o", "."], "a.csv", "README.txt"),
    "encode": (["encode", "frames", "-o", "out.mp4"], "frames/0001.png"),
    "sheet": (["inspect", "c.safetensors", "--sheet", "out.png"], "c.safetensors"),
    "capture": (["capture", "--from", "c.safetensors", "-o", "out.safetensors"], "c.safetensors"),
    "capture: tokens": (
        ["capture", "--from", "c.safetensors", "--tokens", "tokens.txt", "-o", "out.safetensors"],
        "tokens.txt",
    ),
    "capture: text": (
        ["capture", "--model", "model", "--text-file", "tokens.txt", "-o", "out.safetensors"],
        "tokens.txt",
    ),
    "capture: image": (
        ["capture", "--model", "model", "--image", "sky.png", "-o", "out.safetensors"],
        "sky.png",
    ),
    "capture: code": (["capture", "--call", "own.py:f", "-o", "out.safetensors"], "own.py"),
    "capture: weights": (
        ["capture", "--model", "model", "--text", "a", "-o", "out.safetensors"],
        "model/model.safetensors",
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scene.toml").write_text(SCENE + STYLE)
    (tmp_path / "own.toml").write_text('environment = "sky.png"\n')
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    (tmp_path / "tokens.txt").write_text("a\nb\n")
    (tmp_path / "own.py").write_text("f = print\n")
    (tmp_path / "scene.blend").write_bytes(b"BLENDER")
    (tmp_path / "type.ttf").write_bytes(b"\0\1\0\0")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    shutil.copy(ROOT / "examples" / "data" / "induction.safetensors", tmp_path / "c.safetensors")
    grey_png(tmp_path / "sky.png")
    grey_png(frame_path(tmp_path / "frames", 1))
    return tmp_path


def refused(folder, capsys, words):
    """The command line is refused, and every file is as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert cli.run(words) == 2
    said = capsys.readouterr().err
    assert "this command reads" in said and said.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_second_name_of_what_is_read_is_not_written_to(folder, capsys, name, link):
    words, read, *place = COMMANDS[name]
    place = folder / (place[0] if place else words[-1])
    place.parent.mkdir(exist_ok=True)
    link(folder / read, place)
    refused(folder, capsys, words)


@pytest.mark.parametrize("spelling", ["{}", "./{}", "model/../{}", "{folder}/{}"])
def test_another_spelling_of_what_is_read_is_not_written_to(folder, capsys, spelling):
    same = spelling.format("c.safetensors", folder=folder)
    refused(folder, capsys, ["capture", "--from", "c.safetensors", "-o", same])
    shutil.copy("scene.toml", "scene.png")
    same = spelling.format("sky.png", folder=folder)
    refused(folder, capsys, ["render", "scene.toml", "-o", same])


def test_a_name_that_was_not_given_is_not_taken_from_a_file_of_others(folder, capsys):
    photo = grey_png(folder / "scene.png")
    before = photo.read_bytes()
    assert cli.run(["render", "scene.toml"]) == 2
    assert "scene.png: exists, and this program did not make it" in capsys.readouterr().err
    assert photo.read_bytes() == before
