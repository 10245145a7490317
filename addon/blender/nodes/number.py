"""Numbers on elements."""

from typing import Any

from .. import compat
from . import shared
from .formula import Group

LIFT = 1.15  # how far before the element, towards the camera, in entries
SIZE = 0.62  # size of the type, in entries
PLACEHOLDER = "#"  # stands for the digits in "Form"


@shared
def Number(g: Group) -> Any:
    """One line of type for each element that `Source` draws."""
    g.input("Geometry", "geometry")
    source = g.input("Source", "object", hint="The object whose elements are numbered")
    factor = g.input("Factor", float, 1.0, hint="Factor of the values before they are written")
    decimals = g.input("Decimals", int, 0, low=0)
    form = g.input("Form", str, PLACEHOLDER, hint=f"The text to write, with {PLACEHOLDER} for the digits")
    small = g.input("Small", str, "", hint="The text of a positive value that rounds to 0")
    longest = g.input("Characters", int, 1, low=1, hint="Of the longest number; all are as small as that")
    size = g.input("Size", float, SIZE, low=0.0, hint="Size of the type, in entries")
    lift = g.input("Lift", float, LIFT, low=0.0, hint="Distance from the element towards the camera")
    only_lit = g.input("Only Lit", bool, False, hint="Number only the elements in use")
    parallel = g.input("Parallel", bool, False, hint="The camera has no perspective")
    material = g.input("Material", "material")

    drawn = g.node("GeometryNodeObjectInfo", {"Object": source}, transform_space="RELATIVE")["Geometry"]
    cloud = g.node("GeometryNodeSeparateComponents", {0: drawn})["Point Cloud"]
    points = g.joined(cloud, g.node("GeometryNodeInstancesToPoints", {"Instances": drawn})[0])
    unlit = only_lit & ~(g.attribute("lit") > 0.0)
    points = g.node("GeometryNodeDeleteGeometry", {"Geometry": points, "Selection": unlit}, domain="POINT")[0]
    camera = g.node("GeometryNodeObjectInfo", {"Object": g.node("GeometryNodeInputActiveCamera")[0]})
    towards = g.vector_math("SUBTRACT", camera["Location"], g.node("GeometryNodeInputPosition")[0])
    towards = g.direction(towards)
    back = g.node("FunctionNodeRotateVector", {0: g.vector(0.0, 0.0, 1.0), 1: camera["Rotation"]})[0]
    towards = g.vector_math("ADD", towards, g.scaled(g.vector_math("SUBTRACT", back, towards), parallel))
    points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Offset": g.scaled(towards, lift)})[0]

    def line(point, Value, Place, Tone, Lit, Finish):
        # Rounding here and adding 0 avoids "-0".
        unit = g.real("POWER", 10.0, decimals)
        value = g.real("ROUND", Value * factor * unit) / unit + 0.0
        shown = g.switch(value == g.real("ROUND", value), 0, decimals)  # whole numbers without ".00"
        text = g.node("FunctionNodeValueToString", {"Value": value, "Decimals": shown})[0]
        text = g.node("FunctionNodeReplaceString", {0: text, 1: "-", 2: "−"})[0]
        whole = g.node("FunctionNodeReplaceString", {0: form, 1: PLACEHOLDER, 2: text})[0]
        is_small = (value == 0.0) & (Value > 0.0) & (g.node("FunctionNodeStringLength", {0: small})[0] > 0)
        text = g.switch(is_small, small, g.switch(value == 0.0, text, whole))
        length = g.node("FunctionNodeStringLength", {0: text})[0]
        height = size * g.real("MINIMUM", 1.0, 2.6 / g.real("MAXIMUM", length, longest))
        letters = compat.centred_text(g, text, height)
        letters = g.node("GeometryNodeRealizeInstances", {0: letters})[0]
        letters = g.node("GeometryNodeFillCurve", {"Curve": letters})[0]
        letters = g.node(
            "GeometryNodeTransform",
            {"Geometry": letters, "Translation": Place, "Rotation": camera["Rotation"]},
        )[0]
        return g.store(letters, tone=Tone, lit=Lit, finish=Finish)

    written = g.for_each_point(
        points,
        line,
        Value=g.attribute("value"),
        Place=g.node("GeometryNodeInputPosition")[0],
        Tone=g.attribute("tone"),
        Lit=g.attribute("lit"),
        Finish=g.attribute("finish"),
    )
    g.output("Geometry", "geometry", g.node("GeometryNodeSetMaterial", {0: written, "Material": material})[0])
    return g.finish()
