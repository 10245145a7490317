"""Sheets: operands stand beside their result in its plane, lined up with it, in no one else's room."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.kinds.given import Given
from matrix_cinema.kinds.stage import stages_of
from matrix_cinema.staging.layout.arrangement import Arranger
from sheet_trees import trees

GAP = 2.0


def arranged(expression, sizes, gap=GAP):
    root = stage(parse(expression))
    return root, Arranger(root, shapes(root, sizes), gap).arrangement()


def box(part):
    corners = part.corners(0.0)
    return corners.min(axis=0), corners.max(axis=0)


@given(trees())
@settings(max_examples=150)
def test_nothing_stands_in_anything_else_and_sheets_stay_in_their_plane(tree):
    root, arrangement = arranged(*tree)
    assert {p.stage.name for p in arrangement.planes} == {s.name for s in stages_of(root)}
    parts = [box(part) for part in (*arrangement.planes, *arrangement.cuboids)]
    for (low, high), (other_low, other_high) in itertools.combinations(parts, 2):
        assert np.maximum(low - other_high, other_low - high).max() >= 0.99
    drawn = {}
    for plane in arrangement.planes:
        drawn.setdefault(plane.stage.name, plane)  # the first is the one that is made
    for plane in arrangement.planes:
        if plane.role == "operand":
            sheet = drawn[plane.consumer]
            normal = np.cross(sheet.row, sheet.column)
            assert abs((plane.origin - sheet.origin) @ normal) < 1e-9
            along = plane.column if plane.transposed else plane.row
            np.testing.assert_array_equal(along, sheet.row)


def planes(expression, **sizes):
    _, arrangement = arranged(expression, sizes)
    return {plane.stage.name: plane for plane in arrangement.planes}


def test_a_sum_reads_like_a_line_on_paper():
    """x + y = out from left to right, one gap between; a single row stands above its columns."""
    found = planes("out = x + y", x=(3, 4), y=(3, 4))
    np.testing.assert_array_equal(found["y"].origin - found["out"].origin, [-4 - GAP, 0, 0])
    np.testing.assert_array_equal(found["x"].origin - found["y"].origin, [-4 - GAP, 0, 0])
    found = planes("out = x + b", x=(3, 4), b=(1, 4))
    np.testing.assert_array_equal(found["b"].origin - found["out"].origin, [0, 0, 1 + GAP])
    np.testing.assert_array_equal(found["x"].origin - found["out"].origin, [-4 - GAP, 0, 0])


def test_a_column_stands_at_the_side_of_its_rows():
    found = planes("out = x * c", x=(3, 4), c=(3, 1))
    np.testing.assert_array_equal(found["c"].origin - found["out"].origin, [-1 - GAP, 0, 0])


@pytest.mark.parametrize("axis, row, column", [(0, (0, 0, -1), (1, 0, 0)), (1, (1, 0, 0), (0, 0, -1))])
def test_the_parts_of_a_concatenation_line_up_with_it(axis, row, column):
    shape = (2, 3) if axis == 0 else (3, 2)
    found = planes(f"out = concat(a, b, axis={axis})", a=shape, b=shape)
    a, b, out = (found[name].origin for name in ("a", "b", "out"))
    along, across = np.array(row), np.array(column)
    assert (a - out) @ along == 0 and (b - a) @ along == 2 + GAP + 0  # room for the gap between the parts
    assert (a - out) @ across == (b - out) @ across == -(3 - 1) - 1 - GAP


def test_a_slice_stands_beside_the_rows_that_it_is():
    found = planes("out = x[1:3, 2:5]", x=(4, 6))
    np.testing.assert_array_equal(found["x"].origin - found["out"].origin, [-6 - GAP, 0, 1])


def test_a_sheet_may_be_an_argument_and_a_product_an_operand():
    sizes = {"x": (3, 4), "W": (4, 5), "b": (1, 5), "V": (5, 4)}
    root, arrangement = arranged("out = x + (h = relu(x @ W + b)) @ V", sizes)
    assert len(arrangement.cuboids) == 2
    for cuboid in arrangement.cuboids:  # each product is over its result's entry
        (result,) = [p for p in arrangement.planes if p.stage.name == cuboid.stage.name]
        across = cuboid.origin - result.origin
        np.testing.assert_array_equal(np.abs(across), np.abs((across @ cuboid.k_step) * cuboid.k_step))
    assert sum(isinstance(p.stage, Given) for p in arrangement.planes) == 5  # x is drawn twice
    assert root.name == "out"
