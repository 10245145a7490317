"""Thin haze in the air."""

import bpy

from .base import material


def haze_material(density: float) -> bpy.types.Material:
    """Air that scatters light: `density` is how much of it a unit of the scene takes from a look. It scatters
    a little more of it onwards than back, as mist does."""

    def shade(f):
        volume = f.node("ShaderNodeVolumeScatter", {"Density": density, "Anisotropy": 0.3})[0]
        f.node("ShaderNodeOutputMaterial", {"Volume": volume}, target="ALL")

    return material("Matrix Cinema haze", shade)
