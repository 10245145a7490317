"""Options for the name of a matrix, with its shape under it: beyond one of its edges, or in its middle."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from ...kinds.places import Plane
from . import mm_names
from .boxes import around, strips
from .canvas import Canvas
from .captions import name_of
from .items import Text
from .placing import Later, Leader, Option, Wish, Written, writer
from .scripts import LOWERED, RAISED, indexed

NAME_WIDTH = 14.0  # in sizes; what is longer ends with an ellipsis
NAME_GAP = 0.009  # between type and what it belongs to
# Places beyond an edge: the part of the edge, the distance, and what both cost.
_NAME_PLACES = np.array([
    *((part, 0.0, slid) for part, slid in ((0.5, 0.0), (0.3, 0.6), (0.7, 0.6), (0.1, 1.2), (0.9, 1.2))),
    *((part, far, 0.8 * (part != 0.5) + left) for far, left in ((0.03, 2.0), (0.07, 4.0), (0.13, 7.0))
      for part in (0.5, 0.2, 0.8)),
    *((part, far, cost) for part in (-0.18, 1.18) for far, cost in ((0.0, 3.0), (0.03, 4.0), (0.07, 6.0))),
])  # fmt: skip
COST_OF_NOT_ABOVE = 12.0  # for the name of a panel
NEXT_TO = 5  # of them are next to the edge
COST_OF_STRANGE_NAME = 200.0  # cost of a name that is nearer to another matrix
SMALLER_NAME = 60.0  # cost of a smaller name
INSIDE_SCALES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.3)  # of a name in the middle of its matrix


def names(canvas: Canvas, planes: Iterable[Plane]) -> Iterator[Wish]:
    """The name of each of these planes with its shape under it."""
    for plane in planes:
        texts = name_of(canvas.p, plane, NAME_WIDTH, canvas.unfinished, shared=canvas.form.shared)
        if canvas.p.scene.look.center_names:
            options = [
                Later(SMALLER_NAME * (1.0 - part), partial(_inside, canvas, plane, *texts[:2], part))
                for part in INSIDE_SCALES
            ]
        else:
            blocks = {align: _block(canvas, *texts, align) for align in ("LEFT", "CENTER", "RIGHT")}
            options = _around(canvas, blocks, plane)
        yield Wish("name", plane.stage.name, options)


def _block(canvas: Canvas, name: str, raised: str, shape: str, align: str) -> list[Text]:
    """The lines of a name at the origin."""
    type, size, small = canvas.type, canvas.form.name, canvas.form.detail
    name, index = indexed(name)
    lines = [type.line(name, 0.0, 0.0, size, align, bold=True, kind="name")]
    lines += type.following(lines[0], size, ((index, LOWERED), (raised, RAISED)))
    apart = 0.34 * type.sized(size) + 0.78 * type.sized(small)
    under = min(-apart, lines[0].low - 0.8 * type.sized(small))
    return [*lines, type.line(shape, 0.0, under, small, align, kind="detail", soft=True)]


def _around(canvas: Canvas, blocks: dict[str, list[Text]], plane: Plane) -> list[Later]:
    """Options for a name beyond one edge of a plane; `blocks` has its lines by their alignment."""
    quad, ways = canvas.project(plane.corners()), []
    for edge in range(4):
        a, b = quad[edge], quad[(edge + 1) % 4]
        normal = outward_normal(a, b, quad.mean(axis=0))
        # Above a wall, before a floor; towards the outside.
        up = normal[1] if abs(plane.outward[2]) < 0.5 else -normal[1]
        cost = 2.0 * (1.0 - up) - unit(0.5 * (a + b) - canvas.center) @ normal
        if canvas.p.panels:
            cost = COST_OF_NOT_ABOVE * (1.0 - up)
        beyond = partial(_beyond, canvas, blocks, plane, edge, (a, b), normal, cost)
        ways.append(Later(_NAME_PLACES[:, 2].min() + cost, beyond))
    return ways


def _beyond(
    canvas: Canvas,
    blocks: dict[str, list[Text]],
    plane: Plane,
    edge: int,
    ends_of_edge: tuple[np.ndarray, np.ndarray],
    normal: np.ndarray,
    cost: float,
) -> list[Option]:
    """Options for a name beyond one edge of a plane, 0 to 3: next to the edge, or further away with a leader.
    The edge's ends, unit normal and `cost` on the picture are given."""
    first, second = plane.corners()[[edge, (edge + 1) % 4]]
    a, b = ends_of_edge
    lines = blocks["CENTER" if abs(normal[0]) < 0.8 else "LEFT" if normal[0] > 0 else "RIGHT"]
    box = around(np.array([line.box for line in lines]))
    center, half = 0.5 * (box[:2] + box[2:]), 0.5 * (box[2:] - box[:2])
    parts, fars, costs = _NAME_PLACES[: NEXT_TO if canvas.crowded else None].T
    away = normal * (0.5 * NAME_GAP + canvas.stands_out(plane, a, normal))
    beside = a + parts[:, None] * (b - a) + away
    starts = a + np.clip(parts, 0.0, 1.0)[:, None] * (b - a) + away
    by = beside + normal * (fars + 0.5 * NAME_GAP + np.abs(normal) @ half)[:, None] - center
    boxes = box + np.tile(by, 2)
    ends = np.clip(starts, boxes[:, :2], boxes[:, 2:])
    leaders = strips(starts, ends, 0.0).reshape(-1, len(boxes), 4)
    costs = (
        costs
        + cost
        + canvas.costs(boxes)
        + COST_OF_STRANGE_NAME * canvas.nearer_to_another(np.array(lines[0].box) + np.tile(by, 2), plane)
    )

    def option(m):
        anchor = first + parts[m] * (second - first)

        def write():
            x, y = by[m]
            moved = [replace(line, x=line.x + x, y=line.y + y, anchor=anchor) for line in lines]
            return Written(moved, [Leader(starts[m], ends[m], anchor)] if fars[m] else ())

        taken = np.concatenate([boxes[m : m + 1], leaders[:, m]]) if fars[m] else boxes[m : m + 1]
        return Option(taken, costs[m], write)

    return [option(m) for m in range(len(boxes))]


def _inside(canvas: Canvas, plane: Plane, name: str, raised: str, part: float) -> list[Option]:
    """A name in the middle of its matrix, as large as mm writes it, or `part` of that."""
    towards = canvas.view.towards(plane.corners().mean(axis=0))
    anchor, type = mm_names.place_of(plane, towards), replace(canvas.type, least=0.0)
    size = mm_names.size_of(*plane.units, name, canvas.p.scene.look.center_names)
    high = part * size / canvas.unit_at(anchor)
    size = high / type.scale
    x, y = canvas.project(anchor[None])[0] - (0.0, 0.35 * high)
    lines = [type.line(name, x, y, size, "CENTER", kind="name", anchor=anchor)]
    if raised:
        above, small = y + RAISED.raised * high, RAISED.size * size
        lines.append(type.line(raised, lines[0].box[2], above, small, kind="name", anchor=anchor))
    if shape := mm_names.shape_of(plane):
        small = mm_names.SHAPE_SIZE * size
        under = y + lines[0].low - 0.82 * small * type.scale
        lines.append(type.line(shape, x, under, small, "CENTER", kind="detail", anchor=anchor))
    return [Option(np.array([line.box for line in lines]), SMALLER_NAME * (1.0 - part), writer(lines))]


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector with length 1, or 0 where it has none."""
    return vector / (np.linalg.norm(vector) or 1.0)


def outward_normal(a: np.ndarray, b: np.ndarray, center: np.ndarray) -> np.ndarray:
    """The unit normal of an edge from a to b that leads away from a center, up where it has no length."""
    x, y = unit(b - a)
    normal = np.array([y, -x]) if x or y else np.array([0.0, 1.0])
    return normal if normal @ (0.5 * (a + b) - center) >= 0 else -normal
