"""Additive masks: which given matrices may be one, and what is left out by it."""

import numpy as np
import pytest
from from_tables import planned_from, scene_from
from matrix_cinema.algebra.additive import added_to_softmax
from matrix_cinema.algebra.evaluate import evaluate
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.matrices import lowest
from matrix_cinema.description.scene import from_json, to_json, to_toml
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.inspection import plan_lines
from matrix_cinema.staging.plan import plan


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("softmax(Q @ K.T / sqrt(k) + M)", "M"),
        ("softmax(M + Q @ K.T)", "M"),
        ("softmax((Q @ K.T + M) / 8)", "M"),
        ("softmax(Q @ K.T + b + M.T[:4, :4])", "bM"),
        ("S = Q @ K.T + M; A = softmax(S)", "M"),
        ("softmax(tril(M))", "M"),
        ("softmax(M, axis=0)", "M"),
        ("softmax(Q @ K.T) + M", ""),
        ("softmax(Q @ K.T * M)", ""),
        ("softmax(Q @ K.T - M)", ""),
        ("softmax(-M)", ""),
        ("softmax(-2 * M)", ""),
        ("softmax(relu(M) + Q)", "Q"),
        ("softmax(masked(Q @ K.T, M))", ""),
        ("Q @ K.T + M", ""),
    ],
)
def test_what_is_added_to_scores_may_be_a_mask(expression, names):
    assert added_to_softmax(stage(parse(expression))) == set(names)


@pytest.mark.parametrize(
    ("values", "surely", "low"),
    [
        ([0, -np.inf, -3.4e38, -1e9, -65504, -1e4, -900], False, [0, 1, 1, 1, 1, 1, 0]),
        ([0, -1e4, -5e3], False, [0, 0, 0]),  # these go on as distances do
        ([0, -1e9, -5e3, -2e4], False, [0, 1, 0, 0]),
        ([0, -1e4, -5e3], True, [0, 1, 0]),
        ([5, 2], True, [0, 0]),
    ],
)
def test_only_what_a_softmax_leaves_nothing_is_a_mask(values, surely, low):
    assert lowest(np.array([values], float), surely).tolist() == [[bool(n) for n in low]]


def attention(low, **matrix):
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 4, 3))
    mask = np.where(np.tri(4) > 0, rng.normal(size=(4, 4)), low)
    matrices = {"Q": {"values": q.tolist()}, "K": {"values": k.tolist()}}
    matrices["M"] = {"values": mask.tolist(), **matrix}
    scene = {"expression": "S = Q @ K.T + M; A = softmax(S)", "matrices": matrices}
    power = np.exp(q @ k.T + np.where(np.tri(4) > 0, mask, -np.inf))
    return scene_from(scene), power / power.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("low", [-np.inf, float(np.finfo(np.float32).min), -1e9, -65504.0, -1e4])
def test_low_entries_are_absent_and_weights_stay_as_they_are(low):
    scene, weights = attention(low)
    p = plan(scene)
    for name in "MSA":
        assert np.array_equal(p.evaluation[name].mask, np.tri(4) > 0), name
    np.testing.assert_allclose(p.evaluation["A"].final, weights, atol=1e-15)
    assert p.final["M"].high < 10 and p.raw["S"].high < 10
    (line,) = [line for line in plan_lines(p) if line.startswith("M: ")]
    assert line == f"M: 6 of 16 entries, from {low:.3g} down, are an additive mask and absent"
    assert from_json(to_json(scene)) == scene
    assert ("-inf" in to_toml(scene)) == np.isinf(low)


def test_a_description_says_what_is_a_mask_and_what_is_not():
    scene, _ = attention(-1e9, additive_mask=False)
    assert plan(scene).evaluation["M"].mask is None
    scene, _ = attention(-np.inf, additive_mask=False)
    with pytest.raises(
        InputError, match="matrix M: row 0, column 1 is -inf.*; if it is a mask .* additive_mask = true"
    ):
        plan(scene)
    alone = {
        "expression": "M",
        "matrices": {"M": {"values": [[0.5, -np.inf], [1, 2]], "additive_mask": True}},
    }
    assert planned_from(alone).evaluation["M"].mask.tolist() == [[True, False], [True, True]]
    alone["matrices"]["M"]["values"] = [[0.5, np.nan]]
    with pytest.raises(InputError, match="nan is not a finite number"):
        scene_from(alone)


def test_rows_of_nothing_but_mask_are_told_and_one_row_serves_all():
    matrices = {"S": {"init": "normal", "shape": [3, 3, 4]}, "M": {"values": [[0, 0, -1e9, -1e9]]}}
    p = planned_from({"expression": "A = softmax(S + M)", "matrices": matrices})
    assert all(p.evaluation[f"A[{n}]"].mask.sum() == 6 for n in range(3))
    matrices["M"] = {"values": [[0, 0, 0, 0], [-1e9] * 4, [0, -1e9, 0, 0]]}
    lines = plan_lines(planned_from({"expression": "A = softmax(S + M)", "matrices": matrices}))
    assert [
        line for line in lines if line.startswith("M: 5 of 12") and "1 of its rows have nothing else" in line
    ]


def test_parts_and_transposes_of_a_mask_are_masks():
    root = stage(parse("softmax(S + concat(M, M, axis=1).T[1:])"))
    mask = np.array([[True, False], [True, True]])
    leaves = {"S": np.zeros((3, 2)), "M": np.where(mask, 0.5, 0.0)}
    found = evaluate(root, leaves, {"M": mask})[root].mask
    assert found.tolist() == np.hstack([mask, mask]).T[1:].tolist()
