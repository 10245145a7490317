"""What is written beside the matrices: the right texts, for the right rows and columns."""

import numpy as np
import pytest
from from_tables import planned_of
from matrix_cinema.picture.film import compose
from matrix_cinema.staging.camera.framing import DIRECTIONS
from matrix_cinema.staging.writing.captions import axes_of, axis_names_of, labels_of, name_of, title_of


def planned(expression, matrices, **tables):
    return planned_of(expression, matrices=matrices, **tables)


def given_matrix(rows, columns, row=None, column=None, **more):
    labels = {}
    if row:
        labels["row_labels"] = [f"{row}{n}" for n in range(rows)]
    if column:
        labels["column_labels"] = [f"{column}{n}" for n in range(columns)]
    return {"init": "uniform", "shape": [rows, columns], **labels, **more}


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


def test_each_axis_is_told_once():
    p = planned("out = A @ B", {"A": given_matrix(3, 4, "r", "k"), "B": given_matrix(4, 5, "k", "c")})
    axes = axes_of(p, p.arrangement.planes)
    assert sorted(axis.texts[0] for axis in axes) == ["c0", "k0", "r0"]
    (shared,) = [axis for axis in axes if axis.texts[0] == "k0"]
    assert {plane.stage.name for plane, _ in shared.sides} == {"A", "B"}


@pytest.mark.parametrize("view", DIRECTIONS)
def test_a_token_stands_at_its_row_or_column(view):
    """Each leader starts at its entry's line, and labels without one stand on it, in the order of entries."""
    p = planned(
        "out = A @ B",
        {"A": given_matrix(3, 4, "r", "k"), "B": given_matrix(4, 5, "k", "c")},
        camera={"view": view},
    )
    made = compose(p, 16 / 9)
    tokens = [label for label in made.lettering.labels if label.kind == "token"]
    texts = [f"{axis}{n}" for axis, count in (("c", 5), ("k", 4), ("r", 3)) for n in range(count)]
    assert sorted(label.text for label in tokens) == texts
    starts = np.array([stroke.start for stroke in made.lettering.strokes]).reshape(-1, 3)
    for axis in axes_of(p, p.arrangement.planes):
        own = [label for label in tokens if label.text in axis.texts]
        # Lines through the entries of the axis, as they are seen on one of the matrices that have it.
        for n, label in enumerate(sorted(own, key=lambda label: label.text)):
            here = (axis.sides[0][0].origin + along_of(*axis.sides[0]) * n) @ along_of(*axis.sides[0])
            near = np.abs(starts @ along_of(*axis.sides[0]) - here).min(initial=np.inf)
            beside = min(beside_line(made.view, label, *side, n) for side in axis.sides)
            assert near < 1e-6 or beside < 1.0, label.text


def along_of(plane, of_rows):
    return plane.row if of_rows else plane.column


def test_the_second_line_of_a_label_stands_instead_of_the_shape():
    said = {"A": given_matrix(2, 3, label="a\nof two rows"), "B": given_matrix(3, 4)}
    p = planned("out = A @ B", said, products={"out": {"label": "\nwhat they give"}})
    told = {plane.stage.name: name_of(p, plane) for plane in p.arrangement.planes}
    assert told == {
        "A": ("a", "", "of two rows"),
        "B": ("B", "", "3 × 4"),
        "out": ("out", "", "what they give"),
    }


def beside_line(view, label, plane, of_rows, n):
    """How far a label is from the line through the entries of row or column n, in the picture: in sizes."""
    ends = plane.origin + along_of(plane, of_rows) * n + np.outer((0.0, 1.0), along_of(plane, not of_rows))
    start, end, at, above = view.project(
        np.array([*ends, label.position, label.position + view.up * label.size])
    )
    x, y = (end - start) / np.linalg.norm(end - start)
    return abs((at - start) @ (-y, x)) / np.linalg.norm(above - at)


def test_every_matrix_is_named_with_its_shape():
    p = planned(
        "out = A @ B.T",
        {"A": given_matrix(2, 3, label="left one"), "B": given_matrix(4, 3)},
        products={"out": {"label": "result"}},
    )
    found = [name_of(p, plane) for plane in p.arrangement.planes]
    assert found == [("result", "", "2 × 4"), ("left one", "", "2 × 3"), ("B", "T", "3 × 4")]
    made = compose(p, 16 / 9)
    for name, shape in (("result", "2 × 4"), ("left one", "2 × 3"), ("B", "3 × 4")):
        (upper,) = [label for label in made.lettering.labels if label.text == name]
        (lower,) = [label for label in made.lettering.labels if label.text == shape]
        assert (upper.position - lower.position) @ made.view.up > lower.size  # the shape is under the name
        assert upper.group == lower.group


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A @ W.T", {"W": ("T", "3 × 4")}),
        ("A.T @ U", {"A": ("T", "3 × 2"), "U": ("", "2 × 5")}),
        ("(W @ A.T).T @ W", {"A": ("T", "3 × 2")}),  # drawn as A @ W.T, called as it is written
        ("A.T + Z", {"A": ("T", "3 × 2"), "Z": ("", "3 × 2")}),
        ("relu(A.T)", {"A": ("T", "3 × 2")}),
        ("A.T[:2]", {"A": ("T", "3 × 2")}),
        ("concat(A.T, Z)", {"A": ("T", "3 × 2"), "Z": ("", "3 × 2")}),
        ("(Z + b.T) @ A", {"b": ("T", "1 × 2")}),
    ],
)
def test_a_transpose_has_the_shape_of_the_transpose(expression, expected):
    shapes = {"A": (2, 3), "W": (4, 3), "U": (2, 5), "Z": (3, 2), "b": (2, 1)}
    names = [name for name in shapes if name in expression]
    p = planned(expression, {name: given_matrix(*shapes[name]) for name in names})
    found = {}
    for plane in p.arrangement.planes:
        name, raised, shape = name_of(p, plane)
        found.setdefault(name.lstrip("+ "), set()).add((raised, shape))
    for name, texts in expected.items():
        assert texts in found[name]


def test_the_axes_of_a_transpose_stay_with_its_entries():
    """Kᵀ has a row for each column of K; its tokens stand along its columns, which are rows of K."""
    named = {"row_axis": "key", "column_axis": "feature"}
    p = planned("Q @ K.T", {"Q": given_matrix(2, 3), "K": given_matrix(4, 3, "k", "f", **named)})
    (plane,) = [plane for plane in p.arrangement.planes if plane.stage.name == "K"]
    assert name_of(p, plane) == ("K", "T", "3 × 4")
    axes = {axis.title: axis for axis in axes_of(p, [plane])}
    assert axes["key"].texts == ("k0", "k1", "k2", "k3") and axes["feature"].texts == ("f0", "f1", "f2")
    (result,) = [one for one in p.arrangement.planes if one.role == "result"]
    assert np.allclose(plane.row, result.column)  # keys run as the columns of what is made of them
    assert axes["key"].sides == [(plane, True)] and axes["feature"].sides == [(plane, False)]


def test_a_stage_is_called_by_its_label_or_else_its_name():
    matrices = {"A": given_matrix(2, 2, label="the weights"), "B": given_matrix(2, 2)}
    p = planned("out = A @ B", matrices, products={"out": {"label": "the output"}})
    assert [title_of(p, plane.stage) for plane in p.arrangement.planes] == ["the output", "the weights", "B"]


def test_what_queries_are_compared_with_are_keys():
    x = {"init": "uniform", "shape": [3, 2], "row_axis": "query"}
    p = planned("attn = softmax((x @ W) @ x.T)", {"x": x, "W": given_matrix(2, 2)})
    assert axis_names_of(p, p.root) == ("query", "key")
