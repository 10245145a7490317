"""Elements coloured by a map, and the numbers on them."""

import dataclasses

import bpy

from ...description.style import WholeStyle
from ...look.srgb import linear
from .base import attribute, material, mix_color, surface
from .color_maps import looked_up
from .interiors import SHADERS

# Linear brightness at which black and white type are equally legible: (0.179 + 0.05)² = 1.05 · 0.05.
MIDDLE_GREY = 0.179
FADED = 0.77  # of the way to the background, for what has stepped back from the spotlight
VALUE_PASS, ELEMENT_PASS = "value", "element"


def element_material(
    first: str, last: str, style_name: str, style: WholeStyle, *, crowding: float | None = None
) -> bpy.types.Material:
    """Elements by their `tone` in map `first`, turned by `finish` into map `last`.

    The products inside a cuboid may be of another material than the matrices around it. A line of sight meets
    `crowding` of them.
    """
    stuff = "solid" if crowding is None else style.interior
    name = _named(style_name, first, last) + ("" if stuff == "solid" else f" {stuff}")
    if crowding is not None and style.front_glow:
        style = dataclasses.replace(style, lit_glow=style.lit_glow + style.front_glow)
        name += " front"

    def shade(f):
        color, backdrop = _element_color(f, first, last), (*linear(style.backdrop), 1.0)
        # What has stepped back is moved towards the background; its hue stays.
        color = mix_color(f, color, backdrop, attribute(f, "dim") * FADED)
        surface(f, SHADERS[stuff](f, color, style, crowding or 0.0))
        for name, value in ((VALUE_PASS, attribute(f, "value")), (ELEMENT_PASS, 1.0)):
            f.node("ShaderNodeOutputAOV", {"Value": value}, aov_name=name)

    return material(name, shade)


def _named(style_name, first, last):
    return f"Matrix Cinema {style_name} {first}" + (f" to {last}" if last != first else "")


def _element_color(f, first, last):
    """The colour of an element: its `tone` in map `first`, turned by `finish` into map `last`."""
    tone = attribute(f, "tone")
    color = looked_up(f, first, tone)
    if last == first:
        return color
    return mix_color(f, color, looked_up(f, last, tone), attribute(f, "finish"))


def number_material(first: str, last: str, style_name: str, style: WholeStyle) -> bpy.types.Material:
    """Type on elements that `element_material` colours: black on light ones and white on dark ones. So its
    contrast is at least 4.5, whatever their colour."""
    name = _named(style_name, first, last) + " numbers"

    def shade(f):
        color = _element_color(f, first, last)
        glow = attribute(f, "lit") * style.lit_glow + (1.0 + style.glow)
        brightness = f.node("ShaderNodeRGBToBW", {0: color})[0] * glow
        black, white = (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)
        type_color = mix_color(f, white, black, f.real("GREATER_THAN", brightness, MIDDLE_GREY))
        surface(f, f.node("ShaderNodeEmission", {"Color": type_color})[0])

    return material(name, shade)
