"""A given matrix."""

from typing import Any

from . import shared
from .active import argument_inputs
from .beads import pooled
from .elements import elements
from .formula import Group
from .magnitude import sized
from .shared_inputs import look_inputs, masked_input, range_inputs
from .spotlight import size_of_step_back, stepping_back
from .tone import colored


@shared
def Matrix(g: Group) -> Any:
    """A given matrix: the object's own points, in row-major order, each with its `value`."""
    mesh = g.input("Geometry", "geometry")
    columns = g.input("Columns", int, 1, low=1)
    ranges, masked = range_inputs(g), masked_input(g)

    n = g.index()
    i, j = n // columns, n % columns
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    taken, lit = argument_inputs(g, i, j)
    points, places = pooled(g, g.store(points, lit=lit), columns, ~(taken | masked), masked)
    value = g.attribute("value")
    points = stepping_back(g, g.store(points, tone=colored(g, value, **ranges)), columns)
    drawn = g.call(
        elements(),
        Points=points,
        **places,
        Magnitude=sized(g, value, **ranges),
        Nonzero=g.absolute(value) > 0.0,
        Present=~masked | g.attribute("present", "BOOLEAN"),
        Weight=size_of_step_back(g),
        **look_inputs(g),
    )
    g.output("Geometry", "geometry", drawn[0])
    return g.finish()
