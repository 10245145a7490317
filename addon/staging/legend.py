"""The legend: each colour map that the picture uses, with the numbers at its ends."""

from dataclasses import dataclass

from ..algebra.stages import Product, stages_of
from ..look.color_maps import zero_of
from .captions import title_of


@dataclass(frozen=True)
class Bar:
    """One colour bar. `rows` are (name, ((place along the bar 0..1, number), ...))."""

    color_map: str
    title: str
    rows: tuple


def legend_of(p):
    """The bars of a plan: signed first. Matrices with the same range share a row."""
    entries = {}  # colour map -> {(low, high, clip): [names]}
    for stage in stages_of(p.root):
        name = title_of(p, stage)
        _add(entries, p.final[stage.name], name)
        if stage.epilogue:
            _add(entries, p.raw[stage.name], f"{name} before {stage.epilogue[-1].function}")
        if isinstance(stage, Product) and p.options(stage.name).interior:
            _add(entries, p.products[stage.name], f"products in {name}")
    bars = []
    for color_map, ranges in entries.items():
        rows = tuple((", ".join(names), _ticks(color_map, *key)) for key, names in ranges.items())
        title = (
            "value"
            if zero_of(color_map)
            else "attention probability"
            if list(ranges) == [(0.0, 1.0, 100.0)]
            else "magnitude"
        )
        bars.append(Bar(color_map, title, rows))
    return sorted(bars, key=lambda bar: -zero_of(bar.color_map))


def _add(entries, scale, name):
    names = entries.setdefault(scale.color_map, {}).setdefault((scale.low, scale.high, scale.clip), [])
    if name not in names:
        names.append(name)


def _ticks(color_map, low, high, clip):
    top = ("≥ " if clip < 100 else "") + number(high)
    if zero_of(color_map):
        return ((0.0, ("≤ " if clip < 100 else "") + number(-high)), (0.5, "0"), (1.0, top))
    return ((0.0, "0"), (1.0, top))


def number(x):
    """Three significant digits, with a true minus sign."""
    return f"{x:.3g}".replace("-", "−")
