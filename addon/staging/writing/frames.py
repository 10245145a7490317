"""Frames around matrices, so that one sees where they end, whatever their entries are. Links meet them."""

import numpy as np

from .boxes import edges_of, within
from .canvas import Canvas
from .placing import Leader

FRAME_SAMPLES = 40  # points at which it is looked whether an edge is hidden


def frames(canvas: Canvas) -> list[Leader]:
    """The edges of each larger matrix on a canvas, without those that are hidden behind another matrix."""
    lines = []
    for n, (plane, quad) in enumerate(zip(canvas.planes, canvas.quads, strict=True)):
        if not canvas.is_flat(plane):
            continue
        before = canvas.quads[canvas.fronts < canvas.fronts[n] - 1e-6]
        for (start, end), (near, far) in zip(edges_of(quad), edges_of(plane.corners()), strict=True):
            points = start + (end - start) * np.linspace(0.02, 0.98, FRAME_SAMPLES)[:, None]
            if not any(within(points, other).any() for other in before):
                lines.append(Leader(start, end, near, far))
    return lines
