"""What a matrix is while nothing moves in it.

Blender evaluates whatever is animated anew at every frame, also where nothing of it changes. So what a large
matrix is at rest is made once, by a hidden object that no time changes, and taken over while it is at rest.
"""

from collections.abc import Mapping

from .active import Use
from .formula import Field, Group

REST_SIZES = ("Min_Size", "Zero_Size", "Scale")
REST_RANGES = ("Low", "High", "Zero")


def at_rest(
    g: Group,
    drawn: Field,
    moves: Field,
    use: Use,
    several: Field,
    masked: Field,
    ranges: Mapping[str, Field],
    look: Mapping[str, Field],
) -> Field:
    """What is `drawn`, or, where nothing `moves`, what the input `At Rest` has, if that is drawn with the
    same `ranges` and as large: in use, it is lit. Beads that stand for `several` entries, of which some are
    masked, are drawn anew then."""
    rest = g.input("At Rest", "object", hint="What this is while nothing moves in it, at these sizes")
    hint = "Min Size, Zero Size and Scale of what is at rest; less than 0: there is nothing"
    sizes = g.parts(g.input("Rest Sizes", "vector", (-1.0, -1.0, -1.0), hint=hint))
    hint = "Low, High and Zero of what is at rest"
    ends = g.parts(g.input("Rest Range", "vector", (-1.0, -1.0, -1.0), hint=hint))
    same = ~(moves | (use.now & several & masked))
    for names, given, own in ((REST_SIZES, look, sizes), (REST_RANGES, ranges, ends)):
        for name, part in zip(names, own, strict=True):
            same = same & (given[name] == part)
    made = g.node("GeometryNodeObjectInfo", {"Object": rest})["Geometry"]
    made = g.node("GeometryNodeSetMaterial", {"Geometry": made, "Material": look["Material"]})[0]
    i, j, down, across = (g.attribute(name, "INT") for name in ("i", "j", "down", "across"))
    lit = use.lit(i, j, g.switch(several, down, 0), g.switch(several, across, 0))
    points, instances = (g.store(made, domain=domain, lit=lit) for domain in ("POINT", "INSTANCE"))
    lit_up = g.switch(look["As_Points"], points, instances)
    return g.switch(same, g.switch(use.now, lit_up, made), drawn)
