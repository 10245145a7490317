"""Colours as a screen takes them, and as light adds up."""

from ..description.style import Color


def linear(color: Color) -> Color:
    """sRGB (0 to 1) to linear light (IEC 61966-2-1)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return red, green, blue
