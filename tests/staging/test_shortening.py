"""Long thin scenes are shortened until they can be seen, consistently, and say so."""

from functools import partial

import numpy as np
import pytest
from from_tables import planned_from, planned_of
from matrix_cinema.outputs.inspection import plan_lines
from matrix_cinema.staging.layout.shortening import LENGTH, SLENDEREST
from matrix_cinema.staging.writing.captions import notes

planned = partial(planned_of, init="i_stripes(3)")


def each_of(p):
    rulers = [ruler for plane in p.arrangement.planes for ruler in (plane.row_ruler, plane.column_ruler)]
    return {ruler.count: ruler.each for ruler in rulers if ruler.each > 1}


@pytest.mark.parametrize(
    ("expression", "shapes", "long"),
    [
        ("A", {"A": (4, 50257)}, [50257]),
        ("A", {"A": (50257, 4)}, [50257]),
        ("A", {"A": (1, 100_000)}, [100_000]),
        ("softmax(A)", {"A": (1, 2048)}, [2048]),
        ("A @ B", {"A": (4, 16), "B": (16, 2000)}, [2000]),
        ("A @ B.T", {"A": (4, 16), "B": (2000, 16)}, [2000]),
        ("A @ B", {"A": (4, 3000), "B": (3000, 6)}, [3000]),
        ("(A @ B + c) @ D", {"A": (4, 6), "B": (6, 900), "c": (1, 900), "D": (900, 5)}, [900]),
        ("A; B", {"A": (2, 700), "B": (3, 5)}, [700]),
        ("A", {"A": (1, SLENDEREST * 8)}, []),
        ("A @ B", {"A": (1, 700), "B": (700, 700)}, []),  # a plane, no hair
        ("A @ B", {"A": (30, 40), "B": (40, 900)}, []),
        ("A[:, :1000]", {"A": (4, 5000)}, []),  # a part would not line up
        ("concat(A, A, axis=1)", {"A": (2, 900)}, []),
    ],
)
def test_what_would_be_a_hair_is_shortened(expression, shapes, long):
    p = planned(expression, shapes)
    assert sorted(each_of(p)) == long
    if long:
        size = np.ptp(p.arrangement.corners(), axis=0)
        assert np.sort(size)[-1] < 2.5 * LENGTH * max(8, np.sort(size)[-2])
        for plane, pool in zip(p.arrangement.planes, p.pools, strict=True):
            for ruler, factor in ((plane.row_ruler, pool.rows), (plane.column_ruler, pool.columns)):
                assert factor % ruler.each == 0  # a bead is whole units long
        for lines in (notes(p), plan_lines(p)):
            assert any("times shorter" in line or "along an axis of" in line for line in lines)


def test_products_are_drawn_where_they_have_room():
    shapes = {"A": (2, 3), "B": (3, 600)}
    assert planned("A @ B", shapes).interiors == frozenset()
    shown = planned("A @ B", shapes, products={"A @ B": {"interior": True}})
    assert not each_of(shown) and shown.interiors == {"A @ B"}


@pytest.mark.parametrize(
    "tables",
    [{"look": {"pooling": "off"}}, {"look": {"pooling": "1x4"}}, {"matrices": {"A": {"pooling": "off"}}}],
)
def test_who_says_how_entries_are_pooled_sees_them_as_they_are(tables):
    own = tables.pop("matrices", {"A": {}})["A"]
    scene = {"expression": "A", "matrices": {"A": {"init": "uniform", "shape": [2, 9000]} | own}, **tables}
    p = planned_from(scene)
    assert not each_of(p)
    assert any("thinner than a pixel: A" in line for line in plan_lines(p))
