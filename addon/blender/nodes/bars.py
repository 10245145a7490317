"""The products behind one entry of a matmul, as bars."""

from typing import Any

from . import shared
from .formula import Group
from .multiplication import product_at
from .shared_inputs import multiplication_inputs
from .tone import colored

BAR_WIDTH_PART = 0.8  # width of a bar, as a part of the step to the next bar
DEPTH = 0.1  # thickness of a bar, likewise


@shared
def Bars(g: Group) -> Any:
    """The products that add up to entry (i, j) of a matmul, one bar for each point of the object.

    The point's `k` says which product. Each bar begins at the height where the bar before it ends, so the
    last bar ends at the sum."""
    mesh = g.input("Geometry", "geometry")
    names = multiplication_inputs(g)
    i, j = (g.input(f"Entry {axis}", int, 0, low=0) for axis in "ij")
    pitch = g.input("Pitch", float, 1.0, low=0.0, hint="Distance from one bar to the next")
    unit = g.input("Unit", float, 1.0, low=0.0, hint="Height of a bar for a product of 1")
    high, zero = g.input("High", float, 1.0), g.input("Zero", float, 0.5)
    material = g.input("Material", "material")

    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    k = g.attribute("k", "INT")
    points = g.store(points, i=i, j=j, value=product_at(g, names, i, j, k))
    value, n = g.attribute("value"), g.index()

    def turn(number, Before):
        return (Before + g.switch(n > number, g.sample(points, value, number), 0.0),)

    before = g.repeat(names["Inner"], turn, Before=0.0)[0]
    points = g.store(points, before=before, tone=colored(g, value, high, zero))
    middle = (g.attribute("before") + value * 0.5) * unit
    place = g.vector(n * pitch, middle, 0.0)
    points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Position": place})[0]
    box = g.node("GeometryNodeMeshCube")[0]
    box = g.node("GeometryNodeSetMaterial", {"Geometry": box, "Material": material})[0]
    size = g.vector(pitch * BAR_WIDTH_PART, g.absolute(value) * unit, pitch * DEPTH)
    drawn = g.node("GeometryNodeInstanceOnPoints", {"Points": points, "Instance": box, "Scale": size})[0]
    g.output("Geometry", "geometry", drawn)
    return g.finish()
