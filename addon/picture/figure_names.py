"""The names of matrices on a page with their shapes, and the titles of results that stand side by side."""

from collections.abc import Sequence

import numpy as np

from ..kinds.places import Plane
from ..staging.writing import captions
from ..staging.writing.boxes import edges_of, meeting
from ..staging.writing.items import Text, moved
from ..staging.writing.name_options import outward_normal
from ..staging.writing.placing import Leader, Written
from ..staging.writing.scripts import LOWERED, RAISED, indexed
from .figure_labels import LEADER_WIDTH, PAGE_LABEL_GAP, SHARED, TOUCHING, Labels, leader_rule
from .figure_readouts import is_beside
from .figure_type import ASCENT, BOLDER, DESCENT, PageType

NAME_LEADER = 8.0  # from a name to its matrix, from where on a leader joins them
TITLE_STEPS = 40  # of a point each, in which a title may stand further away
# Places of a name beyond an edge: the part of it away from its middle, sizes of type beyond it, their cost.
_TITLE_PLACES = np.array([
    (shift, far, 4.0 * far + 12.0 * abs(shift)) for shift in (0.0, -0.25, 0.25)
    for far in (0.0, 1.0, 2.0, 4.0)
])  # fmt: skip
SHAPE_COSTS = (80.0, 0.0, 3.0)  # of a shape that is left out, in a line, in two
BRIEF_COST = 6.0  # of a shape without what its axes are; in a narrow panel it is the other that costs so much


def write_titles(labels: Labels) -> None:
    """The titles of results that stand side by side: below each, or at its left if they run down the page."""
    groups = () if labels.canvas.p.scene.camera.subject else captions.titled(labels.canvas.p)
    taken, size = labels.boxes(rules=True), labels.type.size
    for one, down in [(one, down) for group, down in groups for one in group]:
        corners = labels.canvas.project(one.corners)
        low, high = corners.min(axis=0), corners.max(axis=0)
        x, y = 0.5 * (low + high)
        at, align = (
            ((low[0] - PAGE_LABEL_GAP, y), "RIGHT")
            if down
            else ((x, low[1] - PAGE_LABEL_GAP - ASCENT * size), "CENTER")
        )
        line = labels.type.line(one.title, *at, size, align, bold=True, kind="title")
        further = np.arange(TITLE_STEPS)[:, None] * ((-1.0, 0.0) if down else (0.0, -1.0))
        boxes = np.array(line.box) + np.tile(further, 2)
        met = meeting(boxes, taken, -TOUCHING).sum(axis=1)
        best = int(np.argmin(SHARED * met + labels.coverage.under(boxes)))
        labels.items.append(moved(line, *further[best]))
        taken = np.concatenate([taken, boxes[best : best + 1]])


def write_names(labels: Labels) -> None:
    """The name of each matrix, with its shape under it, at its freest place. Small matrices and matrices seen
    from their edge come first, because they have the least room around them."""
    taken = np.concatenate([labels.boxes(rules=True), labels.on_strips()])
    named = set(captions.named(labels.canvas.p))
    planes = zip(labels.canvas.planes, labels.canvas.quads, strict=True)
    for plane, quad in sorted(planes, key=lambda one: _area(one[1])):
        if plane not in named:
            continue
        places = _name_places(labels, plane, quad)
        if plane not in labels.chosen:
            labels.chosen[plane] = places.best(taken)
        best = labels.chosen[plane]
        boxes = places.taken(best)
        if meeting(boxes, taken, -TOUCHING).any():
            flat = bool(labels.told) and labels.canvas.p.is_star(plane.stage)  # it is named there
            labels.missing += [] if flat else ["not every matrix has room for its name"]
            continue
        labels.add(places.written(best))
        taken = np.concatenate([taken, boxes])


def _area(quad: np.ndarray) -> float:
    """The area of a quadrilateral (4, 2) on the page."""
    (x, y), (next_x, next_y) = quad.T, np.roll(quad, -1, axis=0).T
    return 0.5 * abs((x * next_y - next_x * y).sum())


def _name_places(labels: Labels, plane: Plane, quad: np.ndarray) -> "_Places":
    """A name beyond each edge of its matrix, along it and further out; its shape in one line, in two, or
    left out."""
    name, raised, _ = captions.name_of(labels.canvas.p, plane)
    blocks = [_Block(labels.type, name, raised, *way) for way in _shapes(labels, plane)]
    edges, center = edges_of(quad), quad.mean(axis=0)
    normals = np.array([outward_normal(a, b, center) for a, b in edges])
    places = _Places(blocks, edges, normals, labels.type.size)
    places.costs += _costs(labels, places.boxes, normals[places.edge])
    return places


def _shapes(labels: Labels, plane: Plane) -> list[tuple[tuple[str, ...], float]]:
    """Ways to write the shape of a matrix, with their costs: with the titles of its axes, query 16 × key 16,
    in one line or in two; without titles; not at all."""
    p = labels.canvas.p
    counts = str(plane.rows), str(plane.columns)
    names = (p.typeface.shown(name) for name in captions.axis_names_of(p, plane.stage))
    sides = plane.as_labelled(*(f"{name} {n}".strip() for name, n in zip(names, counts, strict=True)))
    brief = " × ".join(plane.as_labelled(*counts))
    long, short = (BRIEF_COST, 0.0) if not is_beside(labels.canvas.width) else (0.0, BRIEF_COST)
    if p.is_star(plane.stage) and any(one.kind == "axis" for one in labels.items if isinstance(one, Text)):
        return [((brief,), 0.0), ((), SHAPE_COSTS[0])]  # its axes have their names
    ways = [(" × ".join(sides),), (f"{sides[0]} ×", sides[1]), ()]
    return [(way, SHAPE_COSTS[len(way)] + long) for way in ways] + [((brief,), SHAPE_COSTS[1] + short)]


def _costs(labels: Labels, boxes: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """How bad places beyond edges with these normals (n, 2) are: over a matrix, inside the picture, or
    beyond all of it: (n,)."""
    low, high = labels.coverage.low - boxes[:, :2], boxes[:, 2:] - labels.coverage.high
    beside, above = (np.maximum(low, 0.0) + np.maximum(high, 0.0)).T
    away = 0.5 * (boxes[:, :2] + boxes[:, 2:]) - labels.center
    inward = -(away * normals).sum(axis=1) / (np.linalg.norm(away, axis=1) + 1e-12)
    covered = 4.0 * labels.coverage.under(boxes)
    return covered + 0.6 * beside + 0.2 * above + 6.0 * inward - 4.0 * np.abs(normals[:, 1])


class _Places:
    """All places of a name beyond the edges (4, 2, 2) of its matrix, with these normals: each of its blocks,
    at each edge, at each of _TITLE_PLACES. `costs` do not contain the cost of covering the picture yet."""

    def __init__(self, blocks: Sequence["_Block"], edges: np.ndarray, normals: np.ndarray, size: float):
        count = (len(blocks), len(edges), len(_TITLE_PLACES))
        self.block, self.edge, beyond = np.indices(count).reshape(3, -1)
        self.blocks, self.normals = blocks, normals
        shift, further, cost = _TITLE_PLACES[beyond].T
        half = np.array([block.half for block in blocks])[self.block]
        # Straight out of the picture's side that the edge is at, until clear of the whole edge.
        longest = np.abs(normals).max(axis=1, keepdims=True)
        straight = np.where(np.abs(normals) == longest, np.sign(normals), 0.0)
        out = (normals * straight).sum(axis=1)[self.edge]
        reach = (PAGE_LABEL_GAP + (np.abs(normals)[self.edge] * half).sum(axis=1)) / out + further * size
        a, b = edges[self.edge, 0], edges[self.edge, 1]
        self.starts = 0.5 * (a + b) + shift[:, None] * (b - a)
        self.middles = self.starts + reach[:, None] * straight[self.edge]
        self.boxes = np.concatenate([self.middles - half, self.middles + half], axis=1)
        self.costs = cost + np.array([block.cost for block in blocks])[self.block]
        # A leader, if the name could be taken for that of another matrix.
        self.ends = np.clip(self.starts, self.boxes[:, :2] - 1.0, self.boxes[:, 2:] + 1.0)
        self.far = np.linalg.norm(self.ends - self.starts, axis=1) > NAME_LEADER

    def best(self, taken: np.ndarray) -> int:
        """The number of the cheapest place, given boxes (n, 4) that are taken; the name keeps some
        distance."""
        met = meeting(self.boxes, taken, PAGE_LABEL_GAP - TOUCHING).sum(axis=1)
        starts, ends = self.starts[self.far], self.ends[self.far]
        low, high = np.minimum(starts, ends), np.maximum(starts, ends)
        half = 0.5 * LEADER_WIDTH
        leaders = np.concatenate([low - half, high + half], axis=1)
        met[self.far] += meeting(leaders, taken, -TOUCHING).sum(axis=1)
        return int(np.argmin(SHARED * met + self.costs))

    def leader(self, n: int) -> Leader:
        return Leader(self.starts[n], self.ends[n])

    def taken(self, n: int) -> np.ndarray:
        """The boxes of the name and of its leader: (1 or 2, 4)."""
        return np.array([self.boxes[n], *([leader_rule(self.leader(n)).box] if self.far[n] else [])])

    def written(self, n: int) -> Written:
        leaders = [self.leader(n)] if self.far[n] else []
        return self.blocks[self.block[n]].written(self.middles[n], self.normals[self.edge[n]], leaders)


class _Block:
    """A name with what is raised or lowered after it, the lines of its shape under it, and their cost."""

    def __init__(self, type: PageType, name: str, raised: str, shape: Sequence[str], cost: float):
        self.type, self.raised, self.shape, self.cost = type, raised, shape, cost
        self.name, self.index = indexed(name)
        self.room = 0.5 * type.size * bool(raised) + type.width(self.index, LOWERED.size * type.size)
        widths = [type.width(line, type.small) for line in shape]
        self.width = max([type.width(self.name, type.size) * BOLDER + self.room, *widths])
        self.under = [1.05 * type.size + 1.1 * type.small * n for n in range(len(shape))]
        height = ASCENT * type.size + max(self.under, default=0.0) + DESCENT * type.small
        self.half = 0.5 * np.array([self.width, height])

    def written(self, middle: np.ndarray, normal: np.ndarray, leaders: Sequence[Leader]) -> Written:
        """Its lines around a middle, towards the edge from which this normal leads."""
        type, side = self.type, np.sign(normal[0]) if abs(normal[0]) > 0.8 else 0.0
        align = {0.0: "CENTER", 1.0: "LEFT", -1.0: "RIGHT"}[side]
        x, y = middle[0] - 0.5 * side * self.width, middle[1] + self.half[1] - ASCENT * type.size
        left = x - self.room * 0.5 * (1.0 - side)  # what is raised stands after it
        lines = [type.line(self.name, left, y, type.size, align, bold=True, kind="name")]
        for line, down in zip(self.shape, self.under, strict=True):
            lines.append(type.line(line, x, y - down, type.small, align, soft=True, kind="detail"))
        lines += type.following(lines[0], type.size, ((self.index, LOWERED), (self.raised, RAISED)))
        return Written(lines, leaders)
