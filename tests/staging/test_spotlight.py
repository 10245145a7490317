"""The spotlight is on what makes the entries that are pointed at, and comes up when these are finished."""

import dataclasses

import numpy as np
import pytest
from matrix_cinema.description.scene import MatrixOptions, Scene
from matrix_cinema.errors import InputError
from matrix_cinema.staging.plan import plan

TOKENS = ("the", "cat", "sat")


def scene(expression, spotlight, **shapes):
    given = {name: MatrixOptions(init="gaussian", shape=shape) for name, shape in shapes.items()}
    return Scene(expression=expression, spotlight=spotlight, matrices=given)


def spots(expression, spotlight, **shapes):
    return plan(scene(expression, spotlight, **shapes)).spotlight.spots


def only(shape, rows, columns):
    wanted = np.zeros(shape, bool)
    wanted[np.ix_(rows, columns)] = True
    return wanted


def test_an_entry_of_a_product_takes_a_row_and_a_column():
    found = spots("C = A @ B", "C[1, 2]", A=(3, 4), B=(4, 5))
    assert np.array_equal(found["C"], only((3, 5), [1], [2]))
    assert np.array_equal(found["A"], only((3, 4), [1], range(4)))
    assert np.array_equal(found["B"], only((4, 5), range(4), [2]))


def test_a_matrix_that_is_pointed_at_is_lit_there_alone():
    """C[1] alone would take all of row 1 of A, and all of B."""
    found = spots("C = A @ B", "C[1]; A[1, 3]; B[3]", A=(3, 4), B=(4, 5))
    assert np.array_equal(found["C"], only((3, 5), [1], range(5)))
    assert np.array_equal(found["A"], only((3, 4), [1], [3]))
    assert np.array_equal(found["B"], only((4, 5), [3], range(5)))


def test_a_whole_matrix_lights_nothing_else():
    assert set(spots("C = A @ B", "C", A=(3, 4), B=(4, 5))) == {"C"}


def test_of_a_transpose_it_is_the_row():
    found = spots("C = A @ B.T", "C[:, 2]", A=(3, 4), B=(5, 4))
    assert np.array_equal(found["B"], only((5, 4), [2], range(4)))
    assert found["A"].all()


def test_of_a_sum_it_is_the_same_entry_and_all_that_is_repeated():
    found = spots("C = A + b", "C[1, 2]; C[0, 0]", A=(3, 4), b=(1, 4))
    assert np.array_equal(found["A"], only((3, 4), [1], [2]) | only((3, 4), [0], [0]))
    assert np.array_equal(found["b"], only((1, 4), [0], [0, 2]))


def test_it_comes_up_when_all_of_it_is_finished():
    p = plan(scene("D = (C = A @ B) @ E", "C[0, 0]", A=(3, 4), B=(4, 5), E=(5, 2)))
    begin, end = p.spotlight.rise
    assert begin == p.timeline.moves["C"].finished < end
    assert p.spotlight.dim_keys() == [(begin, 0.0), (end, 1.0)]
    assert p.spotlight.dim_keys("C") == [(begin, 0.0), (end, 0.0)]  # a star is spared


def test_without_a_spotlight_there_is_none_and_unknown_rows_are_refused():
    one = scene("C = A @ B", "", A=(3, 4), B=(4, 5))
    assert plan(one).spotlight is None
    with pytest.raises(InputError, match="spotlight: .*rows are 0 to 2"):
        plan(dataclasses.replace(one, spotlight="C[7, 0]"))
