"""Readouts on the picture of a film: which matrices get one, and where it stands beside the scene.

Readouts take a part of the frame at its right, or at the bottom of a tall frame. The scene has the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..kinds.places import Plane
from ..staging import readouts
from ..staging.plan import Plan
from ..staging.writing.boxes import gaps_between
from ..staging.writing.captions import axes_of
from ..staging.writing.items import Box
from ..staging.writing.overlay import FRAME_EDGE
from ..staging.writing.readout_block import Readout, ReadoutForm, named_in_time
from ..staging.writing.typesetter import LONGEST_TOKEN, film_type, narrowness
from .joined import grid_of, notes_of

# Sizes in heights of the frame. No type is smaller than 14 pixels at 720.
FORM = ReadoutForm(
    name=0.036, detail=0.024, axis=0.023, token=0.025, least_token=0.0196, gap=0.009, rule=0.0016,
    hair=0.0009, least=readouts.LEAST_PITCH, most=0.042,
)  # fmt: skip
READOUT_SHARES = (0.30, 0.36, 0.42, 0.48, 0.54)  # of the frame, for all readouts
ENOUGH = 0.027  # heights of the frame between cells, from where on larger ones are worth little
LARGER = 0.15  # what a cell of the largest size is worth beyond that
TAKEN = 0.55  # cost of taking all of the frame
UNPOOLED = 1.0  # what it is worth that each cell shows one entry
READOUT_GAP = 0.03  # from the scene


@dataclass(frozen=True, eq=False)
class Beside:
    """`readouts` on the picture, and the parts of the frame that they take from the scene, at its left,
    right, bottom and top: (4,)."""

    readouts: tuple[Readout, ...] = ()
    room: np.ndarray = field(default_factory=lambda: np.zeros(4))

    @property
    def boxes(self) -> np.ndarray:
        return np.array([one.box for one in self.readouts]).reshape(-1, 4)

    def told(self, p: Plan) -> set[tuple[str, ...]]:
        """The labels of all axes that they show, as a scene writes them."""
        axes = axes_of(p, [one.plane for one in self.readouts], LONGEST_TOKEN)
        return {axis.texts for axis in axes if axis.texts}

    @property
    def notes(self) -> list[str]:
        """The notes about things that the readouts leave out, for the corner of the picture."""
        return notes_of(self.readouts)


NOTHING_BESIDE = Beside()


def beside(
    p: Plan,
    planes: Sequence[Plane],
    aspect: float,
    written: Callable[[float], np.ndarray],
    scene: np.ndarray | None = None,
) -> Beside:
    """The Beside of as many of these planes as have room on a frame of this `aspect`, width to height, clear
    of the text: `written(part)` are its boxes (n, 4) if readouts take a part of the frame at its right.

    A given camera cannot make room. Then `scene` has the outlines (m, 4, 2) of everything that it sees;
    readouts stand clear of them, at the right of the frame or at its left."""
    scale = narrowness(aspect)
    type = film_type(p.typeface, scale)
    best: list[Readout] = []
    most, at_left = -np.inf, False
    while planes and not best:
        for part, left in [
            (part, left) for part in READOUT_SHARES for left in (False, True)[: 1 + (scene is not None)]
        ]:
            made = grid_of(p, planes, type, _area(aspect, part, written(part), scale, left), FORM)
            if not made:
                continue
            boxes = np.array([one.box for one in made])
            if left:
                made = [one.moved(FRAME_EDGE * scale - boxes[:, 0].min(), 0.0) for one in made]
                boxes = np.array([one.box for one in made])
            around = boxes + 0.5 * READOUT_GAP * np.array([-1, -1, 1, 1])
            if scene is not None and (gaps_between(around, scene) <= 0.0).any():
                continue
            worth = _worth(made, aspect)
            if worth > most:
                best, most, at_left = made, worth, left
        planes = planes[:-1]
    best = [named_in_time(p, one) for one in best]
    return _settled(best, aspect, at_left) if best else NOTHING_BESIDE


def _area(aspect: float, part: float, written: np.ndarray, scale: float, at_left: bool = False) -> Box:
    """The free box that takes a `part` of the frame: at its right or left, or at the bottom of a tall
    frame."""
    edge = FRAME_EDGE * scale
    if aspect < 1.0:
        low = max((top for left, low, right, top in written if top < 0.5), default=edge)
        return edge, low, aspect - edge, low + part
    left, right = aspect * (1.0 - part) - edge, aspect - edge
    if at_left:
        left, right = edge, edge + part * aspect
    low, high = edge, 1.0 - edge
    for box_left, box_low, box_right, box_high in written:
        if box_right > left and box_left < right:
            if box_low + box_high > 1.0:
                high = min(high, box_low)
            else:
                low = max(low, box_high)
    return left, low, right, high


def _worth(made: Sequence[Readout], aspect: float) -> float:
    """The worth of a place for readouts: legible cells, and much room left for the scene."""
    boxes, pitch = np.array([one.box for one in made]), min(one.pitch for one in made)
    if aspect < 1.0:
        taken = boxes[:, 3].max() - boxes[:, 1].min()
    else:
        taken = (boxes[:, 2].max() - boxes[:, 0].min()) / aspect
    thinned = sum(n > 1 for one in made for n in one.every) / len(made)
    legible = min(pitch / ENOUGH, 1.0) + LARGER * pitch / FORM.most + UNPOOLED * (not pooled(made))
    return legible - TAKEN * taken - 0.2 * thinned


def pooled(readouts: Sequence[Readout]) -> bool:
    """Whether a cell of these shows several entries."""
    return any(one.pool for one in readouts)


def _settled(made: Sequence[Readout], aspect: float, at_left: bool = False) -> Beside:
    boxes, room = np.array([one.box for one in made]), np.zeros(4)
    if aspect < 1.0:
        room[2] = boxes[:, 3].max() + READOUT_GAP
    elif at_left:
        room[0] = (boxes[:, 2].max() + READOUT_GAP) / aspect
    else:
        room[1] = 1.0 - (boxes[:, 0].min() - READOUT_GAP) / aspect
    return Beside(tuple(made), room)
