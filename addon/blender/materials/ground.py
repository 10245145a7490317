"""The floor."""

import bpy

from ...description.style import Color
from ...look.srgb import linear
from .base import material, smooth, surface


def ground_material(color: Color, gloss: float, fading: float, catches_shadows: bool) -> bpy.types.Material:
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
            shader = f.node("ShaderNodeMixShader", {0: smooth(f, far, 0.3, 1.5), 1: shader, 2: nothing})[0]
        surface(f, shader, "CYCLES" if catches_shadows else "ALL")
        if catches_shadows:
            surface(f, f.node("ShaderNodeBsdfTransparent")[0], "EEVEE")

    return material("Matrix Cinema ground", shade)
