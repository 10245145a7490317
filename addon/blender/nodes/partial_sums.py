"""The sums of a matmul at any position of its sweep."""

from typing import Any

from . import shared
from .formula import Group
from .multiplication import blocks_of_k, turns_of_k, visited_at
from .shared_inputs import every_input, product_inputs


@shared
def partial_sums(g: Group) -> Any:
    """For each point n = i · columns + j: (the sum over k of the visited products, the part of the products
    that is visited). The sum is the last stored one of `Sums` plus the few steps since."""
    names = product_inputs(g)
    stored = g.node("GeometryNodeObjectInfo", {"Object": g.input("Sums", "object")})["Geometry"]
    every = every_input(g)
    n, entries = g.index(), names["Rows"] * names["Columns"]
    i, j = n // names["Columns"], n % names["Columns"]
    start = visited_at(g, names, i, j, 0)  # for the first product of the entry
    stride, swept = names["Stride k"], names["Stride k"] > 0
    steps, _ = blocks_of_k(g, names)
    parts = (steps + every - 1) // every

    # Steps along k that the entry has behind it, and how many stored parts they complete.
    way = start["Age"] + 1.0
    along = way / g.whole("MAXIMUM", stride, 1)
    whole = g.whole("MAXIMUM", g.ceiling(along) - 1, 0)
    reached = g.switch(steps > along, whole // every, parts)
    # 0 if no part is complete.
    before = g.sample(stored, g.attribute("value"), (parts - reached) * entries + n)
    # If only k is swept, all entries are at the same step.
    alone = ~((names["Stride i"] > 0) | (names["Stride j"] > 0))
    last = g.ceiling(names["Sweep"] / g.whole("MAXIMUM", stride, 1)) - 1
    count = g.switch(swept, g.switch(alone, last % every + 1, every), 0)
    since = turns_of_k(g, names, i, j, reached * every, count, lambda step: g.clamp(way - step * stride))
    whole_sum = g.sample(stored, g.attribute("value"), n)
    g.output("Sum", float, g.switch(swept, before + since, whole_sum * start["Weight"]))
    g.output("Visited", float, g.switch(swept, g.clamp(along / steps), start["Weight"]))
    return g.finish()
