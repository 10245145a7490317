"""The group of a sheet: a matrix that is made of others, entry by entry."""

from typing import Any

from ...kinds.sheet import SHEET_OPERATORS
from . import shared
from .finished import finished
from .formula import Group
from .shared_inputs import stride_inputs, sweep_input
from .visited import visit


@shared
def Sheet(g: Group) -> Any:
    """A matrix that is made of its operands, entry by entry; `Finish` turns it into the finished values.

    Entry (i, j) of an operand is its point Start + i · Row + j · Column. So a single row, a single column, a
    part of a matrix and a transposed matrix need no copy.
    """
    mesh = g.input("Geometry", "geometry")
    sweep = sweep_input(g)
    columns = g.input("Columns", int, 1, low=1)
    operator = g.input(
        "Operator", int, 0, low=0, high=len(SHEET_OPERATORS) - 1, hint=", ".join(SHEET_OPERATORS)
    )
    strides = stride_inputs(g, *"ij")
    n = g.index()
    i, j = n // columns, n % columns

    def entry(side):
        operand = g.input(side, "object")
        place = g.input(f"{side} Start", int, 0)
        for index, axis in ((i, "Row"), (j, "Column")):
            place = place + index * g.input(f"{side} {axis}", int, 0, hint="Step in the operand's points")
        return g.point_of(operand, place)

    left, right = entry("Left"), entry("Right")
    made = left
    kept = g.switch(g.absolute(right) > 0.0, left, 0.0)
    results = (left + right, left - right, left * right, left / right, kept)
    for number, result in enumerate(results, start=1):
        made = g.switch(operator == number, result, made)
    seen = g.call(visit(), Sweep=sweep, i=i, j=j, k=0, **strides)["Weight"]
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    final, present = g.attribute("value"), g.attribute("present", "BOOLEAN")
    return finished(g, points, columns, sweep, made * seen, seen, final, present)
