"""Readouts on a picture: blocks in rows and columns, and the lines that join them to their places in the
scene.

Lengths are in the units of the picture, see `staging.writing.readout_block`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..kinds.places import Plane
from ..staging.camera.framing import View
from ..staging.highlights import highlights
from ..staging.plan import Plan
from ..staging.pooling import POOL_WORDS
from ..staging.writing.boxes import corners_of, within
from ..staging.writing.items import Box, Rule, outline
from ..staging.writing.readout_block import Readout, ReadoutForm, readout_block
from ..staging.writing.typesetter import Typesetter

JOINED_GAP = 0.035  # two readouts, of the picture's height
AROUND = 0.7  # entries from the outermost ones of a matrix to the end of a line
CROSSING, LINE_SAMPLES = 0.25, 48  # cost of crossing a label; points at which a line is checked
POINTED = 2.2  # widths of the outline, of a frame around what is pointed out


def grid_of(
    p: Plan,
    planes: Sequence[Plane],
    type: Typesetter,
    area: Box,
    form: ReadoutForm,
    between: float = JOINED_GAP,
) -> list[Readout]:
    """Blocks of these planes in rows and columns of an area, in the grid with the largest cells; none if they
    have no room."""
    left, low, right, high = area
    best: list[Readout] = []
    most = 0.0
    for columns in range(1, len(planes) + 1):
        rows = -(-len(planes) // columns)
        width = (right - left - between * (columns - 1)) / columns
        height = (high - low - between * (rows - (columns == 1))) / rows  # a lane for lines over each row
        if width <= 0.0 or height <= 0.0:
            continue
        made = [readout_block(p, plane, type, form, width, height) for plane in planes]
        blocks = [block for block in made if block]
        if len(blocks) == len(planes) and min(block.pitch for block in blocks) > most:
            most = min(block.pitch for block in blocks)
            best = _in_grid(blocks, columns, area, between)
    return best


def _in_grid(blocks: Sequence[Readout], columns: int, area: Box, between: float) -> list[Readout]:
    """Blocks row by row, the columns of the grid as wide as they need; all at the right of the area, and in
    the middle of its height."""
    left, low, right, high = area
    rows = [blocks[n : n + columns] for n in range(0, len(blocks), columns)]
    sizes = [[np.subtract(one.box[2:], one.box[:2]) for one in row] for row in rows]
    widths = [max(row[n][0] for row in sizes if n < len(row)) for n in range(columns)]
    heights = [max(size[1] for size in row) for row in sizes]
    x0 = right - sum(widths) - between * (columns - 1)
    y = 0.5 * (low + high) + 0.5 * (sum(heights) + between * (len(rows) - 1)) - 0.5 * between * (columns > 1)
    placed = []
    for row, height in zip(rows, heights, strict=True):
        x = x0
        for block, width in zip(row, widths, strict=False):
            placed.append(block.moved(x - block.box[0], y - block.box[3]))
            x += width + between
        y -= height + between
    return placed


@dataclass(frozen=True, eq=False)
class Joined:
    """A readout and the line to its matrix. The `path` on the picture, (n, 2), begins at an end of the rule
    under the readout's name; from its end, a line leads to the point of the world (3,) at the matrix."""

    readout: Readout
    anchor: np.ndarray
    path: np.ndarray


def joined(
    blocks: Sequence[Readout], view: View, size: tuple[float, float], labels: np.ndarray
) -> list[Joined]:
    """Blocks on a picture of this `size`, each with the best place for its line at the edge of its matrix in
    a View: the line is short, and crosses few `labels`, outlines (n, 4, 2) on the picture."""
    every = []
    for one in blocks:
        path = _path(one, blocks, JOINED_GAP * size[1])
        rule = one.rules[0]
        ends = [path] if len(path) > 1 else [path, np.array([[rule.x1, rule.y1]])]  # either end of the rule
        ways = [(*_anchor(one, end[-1], view, size, labels), end) for end in ends]
        _, anchor, path = min(ways, key=lambda way: way[0])
        every.append(Joined(one, anchor, path))
    return every


def _path(one: Readout, every: Sequence[Readout], between: float) -> np.ndarray:
    """The path from the joint of a readout until it is clear of all blocks in `every`: over the blocks at its
    left."""
    left, low, _, high = one.box
    beside = [
        other.box[0] for other in every if other.box[2] < left and other.box[1] < high and low < other.box[3]
    ]
    if not beside:
        return one.joint[None]
    lane, x, y = high + 0.5 * between, left - 0.5 * between, one.joint[1]
    return np.array([one.joint, (x, y), (x, lane), (min(beside) - 0.5 * between, lane)])


def _anchor(
    one: Readout, start: np.ndarray, view: View, size: tuple[float, float], labels: np.ndarray
) -> tuple[float, np.ndarray]:
    """(the cost of the best line from `start`, the point of the world where it ends)."""
    corners = one.plane.corners(AROUND)
    places = np.concatenate([corners, 0.5 * (corners + np.roll(corners, -1, axis=0))])
    on = lambda points: (view.project(points) + 1) / 2 * size  # noqa: E731
    ends, along = on(places), np.linspace(0.03, 0.97, LINE_SAMPLES)[:, None]
    own = corners_of(np.array([text.box for text in one.texts]))
    quads = np.concatenate([labels, own, on(one.plane.corners())[None]])
    costs = []
    for end in ends:
        points = end + along * (start - end)
        crossed = sum(bool(within(points, quad).any()) for quad in quads)
        costs.append(float(np.linalg.norm(start - end)) + CROSSING * size[1] * crossed)
    best = int(np.argmin(costs))
    return costs[best], places[best]


def pointed_out(p: Plan, one: Readout) -> list[Rule]:
    """The lines around the entries of a readout that a description points out."""
    lines = []
    for pointed in highlights(p):
        if pointed.plane.stage is one.plane.stage:
            sides = around_entries(one, pointed.rows, pointed.columns)
            lines += [replace(side, width=POINTED * one.rules[0].width) for side in sides]
    return list(dict.fromkeys(lines))


def around_entries(one: Readout, rows: tuple[int, int], columns: tuple[int, int]) -> list[Rule]:
    """The lines around the entries of a readout from the first to the last of `rows` and `columns`."""
    (top, bottom), (first, last), (down, on) = rows, columns, one.steps
    corners = one.origin + [
        (top - 0.5) * down + (first - 0.5) * on,
        (bottom + 0.5) * down + (last + 0.5) * on,
    ]
    return outline((*corners.min(axis=0), *corners.max(axis=0)))


def notes_of(
    blocks: Sequence[Readout],
    cells: str = "beside the scene each cell is",
    where: str = " beside the scene",
    words: Mapping[str, str] = POOL_WORDS,
) -> list[str]:
    """What readouts leave out, as notes: what their `cells` are, in `words` for each rule of pooling, and
    `where` tokens are written."""
    pools = dict.fromkeys(one.pool for one in blocks if one.pool)
    told = [f"{cells} the {words[pool.rule]} of {pool.rows} × {pool.columns} entries" for pool in pools]
    every = sorted({n for one in blocks for n in one.every if n > 1})
    return told + [f"one in {n} tokens is written{where}" for n in every]
