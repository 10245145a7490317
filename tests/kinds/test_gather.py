"""Rows of a table by their numbers: shapes, values, places, and what is refused."""

import numpy as np
import pytest
from matrix_cinema.algebra.evaluate import evaluate, shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.stage import stages_of
from matrix_cinema.staging.layout.arrangement import Arranger
from matrix_cinema.staging.layout.blocks import shared_dimensions
from matrix_cinema.staging.scales import is_probability

TABLE, NUMBERS = np.arange(20.0).reshape(5, 4), np.array([[3.0], [0.0], [3.0]])
GAP = 2.0


def values(expression, **given):
    root = stage(parse(expression))
    return evaluate(root, {"E": TABLE, "ids": NUMBERS} | given)[root]


def test_rows_are_those_of_the_numbers():
    assert np.array_equal(values("gather(E, ids)").final, TABLE[[3, 0, 3]])
    assert np.array_equal(values("gather(E.T, ids)", E=TABLE.T.copy()).final, TABLE[[3, 0, 3]])
    assert np.array_equal(values("gather(E, ids.T)", ids=NUMBERS.T).final, TABLE[[3, 0, 3]])
    assert np.array_equal(values("-gather(E, ids) / 2").final, -TABLE[[3, 0, 3]] / 2)
    product = values("gather(relu(E), ids) @ W / sqrt(k)", W=np.ones((4, 2)))
    assert np.array_equal(product.final, TABLE[[3, 0, 3]] @ np.ones((4, 2)) / 2)


def test_what_is_masked_in_the_table_is_masked_in_its_rows():
    found = values("gather(tril(E), ids)")
    assert np.array_equal(found.mask, np.tril(np.ones((5, 4), bool))[[3, 0, 3]])
    assert np.array_equal(found.final, np.tril(TABLE)[[3, 0, 3]])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ids": [[5.0]]}, "5 at row 0 of ids is no row of E; expected whole numbers from 0 to 4"),
        ({"ids": [[1.0], [-1.0]]}, "-1 at row 1 of ids"),
        ({"ids": [[0.5]]}, "0.5 at row 0 of ids"),
        ({"ids": [[1.0, 2.0]]}, r"ids has shape \(1, 2\); expected one column .* ids.T has shape \(2, 1\)"),
        ({"ids": [[1.0, 2.0], [0.0, 1.0]]}, r"ids has shape \(2, 2\); expected one column of numbers$"),
    ],
)
def test_numbers_that_are_no_rows_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        values("gather(E, ids)", **{name: np.array(one) for name, one in given.items()})


def test_the_table_stands_above_its_columns_and_the_numbers_beside_their_rows():
    root = stage(parse("out = gather(E, ids)"))
    sizes = shapes(root, {"E": (5, 4), "ids": (3, 1)})
    found = {plane.stage.name: plane for plane in Arranger(root, sizes, GAP).arrangement().planes}
    np.testing.assert_array_equal(found["E"].origin - found["out"].origin, [0, 0, 5 + GAP])
    np.testing.assert_array_equal(found["ids"].origin - found["out"].origin, [-1 - GAP, 0, 0])


def test_a_result_that_is_used_transposed_stands_turned():
    root = stage(parse("(x = gather(E, ids)).T @ W"))
    sizes = shapes(root, {"E": (5, 4), "ids": (3, 1), "W": (3, 2)})
    found = {plane.stage.name: plane for plane in Arranger(root, sizes, GAP).arrangement().planes}
    away = {name: found[name].origin - found["x"].origin for name in ("E", "ids")}
    for name, direction in (("E", found["x"].row), ("ids", found["x"].column)):
        assert abs(away[name] @ direction) > 1  # the table beyond its rows, the numbers beside their columns
        assert np.array_equal(np.abs(away[name]), np.abs(away[name] @ direction) * np.abs(direction))


def test_columns_are_those_of_the_table_and_rows_those_of_the_numbers():
    root = stage(parse("out = gather(relu(E), relu(n))"))
    table, numbers = (operand.stage.name for operand in root.operands)
    shared = shared_dimensions(root, shapes(root, {"E": (5, 5), "n": (5, 1)}))
    assert shared.find((table, "j")) == shared.find(("out", "j"))
    assert shared.find((numbers, "i")) == shared.find(("out", "i"))
    assert shared.find((table, "i")) != shared.find(("out", "i"))  # as many, but others


def test_rows_of_probabilities_are_probabilities():
    root = stage(parse("gather((p = softmax(E)), ids)"))
    assert is_probability(root) and not is_probability(stages_of(root)[0])
