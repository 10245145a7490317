"""A built scene that someone has changed by hand is one picture by every door: F12 and Ctrl-F12, the panel's
Film, the command line on the saved file, and a figure."""

import subprocess
import sys

import numpy as np
import pytest
from paths import ROOT
from PIL import Image

bpy = pytest.importorskip("bpy")

from built_scenes import described, random  # noqa: E402
from matrix_cinema import api  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.outputs.frames_folder import film_folders, frame_path  # noqa: E402
from matrix_cinema.ui import job, properties  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered", "factory")

# What `blender --command matrix_cinema …` calls, in a Blender of its own.
COMMAND = "import sys, bpy; from matrix_cinema import ui; ui.register(); ui._run(sys.argv[1:])"


def dots(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float)


def changed_by_hand():
    """A built scene that is turned, lit and sized otherwise than it was built."""
    scene = build(described("out = A @ B", random(1, A=(2, 3), B=(3, 2)), look={"style": "paper"}))
    scene.frame_set(scene.frame_end - 1)
    scene.camera.parent.rotation_euler.z += 0.8
    scene.camera.data.shift_x = 0.1
    lamp = bpy.data.objects.new("mine", bpy.data.lights.new("mine", "SUN"))
    scene.collection.objects.link(lamp)
    scene.view_settings.exposure = 0.4
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 96, 64, 2
    return scene


def test_by_key_by_command_and_as_figure_it_is_the_same_picture(tmp_path):
    for module in ("matplotlib", "brotli", "fontTools"):
        pytest.importorskip(module)
    scene = changed_by_hand()
    scene.render.filepath = str(tmp_path / "f12.png")
    blend = tmp_path / "built.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.render.render(write_still=True)
    api.render(blend, tmp_path / "command.png")
    page = api.figure(blend, tmp_path / "figure.png", width="96px", dpi=96)
    first, command, figure = (dots(tmp_path / f"{name}.png") for name in ("f12", "command", "figure"))
    assert first.shape == command.shape == (64, 96, 3)
    assert np.abs(first - command).max() <= 2.0
    (picture,) = page.pictures
    assert (round(picture.width / 0.75), round(picture.height / 0.75)) == (96, 64)
    top = figure.shape[0] - round(picture.y / 0.75) - 64
    part = figure[top : top + 64]
    written = np.zeros((64, 96), bool)
    for item in page.items:  # type and rules lie over the picture
        left, low, right, high = np.array(item.box) / 0.75
        y0, y1 = figure.shape[0] - top - high, figure.shape[0] - top - low
        written[max(int(y0) - 2, 0) : max(int(y1) + 3, 0), max(int(left) - 2, 0) : int(right) + 3] = True
    assert (~written).mean() > 0.5 and np.ptp(first[~written]) > 100.0
    assert np.abs(part - first)[~written].max() <= 2.0


def test_by_key_by_button_and_by_command_it_is_the_same_film(tmp_path):
    scene = changed_by_hand()
    properties.refill()
    scene.frame_start, scene.frame_end = scene.frame_end - 1, scene.frame_end
    blend, snapshot, film = (tmp_path / name for name in ("built.blend", "snapshot.blend", "film.mp4"))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    job.write_snapshot(scene, snapshot)
    asked = job.asked_of(scene, scene.matrix_cinema_panel.render)
    assert (asked.film_width, asked.film_height, asked.film_samples) == (96, 64, 2)
    words = job.command("render", snapshot, film, **job.picture_options("film", asked))
    words = words[words.index(job.COMMAND) + 1 :]
    subprocess.run([sys.executable, "-c", COMMAND, *words], cwd=ROOT, check=True, capture_output=True)

    scene.render.filepath = f"{tmp_path}/native/####"
    assert bpy.ops.matrix_cinema.render_animation() == {"FINISHED"}
    assert (scene.render.resolution_x, scene.cycles.samples) == (96, 2)
    frames = scene.frame_start, scene.frame_end
    api.render(blend, tmp_path / "command")
    places = film_folders(film)[0], tmp_path / "native", tmp_path / "command"
    for frame in frames:
        button, key, command = (dots(frame_path(place, frame)) for place in places)
        assert key.shape == (64, 96, 3) and np.ptp(key) > 100.0
        assert np.abs(button - key).max() <= 2.0 and np.abs(command - key).max() <= 2.0
    assert film.stat().st_size > 0
