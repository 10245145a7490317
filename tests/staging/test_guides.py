"""Row guides and flow guides at mm's positions, worked out by hand."""

import numpy as np
import pytest
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.scene import ProductOptions
from matrix_cinema.staging.guides import flow_guides, row_guides
from matrix_cinema.staging.layout.arrangement import Arranger, Scatter
from matrix_cinema.staging.layout.blocks import blocks_of
from matrix_cinema.staging.layout.schemes import MmScheme, StageScheme

GAP = 2.0


def arranged(expression="out = a @ b", scheme=None, scatter=None, blocks=(1, 1, 1), **sizes):
    root = stage(parse(expression))
    sizes = shapes(root, sizes)
    options = {"out": ProductOptions(i_blocks=blocks[0], k_blocks=blocks[1], j_blocks=blocks[2])}
    turned, blocks = scheme or StageScheme(), blocks_of(root, sizes, options)
    return Arranger(root, sizes, GAP, turned, blocks, scatter or Scatter()).arrangement()


def rows_of(arrangement, name):
    (guide,) = [guide for guide in row_guides(arrangement) if guide.name == name]
    (plane,) = [plane for plane in arrangement.planes if plane.stage.name == name]
    return guide, plane


@pytest.mark.parametrize(
    "rows, lines, stride", [(3, 3, 1.0), (9, 9, 1.0), (17, 9, 2.0), (33, 9, 4.0), (1, 1, 1.0)]
)
def test_at_most_nine_lines_and_two_sides(rows, lines, stride):
    guide, plane = rows_of(arranged(a=(rows, 5), b=(5, 2)), "a")
    assert len(guide.lines) == lines + 2
    for n in range(lines):
        start = plane.origin + plane.row * stride * n
        np.testing.assert_allclose(guide.lines[n], [start, start + plane.column * 4])
    for line, column in zip(guide.lines[lines:], (0, 4), strict=True):
        start = plane.origin + plane.column * column
        np.testing.assert_allclose(line, [start, start + plane.row * (rows - 1)])


def test_the_corner_cuts_an_eighth_of_either_side():
    guide, plane = rows_of(arranged(a=(16, 24), b=(24, 2)), "a")
    expected = [plane.origin, plane.origin + 2 * plane.row, plane.origin + 3 * plane.column]
    np.testing.assert_allclose(guide.corners, [expected])


def test_each_block_has_its_own_guide():
    guide, plane = rows_of(arranged(a=(6, 4), b=(4, 2), blocks=(2, 1, 1)), "a")
    assert len(guide.lines) == 2 * (3 + 2) and len(guide.corners) == 2
    np.testing.assert_allclose(guide.corners[1][0], plane.origin + plane.row * (3 + GAP))


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_vanes_reach_from_the_centre_towards_left_right_and_result(scale):
    """Half depth minus gap is half the distance between the first and the last product."""
    arrangement = arranged(a=(5, 7), b=(7, 9), scheme=MmScheme("blocks"))
    (guide,) = flow_guides(arrangement, GAP, scale)
    origin = arrangement.planes[0].origin  # the result's entry (0, 0): x right, y away, z up
    center = origin + [4.0, GAP + 3.0, -2.0]
    np.testing.assert_allclose(guide.center, center)
    np.testing.assert_allclose(guide.tip, center - [0, 3 * scale, 0])
    np.testing.assert_allclose(guide.left, center - [4 * scale, 0, 0])
    np.testing.assert_allclose(guide.right, center + [0, 0, 2 * scale])
    assert guide.alpha == 0.5 + scale / 2


def test_a_vane_reaches_further_where_its_argument_is_scattered():
    sizes = {"a": (3, 3), "b": (3, 3), "c": (3, 3)}
    near, far = (
        flow_guides(arranged("out = (a @ b) @ c", MmScheme("blocks"), Scatter(d), **sizes), GAP, 1.0)[0]
        for d in (0.0, 5.0)
    )
    np.testing.assert_allclose(near.left - far.left, [5.0, 0, 0])
    np.testing.assert_allclose(near.right, far.right)
