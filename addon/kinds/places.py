"""Where the parts of a scene stand: planes of matrices and cuboids of products, along rulers.

Units are rows and columns; world axes are Blender's (x right, y away, z up).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .points import Points

if TYPE_CHECKING:
    from .product import Product
    from .stage import Operand, Stage

# How much room a picture has along x, y and z: it is wide, less high, and depth is foreshortened.
ROOM_BY_DIRECTION = np.array([3.0, 1.0, 2.0])
READING = np.array([3.0, -1.0, -2.0])  # one reads to the right, then down, then towards oneself


@dataclass(frozen=True)
class Ruler:
    """Places along an axis of `count` entries, `each` of which make a unit, with a `gap` after every
    `block`."""

    count: int
    block: int
    gap: float = 0.0
    each: int = 1

    def at(self, n: Any) -> Any:
        """The distance of entry n, a number or an array, from entry 0."""
        return n / self.each + self.gap * (n // self.block)

    @property
    def length(self) -> float:
        """From the first entry to the last."""
        return self.at(self.count - 1)


def ruler_of(count: int, blocks: int, gap: float, each: int = 1) -> Ruler:
    """The ruler of `count` entries in so many blocks; `each` entries make a unit."""
    return Ruler(count, -(-count // blocks), gap, each)


@dataclass(frozen=True, eq=False)
class Plane:
    """Where a matrix is drawn.

    `origin` is the place of entry (0, 0). `row` and `column` point to the next row and column of the matrix
    as it is named, not transposed; the rulers say how far along them each entry is. `outward` points away
    from the interior of the `consumer`, the stage that takes the matrix here. `axes` says which of the
    consumer's dimensions the rows and columns are, see `Stage.axes`. `lit_by` are the points that say which
    entries are in use, see `Stage.lit_by`.
    """

    stage: Stage
    row_ruler: Ruler
    column_ruler: Ruler
    origin: np.ndarray
    row: np.ndarray
    column: np.ndarray
    outward: np.ndarray
    role: str  # "left", "right", "operand" of a sheet; or, for the root, "result"
    consumer: str
    transposed: bool = False
    axes: tuple[str, str] = ("i", "j")
    lit_by: Points | None = None
    unseen: bool = False  # left out of the picture, and takes no room there

    @property
    def rows(self) -> int:
        return self.row_ruler.count

    @property
    def columns(self) -> int:
        return self.column_ruler.count

    @property
    def units(self) -> tuple[float, float]:
        """How long the rows' axis and the columns' axis are, without gaps."""
        return self.rows / self.row_ruler.each, self.columns / self.column_ruler.each

    def as_labelled(self, rows: Any, columns: Any) -> tuple:
        """A property of the rows and one of the columns, in the order that the matrix's label suggests: they
        are exchanged for a K that is drawn as Kᵀ."""
        return (columns, rows) if self.transposed else (rows, columns)

    def corners(self, margin: float = 0.5) -> np.ndarray:
        """The plane's four corners, widened by `margin` entries: (4, 3), around the plane."""
        low, high, far = -margin, self.row_ruler.length + margin, self.column_ruler.length + margin
        around = [(low, low), (low, far), (high, far), (high, low)]
        return self.origin + np.array(around) @ [self.row, self.column]

    def box_corners(self) -> np.ndarray:
        """The corners of the box that holds all elements, (8, 3), in the order of a binary count."""
        normal = np.cross(self.row, self.column)
        corners, depth = self.corners()[[0, 1, 3, 2]], 0.5 * normal / np.linalg.norm(normal)
        return np.concatenate([corners - depth, corners + depth])

    def places(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Where entries (i, j) stand: (n, 3)."""
        along = np.stack([self.row_ruler.at(i), self.column_ruler.at(j)], 1)
        return self.origin + along @ [self.row, self.column]


@dataclass(frozen=True, eq=False)
class Cuboid:
    """Where the products of a matmul stand: product (i, j, k) at `origin`, moved by the rulers' places of i,
    j and k along the three steps."""

    stage: Product
    i_ruler: Ruler
    k_ruler: Ruler
    j_ruler: Ruler
    origin: np.ndarray
    i_step: np.ndarray
    j_step: np.ndarray
    k_step: np.ndarray
    unseen: bool = False  # its products are not drawn, nor all of its matrices

    @property
    def rows(self) -> int:
        return self.i_ruler.count

    @property
    def inner(self) -> int:
        return self.k_ruler.count

    @property
    def columns(self) -> int:
        return self.j_ruler.count

    @property
    def shortened(self) -> bool:
        """Whether several entries make a unit along an axis."""
        return max(self.i_ruler.each, self.j_ruler.each, self.k_ruler.each) > 1

    @property
    def size(self) -> int:
        """How many products there are."""
        return self.rows * self.inner * self.columns

    def corners(self, margin: float = 0.5) -> np.ndarray:
        """The cuboid's eight corners, widened by `margin` products: (8, 3)."""
        ends = [(-margin, ruler.length + margin) for ruler in (self.i_ruler, self.j_ruler, self.k_ruler)]
        return self.origin + np.array(list(product(*ends))) @ [self.i_step, self.j_step, self.k_step]

    def places(self, i: np.ndarray, j: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Where products (i, j, k) stand: (n, 3)."""
        along = np.stack([self.i_ruler.at(i), self.j_ruler.at(j), self.k_ruler.at(k)], 1)
        return self.origin + along @ [self.i_step, self.j_step, self.k_step]


Part = Plane | Cuboid


@dataclass(frozen=True, eq=False)
class Face:
    """The place where a matrix will stand. Its kind places the operands from this.

    The rows of `operand`, as it enters, run along `i` and its columns along `j`, each a (step, Ruler). Its
    own operands stand `behind` it, away from the interior of the `consumer`. Beyond its ends there is room
    towards the two directions `free`, one along the axis of i and one along that of j. `transposed` and
    `axes` are those of the operand as the consumer's expression takes it; the consumer may itself be used
    transposed.
    """

    operand: Operand
    origin: np.ndarray
    i: tuple[np.ndarray, Ruler]
    j: tuple[np.ndarray, Ruler]
    behind: np.ndarray
    role: str
    consumer: str
    free: tuple[np.ndarray, np.ndarray]
    transposed: bool = False
    axes: tuple[str, str] = ("i", "j")
    lit_by: Points | None = None

    @property
    def wider(self) -> int:
        """The axis that leaves more room in a picture: 0 along i, 1 along j."""
        return int(abs(self.j[0]) @ ROOM_BY_DIRECTION > abs(self.i[0]) @ ROOM_BY_DIRECTION)

    def plane(self) -> Plane:
        row, column = self.operand.turned((self.i, self.j))
        return Plane(
            self.operand.stage,
            row_ruler=row[1],
            column_ruler=column[1],
            origin=self.origin,
            row=row[0],
            column=column[0],
            outward=-self.behind if self.role == "result" else self.behind,
            role=self.role,
            consumer=self.consumer,
            transposed=self.transposed,
            axes=self.axes[::-1] if self.transposed else self.axes,
            lit_by=self.lit_by,
        )


class Arranging(Protocol):
    """What a kind may ask of the layout that places it (`staging.layout.arrangement`). Lengths are in
    entries."""

    @property
    def gap(self) -> float:
        """The gap between a face and the products next to it, and between blocks."""

    @property
    def apart(self) -> float:
        """The distance between results that stand side by side, each with all that makes it."""

    @property
    def scheme(self) -> Any:
        """How cuboids turn, see staging.layout.schemes."""

    def stand(self, face: Face, parent: object, side: str) -> list[Part]:
        """The plane of a face, with the planes and cuboids of all that makes its matrix."""

    def shape(self, operand: Operand) -> tuple[int, int]:
        """The shape of an operand as it enters."""

    def ruler(self, count: int, blocks: int = 1) -> Ruler:
        """The ruler of an axis of `count` entries in so many blocks."""

    def parts_of(self, stage: Stage) -> Sequence[int]:
        """Into how many parts the dimensions i, k and j of a stage are cut."""

    def further(self, stage: Stage) -> float:
        """The distance, beyond the gap, between this argument and the products that take it."""

    def row_room(self, stage: Stage) -> float:
        """The room, beyond that distance, at the left of `stage`, for labels of its rows; on a page also
        above it."""

    def draws(self, stage: Stage, role: str, far: bool) -> bool:
        """Whether the argument `role` of the product `stage` is drawn at this place; with `far`, the place at
        the high end of its cuboid."""

    def grows(self, stage: Stage) -> bool:
        """Whether the operands of a stage stand here: it is not given, and not made elsewhere."""

    def gives_way(self, stage: Stage) -> bool:
        """Whether an operand of a sheet gives way: it is not seen, and the sheet stands in its place."""


def is_sideways(enters: Operand, i: tuple, j: tuple) -> bool:
    """Whether the rows of an upright matrix stand beside one another, if it enters with its rows along the
    axis `i`, a (step, Ruler), and its columns along `j`."""
    step, _ = enters.turned((i, j))[0]
    return bool(abs(step[2]) < 0.5)


def moved(parts: Sequence[Part], move: np.ndarray) -> list[Part]:
    return [replace(part, origin=part.origin + move) for part in parts]


def seen_of(parts: Sequence[Part]) -> list[Part]:
    """The parts that are seen; all of them where none is."""
    return [part for part in parts if not part.unseen] or list(parts)


def beyond(
    parts: Sequence[Part], direction: np.ndarray, others: Sequence[Part], gap: float, by_need: bool = False
) -> list[Part]:
    """The parts moved along `direction`, a unit vector, to a gap past the end of all `others`. With `by_need`
    they stay if they are there already. Parts that are not seen take no room."""
    if not others:
        return list(parts)
    distance = _end(others, direction) + gap + 1.0 - _start(parts, direction)
    return moved(parts, direction * (max(distance, 0.0) if by_need else distance))


def clear_of(left: Sequence[Part], right: Sequence[Part], outward: np.ndarray, gap: float) -> list[Part]:
    """The parts `right`, moved `outward` past all of `left` where the two would overlap. Parts that are not
    seen take no room.

    Except in a wheel, everything behind a face stays on that side of it. So only parts behind two faces of
    one cuboid can be in each other's way.
    """
    left_boxes, right_boxes = ([_box(part) for part in seen_of(parts)] for parts in (left, right))
    free = all(
        np.maximum(low - other_high, other_low - high).max() > min(gap, 1.0) - 1e-6
        for low, high in left_boxes
        for other_low, other_high in right_boxes
    )
    if free:
        return list(right)
    return moved(right, outward * (_end(left, outward) + gap - _start(right, outward)))


def _box(part):
    """The lowest and the highest corner of the box around a part, each (3,)."""
    corners = part.corners(0.0)
    return corners.min(axis=0), corners.max(axis=0)


def _start(parts, direction):
    """Where along a direction the first of the parts that are seen begins."""
    return min((part.corners(0.0) @ direction).min() for part in seen_of(parts))


def _end(parts, direction):
    """Where along a direction the last of the parts that are seen ends."""
    return max((part.corners(0.0) @ direction).max() for part in seen_of(parts))
