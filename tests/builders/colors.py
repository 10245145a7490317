"""Colours as tests measure them: light, contrast and hue of sRGB, written apart from the program's own."""

import numpy as np

# From linear sRGB to cones, and from their cube roots to OKLab (Ottosson 2020).
CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                  [0.2119034982, 0.6806995451, 0.1073969566],
                  [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
OKLAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                  [1.9779984951, -2.4285922050, 0.4505937099],
                  [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def linear(colors):
    """sRGB (…, 3), 0 to 1, as linear light (IEC 61966-2-1)."""
    c = np.asarray(colors, float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(light):
    """OKLab of linear light (…, 3)."""
    return np.cbrt(light @ CONES.T) @ OKLAB.T


def luminance(light):
    """The luminance of linear light (…, 3), 0 to 1."""
    return light @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """The contrast of two luminances, as in WCAG 2, from 1 on."""
    one, other = np.broadcast_arrays(one, other)
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)
