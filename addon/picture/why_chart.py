"""The place of the bars of a Why: in the plane of the picture, where nothing else is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..staging.plan import Plan
from ..staging.why import Why
from ..staging.writing.boxes import meeting, under_boxes
from ..staging.writing.items import Box, Rule, Text
from ..staging.writing.typesetter import Typesetter, film_type, narrowness

HEAD_SIZE, FOOT_SIZE = 0.024, 0.021  # sizes of type
WIDTHS = (0.66, 0.58, 0.5, 0.42, 0.34)  # of the bars, in heights of the frame
TALLS = (0.5, 0.36, 0.22)  # of them, of their width
# The largest first.
CHART_SIZES = sorted(product(WIDTHS, TALLS), key=lambda one: one[0] ** 2 * one[1], reverse=True)
CHART_MARGIN = 0.012  # around it
TRIED_STEPS = (0.015, 0.005)  # between the places that are tried; the second where the first finds none
RULE = 0.001
AXIS_GAP = 0.006  # from the bars to the axis of their sums


@dataclass(frozen=True, eq=False)
class WhyChart:
    """Bars from `origin` (2,), where their sum is 0, `pitch` apart; a value of 1 is `unit` high. Lengths are
    heights of the frame. `box` is around it with its type."""

    why: Why
    origin: np.ndarray
    pitch: float
    unit: float
    texts: tuple[Text, ...]
    rules: tuple[Rule, ...]
    box: Box


def why_chart(p: Plan, aspect: float, outlines: np.ndarray, written: np.ndarray) -> WhyChart | None:
    """The WhyChart of a plan, as large as there is room for, and as near to the star as possible; None if the
    scene asks for none or there is no room. The `outlines` (n, 4, 2) of matrices and labels, the star's
    first, and the boxes `written` (m, 4) stay free."""
    if p.why is None:
        return None
    narrow = narrowness(aspect)
    type = film_type(p.typeface, narrow, narrow)
    for step, (width, part) in product(TRIED_STEPS, CHART_SIZES):
        wide = max(width + 0.09, type.width(p.why.head, HEAD_SIZE), type.width(p.why.largest, FOOT_SIZE))
        tall = part * width + 1.7 * type.sized(HEAD_SIZE) + 1.7 * type.sized(FOOT_SIZE)
        x, y = (
            n.ravel()
            for n in np.meshgrid(
                np.arange(CHART_MARGIN, aspect - wide - CHART_MARGIN, step),
                np.arange(CHART_MARGIN, 1.0 - tall, step),
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
            return _drawn(p.why, type, left, low, width, part * width, box)
    return None


def _drawn(
    why: Why, type: Typesetter, left: float, low: float, width: float, tall: float, box: Box
) -> WhyChart:
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
    return WhyChart(why, np.array([left + 0.5 * pitch, zero]), pitch, unit, tuple(texts), rules, box)
