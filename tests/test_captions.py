"""What is written beside the matrices: the right texts, and never one on another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.files.scene import Scene, from_dict
from matrix_cinema.staging.captions import READABLE, TOKEN_SIZE, labels_of, names, spacing, title_of, tokens
from matrix_cinema.staging.framing import DIRECTIONS, axes
from matrix_cinema.staging.plan import plan

LETTER = 0.62  # width of a letter, of its size: wider than the typeface's average
LINE = 1.15  # height of a line


def planned(expression, matrices, **tables):
    return plan(from_dict(Scene, {"expression": expression, "matrices": matrices, **tables}, "test"))


def given_matrix(rows, columns, row=None, column=None, **more):
    labels = {}
    if row:
        labels["row_labels"] = [f"{row}{n}" for n in range(rows)]
    if column:
        labels["column_labels"] = [f"{column}{n}" for n in range(columns)]
    return {"init": "uniform", "shape": [rows, columns], **labels, **more}


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30))
@settings(deadline=None)
def test_written_labels_have_room_beside_or_above_each_other(rise, run, letters):
    every, size = spacing(rise, run, letters)
    assert 1 <= every and READABLE <= size <= TOKEN_SIZE
    above = every * rise >= LINE * size * (1 - 1e-9)
    beside = every * run >= LETTER * letters * size * (1 - 1e-9)
    assert above or beside or every == 10_000


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30))
@settings(deadline=None)
def test_no_more_labels_are_left_out_than_have_to_be(rise, run, letters):
    every, _ = spacing(rise, run, letters)
    if every > 1:
        fewer = every - 1
        assert fewer * rise < LINE * READABLE and fewer * run < LETTER * letters * READABLE


def test_labels_come_through_products_and_transposes():
    p = planned(
        "out = (S = softmax(A @ B.T)) @ (C.T @ D)",
        {
            "A": given_matrix(2, 3, "a", "x"),
            "B": given_matrix(4, 3, "b", "x"),
            "C": given_matrix(5, 4, "c", "d"),
            "D": given_matrix(5, 2, None, "e"),
        },
    )
    stages = {plane.stage.name: plane.stage for plane in p.arrangement.planes}
    assert labels_of(p, stages["A"]) == (("a0", "a1"), ("x0", "x1", "x2"))
    assert labels_of(p, stages["S"]) == (("a0", "a1"), ("b0", "b1", "b2", "b3"))
    assert labels_of(p, stages["C.T @ D"]) == (("d0", "d1", "d2", "d3"), ("e0", "e1"))
    assert labels_of(p, stages["out"]) == (("a0", "a1"), ("e0", "e1"))


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_a_token_stands_at_its_row_or_column_and_each_axis_is_labelled_once(direction):
    p = planned("out = A @ B", {"A": given_matrix(3, 4, "r", "k"), "B": given_matrix(4, 5, "k", "c")})
    found = tokens(p, direction)
    texts = [[label.text for label in axis.labels] for axis in found]
    firsts = sorted(labels[0] for labels in texts)
    assert firsts == sorted(set(firsts))  # r of A and out, k of A and B: each once
    assert {text[0] for text in firsts} <= {"r", "k", "c"} and len(firsts) == 3
    right, up, _ = axes(direction)
    entries = np.concatenate(
        [plane.origin + np.outer(np.arange(plane.rows), plane.row) for plane in p.arrangement.planes]
        + [plane.origin + np.outer(np.arange(plane.columns), plane.column) for plane in p.arrangement.planes]
    )
    for axis in found:
        assert [label.text[0] for label in axis.labels] == [axis.labels[0].text[0]] * len(axis.labels)
        along = axis.labels[-1].position - axis.labels[0].position if len(axis.labels) > 1 else None
        for n, label in enumerate(axis.labels):
            assert label.text == f"{label.text[0]}{n * axis.every}"
            if along is not None:  # in line with an entry of some matrix
                step = along / np.linalg.norm(along)
                here = (label.position + up * label.size * 0.35) @ step
                assert np.abs(entries @ step - here).min() < 1e-6


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_every_matrix_is_named_with_its_shape(direction):
    p = planned(
        "out = A @ B.T",
        {"A": given_matrix(2, 3, label="left one"), "B": given_matrix(4, 3)},
        products={"out": {"label": "result"}},
    )
    found = names(p, direction)
    assert [label.text for label in found] == ["result", "2 × 4", "left one", "2 × 3", "B", "4 × 3"]
    assert [label.text for label in found if label.transposed] == ["B"]
    _, up, _ = axes(direction)
    for name, shape in zip(found[::2], found[1::2], strict=True):
        assert (name.position - shape.position) @ up > shape.size  # the shape stands under the name


def test_a_stage_is_called_by_its_label_or_else_its_name():
    matrices = {"A": given_matrix(2, 2, label="the weights"), "B": given_matrix(2, 2)}
    p = planned("out = A @ B", matrices, products={"out": {"label": "the output"}})
    assert [title_of(p, plane.stage) for plane in p.arrangement.planes] == ["the output", "the weights", "B"]
