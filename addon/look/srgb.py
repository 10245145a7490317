"""Colours in sRGB, as screens and files have them, and as linear light, which adds up."""

import numpy as np

from ..description.style import Color


def linear(color: Color) -> Color:
    """An sRGB colour as linear light; both 0 to 1."""
    red, green, blue = linear_light(np.array(color, float)).tolist()
    return red, green, blue


def linear_light(colors: np.ndarray) -> np.ndarray:
    """sRGB, 0 to 1, of any shape, as linear light of that shape (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def encoded(color: Color) -> Color:
    """Linear light as an sRGB colour; both 0 to 1. The inverse of `linear`."""
    red, green, blue = (c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in color)
    return red, green, blue


def between(a: Color, b: Color, part: float) -> Color:
    """The colour a `part`, 0 to 1, of the way from `a` to `b`, channel by channel."""
    red, green, blue = (x * (1 - part) + y * part for x, y in zip(a, b, strict=True))
    return red, green, blue
