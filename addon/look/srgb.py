"""Colours as a screen takes them, and as light adds up."""

import numpy as np

from ..description.style import Color


def linear(color: Color) -> Color:
    """A colour in sRGB, 0 to 1, as linear light."""
    red, green, blue = linear_light(np.array(color, float)).tolist()
    return red, green, blue


def linear_light(colors: np.ndarray) -> np.ndarray:
    """sRGB of any shape, 0 to 1, as linear light (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def encoded(color: Color) -> Color:
    """Linear light (0 to 1) to sRGB: the inverse of `linear`."""
    red, green, blue = (c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in color)
    return red, green, blue


def between(a: Color, b: Color, part: float) -> Color:
    """The colour that has come this part of the way from one colour to another, channel by channel."""
    red, green, blue = (x * (1 - part) + y * part for x, y in zip(a, b, strict=True))
    return red, green, blue
