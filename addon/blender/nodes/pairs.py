"""The entries that a mask keeps, for a product that needs only these."""

from typing import Any

from . import shared
from .formula import Group
from .shared_inputs import stride_inputs


@shared
def Pairs(g: Group) -> Any:
    """The entries of a masked matrix that exist, sorted by the step at which the sweep first uses them.

    The object's own points are the matrix. Each point gets `first` and `second`, its row and column in the
    matrix as the product uses it (perhaps transposed), and `step`, their part of a product's step.
    """
    mesh = g.input("Geometry", "geometry")
    columns = g.input("Columns", int, 1, low=1)
    turned = g.input("Transposed", bool, False)
    n = g.index()
    row, column = n // columns, n % columns
    first, second = g.switch(turned, column, row), g.switch(turned, row, column)
    step = 0
    for name, index in (("first", first), ("second", second)):
        stride, block = stride_inputs(g, name, block=1).values()
        step = (index % block) * stride + step
    present = g.attribute("present", "BOOLEAN")
    points = g.store(mesh, first=first, second=second, step=step)
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": points, "Selection": present})[0]
    by_step = {"Geometry": points, "Sort Weight": g.attribute("step", "INT")}
    g.output("Geometry", "geometry", g.node("GeometryNodeSortElements", by_step, domain="POINT")[0])
    return g.finish()
