"""Colour maps as pictures.

A colour map is a picture one pixel high, packed into the file; an element looks its `tone` up in it.
To recolour a scene, paint another picture.
"""

import bpy
import numpy as np

from ...look.color_maps import color_map
from .. import tags
from ..nodes.formula import Field, Formula
from .base import packed_image

# A map is looked up without a filter: at the edges of triangles a filter needs colours from outside them,
# which EEVEE does not have on every machine. So the picture has small steps from each colour to the next.
BETWEEN_COLORS = 4


def image_name(color_map: str) -> str:
    """The name of the picture of a colour map."""
    return f"Matrix Cinema {color_map}"


def color_map_image(name: str) -> bpy.types.Image:
    """The picture of a colour map, packed, made once in a build."""

    def make(label):
        table = color_map(name) / 255
        at = np.linspace(0, len(table) - 1, (len(table) - 1) * BETWEEN_COLORS + 1)
        rgb = np.stack([np.interp(at, np.arange(len(table)), channel) for channel in table.T], 1)
        return packed_image(label, rgb[None])

    return tags.once("images", image_name(name), make)


def looked_up(f: Formula, name: str, tone: Field) -> Field:
    """The colour at `tone`, 0 to 1 from the centre of the map's first pixel to that of its last."""
    image = color_map_image(name)
    width = image.size[0]
    u = tone * ((width - 1) / width) + 0.5 / width
    return f.node(
        "ShaderNodeTexImage",
        {0: f.vector(u, 0.5, 0.0)},
        image=image,
        interpolation="Closest",
        extension="EXTEND",
    )[0]
