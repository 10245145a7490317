"""Exact framing: where a camera of given direction and lens has to stand so that all points fit.

For a fixed orientation the frame's four sides are four half-spaces that must hold every point;
the nearest position that satisfies all of them has a closed form.
"""

from dataclasses import dataclass

import numpy as np

SENSOR = 36.0  # millimetres, along the longer side of the picture

# From the scene towards the camera.
DIRECTIONS = {
    "stage": (0.42, -1.0, 0.52),
    "three_quarter": (1.0, -1.0, 0.70),
    "front": (0.0, -1.0, 0.0),
    "side": (1.0, 0.0, 0.0),
    "top": (0.0, -1e-3, 1.0),
    "isometric": (1.0, -1.0, 0.8164966),
    "mm": (-1.0, -1.0, 1.0),  # its default camera stands at (-48, 48, 48), y up
}


@dataclass(frozen=True, eq=False)
class View:
    """A camera: position, unit axes (3,), and the half-width and half-height of its frame at distance 1."""

    position: np.ndarray
    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray
    half_width: float
    half_height: float

    def project(self, points):
        """World points (n, 3) to the frame: (n, 2), the frame being -1 to 1 on both axes."""
        x, y, z = self.seen(points)
        return np.stack([x / z / self.half_width, y / z / self.half_height], axis=1)

    def seen(self, points):
        """World points (n, 3) as right, up and forward of the camera: (3, n)."""
        return np.stack([self.right, self.up, self.forward]) @ (np.asarray(points, float) - self.position).T


def axes(direction):
    """Unit right, up and forward of an upright camera that looks against `direction`."""
    forward = -np.asarray(direction, float) / np.linalg.norm(direction)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return right, np.cross(right, forward), forward


def frame(points, direction, lens, aspect, margins):
    """The nearest View against `direction` that shows all points (n, 3).

    `lens` in millimetres, `aspect` width / height, `margins` the fractions of the frame left free
    at (left, right, bottom, top).
    """
    right, up, forward = axes(direction)
    longer = 0.5 * SENSOR / lens
    half = (longer, longer / aspect) if aspect >= 1 else (longer * aspect, longer)
    x, y, z = np.stack([right, up, forward]) @ np.asarray(points, float).T
    left_m, right_m, bottom_m, top_m = margins
    across = _between(x, z, half[0] * (1 - 2 * left_m), half[0] * (1 - 2 * right_m))
    upward = _between(y, z, half[1] * (1 - 2 * bottom_m), half[1] * (1 - 2 * top_m))
    depth = min(across[0], upward[0])
    position = right * across[1](depth) + up * upward[1](depth) + forward * depth
    return View(position, right, up, forward, *half)


def _between(x, z, low, high):
    """The largest camera depth at which -low ≤ (x - c) / (z - depth) ≤ high holds for some c,
    and that c, centred, as a function of the depth."""
    top, bottom = (x - high * z).max(), (-x - low * z).max()
    return -(top + bottom) / (high + low), lambda depth: 0.5 * (top + high * depth - bottom - low * depth)
