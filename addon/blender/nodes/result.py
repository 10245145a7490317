"""The result of a matmul."""

from typing import Any

from . import shared
from .finished import finished
from .formula import Group
from .partial_sums import partial_sums
from .shared_inputs import every_input, product_inputs


@shared
def Result(g: Group) -> Any:
    """The result of a matmul: its partial sums, which `Finish` turns into the finished values.

    If there is an epilogue, the object's own points have the finished values as `value`, and `present` if a
    mask can hide entries.
    """
    mesh = g.input("Geometry", "geometry")
    names = product_inputs(g)
    stored = g.input("Sums", "object", hint="The object with the sums after every few steps")
    sums = g.call(partial_sums(), **names, Sums=stored, Every=every_input(g))
    points = g.points(names["Rows"] * names["Columns"])
    final = g.sample(mesh, g.attribute("value"), g.index())
    present = g.sample(mesh, g.attribute("present", "BOOLEAN"), g.index())
    return finished(g, points, names["Columns"], names["Sweep"], sums["Sum"], sums["Visited"], final, present)
