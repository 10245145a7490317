"""Presented matrices: in a beat they step out of the scene, turn to the audience, and step back.

A presented matrix is a readout in the middle of the picture. It begins and ends where its matrix stands.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ..kinds.stage import Stage
from ..staging import readouts
from ..staging.beats.told import TimedBeat
from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.star import is_among
from ..staging.writing.boxes import gaps_between
from ..staging.writing.items import Box
from ..staging.writing.overlay import FRAME_EDGE, Overlay
from ..staging.writing.readout_block import Readout, named_in_time
from ..staging.writing.typesetter import film_type, narrowness
from .beside import FORM
from .film import PhaseLabels, outlines
from .joined import grid_of
from .why_chart import WhyChart

STEP_SECONDS, STEP_PART = 0.9, 0.3  # seconds in which a matrix steps out or back; of its beat, at most
AT_ONCE = 0.15  # seconds of a beat before it steps out, where the camera stands
SOFT_EDGE = 0.055  # heights of the frame, of the soft edges of shades and the card
CARD_MARGIN = 0.02  # heights of the picture, of the card around what is presented
AT_LEAST = 1.12  # times as far apart are cells that are worth to stand aside for
MIDDLE = 0.5  # of the frame's height: what is written above or below that
LARGE = replace(FORM, name=0.042, axis=0.026, token=0.029, most=0.052)


@dataclass(frozen=True, eq=False)
class Presented:
    """The readouts of a matrix, or of those of several heads. They step `out` at a frame, are `there` at one,
    step `back` at one and are `gone` at one."""

    readouts: tuple[Readout, ...]
    out: float
    there: float
    back: float
    gone: float


def presented(
    p: Plan,
    through: Callable[[float], View],
    aspect: float,
    overlay: Overlay,
    room: np.ndarray,
    charts: Sequence[WhyChart] = (),
    beside: Collection[Stage] = (),
) -> list[Presented]:
    """The Presented of each beat of a plan that presents a matrix, for a camera that sees `through(frame)` on
    a frame of this `aspect`. They stand before their own matrices as far as there is room. They keep clear of
    the overlay, of `charts`, and of other readouts; `room` are the parts of the frame that these take at its
    four sides. Matrices that have such a readout `beside` the scene stay where they are."""
    shades = np.array([box for box, _ in overlay.shadings]).reshape(-1, 4) + SOFT_EDGE * np.array(
        [-1, -1, 1, 1]
    )
    written, found = np.concatenate([overlay.boxes, shades]), []
    for (name, *_), together in groupby(
        p.beats, lambda beat: (beat.presents, beat.beat.show, beat.beat.view)
    ):
        beats = list(together)
        planes = [plane for plane in readouts.drawn_once(p) if is_among(plane.stage, {name})]
        planes = [plane for plane in planes if plane.stage not in beside]  # it can be read there
        scale, times = narrowness(aspect), _times(p, beats)
        chart = next((one.box for one in charts if one.during(beats[0].start, beats[-1].end)), None)
        if not planes or not name:
            continue
        middles = through(times[1]).project(np.array([plane.corners().mean(axis=0) for plane in planes]))
        above = 0.5 * (1.0 + middles.mean(axis=0)) * (aspect, 1.0)  # on the picture
        best, most = [], 0.0
        for area in _areas(aspect, scale, written, room, chart):
            blocks = grid_of(p, planes[: readouts.MOST_READOUTS], film_type(p.typeface, scale), area, LARGE)
            pitch = min((block.pitch for block in blocks), default=0.0)
            if pitch > AT_LEAST * most:
                best, most = [named_in_time(p, one) for one in blocks], pitch
                best = _before(best, area, above, written, 1.0 - FRAME_EDGE * scale)
        if best:
            found.append(Presented(tuple(best), *times))
    return found


def _times(p: Plan, beats: Sequence[TimedBeat]) -> tuple[float, float, float, float]:
    """The four frames of a Presented that is there in these beats, one after the other."""
    first, end = beats[0], beats[-1].end
    rate, length = p.scene.render.rate, first.end - first.start
    stands = not (first.beat.show or first.beat.view)
    out = first.start + min(AT_ONCE * rate, 0.1 * length) if stands else first.span.arrived
    step = min(STEP_SECONDS * rate, STEP_PART * (first.end - out))
    return out, out + step, end - step, end


def _areas(
    aspect: float, scale: float, written: np.ndarray, room: np.ndarray, chart: Box | None
) -> list[Box]:
    """The free areas: in the middle of the frame between the text at its top and at its bottom, and at the
    right of the text at its top."""
    edge = FRAME_EDGE * scale
    low = max((top for _, bottom, _, top in written if bottom + top < 2 * MIDDLE), default=edge)
    high = min((bottom for _, bottom, _, top in written if bottom + top >= 2 * MIDDLE), default=1.0 - edge)
    low, right = max(low, room[2]), aspect * (1.0 - room[1]) - edge
    head = max((end for _, bottom, end, top in written if bottom + top >= 2 * MIDDLE), default=edge)
    left = edge
    if chart and chart[0] + chart[2] > left + right:
        right = min(right, chart[0])
    elif chart:
        left = max(left, chart[2])
    return [(left, low, right, high), (max(left, head), low, right, 1.0 - edge)]


def _before(
    blocks: Sequence[Readout], area: Box, place: np.ndarray, written: np.ndarray, edge: float
) -> list[Readout]:
    """The blocks, moved so that their middle is as near to a place (2,) as it can be: within an area, and up
    to what is `written` above them or to the `edge` of the frame."""
    boxes = np.array([block.box for block in blocks])
    (left, low), (right, high) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    x = np.clip(place[0] - 0.5 * (left + right), area[0] - left, max(area[2] - right, area[0] - left))
    above = [b for a, b, c, d in written if b + d >= 2 * MIDDLE and a < right + x and left + x < c]
    top = max(min(above, default=edge) - high, area[1] - low)
    y = np.clip(place[1] - 0.5 * (low + high), area[1] - low, top)
    return [block.moved(float(x), float(y)) for block in blocks]


def uncovered(one: PhaseLabels, shown: Sequence[Presented], aspect: float) -> PhaseLabels:
    """The labels of a phase without those of a matrix that is presented in it, and those behind it."""
    phase, letters = one.phase, one.lettering
    during = [each for each in shown if phase.start < each.back and each.there < phase.end]
    blocks = [block for each in during for block in each.readouts]
    boxes = np.array([block.box for block in blocks]).reshape(-1, 4) + CARD_MARGIN * np.array([-1, -1, 1, 1])
    behind = (gaps_between(boxes, outlines(letters, one.view, aspect)) == 0.0).any(axis=0)
    theirs = {block.plane.stage.name for block in blocks}
    labels = zip(letters.labels, behind, strict=True)
    seen = tuple(label for label, hidden in labels if not hidden and label.owner not in theirs)
    return replace(one, lettering=replace(letters, labels=seen))
