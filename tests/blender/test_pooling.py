"""Beads, drawn from all entries: right at every frame, whatever is pooled, and lit as their entries are."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from from_tables import scene_from  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.build import draw  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER, set_inputs  # noqa: E402
from matrix_cinema.blender.read import drawn_objects, elements, stored_values  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import telling_frames, verify  # noqa: E402
from matrix_cinema.picture.drawing import film_of  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402
from matrix_cinema.staging.pooling import bead_starts, pooled  # noqa: E402


def head(pooling="3x2", rule="max", **tables):
    """A causal head with a bias, K transposed, cut into parts that no block divides."""
    look = {"pooling": pooling, "pooling_rule": rule, "labels": False, "legend": False, "title": False}
    description = {
        "expression": "out = (attn = softmax(Q @ K.T / sqrt(k), mask=causal)) @ V + b",
        "matrices": {
            "Q": {"init": "gaussian", "shape": [11, 5]},
            "K": {"init": "gaussian", "shape": [11, 5]},
            "V": {"init": "gaussian", "shape": [11, 7]},
            "b": {"init": "gaussian", "shape": [1, 7]},
        },
        "products": {"attn": {"i_blocks": 3}},
        "look": look | tables.pop("look", {}),
        **tables,
    }
    return scene_from(description)


def matrix(scene, name):
    (ob,) = [ob for ob in drawn_objects(scene, "matrix") if ob["mc_name"] == name]
    return ob


@pytest.mark.parametrize(
    "rule", ("max", *(pytest.param(rule, marks=pytest.mark.one_blender) for rule in ("mean", "rms")))
)
def test_beads_are_right_at_every_telling_frame(factory, rule):
    """Sums, fused and one after the other, crossfades, masks, sheets, as points and as instances."""
    animations = [{"algorithm": "vvprod"}, {"algorithm": "vmprod", "fuse": "sync"}]
    for n, animation in enumerate(animations):
        pooling = ("3x2", "11x4")[n]
        report = verify(build(head(pooling, rule, animation=animation, look={"instance_budget": 100 * n})))
        assert report.ok, "\n".join(report.lines())


def test_the_file_holds_every_entry_and_the_beads_say_what_they_are(factory):
    p = plan(head())
    scene = draw(film_of(p))
    attn = matrix(scene, "attn")
    assert (list(attn["mc_pool"]), attn["mc_pool_rule"]) == ([3, 2], "max")
    assert list(matrix(scene, "b")["mc_pool"]) == [1, 2]
    assert np.allclose(stored_values(attn), p.evaluation["attn"].final)
    scene.frame_set(scene.frame_end)
    drawn = elements(attn, bpy.context.evaluated_depsgraph_get())
    # Parts of 4, 4 and 3 rows; above the diagonal there is no bead.
    assert set(drawn["i"]) == {0, 3, 4, 7, 8} and set(drawn["j"]) == {0, 2, 4, 6, 8, 10}
    assert {(i, j) for i, j in zip(drawn["i"], drawn["j"], strict=True) if i < 3} == {(0, 0), (0, 2)}


def test_a_bead_is_as_large_as_its_block_and_stands_in_its_middle(factory):
    look = {"min_size": 1.0, "element_scale": 1.0}
    scene = build(head("3x2", look=look, layout={"gap": 2.5}))
    q = matrix(scene, "Q")
    geometry = q.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    cloud = geometry.instances_pointcloud()
    transforms = np.empty(16 * len(cloud.points), np.float32)
    cloud.attributes["instance_transform"].data.foreach_get("value", transforms)
    sizes = transforms.reshape(-1, 4, 4)[:, (0, 1, 2), (0, 1, 2)] * 2 / 0.9
    along = {
        axis: np.abs(compat.get_input(q.modifiers[MODIFIER], f"{axis} Step")) @ sizes.T
        for axis in ("Row", "Column")
    }
    assert np.allclose(along["Row"].reshape(-1, 3), np.array([3, 1, 3, 1, 3])[:, None], atol=1e-5)
    assert np.allclose(along["Column"].reshape(-1, 3), [2, 2, 1], atol=1e-5)
    assert np.allclose(np.sort(sizes.reshape(5, 3, 3)[0], axis=1)[:, 0], [2, 2, 1], atol=1e-5)  # thick


def test_sums_are_finished_before_they_are_pooled(factory):
    """In the middle of the softmax a bead is what the rule says of entries that are halfway there, not
    halfway between a bead of sums and a bead of probabilities."""
    p = plan(head("4x4", "rms", animation={"algorithm": "vvprod"}))
    scene = draw(film_of(p))
    attn = matrix(scene, "attn")
    keys = compat.find_curve(attn, compat.input_path(attn.modifiers[MODIFIER], "Finish")).keyframe_points
    middle = (keys[0].co[0] + keys[-1].co[0]) / 2
    scene.frame_set(int(middle), subframe=middle % 1)
    drawn = elements(attn, bpy.context.evaluated_depsgraph_get())
    result = p.evaluation["attn"]
    (plane,) = [plane for plane in p.arrangement.planes if plane.stage.name == "attn"]
    firsts = bead_starts(plane, p.pools[p.arrangement.planes.index(plane)])

    def beads(values):
        return pooled(values, *firsts, "rms", result.mask)[0]

    at = np.searchsorted(firsts[0], drawn["i"]), np.searchsorted(firsts[1], drawn["j"])
    assert np.allclose(drawn["value"], beads(0.5 * result.raw + 0.5 * result.final)[at], atol=1e-5)
    assert np.abs(drawn["value"] - 0.5 * (beads(result.raw) + beads(result.final))[at]).max() > 0.01


def test_a_bead_is_lit_when_one_of_its_entries_is(factory):
    scene = build(head("3x1", animation={"algorithm": "vmprod"}))
    q = matrix(scene, "Q")
    curve = compat.find_curve(
        scene.objects["attn products"],
        compat.input_path(scene.objects["attn products"].modifiers[MODIFIER], "Sweep"),
    )
    (start, low), (end, high) = (point.co for point in curve.keyframe_points)
    frame = start + (end - start) * 1.5 / (high - low)  # step 1 of 4: rows 1, 5 and 9
    scene.frame_set(int(frame), subframe=frame % 1)
    geometry = q.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    cloud = geometry.instances_pointcloud()
    lit, i = np.empty(len(cloud.points), np.float32), np.empty(len(cloud.points), np.int32)
    cloud.attributes["lit"].data.foreach_get("value", lit)
    cloud.attributes["i"].data.foreach_get("value", i)
    assert set(i[lit > 0]) == {0, 4, 8} and set(i[lit == 0]) == {3, 7}


def wrong_bead(scene):
    """One bead of every matrix is a little off, by a node between the beads and what is drawn."""
    group = bpy.data.node_groups["Matrix Cinema beads"]
    (store,) = [
        node
        for node in group.nodes
        if node.bl_idname == "GeometryNodeStoreNamedAttribute"
        and node.inputs["Name"].default_value == "value"
    ]
    value = next(s for s in store.inputs if s.name == "Value" and s.enabled)
    off, which = group.nodes.new("ShaderNodeMath"), group.nodes.new("FunctionNodeCompare")
    index, amount = group.nodes.new("GeometryNodeInputIndex"), group.nodes.new("ShaderNodeMath")
    which.data_type, which.operation = "INT", "EQUAL"
    a, b = [s for s in which.inputs if s.enabled][:2]
    b.default_value = 2
    amount.operation, amount.inputs[1].default_value = "MULTIPLY", 1e-3
    group.links.new(index.outputs[0], a)
    group.links.new(which.outputs[0], amount.inputs[0])
    group.links.new(value.links[0].from_socket, off.inputs[0])
    group.links.new(amount.outputs[0], off.inputs[1])
    group.links.new(off.outputs[0], value)


def inputs(name, **changes):
    return lambda scene: set_inputs(matrix(scene, name), {k.replace("_", " "): v for k, v in changes.items()})


def said(name, key, value):
    return lambda scene: matrix(scene, name).__setitem__(key, value)


CORRUPTED = {
    "one bead": wrong_bead,
    "the rule": inputs("Q", Pool_Rule=0),
    "the rows of a block": inputs("V", Pool_Rows=2),
    "the columns of a block": inputs("out", Pool_Columns=3),
    "no pooling": inputs("attn", Pool_Rows=1, Pool_Columns=1),
    "where parts end": inputs("attn", Gap_Block_row=5),
    "what is masked": inputs("attn", Masked=False),
    "the rule that is said": said("K", "mc_pool_rule", "rms"),
    "the block that is said": said("K", "mc_pool", [2, 2]),
}


def test_a_wrong_bead_is_noticed(factory, tmp_path):
    scene = build(head(rule="mean"))
    moments = [moment for moment in telling_frames(scene) if moment > scene.frame_end / 3][::3]
    assert verify(scene, moments).ok
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    for what, corrupt in CORRUPTED.items():
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
        corrupt(bpy.context.scene)
        assert not verify(bpy.context.scene, moments).ok, what
