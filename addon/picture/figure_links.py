"""Frames around the matrices of a figure, and links between them.

A link has lines from the operands of a product or sum to its sign, and an arrow from the sign to the result.
It stands only where nothing else is. Lengths are points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kinds.stage import Stage
from ..staging.scales import MASKING
from ..staging.writing.boxes import around, within
from ..staging.writing.canvas import Canvas
from ..staging.writing.items import Box, Item, Rule, Text, rule_between
from ..staging.writing.name_options import outward_normal, unit
from ..staging.writing.typesetter import CAPITALS
from .figure_type import PageType

FRAME_WIDTH = 0.35
FRAME_SAMPLES = 40  # points at which it is looked whether an edge is hidden
LEAST_FRAMED = 8  # rows or columns; the elements of a smaller matrix stand far out of its plane
LINK_WIDTH = 0.5
MOST_LINKED = 8  # results of a picture; links between more of them would be a thicket
PRODUCT_SIGN = "×"
SIGN_SIZE, SIGN_ROOM = 1.25, 5.0  # in sizes of names; from its middle to the ends of its lines
SHORTEST_LINK = 5.0  # of each line
ARROW_LENGTH, ARROW_ANGLE = 3.2, 0.36  # of an arrow's head, and what it opens to either side
LINK_GAP = 2.5  # from a matrix, or from type, to a line
SIGN_STEP, RASTER_STEP = 4.0, 1.5  # between places of a sign that are tried; between points that may be free
ALONG_AN_EDGE = np.array([0.5, 0.3, 0.7, 0.1, 0.9])  # where a line may meet an edge of a matrix
OFF_MIDDLE = 40.0  # cost of meeting it at an end instead of the middle, in points of length
GLANCING = 40.0  # cost of meeting it along its edge instead of straight
LEAST_STRAIGHT = 0.3  # of a line: how much of it leads straight out of a matrix
PAST_LABELS = 3.0  # cost of each point that labels keep an arrow away from its matrix
LINK_SAMPLES = 48  # points at which it is looked whether a line is free
NOT_FREE = 1e6
WORD_TURNS = 16  # directions from an arrow or a sign, in which words may stand
NOT_TOLD = {"multiply", "divide", *MASKING}  # steps of an epilogue


def frames(canvas: Canvas) -> list[Rule]:
    """A frame around each larger matrix on a canvas, without the edges that are hidden behind another
    matrix."""
    rules = []
    for n, (plane, quad) in enumerate(zip(canvas.planes, canvas.quads, strict=True)):
        if max(plane.rows, plane.columns) < LEAST_FRAMED:
            continue
        before = canvas.quads[canvas.fronts < canvas.fronts[n] - 1e-6]
        for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
            points = start + (end - start) * np.linspace(0.02, 0.98, FRAME_SAMPLES)[:, None]
            if not any(within(points, other).any() for other in before):
                rules.append(rule_between(start, end, FRAME_WIDTH))
    return rules


def links(
    canvas: Canvas, type: PageType, area: Box, items: Sequence[Item], boxes: Sequence[Box] = ()
) -> list[Text | Rule]:
    """The links of a canvas within an `area` of it, clear of these items and boxes. They belong to the
    results that lead to the star or use it; without a star, to all results. If not all links have room, there
    are none."""
    linked = _linked(canvas, items)
    if len(linked) > MOST_LINKED:
        return []
    free = _Free(canvas, area, items, boxes)
    drawn: list[Text | Rule] = []
    for one in linked:
        link = _link(one, free, type)
        if not link:
            return []
        drawn += link
    return drawn


@dataclass(frozen=True, eq=False)
class _Linked:
    """A result, and the places at which lines may meet its operands and, last, the result; see `_meets`."""

    stage: Stage
    meets: list[np.ndarray]

    @property
    def sign(self) -> str:
        return PRODUCT_SIGN if self.stage.has_interior else self.stage.sign

    @property
    def words(self) -> str:
        """The functions of a result's epilogue as words. Scale and mask are left out, because the formula has
        them."""
        functions = [step.function for step in self.stage.epilogue]
        return ", ".join(name for name in dict.fromkeys(functions) if name not in NOT_TOLD)


def _linked(canvas: Canvas, items: Sequence[Item]) -> list[_Linked]:
    """The results on a canvas that are to be linked with their operands."""
    p = canvas.p
    labels = [item.box for item in items if isinstance(item, Text) and item.kind in ("token", "axis")]
    stars = [plane for plane in canvas.planes if p.is_star(plane.stage)]
    seen = []
    for plane, quad in zip(canvas.planes, canvas.quads, strict=True):
        own = labels if stars == [plane] else []  # others may have theirs anywhere
        seen.append((plane, _meets(quad, np.array(own).reshape(-1, 4))))
    found = []
    for plane, meets in seen:
        operands = [
            pair for pair in seen if pair[0].consumer == plane.stage.name and pair[0].role != "result"
        ]
        about = not stars or any(p.is_star(one.stage) for one in (plane, *(one for one, _ in operands)))
        if operands and about:
            found.append(_Linked(plane.stage, [*(own for _, own in operands), meets]))
    return found


def _meets(quad: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The places where a line may meet a matrix (4, 2), at its edges or beyond its labels (n, 4): (m, 5),
    each a place, its cost, and the direction out of the matrix."""
    after, center = np.roll(quad, -1, axis=0), quad.mean(axis=0)
    limits = around(np.concatenate([labels, [[*quad.min(axis=0), *quad.max(axis=0)]]]))
    found = []
    for start, end in zip(quad, after, strict=True):
        normal = outward_normal(start, end, center)
        axis = int(abs(normal[1]) > abs(normal[0]))
        for part in ALONG_AN_EDGE:
            place, cost = start + (end - start) * part, OFF_MIDDLE * abs(part - 0.5)
            found.append((*place, cost, *normal))
            beyond = limits[axis + 2 * (normal[axis] > 0)]
            if far := abs(beyond - place[axis]):
                place[axis] = beyond
                found.append((*place, cost + PAST_LABELS * far, *normal))
    return np.array(found)


class _Free:
    """Which points of an area of a canvas are free, on a raster RASTER_STEP apart."""

    def __init__(self, canvas: Canvas, area: Box, items: Sequence[Item], boxes: Sequence[Box]):
        self.low, self.high = np.array(area[:2]), np.array(area[2:])
        shape = ((self.high - self.low) / RASTER_STEP).astype(int) + 1
        points = self.low + np.moveaxis(np.indices(shape), 0, 2) * RASTER_STEP
        self.points = np.ones(shape, bool)
        for quad in (*canvas.quads, *canvas.faces, *canvas.strips):
            self.points &= ~within(points.reshape(-1, 2), quad).reshape(shape)
        for item in items:
            if isinstance(item, Rule):
                self.take_line(np.array([item.x0, item.y0]), np.array([item.x1, item.y1]))
            else:
                self.take(np.array(item.box))
        for box in boxes:
            self.take(np.array(box))

    def take(self, box: np.ndarray) -> None:
        """Mark a box (4,), and everything nearer to it than LINK_GAP, as not free."""
        first = np.floor((box[:2] - LINK_GAP - self.low) / RASTER_STEP).astype(int)
        last = np.ceil((box[2:] + LINK_GAP - self.low) / RASTER_STEP).astype(int)
        (left, low), (right, high) = np.maximum(first, 0), np.maximum(last + 1, 0)
        self.points[left:right, low:high] = False

    def take_line(self, start: np.ndarray, end: np.ndarray) -> None:
        """Mark a line between two points (2,) as not free."""
        count = int(np.linalg.norm(end - start) / RASTER_STEP) + 2
        for point in start + (end - start) * np.linspace(0.0, 1.0, count)[:, None]:
            self.take(np.tile(point, 2))

    def along(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Whether lines between points (..., 2) are free from end to end: (...)."""
        part = np.linspace(0.0, 1.0, LINK_SAMPLES)[:, None]
        points = starts[..., None, :] + (ends - starts)[..., None, :] * part
        spots = np.rint((points - self.low) / RASTER_STEP).astype(int)
        inside = ((spots >= 0) & (spots < self.points.shape)).all(axis=-1)
        x, y = np.moveaxis(np.where(inside[..., None], spots, 0), -1, 0)
        return (self.points[x, y] & inside).all(axis=-1)

    def boxes(self, boxes: np.ndarray) -> np.ndarray:
        """Which of the boxes (n, 4) are free, by lines along and across them: (n,)."""
        left, low, right, high = boxes.T
        middle = 0.5 * (low + high)
        ends = [
            np.stack([np.stack([x, y], 1) for x, y in ((left, at), (right, at))])
            for at in (low, middle, high)
        ]
        return np.all([self.along(*pair) for pair in ends], axis=0)


def _link(one: _Linked, free: _Free, type: PageType) -> list[Text | Rule]:
    """The sign of a result, the lines to it and the arrow from it, at the place where these are shortest and
    straightest; empty if they have no room."""
    places = np.concatenate(one.meets)[:, :2]
    low, high = np.maximum(places.min(axis=0), free.low), np.minimum(places.max(axis=0), free.high)
    x, y = (np.arange(begin, end, SIGN_STEP) for begin, end in zip(low, high, strict=True))
    signs = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    signs = signs[free.boxes(np.concatenate([signs - SIGN_ROOM, signs + SIGN_ROOM], axis=1))]
    if not len(signs):
        return []
    ways = [_lines(signs, meets, free) for meets in one.meets]
    costs = np.sum([cost for cost, _ in ways], axis=0)
    best = int(costs.argmin())
    if costs[best] >= NOT_FREE:
        return []
    return _drawn(one, signs[best], [ends[best] for _, ends in ways], free, type)


def _lines(signs: np.ndarray, meets: np.ndarray, free: _Free) -> tuple[np.ndarray, np.ndarray]:
    """The best line from each of the signs (n, 2) to one of these places (m, 5): (costs (n,), ends (n,
    2))."""
    places, costs, normals = meets[:, :2], meets[:, 2], meets[:, 3:]
    way = signs[:, None] - places  # (n, m, 2)
    length = np.linalg.norm(way, axis=2)
    toward = way / np.maximum(length, 1e-9)[..., None]
    starts, ends = signs[:, None] - toward * SIGN_ROOM, places + toward * LINK_GAP
    straight = (toward * normals).sum(axis=2)
    costs = length + costs + GLANCING * (1.0 - straight)
    there = (length >= SHORTEST_LINK + SIGN_ROOM + LINK_GAP) & (straight >= LEAST_STRAIGHT)
    there[there] = free.along(starts[there], ends[there])
    costs = np.where(there, costs, NOT_FREE)
    best = costs.argmin(axis=1)
    every = np.arange(len(signs))
    return costs[every, best], ends[every, best]


def _drawn(
    one: _Linked, sign: np.ndarray, ends: Sequence[np.ndarray], free: _Free, type: PageType
) -> list[Text | Rule]:
    """A link around a sign (2,), whose lines run to these ends (2,); the last one is an arrow. Its room is
    then marked as not free."""
    lines = []
    for end in ends:
        toward = unit(end - sign)
        lines.append((sign + toward * (SIGN_ROOM if one.sign else 0.0), end))
    for angle in (-ARROW_ANGLE, ARROW_ANGLE):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        lines.append((end, end - ARROW_LENGTH * turn @ toward))
    for line in lines:
        free.take_line(*line)
    texts = []
    if one.sign:
        size = SIGN_SIZE * type.size
        texts = [type.line(one.sign, sign[0], sign[1] - 0.5 * CAPITALS * size, size, "CENTER", kind="sign")]
        free.take(np.array(texts[0].box))
    texts += _words(one.words, sign, ends[-1], free, type)
    return [*texts, *(rule_between(*line, LINK_WIDTH) for line in lines)]


def _words(words: str, start: np.ndarray, end: np.ndarray, free: _Free, type: PageType) -> list[Text]:
    """The words beside the arrow from `start` to `end`, or else around its start; empty if they have no
    room."""
    if not words:
        return []
    size = type.small
    half = 0.5 * np.array([type.width(words, size), CAPITALS * size])
    turns = np.linspace(0.0, 2.0 * np.pi, WORD_TURNS, endpoint=False)
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    along = unit(end - start)
    reach = (np.abs(ways) @ half + LINK_GAP + 1.0)[:, None] * ways
    level = np.argsort(np.abs(ways @ along), kind="stable")  # beside the arrow before anywhere else
    beside = [
        start + (end - start) * part + reach[n]
        for part in (0.55, 0.35, 0.75)
        for n in level[: len(level) // 2]
    ]
    middles = np.array([*beside, *(start + SIGN_ROOM * ways + reach)])
    clear = np.flatnonzero(free.boxes(np.concatenate([middles - half, middles + half], axis=1)))
    if not len(clear):
        return []
    x, y = middles[clear[0]]
    free.take(np.array([x, y, x, y]) + np.concatenate([-half, half]))
    return [type.line(words, x, y - half[1], size, "CENTER", kind="sign", soft=True)]
