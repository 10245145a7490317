"""Setting the legend: each colour bar, and the sizes, as a block of type; and blocks in rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .items import Bar, Dot, Item, Rule, Text, moved, outline
from .legend import ALWAYS, Frames, LegendBar, LegendSizes
from .scripts import scripts_of
from .typesetter import Typesetter

FIRST_DOT, DOT_STEP, DOTS_WIDTH = 0.8, 2.2, 6.8  # of the size legend, in widths of its largest element


@dataclass(frozen=True)
class LegendForm:
    """The measures of a legend, in the units of the picture; the typesetter's scale multiplies them all.

    Names and numbers stand below a bar, in lines `line` apart; the first one is `line` and `drop` below it.
    Names begin `beside` its end. A block keeps the space `above` its bar and `below` its last line free. With
    `ticks` the bar looks like the axis of a chart: it has an outline, a tick at each number, and zero only
    once.
    """

    title: float  # size of type
    number: float
    bar_height: float
    title_rise: float  # from the bar to the base line of its title
    line: float
    drop: float
    beside: float
    above: float
    below: float
    ticks: float = 0.0  # their length
    dot: float = 0.0  # width of the largest element of the size legend


@dataclass(frozen=True, eq=False)
class Block:
    """Items around the lower left corner of a bar, and how far they reach to the right, up and down."""

    items: tuple[Item, ...]
    width: float
    up: float
    down: float


def bar_block(type: Typesetter, form: LegendForm, bar: LegendBar, length: float, widest: float) -> Block:
    """A colour bar of this length with its title, numbers and names; lines of names are at most `widest`
    wide."""
    high, line, beside = (part * type.scale for part in (form.bar_height, form.line, form.beside))
    drawn = Bar(bar.color_map, 0.0, 0.0, length, high)
    items: list[Item] = [
        type.line(bar.title, 0.0, high + form.title_rise * type.scale, form.title, soft=True)
    ]
    items += [drawn, *(outline(drawn.box) if form.ticks else ())]
    y, right = -form.drop * type.scale, 0.0
    for row, (names, numbers) in enumerate(bar.rows):
        y -= line
        items += [
            _number(type, form, text, place, y, length)
            for place, text in numbers
            if not (form.ticks and row and text == "0")
        ]
        lines = [text.removesuffix(" ·") for text in type.wrapped(names, form.number, widest)]
        # If the names of a single row need several lines, they begin beside the bar itself.
        top = y + line if not form.ticks and len(bar.rows) == 1 < len(lines) else y
        for n, text in enumerate(lines):
            x, y_of_line = length + beside, top - line * n
            for piece, script in scripts_of(text):
                height, size = y_of_line + script.raised * type.sized(form.number), script.size * form.number
                items.append(type.line(piece, x, height, size, soft=True))
                x += items[-1].width
            right = max(right, x - length - beside)
        y = min(y, top - line * (len(lines) - 1))
    if form.ticks:
        places = sorted({place * length for _, numbers in bar.rows for place, _ in numbers})
        items += [Rule(x, 0.0, x, -form.ticks) for x in places]
    return Block(tuple(items), length + beside + right, high + form.above * type.scale,
                 form.below * type.scale - y)  # fmt: skip


def in_turn(blocks: Sequence[tuple[Block, Frames]]) -> Block:
    """One block in the room of several, each of which is there between two frames, one after the other. What
    neighbours have in common stays."""
    times: dict[tuple, list[Frames]] = {}
    every: dict[tuple, Item] = {}
    for block, (start, end) in blocks:
        for item in block.items:
            key = *item.box, item.text if isinstance(item, Text) else ""
            every.setdefault(key, item)
            own = times.setdefault(key, [])
            begun = own.pop()[0] if own and own[-1][1] == start else start
            own.append((begun, end))
    items: list[Item] = []
    for key, item in every.items():
        if isinstance(item, Text | Bar) and times[key] != [(0.0, ALWAYS)]:
            items += [replace(item, shown=shown) for shown in times[key]]
        else:
            items.append(item)
    width, up, down = (
        max(sizes) for sizes in zip(*((b.width, b.up, b.down) for b, _ in blocks), strict=True)
    )
    return Block(tuple(items), width, up, down)


def _number(type: Typesetter, form: LegendForm, text: str, at: float, y: float, length: float) -> Text:
    """A number below a bar, at this part of its length: within it, or by its tick."""
    if form.ticks:
        align = "LEFT" if at < 0.15 else "RIGHT" if at > 0.85 else "CENTER"
        return type.line(text, at * length, y, form.number, align)
    half = 0.5 * type.width(text, form.number)
    return type.line(text, min(max(at * length, half), length - half), y, form.number, "CENTER")


def sizes_block(type: Typesetter, form: LegendForm, sizes: LegendSizes) -> Block:
    """The block of the size legend: elements with their magnitudes under them, and the note below."""
    high, line = form.bar_height * type.scale, form.line * type.scale
    largest = form.dot * type.scale
    title = type.line(sizes.title, 0.0, high + form.title_rise * type.scale, form.title, soft=True)
    items: list[Item] = [title]
    for n, (number, width) in enumerate(sizes.steps):
        x = (FIRST_DOT + DOT_STEP * n) * largest
        items += [Dot(sizes.shape, x, 0.5 * high, width * largest)]
        items += [type.line(number, x, -line, form.number, "CENTER")]
    if sizes.absent:
        items.append(type.line(sizes.absent, 0.0, -2 * line, form.number, soft=True))
    width = max(DOTS_WIDTH * largest, type.width(sizes.absent, form.number), title.width)
    down = (1 + bool(sizes.absent)) * line
    return Block(tuple(items), width, high + form.above * type.scale, down)


def stand_in_rows(
    rows: Sequence[Sequence[Block]], y: float, gap: float, left_of: Callable[[float], float]
) -> tuple[list[Item], float]:
    """Rows of blocks from the bottom `y` up, blocks a `gap` apart: (items, their top). `left_of` the width of
    a row says where it begins."""
    items: list[Item] = []
    for row in reversed(rows):
        x = left_of(sum(block.width for block in row) + gap * (len(row) - 1))
        y += max(block.down for block in row)
        for block in row:
            items += [moved(item, x, y) for item in block.items]
            x += block.width + gap
        y += max(block.up for block in row)
    return items, y
