"""Frames around the matrices of a figure. Lengths are points."""

import numpy as np

from ..staging.writing.boxes import edges_of, within
from ..staging.writing.canvas import Canvas
from ..staging.writing.items import Rule, rule_between

FRAME_WIDTH = 0.35
FRAME_SAMPLES = 40  # points at which it is looked whether an edge is hidden


def frames(canvas: Canvas) -> list[Rule]:
    """A frame around each larger matrix on a canvas, without the edges that are hidden behind another
    matrix."""
    rules = []
    for n, (plane, quad) in enumerate(zip(canvas.planes, canvas.quads, strict=True)):
        if not canvas.is_flat(plane):
            continue
        before = canvas.quads[canvas.fronts < canvas.fronts[n] - 1e-6]
        for start, end in edges_of(quad):
            points = start + (end - start) * np.linspace(0.02, 0.98, FRAME_SAMPLES)[:, None]
            if not any(within(points, other).any() for other in before):
                rules.append(rule_between(start, end, FRAME_WIDTH))
    return rules
