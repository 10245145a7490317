"""Turns points into drawn elements."""

from typing import Any

from . import shared
from .formula import Group


@shared
def elements(g: Group) -> Any:
    """Turn points into elements: instances, or points that render as spheres.

    The size is Min + (1 - Min) · sqrt(magnitude), as in mm, times `Weight`; it is `Zero Size` for a value of
    0. An element of size 0 is absent. The object `Element` has radius 1. A bead is `Span` entries long along
    each axis; drawn as a sphere, it is as large as its shortest side.
    """
    points = g.input("Points", "geometry")
    size = g.input("Magnitude", float)
    nonzero = g.input("Nonzero", bool)
    present = g.input("Present", bool, True)
    weight = g.input("Weight", float, 1.0)
    minimum = g.input("Min Size", float, 0.1)
    zero_size = g.input("Zero Size", float, 0.0)
    scale = g.input("Scale", float, 1.0)
    position = g.input("Position", "vector")
    span = g.input("Span", "vector", (1.0, 1.0, 1.0))
    element = g.input("Element", "object")
    as_points = g.input("As Points", bool, False)
    material = g.input("Material", "material")

    size = (minimum + (1.0 - minimum) * g.real("SQRT", size)) * weight
    radius = g.switch(present, g.switch(nonzero, size, zero_size), 0.0) * scale * 0.5
    points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Position": position})[0]
    x, y, z = g.parts(span)
    shortest = g.real("MINIMUM", g.real("MINIMUM", x, y), z)
    points = g.node("GeometryNodeSetPointRadius", {"Points": points, "Radius": radius * shortest})[0]
    radius = g.attribute("radius")
    gone = ~(radius > 0.0)
    points = g.node("GeometryNodeDeleteGeometry", {"Geometry": points, "Selection": gone}, domain="POINT")[0]

    mesh = g.node("GeometryNodeObjectInfo", {"Object": element})["Geometry"]
    mesh = g.node("GeometryNodeSetMaterial", {"Geometry": mesh, "Material": material})[0]
    instances = g.node(
        "GeometryNodeInstanceOnPoints",
        {"Points": points, "Instance": mesh, "Scale": g.scaled(span, radius / shortest)},
    )[0]
    spheres = g.node("GeometryNodeSetMaterial", {"Geometry": points, "Material": material})[0]
    g.output("Elements", "geometry", g.switch(as_points, spheres, instances))
    return g.finish()
