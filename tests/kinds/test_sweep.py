"""Every animation: what each step visits, and that nothing is visited twice or left out."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.description.scene import ANIMATIONS
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.sweep import sweep_of

MOVING = [a for a in ANIMATIONS if a != "none"]


def steps(sweep, shape):
    """The step of each product as an array [i, j, k]; `shape` is (rows, inner, columns)."""
    rows, inner, columns = shape
    return sweep.step(*np.indices((rows, columns, inner)))


def visits(algorithm, n):
    """What step t of an unblocked n×n×n product visits, as sets of (i, j, k), from the definitions."""
    line = range(n)
    return {
        "dotprod": [{(i, j, k) for k in line} for i in line for j in line],
        "dotprod_columns": [{(i, j, k) for k in line} for j in line for i in line],
        "axpy": [{(i, j, k) for i in line} for j in line for k in line],
        "vmprod": [{(i, j, k) for j in line for k in line} for i in line],
        "mvprod": [{(i, j, k) for i in line for k in line} for j in line],
        "vvprod": [{(i, j, k) for i in line for j in line} for k in line],
        "scalar": [{(i, j, k)} for i in line for j in line for k in line],
    }[algorithm]


@pytest.mark.parametrize("algorithm", MOVING)
def test_steps_of_4x4x4_are_the_definitions(algorithm):
    sweep = sweep_of(algorithm, (4, 4, 4))
    table = steps(sweep, (4, 4, 4))
    expected = visits(algorithm, 4)
    assert sweep.steps == len(expected)
    for t, products in enumerate(expected):
        assert {tuple(p) for p in np.argwhere(table == t).tolist()} == products


@pytest.mark.parametrize("algorithm", MOVING)
@pytest.mark.parametrize("blocks", [(2, 1, 1), (1, 2, 1), (1, 1, 2), (2, 2, 2), (4, 2, 1)])
def test_blocks_of_4x4x4_move_in_lockstep(algorithm, blocks):
    i_blocks, k_blocks, j_blocks = blocks
    sweep = sweep_of(algorithm, (4, 4, 4), blocks)
    sizes = (4 // i_blocks, 4 // j_blocks, 4 // k_blocks)
    assert sweep.block_sizes == sizes
    table = steps(sweep, (4, 4, 4))
    one_block = steps(sweep_of(algorithm, (sizes[0], sizes[2], sizes[1])), (sizes[0], sizes[2], sizes[1]))
    assert np.array_equal(table, np.tile(one_block, (i_blocks, j_blocks, k_blocks)))
    assert sweep.steps == one_block.max() + 1


@pytest.mark.parametrize(
    ("algorithm", "count"),
    [("dotprod", 6), ("dotprod_columns", 6), ("vmprod", 2), ("mvprod", 3), ("vvprod", 5), ("axpy", 15)],
)
def test_number_of_steps(algorithm, count):
    assert sweep_of(algorithm, (4, 5, 3), (2, 1, 1)).steps == count


@given(
    algorithm=st.sampled_from(MOVING),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    blocks=st.tuples(*[st.integers(1, 7)] * 3),
)
def test_every_product_is_visited_once_in_every_block(algorithm, shape, blocks):
    sweep = sweep_of(algorithm, shape, blocks)
    table = steps(sweep, shape)
    assert table.min() == 0 and table.max() == sweep.steps - 1
    assert set(table.ravel().tolist()) == set(range(sweep.steps))
    i, j, k = np.indices(table.shape)
    weights = [sweep.weights(s, i, j, k) for s in range(sweep.steps + 1)]
    assert not weights[0].any() and (weights[-1] == 1).all()
    gained = np.diff(np.array(weights), axis=0)
    assert ((gained == 1).sum(axis=0) == 1).all() and (gained != 0).sum() == gained.sum()


@given(
    algorithm=st.sampled_from(ANIMATIONS),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    blocks=st.tuples(*[st.integers(1, 3)] * 3),
    moment=st.floats(0, 1),
    at_once=st.integers(1, 40),
)
def test_partial_sums_are_the_sums_of_what_is_visited(algorithm, shape, blocks, moment, at_once):
    (rows, inner, columns), random = shape, np.random.default_rng(1)
    left, right = random.normal(size=(rows, inner)), random.normal(size=(inner, columns))
    sweep = sweep_of(algorithm, shape, blocks)
    position = moment * sweep.steps
    weights = sweep.weights(position, *np.indices((rows, columns, inner)))
    expected = np.einsum("ijk,ik,kj->ij", weights, left, right)
    with mock.patch("matrix_cinema.kinds.sweep._AT_ONCE", at_once):
        found = sweep.sums(position, left, right)
    assert found.shape == (rows, columns)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_a_short_last_block_idles():
    sweep = sweep_of("vmprod", (5, 1, 1), (2, 1, 1))
    assert sweep.steps == 3
    assert sweep.step(np.arange(5), 0, 0).tolist() == [0, 1, 2, 0, 1]


def test_a_step_fades_in():
    sweep = sweep_of("vvprod", (2, 4, 2))
    assert sweep.weights(1.25, 0, 0, np.arange(4)).tolist() == [1.0, 0.25, 0.0, 0.0]


def test_none_shows_everything():
    sweep = sweep_of("none", (3, 4, 5))
    assert sweep.steps == 0
    assert (sweep.weights(0, *np.indices((3, 5, 4))) == 1).all()


def test_an_unknown_animation_is_named():
    with pytest.raises(InputError, match='unknown animation "vmprd"; did you mean "vmprod"'):
        sweep_of("vmprd", (2, 2, 2))


def test_more_steps_than_a_float_can_count_are_refused():
    sweep_of("scalar", (256, 256, 256))
    with pytest.raises(InputError, match="16,842,752 steps"):
        sweep_of("scalar", (257, 256, 256))
