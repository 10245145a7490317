"""Shots: poses of a camera rig at some frames, and the views between them.

A rig is a target, upright and turned towards the camera, and the camera on the target's axis. A pose is six
numbers: the target's place, its tilt and turn, and the reach, which is the camera's distance, or for an
orthographic camera half the longer side of its frame. Keys have a pose and a slope. Between keys all six
numbers run along the same cubic curve, so that the camera moves straight from place to place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .framing import Optics, View, axes_at, view_from

MOST_SAMPLED_FRAMES = 480  # frames, twenty seconds of a film
SCALED = 2.0  # Blender's orthographic scale, the longer side of the frame, is so many times the reach


@dataclass(frozen=True, eq=False)
class Key:
    """At a frame: the pose of the rig and its change per frame, both (6,)."""

    frame: float
    pose: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True, eq=False)
class Phase:
    """A part of a film, between two frames, with labels of its own. They are laid out for the view at the
    frame `at`, and are `about` the parts that make these results, or about everything if there are none. Of
    many similar matrices, only the one that is `near` this matrix is named. The results in `unfinished` are
    still sums, and have the name of these."""

    start: float
    end: float
    at: float
    about: frozenset = frozenset()
    near: str = ""
    unfinished: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Shot:
    """The camera of a whole film.

    `shift` (2,) moves the camera across the target's axis, from the place that has the target in the middle
    of the frame. `standoff` is the distance of an orthographic camera, which has none of its own; `size` is
    the size of the scene. `blur` is the diameter of the lens, 0 for none; `focus` is the sharp point (3,),
    None for the target. `phases` are the parts of the film with their labels, in order. The last one is laid
    out for the end, and the camera keeps its marks in the picture; the others use the room around their
    parts."""

    keys: tuple[Key, ...]
    optics: Optics
    shift: np.ndarray
    standoff: float
    size: float
    phases: tuple[Phase, ...]
    blur: float = 0.0
    focus: np.ndarray | None = None

    def pose(self, frame: float) -> np.ndarray:
        """The pose at a frame: (6,)."""
        return pose_at(self.keys, frame)

    def across(self, reach: float) -> np.ndarray:
        """How far the camera stands to the right of its target and above it, at this reach: (2,)."""
        return self.shift - np.multiply(self.optics.skew, reach)

    def view(self, frame: float) -> View:
        *target, tilt, turn, reach = self.pose(frame)
        axes = axes_at(tilt, turn)
        centre = np.stack(axes[:2]) @ target + self.across(reach)
        depth = axes[2] @ target
        if self.optics.orthographic:
            return view_from(axes, centre, reach, self.optics, depth - self.standoff)
        return view_from(axes, centre, reach - depth, self.optics, 0.0)


def pose_at(keys: Sequence[Key], frame: float) -> np.ndarray:
    """The pose at a frame, along cubics from key to key."""
    if frame <= keys[0].frame:
        return keys[0].pose
    for a, b in zip(keys, keys[1:], strict=False):
        if frame <= b.frame:
            span = b.frame - a.frame
            t = (frame - a.frame) / span
            return (
                a.pose * (1 + 2 * t) * (1 - t) ** 2
                + a.slope * span * t * (1 - t) ** 2
                + b.pose * t**2 * (3 - 2 * t)
                - b.slope * span * t**2 * (1 - t)
            )
    return keys[-1].pose


def frames_between(start: float, end: float) -> np.ndarray:
    """The whole frames from `start` until before `end`, at most MOST_SAMPLED_FRAMES of them: (n,)."""
    frames = np.arange(np.ceil(start), end)
    step = -(-len(frames) // MOST_SAMPLED_FRAMES)
    return frames[:: step or 1]


def held(pose: np.ndarray, frame: float = 1.0) -> Key:
    """A key at which the rig stands."""
    return Key(frame, pose, np.zeros(6))
