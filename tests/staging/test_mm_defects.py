"""What mm gets wrong is right here: one test for each of its defects, which fails on its behaviour.

Blender's part of the first one, that the sums of several blocks are drawn, is in test_blender_build
(test_values_and_sizes_at_every_frame, with three blocks of k) and in test_blender_highlights.
"""

import math

import numpy as np
import pytest
from from_tables import planned_from
from matrix_cinema.algebra.evaluate import evaluate
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.scene import ANIMATIONS, MatrixOptions, ProductOptions, Scene
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.stage import leaf_names
from matrix_cinema.kinds.sweep import sweep_of
from matrix_cinema.staging.plan import plan


def made(expression, matrices, **tables):
    return planned_from({"expression": expression, "matrices": matrices, **tables})


@pytest.mark.parametrize("algorithm", [a for a in ANIMATIONS if a != "none"])
def test_the_blocks_of_k_are_added_up(algorithm):
    """mm shows the partial result of the nearest block where the result belongs, and never their sum; and it
    counts to the end by the blocks of j."""
    random = np.random.default_rng(0)
    left, right = random.normal(size=(4, 6)), random.normal(size=(6, 5))
    for j_blocks in (1, 2):
        sweep = sweep_of(algorithm, (4, 6, 5), (1, 3, j_blocks))
        np.testing.assert_allclose(sweep.sums(sweep.steps, left, right), left @ right, atol=1e-12)
        before = sweep.sums(sweep.steps - 0.5, left, right)
        assert np.abs(before - left @ right).max() > 1e-3


@pytest.mark.parametrize("algorithm", ["vmprod", "mvprod", "vvprod"])
def test_the_range_of_products_is_that_of_all_of_them(algorithm):
    """mm takes it from the first slice, and larger values later saturate."""
    values = np.ones((4, 4))
    values[1:, 1:] = 50.0  # in the first row, column and outer product everything is small
    p = made(
        "out = A @ B",
        {"A": {"values": values.tolist()}, "B": {"values": values.tolist()}},
        animation={"algorithm": algorithm},
        look={"product_clip": 100.0},
    )
    assert p.products["out"].high == 2500.0


def test_a_causal_softmax_of_more_rows_than_columns_sums_to_one():
    """mm's rows sum to 0.58 and 0 where the height exceeds the width."""
    root = stage(parse("softmax(tril(A / sqrt(4)))"))
    values = np.random.default_rng(0).normal(size=(6, 3))
    found = evaluate(stage(parse("softmax(tril(A @ B / sqrt(k)))")), {"A": values, "B": np.eye(3)})
    np.testing.assert_allclose(found[found.root].final.sum(axis=1), 1.0)
    np.testing.assert_allclose(evaluate(root, {"A": values})[root].final.sum(axis=1), 1.0)


def test_one_name_is_one_draw():
    """mm draws anew wherever a name stands."""
    p = made("out = A @ A.T", {"A": {"init": "uniform", "shape": [5, 5]}})
    np.testing.assert_array_equal(p.evaluation["out"].final, p.evaluation["out"].final.T)
    assert list(p.matrices) == ["A"]


def test_a_linear_layer_is_drawn_by_its_fan_in():
    """U(−1, 1) / √n with n the number of inputs, which for x @ W are the rows of W; mm takes its width."""
    drawn = made("x @ W", {
        "x": {"init": "rows", "shape": [2, 400]}, "W": {"init": "pt_linear", "shape": [400, 4]}
    }).matrices["W"].values  # fmt: skip
    assert 0.9 / math.sqrt(400) < np.abs(drawn).max() <= 1 / math.sqrt(400)


def test_a_single_letter_is_an_expression():
    """It makes mm's parser hang."""
    assert leaf_names(stage(parse("A"))) == ("A",)
    p = made("A", {"A": {"init": "eye", "shape": [2, 2]}})
    np.testing.assert_array_equal(p.evaluation["A"].final, np.eye(2))


def test_a_shared_scene_shows_the_same_numbers():
    """mm's draws have no seed."""
    one, again, other = (
        made("A", {"A": {"init": "gaussian", "shape": [4, 4], "seed": seed}}).matrices["A"].values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).all()


def test_what_is_not_a_number_is_told():
    """mm draws nothing for it."""
    with pytest.raises(InputError, match="A: row 0, column 1 is nan"):
        plan(Scene(expression="A", matrices={"A": MatrixOptions(values=((1.0, math.nan),))}))
    with pytest.raises(InputError, match="A / B: inf at row 0, column 0"):
        made("A / B", {"A": {"values": [[1.0]]}, "B": {"values": [[0.0]]}})


def test_layer_norm_is_of_each_row_and_of_the_whole_under_mms_name():
    values = np.random.default_rng(0).normal(size=(3, 8)) * [[1], [5], [9]]
    matrices = {"A": {"values": values.tolist()}, "B": {"init": "eye", "shape": [8, 8]}}
    rows = made("out = layernorm(A @ B)", matrices).evaluation["out"].final
    np.testing.assert_allclose(rows.std(axis=1), 1, rtol=1e-3)
    scene = Scene(
        expression="out = A @ B",
        matrices={
            "A": MatrixOptions(values=tuple(map(tuple, values))),
            "B": MatrixOptions(init="eye", shape=(8, 8)),
        },
        products={"out": ProductOptions(epilogue="layernorm")},
    )
    whole = plan(scene).evaluation["out"].final
    assert whole.std() == pytest.approx(1, rel=1e-3) and np.ptp(whole.std(axis=1)) > 0.5
