"""Planes as a camera sees them, without perspective: how much each faces the camera, and what stands before
it or behind it.

A `sight` (3, 3) takes points of the world to a picture: its rows give right, up, and the depth (see
`views.sight_of`).
"""

import functools
from collections.abc import Sequence

import numpy as np

from ...kinds.places import Plane

SAMPLES_A_SIDE = 7  # points across and down a plane that stand for all of it
# Their places, as parts of the plane's axes: (49, 2).
_SPREAD = np.stack(np.meshgrid(*2 * [np.linspace(0.0, 1.0, SAMPLES_A_SIDE)]), -1).reshape(-1, 2)
EDGEWISE_AREA = 1e-3  # a plane of which a smaller part of the area is seen covers nothing


def spread_over(plane: Plane) -> np.ndarray:
    """Points all over a plane, in the world: (49, 3)."""
    along = _SPREAD * (plane.row_ruler.length, plane.column_ruler.length)
    return plane.origin + along @ np.stack([plane.row, plane.column])


@functools.lru_cache(64)  # one looks at the same planes from many sides
def measured(planes: tuple[Plane, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of n planes: their origins (n, 3), their steps to the next row and to the next column (n, 2, 3), their
    lengths along these (n, 2), and their directions outward (n, 3)."""
    return (
        np.array([plane.origin for plane in planes]),
        np.array([[plane.row, plane.column] for plane in planes]),
        np.array([[plane.row_ruler.length, plane.column_ruler.length] for plane in planes]),
        np.array([plane.outward for plane in planes]),
    )


class SeenPlanes:
    """Planes as a camera with this `sight` sees them. `facing` (n,) is the part of each plane's area that the
    picture shows of it."""

    def __init__(self, planes: Sequence[Plane], sight: np.ndarray):
        origins, steps, self.ends, _ = measured(tuple(planes))
        self.origins, self.steps = origins @ sight.T, steps @ sight.T  # (plane, axis), (plane, step, axis)
        (a, b), (c, d) = np.moveaxis(self.steps[:, :, :2], 0, -1)
        area = a * d - b * c
        self.facing = np.abs(area)
        with np.errstate(divide="ignore", invalid="ignore"):  # planes seen from their edge have no way back
            back = np.array([[d, -b], [-c, a]]) / area
        # From the picture to a plane's rows and columns: (plane, 2, 2). This is faster than np.linalg.inv.
        self.back = np.moveaxis(back, -1, 0)

    def part_uncovered(self, n: int) -> float:
        """The part of a plane that no other plane covers."""
        return float(self.parts_uncovered(np.array([n]))[0])

    def parts_uncovered(self, which: np.ndarray) -> np.ndarray:
        """The part of each of the planes `which` (m,) that no other plane covers: (m,)."""
        covered, _ = self._others(which, 0.0)
        return 1.0 - covered.mean(axis=1)

    def part_alone(self, n: int, margin: float) -> float:
        """The part of a plane, with a margin around it, that has no other plane before it or behind it."""
        _, shared = self._others(np.array([n]), margin)
        return 1.0 - float(shared.mean())

    def _others(self, which, margin):
        """Which points of the planes `which` (m,), with a margin around them, have another plane before them,
        and which have one before or behind them: (m, 49) each."""
        sides = np.linalg.norm(self.steps[which, :, :2], axis=2) * self.ends[which]
        around = (margin / np.maximum(sides, 1e-6))[:, None]
        parts = (-around + (1.0 + 2.0 * around) * _SPREAD) * self.ends[which, None]
        points = self.origins[which, None] + parts @ self.steps[which]  # (m, 49, 3)
        others = np.flatnonzero(self.facing > EDGEWISE_AREA)
        away = points[:, None, :, :2] - self.origins[others, None, :2]
        x, y = np.moveaxis(away, -1, 0)  # (m, others, 49)
        back, ends = self.back[others, :, :, None], self.ends[others, :, None]
        row, column = (x * back[:, 0, n] + y * back[:, 1, n] for n in (0, 1))
        inside = (row > -0.5) & (row < ends[:, 0] + 0.5) & (column > -0.5) & (column < ends[:, 1] + 0.5)
        inside &= (others != which[:, None])[:, :, None]
        steps = self.steps[others, :, 2, None]
        depth = self.origins[others, 2, None] + row * steps[:, 0] + column * steps[:, 1]
        return (inside & (depth < points[:, None, :, 2] - 1e-6)).any(axis=1), inside.any(axis=1)
