"""The place and the size of a bead."""

from typing import Any

from . import shared
from .formula import Group
from .shared_inputs import gap_inputs


@shared
def standing(g: Group) -> Any:
    """The place of each bead, which is the middle of its block, and its size.

    A bead is as long and as wide as its block, and at most `Depth` thick. A single entry is as long as the
    steps between entries."""
    pooled = g.input("Pooled", bool, False, hint="Whether a bead may be more than one entry")
    depth = g.real("MAXIMUM", g.input("Depth", float, 1.0), 1.0)
    position, flat, steps = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), []
    for axis, first, more in (("row", "i", "down"), ("column", "j", "across")):
        first, more = g.attribute(first, "INT"), g.switch(pooled, g.attribute(more, "INT"), 0)
        step, (block, gap) = g.input(f"{axis} Step", "vector"), gap_inputs(g, axis).values()
        place = first + g.switch(gap > 0.0, gap * (first // block), 0.0) + 0.5 * more
        position = g.vector_math("ADD", position, g.scaled(step, place))
        flat = g.vector_math("ADD", flat, g.scaled(g.absolutes(step), more + 1))
        length = g.length(step)
        depth = g.real("MINIMUM", depth, length * (more + 1))
        steps.append(step)
    normal = g.absolutes(g.direction(g.vector_math("CROSS_PRODUCT", *steps)))
    g.output("Position", "vector", position)
    g.output("Span", "vector", g.vector_math("ADD", flat, g.scaled(normal, depth)))
    return g.finish()
