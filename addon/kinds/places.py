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

ROOM_BY_DIRECTION = np.array([3.0, 1.0, 2.0])  # a picture is wide, less high, and depth is foreshortened
READING = np.array([3.0, -1.0, -2.0])  # from left to right, then down, then towards the reader


@dataclass(frozen=True)
class Ruler:
    """Places along an axis: `count` entries, `each` of them to a unit, and `gap` more after every `block`."""

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
    """The ruler of `count` entries in so many blocks, `each` of them to a unit."""
    return Ruler(count, -(-count // blocks), gap, each)


@dataclass(frozen=True, eq=False)
class Plane:
    """A drawn matrix. `origin` is entry (0, 0); `row`, `column` lead to the next row and column of the matrix
    as it is named (not transposed), the rulers say how far entries are along them; `outward` points away from
    `consumer`'s interior. `axes` are which of the consumer's dimensions its rows and columns are, see
    `Stage.axes`; `lit_by` are points that say what of it is in use, see `Stage.lit_by`."""

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
        """How long its axes are, without gaps."""
        return self.rows / self.row_ruler.each, self.columns / self.column_ruler.each

    def as_labelled(self, rows: Any, columns: Any) -> tuple:
        """What is of its rows and of its columns, in the order of its label: that of Kᵀ where it is one."""
        return (columns, rows) if self.transposed else (rows, columns)

    def corners(self, margin: float = 0.5) -> np.ndarray:
        """The plane's four corners, widened by `margin` entries: (4, 3), around the plane."""
        low, high, far = -margin, self.row_ruler.length + margin, self.column_ruler.length + margin
        around = [(low, low), (low, far), (high, far), (high, low)]
        return self.origin + np.array(around) @ [self.row, self.column]

    def places(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Where entries (i, j) stand: (n, 3)."""
        along = np.stack([self.row_ruler.at(i), self.column_ruler.at(j)], 1)
        return self.origin + along @ [self.row, self.column]


@dataclass(frozen=True, eq=False)
class Cuboid:
    """The interior of a matmul: product (i, j, k) is at origin + the rulers' i, j and k along the steps."""

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
        """Whether there are several entries to a unit along an axis."""
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
    """Where `operand` stands, as it is used: its rows run along `i` and its columns along `j`, each a
    (step, Ruler). What makes it stands `behind` it, away from `consumer`'s interior; beyond its ends
    there is room towards the two directions `free`, one along its rows' axis and one along j's. `axes` are
    which of the consumer's dimensions its rows and columns are, as the consumer's expression takes it."""

    operand: Operand
    origin: np.ndarray
    i: tuple[np.ndarray, Ruler]
    j: tuple[np.ndarray, Ruler]
    behind: np.ndarray
    role: str
    consumer: str
    free: tuple[np.ndarray, np.ndarray]
    transposed: bool = False  # in the words of the consumer, which may itself be used transposed
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
    """What a kind may ask of the layout in which it is placed (`staging.layout.arrangement`)."""

    @property
    def gap(self) -> float:
        """In entries, between a face and the products next to it, and between blocks."""

    @property
    def scheme(self) -> Any:
        """How cuboids turn, see staging.layout.schemes."""

    def stand(self, face: Face, parent: object, side: str) -> list[Part]:
        """The plane of a face, and all that makes it."""

    def shape(self, operand: Operand) -> tuple[int, int]:
        """The shape of an operand as it enters."""

    def ruler(self, count: int, blocks: int = 1) -> Ruler:
        """The ruler of an axis of `count` entries in so many blocks."""

    def parts_of(self, stage: Stage) -> Sequence[int]:
        """Into how many parts the dimensions i, k and j of a stage are cut."""

    def further(self, stage: Stage) -> float:
        """How much further than the gap an argument of a product stands."""

    def row_room(self, stage: Stage) -> float:
        """And how much further what stands at the left of `stage`, for labels of its rows."""

    def draws(self, stage: Stage, role: str, far: bool) -> bool:
        """Whether an argument of a product is drawn here."""

    def grows(self, stage: Stage) -> bool:
        """Whether a stage is made here: it is not given, and not made elsewhere."""

    def gives_way(self, stage: Stage) -> bool:
        """Whether an operand of a sheet stands in the sheet's place, unseen."""


def moved(parts: Sequence[Part], move: np.ndarray) -> list[Part]:
    return [replace(part, origin=part.origin + move) for part in parts]


def seen_of(parts: Sequence[Part]) -> list[Part]:
    """The parts that are seen; all of them where none is."""
    return [part for part in parts if not part.unseen] or list(parts)


def beyond(
    parts: Sequence[Part], direction: np.ndarray, others: Sequence[Part], gap: float, by_need: bool = False
) -> list[Part]:
    """The parts moved along `direction` to a gap past the end of all `others`; `by_need`: unless they
    are there already. What is not seen takes no room."""
    if not others:
        return list(parts)
    end = max((part.corners(0.0) @ direction).max() for part in seen_of(others))
    start = min((part.corners(0.0) @ direction).min() for part in seen_of(parts))
    distance = end + gap + 1.0 - start
    return moved(parts, direction * (max(distance, 0.0) if by_need else distance))


def clear_of(left: Sequence[Part], right: Sequence[Part], outward: np.ndarray, gap: float) -> list[Part]:
    """The parts `right`, moved `outward` past all of `left` where the two would overlap.

    Everything behind a face stays on that side of it, but in a wheel: so faces of one cuboid are the
    only neighbours that can be in each other's way.
    """
    boxes = [[(c.min(axis=0), c.max(axis=0)) for c in (p.corners(0.0) for p in ps)] for ps in (left, right)]
    free = all(
        np.maximum(low - other_high, other_low - high).max() > min(gap, 1.0) - 1e-6
        for low, high in boxes[0]
        for other_low, other_high in boxes[1]
    )
    if free:
        return list(right)
    end = max((part.corners(0.0) @ outward).max() for part in left)
    start = min((part.corners(0.0) @ outward).min() for part in right)
    return moved(right, outward * (end + gap - start))
