"""The spotlight: entries outside it step back, so that the entries in it stand out."""

from .formula import Field, Group
from .multiplication import argument_point

SHRINK = 0.4  # the part of its width that an element loses when it has stepped back


def spotlight_inputs(g: Group) -> tuple[Field, Field]:
    """The inputs (how far everything outside the spotlight steps back, which spotlight of the film is on)."""
    dim = g.input(
        "Dim", float, 0.0, low=0.0, high=1.0, hint="How far entries outside the spotlight step back"
    )
    return dim, g.input("Spotlight", int, 0, low=0, high=23, hint="Which spotlight of the film is on")


def in_spotlight(g: Group, spots: Field, place: Field, number: Field) -> Field:
    """1 if the point of the object `spots` has bit `number` of its `spot` set, else 0; 0 without an
    object."""
    bits = g.point_of(spots, place, "spot", "INT")
    bit = g.floor(g.real("POWER", 2.0, number) + 0.5)
    return (bits // bit) % 2 * 1.0


def stepping_back(g: Group, points: Field, columns: Field) -> tuple[Field, Field]:
    """(the points of a matrix with `dim`, how far each has stepped back, 0 to 1; whether any has)."""
    dim, number = spotlight_inputs(g)
    spots = g.input(
        "Spots", "object", hint="Points whose `spot` has a bit for each spotlight that the entry is in"
    )
    place = g.attribute("i", "INT") * columns + g.attribute("j", "INT")
    back = dim * (1.0 - in_spotlight(g, spots, place, number))
    steps_back = dim > 0.0
    return g.switch(steps_back, g.store(points, dim=back), points), steps_back


def products_stepping_back(g: Group, points: Field, names: dict, i: Field, j: Field, k: Field) -> Field:
    """As `stepping_back`, for products. A product is in the spotlight if both entries that it multiplies
    are."""
    dim, number = spotlight_inputs(g)
    both = 1.0
    for side, row, column in (("Left", i, k), ("Right", k, j)):
        spots = g.input(f"{side} Spots", "object", hint="The spotlights of the argument's entries")
        both = in_spotlight(g, spots, argument_point(names, side, row, column), number) * both
    return g.switch(dim > 0.0, g.store(points, dim=dim * (1.0 - both)), points)


def size_of_step_back(g: Group) -> Field:
    """The factor for the size of an element that has stepped back by its `dim`."""
    return 1.0 - g.attribute("dim") * SHRINK
