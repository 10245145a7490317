"""Files that a description or a command names: what is no regular file is refused, at once and unread."""

import dataclasses
import os
import shutil
import signal

import pytest
from matrix_cinema.capture.pretrained import read_text
from matrix_cinema.cli.commands import run
from matrix_cinema.description.scene import CaptureOptions, Look, MatrixOptions, Scene, load_scene
from matrix_cinema.description.style import Style
from matrix_cinema.errors import InputError
from matrix_cinema.formats import reading
from matrix_cinema.formats.font import read_font
from matrix_cinema.outputs import marks
from matrix_cinema.staging.plan import plan
from paths import ROOT

SECRET = "qzxwv jkvqz 0x7351"


@pytest.fixture
def odd(tmp_path):
    """Paths that a description may name, by kind."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 2**40)  # of holes
    return {"pipe": tmp_path / "pipe", "device": "/dev/zero", "folder": tmp_path, "huge": tmp_path / "huge"}


@pytest.fixture(autouse=True)
def no_waiting():
    """A read that waits ends the test instead of holding up the suite."""

    def stop(*_):
        raise AssertionError("a read without an end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def scene(**named):
    """A small scene that names a file in one way or another."""
    return dataclasses.replace(
        Scene(expression="A @ A", matrices={"A": MatrixOptions(init="eye", shape=(2, 2))}), **named
    )


TABLES = ("npz", "safetensors")  # hold several matrices
# How a room is made to read a path, by what it is for.
READERS = {
    "scene": lambda path, link: load_scene(path),
    "style": lambda path, link: plan(scene(look=Look(style=link("x.toml")))),
    "font": lambda path, link: plan(scene(look=Look(font=str(path)))),
    "environment": lambda path, link: plan(scene(style=Style(environment=str(path)))),
    "capture": lambda path, link: plan(scene(capture=CaptureOptions(file=str(path)))),
    **{
        kind: lambda path, link, kind=kind: plan(
            scene(matrices={"A": MatrixOptions(file=link(f"x.{kind}"), tensor="a" if kind in TABLES else "")})
        )
        for kind in ("csv", "npy", "npz", "safetensors")
    },
    "text or tokens": lambda path, link: read_text(path),
    "font of a figure": lambda path, link: read_font(path),
}
ANY_SIZE = ("capture", "npy", "npz", "safetensors")  # mapped, or read in parts


@pytest.mark.parametrize("reader", READERS)
def test_only_regular_files_of_a_bounded_size_are_read(odd, tmp_path, reader):
    for kind, path in odd.items():

        def link(name, path=path):
            (tmp_path / name).unlink(missing_ok=True)
            (tmp_path / name).symlink_to(path)
            return str(tmp_path / name)

        expected = {"folder": "is a folder", "huge": "too many; the most is"}.get(kind, "not a regular file")
        if kind == "huge" and reader in ANY_SIZE:
            expected = "."
        with pytest.raises(InputError, match=expected):
            READERS[reader](path, link)


def test_a_job_opens_only_what_is_named_as_a_file(odd, tmp_path, monkeypatch):
    """A title that happens to be the name of a file is a title."""
    opened = []
    monkeypatch.setattr(marks, "opened", lambda path: opened.append(str(path)) or reading.opened(path))
    (tmp_path / "A.csv").write_text("1\n")
    (tmp_path / "own.toml").write_text('environment = "sky.hdr"\n')
    marks.scene_mark(
        Scene(
            title="A.csv",
            caption=str(odd["pipe"]),
            look=Look(style="own.toml", font="type.ttf"),
            matrices={"A": MatrixOptions(file="A.csv", label="B.csv")},
            folder=str(tmp_path),
        )
    )
    ours = [os.path.basename(path) for path in opened if not path.startswith(str(ROOT))]
    assert sorted(ours) == ["A.csv", "own.toml", "sky.hdr", "type.ttf"]


def test_an_output_that_is_a_pipe_is_not_waited_for(odd):
    assert marks.read_mark(odd["pipe"].rename(odd["pipe"].with_name("film.mp4"))) == ""


@pytest.mark.parametrize("suffix", ["toml", "csv", "npy", "npz", "safetensors", "ttf", "hdr", "txt"])
def test_errors_do_not_show_what_a_file_holds(tmp_path, capsys, suffix):
    """A link may lead to what the user who gave the scene may not read."""
    (tmp_path / f"x.{suffix}").write_text(f"{SECRET}\n{SECRET[::-1]}\n")
    named = {
        "toml": '[look]\nstyle = "x.toml"',
        "ttf": '[look]\nfont = "x.ttf"',
        "hdr": '[style]\nenvironment = "x.hdr"',
        "txt": '[capture]\nfile = "x.txt"',
    }
    more = named.get(suffix, f'[matrices.A]\nfile = "x.{suffix}"')
    (tmp_path / "scene.toml").write_text(f'expression = "A @ A"\n{more}\n')
    commands = [["inspect", str(tmp_path / "scene.toml")], ["inspect", str(tmp_path / f"x.{suffix}")]]
    commands.append(
        ["capture", "--from", str(tmp_path / f"x.{suffix}"), "-o", str(tmp_path / "c.safetensors")]
    )
    for command in commands:
        assert run(command) == 2
        told = capsys.readouterr().err
        words = (*SECRET.split(), *SECRET[::-1].split())
        assert told.count("\n") == 1 and not any(word in told for word in words), told


def test_a_file_is_read_no_further_than_it_was_long(tmp_path, monkeypatch):
    path = tmp_path / "growing"
    path.write_bytes(b"before")
    fstat = os.fstat

    def grown(descriptor):
        found = fstat(descriptor)
        with open(path, "ab") as file:
            file.write(b", and after")
        return found

    monkeypatch.setattr(reading.os, "fstat", grown)
    assert reading.read_bounded(path, 100).startswith(b"before")
    assert len(reading.read_bounded(path, 100)) < os.path.getsize(path)


def test_a_model_whose_folder_holds_a_pipe_is_refused(tmp_path, capsys):
    shutil.copytree(ROOT / "tests" / "builders", tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("{}")
    os.mkfifo(tmp_path / "model" / "tokenizer.json")
    command = [
        "capture",
        "--model",
        str(tmp_path / "model"),
        "--text",
        "a",
        "-o",
        str(tmp_path / "c.safetensors"),
    ]
    assert run(command) == 2
    assert "tokenizer.json: is not a regular file" in capsys.readouterr().err
