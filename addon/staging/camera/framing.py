"""Exact framing: the place of a camera, with given direction and lens, from which all points fit into the
frame.

For a fixed orientation, the four sides of the frame are half-spaces that must contain every point. So the
allowed places of the camera form a convex set. Its nearest place has a closed form, and a camera that moves
straight from one allowed place to another keeps all points in the frame.

A camera's place is given by its `centre` along its own axes right and up, and by its `reach`. The reach is
the distance by which it stands back from the origin; for an orthographic camera it is half the longer side of
its frame. Half the frame at depth z is h · (z + reach), or h · reach for an orthographic camera, for which
every depth counts as 0.

An oblique camera looks straight at one side of the scene with a shifted lens, as in cabinet drawings: that
side keeps its right angles, and everything before and behind it leans away. The middle of its frame is `skew`
· (z + reach) off its axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...description.scene import Camera

Vector = np.ndarray | Sequence[float]
Axes = tuple[np.ndarray, np.ndarray, np.ndarray]  # unit right, up and forward of a camera
SENSOR = 36.0  # millimetres, along the longer side of the picture

# From the scene towards the camera.
DIRECTIONS = {
    "stage": (0.42, -1.0, 0.52),
    "three_quarter": (1.0, -1.0, 0.70),
    "front": (0.0, -1.0, 0.0),
    "back": (0.0, 1.0, 0.0),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "top": (0.0, 0.0, 1.0),
    "bottom": (0.0, 0.0, -1.0),
    "isometric": (1.0, -1.0, 0.8164966),
    "hero": (0.55, -1.0, 0.14),
    "mm": (-1.0, -1.0, 1.0),  # mm's default camera stands at (-48, 48, 48), with y up
}


@dataclass(frozen=True)
class Optics:
    """The optics of a camera: `aspect` is width / height, `lens` is in millimetres. `skew` is the shift of
    the lens: the middle of the frame at distance 1, to the right of the camera's axis and above it."""

    aspect: float
    lens: float = 50.0
    orthographic: bool = False
    skew: tuple[float, float] = (0.0, 0.0)

    @property
    def half(self) -> np.ndarray:
        """Half the width and height of the frame at distance 1, or of an orthographic frame of reach 1:
        (2,)."""
        longer = 1.0 if self.orthographic else 0.5 * SENSOR / self.lens
        wide, narrow = (1.0, 1.0 / self.aspect) if self.aspect >= 1 else (self.aspect, 1.0)
        return longer * np.array([wide, narrow])

    @property
    def centre(self) -> np.ndarray:
        """The shift of the frame's middle in half frames, as in View: (2,)."""
        return np.array(self.skew) / self.half

    def depths(self, seen: np.ndarray) -> np.ndarray:
        """The depths of points (n, 3) in the camera's axes, 0 for an orthographic camera: (n,)."""
        return np.zeros(len(seen)) if self.orthographic else seen[:, 2]


@dataclass(frozen=True, eq=False)
class View:
    """A camera: position, unit axes (3,), and half the width and height of its frame, at distance 1 or, for
    an orthographic camera, at any distance. `centre` is the shift of the lens: how far the middle of the
    frame is to the right of the camera's axis and above it, in half frames."""

    position: np.ndarray
    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray
    half_width: float
    half_height: float
    orthographic: bool = False
    centre: tuple[float, float] = (0.0, 0.0)

    @property
    def axes(self) -> Axes:
        return self.right, self.up, self.forward

    @property
    def skew(self) -> np.ndarray:
        """The skew, as in Optics: (2,)."""
        return np.multiply(self.centre, (self.half_width, self.half_height))

    @property
    def parallel(self) -> np.ndarray:
        """The rows (3, 3) that project points to (right, up, depth) at the middle of the picture, without
        perspective."""
        return sheared(self.axes, self.skew)

    @property
    def line(self) -> np.ndarray:
        """The unit direction from the camera through the middle of its frame, (3,)."""
        across, up = self.skew
        away = self.forward + across * self.right + up * self.up
        return away / np.linalg.norm(away)

    def towards(self, point: np.ndarray) -> np.ndarray:
        """The unit direction from a point (3,) to the camera."""
        if self.orthographic:
            return -self.forward
        away = self.position - point
        return away / np.linalg.norm(away)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project world points (n, 3) to the frame, which is -1 to 1 on both axes: (n, 2)."""
        x, y, z = self.seen(points)
        depth = np.ones_like(z) if self.orthographic else z
        across, up = self.centre
        return np.stack([x / depth / self.half_width - across, y / depth / self.half_height - up], axis=1)

    def seen(self, points: np.ndarray) -> np.ndarray:
        """World points (n, 3) along the camera's right, up and forward: (3, n)."""
        return np.stack([self.right, self.up, self.forward]) @ (np.asarray(points, float) - self.position).T


def angles(direction: Vector) -> tuple[float, float]:
    """(tilt, turn) in radians of an upright camera that looks against `direction`. Tilt 0 looks down, a
    quarter turn looks straight ahead. Turn 0 is the front; a growing turn goes to the right side."""
    x, y, z = np.asarray(direction, float) / np.linalg.norm(direction)
    return float(np.arccos(np.clip(z, -1.0, 1.0))), float(np.arctan2(x, -y)) if np.hypot(x, y) > 1e-9 else 0.0


def direction_at(tilt: float, turn: float) -> np.ndarray:
    """The direction towards a camera with these angles, (3,)."""
    return np.array([np.sin(turn) * np.sin(tilt), -np.cos(turn) * np.sin(tilt), np.cos(tilt)])


def free_direction(camera: Camera) -> np.ndarray:
    """The direction towards a camera whose view is "free", (3,)."""
    return direction_at(np.radians(90.0 - camera.elevation), np.radians(camera.azimuth))


def axes_at(tilt: float, turn: float) -> Axes:
    """Unit right, up and forward of a camera with these angles."""
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    forward = -direction_at(tilt, turn)
    return right, np.cross(right, forward), forward


def axes(direction: Vector) -> Axes:
    """Unit right, up and forward of an upright camera that looks against `direction`."""
    return axes_at(*angles(direction))


def side_towards(direction: Vector) -> np.ndarray:
    """The axis of the world, (3,), that is nearest to a direction: an oblique camera looks straight at that
    side. Half way between two sides the choice is always the same."""
    axis = np.zeros(3)
    n = (1, 0, 2)[int(np.argmax(np.round(np.abs(direction), 6)[[1, 0, 2]]))]
    axis[n] = np.sign(direction[n])
    return axis


def skew_of(direction: Vector) -> tuple[float, float]:
    """The skew of an oblique camera that sees the scene from this direction."""
    right, up, forward = axes(side_towards(direction))
    depth = np.dot(direction, forward)
    return float(np.dot(direction, right) / depth), float(np.dot(direction, up) / depth)


def sheared(axes: Axes, skew: Vector) -> np.ndarray:
    """The rows (3, 3) that project points to (right, up, depth) of a picture with this skew, without
    perspective."""
    right, up, forward = axes
    return np.stack([right - skew[0] * forward, up - skew[1] * forward, forward])


def nearest(seen: np.ndarray, optics: Optics, margins: np.ndarray) -> tuple[float, np.ndarray]:
    """The least reach at which points (n, 3) in the camera's axes fit, and the centre there, (2,).

    `margins` are the fractions of the frame left free at (left, right, bottom, top).
    """
    low, high = _sides(optics, margins)
    z = optics.depths(seen)[:, None]
    tops, bottoms = (seen[:, :2] - high * z).max(axis=0), (-seen[:, :2] - low * z).max(axis=0)
    reach = float(((tops + bottoms) / (high + low)).max())
    return reach, window(seen, reach, optics, margins).mean(axis=0)


def window(seen: np.ndarray, reach: float, optics: Optics, margins: np.ndarray) -> np.ndarray:
    """(lowest, highest) centre, (2, 2), at which a camera of this reach sees all points."""
    low, high = _sides(optics, margins)
    size = optics.depths(seen)[:, None] + reach
    return np.stack([(seen[:, :2] - high * size).max(axis=0), (seen[:, :2] + low * size).min(axis=0)])


def _sides(optics, margins):
    """The extent of the free part of the frame: (left and bottom (2,), right and top (2,))."""
    left, right, bottom, top = margins
    low, high = 1 - 2 * np.array([left, bottom]), 1 - 2 * np.array([right, top])
    return optics.half * low - optics.skew, optics.half * high + optics.skew


def view_from(axes: Axes, centre: Vector, reach: float, optics: Optics, depth: float) -> View:
    """The View of a camera with this centre and reach. `depth` is the place of an orthographic camera along
    its axis, which matters only for objects behind it."""
    right, up, forward = axes
    if optics.orthographic:
        wide, high = optics.half * reach
        return View(right * centre[0] + up * centre[1] + forward * depth, *axes, wide, high, True)
    place = right * centre[0] + up * centre[1] - forward * reach
    wide, high = optics.half
    return View(place, *axes, wide, high, False, (float(optics.centre[0]), float(optics.centre[1])))
