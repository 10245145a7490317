"""Materials: elements coloured by a map, type, ground and background.

A colour map is a picture of 256 × 1 pixels, packed into the file; an element looks its `tone` up
in it. To recolour a scene, paint another picture.
"""

import bpy
import numpy as np

from ..look.color_maps import color_map
from . import compat
from .nodes import Formula

MIDDLE_GREY = 0.2  # linear brightness at which black and white type are equally legible


def color_map_image(name):
    """The 256 × 1 picture of a colour map, packed, made once in a file."""
    label = f"Matrix Cinema {name}"
    image = bpy.data.images.get(label)
    if image is None:
        table = color_map(name)
        image = bpy.data.images.new(label, len(table), 1, alpha=False)
        image.colorspace_settings.name = "sRGB"
        rgba = np.ones((len(table), 4), np.float32)
        rgba[:, :3] = table / np.float32(255)
        image.pixels.foreach_set(rgba.ravel())
        image.update()
        image.pack()
    return image


def element_material(first, last, style_name, style):
    """Elements by their `tone` in map `first`, turned by `finish` into map `last`."""
    name = _named(style_name, first, last)
    material = bpy.data.materials.get(name)
    if material is not None:
        return material
    material, f = _blank(name)
    color = _element_color(f, first, last)
    if style.flat:
        bright = attribute(f, "lit") * style.lit_glow + 1.0
        _surface(f, f.node("ShaderNodeEmission", {"Color": color, "Strength": bright})[0])
    else:
        glow = attribute(f, "lit") * style.lit_glow + style.glow
        _surface(
            f,
            f.node(
                "ShaderNodeBsdfPrincipled",
                {
                    "Base Color": color,
                    "Roughness": style.roughness,
                    "Coat Weight": style.coat,
                    "Coat Roughness": 0.15,
                    "Emission Color": color,
                    "Emission Strength": glow,
                },
            )[0],
        )
    f.finish()
    return material


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
    material = bpy.data.materials.get(name)
    if material is not None:
        return material
    material, f = _blank(name)
    color = _element_color(f, first, last)
    glow = attribute(f, "lit") * style.lit_glow + (1.0 + style.glow)
    brightness = f.node("ShaderNodeRGBToBW", {0: color})[0] * glow
    dark, light = ((*linear(c), 1.0) for c in sorted((style.text, style.background), key=sum))
    shade = _mix_color(f, light, dark, f.real("GREATER_THAN", brightness, MIDDLE_GREY))
    _surface(f, f.node("ShaderNodeEmission", {"Color": shade})[0])
    f.finish()
    return material


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
    u = tone * (255 / 256) + 0.5 / 256
    return f.node(
        "ShaderNodeTexImage",
        {0: f.vector(u, 0.5, 0.0)},
        image=color_map_image(name),
        interpolation="Linear",
        extension="EXTEND",
    )[0]


def _mix_color(f, a, b, t):
    return f.node("ShaderNodeMix", {0: t, 1: a, 2: b}, data_type="RGBA")[0]


def plain_material(name, color, *, emission=True):
    """One sRGB colour, shining (type, legends) or lit (ground)."""
    material, f = _blank(name)
    rgba = (*linear(color), 1.0)
    if emission:
        _surface(f, f.node("ShaderNodeEmission", {"Color": rgba})[0])
    else:
        # No gloss: a mirrored lamp would be a spot on the floor.
        _surface(f, f.node("ShaderNodeBsdfDiffuse", {"Color": rgba})[0])
    f.finish()
    return material


def beam_material(style_name, style):
    """Light without body, half transparent, in the colour of the type."""
    name = f"Matrix Cinema {style_name} beams"
    material = bpy.data.materials.get(name)
    if material is None:
        material, f = _blank(name)
        light = f.node("ShaderNodeEmission", {"Color": (*linear(style.text), 1.0), "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        _surface(f, f.node("ShaderNodeMixShader", {0: 0.55, 1: clear, 2: light})[0])
        f.finish()
    return material


def guide_material():
    """Light without body, in the point colour `guide` and as opaque as its fourth channel says."""
    name = "Matrix Cinema guides"
    material = bpy.data.materials.get(name)
    if material is None:
        material, f = _blank(name)
        color = f.node("ShaderNodeAttribute", attribute_name="guide", attribute_type="GEOMETRY")
        light = f.node("ShaderNodeEmission", {"Color": color["Color"], "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        _surface(f, f.node("ShaderNodeMixShader", {0: color["Alpha"], 1: clear, 2: light})[0])
        f.finish()
    return material


def color_bar_material(name):
    """A colour map along a plane's u, shining, for the legend."""
    material, f = _blank(f"Matrix Cinema legend {name}")
    u = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["UV"]})[0]
    _surface(f, f.node("ShaderNodeEmission", {"Color": looked_up(f, name, u)})[0])
    f.finish()
    return material


def linear(color):
    """sRGB (0 to 1) to linear light (IEC 61966-2-1)."""
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)


def _blank(name):
    material = bpy.data.materials.new(name)
    material.cycles.emission_sampling = "NONE"  # nothing that shines is a lamp
    tree = compat.node_tree(material)
    tree.nodes.clear()
    return material, Formula(tree)


def _surface(f, shader):
    f.node("ShaderNodeOutputMaterial", {"Surface": shader})
