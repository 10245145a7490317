"""Rows of evenly spaced values, rendered and compared with the colour map; run it to print the table.

python tests/builders/color_rows.py
"""

import tempfile
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from from_tables import scene_from
from mathutils import Vector
from matrix_cinema.blender.update import build
from matrix_cinema.look.color_maps import color_map, color_maps, zero_of
from matrix_cinema.look.styles import STYLES
from matrix_cinema.outputs.blend_file import begin_empty
from matrix_cinema.outputs.interrupt import end_process
from matrix_cinema.outputs.silence import blender_silenced
from PIL import Image

COUNT = 33
WIDTH, HEIGHT = 480, 64


def drawn_and_wanted(style, name, folder, budget=200_000, changes=None):
    """The pixel in the middle of each element of a row, and the colour map's colour, sRGB: (n, 3) each.

    Zeros are absent, so n is 32. `changes` go into the table [style].
    """
    signed = zero_of(name) == 0.5
    values = np.linspace(-1 if signed else 0, 1, COUNT)
    look = {"style": style, "min_size": 1.0, "labels": False, "legend": False, "title": False}
    description = {
        "expression": "A",
        "matrices": {"A": {"values": [values.tolist()], "color_map": name}},
        "look": look | {"instance_budget": budget, "numbers": "off"},
        "style": changes or {},
        "camera": {"view": "front"},
        "render": {"width": WIDTH, "height": HEIGHT, "samples": 4},
    }
    scene = build(scene_from(description))
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == "matrix"]
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(Path(folder) / "row.png")
    with blender_silenced():
        bpy.ops.render.render(write_still=True)
    with Image.open(scene.render.filepath) as image:
        pixels = np.asarray(image.convert("RGB")).astype(float)
    table = color_map(name).astype(float)
    drawn, wanted = [], []
    for n, value in enumerate(values):
        if value != 0:
            x, y, _ = world_to_camera_view(scene, scene.camera, ob.matrix_world @ Vector((n, 0, 0)))
            drawn.append(pixels[int((1 - y) * HEIGHT), int(x * WIDTH)])
            place = 255 * (0.5 + 0.5 * value if signed else value)
            wanted.append([np.interp(place, np.arange(256), table[:, channel]) for channel in range(3)])
    return np.array(drawn), np.array(wanted)


def largest_error(*arguments, **options):
    """The largest difference of a row to its map, in steps of sRGB."""
    drawn, wanted = drawn_and_wanted(*arguments, **options)
    return float(np.abs(drawn - wanted).max())


def main():
    flat = [name for name, one in STYLES.items() if one.flat]
    print(f"Blender {bpy.app.version_string}: largest difference of {COUNT} values to the map, in sRGB steps")
    print(f"{'':<14}" + "".join(f"{name:>10}" for name in flat))
    begin_empty()
    with tempfile.TemporaryDirectory() as folder:
        for name in color_maps():
            print(f"{name:<14}" + "".join(f"{largest_error(one, name, folder):>10.2f}" for one in flat))


if __name__ == "__main__":
    main()
    end_process(0)
