"""The look of a matrix while nothing moves in it.

Blender evaluates an animated object anew at every frame, even if nothing in it changes. So a hidden object
that never changes makes the look of a large matrix at rest once. The matrix takes it over while it is at
rest.
"""

from collections.abc import Mapping

from .active import Use
from .formula import Field, Group

REST_SIZES = ("Min Size", "Zero Size", "Scale")
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
    """The geometry `drawn`; or, if nothing `moves`, that of the object in the input `At Rest`, if it has the
    same `ranges` and sizes. Entries in use are then lit. Beads of `several` entries, some of them masked, are
    drawn anew."""
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
    lit_up = g.switch(look["As Points"], points, instances)
    return g.switch(same, g.switch(use.now, lit_up, made), drawn)
