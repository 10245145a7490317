"""In a render, entries in the spotlight stand out from the others, and have the hue of the legend."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from built_scenes import described, drawn  # noqa: E402
from colors import contrast, linear, luminance, oklab  # noqa: E402
from mathutils import Vector  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.look.color_maps import color_map  # noqa: E402
from matrix_cinema.look.styles import STYLES  # noqa: E402

STANDS_OUT = 2.0  # contrast of what is lit with the rest, as in WCAG 2
HUE = 25.0  # degrees in OKLab, from the map's colour: light and shadow turn it a little
SIDE, WIDTH, HEIGHT = 5, 240, 135


def rendered(style, tmp_path):
    """(linear colour, entry) of the middle of each element of A, whose row 1 is lit, in a picture."""
    values = np.ones((3, SIDE))
    values[:, ::2] = -1.0
    given = {"A": values, "B": np.ones((SIDE, 2))}
    look = {"style": style, "legend": False}
    camera = {"view": "isometric", "subject": "A"}
    scene = build(described("C = A @ B", given, star="none", spotlight="A[1]", look=look, camera=camera))
    scene.frame_set(scene.frame_end)
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.engine, scene.cycles.samples, scene.cycles.device = "CYCLES", 8, "CPU"
    scene.cycles.use_denoising = False
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(tmp_path / "spot.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(image.pixels[:]).reshape(HEIGHT, WIDTH, -1)[:, :, :3]
    colors = linear(pixels)
    one, found = drawn(scene, "matrix", "A"), []
    for i, j, place in zip(one["i"], one["j"], one["position"], strict=True):
        x, y, _ = world_to_camera_view(scene, scene.camera, Vector(place))
        x, y = int(x * WIDTH), int(y * HEIGHT)
        found.append((int(i), values[i, j], colors[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)))
    return found


@pytest.mark.parametrize("style", STYLES)
def test_lit_entries_stand_out_in_the_hue_of_the_legend(factory, tmp_path, style):
    found = rendered(style, tmp_path)
    table = color_map(STYLES[style].signed_map)
    for sign, wanted in ((-1.0, table[0]), (1.0, table[-1])):
        lit, rest = (
            np.mean([color for i, value, color in found if value == sign and (i == 1) == on], axis=0)
            for on in (True, False)
        )
        assert contrast(luminance(lit), luminance(rest)) >= STANDS_OUT, (style, sign)
        ends = oklab(np.stack([lit, linear(wanted / 255)]))
        first, second = np.degrees(np.arctan2(ends[:, 2], ends[:, 1]))
        assert abs((first - second + 180.0) % 360.0 - 180.0) <= HUE, (style, sign)
