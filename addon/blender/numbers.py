"""The value of each element, written before it: it faces the camera and counts as the value does.

A number object reads what another object draws, so that no value is stored or computed twice.
"""

from typing import Any

import bpy

from . import remembered, tags
from .nodes.number import LIFT, PLACEHOLDER, SIZE, Number
from .objects import drawn_object, set_inputs

PRODUCT_SIZE = 0.44  # of the type, in entries


def write_numbers(
    ob: bpy.types.Object,
    notation: Any,
    material: bpy.types.Material,
    collection: bpy.types.Collection,
    *,
    only_lit: bool = False,
) -> Any:
    """Write the values that the object `ob` draws in this Notation; returns the number object.

    `only_lit` leaves out the elements that the sweep is not using now.
    """
    name = f"{ob.name} numbers"
    numbers = drawn_object(name, bpy.data.meshes.new(name), collection, Number())
    numbers[tags.KIND], numbers[tags.NAME] = "number", ob[tags.NAME]
    numbers.visible_shadow = numbers.visible_diffuse = numbers.visible_glossy = False
    set_inputs(
        numbers,
        {
            "Source": ob,
            "Factor": 10.0**-notation.exponent,
            "Decimals": notation.decimals,
            "Characters": notation.characters,
            "Form": f"{PLACEHOLDER}{notation.ending}",
            "Small": notation.small,
            "Size": PRODUCT_SIZE if only_lit else SIZE,
            "Lift": LIFT,
            "Only Lit": only_lit,
            "Material": material,
        },
    )
    return numbers


def lift_to(camera: bpy.types.Object, collection: bpy.types.Collection) -> None:
    """Lift every number object of the collection towards this camera, which may have no perspective."""
    numbers = [ob for ob in collection.objects if ob.get(tags.KIND) == "number"]
    with remembered.setting(*(ob for ob in numbers if tags.SET in ob)):
        for ob in numbers:
            set_inputs(ob, {"Parallel": camera.data.type == "ORTHO"})
