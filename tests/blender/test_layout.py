"""Layouts on real geometry: elements stand where the arrangement says, in blocks and in mm's schemes."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, drawn, random  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402


@pytest.mark.parametrize(
    "scheme",
    ["blocks", *(pytest.param(name, marks=pytest.mark.one_blender) for name in ("stage", "zigzag", "wheel"))],
)
def test_elements_stand_in_their_blocks(factory, scheme):
    arrays = random(2, A=(4, 5), B=(5, 4), C=(4, 3))
    options = {"out": {"i_blocks": 2, "k_blocks": 2}, "h": {"k_blocks": 3}}
    layout = {"scheme": scheme, "gap": 3.0}
    scene = described("out = (h = A @ B).T @ C", arrays, products=options, layout=layout)
    p, built = plan(scene), build(scene)
    for plane in p.arrangement.planes:
        found = drawn(built, "matrix", plane.stage.name, built.frame_end)
        rows, columns = plane.row_ruler.at(found["i"]), plane.column_ruler.at(found["j"])
        expected = plane.origin + np.outer(rows, plane.row) + np.outer(columns, plane.column)
        np.testing.assert_allclose(found["position"], expected, atol=1e-5)
    for cuboid in p.arrangement.cuboids:
        found = drawn(built, "product", cuboid.stage.name, built.frame_end)
        expected = cuboid.origin + sum(
            np.outer(getattr(cuboid, f"{axis}_ruler").at(found[axis]), getattr(cuboid, f"{axis}_step"))
            for axis in "ijk"
        )
        np.testing.assert_allclose(found["position"], expected, atol=1e-5)
    assert verify(built).ok


def guides_of(scene):
    return [ob for ob in scene.objects if ob.get("mc_kind") == "guide" and ob.type == "MESH"]


def test_guides_are_drawn_when_they_are_asked_for(factory):
    arrays = random(2, A=(3, 4), B=(4, 2))
    assert not guides_of(build(described("out = A @ B", arrays)))
    scene = build(described("out = A @ B", arrays, look={"row_guides": 0.6, "flow_guides": 0.5}))
    rows = [ob for ob in guides_of(scene) if "rows" in ob.name]
    assert sorted(ob["mc_name"] for ob in rows) == ["A", "B", "out"]
    for ob in rows:  # 5 or 6 lines of 8 points, and one corner
        count = len(ob.data.vertices)
        colors = np.zeros((count, 4), np.float32)
        ob.data.attributes["guide"].data.foreach_get("color", colors.ravel())
        assert count % 8 == 3 and np.allclose(colors, [0.6, 0.6, 0.6, 1.0])
        assert not ob.data.validate() and not ob.visible_shadow
    (flow,) = [ob for ob in guides_of(scene) if "flow" in ob.name]
    assert len(flow.data.polygons) == 2 and flow["mc_name"] == "out"


def test_a_highlight_is_a_frame_around_its_entries(factory):
    arrays = random(2, A=(4, 3), B=(3, 5))
    scene = build(described("out = A @ B", arrays, look={"highlight": "out[2, 1:3]"}))
    (frame,) = guides_of(scene)
    corners = np.array([frame.matrix_world @ vertex.co for vertex in frame.data.vertices])
    low, high = corners.min(axis=0), corners.max(axis=0)
    found = drawn(scene, "matrix", "out", scene.frame_end)
    within = ((low < found["position"]) & (found["position"] < high)).all(axis=1)
    entries = zip(found["i"][within], found["j"][within], strict=True)
    assert sorted((int(i), int(j)) for i, j in entries) == [(2, 1), (2, 2)]
