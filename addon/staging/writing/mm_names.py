"""mm's legends: each name in the middle of its matrix, one entry before it, as large as mm writes it.

They cover their matrices, but can be read in scenes that are too large for names beside matrices.
"""

import numpy as np

from ...kinds.places import Plane

FULL_SIZE_LETTERS = 8  # letters of a name at full size
SHAPE_SIZE = 1 / 2.5  # of a shape, in sizes of its name


def size_of(rows: float, columns: float, text: str, scale: float) -> float:
    """The height of a name, in entries: mm's law."""
    return scale * np.cbrt(rows * columns) / 10.0 * min(1.0, FULL_SIZE_LETTERS / max(1, len(text)))


def place_of(plane: Plane, direction: np.ndarray) -> np.ndarray:
    """The middle of a matrix, one entry towards the side from which the camera, at `direction`, sees it."""
    corners = plane.corners(0.0)
    normal = np.cross(plane.row, plane.column)
    return corners.mean(axis=0) + normal * (1.0 if normal @ direction >= 0 else -1.0)


def shape_of(plane: Plane) -> str:
    """The dimensions of a matrix by mm's letters, with the blocks into which they are cut: "I = 64 / 8".

    As in mm, given matrices and the root have them; all others have "".
    """
    letters = {"left": "IK", "right": "KJ", "result": "IJ"}.get(plane.role)
    if letters is None or (plane.stage.operands and plane.role != "result"):
        return ""
    rulers = (plane.row_ruler, plane.column_ruler)[:: -1 if plane.transposed else 1]
    return "   ".join(f"{letter} = {_cut(ruler)}" for letter, ruler in zip(letters, rulers, strict=True))


def _cut(ruler):
    blocks = -(-ruler.count // ruler.block)
    return f"{ruler.count} / {blocks}" if blocks > 1 else f"{ruler.count}"
