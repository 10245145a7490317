"""Marks: what changes them, and that a file without a right one is never taken for a result."""

import dataclasses
import struct

import pytest
from matrix_cinema.description.scene import Look, MatrixOptions, Render, Scene
from matrix_cinema.outputs import marks
from paths import ROOT
from PIL import Image, PngImagePlugin

pytestmark = pytest.mark.one_blender

MARK = "0123456789abcdef" * 4


@pytest.fixture
def scene(tmp_path):
    (tmp_path / "A.csv").write_text("1;2\n3;4\n")
    matrices = {"A": MatrixOptions(file="A.csv"), "B": MatrixOptions(init="eye", shape=(2, 2))}
    return Scene(expression="A @ B", matrices=matrices, folder=str(tmp_path))


@pytest.fixture
def png(tmp_path):
    note = PngImagePlugin.PngInfo()
    note.add_text("RenderTime", "00:01.23")
    path = tmp_path / "a.png"
    Image.effect_noise((40, 30), 50).save(path, pnginfo=note)
    return path


def mp4_of(*boxes):
    return b"".join(struct.pack(">I4s", 8 + len(content), kind) + content for kind, content in boxes)


def test_the_mark_covers_the_code_that_makes_pictures():
    """Code that only reads, waits, reports or saves changes no picture."""
    covered = {path.resolve().relative_to(ROOT / "addon").parts[0] for path in marks.picture_code()}
    rooms = {path.name for path in (ROOT / "addon").iterdir() if (path / "__init__.py").exists()}
    assert rooms - covered == {"capture", "outputs", "cli", "ui"}
    names = {path.resolve().relative_to(ROOT / "addon").as_posix() for path in marks.picture_code()}
    assert {"staging/plan.py", "blender/nodes/matrix.py", "look/color_maps.json"} <= names


def test_the_same_job_has_the_same_mark(scene):
    assert marks.scene_mark(scene, "settings") == marks.scene_mark(dataclasses.replace(scene), "settings")


def test_whatever_changes_the_picture_changes_the_mark(scene, tmp_path):
    before = marks.scene_mark(scene, (64, 36))
    assert marks.scene_mark(scene, (64, 37)) != before
    assert marks.scene_mark(dataclasses.replace(scene, look=Look(style="paper")), (64, 36)) != before
    assert marks.scene_mark(dataclasses.replace(scene, render=Render(fps=25)), (64, 36)) != before
    (tmp_path / "A.csv").write_text("1;2\n3;5\n")
    assert marks.scene_mark(scene, (64, 36)) != before


def test_defaults_of_rendering_do_not_change_the_mark(scene):
    """The settings say what is used, wherever they come from."""
    other = dataclasses.replace(scene, render=Render(width=99, samples=3, still=0.1))
    assert marks.scene_mark(other) == marks.scene_mark(scene)


def test_the_mark_of_a_blend_is_that_of_its_bytes(tmp_path):
    a, b = tmp_path / "a.blend", tmp_path / "b.blend"
    a.write_bytes(b"BLENDER1")
    b.write_bytes(b"BLENDER1")
    assert marks.blend_mark(a, 1) == marks.blend_mark(b, 1) != marks.blend_mark(b, 2)
    b.write_bytes(b"BLENDER2")
    assert marks.blend_mark(a, 1) != marks.blend_mark(b, 1)


def test_a_sealed_png_has_its_mark_its_pixels_and_no_notes(png):
    pixels = Image.open(png).tobytes()
    assert marks.read_mark(png) == ""
    assert marks.seal(png, MARK)
    assert marks.read_mark(png) == MARK
    sealed = Image.open(png)
    assert sealed.tobytes() == pixels
    assert sealed.info == {"matrix-cinema": MARK}


def test_a_png_can_be_sealed_anew(png):
    marks.seal(png, MARK)
    assert marks.seal(png, MARK[::-1])
    assert marks.read_mark(png) == MARK[::-1]


def test_a_png_cut_short_is_neither_sealed_nor_read(png):
    marks.seal(png, MARK)
    whole = png.read_bytes()
    for length in (*range(0, len(whole), 37), len(whole) - 1):
        png.write_bytes(whole[:length])
        assert marks.read_mark(png) == ""
        assert not marks.seal(png, MARK)


def test_a_png_with_a_wrong_byte_is_not_sealed(png):
    data = bytearray(png.read_bytes())
    data[len(data) // 2] ^= 1
    png.write_bytes(data)
    assert not marks.seal(png, MARK)


def test_a_sealed_mp4_has_its_mark_and_is_else_the_same(tmp_path):
    film = tmp_path / "a.mp4"
    content = mp4_of((b"ftyp", b"isom"), (b"mdat", bytes(100)), (b"moov", bytes(20)))
    film.write_bytes(content)
    assert marks.read_mark(film) == ""
    assert marks.seal(film, MARK)
    assert marks.read_mark(film) == MARK
    assert film.read_bytes().startswith(content)


def test_a_damaged_picture_or_film_has_no_mark(tmp_path, png):
    film = tmp_path / "a.mp4"
    film.write_bytes(mp4_of((b"ftyp", b"isom"), (b"mdat", bytes(100)), (b"moov", bytes(20))))
    for path in (png, film):
        assert marks.seal(path, MARK)
        whole = path.read_bytes()
        flipped = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(0, len(whole), 5)]
        hole = whole[:60] + bytes(40) + whole[100:]
        longer = whole + b"\0"
        for damaged in (*flipped, hole, longer):
            path.write_bytes(damaged)
            assert damaged == whole or marks.read_mark(path) == ""


@pytest.mark.parametrize(
    "content",
    [b"", b"no film", mp4_of((b"ftyp", b"isom")), mp4_of((b"ftyp", b"isom"), (b"moov", bytes(20)))[:-1]],
)
def test_an_mp4_cut_short_is_not_sealed(tmp_path, content):
    film = tmp_path / "a.mp4"
    film.write_bytes(content)
    assert not marks.seal(film, MARK)
    assert marks.read_mark(film) == ""


def test_a_file_that_is_not_there_has_no_mark(tmp_path):
    assert marks.read_mark(tmp_path / "x.png") == marks.read_mark(tmp_path / "x.mp4") == ""
