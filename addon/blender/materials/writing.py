"""Type, and colour maps in the legend."""

from collections.abc import Sequence

import bpy

from ...description.style import Color
from ...look.srgb import linear
from .. import compat
from .base import attribute, material, mix_color, surface
from .color_maps import looked_up

FADE_NODE = "Fade"  # the node that says how far type is there


def plain_material(name: str, color: Color) -> bpy.types.Material:
    """One sRGB colour, shining: for type."""

    def shade(f):
        surface(f, f.node("ShaderNodeEmission", {"Color": (*linear(color), 1.0)})[0])

    return material(name, shade)


def keyed_material(name: str, color: Color, keys: Sequence[tuple[float, float]]) -> bpy.types.Material:
    """One sRGB colour, shining, as opaque as the keys (frame, opacity) say."""

    def shade(f):
        light = f.node("ShaderNodeEmission", {"Color": (*linear(color), 1.0)})[0]
        there = f.node("ShaderNodeValue", name=FADE_NODE)[0]
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        surface(f, f.node("ShaderNodeMixShader", {0: there, 1: clear, 2: light})[0])

    made = material(name, shade)
    path = f'nodes["{FADE_NODE}"].outputs[0].default_value'
    compat.set_keyframes(compat.node_tree(made), path, keys)
    return made


def lit_material(color: Color, lit: Color) -> bpy.types.Material:
    """Type that turns from `color` to `lit`, both sRGB, as the red of its object's colour goes from 0 to 1.
    The object's colour itself is not seen."""

    def shade(f):
        turned = f.node("ShaderNodeSeparateColor", {0: f.node("ShaderNodeObjectInfo")["Color"]})[0]
        both = mix_color(f, (*linear(color), 1.0), (*linear(lit), 1.0), turned)
        surface(f, f.node("ShaderNodeEmission", {"Color": both})[0])

    return material("Matrix Cinema expression", shade)


def colored_material(color_map: str) -> bpy.types.Material:
    """A material that shines in the map's colour for the attribute `tone`."""

    def shade(f):
        color = looked_up(f, color_map, attribute(f, "tone"))
        surface(f, f.node("ShaderNodeEmission", {"Color": color})[0])

    return material(f"Matrix Cinema bars {color_map}", shade)


def color_bar_material(name: str) -> bpy.types.Material:
    """A colour map along a plane's u, shining, for the legend."""

    def shade(f):
        u = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["UV"]})[0]
        surface(f, f.node("ShaderNodeEmission", {"Color": looked_up(f, name, u)})[0])

    return material(f"Matrix Cinema legend {name}", shade)
