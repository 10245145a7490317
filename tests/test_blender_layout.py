"""Layouts on real geometry: elements stand where the arrangement says, in blocks and in mm's schemes."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender.build import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402
from test_blender_build import described, drawn, random  # noqa: E402


@pytest.mark.parametrize("scheme", ["stage", "blocks", "zigzag", "wheel"])
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
