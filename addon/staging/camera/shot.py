"""A camera's film: poses of a rig at some frames, and what it sees between them.

A rig is a target, upright and turned towards the camera, and the camera on its axis before it. A pose
is six numbers: the target's place, its tilt and turn, and the reach: the camera's distance, or of an
orthographic one half the longer side of its frame. Keys give pose and slope; between them everything runs
along cubic curves, all channels alike, so that what holds for the places holds along the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .framing import Optics, View, axes_at, view_from

MOST_SAMPLED_FRAMES = 480  # frames, twenty seconds of a film
SCALED = 2.0  # the scale of Blender's orthographic cameras, the longer side of the frame, of the reach


@dataclass(frozen=True, eq=False)
class Key:
    """A pose of the rig and its change per frame, both (6,), at a frame."""

    frame: float
    pose: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True, eq=False)
class Phase:
    """A part of a film with labels of its own, between two frames: laid out as the camera sees them at the
    frame `at`, and `about` what makes these results, or everything where there are none. Of many matrices
    just alike, the one `near` is named."""

    start: float
    end: float
    at: float
    about: frozenset = frozenset()
    near: str = ""


@dataclass(frozen=True, eq=False)
class Shot:
    """A camera's film. `shift` is where the camera stands across the target's axis, (2,), from where the
    target is in the middle of the frame; `standoff` the
    distance of an orthographic one, which has none of its own; `size` that of the whole scene, `blur` the
    diameter of the lens, 0 for none, `focus` the point (3,) that is sharp, None for the target. `phases` are
    those of its labels, in their order: the last one is laid out for the end, and the camera sees its marks;
    the others find room around what they are about."""

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
        """Where the camera stands to the right of its target and above it at a reach, (2,)."""
        return self.shift - np.multiply(self.optics.skew, reach)

    def view(self, frame: float) -> View:
        """The View at a frame."""
        *target, tilt, turn, reach = self.pose(frame)
        own = axes_at(tilt, turn)
        centre = np.stack(own[:2]) @ target + self.across(reach)
        depth = own[2] @ target
        if self.optics.orthographic:
            return view_from(own, centre, reach, self.optics, depth - self.standoff)
        return view_from(own, centre, reach - depth, self.optics, 0.0)


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
    """The whole frames from `start` until before `end`, of a long film MOST_LOOKED_AT of them: (n,)."""
    frames = np.arange(np.ceil(start), end)
    step = -(-len(frames) // MOST_SAMPLED_FRAMES)
    return frames[:: step or 1]


def held(pose: np.ndarray, frame: float = 1.0) -> Key:
    """A key at which the rig stands."""
    return Key(frame, pose, np.zeros(6))
