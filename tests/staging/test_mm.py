"""The look of mm: its colours to the last digit, its sizes, its four ranges, its camera."""

import math

import numpy as np
import pytest
from from_tables import planned_from, scene_from
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.description.scene import SENSITIVITIES
from matrix_cinema.look.color_maps import color_map
from matrix_cinema.look.styles import style
from matrix_cinema.picture.film import compose
from matrix_cinema.staging.camera.framing import DIRECTIONS
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.scales import extent, matrix_scale
from matrix_cinema.staging.writing.mm_names import place_of

# The settings that mm starts with.
ZERO_HUE, GAP, SPREAD, DARK, BRIGHT = 0.77, 0.74, 0.04, 0.4, 0.7


def rgb(sign, v):
    """mm's colour, worked out from the definition of HSL at full saturation."""
    hue = (ZERO_HUE + sign * GAP + SPREAD * sign * v) % 1.0
    lightness = DARK + (BRIGHT - DARK) * math.sqrt(v)
    chroma = 1 - abs(2 * lightness - 1)
    second = chroma * (1 - abs(hue * 6 % 2 - 1))
    sextant = [(chroma, second, 0), (second, chroma, 0), (0, chroma, second)]
    sextant += [(0, second, chroma), (second, 0, chroma), (chroma, 0, second)]
    return tuple(round(255 * (c + lightness - chroma / 2)) for c in sextant[int(hue * 6)])


def test_the_signed_map_is_the_formula_to_the_last_digit():
    table = color_map("mm").tolist()
    for n, color in enumerate(table):
        x = 2 * n / 255 - 1
        assert tuple(color) == rgb(math.copysign(1, x), abs(x)), n
    assert tuple(table[-1]) == (102, 209, 255) and tuple(table[0]) == (255, 102, 111)


def test_the_positive_map_is_its_upper_half():
    for n, color in enumerate(color_map("mm_positive").tolist()):
        assert tuple(color) == rgb(1, n / 255), n


def test_the_style_is_black_and_flat_with_beads():
    mm = style("mm")
    assert mm.flat and mm.background == (0, 0, 0) and mm.view_transform == "Standard"
    assert mm.shape == "sphere" and mm.ground == "none"
    assert tuple(round(255 * c) for c in mm.text) == (0xCC, 0xCC, 0xFF)


def test_the_camera_stands_where_mm_s_does():
    x, y, z = -48, 48, 48  # three.js: y up, z towards the viewer
    assert np.allclose(np.cross(DIRECTIONS["mm"], (x, -z, y)), 0) and np.dot(DIRECTIONS["mm"], (x, -z, y)) > 0


def test_names_stand_in_the_middle_with_their_shapes():
    """Height legends · ∛(H·W) / 10 · min(1, 8 / letters), one entry before the matrix; I, K and J of the
    given matrices and the root, with the number of blocks."""
    p = planned_from(
        {
            "expression": "a_result_of_some_length = A @ B.T",
            "matrices": {"A": {"init": "rows", "shape": [64, 32]}, "B": {"init": "rows", "shape": [27, 32]}},
            "products": {"a_result_of_some_length": {"i_blocks": 8}},
            "look": {"center_names": 6.0},
            "camera": {"view": "mm"},
        }
    )
    labels = compose(p, 16 / 9).lettering.labels
    size = {label.text: label.size for label in labels if label.kind == "name" and label.text != "T"}
    assert size["A"] == pytest.approx(0.6 * np.cbrt(64 * 32))
    assert size["a_result_of_some_length"] == pytest.approx(0.6 * np.cbrt(64 * 27) * 8 / 23)
    shapes = {label.owner: label for label in labels if label.kind == "detail"}
    assert {name: label.text for name, label in shapes.items()} == {
        "A": "I = 64 / 8   K = 32",
        "B": "K = 32   J = 27",
        "a_result_of_some_length": "I = 64 / 8   J = 27",
    }
    assert shapes["A"].size == pytest.approx(size["A"] / 2.5)
    for plane in p.arrangement.planes:
        place = place_of(plane, DIRECTIONS["mm"])
        away = place - plane.corners().mean(axis=0)
        assert np.abs(away @ np.cross(plane.row, plane.column)) == pytest.approx(1) == away @ away
        assert away @ np.array(DIRECTIONS["mm"]) > 0


magnitudes = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8)


@given(own=magnitudes, others=magnitudes)
def test_the_four_sensitivities(own, others):
    own, everything = np.array(own), np.concatenate([own, others])
    low, high = extent(-own)
    assert (low, high) == (own.min(), own.max())
    scale = {s: matrix_scale((low, high), everything.max(), s, "mm") for s in SENSITIVITIES}
    assert (scale["global"].low, scale["global"].high) == (0, everything.max())
    assert (scale["local"].low, scale["local"].high) == (0, own.max())
    assert scale["semilocal"].high == pytest.approx(math.sqrt(own.max() * everything.max()))
    assert scale["semilocal"].low == 0
    expected = own.min() if own.min() < own.max() else 0  # all of one magnitude: all as large as can be
    assert (scale["superlocal"].low, scale["superlocal"].high) == (expected, own.max())


def scene(sensitivity):
    return scene_from(
        {
            "expression": "C = A @ B",
            "matrices": {
                "A": {"values": [[1.0, -0.25], [0.5, 0.0]]},
                "B": {"values": [[8.0, 2.0], [-4.0, 4.0]]},
            },
            "look": {"style": "mm", "sensitivity": sensitivity, "min_size": 0.2, "numbers": "off"},
            "animation": {"algorithm": "none"},
        }
    )


def test_global_is_over_given_matrices_and_results():
    """C = [[9, 1], [4, 1]]: its 9 is the largest of all, and B's 8 the largest of what is given."""
    assert {name: s.high for name, s in plan(scene("global")).final.items()} == {"A": 9, "B": 9, "C": 9}
    assert {name: s.high for name, s in plan(scene("local")).final.items()} == {"A": 1, "B": 8, "C": 9}
    semilocal = {name: s.high for name, s in plan(scene("semilocal")).final.items()}
    assert semilocal == pytest.approx({"A": 3, "B": math.sqrt(72), "C": 9})


def test_sizes_grow_with_the_square_root_of_the_magnitude(factory):
    """m + (1 − m)·√v of the diameter, and nothing at all for 0."""
    from matrix_cinema.blender.read import drawn_objects
    from matrix_cinema.blender.update import build

    target = build(scene("local"))
    target.frame_set(target.frame_end)
    (ob,) = [ob for ob in drawn_objects(target, "matrix") if ob["mc_name"] == "A"]
    geometry = ob.evaluated_get(factory.context.evaluated_depsgraph_get()).evaluated_geometry()
    cloud = geometry.instances_pointcloud()
    found = {}
    for n in range(len(cloud.points)):
        transform = np.array(cloud.attributes["instance_transform"].data[n].value)
        found[cloud.attributes["value"].data[n].value] = 2 * np.abs(transform[0]).max()
    assert set(found) == {1.0, -0.25, 0.5}
    for value, width in found.items():
        assert width == pytest.approx(0.9 * (0.2 + 0.8 * math.sqrt(abs(value))), rel=1e-5)
