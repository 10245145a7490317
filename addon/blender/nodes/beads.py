"""Beads as nodes: one point for each block of a × b entries, made from the current values of the entries.

The entries are pooled as they would be drawn at this moment: as far as the sweep has come, after the sums
over k and the epilogue. Therefore a bead is right at every moment, and the file still has every entry.
"""

from typing import Any

from ...description.scene import POOLINGS
from . import shared
from .formula import Group
from .shared_inputs import WHOLE, gap_inputs
from .standing import standing

ORIGIN = (0.0, 0.0, 0.0)


def pooled(g: Group, entries: Any, columns: Any, alike: Any, masked: Any = False, finish: Any = 0.0) -> Any:
    """(beads of a matrix's entries, their inputs {"Position", "Span"}, whether entries are pooled).

    If nothing is pooled, the beads are the entries themselves, with `i` and `j`. `alike` says that no entry
    is lit, masked or finished by itself; then all entries have the same `finish`."""
    places = {}
    for axis in ("row", "column"):
        hint = f"Distance from one {axis} to the next"
        places[f"{axis} Step"] = g.input(f"{axis.title()} Step", "vector", hint=hint)
        places |= gap_inputs(g, axis)
    sizes = [
        g.input(f"Pool {name}", int, 1, low=1, hint=f"{name} of entries that one element stands for")
        for name in ("Rows", "Columns")
    ]
    several = sizes[0] * sizes[1] > 1
    made = g.call(
        beads(),
        Entries=entries,
        Columns=columns,
        Masked=masked,
        Alike=alike,
        Finish=finish,
        Gap_Block_row=places["Gap Block row"],
        Gap_Block_column=places["Gap Block column"],
        Pool_Rows=sizes[0],
        Pool_Columns=sizes[1],
        Pool_Rule=g.input("Pool Rule", int, 0, low=0, hint=", ".join(POOLINGS)),
    )["Beads"]
    depth = g.input("Depth", float, 1.0, low=0.0, hint="Thickness of the thickest bead, in entries")
    stand = g.call(standing(), Pooled=several, Depth=depth, **places)
    n = g.index()
    each = g.store(entries, i=n // columns, j=n % columns)
    places = {"Position": stand["Position"], "Span": stand["Span"]}
    return g.switch(several, made, each), places, several


@shared
def beads(g: Group) -> Any:
    """Pool entries, in row-major order, to beads in the same order.

    The rule makes `value`, `sum` and `final` of a bead from those of its entries; `lit` and `finish` are the
    largest of its entries. `i` and `j` are those of its first entry; `down` and `across` are the numbers of
    further entries in each direction. With `Masked`, entries whose `present` is off take no part, and a bead
    without any other entries has `present` off.
    """
    entries = g.input("Entries", "geometry")
    columns = g.input("Columns", int, 1, low=1)
    masked = g.input("Masked", bool, False)
    rule = g.input("Pool Rule", int, 0, low=0, high=len(POOLINGS) - 1)
    largest, squares = (rule == POOLINGS.index(name) for name in ("max", "rms"))
    # To look up how an entry is used costs as much as its value, and is left out if all are alike.
    alike = g.input("Alike", bool, False, hint="No entry is lit, masked or finished by itself")
    same = g.vector(
        0.0, g.input("Finish", float, 0.0, hint="The `finish` of all entries if they are alike"), 1.0
    )
    count = g.node("GeometryNodeAttributeDomainSize", {"Geometry": entries}, component="POINTCLOUD")[0]
    row_axis = _BeadAxis(g, "row", count // columns, g.input("Pool Rows", int, 1, low=1))
    column_axis = _BeadAxis(g, "column", columns, g.input("Pool Columns", int, 1, low=1))

    values, uses = _read(g, entries, masked, squares)
    n = g.index()
    i, down = row_axis.block(n // column_axis.beads)
    j, across = column_axis.block(n % column_axis.beads)
    points = g.points(row_axis.beads * column_axis.beads)
    points = g.store(points, i=i, j=j, down=down - 1, across=across - 1)
    i, j, down, across = (g.attribute(name, "INT") for name in ("i", "j", "down", "across"))

    turns = row_axis.factor * column_axis.factor

    def turn(t, High, Low, Most, Present):
        row, column = t // column_axis.factor, t % column_axis.factor
        place, part = (i + row) * columns + j + column, g.switch((row > down) | (column > across), 0.0, 1.0)
        entry, used = (
            g.sample(entries, g.attribute(name, "FLOAT_VECTOR"), place)
            for entries, name in ((values, "shown"), (uses, "use"))
        )
        entry, used = g.scaled(entry, part), g.scaled(used, part)
        return [
            g.switch(largest, g.vector_math("MAXIMUM", High, entry), g.vector_math("ADD", High, entry)),
            g.vector_math("MINIMUM", Low, entry),
            g.vector_math("MAXIMUM", Most, used),
            Present + g.parts(used)[2],
        ]

    high, low, most, present = g.repeat(turns, turn, High=ORIGIN, Low=ORIGIN, Most=ORIGIN, Present=0.0)
    # Every reader of a field computes it again, with all its turns; so it is stored once and read from there.
    points = g.store(points, high=high)
    points = g.switch(largest, g.store(points, low=low), points)
    points = g.switch(alike, points, g.store(points, most=most, entries=present))
    entry_count = g.switch(alike, (down + 1) * (across + 1) * 1.0, g.attribute("entries"))
    used = g.switch(alike, same, g.attribute("most", "FLOAT_VECTOR"))
    points = g.store(points, **_made(g, largest, squares, entry_count, used))
    for name in ("high", "low", "most", "entries"):
        points = g.node("GeometryNodeRemoveAttribute", {"Geometry": points, "Name": name})[0]
    g.output("Beads", "geometry", points)
    return g.finish()


def _read(g, entries, masked, squares):
    """(the entries with their shown numbers as `shown`, the entries with `lit` and `finish` as `use`). Both
    are 0 for masked entries."""
    there = g.switch(g.attribute("present", "BOOLEAN"), 1.0, 0.0)
    shown = g.vector(*(g.attribute(name) for name in ("value", "sum", "final")))
    shown = g.switch(masked, g.scaled(shown, there), shown)
    values = g.store(entries, shown=g.switch(squares, g.vector_math("MULTIPLY", shown, shown), shown))
    use = g.vector(g.attribute("lit"), g.attribute("finish"), 1.0)
    uses = g.store(entries, use=g.switch(masked, g.scaled(use, there), use))
    return values, uses


def _made(g, largest, squares, count, used):
    """The attributes of a bead by name: the numbers that the rule makes, and how it is used."""
    high, low = (g.attribute(name, "FLOAT_VECTOR") for name in ("high", "low"))
    lit, finish, some = g.parts(used)
    made = {"present": some > 0.0, "lit": lit, "finish": finish}
    mean = g.scaled(high, 1.0 / g.real("MAXIMUM", count, 1.0))
    parts = zip(("value", "sum", "final"), g.parts(high), g.parts(low), g.parts(mean), strict=True)
    for name, one_high, one_low, one_mean in parts:
        root = g.switch(squares, g.real("SQRT", one_mean), one_mean)
        made[name] = g.switch(largest, g.switch(0.0 - one_low > one_high, one_low, one_high), root)
    return made


class _BeadAxis:
    """The beads along an axis of `count` entries: `factor` entries each; after a gap a new bead begins."""

    def __init__(self, g, name, count, factor):
        self.g, self.count, self.factor = g, count, factor
        self.part = g.input(f"Gap Block {name}", int, WHOLE, low=1, hint="Entries between gaps")
        self.each = (self.part + factor - 1) // factor  # beads in each part between gaps
        rest = count % self.part
        self.beads = (count // self.part) * self.each + (rest + factor - 1) // factor

    def block(self, bead):
        """(first entry of a bead, number of its entries along the axis)."""
        part, within = bead // self.each, bead % self.each
        first = part * self.part + within * self.factor
        end = self.g.whole("MINIMUM", (part + 1) * self.part, self.count)
        return first, self.g.whole("MINIMUM", self.factor, end - first)
