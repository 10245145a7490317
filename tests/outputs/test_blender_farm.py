"""A farm's job is rendered by a Blender that knows nothing of this project, and its frames become a film."""

import json
import os
import site
import subprocess
import sys
from pathlib import Path

import pytest
from matrix_cinema.cli import commands as cli

bpy = pytest.importorskip("bpy")

# Blender's program as far as a job needs it: -b FILE -o OUTPUT -s FIRST -e LAST -a, in this order.
STAND_IN = """#!{python} -IS
import os, sys
sys.path.append({packages!r})
import bpy
_, b, blend, o, output, s, first, e, last, a = sys.argv
assert (b, o, s, e, a) == ("-b", "-o", "-s", "-e", "-a")
bpy.ops.wm.open_mainfile(filepath=os.path.abspath(blend))
render = bpy.context.scene.render
render.filepath, bpy.context.scene.frame_start, bpy.context.scene.frame_end = output, int(first), int(last)
bpy.ops.render.render(animation=True)
sys.stdout.flush()
os._exit(0)
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
    template = json.loads((job / "template.json").read_text())
    action = template["steps"][0]["script"]["actions"]["onRun"]
    names = {
        "{{Param.Blender}}": str(stand_in),
        "{{Param.BlenderFile}}": str(job / "scene.blend"),
        "{{Param.OutputDir}}": str(job / "frames"),
        "{{Task.Param.Start}}": "1",
        "{{Task.Param.End}}": "2",
    }
    words = []
    for word in [action["command"], *action["args"]]:
        for name, value in names.items():
            word = word.replace(name, value)
        words.append(word)
    subprocess.run(words, check=True, capture_output=True)
    assert sorted(path.name for path in (job / "frames").glob("*.png")) == ["0001.png", "0002.png"]
    environment = {"BLENDER": str(stand_in), "PATH": os.environ["PATH"]}
    subprocess.run([job / "render.sh", "3", "4"], check=True, capture_output=True, env=environment)
    film = tmp_path / "film.mp4"
    encode = ["encode", str(job / "frames"), "-o", str(film), "--fps", "12"]
    assert cli.run(encode) == 2  # the rest of the film is not there yet
    assert "frame 5 and 7 more of 1 to 12 are missing" in capsys.readouterr().err
    assert cli.run([*encode, "--frames", "1-4"]) == 0
    assert "4 frames" in capsys.readouterr().out and film.stat().st_size > 500
    clip = bpy.data.movieclips.load(str(film))
    assert (clip.frame_duration, tuple(clip.size), clip.fps) == (4, (64, 36), 12)
    bpy.data.movieclips.remove(clip)


def test_a_job_s_file_shows_what_is_drawn_and_evaluates_nothing_hidden(tiny, tmp_path):
    tiny.write_text(tiny.read_text() + "\n[products.out]\ninterior = false\n")
    job = tmp_path / "job"
    assert cli.run(["farm", str(tiny), "-o", str(job), "--size", "64x36", "--samples", "1"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(job / "scene.blend"))
    drawn = [ob for ob in bpy.context.scene.objects if ob.get("mc_kind") in ("matrix", "product")]
    on = {ob.name: all(modifier.show_viewport for modifier in ob.modifiers) for ob in drawn}
    assert on == {ob.name: not ob.hide_viewport for ob in drawn} and set(on.values()) == {True, False}
