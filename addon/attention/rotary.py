"""Rotary position embeddings, in NumPy."""

import numpy as np

LAYOUTS = ("half", "pairs")  # which columns turn together: m and m + dims / 2, or neighbours


def rotate(x: np.ndarray, base: float, dims: int, first: int, layout: str, at: int = 0) -> np.ndarray:
    """x [rows, width] with rotary positions, of the same shape: Su et al. 2021, section 3.2.2.

    Row i has the position p = first + i. Of the `dims` columns (an even number) from column `at` on, pair m
    is turned by p · base ** (−2 m / dims). The `layout` "half" pairs column m of these with m + dims / 2,
    "pairs" 2 m with 2 m + 1.
    """
    m = np.arange(dims // 2)
    angles = (first + np.arange(len(x)))[:, None] * base ** (-2.0 * m / dims)
    left, right = (m, m + dims // 2) if layout == "half" else (2 * m, 2 * m + 1)
    left, right = at + left, at + right
    turned = x.copy()
    turned[:, left] = x[:, left] * np.cos(angles) - x[:, right] * np.sin(angles)
    turned[:, right] = x[:, right] * np.cos(angles) + x[:, left] * np.sin(angles)
    return turned
