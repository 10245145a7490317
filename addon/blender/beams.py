"""Beams join what meets: from each entry in use of left and right to its products, on to the result.

Left entry (i, k) sends its beam along j, right entry (k, j) along i, and what arrives at result
entry (i, j) comes along k. One object for each product; the same Sweep moves it.
"""

import bpy

from .groups import shared
from .objects import drawn_object, follow, gaps, set_inputs

THICKNESS = 0.035  # of a beam, in entries
# Of each family of beams: the argument or result it belongs to, that one's axes, and its direction.
FAMILIES = (("Left", "ik", "j"), ("Right", "kj", "i"), ("Result", "ij", "k"))


def write_beams(product, cuboid, sweep, planes, material, collection):
    """Join the entries in use to the products of the object `product`; returns the beams' object.

    `planes` are those of left, right and result by role; `sweep` is the product's (see schedule).
    """
    name = f"{cuboid.stage.name} beams"
    beams = drawn_object(name, bpy.data.meshes.new(name), collection, Beams())
    beams.location = cuboid.origin
    beams["mc_kind"], beams["mc_name"] = "guide", cuboid.stage.name
    beams.visible_shadow = beams.visible_diffuse = beams.visible_glossy = False
    inputs = {"Steps": sweep.steps, "Thickness": THICKNESS, "Material": material}
    for axis, stride, block in zip("ijk", sweep.strides, sweep.block_sizes, strict=True):
        step, ruler = getattr(cuboid, f"{axis}_step"), getattr(cuboid, f"{axis}_ruler")
        inputs |= {f"Stride {axis}": stride, f"Block {axis}": block}
        inputs |= {f"Step {axis}": step, f"Count {axis}": ruler.count} | gaps(axis, ruler)
    for side, _, _ in FAMILIES:
        inputs[f"{side} Offset"] = planes[side.lower()].origin - cuboid.origin
    set_inputs(beams, inputs)
    follow(beams, "Sweep", product, "Sweep")
    return beams


@shared
def Beams(g):
    """The beams of one product, as thin boxes along the axes."""
    g.input("Geometry", "geometry")
    sweep = g.input("Sweep", float, 0.0, low=0.0, hint="How many steps have been visited")
    steps = g.input("Steps", int)
    thickness = g.input("Thickness", float, THICKNESS, low=0.0, hint="Of a beam, in entries")
    material = g.input("Material", "material")
    running = (sweep > 0.0) & (steps > sweep)
    step = g.current_step(sweep)
    axes = {name: _Axis(g, name, step) for name in "ijk"}

    families = []
    for side, own, along in FAMILIES:
        offset = g.input(f"{side} Offset", "vector", hint="From product (0, 0, 0) to entry (0, 0)")
        first, second, third = axes[own[0]], axes[own[1]], axes[along]
        n = g.index()
        row, column = n // second.count, n % second.count
        base = g.vector_math("ADD", first.place(row), second.place(column))
        # To the product in use that is farthest from the face.
        beyond = g.node("ShaderNodeVectorMath", {0: offset, 1: third.step}, operation="DOT_PRODUCT")[0]
        last = g.switch(beyond > 0.0, third.lowest, third.highest)
        reach = g.vector_math("SUBTRACT", third.place(last), offset)
        middle = g.vector_math("ADD", g.vector_math("ADD", base, offset), g.scaled(reach, 0.5))
        size = g.node("ShaderNodeVectorMath", {0: reach}, operation="ABSOLUTE")[0]
        size = g.vector_math("ADD", size, g.vector(thickness, thickness, thickness))
        points = g.points(first.count * second.count)
        points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Position": middle})[0]
        points = g.node(
            "GeometryNodeDeleteGeometry",
            {"Geometry": points, "Selection": ~(running & first.uses(row) & second.uses(column))},
            domain="POINT",
        )[0]
        box = g.node("GeometryNodeMeshCube")[0]
        boxes = {"Points": points, "Instance": box, "Scale": size}
        families.append(g.node("GeometryNodeInstanceOnPoints", boxes)[0])
    beams = g.node("GeometryNodeRealizeInstances", {0: g.joined(*families)})[0]
    g.output("Geometry", "geometry", g.node("GeometryNodeSetMaterial", {0: beams, "Material": material})[0])
    return g.finish()


class _Axis:
    """One of i, j, k as fields: where its indices stand, and which of them the current step uses."""

    def __init__(self, g, name, step):
        self.g = g
        self.count = g.input(f"Count {name}", int, 1, low=1)
        self.step = g.input(f"Step {name}", "vector", hint=f"From one {name} to the next")
        self.gap_block = g.input(f"Gap Block {name}", int, 1_000_000_000, low=1, hint="Entries between gaps")
        self.gap = g.input(f"Gap {name}", float, 0.0, hint="Width of the gap between blocks, in entries")
        stride = g.input(f"Stride {name}", int, 0, low=0)
        self.block = g.input(f"Block {name}", int, 1_000_000_000, low=1)
        self.whole = ~(stride > 0)
        self.digit = (step // g.whole("MAXIMUM", stride, 1)) % self.block
        last = self.count - 1
        self.lowest = g.switch(self.whole, 0, self.digit)
        self.highest = g.switch(self.whole, last, last - (last - self.digit) % self.block)

    def place(self, index):
        return self.g.scaled(self.step, index + self.gap * (index // self.gap_block))

    def uses(self, index):
        return self.whole | (self.digit == index % self.block)
