"""Where matrices and products stand: cuboids joined face to face.

A matmul is a cuboid: entry (i, k) of the left matrix, (k, j) of the right and (i, j) of the
result lie on three of its faces, the product (i, j, k) inside where they meet. The result face
of a child is the argument face of its parent, to the exact coordinate. Units are rows and
columns; world axes are Blender's (x right, y away, z up).
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..algebra.stages import Leaf, Product
from ..errors import InputError

# From the scene towards the audience: faces stand on the far sides of it, so that the interior
# is open to view like a stage.
AUDIENCE = np.array([0.35, -1.0, 0.55])


@dataclass(frozen=True, eq=False)
class Plane:
    """A drawn matrix. `origin` is entry (0, 0); `row`, `column` lead to the next row and column
    of the matrix as it is named (not transposed); `outward` points away from `consumer`'s interior."""

    stage: object
    rows: int
    columns: int
    origin: np.ndarray
    row: np.ndarray
    column: np.ndarray
    outward: np.ndarray
    role: str  # "left", "right" or "result", in `consumer` or, for the root, its own
    consumer: str
    transposed: bool = False

    def corners(self, margin=0.5):
        """The plane's four corners, widened by `margin` entries: (4, 3), around the plane."""
        a, b = self.row, self.column
        return np.array(
            [
                self.origin + a * i + b * j
                for i, j in (
                    (-margin, -margin),
                    (-margin, self.columns - 1 + margin),
                    (self.rows - 1 + margin, self.columns - 1 + margin),
                    (self.rows - 1 + margin, -margin),
                )
            ]
        )


@dataclass(frozen=True, eq=False)
class Cuboid:
    """The interior of a matmul: product (i, j, k) is at origin + i·i_step + j·j_step + k·k_step."""

    stage: Product
    rows: int
    inner: int
    columns: int
    origin: np.ndarray
    i_step: np.ndarray
    j_step: np.ndarray
    k_step: np.ndarray

    def corners(self, margin=0.5):
        """The cuboid's eight corners, widened by `margin` products: (8, 3)."""
        ends = [(-margin, n - 1 + margin) for n in (self.rows, self.columns, self.inner)]
        return self.origin + np.array(list(product(*ends))) @ [self.i_step, self.j_step, self.k_step]


@dataclass(frozen=True, eq=False)
class Arrangement:
    planes: tuple[Plane, ...]
    cuboids: tuple[Cuboid, ...]

    def corners(self):
        """The corners of everything that is drawn, (n, 3)."""
        return np.concatenate([part.corners() for part in (*self.planes, *self.cuboids)])


def arrange(root, shapes, gap):
    """Place every matrix and product of the tree under `root`.

    `shapes` maps a stage's name to (rows, columns); `gap` is the distance, in entries, between a
    face and the products next to it; a right face whose arguments would stand in those of the left
    one is moved further away. The root's result stands upright, facing the audience. A stage that
    is used again is drawn there as a plane alone.
    """
    down, right, outward = np.array([0.0, 0, -1]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
    plane = _plane(root, shapes, False, np.zeros(3), down, right, outward, "result", root.name)
    parts = [plane, *_grow(plane, -outward, shapes, gap, set())]
    return Arrangement(
        tuple(part for part in parts if isinstance(part, Plane)),
        tuple(part for part in parts if isinstance(part, Cuboid)),
    )


def _plane(stage, shapes, transposed, origin, i_step, j_step, outward, role, consumer):
    rows, columns = shapes[stage.name]
    row, column = (j_step, i_step) if transposed else (i_step, j_step)
    return Plane(stage, rows, columns, origin, row, column, outward, role, consumer, transposed)


def _grow(plane, inward, shapes, gap, grown):
    """The cuboid that makes `plane`, on its side `inward`, and its arguments with their cuboids."""
    stage = plane.stage
    if isinstance(stage, Leaf) or stage.name in grown:
        return []
    if not isinstance(stage, Product):
        raise InputError(
            f'"{stage.text}" cannot be drawn yet: only matrix products and what is applied to '
            "their results can"
        )
    grown.add(stage.name)
    (rows, columns), inner = shapes[stage.name], _inner(stage, shapes)
    i_step, j_step = plane.row, plane.column
    # The last k is next to the result, so that a sweep over k moves towards it.
    k_step = -inward
    origin = plane.origin + inward * (gap + inner - 1)

    def face(operand, role, across, count, i_step, j_step):
        """The plane of an argument and all that stands behind it; and which way that is."""
        low = across @ AUDIENCE > 0  # the low side of an axis that points at the audience is far
        outward = -across if low else across
        place = origin + across * (-gap if low else count - 1 + gap)
        child = _plane(
            operand.stage, shapes, operand.transposed, place, i_step, j_step, outward, role, stage.name
        )
        return [child, *_grow(child, outward, shapes, gap, grown)], outward

    left, _ = face(stage.left, "left", j_step, columns, i_step, k_step)
    right, outward = face(stage.right, "right", i_step, rows, k_step, j_step)
    cuboid = Cuboid(stage, rows, inner, columns, origin, i_step, j_step, k_step)
    return [cuboid, *left, *_clear_of(left, right, outward, gap)]


def _clear_of(left, right, outward, gap):
    """The parts `right`, moved `outward` past all of `left` where the two would overlap.

    Everything behind a face stays on that side of it, so that faces of one cuboid are the only
    neighbours that can be in each other's way.
    """
    boxes = [[(c.min(axis=0), c.max(axis=0)) for c in (p.corners(0.0) for p in ps)] for ps in (left, right)]
    free = all(
        np.maximum(low - other_high, other_low - high).max() > min(gap, 1.0) - 1e-6
        for low, high in boxes[0]
        for other_low, other_high in boxes[1]
    )
    if free:
        return right
    end = max((part.corners(0.0) @ outward).max() for part in left)
    start = min((part.corners(0.0) @ outward).min() for part in right)
    move = outward * (end + gap - start)
    return [replace(part, origin=part.origin + move) for part in right]


def _inner(stage, shapes):
    rows, columns = shapes[stage.left.stage.name]
    return rows if stage.left.transposed else columns
