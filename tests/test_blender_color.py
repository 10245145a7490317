"""In the figure style a drawn colour is the colour map's, to 2/255."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402
from matrix_cinema.blender.build import build  # noqa: E402
from matrix_cinema.files.scene import Scene, from_dict  # noqa: E402
from matrix_cinema.look.color_maps import color_map  # noqa: E402
from PIL import Image  # noqa: E402

COUNT = 33


@pytest.mark.parametrize("budget", [200_000, 0], ids=["instances", "points"])
@pytest.mark.parametrize("name", ["vik", "oslo_r"])
def test_drawn_colours_are_the_maps(factory, tmp_path, name, budget):
    """One row of evenly spaced values; the pixel at the middle of each element, read from the picture."""
    signed = name == "vik"
    values = np.linspace(-1 if signed else 0, 1, COUNT)
    look = {"style": "paper", "min_size": 1.0, "labels": False, "legend": False, "title": False}
    description = {
        "expression": "A",
        "matrices": {"A": {"values": [values.tolist()], "color_map": name}},
        "look": look | {"instance_budget": budget, "numbers": "off"},
        "camera": {"view": "front"},
        "render": {"width": 480, "height": 64, "samples": 4},
    }
    scene = build(from_dict(Scene, description, "test"))
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == "matrix"]
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(tmp_path / "row.png")
    bpy.ops.render.render(write_still=True)
    with Image.open(tmp_path / "row.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(float)

    table = color_map(name).astype(float)
    for n, value in enumerate(values):
        if value == 0:
            continue  # absent
        x, y, _ = world_to_camera_view(scene, scene.camera, ob.matrix_world @ Vector((n, 0, 0)))
        drawn = pixels[int((1 - y) * 64), int(x * 480)]
        place = 255 * (0.5 + 0.5 * value if signed else value)
        wanted = [np.interp(place, np.arange(256), table[:, channel]) for channel in range(3)]
        assert np.abs(drawn - wanted).max() <= 2, (value, drawn, wanted)
    assert (pixels[0, 0] == 255).all()  # white paper
