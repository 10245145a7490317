"""Whether colours can be printed: a coarse model of what four inks on coated paper reach.

The corners are the CIELAB values (D50) of paper, of the inks and of their overprints in the characterisation
data of FOGRA39 (ISO 12647-2:2004, coated paper). The colours that can be printed are taken to be those of a
bipyramid: the six hues around, paper and black at its ends. A colour further outside than `SEEN_DIFFERENCE`
will look duller in print.
"""

import numpy as np

from .srgb import linear_light

PAPER, BLACK = (95.0, 0.0, -2.0), (16.0, 0.0, 0.0)
RING = (  # magenta, red, yellow, green, cyan, blue: around the hues
    (48.0, 74.0, -3.0),
    (47.0, 68.0, 48.0),
    (89.0, -5.0, 93.0),
    (50.0, -65.0, 27.0),
    (55.0, -37.0, -50.0),
    (24.0, 22.0, -46.0),
)
SEEN_DIFFERENCE = 6.0  # in CIELAB: two such colours look different side by side
# Linear sRGB to XYZ relative to D50.
_TO_XYZ = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
_WHITE = np.array([0.9642, 1.0, 0.8249])


def lab(colors: np.ndarray) -> np.ndarray:
    """CIELAB (D50), (n, 3), of sRGB colours from 0 to 1, (n, 3) or (3,)."""
    light = linear_light(np.asarray(colors, dtype=float).reshape(-1, 3))
    parts = light @ _TO_XYZ.T / _WHITE
    f = np.where(parts > 216 / 24389, np.cbrt(parts), (24389 / 27 * parts + 16) / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def beyond_print(colors: np.ndarray) -> np.ndarray:
    """How far sRGB colours (n, 3), 0 to 1, lie outside of what can be printed: (n,), in CIELAB; 0 within.

    A colour lighter than paper or darker than black counts as if it were as light as these.
    """
    points = lab(colors)
    points[:, 0] = np.clip(points[:, 0], BLACK[0], PAPER[0])
    middle = np.mean([PAPER, BLACK], axis=0)
    outside = np.zeros(len(points))
    for n in range(len(RING)):
        for end in (PAPER, BLACK):
            first, second, third = (np.array(corner) for corner in (RING[n], RING[(n + 1) % len(RING)], end))
            normal = np.cross(second - first, third - first)
            normal /= np.linalg.norm(normal)
            normal *= -np.sign((middle - first) @ normal)
            inside = _between(points - middle, first - middle, second - middle, third - middle)
            outside = np.where(inside, np.maximum(outside, (points - first) @ normal), outside)
    return outside


def _between(directions: np.ndarray, *corners: np.ndarray) -> np.ndarray:
    """Which of the directions (n, 3), from the origin, go through the triangle of the three corners: (n,)."""
    weights = np.linalg.solve(np.stack(corners, axis=1), directions.T)
    return (weights >= -1e-9).all(axis=0)


def unprintable(colors: np.ndarray) -> int:
    """How many of these sRGB colours (n, 3), 0 to 1, print duller than a screen shows them."""
    return int((beyond_print(colors) > SEEN_DIFFERENCE).sum())
