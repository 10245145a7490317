"""The line that joins a readout to its place in the scene."""

from typing import Any

from . import shared
from .formula import Group

SIDES = 8  # sides of the line's profile; the dot at its end has three times as many


@shared
def Leader(g: Group) -> Any:
    """A straight line on the picture from `Start` to where the object `Target` is seen, with a dot there.

    The object of the line lies in the plane of the picture, and `Eye` is the camera in that object's space.
    So the line has the same thickness everywhere, and follows a moving camera.
    """
    g.input("Geometry", "geometry")
    target = g.input("Target", "object", hint="The object that the line leads to")
    start = g.input("Start", "vector", hint="The point where the line begins, in the plane of the picture")
    eye = g.input("Eye", "vector", (0.0, 0.0, 1.0), hint="The camera in the space of this object")
    parallel = g.input("Parallel", bool, False, hint="The camera has no perspective")
    width = g.input("Width", float, 0.0015, low=0.0)
    dot = g.input("Dot", float, 0.004, low=0.0, hint="Radius of the dot at the end")
    material = g.input("Material", "material")

    at = g.node("GeometryNodeObjectInfo", {"Object": target}, transform_space="RELATIVE")["Location"]
    x, y, z = g.parts(at)
    across, up, distance = g.parts(eye)
    nearer = g.switch(parallel, 1.0, distance / g.real("MAXIMUM", distance - z, 1e-6))
    end = g.vector(across + (x - across) * nearer, up + (y - up) * nearer, 0.0)
    end = g.switch(parallel, g.vector(x, y, 0.0), end)
    line = g.node("GeometryNodeCurvePrimitiveLine", {"Start": start, "End": end})[0]
    profile = g.node("GeometryNodeCurvePrimitiveCircle", {"Resolution": SIDES, "Radius": 0.5 * width})[0]
    line = g.node("GeometryNodeCurveToMesh", {"Curve": line, "Profile Curve": profile})[0]
    disc = g.node("GeometryNodeMeshCircle", {"Vertices": 3 * SIDES, "Radius": dot}, fill_type="NGON")[0]
    disc = g.node("GeometryNodeTransform", {"Geometry": disc, "Translation": end})[0]
    drawn = g.joined(line, disc)
    g.output("Geometry", "geometry", g.node("GeometryNodeSetMaterial", {0: drawn, "Material": material})[0])
    return g.finish()
