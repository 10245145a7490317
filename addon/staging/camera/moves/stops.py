"""A film from stop to stop: places of a camera at some frames, and the way through them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....kinds.places import Part
from ..clearance import clear
from ..framing import window
from ..setup import Setup
from ..shot import Key, Phase, Shot, frames_between, pose_at
from ..subject import Subject
from .acts import Act

ROOM_TO_MOVE = 1.06  # distance of a camera that follows, of the nearest
SPEEDS = (1.0, 0.5, 0.25, 0.0)  # at which stops are passed, of that from the one before to the one after

Parts = Sequence[Part]


@dataclass(frozen=True, eq=False)
class Stop:
    """A place that the camera passes at a frame: centre and reach, (3,), and what it sees from there. At a
    halt it stands."""

    frame: float
    place: np.ndarray
    subject: Subject
    halt: bool


def stop_at(
    s: Setup, frame: float, parts: Parts, drawn_to: np.ndarray | None = None, halt: bool = False
) -> Stop:
    """A Stop that sees these parts clear of what is written, with room for labels around them; its centre
    half of the way to a point that it is `drawn_to`."""
    subject = s.bare(parts)
    seen = subject.seen(s.axes)
    reach, centre = clear(seen, s.optics, s.roomy, s.written)
    if drawn_to is not None:
        middle = np.stack(s.axes) @ subject.middle
        reach += (ROOM_TO_MOVE - 1.0) * (reach + (0.0 if s.optics.orthographic else middle[2]))
        towards = 0.5 * (centre + np.stack(s.axes[:2]) @ drawn_to)
        centre = np.clip(towards, *window(seen.reshape(-1, 3), reach, s.optics, s.margins))
    return Stop(max(frame, s.first), np.array([*centre, reach]), subject, halt)


def whole(s: Setup, frame: float) -> Stop:
    """A Stop that sees the description's own subject, clear of what is written."""
    reach, centre = clear(s.chosen.seen(s.axes), s.optics, s.margins, s.written)
    return Stop(frame, np.array([*centre, reach]), s.chosen, halt=True)


def through(
    s: Setup, stops: Sequence[Stop], acts: Sequence[Act], families: Sequence[Parts], phases: Sequence[Phase]
) -> Shot:
    """The shot through some stops, past those that are no halt with as much speed as keeps in the picture
    what is made."""
    stops = [stop for n, stop in enumerate(stops) if n == 0 or stop.frame > stops[n - 1].frame + 0.5]
    made = [s.bare(family).seen(s.axes).reshape(-1, 3) for family in families]
    for speed in SPEEDS:
        path = _path(stops, speed)
        if all(_keeps(s, path, act, points) for act, points in zip(acts, made, strict=True)):
            break
    keys = []
    for stop, key in zip(stops, path, strict=True):
        # The target's depth has no part in where the camera is; it follows as the reach does.
        pose = s.pose(stop.place[2], stop.place[:2], stop.subject)
        keys.append(Key(stop.frame, pose, _sloped(s, key.slope)))
    return s.shot(keys, phases=phases)


def _path(stops: Sequence[Stop], speed: float) -> list[Key]:
    """Centre and reach from stop to stop."""
    slopes = [np.zeros(3) for _ in stops]
    for n, (before, stop, after) in enumerate(zip(stops, stops[1:], stops[2:], strict=False), start=1):
        if not stop.halt:
            slopes[n] = speed * (after.place - before.place) / (after.frame - before.frame)
    return [Key(stop.frame, stop.place, slope) for stop, slope in zip(stops, slopes, strict=True)]


def _keeps(s: Setup, path: Sequence[Key], act: Act, points: np.ndarray) -> bool:
    """Whether a camera on this path has points (n, 3), along its axes, in its frame during an act."""
    for frame in frames_between(act.start, act.end):
        *centre, reach = pose_at(path, frame)
        low, high = window(points, reach, s.optics, 0.5 * s.margins)
        if not ((low <= centre).all() and (centre <= high).all()):
            return False
    return True


def _sloped(s: Setup, slope: np.ndarray) -> np.ndarray:
    """The change of a pose at a change of centre and reach, the target's depth standing still."""
    right, up, _ = s.axes
    across = slope[:2] + np.multiply(s.optics.skew, slope[2])
    return np.array([*(right * across[0] + up * across[1]), 0.0, 0.0, slope[2]])
