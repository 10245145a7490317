"""Cuboids share faces to the exact coordinate, products stand where their rows and columns meet, and
no two things of a scene occupy the same room."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.kinds.product import Product
from matrix_cinema.kinds.stage import stages_of
from matrix_cinema.staging.layout.arrangement import Arranger
from product_trees import trees


def arranged(expression, sizes, gap=2.0):
    root = stage(parse(expression))
    return root, Arranger(root, shapes(root, sizes), gap).arrangement()


def planes_of(arrangement, name):
    return [plane for plane in arrangement.planes if plane.stage.name == name]


@given(trees(), st.sampled_from([1.0, 2.0, 3.7]))
@settings(max_examples=150)
def test_every_stage_is_drawn_once_and_products_meet_their_faces(tree, gap):
    root, arrangement = arranged(*tree, gap)
    names = [s.name for s in stages_of(root)]
    assert sorted(plane.stage.name for plane in arrangement.planes) == sorted(names)  # a shared face once
    products = [s.name for s in stages_of(root) if isinstance(s, Product)]
    assert sorted(c.stage.name for c in arrangement.cuboids) == sorted(products)
    for cuboid in arrangement.cuboids:
        check_cuboid(arrangement, cuboid, gap)


def check_cuboid(arrangement, cuboid, gap):
    """Each product is straight before entry (i, k) of left, (k, j) of right and (i, j) of the result."""
    faces = {
        "left": (cuboid.stage.left, cuboid.j_step, "ik"),
        "right": (cuboid.stage.right, cuboid.i_step, "kj"),
        "result": (None, cuboid.k_step, "ij"),
    }
    i, j, k = np.indices((cuboid.rows, cuboid.columns, cuboid.inner)).reshape(3, -1)
    index = {"i": i, "j": j, "k": k}
    points = cuboid.origin + sum(np.outer(index[axis], getattr(cuboid, f"{axis}_step")) for axis in "ijk")
    for role, (operand, normal, axes) in faces.items():
        transposed = operand is not None and operand.transposed
        name = operand.stage.name if operand else cuboid.stage.name
        (plane,) = planes_of(arrangement, name)
        row, column = (index[axis] for axis in (axes[::-1] if transposed else axes))
        assert row.max() == plane.rows - 1 and column.max() == plane.columns - 1
        entries = plane.origin + np.outer(row, plane.row) + np.outer(column, plane.column)
        away = points - entries
        distance = away @ normal
        np.testing.assert_allclose(away, np.outer(distance, normal), atol=1e-9)  # on the perpendicular
        nearest = np.abs(distance).min()
        if role == "right":  # the one face that makes room for its neighbour's family
            assert nearest >= gap - 1e-9
        else:
            assert nearest == pytest.approx(gap)
        assert len(set(np.sign(distance))) == 1  # never through the face


@given(trees(), st.sampled_from([1.0, 2.0, 3.7]))
@settings(max_examples=200)
def test_nothing_stands_in_anything_else(tree, gap):
    _, arrangement = arranged(*tree, gap)
    boxes = [box(p.corners(0.0)) for p in arrangement.planes] + [
        box(c.corners(0.0)) for c in arrangement.cuboids
    ]
    for (low, high), (other_low, other_high) in itertools.combinations(boxes, 2):
        apart = np.maximum(low - other_high, other_low - high).max()
        assert apart >= 0.99  # entries are at most 1 wide, and stand at least 1 apart


def box(points):
    return points.min(axis=0), points.max(axis=0)


def test_neighbours_that_need_the_same_room_are_moved_apart():
    _, arrangement = arranged("(a @ (b @ c)) @ ((d @ e) @ f)", {n: (3, 3) for n in "abcdef"})
    (right,) = planes_of(arrangement, "d @ e @ f")
    (root,) = [c for c in arrangement.cuboids if len(c.stage.name) > 20]
    last = root.origin + 2 * root.i_step
    assert (right.origin - last) @ root.i_step > 2.0
    (leaf,) = planes_of(arranged("(a @ (b @ c)) @ d", {n: (3, 3) for n in "abcd"})[1], "d")
    assert leaf.origin[2] == -4.0  # nothing in its way


def test_a_result_is_made_once_and_shown_wherever_it_is_used():
    _, arrangement = arranged("(S = a @ b) @ S.T", {"a": (3, 4), "b": (4, 5)})
    assert [(plane.role, plane.transposed) for plane in planes_of(arrangement, "S")] == [
        ("left", False),
        ("right", True),
    ]
    assert [c.stage.name for c in arrangement.cuboids].count("S") == 1
    for cuboid in arrangement.cuboids:
        assert cuboid.inner == (4 if cuboid.stage.name == "S" else 5)


def test_the_root_stands_upright_before_the_audience():
    _, arrangement = arranged("a @ b", {"a": (3, 4), "b": (4, 5)})
    (result,) = [plane for plane in arrangement.planes if plane.role == "result"]
    np.testing.assert_array_equal([result.row, result.column], [[0, 0, -1], [1, 0, 0]])
    np.testing.assert_array_equal(result.outward, [0, 1, 0])
    np.testing.assert_array_equal(box(result.corners())[1], [4.5, 0, 0.5])
    np.testing.assert_array_equal(box(arrangement.corners()), [[-2.0, -5.5, -4.0], [4.5, 0.0, 0.5]])
