"""Readouts on the page of a figure: which ones, how large, and where beside or under the scene. Lengths are
points; the cells are rendered, lines and type are the page's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..kinds.places import Plane
from ..staging import readouts
from ..staging.camera.framing import Vector, View
from ..staging.plan import Plan
from ..staging.pooling import pitches
from ..staging.writing.boxes import corners_of
from ..staging.writing.callout_options import MOST_CALLOUTS, said_of, strongest
from ..staging.writing.items import Rule, Text, rule_between
from ..staging.writing.placing import spread
from ..staging.writing.readout_block import Readout, ReadoutForm
from ..staging.writing.typesetter import CAPITALS
from .figure_type import LEAST_TYPE, PageType
from .joined import Joined, around_entries, grid_of, joined, pointed_out

BESIDE = 300.0  # points: in a panel less wide they stand under the scene
PART, DEEP = 0.42, 1.0  # of the panel's width, that they take beside the scene; their height under it
TALLEST_BESIDE = 1.3  # greatest height to width of a block beside the scene
PAGE_READOUT_GAP = 8.0  # points from the scene
LEAST_CELL, MOST_CELL = 2.4, 7.0  # points between cells
CALLED_GAP, CALLED_LEADING = 4.0, 1.15  # from a matrix to a number called out; its lines, in sizes
LINE_OUTLINE, ENTRY_OUTLINE = 0.5, 1.1  # width of the outline of a row or a column, and of an entry


def wanted_in(p: Plan, view: View, size: tuple[float, float], cramped: bool) -> list[Plane]:
    """The planes of stars whose entries are too close to each other in a View on a panel of this size, or
    whose labels are `cramped` there."""
    stars = readouts.chosen_stars(p)
    return stars if cramped or any(min(pitches(star, view, size)) < LEAST_CELL for star in stars) else []


def larger_than(blocks: Sequence[Readout], view: View, size: tuple[float, float]) -> bool:
    """Whether blocks show entries of their matrices larger than a View does on a panel of this size."""
    own = [(np.abs(block.steps).max(axis=1).min(), min(pitches(block.plane, view, size))) for block in blocks]
    return any(flat > seen for flat, seen in own)


def blocks_for(
    p: Plan, planes: Sequence[Plane], type: PageType, width: float, height: float
) -> list[Readout]:
    """The blocks of as many of these planes as have room in `width` points of a panel. With a `height` other
    than 0, they stand beside the scene within that height."""
    form = ReadoutForm(
        name=type.size, detail=type.small, axis=type.small, token=type.small,
        least_token=LEAST_TYPE, gap=2.0, rule=0.35, hair=0.1, least=LEAST_CELL, most=MOST_CELL,
    )  # fmt: skip
    wide = PART * width if is_beside(width) else width - 2.0
    high = min(height or np.inf, TALLEST_BESIDE * wide) if is_beside(width) else DEEP * width
    while planes:
        texts = [text for plane in planes for _, texts in _numbers(p, plane) for text in texts]
        told = max((CALLED_GAP + type.width(text, type.size) * type.bolder for text in texts), default=0.0)
        if made := grid_of(p, planes, type, (0.0, 0.0, wide - told, high), form, PAGE_READOUT_GAP):
            return made
        planes = planes[:-1]
    return []


def is_beside(width: float) -> bool:
    return width >= BESIDE


def extent(p: Plan, blocks: Sequence[Readout], type: PageType) -> np.ndarray:
    """The width and height of all blocks with their text, (2,)."""
    low, high = _corners(p, blocks, type)
    return high - low


def _corners(p: Plan, blocks: Sequence[Readout], type: PageType) -> np.ndarray:
    """The lower left and the upper right corner of all blocks with the numbers called out at them, (2, 2)."""
    numbers = [line.box for block in blocks for line in called_out(p, block, type)]
    boxes = np.array([*(block.box for block in blocks), *numbers])
    return np.array([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def placed(
    p: Plan, blocks: Sequence[Readout], type: PageType, width: float, height: float, free: Vector
) -> list[Readout]:
    """The blocks at their places on a panel of `width` × `height` points, where `free` points at its (left,
    right, bottom, top) stay empty. They stand at the right, in the middle of the height, or below, in the
    middle of the width.
    """
    low, high = _corners(p, blocks, type)
    wide, tall = high - low
    left, right, bottom, top = free
    if is_beside(width - left - right):
        x, y = width - right - wide, 0.5 * (bottom + height - top - tall)
    else:
        x, y = 0.5 * (left + width - right - wide), bottom
    return [block.moved(x - low[0], y - low[1]) for block in blocks]


def _numbers(p: Plan, plane: Plane) -> list[tuple[tuple[int, int], list[str]]]:
    """(entry, its text in lines) for the entries of a plane's matrix at which the spotlight points."""
    shining = p.spotlight.last if p.spotlight else ()
    lit = [one for one in shining if one.pointed and one.single and one.stage is plane.stage]
    entries = list(dict.fromkeys(strongest(p, one) for one in lit))[:MOST_CALLOUTS]
    return [(entry, said_of(p, plane.stage, entry).split("  ")) for entry in sorted(entries)]


def called_out(p: Plan, block: Readout, type: PageType) -> list[Text]:
    """The numbers of the entries of a block at which the spotlight points, at the right ends of their
    rows."""
    numbers, line = _numbers(p, block.plane), CALLED_LEADING * type.size
    if not numbers:
        return []
    x = block.matrix[2] + CALLED_GAP
    rows = block.origin[1] + block.steps[0, 1] * np.array([i for (i, _), _ in numbers])
    middles = spread(rows[::-1], 2.2 * line)[::-1]
    lines = []
    for (_, texts), middle in zip(numbers, middles, strict=True):
        y = middle + 0.5 * line * (len(texts) - 1) - 0.5 * CAPITALS * type.size
        for n, text in enumerate(texts):
            lines.append(type.line(text, x, y - n * line, type.size, bold=n > 0, kind="callout"))
    return lines


def _outlined(p: Plan, block: Readout) -> list[Rule]:
    """The outlines of the entries in a block at which the spotlight points, with thin ones along their rows
    and columns."""
    rows, columns, lines = (0, block.plane.rows - 1), (0, block.plane.columns - 1), []
    for (i, j), _ in _numbers(p, block.plane):
        for down, along, width in (
            ((i, i), columns, LINE_OUTLINE),
            (rows, (j, j), LINE_OUTLINE),
            ((i, i), (j, j), ENTRY_OUTLINE),
        ):
            sides = around_entries(block, down, along)
            lines += [replace(side, width=width, strong=True) for side in sides]
    return lines


def on_the_page(
    p: Plan, blocks: Sequence[Readout], type: PageType, view: View, size: tuple[float, float],
    texts: Sequence[Text],
) -> tuple[list[Joined], list[Text | Rule], list[Text | Rule]]:  # fmt: skip
    """(the blocks with their places in the scene, all of their text, the items for the spotlight) on a panel
    of this size. The lines to their places cross few of the `texts`."""
    boxes = np.array([text.box for text in texts]).reshape(-1, 4)
    labels = corners_of(boxes)
    every = joined(blocks, view, size, labels)
    items: list[Text | Rule] = []
    pointed: list[Text | Rule] = []
    for one in every:
        block = one.readout
        lines = []
        if len(every) == 1:  # several are told by their names, and their lines would cross
            end = (view.project(one.anchor[None])[0] + 1) / 2 * size
            path = np.concatenate([one.path, end[None]])
            width = block.rules[0].width
            lines = [rule_between(*ends, width) for ends in zip(path, path[1:], strict=False)]
        texts_of = [replace(text, bold=text.kind == "name") for text in block.texts]
        items += [*texts_of, *block.rules, *block.grid, *pointed_out(p, block), *lines]
        pointed += [*_outlined(p, block), *called_out(p, block, type)]
    return every, items, pointed


def in_heights(one: Joined, height: float) -> Joined:
    """The cells alone, for a picture of this height in points, in heights of the picture."""
    block = one.readout
    bare = Readout(
        block.plane, block.pool, block.origin / height, block.steps / height,
        tuple(np.array(block.box) / height), (), (), (),
    )  # fmt: skip
    return Joined(bare, one.anchor, one.path / height)
