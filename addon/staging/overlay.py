"""What is written on the picture itself: the title at its top left, the legend along its bottom.

Lengths are in heights of the frame, from its lower left corner; a narrow frame makes everything
smaller.
"""

from dataclasses import dataclass

from ..look.typeface import extent
from .legend import legend_of

EDGE = 0.045
BAR_WIDTH, BAR_HEIGHT, BAR_STEP = 0.34, 0.020, 0.59
LINE = 0.024
ROOM = 0.012  # around what is written
NARROW = 1.35  # frames narrower than this, width to height, shrink the overlay


@dataclass(frozen=True)
class Line:
    """A line of text at (x, y), its baseline, `width` wide. `align` is "LEFT", "CENTER" or "RIGHT"; `soft` is
    dimmer."""

    text: str
    x: float
    y: float
    size: float
    width: float
    align: str = "LEFT"
    soft: bool = False

    @property
    def box(self):
        """(left, bottom, right, top)."""
        left = self.x - {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}[self.align] * self.width
        low, high = extent(self.text)
        return left, self.y + low * self.size, left + self.width, self.y + high * self.size


@dataclass(frozen=True)
class Strip:
    """A colour map along a rectangle whose lower left corner is (x, y)."""

    color_map: str
    x: float
    y: float
    width: float
    height: float

    @property
    def box(self):
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True)
class Overlay:
    lines: tuple[Line, ...]
    strips: tuple[Strip, ...]

    @property
    def boxes(self):
        """(left, bottom, right, top) of all that is written, with some room around it."""
        return [
            (left - ROOM, low - ROOM, right + ROOM, top + ROOM)
            for left, low, right, top in (item.box for item in (*self.lines, *self.strips))
        ]


def overlay(p, aspect, notes=()):
    """The overlay of a plan on a frame of this `aspect`, width to height, with `notes` in its corner; nothing
    where a depth of field would blur it, as near to the lens as it is."""
    if p.scene.camera.depth_of_field:
        return Overlay((), ())
    unit = min(1.0, aspect / NARROW)
    lines, strips = [], []

    def write(text, x, y, size, align="LEFT", soft=False):
        text = p.typeface.shown(text)
        lines.append(Line(text, x, y, size * unit, p.typeface.width(text) * size * unit, align, soft))

    look, left, right = p.scene.look, EDGE * unit, aspect - EDGE * unit
    if look.title and p.scene.title:
        write(p.scene.title, left, 1 - (EDGE + 0.036) * unit, 0.040)
        if p.scene.caption:
            write(p.scene.caption, left, 1 - (EDGE + 0.078) * unit, 0.024, soft=True)
    for n, note in enumerate(notes):
        write(note, right, (EDGE + LINE * n) * unit, 0.019, "RIGHT", True)
    if look.legend:
        bars = legend_of(p)
        y = (EDGE + LINE * max(len(bar.rows) for bar in bars)) * unit
        for column, bar in enumerate(bars):
            x, width = left + BAR_STEP * unit * column, BAR_WIDTH * unit
            strips.append(Strip(bar.color_map, x, y, width, BAR_HEIGHT * unit))
            write(bar.title, x, y + (BAR_HEIGHT + 0.012) * unit, 0.022, soft=True)
            for n, (name, numbers) in enumerate(bar.rows):
                line = y - LINE * unit * (n + 1)
                for at, number in numbers:
                    align = "LEFT" if at == 0 else "RIGHT" if at == 1 else "CENTER"
                    write(number, x + at * width, line, 0.019, align)
                write(name, x + width + 0.014 * unit, line, 0.019, soft=True)
    return Overlay(tuple(lines), tuple(strips))
