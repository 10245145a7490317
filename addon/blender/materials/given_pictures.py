"""Pictures in the scene that were given with its numbers, such as what a model saw."""

from hashlib import sha256

import bpy
import numpy as np

from .. import tags
from .base import material, packed_image, surface


def picture_name(pixels: np.ndarray) -> str:
    """The name of the image datablock that has these pixels, uint8 [height, width, 3]."""
    return f"Matrix Cinema picture {sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]}"


def picture_material(pixels: np.ndarray) -> bpy.types.Material:
    """The colours of a picture as they are, shining, by a mesh's UV map."""
    name = picture_name(pixels)

    def shade(f):
        uv = f.node("ShaderNodeTexCoord")["UV"]
        image = tags.once("images", name, lambda name: packed_image(name, pixels / 255))
        color = f.node(
            "ShaderNodeTexImage", {0: uv}, image=image, interpolation="Closest", extension="EXTEND"
        )
        surface(f, f.node("ShaderNodeEmission", {"Color": color[0]})[0])

    return material(name, shade)
