"""The shadow of a matrix on a floor, in light from all sides above."""

import math
from typing import Any

from . import shared
from .formula import Field, Group

# Units above the floor that a corner counts at least, so that a shadow is soft where a matrix stands.
SOFTENING = 0.3


@shared
def shadow(g: Group) -> Any:
    """The part of the light from above that the matrix `Caster` keeps from each point of a floor, 0 to 1.

    It is the form factor of a rectangle, by Lambert's sum over its edges: the angle under which an edge is
    seen, times how upright the plane through it and the point is. Of that light a part passes between the
    elements."""
    caster = g.input("Caster", "object", hint="The matrix that keeps light away")
    corner = g.input("Corner", "vector", hint="A corner of the matrix, in its own directions")
    down = g.input("Down", "vector", hint="From that corner along its first column")
    across = g.input("Across", "vector", hint="From that corner along its first row")
    found = g.node("GeometryNodeObjectInfo", {"Object": caster}, transform_space="RELATIVE")
    beyond = g.vector_math("ADD", down, across)
    corners = [corner, *(g.vector_math("ADD", corner, side) for side in (down, beyond, across))]
    point = g.node("GeometryNodeInputPosition")[0]
    looks = [_look(g, point, place, found["Transform"]) for place in corners]
    edges = [_edge(g, a, b) for a, b in zip(looks, looks[1:] + looks[:1], strict=True)]
    covered = g.absolute(sum(edges[1:], edges[0])) * (1.0 / (2.0 * math.pi))
    layers = _shown(g, found["Geometry"]) / (g.length(down) * g.length(across))
    g.output("Shadow", float, covered * (1.0 - g.real("EXPONENT", layers * -1.0)))
    return g.finish()


def _look(g: Group, point: Field, place: Field, transform: Field) -> Field:
    """The direction from a point of the floor to a place of the matrix."""
    stands = g.node("FunctionNodeTransformPoint", {"Vector": place, "Transform": transform})[0]
    x, y, z = g.parts(g.vector_math("SUBTRACT", stands, point))
    return g.direction(g.vector(x, y, g.real("MAXIMUM", z, SOFTENING)))


def _edge(g: Group, a: Field, b: Field) -> Field:
    upright = g.parts(g.direction(g.vector_math("CROSS_PRODUCT", a, b)))[2]
    return g.real("ARCCOSINE", g.dot(a, b)) * upright


def _shown(g: Group, geometry: Field) -> Field:
    """The area that all elements show to the light, from whatever side it comes: a quarter of their surface
    (Cauchy). An instance is about a cube of radius 1, scaled; a point is a sphere."""
    scale = g.node("GeometryNodeInputInstanceScale")[0]
    instances = _sum(g, geometry, g.dot(scale, scale) * 2.0, "INSTANCE")
    radius = g.node("GeometryNodeInputRadius")[0]
    return instances + _sum(g, geometry, radius * radius * math.pi, "POINT")


def _sum(g: Group, geometry: Field, value: Field, domain: str) -> Field:
    """The sum of a field over all that is drawn."""
    inputs = {"Geometry": geometry, "Attribute": value}
    return g.node("GeometryNodeAttributeStatistic", inputs, domain=domain, data_type="FLOAT")["Sum"]
