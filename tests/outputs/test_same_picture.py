"""A built scene that someone has changed by hand is one picture: by F12, by the command line on the saved
file, and as a figure."""

import numpy as np
import pytest
from PIL import Image

bpy = pytest.importorskip("bpy")
for module in ("matplotlib", "brotli", "fontTools"):
    pytest.importorskip(module)

from built_scenes import described, random  # noqa: E402
from matrix_cinema import api  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")


def dots(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float)


def test_by_key_by_command_and_as_figure_it_is_the_same_picture(tmp_path):
    scene = build(described("out = A @ B", random(1, A=(2, 3), B=(3, 2)), look={"style": "paper"}))
    scene.frame_set(scene.frame_end - 1)
    scene.camera.parent.rotation_euler.z += 0.8
    scene.camera.data.shift_x = 0.1
    lamp = bpy.data.objects.new("mine", bpy.data.lights.new("mine", "SUN"))
    scene.collection.objects.link(lamp)
    scene.view_settings.exposure = 0.4
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 96, 64, 2
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
