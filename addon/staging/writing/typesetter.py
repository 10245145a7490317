"""Sets type: widths of texts, lines, texts broken into lines, and things side by side in rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ...look.typeface import Typeface, extent
from .items import Text
from .scripts import Script

Thing = TypeVar("Thing")
CAPITALS = 0.72  # height of a line of type, in sizes
LONGEST_TOKEN = 9.0  # in sizes; what is longer ends with an ellipsis
NARROW_FRAME = 1.35  # frames narrower than this, width to height, have smaller type
JOINED = "\u00a0"  # a space at which no line is broken
SMALLEST = 14.2 / 720.0  # of the frame's height: 14 pixels of type in a picture of 1280 × 720


@dataclass(frozen=True)
class Typesetter:
    """Sets type in the units of a picture, all of it `scale` times as large as asked for, but at least as
    large as `least`.

    `measure(text, size)` is the width of a text, `extent(text)` how far it reaches below and above its base
    line, in sizes; bold type is `bolder` times as wide.
    """

    measure: Callable[[str, float], float]
    extent: Callable[[str], tuple[float, float]]
    scale: float = 1.0
    bolder: float = 1.0
    least: float = 0.0

    def sized(self, size: float) -> float:
        """The size in which type of this nominal size is set."""
        return max(size * self.scale, self.least)

    def width(self, text: str, size: float) -> float:
        """The width of a text in plain type."""
        return self.measure(text, self.sized(size))

    def line(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        align: str = "LEFT",
        *,
        bold: bool = False,
        **more: Any,
    ) -> Text:
        """A line of type with its base line at (x, y); `more` are fields of Text."""
        width, size = self.width(text, size) * (self.bolder if bold else 1.0), self.sized(size)
        low, high = self.extent(text)
        return Text(text, x, y, size, width, low * size, high * size, align, bold=bold, **more)

    def following(self, line: Text, size: float, pieces: Iterable[tuple[str, Script]]) -> list[Text]:
        """Raised and lowered pieces, those that are not empty, after a line of type of this nominal size."""
        made, right, full = [], line.box[2] + 0.04 * self.sized(size), self.sized(size)
        for text, script in pieces:
            if text:
                y = line.y + script.raised * full
                made.append(self.line(text, right, y, script.size * size, kind=line.kind))
                right = made[-1].box[2]
        return made

    def wrapped(self, text: str, size: float, width: float) -> list[str]:
        """A text in lines of at most this width, broken between words; a longer word has a line of its
        own. Words with JOINED between them stay together."""
        lines: list[str] = []
        for word in text.split(" ") if text else ():
            word = word.replace(JOINED, " ")
            if lines and self.width(f"{lines[-1]} {word}", size) <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    def balanced(self, text: str, size: float, width: float) -> list[str]:
        """A text in as few lines of at most this width as it needs, of about the same length."""
        lines = self.wrapped(text, size, width)
        for narrower in np.arange(width, 0.5 * width, -self.sized(size)):
            other = self.wrapped(text, size, narrower)
            if len(other) > len(lines):
                break
            lines = other
        return lines


def film_type(typeface: Typeface, scale: float, narrow: float = 1.0) -> Typesetter:
    """The type of a film, whose unit is the height of its frame. It is at least SMALLEST; on a narrow frame,
    the part `narrow` of that."""
    least = SMALLEST * min(1.0, narrow)
    return Typesetter(lambda text, size: typeface.width(text) * size, extent, scale, least=least)


def narrowness(aspect: float) -> float:
    """The scale of all type on a frame of this aspect, width to height: 1, or less on a narrow frame."""
    return min(1.0, aspect / NARROW_FRAME)


def in_rows(
    things: Iterable[Thing], width_of: Callable[[Thing], float], gap: float, width: float
) -> list[list[Thing]]:
    """Things side by side, with a gap between them, in as many rows of at most this width as they need."""
    rows: list[list[Thing]] = []
    used = 0.0
    for thing in things:
        if not rows or used + width_of(thing) > width:
            rows.append([])
            used = 0.0
        rows[-1].append(thing)
        used += width_of(thing) + gap
    return rows
