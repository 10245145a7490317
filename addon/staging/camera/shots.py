"""What the camera shows when: from a plan and the boxes of its labels to poses of a camera rig."""

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
    """The Shot that a plan's camera asks for, on a frame of this `aspect`, width to height: in a film of
    beats from one to the next, unless the camera has a move of its own.

    `marks` are its labels, and `written` boxes (n, 4) of the frame, in heights of it: nothing of the subject
    stands under these where that can be. `room` are the parts of the frame at its left, right, bottom and top
    in which nothing of it may stand: (4,).
    """
    move = p.scene.camera.move
    told = p.beats and move == "none" and p.scene.camera.view not in INSIDE
    return (beats if told else MOVE_SHOTS[move])(Setup(p, marks, written, aspect, room))


def filled(
    p: "Plan", marks: Sequence[Mark], written: np.ndarray, aspect: float, room: np.ndarray = NO_ROOM
) -> tuple[float, float]:
    """The part of the frame that a plan's subject and its labels take along the side that holds them back,
    clear of what is written, and how far their middle is from that of the frame without the `room`, in halves
    of it across; 0 and 0 where they cannot be clear."""
    s = Setup(p, marks, written, aspect, room)
    seen = s.chosen.seen(s.axes)
    reach, centre = clear(seen, s.optics, s.margins, s.written)
    outlines = projected(seen, centre, reach, s.optics)
    if covered(outlines[None], s.written)[0]:
        return 0.0, 0.0
    low, high = outlines.reshape(-1, 2).min(axis=0), outlines.reshape(-1, 2).max(axis=0)
    return float((high - low).max() / 2), float(abs(0.5 * (low[0] + high[0]) - s.margins[0] + s.margins[1]))
