"""Beams join each entry in use of left and right to its products, and these to the result.

The beam of left entry (i, k) runs along j, that of right entry (k, j) along i, and that of result entry (i,
j) along k. There is one object for each product; the same Sweep moves it.
"""

from collections.abc import Mapping
from typing import Any

import bpy

from ..kinds.places import Cuboid, Plane
from ..kinds.points import Inputs
from . import tags
from .nodes.beams import FAMILIES, THICKNESS, Beams
from .objects import drawn_object, follow, set_inputs, steps_of


def write_beams(
    product: bpy.types.Object,
    cuboid: Cuboid,
    planes: Mapping[str, Plane],
    steps: Any,
    multiplied: Inputs,
    material: bpy.types.Material,
    collection: bpy.types.Collection,
) -> Any:
    """Join the entries in use to the products of the object `product`; returns the beams' object.

    `planes` are those of left, right and result by role; `multiplied` are the inputs that say what is
    multiplied, in which of the `steps`.
    """
    name = f"{cuboid.stage.name} beams"
    beams = drawn_object(name, bpy.data.meshes.new(name), collection, Beams())
    beams.location = cuboid.origin
    beams[tags.KIND], beams[tags.NAME] = "guide", cuboid.stage.name
    beams.visible_shadow = beams.visible_diffuse = beams.visible_glossy = False
    inputs = multiplied | {"Steps": steps, "Thickness": THICKNESS, "Material": material} | steps_of(cuboid)
    for side, _, _ in FAMILIES:
        inputs[f"{side} Offset"] = planes[side.lower()].origin - cuboid.origin
    set_inputs(beams, inputs)
    follow(beams, "Sweep", product, "Sweep")
    return beams
