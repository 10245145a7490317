"""Beams and guides."""

import bpy

from ...description.style import WholeStyle
from ...look.srgb import linear
from .base import material, surface


def beam_material(style_name: str, style: WholeStyle) -> bpy.types.Material:
    """Light without body, half transparent, in the colour of the type."""

    def shade(f):
        light = f.node("ShaderNodeEmission", {"Color": (*linear(style.text), 1.0), "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        surface(f, f.node("ShaderNodeMixShader", {0: 0.55, 1: clear, 2: light})[0])

    return material(f"Matrix Cinema {style_name} beams", shade)


def guide_material(solid: bool) -> bpy.types.Material:
    """Light without body, in the point colour `guide` and as opaque as its fourth channel says. What is
    behind type is not `solid`: in solid shading it would be a light box."""

    def shade(f):
        color = f.node("ShaderNodeAttribute", attribute_name="guide", attribute_type="GEOMETRY")
        light = f.node("ShaderNodeEmission", {"Color": color["Color"], "Strength": 1.0})[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        surface(f, f.node("ShaderNodeMixShader", {0: color["Alpha"], 1: clear, 2: light})[0])

    return material(f"Matrix Cinema {'guides' if solid else 'shades'}", shade, solid=solid)
