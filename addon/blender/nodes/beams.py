"""Beams from arguments to their products."""

from typing import Any

from . import shared
from .formula import Group
from .multiplication import argument_at
from .shared_inputs import gap_inputs, product_inputs

THICKNESS = 0.035  # thickness of a beam, in entries
# Each family of beams: the argument or result it belongs to, the axes of that, and its direction.
FAMILIES = (("Left", "ik", "j"), ("Right", "kj", "i"), ("Result", "ij", "k"))


@shared
def Beams(g: Group) -> Any:
    """The beams of one product, as thin boxes along the axes."""
    g.input("Geometry", "geometry")
    names = product_inputs(g)
    steps = g.input("Steps", int)
    thickness = g.input("Thickness", float, THICKNESS, low=0.0, hint="Thickness of a beam, in entries")
    material = g.input("Material", "material")
    running = g.running(names["Sweep"], steps)
    step = g.current_step(names["Sweep"])
    counts = {"i": names["Rows"], "j": names["Columns"], "k": names["Inner"]}
    axes = {axis: _BeamAxis(g, axis, step, counts[axis], names) for axis in "ijk"}

    def entry(side, row, column):
        return g.absolute(argument_at(g, names, side, row, column)) > 0.0

    families = []
    for side, own, along in FAMILIES:
        offset = g.input(f"{side} Offset", "vector", hint="From product (0, 0, 0) to entry (0, 0)")
        first, second, third = axes[own[0]], axes[own[1]], axes[along]
        n = g.index()
        row, column = n // second.count, n % second.count
        # A beam ends at the product in use that is farthest from the face.
        beyond = g.dot(offset, third.step)
        last = g.switch(beyond > 0.0, third.lowest, third.highest)
        used = running & first.uses(row) & second.uses(column)
        # A product that is 0 because an entry is 0 gets no beam.
        if side == "Left":
            used = used & entry("Left", row, column) & (third.whole | entry("Right", column, last))
        elif side == "Right":
            used = used & entry("Right", row, column) & (third.whole | entry("Left", last, row))
        base = g.vector_math("ADD", g.vector_math("ADD", first.place(row), second.place(column)), offset)
        reach = g.vector_math("SUBTRACT", third.place(last), offset)
        middle = g.vector_math("ADD", base, g.scaled(reach, 0.5))
        size = g.vector_math("ADD", g.absolutes(reach), g.vector(thickness, thickness, thickness))
        points = g.points(first.count * second.count)
        points = g.store(points, gone=~used)
        points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Position": middle})[0]
        points = g.store(points, size=size)
        gone = {"Geometry": points, "Selection": g.attribute("gone", "BOOLEAN")}
        points = g.node("GeometryNodeDeleteGeometry", gone, domain="POINT")[0]
        box = g.node("GeometryNodeMeshCube")[0]
        boxes = {"Points": points, "Instance": box, "Scale": g.attribute("size", "FLOAT_VECTOR")}
        families.append(g.node("GeometryNodeInstanceOnPoints", boxes)[0])
    beams = g.node("GeometryNodeRealizeInstances", {0: g.joined(*families)})[0]
    g.output("Geometry", "geometry", g.node("GeometryNodeSetMaterial", {0: beams, "Material": material})[0])
    return g.finish()


class _BeamAxis:
    """One of the axes i, j, k as fields: where its indices stand, and which of them the current step uses."""

    def __init__(self, g, name, step, count, names):
        self.g, self.count = g, count
        self.step = g.input(f"Step {name}", "vector", hint=f"Distance from one {name} to the next")
        self.gap_block, self.gap = gap_inputs(g, name).values()
        stride, self.block = names[f"Stride {name}"], names[f"Block {name}"]
        self.whole = ~(stride > 0)
        self.digit = (step // g.whole("MAXIMUM", stride, 1)) % self.block
        last = self.count - 1
        self.lowest = g.switch(self.whole, 0, self.digit)
        self.highest = g.switch(self.whole, last, last - (last - self.digit) % self.block)

    def place(self, index):
        return self.g.scaled(self.step, index + self.gap * (index // self.gap_block))

    def uses(self, index):
        return self.whole | (self.digit == index % self.block)
