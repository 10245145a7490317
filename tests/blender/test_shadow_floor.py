"""The floor that shows nothing but shadows: each is compared with a sum over small parts of its matrix."""

from dataclasses import replace

import numpy as np
import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.source import open_source  # noqa: E402

HALF = 0.5  # of an element's pitch


def test_the_shadow_of_a_matrix_is_its_form_factor_and_follows_it(factory):
    scene = open_source(ROOT / "tests" / "tiny.toml").description
    built = build(replace(scene, look=replace(scene.look, style="studio_light")))
    floor, casters = built.objects["Ground"], [ob for ob in built.objects if ob.get("mc_kind") == "matrix"]
    built.frame_set(built.frame_end)
    points, found = shadows(floor)
    lit = np.prod([1.0 - expected(points, ob) for ob in casters], axis=0)
    assert 0.02 < found.max() < 0.9 and found.min() < 0.001
    np.testing.assert_allclose(found, 1.0 - lit, atol=2e-3)
    assert not floor.is_shadow_catcher
    casters[0].location.x += 3.0
    bpy.context.view_layer.update()
    moved = shadows(floor)[1]
    lit = np.prod([1.0 - expected(points, ob) for ob in casters], axis=0)
    np.testing.assert_allclose(moved, 1.0 - lit, atol=2e-3)
    assert np.abs(moved - found).max() > 0.01


def shadows(floor):
    """The places (n, 3) of some of the floor's points, and the shadow at each."""
    mesh = floor.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    some = slice(None, None, 97)
    places = np.array([floor.matrix_world @ v.co for v in mesh.vertices][some])
    return places, np.array([one.value for one in mesh.attributes["shadow"].data][some])


def expected(points, ob):
    """The part of the light that a matrix keeps from each of the points (n, 3): a sum over small parts of the
    matrix's rectangle."""
    modifier = ob.modifiers[MODIFIER]
    down, across = (np.array(compat.get_input(modifier, name)) for name in ("Row Step", "Column Step"))
    rows, columns = ob["mc_shape"]
    u, v = ((np.arange(n * 40) + 0.5) / 40 - HALF for n in (rows, columns))
    places = (u[:, None, None] * down + v[None, :, None] * across).reshape(-1, 3) + np.array(ob.location)
    normal = np.cross(down, across)
    area = np.linalg.norm(normal) / 1600
    ways = places[None] - points[:, None]
    far = np.linalg.norm(ways, axis=-1)
    facing = np.abs(ways @ (normal / np.linalg.norm(normal)))
    seen = (ways[..., 2] * facing / far**4).sum(axis=1) * area / np.pi
    return seen * (1.0 - np.exp(-shown(ob) / (rows * columns * np.linalg.norm(normal))))


def shown(ob):
    """A quarter of the surface of all cubes that a matrix is drawn with."""
    graph = bpy.context.evaluated_depsgraph_get()
    scales = [
        one.matrix_world.to_scale()
        for one in graph.object_instances
        if one.parent and one.parent.original == ob
    ]
    return sum(24.0 * (s.length_squared / 3.0) / 4.0 for s in scales)


def test_a_shadow_catcher_is_there_for_who_asks(factory):
    scene = open_source(ROOT / "tests" / "tiny.toml").description
    style = replace(scene.style, ground="catcher")
    built = build(replace(scene, look=replace(scene.look, style="studio_light"), style=style))
    assert built.objects["Ground"].is_shadow_catcher and not built.objects["Ground"].modifiers
