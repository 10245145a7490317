"""The overlay is the text before the scene of a film. Title, caption and expression stand at the top left,
with the captions of beats under them. The legend stands along the bottom, notes at the lower right.

Lengths are in heights of the frame, from its lower left corner; a narrow frame makes everything smaller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from typing import Any

import numpy as np

from ...look.color_maps import zero_of
from ..plan import Plan
from .boxes import around_each
from .items import Bar, Box, Item, Text
from .legend import ALWAYS, Frames, legends_of, sizes_of
from .legend_blocks import Block, LegendForm, bar_block, in_turn, sizes_block, stand_in_rows
from .scripts import TRANSPOSED, Script, scripts_of
from .statements import Statement, formula_of
from .typesetter import film_type, in_rows, narrowness

FRAME_EDGE = 0.045
TITLE_SIZE, CAPTION_SIZE, FORMULA_SIZE = 0.044, 0.027, 0.030  # sizes of type
LEGEND_SIZE, NUMBER_SIZE = 0.024, 0.021
TOLD_SIZE, TOLD_WIDTH = 0.036, 0.55  # what a beat says, in lines of at most this width
LEGEND_LINE = 0.027  # from a line of numbers to the next
FILM_LEGEND = LegendForm(
    LEGEND_SIZE, NUMBER_SIZE, 0.018, 0.012, LEGEND_LINE, 0.0, 0.014, 0.06, 0.0, dot=0.026
)
BAR_WIDTH = 0.28
NAMES_WIDTH, STACKED_NAMES = 0.55, 0.36  # the widest line beside a bar
BETWEEN_BLOCKS, BETWEEN_STATEMENTS = 0.05, 0.06
TEXT_MARGIN = 0.012  # around what is written
MOST_LINES, MOST_STACKED_LINES = 2, 8  # an expression of more lines is shown a statement at a time

Notes = Sequence[str]


@dataclass(frozen=True)
class Overlay:
    """`shades` are boxes behind its text, for a camera that travels past things that are not its subject.
    They are there between the frames `shaded`, or always. In a film of beats, `blocks` are boxes that are
    kept free as a whole: a line of the head, the legend. `captions` has the box of each beat's caption and
    the two frames between which it is there, and has its shade."""

    items: tuple[Item, ...] = ()
    shades: tuple[Box, ...] = ()
    blocks: tuple[Box, ...] = ()
    shaded: tuple[Frames, ...] = ()
    captions: tuple[tuple[Box, Frames], ...] = ()

    def with_maps(self, maps: Mapping[str, str]) -> "Overlay":
        """The overlay with other colour maps in its bars, by the old ones."""
        items = (
            replace(item, color_map=maps.get(item.color_map, item.color_map))
            if isinstance(item, Bar)
            else item
            for item in self.items
        )
        return replace(self, items=tuple(items))

    @property
    def texts(self) -> list[Text]:
        return [item for item in self.items if isinstance(item, Text)]

    @property
    def boxes(self) -> np.ndarray:
        """The boxes of all text, with some room around each: (n, 4). All captions have one box."""
        told = [np.array([box for box, _ in self.captions])] if self.captions else []
        boxes = [*self.blocks, *around_each(told)] or [item.box for item in self.items]
        return np.array(boxes).reshape(-1, 4) + TEXT_MARGIN * np.array([-1, -1, 1, 1])

    def during(self, start: float, end: float) -> np.ndarray:
        """As `boxes`, with only the captions that are there between two frames, each in a box of its own."""
        told = [box for box, (first, last) in self.captions if first < end and start < last]
        boxes = [*self.blocks, *told] or [item.box for item in self.items]
        return np.array(boxes).reshape(-1, 4) + TEXT_MARGIN * np.array([-1, -1, 1, 1])

    @property
    def shadings(self) -> list[tuple[Box, Frames | None]]:
        """Each shade with the two frames between which it is there, or None: always."""
        captions = self.captions if self.shades else ()
        told = [
            (box, (max(start, first), min(end, last)))
            for box, (start, end) in captions
            for first, last in self.shaded or ((start, end),)
            if max(start, first) < min(end, last)
        ]
        return [*product(self.shades, self.shaded or (None,)), *told]


def overlay(
    p: Plan,
    aspect: float,
    notes: Notes = (),
    timed: Sequence[tuple[Notes, Frames]] = (),
    *,
    stacked: bool = False,
    scale: float = 1.0,
    beside: float = 0.0,
    shaded: Sequence[Frames] | None = (),
) -> Overlay:
    """The overlay of a plan on a frame of this `aspect`, width to height, with `notes` in its corner. Notes
    that are `timed` are (notes, (first frame, frame after the last)). The overlay is empty if a depth of
    field would blur it, because it is so near to the lens.

    The statements of the expression and the blocks of the legend stand beside each other; if `stacked`, under
    each other. `scale` is that of all type. `beside` is the part of the frame at the right that readouts
    take; the caption and notes end at the left of it. If there are timed notes, text is `shaded` between
    these frames, or always; never if it is None.
    """
    look = p.scene.look
    if p.depth_of_field:
        return Overlay()
    type = _FrameType(p, aspect, scale, stacked, beside)
    head = type.head()
    legend = type.legend() if look.legend else []
    lasting, passing = type.notes(notes, timed, legend)
    items = (*head, *legend, *lasting, *passing)
    lines = [line for line in head if line.kind != "told"]
    told: dict[Frames, list[Item]] = {}
    for line in head:
        if line.kind == "told" and line.shown:
            told.setdefault(line.shown, []).append(line)
    shades = _around_written([lines, legend, lasting]) if timed and shaded is not None else ()
    kept_free = _around_written([*_lines(lines), legend, lasting]) if p.beats else ()
    captions = tuple(zip(_around_written(list(told.values())), told, strict=True))
    return Overlay(items, shades, kept_free, tuple(shaded or ()), captions)


def _around_written(blocks: Sequence[Sequence[Item]]) -> tuple[Box, ...]:
    """The box around each of the blocks that has items."""
    boxes = [np.array([item.box for item in block]) for block in blocks if block]
    return tuple(map(tuple, around_each(boxes).tolist()))


def _lines(head: Sequence[Text]) -> list[list[Text]]:
    """The texts of title, caption and expression, line by line: there is room beside a short line, whatever
    is above or below it."""
    rows: list[list[Text]] = []
    for text in head:
        if rows and text.box[3] > rows[-1][0].box[1] + 0.5 * (rows[-1][0].box[3] - rows[-1][0].box[1]):
            rows[-1].append(text)
        else:
            rows.append([text])
    return rows


class _FrameType:
    """Sets what is written before the scene; `unit` is the size of all of it."""

    def __init__(self, p: Plan, aspect: float, scale: float, stacked: bool, beside: float = 0.0):
        self.p, self.stacked = p, stacked
        narrow = narrowness(aspect)
        self.unit = scale * narrow
        self.type = film_type(p.typeface, self.unit, narrow)
        self.left, self.right = FRAME_EDGE * self.unit, aspect - FRAME_EDGE * self.unit
        self.width = self.right - self.left
        self.beside_end = min(self.right, aspect * (1.0 - beside))

    def line(
        self, text: str, x: float, y: float, size: float, align: str = "LEFT", end: float = inf, **more: Any
    ) -> Text:
        """A line of type, cut where it would leave the frame, or at its `end`."""
        room = min(self.right, end) - x if align == "LEFT" else self.width
        return self.type.line(
            self.p.typeface.shown(text, room / (size * self.unit)), x, y, size, align, **more
        )

    def cut(self, item: Item) -> Item:
        """An item of the legend, a line of type cut as all others are."""
        if not isinstance(item, Text):
            return item
        at = item.x, item.y, item.size / self.unit
        return self.line(item.text, *at, item.align, soft=item.soft, shown=item.shown)

    def rows(self, things, width_of, gap):
        """Things beside each other, or each in a row of its own."""
        return [[thing] for thing in things] if self.stacked else in_rows(things, width_of, gap, self.width)

    def head(self) -> list[Text]:
        """Title, caption and expression, from the top down."""
        look, lines, top = self.p.scene.look, [], 1 - FRAME_EDGE * self.unit
        if look.title and self.p.scene.title:
            top -= 0.8 * TITLE_SIZE * self.unit
            lines.append(self.line(self.p.scene.title, self.left, top, TITLE_SIZE))
            if self.p.scene.caption:
                top -= 1.65 * CAPTION_SIZE * self.unit
                at = self.left, top, CAPTION_SIZE
                lines.append(self.line(self.p.scene.caption, *at, end=self.beside_end, soft=True))
            top -= 0.9 * FORMULA_SIZE * self.unit
        lines += self.formula(top - 0.8 * FORMULA_SIZE * self.unit) if look.formula else []
        lowest = min((line.box[1] for line in lines), default=1 - FRAME_EDGE * self.unit)
        return [*lines, *self.told(lowest - 0.9 * TOLD_SIZE * self.unit)]

    def told(self, top: float) -> list[Text]:
        """The captions of the beats, each in its time, from the top down."""
        lines, size = [], TOLD_SIZE * self.unit
        room = min(TOLD_WIDTH * self.unit, self.width)
        for beat in self.p.beats:
            end = ALWAYS if beat is self.p.beats[-1] else beat.end
            plain = (self.p.typeface.shown(text) for text in beat.text.split(TRANSPOSED))
            text, y = TRANSPOSED.join(plain), top - 0.8 * size
            for line in self.type.balanced(text, TOLD_SIZE, room):
                x = self.left
                for piece, script in scripts_of(line):
                    lines.append(
                        self.piece(piece, script, x, y, TOLD_SIZE, kind="told", shown=(beat.start, end))
                    )
                    x += self.type.width(piece, script.size * TOLD_SIZE)
                y -= 1.3 * size
        return lines

    def formula(self, y: float) -> list[Text]:
        """The expression, in as many lines as its statements need. If these are too many, one statement at a
        time, each in the first line until it is done."""
        statements, gap = formula_of(self.p), BETWEEN_STATEMENTS * self.unit

        def width(statement: Statement) -> float:
            parts = statement.parts
            return sum(self.type.width(part.text, part.script.size * FORMULA_SIZE) for part in parts)

        rows = self.rows(statements, width, gap)
        if len(rows) > (MOST_STACKED_LINES if self.stacked else MOST_LINES):
            return self.formula_in_turn(statements, y)
        lines = []
        for row in rows:
            x = self.left
            for statement in row:
                parts, x = self.statement(statement, x, y)
                lines += parts
                x += gap
            y -= 1.35 * FORMULA_SIZE * self.unit
        return lines

    def formula_in_turn(self, statements: Sequence[Statement], y: float) -> list[Text]:
        """One statement after the other in the same place."""
        lines, begun = [], 0.0
        for statement in statements:
            end = ALWAYS if statement is statements[-1] else statement.done
            if end > begun:
                lines += self.statement(statement, self.left, y, shown=(begun, end))[0]
            begun = max(begun, statement.done)
        return lines

    def statement(self, statement: Statement, x: float, y: float, **more: Any) -> tuple[list[Text], float]:
        """The parts of a statement from x on, and where it ends."""
        lines = []
        for part in statement.parts:
            line = self.piece(part.text, part.script, x, y, FORMULA_SIZE, lit=part.lit, **more)
            lines.append(line)
            x += self.type.width(self.p.typeface.shown(part.text), part.script.size * FORMULA_SIZE)
        return lines, x

    def piece(self, text: str, script: Script, x: float, y: float, size: float, **more: Any) -> Text:
        """A piece of a line of type of this `size`."""
        rise, size = script.raised * size * self.unit, script.size * size
        return self.line(text, x, y + rise, size, barred=script.barred, **more)

    def legend(self) -> list[Item]:
        """The blocks of the legend along the bottom, each with what is to be seen at the time."""
        # Numbers say more than sizes, which differ little then.
        blocks = [*self.bars(), *([] if self.p.numbers else [self.sizes()])]
        gap = BETWEEN_BLOCKS * self.unit
        rows = self.rows(blocks, lambda block: block.width, gap)
        items, _ = stand_in_rows(rows, FRAME_EDGE * self.unit, gap, lambda _: self.left)
        return [self.cut(item) for item in items]

    def bars(self) -> list[Block]:
        widest, length = (STACKED_NAMES if self.stacked else NAMES_WIDTH) * self.unit, BAR_WIDTH * self.unit
        blocks: dict[str, list[tuple[Block, Frames]]] = {}  # by their colour maps
        for bars, frames in legends_of(self.p):
            for bar in bars:
                block = bar_block(self.type, FILM_LEGEND, bar, length, widest)
                blocks.setdefault(bar.color_map, []).append((block, frames))
        return [in_turn(blocks[color_map]) for color_map in sorted(blocks, key=lambda one: -zero_of(one))]

    def sizes(self) -> Block:
        """The block of the sizes. While a spotlight is on, it says what is faded."""
        shines = self.p.spotlight.shines if self.p.spotlight else ()
        lit = [(shine.rise[0], shine.fall[0] if shine.fall else ALWAYS) for shine in shines]
        edges = [0.0, *(frame for frames in lit for frame in frames), ALWAYS]
        states = [part for shine in shines for part in (None, shine)] + [None]
        return in_turn(
            [
                (sizes_block(self.type, FILM_LEGEND, sizes_of(self.p, shine)), frames)
                for shine, frames in zip(states, zip(edges, edges[1:], strict=False), strict=True)
                if frames[0] < frames[1]
            ]
        )

    def notes(
        self, notes: Notes, timed: Sequence[tuple[Notes, Frames]], legend: Sequence[Item]
    ) -> tuple[list[Text], list[Text]]:
        """The notes at the lower right, above the lines of the legend if these leave no room, and above them
        those that are timed."""
        every = [*notes, *(note for some, _ in timed for note in some)]
        widths = (self.type.width(self.p.typeface.shown(note), NUMBER_SIZE) for note in every)
        widest = max(widths, default=0.0)
        y, boxes = FRAME_EDGE * self.unit, [item.box for item in legend if isinstance(item, Text)]
        if boxes and max(right for _, _, right, _ in boxes) + 2 * TEXT_MARGIN > self.beside_end - widest:
            y = max(top for *_, top in boxes) + LEGEND_LINE * self.unit

        def write(note, n, shown=None):
            line = y + LEGEND_LINE * self.unit * n
            return self.line(note, self.beside_end, line, NUMBER_SIZE, "RIGHT", soft=True, shown=shown)

        lasting = [write(note, n) for n, note in enumerate(notes)]
        passing = [write(note, n, when) for some, when in timed for n, note in enumerate(some, len(notes))]
        return lasting, passing
