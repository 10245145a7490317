"""Thin haze in the air."""

import bpy

from .base import material


def haze_material(density: float) -> bpy.types.Material:
    """Air that scatters light: `density` is the part that a unit of the scene takes from a line of sight.
    Like mist, it scatters a little more light forward than back."""

    def shade(f):
        volume = f.node("ShaderNodeVolumeScatter", {"Density": density, "Anisotropy": 0.3})[0]
        f.node("ShaderNodeOutputMaterial", {"Volume": volume}, target="ALL")

    return material("Matrix Cinema haze", shade)
