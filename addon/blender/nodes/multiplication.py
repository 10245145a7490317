"""Formulas for products and their sums, which several groups share."""

from collections.abc import Callable, Mapping
from typing import Any

from ...kinds.product import PAIRED
from .formula import Group
from .visited import visit


def product_at(g: Group, names: Mapping[str, Any], i: Any, j: Any, k: Any) -> Any:
    """left[i, k] · right[k, j]."""
    return argument_at(g, names, "Left", i, k) * argument_at(g, names, "Right", k, j)


def argument_at(g: Group, names: Mapping[str, Any], side: str, row: Any, column: Any) -> Any:
    """An entry of the argument "Left" or "Right"."""
    return g.point_of(names[side], argument_point(names, side, row, column))


def argument_point(names: Mapping[str, Any], side: str, row: Any, column: Any) -> Any:
    """The number of the point that is an entry of an argument."""
    return row * names[f"{side} Row"] + column * names[f"{side} Column"]


def visited_at(g: Group, names: Mapping[str, Any], i: Any, j: Any, k: Any) -> Any:
    """How far the sweep has visited the product (i, j, k): its `Weight` and `Age`."""
    strides = {key: names[key] for key in names if key.startswith(("Stride", "Block"))}
    return g.call(visit(), Sweep=names["Sweep"], i=i, j=j, k=k, **strides)


def products_of_steps(g: Group, names: Mapping[str, Any], first: Any, steps: Any) -> Any:
    """The products that `steps` steps visit, from step `first` on, and no others.

    Returns the number of points, and the fields i, j, k of a point. They may lie beyond the end of an axis
    whose last block is short. On a swept axis the points count the blocks, which all move in step, and the
    step gives the place in the block. On any other axis the points count the entries.
    """
    n, count, parts = g.index(), steps, {}
    for axis, size in (("k", names["Inner"]), ("j", names["Columns"]), ("i", names["Rows"])):
        stride, block = names[f"Stride {axis}"], names[f"Block {axis}"]
        swept = stride > 0
        number = g.switch(swept, (size + block - 1) // block, size)
        parts[axis] = swept, n % number, stride, block
        n, count = n // number, count * number
    step, found = first + n, {}
    for axis, (swept, part, stride, block) in parts.items():
        local = (step // g.whole("MAXIMUM", stride, 1)) % block
        found[axis] = g.switch(swept, part * block + local, part)
    return count, found["i"], found["j"], found["k"]


def products_of_pairs(g: Group, names: Mapping[str, Any], first: Any, steps: Any) -> Any:
    """As `products_of_steps`, but only products whose entry in the masked matrix exists.

    `Pairs` sorts these entries by step, so those in use are consecutive. Each of them has all products along
    the third axis, or, if only that axis is swept, the products of the steps.
    """
    pairs = g.node("GeometryNodeObjectInfo", {"Object": names["Pairs"]})["Geometry"]
    sizes = {"i": names["Rows"], "j": names["Columns"], "k": names["Inner"]}

    def chosen(of):
        """What belongs to the paired matrix: a function of its axes' letters."""
        one = of(PAIRED[1])
        for number in (2, 3):
            one = g.switch(names["Paired"] == number, of(PAIRED[number]), one)
        return one

    stride = chosen(lambda axes: names[f"Stride {axes[2]}"])
    block = chosen(lambda axes: g.whole("MINIMUM", names[f"Block {axes[2]}"], sizes[axes[2]]))
    size = chosen(lambda axes: sizes[axes[2]])
    others = chosen(lambda axes: names[f"Stride {axes[0]}"] + names[f"Stride {axes[1]}"])
    alone = (stride > 0) & (others == 0)
    blocks = (size + block - 1) // block

    counted = g.node("GeometryNodeAttributeDomainSize", {"Geometry": pairs}, component="POINTCLOUD")[0]

    def before(step):
        """How many of the sorted entries have a step before this one."""

        def turn(number, Found, Jump):
            jump = Jump * 0.5
            there = g.sample(pairs, g.attribute("step", "INT"), Found + jump - 1.0)
            return Found + g.switch((step > there) & ~(Found + jump > counted), jump, 0.0), jump

        return g.repeat(25, turn, Found=0.0, Jump=2.0**25)[0]

    low = g.switch(alone, 0.0, before(first - stride * (block - 1)))
    high = g.switch(alone, counted * 1.0, before(first + steps))
    each = g.switch(alone, steps * blocks, size)
    n = g.index()
    third = n % g.whole("MAXIMUM", each, 1)
    third = g.switch(alone, (third % blocks) * block + first + third // blocks, third)
    place = n // g.whole("MAXIMUM", each, 1) + g.ceiling(low)
    a, b = (g.sample(pairs, g.attribute(name, "INT"), place) for name in ("first", "second"))
    found = {axis: chosen(lambda axes, axis=axis: (a, b, third)[axes.index(axis)]) for axis in "ijk"}
    return g.ceiling(high - low) * each, found["i"], found["j"], found["k"]


def blocks_of_k(g: Group, names: Mapping[str, Any]) -> Any:
    """(steps of a block along k, or 1 if k is not swept; how many products each of these steps visits)."""
    stride, block, inner = names["Stride k"], names["Block k"], names["Inner"]
    swept, length = stride > 0, g.whole("MINIMUM", block, inner)
    return g.switch(swept, length, 1), g.switch(swept, (inner + length - 1) // length, inner)


def turns_of_k(
    g: Group, names: Mapping[str, Any], i: Any, j: Any, first: Any, count: Any, weight_at: Callable[..., Any]
) -> Any:
    """For each entry (i, j), the sum of the products that `count` steps along k visit, from step `first` on;
    each product is multiplied by `weight_at(step)`.

    A loop has one turn for each product, in the order of the sweep: the first of every block, then the second
    of every block, and so on. No product is stored."""
    steps, at_once = blocks_of_k(g, names)

    def turn(number, Sum):
        step = first + number // at_once
        k = step + (number % at_once) * steps
        there = (steps > step) & (names["Inner"] > k)
        return (Sum + product_at(g, names, i, j, k) * g.switch(there, weight_at(step), 0.0),)

    return g.repeat(count * at_once, turn, Sum=0.0)[0]
