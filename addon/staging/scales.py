"""From values to colour and size: which colour map, and between which magnitudes.

Signed values use a map with zero in the middle and a symmetric range; probabilities an unsigned
map fixed at 0 to 1. The ranges by sensitivity are those of mm: with a = |x|, an element's
magnitude is (a - low) / (high - low).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """`low` and `high` magnitudes; `clip`, the percentile that `high` is, 100 for the largest."""

    low: float
    high: float
    color_map: str
    clip: float = 100.0


def extent(values, clip=100.0):
    """The smallest magnitude of an array and its largest, (0, 0) when it is empty.

    With `clip` the largest is that percentile of the magnitudes, unless that is 0.
    """
    size = np.abs(values)
    if not size.size:
        return 0.0, 0.0
    high = float(np.percentile(size, clip)) if clip < 100.0 else 0.0
    return float(size.min()), high or float(size.max())


def matrix_scale(own, overall, sensitivity, color_map, clip=100.0):
    """The scale of a matrix with magnitudes `own` = (low, high) in a scene that reaches `overall`.

    local: its own largest; global: the scene's; semilocal: the geometric mean of the two;
    superlocal: from its own smallest to its own largest. All of them clipped at the percentile `clip`.
    """
    low, high = own
    high = {"global": overall, "semilocal": float(np.sqrt(high * overall))}.get(sensitivity, high)
    low = low if sensitivity == "superlocal" and low < high else 0.0
    return Scale(low, high or 1.0, color_map, clip)


def probability_scale(color_map):
    return Scale(0.0, 1.0, color_map)


def product_scale(left, right, percentile, color_map, budget=1_000_000):
    """The scale of left[i, k] · right[k, j]: the `percentile` of the products' magnitudes.

    Exact up to `budget` products; above it from every n-th row and column, with the exact
    largest product when the percentile is 100.
    """
    if percentile >= 100.0:
        largest = float((np.abs(left).max(axis=0) * np.abs(right).max(axis=1)).max())
        return Scale(0.0, largest or 1.0, color_map)
    stride = max(1, int(np.ceil(np.sqrt(left.shape[0] * left.shape[1] * right.shape[1] / budget))))
    products = np.abs(left[::stride, :, None] * right[None, :, ::stride])
    high = float(np.percentile(products, percentile)) or float(products.max())
    return Scale(0.0, high or 1.0, color_map, percentile)


def crowding(left, right, scale, smallest, width, sample=32):
    """About how many of the products left[i, k] · right[k, j] a look through their cuboid meets.

    That is its side, in products, times the part of a cell that one covers on average: `width` is that of
    the largest one, `smallest` the least relative to it, and sizes follow the square root of magnitude.
    Some `sample` rows, columns and inner indices stand for all.
    """
    side = (left.size * right.shape[1]) ** (1 / 3)
    i, k, j = (max(1, n // sample) for n in (*left.shape, right.shape[1]))
    products = np.abs(left[::i, ::k, None] * right[None, ::k, ::j])
    sizes = smallest + (1 - smallest) * np.sqrt(np.clip(products / scale.high, 0, 1))
    return float(side * np.pi / 4 * width**2 * np.mean(np.where(products > 0, sizes, 0) ** 2))
