"""Materials: elements coloured by a map, type and ground.

A colour map is a picture one pixel high, packed into the file; an element looks its `tone` up in it.
To recolour a scene, paint another picture.
"""

import math

import bpy
import numpy as np

from ..look.color_maps import color_map
from . import compat, tags
from .nodes.formula import Formula

# A map is looked up without a filter, which at the edges of triangles needs colours from beside them, and
# EEVEE does not have these on every machine. So its picture has steps from each of its colours to the next.
STEPS = 4
MIDDLE_GREY = 0.2  # linear brightness at which black and white type are equally legible


def color_map_image(name):
    """The picture of a colour map, packed, made once in a build."""

    def make(label):
        table = color_map(name) / 255
        at = np.linspace(0, len(table) - 1, (len(table) - 1) * STEPS + 1)
        image = bpy.data.images.new(label, len(at), 1, alpha=False)
        image.colorspace_settings.name = "sRGB"
        rgba = np.ones((len(at), 4), np.float32)
        rgba[:, :3] = np.stack([np.interp(at, np.arange(len(table)), channel) for channel in table.T], 1)
        image.pixels.foreach_set(rgba.ravel())
        image.update()
        image.pack()
        return image

    return tags.once("images", f"Matrix Cinema {name}", make)


def element_material(first, last, style_name, style, *, crowding=None):
    """Elements by their `tone` in map `first`, turned by `finish` into map `last`.

    The products inside a cuboid, of which one looks through `crowding`, may be of another stuff than the
    matrices around it.
    """
    stuff = "solid" if crowding is None else style.interior
    name = _named(style_name, first, last) + ("" if stuff == "solid" else f" {stuff}")

    def shade(f):
        color = _element_color(f, first, last)
        if stuff == "solid":
            _surface(f, (_flat if style.flat else _lit)(f, color, style))
        else:
            _surface(f, {"glass": _glass, "glow": _glowing}[stuff](f, color, style, crowding))
        _value_pass(f)

    return _material(name, shade)


def _flat(f, color, style):
    """Exactly the map's colour: but on the far side of a shaded bead, and on edges that fade."""
    brightness = attribute(f, "lit") * style.lit_glow + 1.0
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]  # 0 to the camera, 1 at the rim
    facet = f.node("ShaderNodeAttribute", attribute_name="facet", attribute_type="GEOMETRY")[2]
    if style.shading:
        # How far a place of the bead is to the right of its middle and above it, as the camera sees it.
        place = f.node("ShaderNodeNewGeometry")
        both = {0: place["Normal"], 1: place["Incoming"]}
        off = f.node("ShaderNodeVectorMath", both, operation="SUBTRACT")[0]
        seen = f.node("ShaderNodeVectorTransform", {0: off}, convert_from="WORLD", convert_to="CAMERA")[0]
        side = f.node("ShaderNodeSeparateXYZ", {0: seen})
        toward = side[0] * -0.36 + side[1] * 0.48 + (1.0 - facing) * 0.8  # the light, at the upper left
        brightness = brightness * (1.0 - (1.0 - _smooth(f, toward, -0.3, 0.72)) * style.shading)
    light = f.node("ShaderNodeEmission", {"Color": color, "Strength": brightness})[0]
    if not style.edges:
        return light
    # A cube fades on its bevels, anything round at its rim.
    is_bevel, is_round = f.real("GREATER_THAN", facet, 1.5), f.real("LESS_THAN", facet, 0.5)
    rim = is_bevel + is_round * _smooth(f, facing, 0.56, 0.66)
    paper = f.node("ShaderNodeEmission", {"Color": (*linear(style.background), 1.0)})[0]
    return f.node("ShaderNodeMixShader", {0: rim * style.edges, 1: light, 2: paper})[0]


def _lit(f, color, style):
    """A body in the light of the scene."""
    glow = attribute(f, "lit") * style.lit_glow + style.glow
    return _body(f, color, style.roughness, style.coat, glow)


def _body(f, color, roughness, coat, glow):
    return f.node(
        "ShaderNodeBsdfPrincipled",
        {
            "Base Color": color,
            "Roughness": roughness,
            "Coat Weight": coat,
            "Coat Roughness": 0.15,
            "Emission Color": color,
            "Emission Strength": glow,
        },
    )[0]


def _glass(f, color, style, crowding):
    """Coloured and clear in the middle, dense and shiny at the rim; what is in use is denser. A look through
    the cuboid loses about as much whether few products stand in it or many, and little light stays away
    from what is within."""
    lit = attribute(f, "lit")
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]
    thin = 1.0 / (1.0 + 0.5 * crowding)
    rim = f.real("POWER", facing, 2.2) * (0.8 * thin)
    dense = f.real("MINIMUM", (lit + 1.0) * (style.density * thin) + rim, 1.0)
    shadow = f.node("ShaderNodeLightPath")["Is Shadow Ray"]
    tint = _mix_color(f, (1.0, 1.0, 1.0, 1.0), color, 0.4 * thin)
    clear = f.node("ShaderNodeBsdfTransparent", {"Color": tint})[0]
    body = _body(f, color, 0.08, 1.0, lit * style.lit_glow + 0.25)
    return f.node("ShaderNodeMixShader", {0: dense * (1.0 - 0.7 * shadow), 1: clear, 2: body})[0]


def _glowing(f, color, style, crowding):
    """Light without body, brightest in the middle: what lies behind one another adds up."""
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]
    middle = f.real("POWER", 1.0 - facing, 2.0)
    each = 2.2 * style.density / math.sqrt(1.0 + 2.0 * crowding)
    strength = middle * (attribute(f, "lit") * style.lit_glow + each)
    light = f.node("ShaderNodeEmission", {"Color": color, "Strength": strength})[0]
    clear = f.node("ShaderNodeBsdfTransparent")[0]
    return f.node("ShaderNodeAddShader", {0: clear, 1: light})[0]


def _smooth(f, x, low, high):
    """0 below `low`, 1 above `high`, and smooth between them."""
    t = f.clamp((x - low) / (high - low))
    return t * t * (3.0 - 2.0 * t)


VALUE_PASS, ELEMENT_PASS = "value", "element"


def _value_pass(f):
    """Hand the element's value to the pass `value`, and 1 to the pass `element`, where a scene has them."""
    for name, value in ((VALUE_PASS, attribute(f, "value")), (ELEMENT_PASS, 1.0)):
        f.node("ShaderNodeOutputAOV", {"Value": value}, aov_name=name)


def _named(style_name, first, last):
    return f"Matrix Cinema {style_name} {first}" + (f" to {last}" if last != first else "")


def _element_color(f, first, last):
    """The colour of an element: its `tone` in map `first`, turned by `finish` into map `last`."""
    tone = attribute(f, "tone")
    color = looked_up(f, first, tone)
    if last == first:
        return color
    return _mix_color(f, color, looked_up(f, last, tone), attribute(f, "finish"))


def number_material(first, last, style_name, style):
    """Type on elements that `element_material` colours: dark on light ones and light on dark ones."""
    name = _named(style_name, first, last) + " numbers"

    def shade(f):
        color = _element_color(f, first, last)
        glow = attribute(f, "lit") * style.lit_glow + (1.0 + style.glow)
        brightness = f.node("ShaderNodeRGBToBW", {0: color})[0] * glow
        dark, light = ((*linear(c), 1.0) for c in sorted((style.text, style.background), key=sum))
        type_color = _mix_color(f, light, dark, f.real("GREATER_THAN", brightness, MIDDLE_GREY))
        _surface(f, f.node("ShaderNodeEmission", {"Color": type_color})[0])

    return _material(name, shade)


def attribute(f, name):
    """An attribute of the element: of the instance, or of the point when it is drawn as a point.

    Whichever of the two does not exist reads as 0.
    """
    return (
        f.node("ShaderNodeAttribute", attribute_name=name, attribute_type="INSTANCER")[2]
        + f.node("ShaderNodeAttribute", attribute_name=name, attribute_type="GEOMETRY")[2]
    )


def looked_up(f, name, tone):
    """The colour at `tone`, 0 to 1 from the centre of the map's first pixel to that of its last."""
    image = color_map_image(name)
    width = image.size[0]
    u = tone * ((width - 1) / width) + 0.5 / width
    return f.node(
        "ShaderNodeTexImage",
        {0: f.vector(u, 0.5, 0.0)},
        image=image,
        interpolation="Closest",
        extension="EXTEND",
    )[0]


def _mix_color(f, a, b, t):
    return f.node("ShaderNodeMix", {0: t, 1: a, 2: b}, data_type="RGBA")[0]


def plain_material(name, color):
    """One sRGB colour, shining: for type."""

    def shade(f):
        _surface(f, f.node("ShaderNodeEmission", {"Color": (*linear(color), 1.0)})[0])

    return _material(name, shade)


def ground_material(color, gloss, fading, catches_shadows):
    """A floor that may mirror what stands on it, more so at a grazing look. It fades into the background
    at about the distance `fading` from its middle, or not at all where that is 0. One that
    `catches_shadows` is nothing else in Cycles, and nothing at all in EEVEE, which has no such thing."""

    def shade(f):
        shader = f.node("ShaderNodeBsdfDiffuse", {"Color": (*linear(color), 1.0)})[0]
        if gloss:
            facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.4})["Fresnel"]
            mirror = {"Color": (1.0, 1.0, 1.0, 1.0), "Roughness": 0.22}
            mirror = f.node("ShaderNodeBsdfAnisotropic", mirror)[0]
            shader = f.node("ShaderNodeMixShader", {0: facing * gloss, 1: shader, 2: mirror})[0]
        if fading:
            place = f.node("ShaderNodeTexCoord")["Object"]
            far = f.node("ShaderNodeVectorMath", {0: place}, operation="LENGTH")["Value"] / fading
            nothing = f.node("ShaderNodeBsdfTransparent")[0]
            shader = f.node("ShaderNodeMixShader", {0: _smooth(f, far, 0.3, 1.5), 1: shader, 2: nothing})[0]
        _surface(f, shader, "CYCLES" if catches_shadows else "ALL")
        if catches_shadows:
            _surface(f, f.node("ShaderNodeBsdfTransparent")[0], "EEVEE")

    return _material("Matrix Cinema ground", shade)


def lit_material(name, color, lit):
    """Type in one sRGB colour, turned to another by the red of its object's colour, which is not seen."""

    def shade(f):
        turned = f.node("ShaderNodeSeparateColor", {0: f.node("ShaderNodeObjectInfo")["Color"]})[0]
        both = _mix_color(f, (*linear(color), 1.0), (*linear(lit), 1.0), turned)
        _surface(f, f.node("ShaderNodeEmission", {"Color": both})[0])

    return _material(name, shade)


def beam_material(style_name, style):
    """Light without body, half transparent, in the colour of the type."""

    def shade(f):
        light = f.node("ShaderNodeEmission", {"Color": (*linear(style.text), 1.0), "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        _surface(f, f.node("ShaderNodeMixShader", {0: 0.55, 1: clear, 2: light})[0])

    return _material(f"Matrix Cinema {style_name} beams", shade)


def guide_material():
    """Light without body, in the point colour `guide` and as opaque as its fourth channel says."""

    def shade(f):
        color = f.node("ShaderNodeAttribute", attribute_name="guide", attribute_type="GEOMETRY")
        light = f.node("ShaderNodeEmission", {"Color": color["Color"], "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        _surface(f, f.node("ShaderNodeMixShader", {0: color["Alpha"], 1: clear, 2: light})[0])

    return _material("Matrix Cinema guides", shade)


def color_bar_material(name):
    """A colour map along a plane's u, shining, for the legend."""

    def shade(f):
        u = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["UV"]})[0]
        _surface(f, f.node("ShaderNodeEmission", {"Color": looked_up(f, name, u)})[0])

    return _material(f"Matrix Cinema legend {name}", shade)


def linear(color):
    """sRGB (0 to 1) to linear light (IEC 61966-2-1)."""
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)


def _material(name, shade):
    """The material `name` of this build; `shade` writes its nodes when it is first asked for."""

    def make(name):
        material = bpy.data.materials.new(name)
        material.cycles.emission_sampling = "NONE"  # nothing that shines is a lamp
        tree = compat.node_tree(material)
        tree.nodes.clear()
        f = Formula(tree)
        shade(f)
        f.finish()
        return material

    return tags.once("materials", name, make)


def _surface(f, shader, engine="ALL"):
    f.node("ShaderNodeOutputMaterial", {"Surface": shader}, target=engine)
