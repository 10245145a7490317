"""Pooling: if entries would be smaller than a few pixels, one bead stands for a block of a × b entries.

Entries smaller than a pixel would render as grey moiré. A bead is as large as its block and stands in the
middle of it. By the rule, it shows the entry of the largest magnitude with its sign, the mean, or the root
mean square. After a gap a new bead begins, so that the parts of a matrix stay apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..description.scene import Scene
from ..errors import InputError
from ..kinds.places import Plane, Ruler
from ..kinds.stage import Stage
from .camera.framing import View
from .camera.views import bare_view
from .layout.arrangement import Arrangement
from .layout.blocks import shared_dimensions

# Pixels between rows or columns. "auto" pools entries that are nearer than the first number, the width of
# Cycles' filter, to beads at the distance of the second.
LEGIBLE_PITCH, BEAD_PITCH = 1.5, 3.5
SLENDER_BLOCK = 4  # how many times longer than wide "auto" makes a block
# The least rows or columns that "auto" pools, and the least beads that it makes of them.
MANY_ENTRIES, FEWEST_BEADS = 64, 8
LARGEST_BLOCK = 1024  # rows or columns of a block
POOL_WORDS = {"max": "largest", "mean": "mean", "rms": "root mean square"}  # of each rule, in notes
# The factors for "auto". Most sizes of real matrices are multiples of them. Odd factors would interfere with
# columns that come in pairs, such as sines and cosines.
FACTORS = sorted([2**n for n in range(11)] + [3 * 2**n for n in range(1, 9)])


@dataclass(frozen=True)
class Pool:
    """One bead for each block of `rows` × `columns` entries; (1, 1) pools nothing."""

    rows: int = 1
    columns: int = 1
    rule: str = "max"  # or "mean", "rms"

    def __bool__(self):
        return self.rows * self.columns > 1


def starts(ruler: Ruler, factor: int) -> np.ndarray:
    """The first entry of each bead along an axis, (beads,): every `factor`-th entry of each part."""
    parts = range(0, ruler.count, ruler.block)
    return np.concatenate([np.arange(n, min(n + ruler.block, ruler.count), factor) for n in parts])


def bead_starts(plane: Plane, pool: "Pool") -> tuple[np.ndarray, np.ndarray]:
    """The first rows and the first columns of a plane's beads, two arrays."""
    return starts(plane.row_ruler, pool.rows), starts(plane.column_ruler, pool.columns)


def pooled(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray, rule: str, present: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The beads of a matrix (h, w) whose blocks begin at `rows` and `columns`, see `bead_starts`:
    (values (len(rows), len(columns)), which of them are there at all).

    Entries that are not `present` take no part. "max" is the entry of the largest magnitude with its sign,
    and the positive one of two equal magnitudes. "mean" and "rms" are over the present entries.
    """
    present = np.ones(np.shape(values), bool) if present is None else present
    values = np.where(present, values, 0.0)

    def over(reduce, entries):
        return reduce.reduceat(reduce.reduceat(entries, rows, axis=0), columns, axis=1)

    count = over(np.add, present.astype(int))
    if rule == "max":
        high, low = over(np.maximum, values), over(np.minimum, values)
        return np.where(high >= -low, high, low), count > 0
    total = over(np.add, values if rule == "mean" else values**2) / np.maximum(count, 1)
    return total if rule == "mean" else np.sqrt(total), count > 0


def drawn_values(values: np.ndarray, plane: Plane, pool: Pool, mask: np.ndarray | None) -> np.ndarray:
    """The values that are drawn on a plane, flat: the present entries of a matrix, or its beads."""
    if not pool:
        return np.ravel(values)
    beads, there = pooled(values, *bead_starts(plane, pool), pool.rule, mask)
    return beads[there]


def pools_of(
    root: Stage, shapes: Mapping[str, tuple[int, int]], arrangement: Arrangement, scene: Scene
) -> tuple[Pool, ...]:
    """The Pool of each plane of an arrangement, in its order. Raises InputError for an unknown wish.

    `shapes` maps every stage's name to (rows, columns). By default, beads are BEAD_PITCH pixels wide at the
    middle of their matrix, in the description's view and picture size. Matrices that share a dimension share
    the larger of their factors, so that chains line up, unless a bead would then be more than twice as long
    as its matrix needs. All heads of a stack have the same pool. Matrices that are not seen take no part in
    this, and have beads as wide as they would need themselves.
    """
    view, size = bare_view(scene, arrangement), (scene.render.width, scene.render.height)
    needs: dict[tuple[str, str], Sequence[int]] = {}
    common: dict[tuple[str, str], int] = {}
    for plane in arrangement.planes:
        needs[_kind(plane)] = [*map(max, needed(plane, view, size), needs.get(_kind(plane), (1, 1)))]
    shared = shared_dimensions(root, shapes)
    for plane in arrangement.seen:
        for dimension, factor in zip(_dimensions(plane, shared), needs[_kind(plane)], strict=True):
            common[dimension] = max(factor, common.get(dimension, 1))

    def pool(plane):
        options = plane.stage.options(scene)
        factors: Sequence[int] | None = parsed(
            options.pooling or scene.look.pooling, plane.stage.name if options.pooling else "look"
        )
        if factors is None:
            factors = needs[_kind(plane)]
            if not plane.unseen:
                pairs = zip(_dimensions(plane, shared), factors, strict=True)
                factors = [
                    common[dimension] if common[dimension] <= 2 * need else need for dimension, need in pairs
                ]
        rulers = (plane.row_ruler, plane.column_ruler)
        rows, columns = (min(factor, ruler.block) for factor, ruler in zip(factors, rulers, strict=True))
        rule = options.pooling_rule or scene.look.pooling_rule
        return Pool(rows, columns, rule) if max(rows, columns) > 1 else Pool()

    return tuple(pool(plane) for plane in arrangement.planes)


def _kind(plane):
    """A key that the planes of all heads of a stack share."""
    return plane.stage.of or plane.stage.name, plane.role


def parsed(text: str, where: str) -> tuple[int, int] | None:
    """The meaning of a text for pooling: (rows, columns) of a block, or None for "auto". Raises
    InputError."""
    if text == "auto":
        return None
    if text == "off":
        return 1, 1
    block = re.fullmatch(r"([0-9]{1,4}) ?[x×] ?([0-9]{1,4})", text)
    if not block or not all(1 <= int(n) <= LARGEST_BLOCK for n in block.groups()):
        raise InputError(
            f'{where}: pooling: "{text}" is neither "auto" nor "off" nor the rows and columns of a bead, '
            f'such as "4x4"; each is 1 to {LARGEST_BLOCK}'
        )
    return int(block[1]), int(block[2])


def needed(plane: Plane, view: View, size: tuple[int, int]) -> tuple[int, int]:
    """The factors along rows and columns that make beads wide enough in a picture of this `size`. Along a
    shortened axis a bead has whole units."""
    factors = []
    for ruler, pitch in zip((plane.row_ruler, plane.column_ruler), pitches(plane, view, size), strict=True):
        count, block = -(-ruler.count // ruler.each), -(-ruler.block // ruler.each)  # units
        if pitch >= LEGIBLE_PITCH or count < MANY_ENTRIES:
            factors.append(1)
            continue
        wanted = BEAD_PITCH / max(pitch, BEAD_PITCH / FACTORS[-1])
        most = max(1, min(count // FEWEST_BEADS, block // 2))
        factors.append(min(next(f for f in FACTORS if f >= wanted), max(f for f in FACTORS if f <= most)))
    rows, columns = factors
    rows, columns = min(rows, SLENDER_BLOCK * columns), min(columns, SLENDER_BLOCK * rows)
    return rows * plane.row_ruler.each, columns * plane.column_ruler.each


def pitches(plane: Plane, view: View, size: tuple[float, float]) -> tuple[float, float]:
    """(pixels between rows, pixels between columns) at the middle of a plane, at right angles to the lines of
    entries. Infinite if the middle is behind the camera."""
    middle = plane.corners().mean(axis=0)
    if not view.orthographic and view.seen(middle[None])[2] < 1.0:
        return np.inf, np.inf
    points = middle + 0.5 * np.array([-plane.row, plane.row, -plane.column, plane.column])
    up, down, left, right = view.project(points) * np.array(size) / 2
    row, column = down - up, right - left
    area = abs(row[0] * column[1] - row[1] * column[0])
    return area / max(np.linalg.norm(column), 1e-9), area / max(np.linalg.norm(row), 1e-9)


def _dimensions(plane, shared):
    """The dimensions of a plane's rows and columns; a dimension that the next stage also has is named by that
    stage."""
    axes = zip(plane.axes, "ij", strict=True)  # of the consumer, of the matrix itself
    return [
        shared.find((plane.consumer, theirs) if theirs else (plane.stage.name, own)) for theirs, own in axes
    ]


def notes(planes: Sequence[Plane], pools: Sequence[Pool]) -> list[str]:
    """The notes that the picture needs about pooling: a line for each shortened axis, or for each rule."""
    pairs = list(zip(planes, pools, strict=True))
    rulers = [ruler for plane in planes for ruler in (plane.row_ruler, plane.column_ruler)]
    short = sorted({(ruler.count, ruler.each) for ruler in rulers if ruler.each > 1})
    rules = {pool.rule for pool in pools if pool}
    if short and len(rules) == 1 and all(map(_pools_units, planes, pools)):
        what = POOL_WORDS[rules.pop()]
        return [f"along an axis of {count:,} each bead is the {what} of {each:,}" for count, each in short]
    lines, which = [], "each bead" if all(pools) else "each larger bead"
    for rule, what in POOL_WORDS.items():
        used = [plane.as_labelled(p.rows, p.columns) for plane, p in pairs if p and p.rule == rule]
        used = sorted((rows * columns, rows, columns) for rows, columns in used)
        sizes = list(dict.fromkeys(f"{rows} × {columns}" for _, rows, columns in used[:1] + used[-1:]))
        if sizes:
            lines.append(f"{which} is the {what} of {' to '.join(sizes)} entries")
    return lines + [f"axes of {count:,} entries are drawn {each:,} times shorter" for count, each in short]


def _pools_units(plane, pool):
    """Whether a bead stands for what the axes are shortened by."""
    return (pool.rows, pool.columns) == (plane.row_ruler.each, plane.column_ruler.each)


def hairs(scene: Scene, arrangement: Arrangement) -> list[str]:
    """The notes that the picture needs about matrices that are thinner than a pixel in the description's
    view."""
    view, size = bare_view(scene, arrangement), (scene.render.width, scene.render.height)
    thin = [
        plane.stage.of or plane.stage.name
        for plane in arrangement.seen
        if np.min(np.array(plane.units) * pitches(plane, view, size)) < 1.0
    ]
    return [f"thinner than a pixel: {', '.join(dict.fromkeys(thin))}"] if thin else []
