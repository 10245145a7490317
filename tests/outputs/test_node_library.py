"""The node groups as assets: they have tooltips and work in any tree, and the open file stays as it is."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, random  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.outputs.node_library import CATALOG, OFFERED, write_library  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered", "factory")


def test_the_groups_are_assets_with_hints_and_draw_a_matrix_by_hand(tmp_path):
    scene = build(described("out = A @ B", random(1, A=(2, 3), B=(3, 2))))
    before = {(tree, tree.name, len(tree.interface.items_tree)) for tree in bpy.data.node_groups}
    assert bpy.ops.matrix_cinema.node_library(folder=str(tmp_path)) == {"FINISHED"}
    assert bpy.ops.matrix_cinema.node_library(folder=str(tmp_path)) == {"FINISHED"}
    assert {(tree, tree.name, len(tree.interface.items_tree)) for tree in bpy.data.node_groups} == before
    assert verify(scene).ok
    libraries = bpy.context.preferences.filepaths.asset_libraries
    assert [one.name for one in libraries if one.path.rstrip("/") == str(tmp_path)] == ["Matrix Cinema"]
    assert CATALOG in (tmp_path / "blender_assets.cats.txt").read_text()

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    place = write_library(tmp_path)
    with bpy.data.libraries.load(str(place), assets_only=True) as (there, wanted):
        assert set(there.node_groups) == {f"Matrix Cinema {name}" for name in OFFERED}
        wanted.node_groups = list(there.node_groups)
    for tree in wanted.node_groups:
        items = list(tree.interface.items_tree)
        inputs = [one for one in items if one.item_type == "SOCKET" and one.in_out == "INPUT"]
        assert all(one.description for one in inputs), (
            tree.name,
            [one.name for one in inputs if not one.description],
        )
        assert len(inputs) < 8 or any(one.item_type == "PANEL" for one in items), tree.name
        assert tree.asset_data.catalog_id == CATALOG and tree.asset_data.description

    mesh = bpy.data.meshes.new("mine")
    mesh.vertices.add(6)
    mesh.attributes.new("value", "FLOAT", "POINT").data.foreach_set(
        "value", np.arange(1, 7, dtype=np.float32)
    )
    ob = bpy.data.objects.new("mine", mesh)
    bpy.context.scene.collection.objects.link(ob)
    modifier = ob.modifiers.new("mine", "NODES")
    modifier.node_group = bpy.data.node_groups["Matrix Cinema Matrix"]
    for name, value in {"Columns": 3, "High": 6.0, "As Points": True}.items():
        compat.set_input(modifier, name, value)
    ob.update_tag()
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    geometry = evaluated.evaluated_geometry()
    values = np.empty(6, np.float32)
    geometry.pointcloud.attributes["value"].data.foreach_get("value", values)
    assert sorted(values) == [1, 2, 3, 4, 5, 6]
