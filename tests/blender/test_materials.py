"""Materials: every interior that a style may choose is there, and none needs Cycles to be made."""

import pytest

pytest.importorskip("bpy")

import addon_utils
from from_tables import scene_from
from matrix_cinema.blender.materials import interiors
from matrix_cinema.blender.update import build
from matrix_cinema.description import style


def test_every_interior_of_a_style_has_a_material():
    assert set(interiors.SHADERS) == set(style.INTERIORS)


def test_a_scene_for_eevee_is_built_while_cycles_is_switched_off(factory):
    description = {"expression": "A", "matrices": {"A": {"values": [[1, 2]]}}, "render": {"engine": "eevee"}}
    addon_utils.disable("cycles")
    try:
        made = build(scene_from(description))
    finally:
        addon_utils.enable("cycles")
    assert made.world and [ob for ob in made.objects if ob.get("mc_kind") == "matrix"]
