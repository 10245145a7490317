"""Presented matrices: in a beat they step out of the scene, turn to the audience, and step back.

A presented matrix is a readout in the middle of the picture. It begins and ends where its matrix stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..kinds.places import Plane
from ..staging import readouts
from ..staging.beats.told import TimedBeat
from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.star import is_among
from ..staging.writing.items import Box
from ..staging.writing.overlay import FRAME_EDGE, Overlay
from ..staging.writing.readout_block import Readout, named_in_time
from ..staging.writing.typesetter import film_type, narrowness
from .beside import FORM
from .joined import grid_of
from .why_chart import WhyChart

STEP_SECONDS, STEP_PART = 0.9, 0.3  # seconds in which a matrix steps out or back; of its beat, at most
AT_ONCE = 0.15  # seconds of a beat before it steps out, where the camera stands
SOFT_EDGE = 0.055  # heights of the frame, of the soft edges of shades and the card
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
) -> list[Presented]:
    """The Presented of each beat of a plan that presents a matrix, for a camera that sees `through(frame)` on
    a frame of this `aspect`. They stand before their own matrices as far as there is room. They keep clear of
    the overlay, of `charts`, and of other readouts; `room` are the parts of the frame that these take at its
    four sides."""
    shades = np.array(overlay.shades).reshape(-1, 4) + SOFT_EDGE * np.array([-1, -1, 1, 1])
    written, found = np.concatenate([overlay.boxes, shades]), []
    for beat in (beat for beat in p.beats if beat.presents):
        planes = [plane for plane in readouts.drawn_once(p) if is_among(plane.stage, {beat.presents})]
        scale = narrowness(aspect)
        chart = next((one.box for one in charts if one.during(beat.start, beat.end)), None)
        if not planes:
            continue
        times = _times(p, beat)
        above = float(np.mean([_place(plane, through(times[1]), aspect) for plane in planes]))
        best, most = [], 0.0
        for area in _areas(aspect, scale, written, room, chart):
            blocks = grid_of(p, planes[: readouts.MOST_READOUTS], film_type(p.typeface, scale), area, LARGE)
            pitch = min((block.pitch for block in blocks), default=0.0)
            if pitch > AT_LEAST * most:
                best, most = _before([named_in_time(p, one) for one in blocks], area, above), pitch
        if best:
            found.append(Presented(tuple(best), *times))
    return found


def _place(plane: Plane, view: View, aspect: float) -> float:
    """How far to the right the middle of a plane is on the picture, in heights of it."""
    return float(0.5 * aspect * (1.0 + view.project(plane.corners().mean(axis=0)[None])[0, 0]))


def _times(p: Plan, beat: TimedBeat) -> tuple[float, float, float, float]:
    """The four frames of a Presented."""
    rate, length = p.scene.render.rate, beat.end - beat.start
    stands = not (beat.beat.show or beat.beat.view)
    out = beat.start + min(AT_ONCE * rate, 0.1 * length) if stands else beat.span.arrived
    step = min(STEP_SECONDS * rate, STEP_PART * (beat.end - out))
    return out, out + step, beat.end - step, beat.end


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


def _before(blocks: Sequence[Readout], area: Box, place: float) -> list[Readout]:
    """The blocks, moved from the right of an area so that their middle is as near to a place as it can be."""
    left, right = (fun(block.box[n] for block in blocks) for fun, n in ((min, 0), (max, 2)))
    low, high = area[0] - left, max(area[2] - right, area[0] - left)
    by = min(max(place - 0.5 * (left + right), low), high)
    return [block.moved(by, 0.0) for block in blocks]
