"""The floor."""

import bpy

from ...description.style import Color
from ...look.srgb import linear
from ..nodes.formula import Field, Formula
from .base import material, smooth, surface

SHADOWS = "Matrix Cinema ground of shadows"  # the name of the material of a floor that shows nothing else


def ground_material(color: Color, gloss: float, fading: float, catches_shadows: bool) -> bpy.types.Material:
    """A floor that may mirror the scene, more at a grazing angle. It fades into the background at about the
    distance `fading` from its middle. A floor that `catches_shadows` does not fade, and shows only shadows in
    Cycles. EEVEE cannot do that; there it is invisible."""

    def shade(f):
        shader = _rough(f, color)
        if gloss:
            facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.4})["Fresnel"]
            mirror = {"Color": (1.0, 1.0, 1.0, 1.0), "Roughness": 0.22}
            mirror = f.node("ShaderNodeBsdfAnisotropic", mirror)[0]
            shader = f.node("ShaderNodeMixShader", {0: facing * gloss, 1: shader, 2: mirror})[0]
        nothing = f.node("ShaderNodeBsdfTransparent")[0]
        if catches_shadows:
            surface(f, shader, "CYCLES")
            surface(f, nothing, "EEVEE")
            return
        place = f.node("ShaderNodeTexCoord")["Object"]
        far = f.length(place) / fading
        surface(f, f.node("ShaderNodeMixShader", {0: smooth(f, far, 0.3, 1.5), 1: shader, 2: nothing})[0])

    return material("Matrix Cinema ground", shade)


def shadow_material(color: Color) -> bpy.types.Material:
    """A floor of which the camera sees only the attribute `shadow` of its points, as black over the
    background. The scene gets light from it as from a floor of this colour. In EEVEE it is invisible."""

    def shade(f):
        clear = f.node("ShaderNodeBsdfTransparent")[0]
        black = f.node("ShaderNodeEmission", {"Color": (0.0, 0.0, 0.0, 1.0)})[0]
        shadow = f.node("ShaderNodeAttribute", attribute_name="shadow", attribute_type="GEOMETRY")[2]
        seen = f.node("ShaderNodeMixShader", {0: shadow, 1: clear, 2: black})[0]
        to_camera = f.node("ShaderNodeLightPath")["Is Camera Ray"]
        shader = f.node("ShaderNodeMixShader", {0: to_camera, 1: _rough(f, color), 2: seen})[0]
        surface(f, shader, "CYCLES")
        surface(f, clear, "EEVEE")

    return material(SHADOWS, shade)


def _rough(f: Formula, color: Color) -> Field:
    return f.node("ShaderNodeBsdfDiffuse", {"Color": (*linear(color), 1.0)})[0]
