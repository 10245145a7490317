"""Readouts on the picture of a film: which matrices have one, and where they stand beside the scene.

They take a part of the frame at its right, or of a tall frame below; the camera sees the scene in the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..kinds.places import Plane
from ..staging import readouts
from ..staging.camera.framing import View
from ..staging.camera.views import INSIDE
from ..staging.highlights import highlights
from ..staging.plan import Plan
from ..staging.writing.axis_options import LONGEST_TOKEN
from ..staging.writing.captions import axes_of
from ..staging.writing.items import Box, Rule, outline
from ..staging.writing.overlay import EDGE, NARROW
from ..staging.writing.readout_block import Readout, ReadoutForm, readout_block
from ..staging.writing.typesetter import Typesetter, film_type

# Sizes in heights of the frame. No type is smaller than 14 pixels at 720.
FORM = ReadoutForm(
    name=0.036, detail=0.024, axis=0.023, token=0.025, least_token=0.0196, gap=0.009, rule=0.0016,
    hair=0.0009, least=readouts.APART, most=0.042,
)  # fmt: skip
PARTS = (0.30, 0.36, 0.42, 0.48, 0.54)  # of the frame, for all readouts
ENOUGH = 0.027  # heights of the frame between cells, from where on larger ones are worth little
LARGER = 0.15  # what a cell of the largest size is worth beyond that
TAKEN = 0.55  # what it costs to take all of the frame
BETWEEN = 0.035  # two readouts
APART = 0.03  # from the scene
AROUND = 0.7  # entries from the outermost ones of a matrix to the end of a line
CROSSING, SAMPLES = 0.25, 48  # what it costs to cross a label; points at which a line is looked at
POINTED = 2.2  # widths of the outline, of a frame around what is pointed out


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
        """What the readouts leave out, told in the corner of the picture."""
        words = {"max": "largest", "mean": "mean", "rms": "root mean square"}
        pools = dict.fromkeys(one.pool for one in self.readouts if one.pool)
        told = [
            f"beside the scene each cell is the {words[pool.rule]} of {pool.rows} × {pool.columns} entries"
            for pool in pools
        ]
        every = sorted({n for one in self.readouts for n in one.every if n > 1})
        return told + [f"one in {n} tokens is written beside the scene" for n in every]


NOTHING = Beside()


@dataclass(frozen=True, eq=False)
class Joined:
    """A readout, and the point of the world (3,) at its matrix to which a line leads from the end of a `path`
    on the picture, (n, 2), whose first point is the readout's joint."""

    readout: Readout
    anchor: np.ndarray
    path: np.ndarray


def joined(made: Beside, view: View, aspect: float, labels: np.ndarray) -> list[Joined]:
    """The readouts, each with the place at the edge of its matrix that a straight line reaches best in a
    View: it is short, and crosses few `labels`, outlines (n, 4, 2) on the picture."""
    paths = [_path(one, made.readouts) for one in made.readouts]
    return [
        Joined(one, _anchor(one, path[-1], view, aspect, labels), path)
        for one, path in zip(made.readouts, paths, strict=True)
    ]


def _path(one: Readout, every: Sequence[Readout]) -> np.ndarray:
    """From the joint of a readout out of all that is `every`: over what stands at its left."""
    left, low, _, high = one.box
    beside = [
        other.box[0] for other in every if other.box[2] < left and other.box[1] < high and low < other.box[3]
    ]
    if not beside:
        return one.joint[None]
    lane, x, y = high + 0.5 * BETWEEN, left - 0.5 * BETWEEN, one.joint[1]
    return np.array([one.joint, (x, y), (x, lane), (min(beside) - 0.5 * BETWEEN, lane)])


def _anchor(one: Readout, start: np.ndarray, view: View, aspect: float, labels: np.ndarray) -> np.ndarray:
    corners = one.plane.corners(AROUND)
    places = np.concatenate([corners, 0.5 * (corners + np.roll(corners, -1, axis=0))])
    on = lambda points: (view.project(points) + 1) / 2 * (aspect, 1.0)  # noqa: E731
    ends, along = on(places), np.linspace(0.03, 0.97, SAMPLES)[:, None]
    quads = np.concatenate([labels, on(one.plane.corners())[None]])
    costs = []
    for end in ends:
        points = end + along * (start - end)
        crossed = sum(_within(points, quad) for quad in quads)
        costs.append(np.linalg.norm(start - end) + CROSSING * crossed)
    return places[int(np.argmin(costs))]


def _within(points: np.ndarray, quad: np.ndarray) -> bool:
    """Whether one of some points (n, 2) is in a convex quadrilateral (4, 2)."""
    sides = np.roll(quad, -1, axis=0) - quad
    away = points[:, None] - quad
    turns = sides[:, 0] * away[..., 1] - sides[:, 1] * away[..., 0]
    return bool(((turns > 0).all(axis=1) | (turns < 0).all(axis=1)).any())


def pointed_out(p: Plan, one: Readout) -> list[Rule]:
    """The lines around what a description points out in a readout's matrix."""
    lines = []
    for pointed in highlights(p):
        if pointed.plane.stage is one.plane.stage:
            (top, bottom), (first, last) = pointed.rows, pointed.columns
            down, on = one.steps
            corners = one.origin + [
                (top - 0.5) * down + (first - 0.5) * on,
                (bottom + 0.5) * down + (last + 0.5) * on,
            ]
            width = POINTED * FORM.rule
            for side in outline((*corners.min(axis=0), *corners.max(axis=0))):
                lines.append(replace(side, width=width))
    return list(dict.fromkeys(lines))


def wanted_at_once(p: Plan) -> list[Plane]:
    """The planes whose readouts are shown wherever the camera stands: those asked for, or by themselves the
    stars that are turned away from it."""
    if p.scene.readout != readouts.AUTO or p.scene.camera.view in INSIDE:
        return [] if p.scene.camera.view in INSIDE else readouts.named(p)
    stars = readouts.chosen_stars(p)
    return stars if stars and readouts.turned_away(p, stars) else []


def wanted_after(p: Plan, film: Any, aspect: float) -> list[Plane]:
    """The planes of the stars that cannot be read in this Film of the plan, which has no readouts."""
    if p.scene.readout != readouts.AUTO or p.scene.camera.view in INSIDE:
        return []
    stars = readouts.chosen_stars(p)
    small = stars and readouts.too_small(p, stars, film.view, aspect)
    told = (letters for letters in [film.lettering])
    return (
        stars if small or any(readouts.unlabelled(p, stars, film.view, aspect, one) for one in told) else []
    )


def beside(p: Plan, planes: Sequence[Plane], aspect: float, written: np.ndarray) -> Beside:
    """The Beside of these planes on a frame of this `aspect`, width to height, clear of what is `written` on
    it, boxes (n, 4); of as many of them as have room."""
    scale = min(1.0, aspect / NARROW)
    type = film_type(p.typeface, scale)
    best, most = [], -np.inf
    while planes and not best:
        for part in PARTS:
            area = _area(aspect, part, written, scale)
            made = filled_area(p, planes, type, area)
            if not made:
                continue
            worth = _worth(made, aspect)
            if worth > most:
                best, most = made, worth
        planes = planes[:-1]
    return _settled(best, aspect) if best else NOTHING


def _area(aspect: float, part: float, written: np.ndarray, scale: float) -> Box:
    """The free box at the right of the frame, or below in a tall one, that takes a `part` of it."""
    edge = EDGE * scale
    if aspect < 1.0:
        low = max((top for left, low, right, top in written if top < 0.5), default=edge)
        return edge, low, aspect - edge, low + part
    right = aspect - edge
    left = right - part * aspect
    low, high = edge, 1.0 - edge
    for box_left, box_low, box_right, box_high in written:
        if box_right > left and box_left < right:
            if box_low + box_high > 1.0:
                high = min(high, box_low)
            else:
                low = max(low, box_high)
    return left, low, right, high


def filled_area(
    p: Plan, planes: Sequence[Plane], type: Typesetter, area: Box, form: ReadoutForm = FORM
) -> list[Readout]:
    """Blocks of these planes in rows and columns of an area, in the grid that lets their cells be largest;
    none where they have no room."""
    left, low, right, high = area
    best, most = [], 0.0
    for columns in range(1, len(planes) + 1):
        rows = -(-len(planes) // columns)
        width = (right - left - BETWEEN * (columns - 1)) / columns
        height = (high - low - BETWEEN * (rows - (columns == 1))) / rows  # a lane for lines over each row
        if width <= 0.0 or height <= 0.0:
            continue
        blocks = [readout_block(p, plane, type, form, width, height) for plane in planes]
        if all(blocks) and min(block.pitch for block in blocks) > most:
            most = min(block.pitch for block in blocks)
            best = _in_grid(blocks, columns, area)
    return best


def _in_grid(blocks: Sequence[Readout], columns: int, area: Box) -> list[Readout]:
    """Blocks row by row, the columns of the grid as wide as they need; all at the right of the area, and in
    the middle of its height."""
    left, low, right, high = area
    rows = [blocks[n : n + columns] for n in range(0, len(blocks), columns)]
    sizes = [[np.subtract(one.box[2:], one.box[:2]) for one in row] for row in rows]
    widths = [max(row[n][0] for row in sizes if n < len(row)) for n in range(columns)]
    heights = [max(size[1] for size in row) for row in sizes]
    x0 = right - sum(widths) - BETWEEN * (columns - 1)
    y = 0.5 * (low + high) + 0.5 * (sum(heights) + BETWEEN * (len(rows) - 1)) - 0.5 * BETWEEN * (columns > 1)
    placed = []
    for row, height in zip(rows, heights, strict=True):
        x = x0
        for block, width in zip(row, widths, strict=False):
            placed.append(block.moved(x - block.box[0], y - block.box[3]))
            x += width + BETWEEN
        y -= height + BETWEEN
    return placed


def _worth(made: Sequence[Readout], aspect: float) -> float:
    """How good a place for readouts is: cells that can be read, and much of the frame left to the scene."""
    boxes, pitch = np.array([one.box for one in made]), min(one.pitch for one in made)
    if aspect < 1.0:
        taken = boxes[:, 3].max() - boxes[:, 1].min()
    else:
        taken = (boxes[:, 2].max() - boxes[:, 0].min()) / aspect
    thinned = sum(n > 1 for one in made for n in one.every) / len(made)
    return min(pitch / ENOUGH, 1.0) + LARGER * pitch / FORM.most - TAKEN * taken - 0.2 * thinned


def _settled(made: Sequence[Readout], aspect: float) -> Beside:
    boxes = np.array([one.box for one in made])
    if aspect < 1.0:
        return Beside(tuple(made), np.array([0.0, 0.0, boxes[:, 3].max() + APART, 0.0]))
    return Beside(tuple(made), np.array([0.0, 1.0 - (boxes[:, 0].min() - APART) / aspect, 0.0, 0.0]))
