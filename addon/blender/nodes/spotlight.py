"""What steps back from the spotlight, so that what is in it stands out."""

from .formula import Field, Group

SHRINK = 0.4  # of its width that an element loses which has stepped back wholly


def spotlight_inputs(g: Group) -> tuple[Field, Field]:
    """How far all else steps back, and which spotlight of the film is on."""
    dim = g.input(
        "Dim", float, 0.0, low=0.0, high=1.0, hint="How far what is not in the spotlight steps back"
    )
    return dim, g.input("Spotlight", int, 0, low=0, high=23, hint="Which spotlight of the film is on")


def in_spotlight(g: Group, spots: Field, place: Field, number: Field) -> Field:
    """1 where bit `number` of the `spot` of an object's point is set, else 0; 0 without an object."""
    geometry = g.node("GeometryNodeObjectInfo", {"Object": spots})["Geometry"]
    bits = g.sample(geometry, g.attribute("spot", "INT"), place)
    bit = g.floor(g.real("POWER", 2.0, number) + 0.5)
    return (bits // bit) % 2 * 1.0


def stepping_back(g: Group, points: Field, columns: Field) -> tuple[Field, Field]:
    """The points of a matrix with how far each has stepped back, 0 to 1, as `dim`; and whether any has."""
    dim, number = spotlight_inputs(g)
    spots = g.input(
        "Spots", "object", hint="Points with the spotlights that each entry is in, a bit for each"
    )
    place = g.attribute("i", "INT") * columns + g.attribute("j", "INT")
    back = dim * (1.0 - in_spotlight(g, spots, place, number))
    steps_back = dim > 0.0
    return g.switch(steps_back, g.store(points, dim=back), points), steps_back


def products_stepping_back(g: Group, points: Field, names: dict, i: Field, j: Field, k: Field) -> Field:
    """The same of products: one is in the spotlight where both entries that it multiplies are."""
    dim, number = spotlight_inputs(g)
    both = 1.0
    for side, row, column in (("Left", i, k), ("Right", k, j)):
        spots = g.input(f"{side} Spots", "object", hint="The spotlights of the argument's entries")
        place = row * names[f"{side} Row"] + column * names[f"{side} Column"]
        both = in_spotlight(g, spots, place, number) * both
    return g.switch(dim > 0.0, g.store(points, dim=dim * (1.0 - both)), points)


def size_of_step_back(g: Group) -> Field:
    """The factor of an element's size that has stepped back as far as its `dim` says."""
    return 1.0 - g.attribute("dim") * SHRINK
