"""What is written beside sheets: terms as in a sum on paper, short names, labels that sheets hand on."""

from from_tables import planned_of
from matrix_cinema.outputs.inspection import plan_lines
from matrix_cinema.picture.film import compose
from matrix_cinema.staging.writing.captions import axis_names_of, labels_of, name_of


def planned(expression, **shapes):
    named = {"row_axis": "token", "row_labels": list("abc"), "column_axis": "feature"}
    return planned_of(expression, shapes, matrices={"x": named})


def written(p):
    return [name_of(p, plane)[0] for plane in p.arrangement.planes]


def test_terms_read_as_on_paper():
    """The second in reading order has the sign; what is not commutative keeps its order."""
    assert sorted(written(planned("out = x + b", x=[3, 4], b=[1, 4]))) == ["+ b", "out", "x"]
    assert sorted(written(planned("out = y - x", x=[3, 4], y=[3, 4]))) == ["out", "y", "− x"]
    assert sorted(written(planned("out = x * y", x=[3, 4], y=[3, 4]))) == ["out", "x", "× y"]
    p = planned("out = x + (m = y @ z)", x=[3, 4], y=[3, 2], z=[2, 4])
    assert "+ x" in written(p) and "m" in written(p)  # the product's family stands further away


def test_a_long_expression_is_called_by_what_makes_it():
    p = planned("out = relu(x @ y + b) + tril(x @ y @ z)", x=[3, 4], y=[4, 4], z=[4, 4], b=[1, 4])
    assert {"relu", "x @ y"} <= set(written(p))
    assert max(map(len, written(p))) <= 14


def test_names_of_a_sheet_keep_off_matrices():
    p = planned("out = x + b", x=[3, 4], b=[1, 4])
    (out,) = [label for label in compose(p, 16 / 9).lettering.labels if label.text == "out"]
    for plane in p.arrangement.planes:
        low, high = plane.corners().min(axis=0), plane.corners().max(axis=0)
        inside = (low < out.position) & (out.position < high)
        assert not inside[[0, 2]].all()


def test_labels_run_through_sheets():
    p = planned("out = relu(x + b)[1:, :2] @ z", x=[3, 4], b=[1, 4], z=[2, 5])
    assert labels_of(p, p.root) == (("b", "c"), ()) and axis_names_of(p, p.root) == ("token", "")
    p = planned("out = concat(x, y, axis=0)", x=[3, 4], y=[2, 4])
    assert labels_of(p, p.root) == (("a", "b", "c", "", ""), ())  # y has none
    assert axis_names_of(p, p.root) == ("token", "feature")
    p = planned("out = concat(x, x.T, axis=0)", x=[3, 3])  # tokens and features are neither
    assert labels_of(p, p.root)[0] == ("a", "b", "c", "", "", "") and axis_names_of(p, p.root)[0] == ""
    p = planned("out = c.T * x.T", x=[3, 4], c=[3, 1])
    assert labels_of(p, p.root)[1] == ("a", "b", "c")


def test_inspect_lists_sheets_with_their_time():
    lines = plan_lines(planned("out = x + (m = y @ z)", x=[3, 4], y=[3, 2], z=[2, 4]))
    (head,) = [n for n, line in enumerate(lines) if line.split() == ["sheet", "of", "steps", "frames"]]
    assert lines[head + 1].split() == ["out", "x,", "m", "3", "37-55"]  # after 1.5 s, for 0.75 s of 24 frames
