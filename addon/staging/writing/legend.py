"""The legend: each colour map of the picture with numbers along it, and the sizes of elements."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kinds.stage import stages_of
from ...look.color_maps import zero_of
from ..spotlight import Shine
from .captions import EPILOGUE_WORDS, SCORES, has_scores, title_of
from .numerals import number
from .typesetter import JOINED

ROWS_OF_A_BAR = 2  # of a bar; more ranges are summed up in one
MOST_NAMES = 8  # of these
MOST_OF_OTHERS = 5  # of these where the picture is about one matrix: of more ranges the numbers are not told
FADED_NOTE = "faded: not in use"
ALWAYS = 1e6  # a frame after all others
Range = tuple[float, float, float]  # low, high and clip of a Scale
Frames = tuple[float, float]
SHOWN_SIZES = (0.1, 0.5, 1.0)  # parts of the largest magnitude whose elements the size legend shows


@dataclass(frozen=True)
class LegendBar:
    """One colour bar. `rows` are (name, ((place along the bar 0..1, number), ...))."""

    color_map: str
    title: str
    rows: tuple


@dataclass(frozen=True)
class LegendSizes:
    """The size legend: what sizes show, elements of a `shape` as (number, width relative to the largest), and
    a note about entries that are not drawn or faded."""

    title: str
    shape: str
    steps: tuple
    absent: str


def legend_of(p: Any, *, raw: bool = True, brief: bool = True, at: float | None = None) -> list[LegendBar]:
    """The bars of a plan, those with signed values first. Matrices with the same range share a row. Many
    ranges, and different ranges of heads, are summed up in one row, in a `brief` phrase or a clearer one.
    Without `raw` there is no row for values before an epilogue. With `at` there is only what is to be seen at
    that frame of the film."""
    told = [one for one in _told_ranges(p) if raw or not one.raw]
    rows: dict[str, dict[tuple[Range, ...], list[str]]] = {}  # colour map -> scales -> names
    ranges: dict[tuple[str, str], dict[Range, None]] = {}
    for one in told:
        ranges.setdefault((one.color_map, one.name), {})[one.range] = None
    for (color_map, name), scales in ranges.items():
        rows.setdefault(color_map, {}).setdefault(tuple(scales), []).append(name)
    there = {(one.color_map, one.name) for one in told if at is None or one.start <= at < one.end}
    bars = []
    for color_map, every in rows.items():
        kept = {scales: [n for n in names if (color_map, n) in there] for scales, names in every.items()}
        kept = {scales: names for scales, names in kept.items() if names}
        if kept:
            bars.append(_bar(p, color_map, every, kept, brief))
    return sorted(bars, key=lambda bar: -zero_of(bar.color_map))


def legends_of(p: Any) -> list[tuple[list[LegendBar], Frames]]:
    """The bars of a film, each time with the two frames between which they are what is to be seen."""
    told = _told_ranges(p)
    starts = sorted({0.0, *(at for one in told for at in (one.start, one.end) if at < ALWAYS)})
    ends = [*starts[1:], ALWAYS]
    return [(legend_of(p, at=start), (start, end)) for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class _ToldRange:
    """A range that the legend tells, and the frames between which it does. `raw`: of values before an
    epilogue."""

    color_map: str
    name: str
    range: Range
    start: float = 0.0
    end: float = ALWAYS
    raw: bool = False


def _told_ranges(p):
    """The _ToldRanges of a plan. The finished values of a result with an epilogue are told when it begins,
    and the others no longer when it is through."""
    told = []

    def add(scale, name, *more):
        told.append(_ToldRange(scale.color_map, name, (scale.low, scale.high, scale.clip), *more))

    for stage in stages_of(p.root):
        name, start = title_of(p, stage), p.arrivals.get(stage.name, (0.0,))[0]
        move, is_read = p.timeline.moves.get(stage.name), _is_read_before(p, stage)
        changes = move and is_read and move.finished > 1.0
        if not p.is_unseen(stage):
            add(p.final[stage.name], name, max(start, move.begins) if changes else start)
        if not p.is_unseen(stage) and is_read:
            step = stage.epilogue[0].function  # the sums have been through none of them
            before = f"{name} before {EPILOGUE_WORDS.get(step, step)}"
            before = SCORES if p.beats and has_scores(stage) else before
            add(p.raw[stage.name], before, start, move.finished if changes else 0.0, True)
        if stage.name in p.interiors and not p.star:  # a picture about one matrix says what is of it
            add(p.products[stage.name], f"products in {name}")
    return told


def _bar(p, color_map, every, rows, brief):
    """The LegendBar with these `rows`, some of `every` one that the film has, {ranges: names}: it stays as it
    is while rows come."""
    probable = list(every) == [((0.0, 1.0, 100.0),)]
    title = "value" if zero_of(color_map) else "probability" if probable else "magnitude"
    if len(every) > ROWS_OF_A_BAR or any(len(scales) > 1 for scales in every):
        many = bool(p.star) and len(every) > MOST_OF_OTHERS
        words = "each by its own largest" if brief else "max: each matrix's own largest magnitude"
        written = [(words if many else _told(rows), _ends(color_map))]
    else:
        written = [_row(color_map, *row) for row in rows.items()]
    return LegendBar(color_map, title, tuple(written))


def sizes_of(p: Any, shine: Shine | None = None) -> LegendSizes:
    """The LegendSizes of a plan: width is m + (1 - m) · √(magnitude), with the least width m. The numbers are
    values if all bars end at the same one. While a spotlight is on, its `shine` says what is faded."""
    least = p.least_size
    shape = "sphere" if (p.scene.look.shape or p.style.shape) == "sphere" else "cube"
    ends = {one.range[1] for one in _told_ranges(p)}
    title, end = ("size: |value|", ends.pop()) if len(ends) == 1 else ("size: |value| as part of max", 1.0)
    numbers = [number(part * end) for part in SHOWN_SIZES]
    widths = [least + (1 - least) * math.sqrt(part) for part in SHOWN_SIZES]
    masked = any(p.evaluation[stage].mask is not None for stage in stages_of(p.root))
    absent = "zero or masked" if masked else "zero"
    notes = [f"{absent}: not drawn"] + [FADED_NOTE] * _is_faded(p, shine)
    return LegendSizes(title, shape, tuple(zip(numbers, widths, strict=True)), "  ·  ".join(notes))


def _is_faded(p, shine):
    """Whether a spotlight fades most matrices, in part at least."""
    if shine is None:
        return False
    stages = [plane.stage for plane in p.arrangement.seen]
    spots = [p.spotlight.spots.get(stage.name, np.zeros(1, np.int32)) for stage in stages]
    return 2 * sum(not (of & 1 << shine.number).all() for of in spots) > len(stages)


def _is_read_before(p, stage):
    """Whether the values of a stage before its epilogue are to be read: not those of panels, and not those
    of an operand that is seen and taken over as it is."""
    taken_over = [operand.stage for operand in stage.unchanged if not p.is_unseen(operand.stage)]
    told = any(p.final[operand.name] == p.raw[stage.name] for operand in taken_over)
    return stage.epilogue and not p.panels and not told


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
