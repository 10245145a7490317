"""A farm's job is rendered by a Blender that knows nothing of this project, and its frames become a film."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matrix_cinema import api
from matrix_cinema.cli import commands as cli
from paths import ROOT
from PIL import Image

bpy = pytest.importorskip("bpy")

# Blender's program as far as a job needs it: it opens a file, and runs a program or renders.
STAND_IN = """#!{python} -IS
import os, runpy, sys
sys.path.append({packages!r})
import bpy
words = sys.argv[1 : sys.argv.index("--")]
assert words[:1] == ["-b"] and words[-4:-1] == ["--python-exit-code", "1", "-P"]
if words[1] != "--factory-startup":
    bpy.ops.wm.open_mainfile(filepath=os.path.abspath(words[1]))
status = 0
try:
    runpy.run_path(words[-1])
except SystemExit as end:
    status = end.code if isinstance(end.code, int) else 1
    print(end.code, flush=True)
sys.stdout.flush()
os._exit(status)
"""


@pytest.fixture
def stand_in(tmp_path):
    program = tmp_path / "blender"
    packages = next(p for p in site.getsitepackages() if (Path(p) / "bpy").exists())
    program.write_text(STAND_IN.format(python=sys.executable, packages=packages))
    program.chmod(0o755)
    return program


def test_a_job_renders_without_us_and_becomes_a_film(tiny, tmp_path, stand_in, capsys):
    job = tmp_path / "job"
    made = ["farm", str(tiny), "-o", str(job), "--chunk", "2", "--size", "64x36", "--samples", "1"]
    assert cli.run(made) == 0
    capsys.readouterr()
    environment = {"BLENDER": str(stand_in), "PATH": os.environ["PATH"]}

    def render(*words):
        subprocess.run([job / "render.sh", *words], check=True, capture_output=True, env=environment)
        return {path.name: path.stat().st_mtime_ns for path in (job / "frames").glob("*.png")}

    first = render("1", "2")
    assert sorted(first) == ["0001.png", "0002.png"]
    (job / "frames" / "0002.png").write_bytes((job / "frames" / "0002.png").read_bytes()[:-20])
    (job / "frames" / "0003.png").write_bytes((job / "frames" / "0001.png").read_bytes())
    then = render("1", "4", "--cycles-device", "CPU")  # only whole frames of this job are kept
    assert then["0001.png"] == first["0001.png"] and then["0002.png"] != first["0002.png"]
    film = tmp_path / "film.mp4"
    encode = ["encode", str(job / "frames"), "-o", str(film), "--fps", "12"]
    assert cli.run(encode) == 2  # the rest of the film is not there yet
    assert "frame 5 and 7 more of 1 to 12 are missing" in capsys.readouterr().err
    assert cli.run([*encode, "--frames", "1-4"]) == 0
    assert "4 frames" in capsys.readouterr().out and film.stat().st_size > 500
    clip = bpy.data.movieclips.load(str(film))
    assert (clip.frame_duration, tuple(clip.size), clip.fps) == (4, (64, 36), 12)
    bpy.data.movieclips.remove(clip)


@pytest.mark.one_blender
def test_the_tool_of_open_job_description_renders_and_assembles_a_job(tiny, tmp_path, stand_in):
    openjd = shutil.which("openjd") or pytest.skip("openjd-cli is not installed")
    job, encoder = tmp_path / "job", tmp_path / "bin" / "matrix-cinema"
    assert cli.run(["farm", str(tiny), "-o", str(job), "--size", "64x36", "--samples", "1"]) == 0
    encoder.parent.mkdir()
    encoder.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    encoder.chmod(0o755)
    environment = os.environ | {"PATH": f"{encoder.parent}:{os.environ['PATH']}"}
    run = [openjd, "run", job / "template.json", "-p", f"Blender={stand_in}", "-p", "Chunk=7"]
    done = subprocess.run(run, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:]
    assert len(list((job / "frames").glob("*.png"))) == 12
    assert (tmp_path / "asked").read_text().split() == [
        "encode", str(job / "frames"), "-o", str(job / "film.mp4")
    ]  # fmt: skip


def test_a_job_s_file_shows_what_is_drawn_and_evaluates_nothing_hidden(tiny, tmp_path):
    tiny.write_text(tiny.read_text() + "\n[products.out]\ninterior = false\n")
    job, cards = tmp_path / "job", ["--device", "optix"]
    assert cli.run(["farm", str(tiny), "-o", str(job), "--size", "64x36", "--samples", "1", *cards]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(job / "scene.blend"))
    assert bpy.context.scene.cycles.device == "GPU"  # each worker says which kind
    drawn = [ob for ob in bpy.context.scene.objects if ob.get("mc_kind") in ("matrix", "product")]
    on = {ob.name: all(modifier.show_viewport for modifier in ob.modifiers) for ob in drawn}
    assert on == {ob.name: not ob.hide_viewport for ob in drawn} and set(on.values()) == {True, False}


@pytest.mark.one_blender
def test_a_frame_has_the_same_pixels_by_every_door(tiny, tmp_path, stand_in):
    """A command, a built file, Python, a script in a process of its own, and a farm's Blender without us."""
    small = ["--size", "64x36", "--samples", "1", "--quiet"]
    assert cli.run(["render", str(tiny), "-o", str(tmp_path / "command.mp4"), "--frames", "3-4", *small]) == 0
    assert cli.run(["build", str(tiny), "-o", str(tmp_path / "scene.blend")]) == 0
    built = ["render", str(tmp_path / "scene.blend"), "-o", str(tmp_path / "built.mp4"), "--frames", "3-4"]
    assert cli.run([*built, *small]) == 0
    api.film(tiny, tmp_path / "python.mp4", frames=(3, 4), size=(64, 36), samples=1)
    script = [sys.executable, str(ROOT / "scripts" / "matrix_cinema.py"), "render", str(tiny), *small]
    subprocess.run([*script, "-o", tmp_path / "script.mp4", "--frames", "3-4"], check=True)
    farm = ["farm", str(tiny), "-o", str(tmp_path / "job"), "--size", "64x36", "--samples", "1"]
    assert cli.run(farm) == 0
    environment = {"BLENDER": str(stand_in), "PATH": os.environ["PATH"]}
    subprocess.run(
        [tmp_path / "job" / "render.sh", "3", "4"], check=True, capture_output=True, env=environment
    )
    doors = [tmp_path / f"{door}.frames" for door in ("command", "built", "python", "script")]
    pictures = [
        [np.asarray(Image.open(folder / f"{n:04d}.png").convert("RGB")) for n in (3, 4)]
        for folder in (*doors, tmp_path / "job" / "frames")
    ]
    assert not np.array_equal(*pictures[0]), "the two frames show the same"
    for others in pictures[1:]:
        assert np.array_equal(others, pictures[0])
