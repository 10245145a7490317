"""A given matrix."""

from typing import Any

from . import shared
from .active import Use
from .beads import pooled
from .elements import elements
from .formula import Group
from .magnitude import sized
from .rest import at_rest
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
    use = Use(g)
    points, places, several = pooled(
        g, g.store(points, lit=use.lit(i, j)), columns, ~(use.taken | masked), masked
    )
    value = g.attribute("value")
    points, steps_back = stepping_back(g, g.store(points, tone=colored(g, value, **ranges)), columns)
    look = look_inputs(g)
    drawn = g.call(
        elements(),
        Points=points,
        **places,
        Magnitude=sized(g, value, **ranges),
        Nonzero=g.absolute(value) > 0.0,
        Present=~masked | g.attribute("present", "BOOLEAN"),
        Weight=size_of_step_back(g),
        **look,
    )
    g.output("Geometry", "geometry", at_rest(g, drawn[0], steps_back, use, several, masked, ranges, look))
    return g.finish()
