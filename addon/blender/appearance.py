"""Materials and sizes of elements: those of matrices and products, of their readouts and of their numbers.

A build asks here when it draws them, and an update when it sets them again.
"""

import dataclasses

import bpy

from ..staging.plan import Plan
from .materials.elements import element_material, number_material
from .objects import keyframe

MATRIX_SCALE = 0.9  # of the elements of a matrix: neighbours nearly touch
UNSEEN_SIZE = 1e-4  # of its size: an element that is there, with its value, and not seen yet


def matrix_size(p: Plan) -> float:
    """The size of a matrix's largest element, as a part of the room that an entry has."""
    return MATRIX_SCALE * p.scene.look.element_scale


def product_size(p: Plan) -> float:
    """The size of the largest product in a cuboid."""
    return p.scene.look.product_scale * p.scene.look.element_scale


def settled_size(p: Plan, name: str) -> float:
    """The size of a product after its sweep, as a part of its size before. Products before a star vanish."""
    return 0.0 if name in p.before_star else p.scene.look.settled_scale


def come(p: Plan, ob: bpy.types.Object, name: str, size: float) -> None:
    """Let a matrix that is not there from the start grow to its size when it arrives."""
    if name in p.arrivals:
        keyframe(
            ob, "Scale", list(zip(p.arrivals[name], (UNSEEN_SIZE * size, size), strict=True)), smooth=True
        )


def matrix_material(p: Plan, name: str) -> bpy.types.Material:
    """The material of the elements of the matrix `name`."""
    return element_material(*_maps(p, name), p.scene.look.style, p.style)


def product_material(p: Plan, name: str) -> bpy.types.Material:
    """The material of the products of the result `name`."""
    color_map = p.products[name].color_map
    return element_material(color_map, color_map, p.scene.look.style, p.style, crowding=p.crowding)


def readout_material(p: Plan, name: str) -> bpy.types.Material:
    """The material of the entries of a readout: flat, in the exact colours of the map."""
    style = dataclasses.replace(p.style, flat=True, lit_glow=0.0)
    return element_material(*_maps(p, name), f"{p.scene.look.style} readout", style)


def matrix_number_material(p: Plan, name: str) -> bpy.types.Material:
    """The material of the numbers on the matrix `name`."""
    return number_material(*_maps(p, name), p.scene.look.style, p.style)


def product_number_material(p: Plan, name: str) -> bpy.types.Material:
    """The material of the numbers on the products of the result `name`."""
    color_map = p.products[name].color_map
    return number_material(color_map, color_map, p.scene.look.style, p.style)


def _maps(p: Plan, name: str) -> tuple[str, str]:
    """The colour maps of a matrix's sums and of its finished values."""
    return p.raw.get(name, p.final[name]).color_map, p.final[name].color_map
