"""What is written on the picture itself: title, caption and expression at its top left, the legend along
its bottom.

Lengths are in heights of the frame, from its lower left corner; a narrow frame makes everything
smaller.
"""

from dataclasses import dataclass

import numpy as np

from ...look.typeface import extent
from .boxes import around
from .formula import formula_of
from .legend import legend_of, sizes_of

EDGE = 0.045
TITLE, CAPTION, FORMULA, LEGEND, NUMBER = 0.044, 0.027, 0.030, 0.024, 0.021  # sizes of type
BAR_WIDTH, BAR_HEIGHT = 0.28, 0.018
NAMES, STACKED_NAMES = 0.55, 0.36  # the widest line beside a bar
LARGEST = 0.026  # width of the largest element of the size legend
LINE = 0.027
BETWEEN = 0.05  # blocks of the legend
ROOM = 0.012  # around what is written
NARROW = 1.35  # frames narrower than this, width to height, shrink the overlay
FORMULA_LINES, STACKED_LINES = 2, 8  # an expression of more lines is shown a statement at a time


@dataclass(frozen=True)
class Line:
    """A line of text at (x, y), its baseline, `width` wide. `align` is "LEFT", "CENTER" or "RIGHT"; `soft` is
    dimmer. It is `lit` from and to these frames, and `shown` from and to those, if not always."""

    text: str
    x: float
    y: float
    size: float
    width: float
    align: str = "LEFT"
    soft: bool = False
    lit: tuple[tuple[float, float], ...] | None = None
    shown: tuple[float, float] | None = None

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
class Dot:
    """An element of the size legend, around (x, y): a "cube" or a "sphere"."""

    shape: str
    x: float
    y: float
    width: float

    @property
    def box(self):
        half = 0.5 * self.width
        return self.x - half, self.y - half, self.x + half, self.y + half


@dataclass(frozen=True)
class Overlay:
    """`shades` are boxes behind blocks of it, where a camera travels past things that are no subject."""

    lines: tuple[Line, ...] = ()
    strips: tuple[Strip, ...] = ()
    dots: tuple[Dot, ...] = ()
    shades: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def boxes(self):
        """(left, bottom, right, top) of all that is written, with some room around it."""
        return [
            (left - ROOM, low - ROOM, right + ROOM, top + ROOM)
            for left, low, right, top in (item.box for item in (*self.lines, *self.strips, *self.dots))
        ]


def overlay(p, aspect, notes=(), timed=(), *, stacked=False, scale=1.0):
    """The overlay of a plan on a frame of this `aspect`, width to height, with `notes` in its corner, and
    those that are `timed`, (notes, (first frame, frame after the last)); nothing where a depth of field
    would blur it, as near to the lens as it is.

    The statements of the expression and the blocks of the legend stand beside each other, or under each
    other where `stacked`; `scale` is that of all type.
    """
    if p.scene.camera.depth_of_field:
        return Overlay()
    sheet = _Sheet(p, aspect, scale)
    look, top = p.scene.look, 1 - EDGE * sheet.unit
    if look.title and p.scene.title:
        top -= 0.8 * TITLE * sheet.unit
        sheet.write(p.scene.title, sheet.left, top, TITLE)
        if p.scene.caption:
            top -= 1.65 * CAPTION * sheet.unit
            sheet.write(p.scene.caption, sheet.left, top, CAPTION, soft=True)
        top -= 0.9 * FORMULA * sheet.unit
    if look.formula:
        sheet.write_formula(formula_of(p), top - 0.8 * FORMULA * sheet.unit, stacked)
    head = len(sheet.lines)
    if look.legend:
        sheet.write_legend(legend_of(p), sizes_of(p), stacked)
    legend = len(sheet.lines)
    sheet.write_notes(notes, timed, sheet.lines[head:])
    lasting = sheet.lines[legend : legend + len(notes)]
    blocks = [sheet.lines[:head], [*sheet.lines[head:legend], *sheet.strips, *sheet.dots], lasting]
    boxes = [np.array([item.box for item in block]) for block in blocks if block and timed]
    shades = tuple(tuple(around(box).tolist()) for box in boxes)
    return Overlay(tuple(sheet.lines), tuple(sheet.strips), tuple(sheet.dots), shades)


class _Sheet:
    """What is being written; `unit` is the size of all of it."""

    def __init__(self, p, aspect, scale):
        self.typeface = p.typeface
        self.unit = scale * min(1.0, aspect / NARROW)
        self.left, self.right = EDGE * self.unit, aspect - EDGE * self.unit
        self.lines, self.strips, self.dots = [], [], []

    def width(self, text, size):
        return self.typeface.width(text) * size * self.unit

    def write(self, text, x, y, size, align="LEFT", soft=False, **when):
        """Write a line, cut where it would leave the frame."""
        room = self.right - x if align == "LEFT" else self.right - self.left
        text = self.typeface.shown(text, room / (size * self.unit))
        self.lines.append(Line(text, x, y, size * self.unit, self.width(text, size), align, soft, **when))
        return self.lines[-1]

    def in_rows(self, items, width_of, gap, stacked):
        """Items with a gap between them in as many rows as they need, or each in its own where `stacked`."""
        rows, used = [], 0.0
        for item in items:
            if not rows or stacked or self.left + used + width_of(item) > self.right:
                rows.append([])
                used = 0.0
            rows[-1].append(item)
            used += width_of(item) + gap
        return rows

    # The expression

    def write_formula(self, statements, y, stacked):
        """Write statements side by side, in as many lines as they need, or `stacked`; in one place, each
        until it is done, where that is too many lines."""
        most = STACKED_LINES if stacked else FORMULA_LINES
        gap = 0.06 * self.unit
        rows = self.in_rows(statements, self.statement_width, gap, stacked)
        begun = 0.0
        for row in rows if len(rows) <= most else [[statement] for statement in statements]:
            x, shown = self.left, None
            if len(rows) > most:
                last = row[0] is statements[-1]
                shown = (begun, 1e6 if last else row[0].done)
                begun = max(begun, row[0].done)
                if shown[1] <= shown[0]:
                    continue
            for statement in row:
                for part in statement.parts:
                    size, rise = (0.62 * FORMULA, 0.36 * FORMULA) if part.raised else (FORMULA, 0.0)
                    self.write(part.text, x, y + rise * self.unit, size, lit=part.lit, shown=shown)
                    x += self.width(self.typeface.shown(part.text), size)
                x += gap
            y -= 1.35 * FORMULA * self.unit if shown is None else 0.0

    def statement_width(self, statement):
        parts = statement.parts
        return sum(self.width(part.text, (0.62 if part.raised else 1.0) * FORMULA) for part in parts)

    # The legend

    def write_notes(self, notes, timed, legend):
        """Write what is left out at the lower right, above the lines of the legend if these leave no room;
        what is `timed` above the rest, at its time."""
        every = [*notes, *(note for some, _ in timed for note in some)]
        widest = max((self.width(self.typeface.shown(note), NUMBER) for note in every), default=0.0)
        y, boxes = EDGE * self.unit, [line.box for line in legend]
        if max((right for _, _, right, _ in boxes), default=0.0) + 2 * ROOM > self.right - widest:
            y = max(top for *_, top in boxes) + LINE * self.unit
        lines = [(n, note, None) for n, note in enumerate(notes)]
        lines += [(n, note, when) for some, when in timed for n, note in enumerate(some, len(notes))]
        for n, note, when in lines:
            self.write(note, self.right, y + LINE * self.unit * n, NUMBER, "RIGHT", soft=True, shown=when)

    def write_legend(self, bars, sizes, stacked):
        """Write the blocks of the legend along the bottom, in as many rows from below as they need, or
        `stacked`."""
        widest = STACKED_NAMES if stacked else NAMES
        blocks = [self.bar_block(bar, widest) for bar in bars] + [self.sizes_block(sizes)]
        rows = self.in_rows(blocks, lambda block: block[0], BETWEEN * self.unit, stacked)
        y = EDGE * self.unit
        for row in reversed(rows):
            x, y = self.left, y + LINE * max(deep for _, deep, _ in row) * self.unit
            for width, _, write in row:
                write(x, y)
                x += width + BETWEEN * self.unit
            y += (BAR_HEIGHT + 0.06) * self.unit

    def bar_block(self, bar, widest):
        """(width, lines under the bar, how to write it) of a colour bar with its numbers and names."""
        names = [self.wrapped(name, widest) for name, _ in bar.rows]
        beside = max((self.width(line, NUMBER) for lines in names for line in lines), default=0.0)
        # The names of one row begin beside the bar itself.
        alone = len(bar.rows) == 1 and len(names[0]) > 1
        deep = max(1, len(names[0]) - 1) if alone else len(bar.rows)

        def write(x, y):
            width = BAR_WIDTH * self.unit
            self.strips.append(Strip(bar.color_map, x, y, width, BAR_HEIGHT * self.unit))
            self.write(bar.title, x, y + (BAR_HEIGHT + 0.012) * self.unit, LEGEND, soft=True)
            for n, (_, numbers) in enumerate(bar.rows):
                line = y - LINE * self.unit * (n + 1)
                for at, number in numbers:
                    half = 0.5 * self.width(number, NUMBER)
                    middle = min(max(x + at * width, x + half), x + width - half)
                    self.write(number, middle, line, NUMBER, "CENTER")
                for m, text in enumerate(names[n]):
                    below = line + LINE * self.unit * (alone - m)
                    self.write(text, x + width + 0.014 * self.unit, below, NUMBER, soft=True)

        return (BAR_WIDTH + 0.014) * self.unit + beside, deep, write

    def sizes_block(self, sizes):
        """The same of the size legend."""
        width = max(6.8 * LARGEST * self.unit, self.width(sizes.absent, NUMBER))

        def write(x, y):
            self.write("size", x, y + (BAR_HEIGHT + 0.012) * self.unit, LEGEND, soft=True)
            for n, (number, wide) in enumerate(sizes.steps):
                middle = x + (0.8 + 2.2 * n) * LARGEST * self.unit
                wide *= LARGEST * self.unit
                self.dots.append(Dot(sizes.shape, middle, y + 0.5 * BAR_HEIGHT * self.unit, wide))
                self.write(number, middle, y - LINE * self.unit, NUMBER, "CENTER")
            if sizes.absent:
                self.write(sizes.absent, x, y - 2 * LINE * self.unit, NUMBER, soft=True)

        return width, 1 + bool(sizes.absent), write

    def wrapped(self, text, width):
        """A text in lines of at most this width, broken between words."""
        lines = []
        for word in text.split(" "):
            if lines and self.width(f"{lines[-1]} {word}", NUMBER) <= width * self.unit:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines
