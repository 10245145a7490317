"""Many heads in Blender: each matrix of two axes is an object, and what is drawn is what NumPy says."""

from dataclasses import replace

import numpy as np
import pytest
from matrix_cinema.description.scene import Look, MatrixOptions, Render, Scene, from_json
from matrix_cinema.errors import JobError

GQA = Scene(
    expression="out = sum_heads((z = (attn = softmax(Q @ K.T / sqrt(k))) @ V) @ W_O) + b",
    matrices={
        "Q": MatrixOptions(init="normal", shape=(4, 3, 2)),
        "K": MatrixOptions(init="normal", shape=(2, 3, 2)),
        "V": MatrixOptions(init="normal", shape=(2, 3, 2)),
        "W_O": MatrixOptions(init="normal", shape=(4, 2, 5)),
        "b": MatrixOptions(init="normal", shape=(1, 5)),
    },
    look=Look(numbers="off", labels=False),
)
FAN = Scene(
    expression="z = (attn = softmax(Q @ K.T / sqrt(k))) @ V; y = x @ W_O",
    matrices={name: GQA.matrices[name] for name in ("Q", "K", "V", "W_O")}
    | {"x": MatrixOptions(init="eye", shape=(1, 2, 2))},
    look=Look(row_guides=0.6, flow_guides=0.5),
)


@pytest.mark.parametrize("scene", [GQA, FAN], ids=["sum", "fan"])
def test_what_is_drawn_of_many_heads_is_what_numpy_says(factory, scene):
    from matrix_cinema.blender.read import drawn_objects, elements, stored_values
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    target = build(scene)
    report = verify(target)
    assert report.ok, "\n".join(report.lines())
    assert from_json(target["matrix_cinema"]) == scene  # as it was written, not once for each head
    drawn = {ob["mc_name"]: ob for ob in drawn_objects(target, "matrix")}
    assert tuple(drawn["attn[3]"]["mc_shape"]) == (3, 3)
    if scene is FAN:
        names = [ob["mc_name"] for ob in drawn_objects(target, "matrix")]
        assert len(names) == len(set(names))  # nothing that is shared is drawn twice
        assert sum(name.startswith("K[") for name in names) == 2
        written = [ob.data.body for ob in target.objects if ob.get("mc_label") in ("title", "detail")]
        for n in range(4):  # above what y makes of it, and at Q, attn and z of the heads that share K and V
            assert written.count(f"head {n}") == 1
            assert sum(text.endswith(f", head {n}") for text in written) == 3
    else:
        target.frame_set(target.frame_end)
        graph = factory.context.evaluated_depsgraph_get()
        heads = [elements(drawn[f"(z @ W_O)[{n}]"], graph) for n in range(4)]
        sums = sum(np.zeros((3, 5)) + head["value"].reshape(3, 5) for head in heads)
        np.testing.assert_allclose(stored_values(drawn["out"]), sums + stored_values(drawn["b"]), atol=1e-5)


@pytest.mark.parametrize("size", [(1280, 720), (600, 900)])
@pytest.mark.one_blender
def test_all_heads_and_their_titles_are_in_the_picture(factory, size):
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector
    from matrix_cinema.blender.read import drawn_objects, elements
    from matrix_cinema.blender.update import build

    target = build(replace(FAN, render=Render(width=size[0], height=size[1])))
    target.frame_set(target.frame_end)
    depsgraph = factory.context.evaluated_depsgraph_get()
    labels = [ob for ob in target.objects if ob.get("mc_label")]
    points = [ob.matrix_world @ Vector(corner) for ob in labels for corner in ob.bound_box]
    for ob in drawn_objects(target, "matrix") + drawn_objects(target, "product"):
        points += [Vector(place) for place in elements(ob, depsgraph)["position"]]
    seen = np.array([world_to_camera_view(target, target.camera, point) for point in points])
    assert seen[:, :2].min() >= 0 and seen[:, :2].max() <= 1 and seen[:, 2].min() > 0


def test_a_head_that_was_lost_or_changed_is_noticed(factory):
    from matrix_cinema.blender.read import drawn_objects
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    target = build(replace(FAN, look=Look(labels=False)))
    drawn = {ob["mc_name"]: ob for ob in drawn_objects(target, "matrix")}
    values = drawn["V[1]"].data.attributes["value"].data
    values[0].value += 0.5
    assert not verify(target).ok
    values[0].value -= 0.5
    factory.data.objects.remove(drawn["Q[2]"])
    with pytest.raises(JobError, match=r"matrix Q\[2\] of the expression is not drawn"):
        verify(target)
