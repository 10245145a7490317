"""Why an entry is what it is: bars that are the products of two stored vectors and add up to the entry."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, random  # noqa: E402
from matrix_cinema.blender.read import drawn_objects, elements  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402


def test_the_bars_are_the_products_and_add_up_to_the_entry(factory):
    given = random(3, A=(3, 6), B=(6, 5))
    scene = build(described("C = A @ B", given, why="C[1, 2]"))
    (ob,) = drawn_objects(scene, "why")
    bars = elements(ob, bpy.context.evaluated_depsgraph_get())
    products = np.array(given["A"])[1] * np.array(given["B"])[:, 2]
    assert sorted(bars["k"]) == list(range(6))
    assert np.allclose(bars["value"], products[bars["k"]], atol=1e-6)
    assert (np.diff(np.abs(bars["value"])) <= 1e-6).all()  # the largest first
    texts = [label.data.body for label in scene.objects if label.get("mc_label") == "why"]
    largest = int(np.abs(products).argmax())
    assert any(f"largest first: dim {largest} " in text for text in texts)
    rows = [row for row in verify(scene).rows if row.kind == "why"]
    assert rows and all(row.ok for row in rows)
    ob.data.attributes["k"].data[0].value = int(bars["k"][1])  # a bar twice, and one not there
    ob.data.update()
    ob.update_tag()
    assert not all(row.ok for row in verify(scene).rows if row.kind == "why")


@pytest.mark.parametrize(
    "text, reason", [("A[0, 0]", "A"), ("C[0]", "one entry"), ("C[0, 0]; C[1, 1]", "one entry")]
)
def test_what_is_no_entry_of_a_product_is_refused(factory, text, reason):
    with pytest.raises(InputError, match=f"why: .*{reason}"):
        build(described("C = A @ B", random(3, A=(3, 6), B=(6, 5)), why=text))
