"""In the flat styles a drawn colour is the colour map's, to 2/255; in the lit ones it can be read."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from color_rows import drawn_and_wanted, largest_error  # noqa: E402
from matrix_cinema.look.color_maps import color_maps  # noqa: E402
from matrix_cinema.look.styles import STYLES  # noqa: E402

FLAT = [name for name, one in STYLES.items() if one.flat]
MAPS = list(color_maps())


# A map is a picture of 256 colours, drawn by the same nodes: the styles in turn are enough on every Blender.
@pytest.mark.parametrize(
    "n",
    [
        pytest.param(n, id=name, marks=pytest.mark.one_blender if n >= len(FLAT) else ())
        for n, name in enumerate(MAPS)
    ],
)
def test_drawn_colours_are_the_maps(factory, tmp_path, n):
    """Every map in one flat style, each in turn; tests/builders/color_rows.py prints all."""
    assert largest_error(FLAT[n % len(FLAT)], MAPS[n], tmp_path) <= 2


@pytest.mark.parametrize("style", FLAT)
def test_points_have_the_colours_of_instances(factory, tmp_path, style):
    assert largest_error(style, STYLES[style].signed_map, tmp_path, budget=0) <= 2
    assert largest_error(style, STYLES[style].unsigned_map, tmp_path) <= 2


def test_mm_s_hues_are_drawn_as_the_scene_has_them(factory, tmp_path):
    article = {"zero_hue": 0.75, "hue_gap": 0.75, "hue_spread": 0.03, "min_light": 0.2, "max_light": 0.9}
    drawn, plain = drawn_and_wanted("mm", "mm", tmp_path, changes=article)
    called = "mm(0.75, 0.75, 0.03, 0.2, 0.9)"
    _, wanted = drawn_and_wanted("mm", called, tmp_path)
    assert np.abs(drawn - wanted).max() <= 2 < np.abs(drawn - plain).max()
