"""A page of a figure: what stands on paper over its pictures, type and thin rules.

Lengths are points, 1/72 inch, from the lower left corner of the page. Type has its size in print,
whatever the size of the scene. `measure(text, size)` gives the width of a line of type.
"""

import re
from dataclasses import dataclass, replace

from ...errors import InputError

POINTS = {"in": 72.0, "cm": 72.0 / 2.54, "mm": 72.0 / 25.4, "pt": 1.0}
ASCENT, DESCENT = 0.75, 0.2  # of a line of type, above and below its base line, of its size
BOLDER = 1.05  # how much wider bold type is


@dataclass(frozen=True)
class Text:
    """A line of type; (x, y) is on its base line. `align` is "LEFT", "CENTER" or "RIGHT"; `soft` is
    dimmer. `upward` turns it by 90 degrees, so that it reads from below."""

    text: str
    x: float
    y: float
    size: float
    align: str = "LEFT"
    soft: bool = False
    bold: bool = False
    upward: bool = False

    def box(self, measure):
        """(left, bottom, right, top)."""
        width = measure(self.text, self.size) * (BOLDER if self.bold else 1.0)
        start = -{"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}[self.align] * width
        low, high = -DESCENT * self.size, ASCENT * self.size
        if self.upward:
            return self.x - high, self.y + start, self.x - low, self.y + start + width
        return self.x + start, self.y + low, self.x + start + width, self.y + high


@dataclass(frozen=True)
class Rule:
    """A thin straight line from (x0, y0) to (x1, y1), `width` points thick."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 0.35

    def box(self):
        """(left, bottom, right, top), never flat."""
        thin = 0.5 * self.width
        return (
            min(self.x0, self.x1) - thin,
            min(self.y0, self.y1) - thin,
            max(self.x0, self.x1) + thin,
            max(self.y0, self.y1) + thin,
        )


@dataclass(frozen=True)
class Bar:
    """A colour map along a rectangle whose lower left corner is (x, y)."""

    color_map: str
    x: float
    y: float
    width: float
    height: float

    def outline(self):
        """The rules around it."""
        right, top = self.x + self.width, self.y + self.height
        around = [(self.x, self.y), (right, self.y), (right, top), (self.x, top), (self.x, self.y)]
        return [Rule(*a, *b) for a, b in zip(around, around[1:], strict=False)]


def moved(item, x, y):
    """A Text, Rule or Bar elsewhere, by (x, y)."""
    if isinstance(item, Rule):
        return replace(item, x0=item.x0 + x, x1=item.x1 + x, y0=item.y0 + y, y1=item.y1 + y)
    return replace(item, x=item.x + x, y=item.y + y)


def length(text, dpi, where="width"):
    """A length such as 3.3in, 84mm, 8.4cm, 240pt or 1980px, in points. Raises InputError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(in|cm|mm|pt|px)\s*", str(text))
    points = float(found[1]) * (POINTS | {"px": 72.0 / dpi})[found[2]] if found else 0.0
    if not 18.0 <= points <= 7200.0:
        raise InputError(
            f'{where}: "{text}" is not a length such as 3.3in, 84mm, 8.4cm, 240pt or 1980px (0.25in to 100in)'
        )
    return points
