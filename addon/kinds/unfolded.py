"""Where the arguments of a product stand on a page: in the plane of its result.

They stand as the faces of the cuboid would if one unfolded it. The left argument is beside the result, row by
row. The right one is above the result or under it, column by column. But if it is multiplied with a matrix
that is made itself, it may stand along that one. So what takes an attention lies around it. Weights stand on
the way from their input to what they give:

              W_Kᵀ  Kᵀ
    x  W_Q  Q      attn  z  W_O  write
              W_Vᵀ  Vᵀ
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .places import Arranging, Cuboid, Face, Part, Ruler, clear_of, is_sideways
from .stage import Operand

if TYPE_CHECKING:
    from .product import Product

ARGUMENT_AXES = {"left": ("i", "k"), "right": ("k", "j")}
BETWEEN = 2.0  # gaps between a result and what stands beside it: a picture is wide, and links need room
SHARED_LABELS = 0.5  # of the room for labels: how much there is between stars and what they share
Axis = tuple[np.ndarray, Ruler]


def unfolded(product: Product, face: Face, layout: Arranging, hemmed: bool) -> list[Part]:
    """The parts of both arguments of a product whose result stands on `face`, and its unseen cuboid.
    With `hemmed`, what is above the result and under it belongs to others.

    A result that is used transposed, (A @ B).T, stands as B.T @ A.T does.
    """
    (i, i_ruler), (j, j_ruler) = face.i, face.j
    free_i, free_j = face.free
    shares = product.name in layout.scheme.right_under  # its right matrix, with what is there
    if shares:
        free_i = i if layout.scheme.right_under[product.name] else -i
    k_ruler = layout.ruler(layout.shape(product.left)[1], layout.parts_of(product)[1])
    arguments = [("left", product.left), ("right", product.right)]
    if face.operand.transposed:
        arguments.reverse()
    (first, beside), (second, other) = arguments
    is_star = layout.scheme.is_star(product)
    shorter = bool(beside.stage.operands) and k_ruler.length > j_ruler.length
    weighted = _is_weighted(product, face, layout)
    along = not is_star and not shares and not weighted and (hemmed or shorter)

    gap = _gap(layout, free_j)
    away = gap + layout.further(beside.stage) + layout.row_room(product)
    away += (gap + j_ruler.length) * weighted
    origin = _at_end(face.origin, face.j, k_ruler, free_j, away)
    free = (-free_i if is_star else free_i, free_j)
    left = _argument(product, face, first, beside, origin, face.i, (j, k_ruler), free)

    down = -free_i if along else free_i
    away = layout.further(other.stage) + _gap(layout, down, along and bool(other.stage.operands))
    rows, columns = (i, k_ruler), face.j
    if weighted:
        origin = _at_end(face.origin, face.j, j_ruler, free_j, gap)
        origin = origin + i * 0.5 * (i_ruler.length - k_ruler.length)
    elif along:
        rows, columns = (j, k_ruler), (i, j_ruler)
        origin = _at_end(origin, face.i, j_ruler, down, away)
    else:
        away += layout.row_room(product) * (SHARED_LABELS if shares else 1.0)
        origin = _at_end(face.origin, face.i, k_ruler, down, away)
    free = (free_j, down) if along else (down, free_j)
    right = _argument(product, face, second, other, origin, rows, columns, free)

    shown = layout.draws(product, first, bool(free_j @ j > 0))
    others = layout.stand(left, along or (is_star and hemmed), "left") if shown else []
    result = face.plane()
    others = clear_of([result], others, free_j, layout.gap)
    shown = layout.draws(product, second, bool(down @ i > 0))
    parts = layout.stand(right, False, "right") if shown else []
    if face.operand.transposed:
        (i, i_ruler), (j, j_ruler) = face.j, face.i
    behind = -result.outward
    cuboid = Cuboid(product, i_ruler, k_ruler, j_ruler, face.origin + behind * layout.gap, i, j, behind, True)
    return [cuboid, *others, *clear_of([result, *others], parts, down, layout.gap)]


def _is_weighted(product: Product, face: Face, layout: Arranging) -> bool:
    """Whether the right argument of a product stands between the left one and the result: given weights, on a
    page about a star."""
    scheme, (i, _) = layout.scheme, face.i
    at_star = scheme.is_star(product) or scheme.is_star(product.left.stage)
    is_upright = abs(i[2]) > 0.5 and not face.operand.transposed
    return bool(scheme.stars and is_upright and not at_star and not product.right.stage.operands)


def _gap(layout: Arranging, way: np.ndarray, wide: bool = False) -> float:
    """The gap between a result and what stands at its end in the direction `way`: wide beside it, and where
    it is asked, because links lead through there."""
    return layout.gap * (BETWEEN if wide or abs(way[0]) > 0.5 else 1.0)


def _at_end(origin: np.ndarray, axis: Axis, ruler: Ruler, way: np.ndarray, away: float) -> np.ndarray:
    """The origin of a matrix of this `ruler` that stands `away` from the end, in the direction `way`, of the
    axis of another one with this `origin`."""
    step, other = axis
    return origin + step * (other.length + away if way @ step > 0 else -away - ruler.length)


def _argument(
    product: Product,
    face: Face,
    role: str,
    operand: Operand,
    origin: np.ndarray,
    i: Axis,
    j: Axis,
    free: tuple[np.ndarray, np.ndarray],
) -> Face:
    """The face of an argument that lies on the page with its rows along `i`, as it enters."""
    enters = operand.flipped if face.operand.transposed else operand
    sideways = is_sideways(enters, i, j)
    axes = ARGUMENT_AXES[role]
    return Face(
        enters,
        origin,
        i,
        j,
        behind=face.plane().outward,
        role=role,
        consumer=product.name,
        free=free,
        transposed=sideways,
        axes=axes if sideways == operand.transposed else axes[::-1],
    )
