"""The bars of a Why on a figure's page. Each product is a bar that begins where the one before ends. The
largest come first, with their names; then the rest as one bar; then the sum. Lengths are points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..staging.plan import Plan
from ..staging.scales import Scale
from ..staging.why import Why
from ..staging.writing.callout_options import said_of
from ..staging.writing.captions import EPILOGUE_WORDS
from ..staging.writing.items import Item, Rule, Swatch, moved
from ..staging.writing.numerals import alike, number
from .figure_type import ASCENT, BOLDER, DESCENT, PageType

NARROWEST_WHY, WIDEST_WHY = 120.0, 170.0  # of a chart
WHY_PART = 0.3  # of the page's width, that it takes
WHY_FROM = 400.0  # width of a page from which on there is room for one
NAMED_BARS = 8  # that are named
WHY_LEADING = 1.25  # from one line of type to the next, and from one bar to the next, in sizes
BAR_THICKNESS = 0.72  # of a bar, of the distance to the next
BAR_GAP = 4.0  # between bars and type
BAR_TINT = 0.85  # of the way from zero to full colour, of a bar


@dataclass(frozen=True, eq=False)
class WhyBlock:
    """Items over the lower left corner of a box of this size."""

    items: tuple[Item, ...]
    width: float
    height: float


def why_block(p: Plan, frame: float, type: PageType, page: float) -> WhyBlock | None:
    """The chart of a plan's Why for a page of this width. None if there is no Why or no room for it, or if
    its entry is not finished at the frame."""
    if p.why is None or page < WHY_FROM:
        return None
    made = p.timeline.moves.get(p.why.stage.name)
    if made and frame < made.finished:
        return None
    why, width = p.why, min(max(WHY_PART * page, NARROWEST_WHY), WIDEST_WHY)
    said = said_of(p, why.stage, (why.i, why.j)).split("  ")
    step = WHY_LEADING * type.small
    heads = [(line, type.size, True) for line in type.wrapped(f"Why {said[0]}", type.size, width / BOLDER)]
    heads += [
        (line, type.small, False)
        for line in type.wrapped(f"products of {why.left} · {why.right}", type.small, width)
    ]
    after = type.wrapped(_after(why, said), type.small, width)
    rows = _rows(why)
    height = WHY_LEADING * sum(size for _, size, _ in heads) + 0.5 * step + step * (len(rows) + len(after))
    items: list[Item] = []
    y = height
    for text, size, bold in heads:
        y -= WHY_LEADING * size
        items.append(type.line(text, 0.0, y + DESCENT * size, size, bold=bold, soft=not bold, kind="why"))
    y -= 0.5 * step + step * len(rows)
    items += [moved(item, 0.0, y) for item in _chart(rows, p.products[why.stage.name], type, width, step)]
    for line in after:
        y -= step
        items.append(type.line(line, 0.0, y + DESCENT * type.small, type.small, soft=True, kind="why"))
    return WhyBlock(tuple(items), width, height)


def _after(why: Why, said: Sequence[str]) -> str:
    """A phrase about the functions that the sum still goes through."""
    words = dict.fromkeys(EPILOGUE_WORDS.get(step.function, step.function) for step in why.stage.epilogue)
    return f"after {' and '.join(words)}: {said[-1]}" if words else ""


def _rows(why: Why) -> list[tuple[str, float, float]]:
    """(name, start, end) of each bar from the top down: the largest products, the others, and the sum."""
    named = len(why.order) if len(why.order) <= NAMED_BARS + 1 else NAMED_BARS
    names = [f"dim {k}" for k in why.order[:named].tolist()]
    parts = why.products[:named].tolist()
    if named < len(why.order):
        names.append(f"{len(why.order) - named} others")
        parts.append(float(why.products[named:].sum()))
    ends = np.concatenate([[0.0], np.cumsum(parts)])
    rows = [(name, float(a), float(b)) for name, a, b in zip(names, ends, ends[1:], strict=False)]
    return [*rows, ("sum", 0.0, why.total)]


def _chart(
    rows: Sequence[tuple[str, float, float]], scale: Scale, type: PageType, width: float, step: float
) -> list[Item]:
    """The bars over (0, 0) with their names at the left and their numbers at the right."""
    size = type.small
    lengths = [b - a for _, a, b in rows]
    numbers = [*alike(lengths[:-1]), number(lengths[-1])]  # the sum as in the sentence about it
    left = max(type.width(name, size) for name, _, _ in rows) * type.bolder + BAR_GAP
    right = width - max(type.width(text, size) for text in numbers) * type.bolder - BAR_GAP
    ends = np.array([(a, b) for _, a, b in rows])
    low, high = min(ends.min(), 0.0), max(ends.max(), 0.0)
    unit = (right - left) / ((high - low) or 1.0)
    items: list[Item] = []
    for n, ((name, a, b), text) in enumerate(zip(rows, numbers, strict=True)):
        last = n == len(rows) - 1
        y = step * (len(rows) - n - 1)
        x0, x1 = sorted(left + (value - low) * unit for value in (a, b))
        middle = y + 0.5 * step
        thick = BAR_THICKNESS * step
        at = scale.zero + np.sign(b - a) * BAR_TINT * (scale.zero if b < a else 1.0 - scale.zero)
        items.append(Swatch(scale.color_map, x0, middle - 0.5 * thick, x1 - x0, thick, at))
        base = middle - 0.5 * (ASCENT - DESCENT) * size
        items.append(type.line(name, left - BAR_GAP, base, size, "RIGHT", bold=last, kind="why"))
        items.append(type.line(text, width, base, size, "RIGHT", bold=last, kind="why"))
    zero = left - low * unit
    items.append(Rule(zero, 0.0, zero, step * len(rows)))
    items.append(Rule(0.0, step, width, step))
    return items
