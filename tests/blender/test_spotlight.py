"""Elements that are not in the spotlight are drawn smaller, and marked so that their material dims them."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, drawn, random  # noqa: E402
from matrix_cinema.blender.nodes.spotlight import SHRINK  # noqa: E402
from matrix_cinema.blender.objects import set_inputs  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402


def stepped_back(scene, kind, name, frame):
    """(dim, radius) of each element by (i, j), of products by (i, k, j)."""
    one = drawn(scene, kind, name, frame)
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == kind and ob.get("mc_name") == name]
    geometry = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    cloud, dim = geometry.instances_pointcloud(), np.zeros(len(one["value"]), np.float32)
    if cloud and "dim" in cloud.attributes:
        cloud.attributes["dim"].data.foreach_get("value", dim)
    places = zip(*(one[axis] for axis in ("ikj" if kind == "product" else "ij")), strict=True)
    return {place: (d, r) for place, d, r in zip(places, dim, one["radius"], strict=True)}


def test_all_but_what_makes_an_entry_steps_back(factory):
    scene = build(described("C = A @ B", random(3, A=(3, 4), B=(4, 5)), spotlight="C[1, 2]"))
    inside = {"C": lambda i, j: (i, j) == (1, 2), "A": lambda i, j: i == 1, "B": lambda i, j: j == 2}
    for name, lit in inside.items():
        before = stepped_back(scene, "matrix", name, scene.frame_start)
        after = stepped_back(scene, "matrix", name, scene.frame_end)
        assert len(after) == {"A": 12, "B": 20, "C": 15}[name]
        for place, (dim, radius) in after.items():
            assert dim == (0.0 if lit(*place) else 1.0)
            if name != "C":
                assert radius == pytest.approx(before[place][1] * (1.0 - SHRINK * dim), rel=1e-5)
    (products,) = [ob for ob in scene.objects if ob.get("mc_kind") == "product"]
    products.animation_data_clear()
    set_inputs(products, {"Sweep": 4.0, "Settle": 0.0, "Dim": 1.0})
    found = stepped_back(scene, "product", "C", scene.frame_end)
    assert len(found) == 60
    for (i, _, j), (dim, _) in found.items():
        assert dim == (0.0 if (i, j) == (1, 2) else 1.0)
