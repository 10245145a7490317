"""Guides: lines that make a sparse matrix look like a sheet, and vanes that show the direction of a product.

Both stand where mm draws them. A matrix has up to nine lines along its rows, two sides, and a corner at entry
(0, 0). A product has two triangles that meet on the way to its result: a blue one at the side of its left
matrix, and a red one at the side of its right matrix.
"""

from dataclasses import dataclass

import numpy as np

from .layout.arrangement import Arrangement

LINES = 8  # spaces between the lines along the rows of a block
CORNER = 1 / 8  # size of the corner, as a part of the block's sides
LEFT_COLOR, RIGHT_COLOR = (150 / 255, 200 / 255, 1.0), (1.0, 150 / 255, 150 / 255)  # sRGB


@dataclass(frozen=True, eq=False)
class RowGuide:
    """The guide of one plane: `lines` (n, 2, 3) from end to end, and `corners` (m, 3, 3), one triangle
    for each block."""

    name: str
    lines: np.ndarray
    corners: np.ndarray


@dataclass(frozen=True, eq=False)
class FlowGuide:
    """The guide of one product: triangles from the cuboid's `center` to the `tip`, (3,), towards the result,
    and out to `left` and to `right`; `alpha` is their opacity away from the tip, where it is 1."""

    name: str
    center: np.ndarray
    tip: np.ndarray
    left: np.ndarray
    right: np.ndarray
    alpha: float


def row_guides(arrangement: Arrangement) -> list[RowGuide]:
    """A RowGuide for each plane that is seen."""
    return [_row_guide(plane) for plane in arrangement.seen]


def _row_guide(plane):
    lines, corners = [], []

    def at(i, j):
        return plane.origin + plane.row * i + plane.column * j

    for top, bottom in _blocks(plane.row_ruler):
        for left, right in _blocks(plane.column_ruler):
            height, width = bottom - top, right - left
            stride = max(1.0, height / LINES)
            rows = top + stride * np.arange(int(height / stride + 1e-9) + 1)
            lines += [(at(i, left), at(i, right)) for i in rows]
            lines += [(at(top, j), at(bottom, j)) for j in (left, right)]
            below, beside = top + CORNER * (height + 1), left + CORNER * (width + 1)
            corners.append((at(top, left), at(below, left), at(top, beside)))
    return RowGuide(plane.stage.name, np.array(lines), np.array(corners))


def _blocks(ruler):
    """The first and the last place of each block."""
    starts = range(0, ruler.count, ruler.block)
    return [(ruler.at(n), ruler.at(min(n + ruler.block, ruler.count) - 1)) for n in starts]


def flow_guides(arrangement: Arrangement, gap: float, scale: float) -> list[FlowGuide]:
    """A FlowGuide for each cuboid that is seen, `scale` of the way from its centre to its sides, 0 to 1."""
    seen = [cuboid for cuboid in arrangement.cuboids if not cuboid.unseen]
    return [_flow_guide(cuboid, arrangement.faces_of(cuboid), gap, scale) for cuboid in seen]


def _flow_guide(cuboid, faces, gap, scale):
    corners = cuboid.corners(0.0)
    center = 0.5 * (corners.min(axis=0) + corners.max(axis=0))

    def towards(role, step):
        """The vector from the centre straight towards a face, which ends at the gap before the face."""
        away = (faces[role].origin - center) @ step
        return center + step * np.sign(away) * scale * (abs(away) - gap)

    tip = towards("result", cuboid.k_step)
    left, right = towards("left", cuboid.j_step), towards("right", cuboid.i_step)
    return FlowGuide(cuboid.stage.name, center, tip, left, right, 0.5 + 0.5 * scale)
