"""Rotary position embeddings, in NumPy."""

import numpy as np

LAYOUTS = ("half", "pairs")  # which columns turn together: m and m + dims / 2, or neighbours


def rotate(x: np.ndarray, base: float, dims: int, first: int, layout: str, at: int = 0) -> np.ndarray:
    """x [rows, width] with rotary positions: Su et al. 2021, section 3.2.2.

    Row i stands at p = first + i; pair m of the `dims` columns from `at` on is turned by
    p · base ** (−2 m / dims). "half" pairs column m of these with m + dims / 2, "pairs" neighbours.
    """
    m = np.arange(dims // 2)
    angles = (first + np.arange(len(x)))[:, None] * base ** (-2.0 * m / dims)
    one, other = (m, m + dims // 2) if layout == "half" else (2 * m, 2 * m + 1)
    one, other = at + one, at + other
    out = x.copy()
    out[:, one] = x[:, one] * np.cos(angles) - x[:, other] * np.sin(angles)
    out[:, other] = x[:, other] * np.cos(angles) + x[:, one] * np.sin(angles)
    return out
