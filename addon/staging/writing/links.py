"""Links between matrices: lines from the operands of a product or sum to its sign, and an arrow from the sign
to the result. A link stands only where nothing else is.

On a page and in a film links are found alike; lengths are in points of a LinkForm.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from ...kinds.places import Plane
from ...kinds.stage import Stage
from ..scales import MASKING, SUM_SIGNS
from .boxes import around, edges_of, within
from .canvas import Canvas
from .items import Box, Text
from .name_options import outward_normal, unit
from .placing import Leader
from .typesetter import CAPITALS, Typesetter

MOST_LINKED, FEW_LINKED = 8, 3  # results of a picture; links between more of them would be a thicket
PRODUCT_SIGN = "×"
WORDLESS = {"rotary"}  # a step that is no word at an arrow: its matrix has a name of its own
STEP_WORDS = dict.fromkeys(("multiply", "divide"), "scale") | dict.fromkeys(MASKING, "mask")
SIGN_ROOM = 5.0  # from the middle of a sign to the ends of its lines
SHORTEST_LINK = 5.0  # of each line
ARROW_LENGTH, ARROW_ANGLE = 3.2, 0.36  # of an arrow's head, and what it opens to either side
LINK_GAP, EDGE_GAP = 2.5, 1.5  # from type to a line; from the edge of a matrix to the end of its line
GAP_TO_LABELS = 3.5  # from labels along that edge to the end of a line, which is a free point
SIGN_STEP, RASTER_STEP = 4.0, 1.5  # between places of a sign that are tried; between points that may be free
ALONG_AN_EDGE = np.array([0.5, 0.3, 0.7, 0.1, 0.9])  # where a line may meet an edge of a matrix
OFF_MIDDLE = 40.0  # cost of meeting it at an end instead of the middle
GLANCING = 40.0  # cost of meeting it along its edge instead of straight
LEAST_STRAIGHT = 0.3  # of a line: how much of it leads straight out of a matrix
PAST_LABELS = 4.0  # cost of each point that labels keep an end away from its matrix
WITHOUT_END = 230.0  # cost of leaving out the line to one of the matrices, where it would meet no edge
ALONG_A_LINK = np.linspace(0.0, 1.0, 48)[:, None]  # where it is looked whether a line is free
NOT_FREE, DEAREST = 1e6, 330.0  # costs: of a line that is not free; of a link that would not help
TRIED_AT_ONCE = 32  # places of a sign, the most promising ones first
# What may be left out of the links where they have no room: nothing, single lines, or whole links.
NO_LINE, SOME_LINES, SOME_LINKS = range(3)
NO_BOXES = np.empty((0, 4))
ALONG_AN_ARROW = 0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1  # where words may stand beside it
WORD_TURNS = 32  # directions from an arrow or a sign, in which words may stand


@dataclass(frozen=True)
class LinkForm:
    """The sizes of links on a picture: of a `point`, and of the type of signs and of words."""

    type: Typesetter
    point: float
    sign_size: float
    word_size: float


@dataclass(frozen=True, eq=False)
class Link:
    """The link of a result: its sign and the words beside its arrow, where it has them, and its lines, last
    its `arrow`, if it has one, and the two of that arrow's head. All of it is anchored at points of the
    world. The `cost` is the length of its lines in points, and more where they do not lead straight from the
    middles of edges, or one of them is left out; it is negative for a link that need not
    stand. `sayings` are ways to say what the arrow does."""

    stage: Stage
    texts: tuple[Text, ...]
    lines: tuple[Leader, ...]
    cost: float
    arrow: Leader | None = None
    sayings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class LinkRoom:
    """What is written on a picture beside links: `boxes` (n, 4) and `lines` (n, 2, 2), of which links keep
    clear. `labels` are the boxes of the labels along the edges of matrices, by name: beyond them a line may
    end as at the edge."""

    boxes: np.ndarray
    lines: np.ndarray
    labels: Mapping[str, np.ndarray]


def links(
    canvas: Canvas, form: LinkForm, area: Box, written: LinkRoom, spared: int = SOME_LINES
) -> list[Link]:
    """The links of a canvas within an `area` of it. Those of the results that lead to a star or use it are
    needed; without a star, or with few results, all are. If not all of them have room, there are none, unless
    SOME_LINKS may be `spared`. Other links stand where they have room."""
    linked = _linked(canvas)
    if not 0 < sum(one.needed for one in linked) <= MOST_LINKED:
        return []
    linked = linked[:MOST_LINKED]
    free, found = Free(canvas, form, area, written), []
    planes = dict.fromkeys(plane for one in linked for plane in one.planes)
    taken = Counter(plane for one in linked for plane in one.planes[:-1])
    edges = {plane: _meets(canvas, plane, form.point, written) for plane in planes}
    signs: dict[Plane, _Line] = {}
    for one in sorted(linked, key=lambda one: not one.weighted):
        meets = [edges[plane] for plane in one.planes]
        if not one.weighted:
            meets[:-1] = [
                own.with_sign(signs[plane]) if plane in signs else own
                for own, plane in zip(meets, one.planes[:-1], strict=False)
            ]
        if len(meets) == 2:
            way = _straight(meets[0], meets[1], free)
        else:
            # A sum without one of its terms would be another one.
            whole = (spared == NO_LINE and one.needed) or one.weighted or one.sign in SUM_SIGNS
            # Of what several share, every line stands: it tells who shares.
            ends = [
                WITHOUT_END if one.sign and not whole and taken[plane] < 2 else NOT_FREE
                for plane in one.planes
            ]
            way = _around_a_sign(one.sign, ends, meets, free)
        through = _through(meets, free) if one.weighted else NO_WAY
        if through.cost < way.cost:
            one, way = replace(one, sign=""), through
        if way.cost >= DEAREST and one.needed and one.sign not in SUM_SIGNS and spared < SOME_LINKS:
            return []
        if way.cost >= DEAREST:
            continue
        if one.sign:
            signs |= {plane: line for plane, line in zip(one.planes[:-1], way.operands, strict=True) if line}
        found.append(_link(one, way, form))
        _take(way, free)
    return found


def with_words(
    canvas: Canvas, form: LinkForm, area: Box, written: LinkRoom, found: Sequence[Link]
) -> list[Link]:
    """These links, with words beside arrows where there is still room for them. What several arrows do alike,
    such as those of heads, is said once."""
    free, texts = Free(canvas, form, area, written), dict[Link, Text]()
    for link in found:
        for line in link.lines:
            free.take_line(line.start / form.point, line.end / form.point)
        for box in (box for text in link.texts for box in text.boxes()):
            free.take(box / form.point)
    for sayings in dict.fromkeys(link.sayings for link in found):
        arrows = [(link, link.arrow) for link in found if link.arrow and link.sayings == sayings]
        others = {link: _others(found, link, form) for link, _ in arrows}
        tried = (
            (link, _words(words, arrow, others[link], free, form))
            for words in sayings
            for link, arrow in arrows
        )
        texts |= dict(islice(((link, text) for link, text in tried if text), 1))
    return [replace(link, texts=(*link.texts, texts[link])) if link in texts else link for link in found]


# -- what is linked ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Meets:
    """Where a line may meet a matrix: `places` (m, 2) in points, what each costs (m,), the directions out of
    the matrix there (m, 2), the `gaps` from there to the line (m,), and the points of the world there
    (m, 3)."""

    places: np.ndarray
    costs: np.ndarray
    normals: np.ndarray
    gaps: np.ndarray
    anchors: np.ndarray

    def with_sign(self, line: "_Line") -> "Meets":
        """These, and the sign from which a `line` of another link leads to the matrix: it may go on there."""
        more = (line.sign, 0.0, unit(line.sign - line.end), SIGN_ROOM, line.near)
        own = self.places, self.costs, self.normals, self.gaps, self.anchors
        both = zip(own, more, strict=True)
        return Meets(*(np.concatenate([every, np.array(one)[None]]) for every, one in both))


@dataclass(frozen=True, eq=False)
class _Linked:
    """A result, the sign between its operands, and the planes of these and, last, of the result, which may
    still be `unfinished`. If a `needed` one has no room, the picture has no links. The last
    operand of a `weighted` one is weights, which may stand on the way from the other to the result."""

    stage: Stage
    sign: str
    planes: list[Plane]
    unfinished: bool
    needed: bool
    weighted: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The steps of a result's epilogue as words, such as "scale, softmax", and the same without scale and
        mask, where these have no room; none that have not run."""
        if self.unfinished:
            return ()
        functions = dict.fromkeys(s.function for s in self.stage.epilogue if s.function not in WORDLESS)
        every = dict.fromkeys(STEP_WORDS.get(name, name) for name in functions)
        few = [name for name in functions if name not in STEP_WORDS]
        return tuple(dict.fromkeys(", ".join(names) for names in (every, few) if few))


def _linked(canvas: Canvas) -> list[_Linked]:
    """The results on a canvas that are to be linked with what they are made of: needed ones first, and of
    these those that are nearest to it."""
    p, found = canvas.p, []
    stars = [plane for plane in canvas.planes if p.is_star(plane.stage)]
    made = [(plane, *_made_of(canvas, plane)) for plane in canvas.planes]
    few = sum(bool(made_of) for _, made_of, _ in made) <= FEW_LINKED
    for plane, made_of, sign in made:
        needed = few or not stars or any(p.is_star(one.stage) for one in (plane, *made_of))
        if not made_of:
            continue
        unfinished = plane.stage.name in canvas.unfinished
        weighted = p.scene.layout.scheme == "flat" and not needed and _is_weighted(made_of, sign)
        found.append(_Linked(plane.stage, sign, [*made_of, plane], unfinished, needed, weighted))
    return sorted(found, key=lambda one: (not one.needed, _reach(canvas, one.planes)))


def _reach(canvas: Canvas, planes: Sequence[Plane]) -> float:
    """How far the middles of the first of some matrices are from that of the last, all together."""
    middles = [canvas.project(plane.corners()).mean(axis=0) for plane in planes]
    return float(np.linalg.norm(np.array(middles[:-1]) - middles[-1], axis=1).sum())


def _made_of(canvas: Canvas, plane: Plane) -> tuple[list[Plane], str]:
    """(the matrices of a canvas that the one of `plane` is made of, the sign between them). There is a sign
    if these are all operands of the result, or all operands of a product that alone is shown of them."""
    shown = {operand.stage: _shown(canvas, operand.stage, plane) for operand in plane.stage.operands}
    found = list(dict.fromkeys(one for every in shown.values() for one in every))
    stage, parts = plane.stage, [stage for stage, every in shown.items() if every]
    if len(parts) == 1 and canvas.p.is_unseen(parts[0]):
        stage = parts[0]
    operands = {operand.stage for operand in stage.operands}
    whole = operands == {one.stage for one in found} and len(found) > 1
    return found, (PRODUCT_SIGN if stage.has_interior else stage.sign) if whole else ""


def _is_weighted(made_of: list[Plane], sign: str) -> bool:
    """Whether a result is a product with given weights."""
    return sign == PRODUCT_SIGN and not made_of[-1].stage.operands


def _shown(canvas: Canvas, stage: Stage, plane: Plane) -> list[Plane]:
    """The matrices of a canvas that show a stage to the result of `plane`: its own, or else, if it is unseen,
    those that it is made of."""
    own = [one for one in canvas.planes if one.stage is stage and one is not plane]
    if own:
        taken = [one for one in own if one.consumer == plane.stage.name and one.role != "result"]
        return taken or [min(own, key=lambda one: _reach(canvas, (one, plane)))]
    operands = stage.operands if canvas.p.is_unseen(stage) else ()
    return [one for operand in operands for one in _shown(canvas, operand.stage, plane)]


def _meets(canvas: Canvas, plane: Plane, point: float, written: LinkRoom) -> Meets:
    """Where a line may meet a matrix of a canvas: at its edges, or beyond the labels along them."""
    corners = plane.corners()
    quad = canvas.project(corners) / point
    labels = written.labels.get(plane.stage.name, NO_BOXES) / point
    limits = around(labels)
    found = []
    for (start, end), (first, last) in zip(edges_of(quad), edges_of(corners), strict=True):
        normal = outward_normal(start, end, quad.mean(axis=0))
        axis = int(abs(normal[1]) > abs(normal[0]))
        for part in ALONG_AN_EDGE:
            place, anchor = start + (end - start) * part, first + (last - first) * part
            cost = OFF_MIDDLE * abs(part - 0.5)
            found.append((*place, cost, *normal, EDGE_GAP, *anchor))
            beyond = limits[axis + 2 * (normal[axis] > 0)]
            if (far := (beyond - place[axis]) * np.sign(normal[axis])) > 0.0:
                place[axis] = beyond
                found.append((*place, cost + PAST_LABELS * far, *normal, GAP_TO_LABELS, *anchor))
    every = np.array(found)
    return Meets(every[:, :2], every[:, 2], every[:, 3:5], every[:, 5], every[:, 6:])


def _apart(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How far each of some boxes (n, 4) is from the nearest of some points (m, 2): (n,)."""
    beyond = np.maximum(boxes[:, None, :2] - points, points - boxes[:, None, 2:])
    return np.linalg.norm(np.maximum(beyond, 0.0), axis=2).min(axis=1, initial=np.inf)


# -- where nothing stands ---------------------------------------------------------------------------------


class Free:
    """Which points of an area of a canvas are free, on a raster RASTER_STEP apart. All places are in points
    of a form."""

    def __init__(self, canvas: Canvas, form: LinkForm, area: Box, written: LinkRoom):
        self.low, self.high = np.array(area).reshape(2, 2) / form.point
        shape = ((self.high - self.low) / RASTER_STEP).astype(int) + 1
        self.points = np.ones(shape, bool)
        for quad in (*canvas.quads, *canvas.faces, *canvas.strips):
            self.take_within(quad / form.point)
        for start, end in written.lines / form.point:
            self.take_line(start, end)
        self.take_each(written.boxes / form.point)

    def take_within(self, quad: np.ndarray) -> None:
        """Mark a convex quadrilateral (4, 2) as not free."""
        ends = np.stack([quad.min(axis=0), quad.max(axis=0) + RASTER_STEP])
        first, last = np.clip(((ends - self.low) / RASTER_STEP).astype(int), 0, self.points.shape)
        some = np.moveaxis(np.indices(np.maximum(last - first, 0)), 0, 2) + first
        inside = within((self.low + some * RASTER_STEP).reshape(-1, 2), quad)
        self.points[first[0] : last[0], first[1] : last[1]] &= ~inside.reshape(some.shape[:2])

    def take(self, box: np.ndarray) -> None:
        """Mark a box (4,), and everything nearer to it than LINK_GAP, as not free."""
        self.take_each(box[None])

    def take_each(self, boxes: np.ndarray) -> None:
        """As `take`, for boxes (n, 4)."""
        first = np.ceil((boxes[:, :2] - LINK_GAP - self.low) / RASTER_STEP)
        last = np.floor((boxes[:, 2:] + LINK_GAP - self.low) / RASTER_STEP)
        ranges = np.concatenate([np.maximum(first, 0), np.maximum(last + 1, 0)], axis=1).astype(int)
        for left, low, right, high in ranges.tolist():
            self.points[left:right, low:high] = False

    def take_line(self, start: np.ndarray, end: np.ndarray) -> None:
        """Mark a line between two points (2,) as not free."""
        count = int(np.linalg.norm(end - start) / RASTER_STEP) + 2
        self.take_each(np.tile(start + (end - start) * np.linspace(0.0, 1.0, count)[:, None], 2))

    def at(self, points: np.ndarray) -> np.ndarray:
        """Whether points (..., 2) are free: (...)."""
        return self._at(points[..., 0], points[..., 1])

    def _at(self, x, y):
        """As `at`. NumPy is faster on x and y apart than on pairs of them."""
        x, y = (np.rint((n - low) / RASTER_STEP).astype(int) for n, low in zip((x, y), self.low, strict=True))
        across, upward = self.points.shape
        outside = (x < 0) | (y < 0) | (x >= across) | (y >= upward)
        free = self.points.take(x * upward + y, mode="clip")
        free[outside] = False
        return free

    def along(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Whether lines between points (..., 2) are free from end to end: (...)."""
        ways, part = ends - starts, ALONG_A_LINK[:, 0]
        x, y = (starts[..., n, None] + ways[..., n, None] * part for n in (0, 1))
        return self._at(x, y).all(axis=-1)

    def boxes(self, boxes: np.ndarray) -> np.ndarray:
        """Which of the boxes (n, 4) are free, by lines along and across them: (n,)."""
        left, low, right, high = boxes.T
        middle = 0.5 * (low + high)
        ends = [
            np.stack([np.stack([x, y], 1) for x, y in ((left, at), (right, at))])
            for at in (low, middle, high)
        ]
        return np.all([self.along(*pair) for pair in ends], axis=0)


# -- where a link stands ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Line:
    """A line from `start` to `end`, (2,) each in points, the points of the world there, (3,) each, and the
    middle of the sign before its start (2,)."""

    start: np.ndarray
    end: np.ndarray
    near: np.ndarray
    far: np.ndarray
    sign: np.ndarray


@dataclass(frozen=True, eq=False)
class _Way:
    """The lines of a link, to each operand and as an arrow to the result, None for one that is left out; the
    middle of its sign (2,), the point of the world there (3,), and what it costs."""

    operands: Sequence[_Line | None]
    arrow: _Line | None
    sign: np.ndarray
    anchor: np.ndarray
    cost: float

    @property
    def lines(self) -> list[_Line]:
        """All lines that are drawn, last the two of the arrow's head."""
        arrow = [self.arrow, *_head(self.arrow)] if self.arrow else []
        return [*(line for line in self.operands if line), *arrow]


NO_WAY = _Way((), None, np.zeros(2), np.zeros(3), NOT_FREE)


def _straight(operand: Meets, result: Meets, free: Free) -> _Way:
    """An arrow from a single operand to the result."""
    ways = result.places - operand.places[:, None]  # (m, k, 2)
    length = np.linalg.norm(ways, axis=2)
    toward = ways / np.maximum(length, 1e-9)[..., None]
    out = (toward * operand.normals[:, None]).sum(axis=2), -(toward * result.normals).sum(axis=2)
    gaps = operand.gaps[:, None] + result.gaps
    starts = operand.places[:, None] + toward * operand.gaps[:, None, None]
    ends = result.places - toward * result.gaps[:, None]
    there = (length >= SHORTEST_LINK + gaps) & (np.minimum(*out) >= LEAST_STRAIGHT)
    there[there] = free.along(starts[there], ends[there])
    costs = length + operand.costs[:, None] + result.costs + GLANCING * (2.0 - sum(out))
    costs = np.where(there, costs, NOT_FREE)
    m, k = np.unravel_index(costs.argmin(), costs.shape)
    start, anchor = starts[m, k], operand.anchors[m]
    return _Way((), _Line(start, ends[m, k], anchor, result.anchors[k], start), start, anchor, costs[m, k])


def _through(every: Sequence[Meets], free: Free) -> _Way:
    """A line from an operand to the weights that it is multiplied with, and an arrow from these to the
    result."""
    operand, weights, result = every
    to, way = _straight(operand, weights, free), _straight(weights, result, free)
    return replace(way, operands=(to.arrow,), cost=to.cost + way.cost)


def _around_a_sign(sign: str, spared: Sequence[float], every: Sequence[Meets], free: Free) -> _Way:
    """The lines from a sign, which may be none, to the operands and the result. One of them may be left out,
    at the cost that `spared` gives for it."""
    places = np.concatenate([meets.places for meets in every])
    low, high = np.maximum(places.min(axis=0), free.low), np.minimum(places.max(axis=0), free.high)
    x, y = (np.arange(begin, end, SIGN_STEP) for begin, end in zip(low, high, strict=True))
    signs = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    signs = signs[free.at(signs)]
    ways = [_Ways(signs, meets) for meets in every]
    least = _sum_but_one([way.costs.min(axis=1) for way in ways], spared)
    best, cost = 0, DEAREST
    order = np.argsort(least, kind="stable")
    for n in range(0, len(order), TRIED_AT_ONCE):
        some = order[n : n + TRIED_AT_ONCE]
        if least[some[0]] >= cost:
            break
        some = some[free.boxes(np.concatenate([signs[some] - SIGN_ROOM, signs[some] + SIGN_ROOM], axis=1))]
        costs = _sum_but_one([way.clear(some, free).min(axis=1) for way in ways], spared)
        if costs.min(initial=NOT_FREE) < cost:
            best, cost = some[costs.argmin()], float(costs.min())
    if cost >= DEAREST:
        return NO_WAY
    ends = [way.chosen(best, free) for way in ways]
    saved = [end[2] - most for end, most in zip(ends, spared, strict=True)]
    left_out = int(np.argmax(saved)) if max(saved) > 0.0 else None
    ends = [None if n == left_out else end for n, end in enumerate(ends)]
    depth = np.mean([end[1] for end in ends if end], axis=0)
    middle, around = signs[best], SIGN_ROOM if sign else 0.0
    lines = [
        _Line(middle + around * unit(end[0] - middle), end[0], depth, end[1], middle) if end else None
        for end in ends
    ]
    return _Way(lines[:-1], lines[-1], middle, depth, cost)


def _sum_but_one(costs: Sequence[np.ndarray], spared: Sequence[float]) -> np.ndarray:
    """The sums of costs (n,), of which the one that costs most beyond what is `spared` counts as that much:
    (n,)."""
    saved = np.max([cost - most for cost, most in zip(costs, spared, strict=True)], axis=0)
    return np.sum(costs, axis=0) - np.maximum(saved, 0.0)


class _Ways:
    """The lines from each of some signs (n, 2) to where they may meet a matrix: what they cost (n, m),
    NOT_FREE where one would be too short, too slanting or too dear."""

    def __init__(self, signs: np.ndarray, meets: Meets):
        self.signs, self.meets = signs, meets
        x, y = signs.T[..., None] - meets.places.T[:, None]
        length = np.sqrt(x**2 + y**2)
        longer = np.maximum(length, 1e-9)
        self.toward = x / longer, y / longer
        out = self.toward[0] * meets.normals[:, 0] + self.toward[1] * meets.normals[:, 1]
        there = (length >= SHORTEST_LINK + SIGN_ROOM + meets.gaps) & (out >= LEAST_STRAIGHT)
        costs = length + meets.costs + GLANCING * (1.0 - out)
        self.costs = np.where(there & (costs < DEAREST), costs, NOT_FREE)

    def directions(self, n: np.ndarray | int, m: np.ndarray | int) -> np.ndarray:
        """The directions (..., 2) from places `m` of the matrix to signs `n`."""
        return np.stack([toward[n, m] for toward in self.toward], axis=-1)

    def clear(self, some: np.ndarray, free: Free) -> np.ndarray:
        """The costs of the lines from `some` of the signs (n,), NOT_FREE where something stands: (n, m)."""
        costs = self.costs[some]
        n, m = np.nonzero(costs < NOT_FREE)
        toward = self.directions(some[n], m)
        starts = self.signs[some[n]] - toward * SIGN_ROOM
        taken = ~free.along(starts, self.meets.places[m] + toward * self.meets.gaps[m, None])
        costs[n[taken], m[taken]] = NOT_FREE
        return costs

    def chosen(self, sign: int, free: Free) -> tuple[np.ndarray, np.ndarray, float]:
        """(where the best free line from a sign ends (2,), the point of the world there (3,), its cost)."""
        some = np.array([sign])
        costs = self.clear(some, free)[0]
        m = int(costs.argmin())
        end = self.meets.places[m] + self.directions(sign, m) * self.meets.gaps[m]
        return end, self.meets.anchors[m], float(costs[m])


# -- what is written at it --------------------------------------------------------------------------------


def _head(arrow: _Line) -> list[_Line]:
    """The two lines of the head of an arrow."""
    toward, heads = unit(arrow.end - arrow.start), []
    for angle in (-ARROW_ANGLE, ARROW_ANGLE):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        back = arrow.end - ARROW_LENGTH * turn @ toward
        heads.append(_Line(arrow.end, back, arrow.far, arrow.far, arrow.sign))
    return heads


def _take(way: _Way, free: Free) -> None:
    """Mark the lines of a link and the room of its sign as not free."""
    within_its_lines = SIGN_ROOM - LINK_GAP - 1.0
    free.take(np.tile(way.sign, 2) + within_its_lines * np.array([-1, -1, 1, 1]))
    for line in way.lines:
        free.take_line(line.start, line.end)


def _link(one: _Linked, way: _Way, form: LinkForm) -> Link:
    """The Link of these lines, without words."""
    drawn = [
        Leader(line.start * form.point, line.end * form.point, line.near, line.far) for line in way.lines
    ]
    texts = []
    if one.sign:
        x, y = way.sign * form.point
        y -= 0.5 * CAPITALS * form.type.sized(form.sign_size)
        texts.append(form.type.line(one.sign, x, y, form.sign_size, "CENTER", kind="sign", anchor=way.anchor))
    cost = way.cost - (0.0 if one.needed else DEAREST)
    return Link(one.stage, tuple(texts), tuple(drawn), cost, drawn[-3] if way.arrow else None, one.words)


def _others(found: Sequence[Link], link: Link, form: LinkForm) -> np.ndarray:
    """Points (n, 2) along the lines of all links but one."""
    lines = [line for other in found if other is not link for line in other.lines]
    along = [line.start + (line.end - line.start) * ALONG_A_LINK for line in lines]
    return np.concatenate([np.empty((0, 2)), *along]) / form.point


def _words(words: str, arrow: Leader, others: np.ndarray, free: Free, form: LinkForm) -> Text | None:
    """The words beside an arrow, or else around its start, nearer to it than to the `others`, points (n, 2)
    of other lines; None where they have no room."""
    start, end = arrow.start / form.point, arrow.end / form.point
    size = form.type.sized(form.word_size)
    half = 0.5 * np.array([form.type.width(words, form.word_size), CAPITALS * size]) / form.point
    turns = np.linspace(0.0, 2.0 * np.pi, WORD_TURNS, endpoint=False)
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    reach = (np.abs(ways) @ half + LINK_GAP + 1.0)[:, None] * ways
    level = np.argsort(np.abs(ways @ unit(end - start)), kind="stable")  # beside it before anywhere else
    beside = [
        start + (end - start) * part + reach[n] for part in ALONG_AN_ARROW for n in level[: WORD_TURNS // 2]
    ]
    sign = start - SIGN_ROOM * unit(end - start)
    middles = np.array([*beside, *(sign + SIGN_ROOM * ways + reach)])
    own = np.concatenate([start + (end - start) * ALONG_A_LINK, sign[None]])
    boxes = np.concatenate([middles - half, middles + half], axis=1)
    clear = np.flatnonzero(free.boxes(boxes) & (_apart(boxes, own) < _apart(boxes, others)))
    if not len(clear):
        return None
    box = np.tile(middles[clear[0]], 2) + np.concatenate([-half, half])
    free.take(box)
    x, y = 0.5 * (box[0] + box[2]) * form.point, box[1] * form.point
    said = form.type.line(words, x, y, form.word_size, "CENTER", kind="steps", soft=True)
    return replace(said, anchor=arrow.anchor)
