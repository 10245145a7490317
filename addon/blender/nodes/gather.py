"""The group of a gather: rows of a table, chosen by numbers."""

from typing import Any

from . import shared
from .finished import finished
from .formula import Group
from .shared_inputs import stride_inputs, sweep_input
from .visited import visit


@shared
def Gather(g: Group) -> Any:
    """The chosen rows, one below the other, which `Finish` turns into the finished values.

    Entry (row, column) of the table is its point row · Table Row + column · Table Column. The numbers are the
    values of their object's points, from 0.
    """
    mesh = g.input("Geometry", "geometry")
    sweep = sweep_input(g)
    columns = g.input("Columns", int, 1, low=1)
    table, numbers = g.input("Table", "object"), g.input("Numbers", "object")
    row_step, column_step = (
        g.input(f"Table {axis}", int, 0, hint="Step in the table's points") for axis in ("Row", "Column")
    )
    strides = stride_inputs(g, *"ij")
    n = g.index()
    i, j = n // columns, n % columns
    row = _number(g, numbers, i)
    value = g.point_of(table, row * row_step + j * column_step)
    seen = g.call(visit(), Sweep=sweep, i=i, j=j, k=0, **strides)["Weight"]
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    final, present = g.attribute("value"), g.attribute("present", "BOOLEAN")
    return finished(g, points, columns, sweep, value * seen, seen, final, present)


@shared
def Lookup(g: Group) -> Any:
    """Which entries of a table the current step looks up: one point for each entry, in the order of the
    table's points, with `lit` 1 or 0."""
    g.input("Geometry", "geometry")
    sweep, steps = sweep_input(g), g.input("Steps", int)
    columns, rows = g.input("Columns", int, 1, low=1), g.input("Rows", int, 1, low=1)
    turned = g.input("Transposed", bool, False)
    count = g.input("Count", int, 1, low=1, hint="How many numbers choose rows")
    numbers = g.input("Numbers", "object")
    step, n = g.current_step(sweep), g.index()
    row, column = n // columns, n % columns
    row, column = g.switch(turned, column, row), g.switch(turned, row, column)
    used = {}
    for axis in "ij":
        stride, block = stride_inputs(g, axis).values()
        used[axis] = stride > 0, (step // g.whole("MAXIMUM", stride, 1)) % block, block
    (by_rows, digit, block), (by_columns, own, columns_block) = used["i"], used["j"]
    length = g.whole("MINIMUM", block, count)

    def turn(number, Lit):
        """One of the numbers in use: one in each block, or all if rows are not swept."""
        i = g.switch(by_rows, number * length + digit, number)
        chosen = (_number(g, numbers, i) == row) & (count > i)
        return (g.real("MAXIMUM", Lit, g.switch(chosen, 1.0, 0.0)),)

    turns = g.switch(by_rows, (count + length - 1) // length, count)
    lit = g.repeat(turns, turn, Lit=0.0)[0]
    running = g.running(sweep, steps) & (by_rows | by_columns)
    running = running & (~by_columns | (own == column % columns_block))
    g.output("Geometry", "geometry", g.store(g.points(rows * columns), lit=g.switch(running, lit, 0.0)))
    return g.finish()


def _number(g, numbers, i):
    """The i-th of the numbers, as a whole number."""
    return g.floor(g.point_of(numbers, i) + 0.5)
