"""The legend: each colour map of the picture with numbers along it, and the sizes of elements."""

import math
from dataclasses import dataclass
from typing import Any

from ...kinds.stage import stages_of
from ...look.color_maps import zero_of
from .captions import EPILOGUE_WORDS, SCORES, has_scores, title_of
from .numerals import number
from .typesetter import JOINED

ROWS_OF_A_BAR = 2  # of a bar; more ranges are summed up in one
MOST_NAMES = 8  # of these
MOST_OF_OTHERS = 5  # of these where the picture is about one matrix: of more ranges the numbers are not told
Range = tuple[float, float, float]  # low, high and clip of a Scale
SHOWN_SIZES = (0.1, 0.5, 1.0)  # parts of the largest magnitude whose elements the size legend shows


@dataclass(frozen=True)
class LegendBar:
    """One colour bar. `rows` are (name, ((place along the bar 0..1, number), ...))."""

    color_map: str
    title: str
    rows: tuple


@dataclass(frozen=True)
class LegendSizes:
    """The size legend: elements of a `shape` as (number, width relative to the largest), what the numbers are
    parts of, and a note about entries that are not drawn."""

    shape: str
    steps: tuple
    absent: str
    title: str = "size: 1 at the end of a bar"


def legend_of(p: Any, *, raw: bool = True, brief: bool = True) -> list[LegendBar]:
    """The bars of a plan, those with signed values first. Matrices with the same range share a row. Many
    ranges, and different ranges of heads, are summed up in one row, in a `brief` phrase or a clearer one.
    Without `raw` there is no row for values before an epilogue."""
    ranges: dict[tuple[str, str], list[Range]] = {}  # by colour map and name
    for stage in stages_of(p.root):
        name, shown = title_of(p, stage), not p.is_unseen(stage)
        if shown:
            _add(ranges, p.final[stage.name], name)
        if shown and raw and _is_read_before(p, stage):
            step = stage.epilogue[0].function  # the sums have been through none of them
            before = f"{name} before {EPILOGUE_WORDS.get(step, step)}"
            _add(ranges, p.raw[stage.name], SCORES if p.beats and has_scores(stage) else before)
        if stage.name in p.interiors and not p.star:  # a picture about one matrix says what is of it
            _add(ranges, p.products[stage.name], f"products in {name}")
    bars = []
    for color_map in dict.fromkeys(color_map for color_map, _ in ranges):
        rows: dict[tuple[Range, ...], list[str]] = {}  # scales -> names
        for (of, name), scales in ranges.items():
            if of == color_map:
                rows.setdefault(tuple(scales), []).append(name)
        probable = list(rows) == [((0.0, 1.0, 100.0),)]
        title = "value" if zero_of(color_map) else "probability" if probable else "magnitude"
        if len(rows) > ROWS_OF_A_BAR or any(len(scales) > 1 for scales in rows):
            many = bool(p.star) and len(rows) > MOST_OF_OTHERS
            words = "each by its own largest" if brief else "max: each matrix's own largest magnitude"
            written = [(words if many else _told(rows), _ends(color_map))]
        else:
            written = [_row(color_map, *row) for row in rows.items()]
        bars.append(LegendBar(color_map, title, tuple(written)))
    return sorted(bars, key=lambda bar: -zero_of(bar.color_map))


def sizes_of(p: Any) -> LegendSizes:
    """The LegendSizes of a plan: width is m + (1 - m) · √(magnitude), with the least width m."""
    least = p.least_size
    shape = "sphere" if (p.scene.look.shape or p.style.shape) == "sphere" else "cube"
    steps = tuple((f"{part:g}", least + (1 - least) * math.sqrt(part)) for part in SHOWN_SIZES)
    masked = any(p.evaluation[stage].mask is not None for stage in stages_of(p.root))
    absent = ["zero"] * (not p.numbers) + ["masked"] * masked
    return LegendSizes(shape, steps, f"{' or '.join(absent)}: no element" if absent else "")


def before_until(p: Any) -> float:
    """The frame until which a film draws values before an epilogue: a picture after it has no row for
    them."""
    read = [stage.name for stage in stages_of(p.root) if not p.is_unseen(stage) and _is_read_before(p, stage)]
    return max((p.timeline.moves[name].finished for name in read if name in p.timeline.moves), default=0.0)


def _is_read_before(p, stage):
    """Whether the values of a stage before its epilogue are to be read: not those of panels, and not those
    of an operand that is seen and taken over as it is."""
    taken_over = [operand.stage for operand in stage.unchanged if not p.is_unseen(operand.stage)]
    told = any(p.final[operand.name] == p.raw[stage.name] for operand in taken_over)
    return stage.epilogue and not p.panels and not told


def _add(ranges, scale, name):
    scales = ranges.setdefault((scale.color_map, name), [])
    key = (scale.low, scale.high, scale.clip)
    if key not in scales:
        scales.append(key)


def _row(color_map, scales, names):
    """A row of one range: the numbers at the ends of the bar, and in its middle."""
    ((_, high, clip),) = scales
    clipped = f", clipped at {number(high)} ({clip:g}th percentile)" if clip < 100 else ""
    return ", ".join(names) + clipped, ticks(color_map, high)


def _told(rows):
    """One line that sums up many ranges: the ends of each."""
    lists: dict[float, list[str]] = {}  # percentile -> ["names end"]
    for scales, names in rows.items():
        highs = sorted(high for _, high, _ in scales)
        ends = " to ".join(dict.fromkeys((number(highs[0]), number(highs[-1]))))
        lists.setdefault(scales[0][2], []).append(f"{', '.join(names)}{JOINED}{ends}")
    told = []
    for clip, items in lists.items():
        more = [f"{len(items) - MOST_NAMES} more"] if len(items) > MOST_NAMES else []
        head = "max" if clip == 100 else f"max at the {clip:g}th percentile"
        told.append(f"{head}: " + " · ".join(items[:MOST_NAMES] + more))
    return "; ".join(told)


def _ends(color_map):
    """The ends of a bar that stands for many ranges."""
    return ((0.0, "−max"), (0.5, "0"), (1.0, "max")) if zero_of(color_map) else ((0.0, "0"), (1.0, "max"))


def ticks(color_map: str, high: float) -> tuple[tuple[float, str], ...]:
    """The numbers along a bar that ends at `high`, (place 0..1, number): so no number of the picture lies
    beyond the last one."""
    low, middle = (-high, 0.0) if zero_of(color_map) else (0.0, 0.5 * high)
    return (0.0, number(low)), (0.5, number(middle)), (1.0, number(high))
