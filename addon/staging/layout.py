"""Where matrices and products stand: cuboids joined face to face.

A matmul is a cuboid: entry (i, k) of the left matrix, (k, j) of the right and (i, j) of the
result lie on three of its faces, the product (i, j, k) inside where they meet. The result face
of a child is the argument face of its parent, to the exact coordinate. Units are rows and
columns; world axes are Blender's (x right, y away, z up).
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Arrangement:
    planes: tuple[Plane, ...]
    cuboids: tuple[Cuboid, ...]

    def corners(self):
        """The corners of everything that is drawn, (n, 3)."""
        return np.concatenate([plane.corners() for plane in self.planes])


def arrange(root, shapes, gap):
    """Place every matrix and product of the tree under `root`.

    `shapes` maps a stage's name to (rows, columns); `gap` is the distance, in entries, between a
    face and the products next to it. The root's result stands upright, facing the audience.
    """
    planes, cuboids = [], []
    down, right, outward = np.array([0.0, 0, -1]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
    plane = _plane(root, shapes, False, np.zeros(3), down, right, outward, "result", root.name)
    planes.append(plane)
    _grow(plane, -outward, shapes, gap, planes, cuboids)
    return Arrangement(tuple(planes), tuple(cuboids))


def _plane(stage, shapes, transposed, origin, i_step, j_step, outward, role, consumer):
    rows, columns = shapes[stage.name]
    row, column = (j_step, i_step) if transposed else (i_step, j_step)
    return Plane(stage, rows, columns, origin, row, column, outward, role, consumer, transposed)


def _grow(plane, inward, shapes, gap, planes, cuboids):
    """Stand the cuboid that makes `plane` on its side `inward`, then its arguments' cuboids."""
    stage = plane.stage
    if isinstance(stage, Leaf):
        return
    if not isinstance(stage, Product):
        raise InputError(
            f'"{stage.text}" cannot be drawn yet: only matrix products and what is applied to '
            "their results can"
        )
    if plane.transposed:
        raise InputError(
            f'"{stage.name}" is transposed where it is used; name the transposed product instead, '
            "as in (B.T @ A.T) for (A @ B).T"
        )
    (rows, columns), inner = shapes[stage.name], _inner(stage, shapes)
    i_step, j_step = plane.row, plane.column
    # The last k is next to the result, so that a sweep over k moves towards it.
    k_step = -inward
    k_origin = inward * (gap + inner - 1)
    cuboids.append(Cuboid(stage, rows, inner, columns, plane.origin + k_origin, i_step, j_step, k_step))

    def face(operand, role, across, count, i_step, j_step):
        low = across @ AUDIENCE > 0  # the low side of an axis that points at the audience is far
        outward = -across if low else across
        origin = plane.origin + k_origin + across * (-gap if low else count - 1 + gap)
        child = _plane(
            operand.stage, shapes, operand.transposed, origin, i_step, j_step, outward, role, stage.name
        )
        planes.append(child)
        _grow(child, child.outward, shapes, gap, planes, cuboids)

    face(stage.left, "left", j_step, columns, i_step, k_step)
    face(stage.right, "right", i_step, rows, k_step, j_step)


def _inner(stage, shapes):
    rows, columns = shapes[stage.left.stage.name]
    return rows if stage.left.transposed else columns
