"""A product with shortened axes: its elements stand where they are planned, and its numbers are right."""

import numpy as np
import pytest
from built_scenes import BARE, drawn
from from_tables import scene_from
from matrix_cinema.blender.update import build
from matrix_cinema.blender.verify import verify


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_long_product_is_right_and_its_beads_are_a_unit_wide(factory, blocks):
    matrices = {"A": {"init": "normal", "shape": [3, 4]}, "B": {"init": "normal", "shape": [700, 4]}}
    scene = {"expression": "C = A @ B.T", "matrices": matrices, "look": BARE}
    scene["products"] = {"C": {"j_blocks": blocks}}
    built = build(scene_from(scene))
    report = verify(built)
    assert report.ok, "\n".join(report.lines())
    beads = drawn(built, "matrix", "B", built.frame_end)
    x, y, z = np.ptp(beads["position"], axis=0)
    assert 60 < max(x, y, z) < 100 and len(beads["value"]) == 4 * len(set(beads["i"].tolist()))
    assert 0.3 < beads["radius"].max() <= 0.45  # nine tenths of a unit across, along the long axis
