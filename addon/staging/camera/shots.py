"""Makes the shot of a plan: from the plan and the boxes of its labels to the poses of a camera rig."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .clearance import clear, covered, projected
from .moves.beats import beats
from .moves.crane import crane
from .moves.follow import follow
from .moves.orbit import orbit
from .moves.push_in import push_in
from .moves.still import still
from .moves.visit import visit
from .setup import NO_ROOM, Setup
from .shot import Shot
from .subject import Mark
from .views import INSIDE

if TYPE_CHECKING:  # plans check their cameras
    from ..plan import Plan

MOVE_SHOTS: dict[str, Callable[[Setup], Shot]] = {
    "none": still,
    "push_in": push_in,
    "orbit": orbit,
    "crane": crane,
    "follow": follow,
    "visit": visit,
}


def shot(
    p: "Plan", marks: Sequence[Mark], written: np.ndarray, aspect: float, room: np.ndarray = NO_ROOM
) -> Shot:
    """The Shot for a plan's camera on a frame of this `aspect`, width to height. In a film of beats the
    camera goes from beat to beat, unless it has a move of its own.

    `marks` are the labels. `written` are boxes (n, 4) of text on the frame, in heights of it, which the
    subject avoids if possible. `room` (4,) are the parts of the frame at left, right, bottom and top that the
    subject leaves free.
    """
    move = p.scene.camera.move
    told = p.beats and move == "none" and p.scene.camera.view not in INSIDE
    return (beats if told else MOVE_SHOTS[move])(Setup(p, marks, written, aspect, room))


def filled(
    p: "Plan", marks: Sequence[Mark], written: np.ndarray, aspect: float, room: np.ndarray = NO_ROOM
) -> tuple[float, float]:
    """(the part of the frame that the subject and its labels take along their tighter side, clear of the
    text; how far their middle is from the middle of the frame without the `room`, in half frames). (0, 0) if
    they cannot be clear of the text."""
    s = Setup(p, marks, written, aspect, room)
    seen = s.chosen.seen(s.axes)
    reach, centre = clear(seen, s.optics, s.margins, s.written)
    outlines = projected(seen, centre, reach, s.optics)
    if covered(outlines[None], s.written)[0]:
        return 0.0, 0.0
    low, high = outlines.reshape(-1, 2).min(axis=0), outlines.reshape(-1, 2).max(axis=0)
    return float((high - low).max() / 2), float(abs(0.5 * (low[0] + high[0]) - s.margins[0] + s.margins[1]))
