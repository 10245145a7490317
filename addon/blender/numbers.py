"""The value of each element, written before it: it faces the camera and counts as the value does.

A number object reads what another object draws, so that no value is stored or computed twice.
"""

import bpy

from . import compat, tags
from .nodes.groups import shared
from .objects import drawn_object, set_inputs

LIFT = 1.15  # from an element towards the camera, in entries
SIZE = 0.62  # of the type, in entries
PRODUCT_SIZE = 0.44
DIGITS = "#"  # where they stand in a "Form"


def write_numbers(ob, notation, material, collection, *, only_lit=False):
    """Write the values that the object `ob` draws in this Notation; returns the number object.

    `only_lit` leaves out the elements that the sweep is not using now.
    """
    name = f"{ob.name} numbers"
    numbers = drawn_object(name, bpy.data.meshes.new(name), collection, Number())
    numbers[tags.KIND], numbers[tags.NAME] = "number", ob[tags.NAME]
    numbers.visible_shadow = numbers.visible_diffuse = numbers.visible_glossy = False
    set_inputs(
        numbers,
        {
            "Source": ob,
            "Factor": 10.0**-notation.exponent,
            "Decimals": notation.decimals,
            "Form": f"{DIGITS}{notation.ending}",
            "Size": PRODUCT_SIZE if only_lit else SIZE,
            "Lift": LIFT,
            "Only Lit": only_lit,
            "Material": material,
        },
    )
    return numbers


def lift_to(camera, collection):
    """Lift every number object of the collection towards this camera, which may have no perspective."""
    for ob in collection.objects:
        if ob.get(tags.KIND) == "number":
            set_inputs(ob, {"Parallel": camera.data.type == "ORTHO"})


@shared
def Number(g):
    """One line of type for each element that `Source` draws."""
    g.input("Geometry", "geometry")
    source = g.input("Source", "object", hint="The object whose elements are numbered")
    factor = g.input("Factor", float, 1.0, hint="What values are multiplied by before they are written")
    decimals = g.input("Decimals", int, 0, low=0)
    form = g.input("Form", str, DIGITS, hint=f"What is written, {DIGITS} for the digits")
    size = g.input("Size", float, SIZE, low=0.0, hint="Of the type, in entries")
    lift = g.input("Lift", float, LIFT, low=0.0, hint="From an element towards the camera")
    only_lit = g.input("Only Lit", bool, False, hint="Number the elements in use alone")
    parallel = g.input("Parallel", bool, False, hint="The camera has no perspective")
    material = g.input("Material", "material")

    drawn = g.node("GeometryNodeObjectInfo", {"Object": source}, transform_space="RELATIVE")["Geometry"]
    cloud = g.node("GeometryNodeSeparateComponents", {0: drawn})["Point Cloud"]
    points = g.joined(cloud, g.node("GeometryNodeInstancesToPoints", {"Instances": drawn})[0])
    unlit = only_lit & ~(g.attribute("lit") > 0.0)
    points = g.node("GeometryNodeDeleteGeometry", {"Geometry": points, "Selection": unlit}, domain="POINT")[0]
    camera = g.node("GeometryNodeObjectInfo", {"Object": g.node("GeometryNodeInputActiveCamera")[0]})
    towards = g.vector_math("SUBTRACT", camera["Location"], g.node("GeometryNodeInputPosition")[0])
    towards = g.node("ShaderNodeVectorMath", {0: towards}, operation="NORMALIZE")[0]
    back = g.node("FunctionNodeRotateVector", {0: g.vector(0.0, 0.0, 1.0), 1: camera["Rotation"]})[0]
    towards = g.vector_math("ADD", towards, g.scaled(g.vector_math("SUBTRACT", back, towards), parallel))
    points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Offset": g.scaled(towards, lift)})[0]

    def line(point, Value, Place, Tone, Lit, Finish):
        # Rounded here, and 0 added, so that there is no "-0".
        unit = g.real("POWER", 10.0, decimals)
        value = g.real("ROUND", Value * factor * unit) / unit + 0.0
        shown = g.switch(value == g.real("ROUND", value), 0, decimals)  # whole ones without ".00"
        text = g.node("FunctionNodeValueToString", {"Value": value, "Decimals": shown})[0]
        text = g.node("FunctionNodeReplaceString", {0: text, 1: "-", 2: "−"})[0]
        whole = g.node("FunctionNodeReplaceString", {0: form, 1: DIGITS, 2: text})[0]
        text = g.switch(value == 0.0, text, whole)
        length = g.node("FunctionNodeStringLength", {0: text})[0]
        height = size * g.real("MINIMUM", 1.0, 2.6 / g.real("MAXIMUM", length, 1.0))
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
