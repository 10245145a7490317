"""Readouts on the page of a figure: which ones, how large, and where beside or under the scene. Lengths are
points; the cells are rendered, lines and type are the page's."""

from collections.abc import Sequence

import numpy as np

from ..kinds.places import Plane
from ..staging import readouts
from ..staging.camera.framing import Vector, View
from ..staging.camera.views import INSIDE
from ..staging.plan import Plan
from ..staging.pooling import pitches
from ..staging.writing.items import Rule, Text
from ..staging.writing.readout_block import Readout, ReadoutForm
from ..staging.writing.typesetter import Typesetter
from .joined import Joined, grid_of, joined, pointed_out

BESIDE = 300.0  # points: in a panel less wide they stand under the scene
PART, DEEP = 0.42, 1.0  # of the panel's width, that they take beside the scene; their height under it
PAGE_READOUT_GAP = 8.0  # points from the scene
LEAST_CELL, MOST_CELL = 2.4, 7.5  # points between cells
LEAST_TYPE = 5.0  # points; journals print nothing smaller


def wanted(p: Plan) -> list[Plane]:
    """The planes that a figure shows flat: those asked for, or by themselves stars that are turned away."""
    if p.scene.camera.view in INSIDE:
        return []
    if p.scene.readout != readouts.AUTO:
        return readouts.named(p)
    stars = readouts.chosen_stars(p)
    return stars if stars and readouts.turned_away(p, stars) else []


def wanted_in(p: Plan, view: View, size: tuple[float, float]) -> list[Plane]:
    """The planes of stars whose entries are too close to each other in a View on a panel of this size."""
    if p.scene.readout != readouts.AUTO or p.scene.camera.view in INSIDE:
        return []
    stars = readouts.chosen_stars(p)
    return stars if any(min(pitches(star, view, size)) < LEAST_CELL for star in stars) else []


def blocks_for(
    p: Plan, planes: Sequence[Plane], type: Typesetter, size: float, small: float, width: float,
    height: float | None,
) -> list[Readout]:  # fmt: skip
    """The blocks of these planes for a panel of `width` × `height` points, as many as have room; type has
    `size` points, or is `small`."""
    token = max(small, LEAST_TYPE)
    form = ReadoutForm(
        name=size, detail=small, axis=small, token=token, least_token=min(token, LEAST_TYPE), gap=2.0,
        rule=0.35, hair=0.1, least=LEAST_CELL, most=MOST_CELL,
    )  # fmt: skip
    high = height or DEEP * width if is_beside(width) else DEEP * width
    area = (0.0, 0.0, PART * width if is_beside(width) else width - 2.0, high)
    while planes:
        if made := grid_of(p, planes, type, area, form, PAGE_READOUT_GAP):
            return made
        planes = planes[:-1]
    return []


def is_beside(width: float) -> bool:
    return width >= BESIDE


def extent(blocks: Sequence[Readout]) -> np.ndarray:
    """The width and height of all blocks, (2,)."""
    boxes = np.array([block.box for block in blocks])
    return boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)


def placed(blocks: Sequence[Readout], width: float, height: float, free: Vector) -> list[Readout]:
    """The blocks where they stand on a panel of `width` × `height` points, `free` of which nothing may stand
    in at its (left, right, bottom, top): at its right, in the middle of its height, or below, in that of its
    width.
    """
    boxes = np.array([block.box for block in blocks])
    low, (wide, tall) = boxes[:, :2].min(axis=0), extent(blocks)
    left, right, bottom, top = free
    if is_beside(width):
        x, y = width - right - wide, 0.5 * (bottom + height - top - tall)
    else:
        x, y = 0.5 * (left + width - right - wide), bottom
    return [block.moved(x - low[0], y - low[1]) for block in blocks]


def on_the_page(
    p: Plan, blocks: Sequence[Readout], view: View, size: tuple[float, float], texts: Sequence[Text]
) -> tuple[list[Joined], list[Text | Rule]]:
    """(the blocks with their places in the scene, all that is written of them) on a panel of this size; their
    lines cross few of the `texts`."""
    boxes = np.array([text.box for text in texts]).reshape(-1, 4)
    labels = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    every = joined(blocks, view, size, labels)
    items: list[Text | Rule] = []
    for one in every:
        block = one.readout
        end = (view.project(one.anchor[None])[0] + 1) / 2 * size
        path = np.concatenate([one.path, end[None]])
        width = block.rules[0].width
        lines = [Rule(a[0], a[1], b[0], b[1], width) for a, b in zip(path, path[1:], strict=False)]
        items += [*block.texts, *block.rules, *block.grid, *pointed_out(p, block), *lines]
    return every, items


def in_heights(one: Joined, height: float) -> Joined:
    """The same for a picture whose lengths are heights of it, of so many points: its cells alone."""
    block = one.readout
    bare = Readout(
        block.plane, block.pool, block.origin / height, block.steps / height,
        tuple(np.array(block.box) / height), (), (), (),
    )  # fmt: skip
    return Joined(bare, one.anchor, one.path / height)
