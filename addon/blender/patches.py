"""Strips of patches beside the axes whose entries they are."""

import bpy
import numpy as np

from ..staging.plan import Plan
from . import tags
from .materials.given_pictures import picture_material
from .objects import show
from .shapes import shape


def write_patches(p: Plan, collection: bpy.types.Collection) -> None:
    """Draw the strips of a plan into a collection: a rectangle for each patch, with its part of the picture.
    Each strip appears with its matrix."""
    for strip in p.strips:
        name = strip.plane.stage.name
        faces = np.arange(4 * len(strip.corners)).reshape(-1, 4)
        points, material = strip.corners.reshape(-1, 3), picture_material(strip.picture.pixels)
        ob = shape(f"patches of {name}", points, faces, material, collection)
        left, bottom, right, top = strip.regions.T
        around = np.stack([left, bottom, right, bottom, right, top, left, top], axis=1)
        ob.data.uv_layers.new().data.foreach_set("uv", around.ravel())
        ob[tags.KIND], ob[tags.NAME] = "patches", name
        if name in p.arrivals:
            show(ob, (p.arrivals[name][0], p.timeline.last_frame + 1.0))
