"""The sums of a matmul, stored after every few steps."""

from typing import Any

from . import shared
from .formula import Group
from .multiplication import blocks_of_k, turns_of_k
from .shared_inputs import every_input, multiplication_inputs


@shared
def Sums(g: Group) -> Any:
    """The sums of a matmul's result after every `Every`-th step along k. They do not depend on the position
    of the sweep, so Blender evaluates them once.

    The first rows · columns points, in row-major order, are the sums of all products. The next rows · columns
    points lack the last `Every` steps, and so on.
    """
    g.input("Geometry", "geometry")
    names = multiplication_inputs(g)
    every = every_input(g)
    n, entries = g.index(), names["Rows"] * names["Columns"]
    steps, _ = blocks_of_k(g, names)
    parts = (steps + every - 1) // every
    entry, part = n % entries, parts - 1 - n // entries
    i, j = entry // names["Columns"], entry % names["Columns"]
    points = g.points(entries * parts)
    points = g.store(points, value=turns_of_k(g, names, i, j, part * every, every, lambda step: 1.0))
    value = g.attribute("value")

    def turn(number, Sum):  # products beyond the last part count as 0
        return (Sum + g.sample(points, value, n + number * entries),)

    g.output("Geometry", "geometry", g.store(points, value=g.repeat(parts, turn, Sum=0.0)[0]))
    return g.finish()
