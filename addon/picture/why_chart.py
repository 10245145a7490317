"""The place of the bars of a Why: in the plane of the picture, where nothing else is."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.why import Why
from ..staging.writing.boxes import meeting, under_boxes
from ..staging.writing.items import Box, Rule, Text
from ..staging.writing.overlay import FRAME_EDGE
from ..staging.writing.typesetter import Typesetter, film_type, narrowness

HEAD_SIZE, FOOT_SIZE = 0.024, 0.021  # sizes of type
WIDTHS = (0.66, 0.58, 0.5, 0.42, 0.34)  # of the bars, in heights of the frame
TALLS = (0.5, 0.36, 0.22)  # of them, of their width
# The largest first.
CHART_SIZES = sorted(product(WIDTHS, TALLS), key=lambda one: one[0] ** 2 * one[1], reverse=True)
CHART_MARGIN = 0.012  # around it
TRIED_STEPS = (0.015, 0.005)  # between the places that are tried; the second where the first finds none
RULE = 0.001
STAR_LABEL_ROOM = 0.1  # heights of the picture around a star, for its labels
AROUND_CHART = 0.025  # where no labels are
AXIS_GAP = 0.006  # from the bars to the axis of their sums


@dataclass(frozen=True, eq=False)
class WhyChart:
    """Bars from `origin` (2,), where their sum is 0, `pitch` apart; a value of 1 is `unit` high. Lengths are
    heights of the frame. `box` is around it with its type. It is there between the two frames `shown`."""

    why: Why
    origin: np.ndarray
    pitch: float
    unit: float
    texts: tuple[Text, ...]
    rules: tuple[Rule, ...]
    box: Box
    shown: tuple[float, float]

    @property
    def room(self) -> Box:
        """The box with the space around it that labels leave free."""
        left, low, right, high = self.box
        return left - AROUND_CHART, low - AROUND_CHART, right + AROUND_CHART, high + AROUND_CHART

    def during(self, start: float, end: float) -> bool:
        """Whether it is there at some time between two frames."""
        return self.shown[0] < end and start < self.shown[1]


def last_chart(p: Plan, aspect: float, outlines: np.ndarray, written: np.ndarray) -> WhyChart | None:
    """The WhyChart of a plan's end, with the arguments of `why_chart`. It comes when its entry is finished,
    and with the last spotlight; in a film of beats with the last beat."""
    if p.why is None:
        return None
    start = p.spotlight.rise[1] if p.spotlight else p.timeline.moves[p.why.stage.name].finished
    start = max(start, p.beats[-1].span.arrived) if p.beats else start
    return why_chart(p, p.why, aspect, outlines, written, (start, p.timeline.last_frame + 1.0))


def beat_charts(
    p: Plan, through: Callable[[float], View], aspect: float, written: np.ndarray
) -> list[WhyChart]:
    """The WhyChart of each beat but the last that opens up an entry, for a camera that sees `through(frame)`.
    The boxes `written` (m, 4) stay free."""
    charts = []
    for beat in p.beats[:-1]:
        if beat.why:
            arrived = beat.span.arrived
            outlines = matrix_outlines(p, through(arrived), aspect, beat.there)
            charts.append(why_chart(p, beat.why, aspect, outlines, written, (arrived, beat.end)))
    return [chart for chart in charts if chart]


def matrix_outlines(p: Plan, view: View, aspect: float, there: Collection[str] | None = None) -> np.ndarray:
    """The outlines of all matrices on the picture, or of those that are `there`: (n, 4, 2), stars first, with
    room for their labels."""
    planes = [plane for plane in p.arrangement.seen if there is None or plane.stage.name in there]
    planes = sorted(planes, key=lambda plane: not p.is_star(plane.stage))
    corners = np.array([plane.corners() for plane in planes]).reshape(-1, 3)
    found = ((view.project(corners) + 1) / 2 * (aspect, 1.0)).reshape(-1, 4, 2)
    for n, plane in enumerate(planes):
        if p.is_star(plane.stage):
            away = found[n] - found[n].mean(axis=0)
            found[n] += STAR_LABEL_ROOM * np.sign(away)
    return found


def why_chart(
    p: Plan, why: Why, aspect: float, outlines: np.ndarray, written: np.ndarray, shown: tuple[float, float]
) -> WhyChart | None:
    """A WhyChart that is `shown` between two frames, as large as there is room for, and as near to the star
    as possible; None if there is no room. The `outlines` (n, 4, 2) of matrices and labels, the star's first,
    and the boxes `written` (m, 4) stay free."""
    narrow = narrowness(aspect)
    edge = FRAME_EDGE * narrow
    type = film_type(p.typeface, narrow, narrow)
    for step, (width, part) in product(TRIED_STEPS, CHART_SIZES):
        wide = max(width + 0.09, type.width(why.head, HEAD_SIZE), type.width(why.largest, FOOT_SIZE))
        tall = part * width + 1.7 * type.sized(HEAD_SIZE) + 1.7 * type.sized(FOOT_SIZE)
        x, y = (
            n.ravel()
            for n in np.meshgrid(
                np.arange(edge, aspect - wide - edge, step), np.arange(edge, 1.0 - tall - edge, step)
            )
        )
        boxes = np.stack(
            [x - CHART_MARGIN, y - CHART_MARGIN, x + wide + CHART_MARGIN, y + tall + CHART_MARGIN], axis=1
        )
        boxes = boxes[~meeting(boxes, written).any(axis=1)] if len(written) else boxes
        boxes = boxes[~under_boxes(boxes, outlines)]
        if len(boxes):
            middles = 0.5 * (boxes[:, :2] + boxes[:, 2:])
            near = np.linalg.norm(middles - outlines[0].mean(axis=0), axis=1).argmin()
            left, low = boxes[near, :2] + CHART_MARGIN
            box = left, low, left + wide, low + tall
            return _drawn(why, type, left, low, width, part * width, box, shown)
    return None


def _drawn(
    why: Why, type: Typesetter, left: float, low: float, width: float, tall: float, box: Box,
    shown: tuple[float, float],
) -> WhyChart:  # fmt: skip
    """The chart in a box, its bars `width` × `tall`."""
    upto = np.concatenate([[0.0], np.cumsum(why.products)])
    unit = tall / (np.ptp(upto) or 1.0)
    foot, head = type.sized(FOOT_SIZE), type.sized(HEAD_SIZE)
    zero = low + 1.7 * foot - upto.min() * unit
    end = zero + why.total * unit
    pitch = width / len(why.order)
    high, deep = zero + upto.max() * unit, zero + upto.min() * unit
    rules = (
        Rule(left, zero, left + width, zero, RULE),
        Rule(left - AXIS_GAP, deep, left - AXIS_GAP, high, RULE),
        Rule(left + width - pitch, end, left + width + 0.012, end, RULE),
    )
    texts: Sequence[Text] = (
        type.line(why.head, left, box[3] - 0.9 * head, HEAD_SIZE),
        type.line(why.largest, left, low + 0.3 * foot, FOOT_SIZE, soft=True),
        type.line(why.sum, left + width + 0.018, end - 0.34 * head, HEAD_SIZE),
    )
    if abs(end - zero) > head:
        texts = *texts, type.line("0", left + width + 0.018, zero - 0.34 * head, HEAD_SIZE, soft=True)
    return WhyChart(why, np.array([left + 0.5 * pitch, zero]), pitch, unit, tuple(texts), rules, box, shown)
