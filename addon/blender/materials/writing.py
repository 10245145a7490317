"""Type, and colour maps in the legend."""

import bpy

from ...description.style import Color
from .base import linear, material, mix_color, surface
from .color_maps import looked_up


def plain_material(name: str, color: Color) -> bpy.types.Material:
    """One sRGB colour, shining: for type."""

    def shade(f):
        surface(f, f.node("ShaderNodeEmission", {"Color": (*linear(color), 1.0)})[0])

    return material(name, shade)


def lit_material(name: str, color: Color, lit: Color) -> bpy.types.Material:
    """Type in one sRGB colour, turned to another by the red of its object's colour, which is not seen."""

    def shade(f):
        turned = f.node("ShaderNodeSeparateColor", {0: f.node("ShaderNodeObjectInfo")["Color"]})[0]
        both = mix_color(f, (*linear(color), 1.0), (*linear(lit), 1.0), turned)
        surface(f, f.node("ShaderNodeEmission", {"Color": both})[0])

    return material(name, shade)


def color_bar_material(name: str) -> bpy.types.Material:
    """A colour map along a plane's u, shining, for the legend."""

    def shade(f):
        u = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["UV"]})[0]
        surface(f, f.node("ShaderNodeEmission", {"Color": looked_up(f, name, u)})[0])

    return material(f"Matrix Cinema legend {name}", shade)
