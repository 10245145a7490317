"""A film from stop to stop: the camera's places at some frames, and the path through them."""

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

ROOM_TO_MOVE = 1.06  # distance of a camera that follows, in nearest distances
# Tried speeds at a stop, in mean speeds from the stop before to the stop after.
SPEEDS = (1.0, 0.5, 0.25, 0.0)

Parts = Sequence[Part]


@dataclass(frozen=True, eq=False)
class Stop:
    """A place of the camera at a frame: centre and reach, (3,), and what it sees there. At a `halt` the
    camera stands."""

    frame: float
    place: np.ndarray
    subject: Subject
    halt: bool


def stop_at(
    s: Setup, frame: float, parts: Parts, drawn_to: np.ndarray | None = None, halt: bool = False
) -> Stop:
    """A Stop that sees these parts clear of the text, with room for labels around them. If it is `drawn_to` a
    point, its centre moves half of the way there."""
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
    """A Stop that sees the description's own subject, clear of the text."""
    reach, centre = clear(s.chosen.seen(s.axes), s.optics, s.margins, s.written)
    return Stop(frame, np.array([*centre, reach]), s.chosen, halt=True)


def through(
    s: Setup, stops: Sequence[Stop], acts: Sequence[Act], families: Sequence[Parts], phases: Sequence[Phase]
) -> Shot:
    """The shot through some stops. Stops without a halt are passed at the highest of SPEEDS that keeps the
    current act in the picture."""
    stops = [stop for n, stop in enumerate(stops) if n == 0 or stop.frame > stops[n - 1].frame + 0.5]
    made = [s.bare(family).seen(s.axes).reshape(-1, 3) for family in families]
    for speed in SPEEDS:
        path = _path(stops, speed)
        if all(_keeps(s, path, act, points) for act, points in zip(acts, made, strict=True)):
            break
    keys = []
    for stop, key in zip(stops, path, strict=True):
        # The depth of the target does not change the camera's place; it follows the reach.
        pose = s.pose(stop.place[2], stop.place[:2], stop.subject)
        across = key.slope[:2] + np.multiply(s.optics.skew, key.slope[2])
        slope = np.array([*(across @ s.axes[:2]), 0.0, 0.0, key.slope[2]])
        keys.append(Key(stop.frame, pose, slope))
    return s.shot(keys, phases=phases)


def _path(stops: Sequence[Stop], speed: float) -> list[Key]:
    """Centre and reach from stop to stop."""
    slopes = [np.zeros(3) for _ in stops]
    for n, (before, stop, after) in enumerate(zip(stops, stops[1:], stops[2:], strict=False), start=1):
        if not stop.halt:
            slopes[n] = speed * (after.place - before.place) / (after.frame - before.frame)
    return [Key(stop.frame, stop.place, slope) for stop, slope in zip(stops, slopes, strict=True)]


def _keeps(s: Setup, path: Sequence[Key], act: Act, points: np.ndarray) -> bool:
    """Whether a camera on this path keeps points (n, 3), in its axes, in the frame during an act."""
    for frame in frames_between(act.start, act.end):
        *centre, reach = pose_at(path, frame)
        low, high = window(points, reach, s.optics, 0.5 * s.margins)
        if not ((low <= centre).all() and (centre <= high).all()):
            return False
    return True
