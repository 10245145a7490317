"""A lookup on real geometry: row by row, against NumPy, and which rows of the table light up."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import as_matrix, described, drawn, random  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402

CHOSEN = [3, 0, 3, 4]


def lookup(expression="x = gather(E, ids)", algorithm="vmprod", shape=(5, 3), **tables):
    arrays = random(4, E=shape) | {"ids": np.array(CHOSEN, float)[:, None]}
    timing = {"sheet_seconds": 0.8, "algorithm": algorithm}  # two frames a row
    arrays |= random(5, W=(3, 2)) if "W" in expression else {}
    return arrays["E"], build(described(expression, arrays, animation=timing, **tables))


def rows_lit(scene, name, frame):
    found = drawn(scene, "matrix", name, frame)
    return set(found["i"][found["lit"] > 0])


def test_rows_come_one_by_one_and_light_their_row_of_the_table(factory):
    table, scene = lookup()
    expected = table[CHOSEN]
    for frame in (1, 2.5, 4, 7.7, scene.frame_end):
        seen = np.clip((min(frame, 9) - 1) / 2 - np.arange(4), 0, 1)[:, None]
        found = as_matrix(drawn(scene, "matrix", "x", frame), expected.shape)
        np.testing.assert_allclose(found, seen * expected, atol=1e-6)
    assert [rows_lit(scene, "E", 2 + 2 * n) for n in range(4)] == [{3}, {0}, {3}, {4}]
    assert [rows_lit(scene, "ids", 2 + 2 * n) for n in (0, 2, 3)] == [{0}, {2}, {3}]  # a 0 is not drawn
    assert not rows_lit(scene, "E", 1) and not rows_lit(scene, "E", scene.frame_end)
    assert verify(scene).ok


def test_a_transposed_table_before_a_product_with_a_function_of_it_in_blocks(factory):
    """In two blocks two rows are looked up at a time."""
    products = {"out": {"i_blocks": 2}}
    table, scene = lookup("out = (x = tanh(gather(E.T, ids))) @ W", shape=(3, 5), products=products)
    expected = np.tanh(table.T[CHOSEN])
    found = as_matrix(drawn(scene, "matrix", "x", scene.frame_end), expected.shape)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    report = verify(scene)
    assert report.ok, report.lines()
    found = drawn(scene, "matrix", "E", 3)
    assert set(found["j"][found["lit"] > 0]) == {CHOSEN[0], CHOSEN[2]}


def test_column_by_column_all_chosen_rows_are_in_use(factory):
    table, scene = lookup(algorithm="mvprod")
    found = drawn(scene, "matrix", "E", 2)
    lit = found["lit"] > 0
    assert set(zip(found["i"][lit], found["j"][lit], strict=True)) == {(row, 0) for row in set(CHOSEN)}
    assert verify(scene).ok


def test_verify_tells_wrong_numbers(factory):
    _, scene = lookup()
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == "matrix" and ob["mc_name"] == "x"]
    compat.set_input(ob.modifiers[MODIFIER], "Table Row", 1)
    ob.update_tag()
    assert not verify(scene).ok
