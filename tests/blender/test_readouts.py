"""A readout shows at every frame what its matrix shows; `verify` reads it back; a presented one steps out."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import as_matrix, described, drawn, random  # noqa: E402
from matrix_cinema.blender.compat import get_input  # noqa: E402
from matrix_cinema.blender.objects import set_inputs  # noqa: E402
from matrix_cinema.blender.stored import plan_of  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402

ARRAYS = random(3, A=(3, 4), B=(4, 5))


def only(scene, kind):
    (found,) = [ob for ob in scene.objects if ob.get("mc_kind") == kind]
    return found


def test_a_readout_fills_as_its_matrix_does_and_is_read_back(factory):
    scene = build(described("C = softmax(A @ B)", ARRAYS, readout=["C"]))
    ob = only(scene, "readout")
    assert ob["mc_name"] == "C" and list(ob["mc_shape"]) == [3, 5]
    halfway, half_finished = 4.0, 8.5  # frames
    for frame in (halfway, half_finished, scene.frame_end):
        matrix, readout = (
            as_matrix(drawn(scene, kind, "C", frame), (3, 5)) for kind in ("matrix", "readout")
        )
        assert np.abs(matrix).max() > 0 and np.allclose(matrix, readout, atol=1e-6)
    report = verify(scene)
    rows = [row for row in report.rows if row.kind == "readout"]
    assert report.ok and len(rows) > 3 and 0 < rows[1].sweep < 4
    assert {row.expected for row in rows} >= {0, 15}
    for wrong in ({"Row Step": np.array([0.0, 1.0, 0.0])}, {"Sweep": 1.0}):
        ob.animation_data_clear()
        set_inputs(ob, wrong)
        failed = [row for row in verify(scene).rows if not row.ok]
        assert failed and {row.kind for row in failed} == {"readout"}


def test_a_readout_stays_on_the_picture_while_the_camera_moves(factory):
    camera = {"move": "orbit", "view": "three_quarter"}
    scene = build(described("C = A @ B", ARRAYS, readout=["C"], camera=camera))
    ob, places = only(scene, "readout"), []
    for frame in (1, scene.frame_end // 2):
        scene.frame_set(frame)
        places.append(scene.camera.matrix_world.inverted() @ ob.matrix_world.translation)
    assert np.allclose(*places, atol=1e-5)


def test_a_readout_comes_with_its_matrix(factory):
    beats = [{"say": "One.", "show": "A"}, {"say": "Two.", "run": "C"}, {"say": "Three."}]
    scene = build(described("C = softmax(A @ B)", ARRAYS, readout=["C"], beats=beats))
    ours = [ob for ob in scene.objects if ob.parent and ob.parent == only(scene, "readout")]
    ours += [only(scene, "readout"), only(scene, "leader")]
    start = round(plan_of(scene).beats[1].start)
    for frame, hidden in ((1, {True}), (start - 1, {True}), (start + 1, {False}), (scene.frame_end, {False})):
        scene.frame_set(frame)
        names = [ob for ob in ours if ob.get("mc_label") not in ("name", "detail")]
        assert {ob.hide_render for ob in names} == hidden, frame
        visible = [ob for ob in ours if ob.get("mc_label") == "name" and not ob.hide_render]
        assert len(visible) == (hidden == {False})


def test_a_presented_matrix_goes_from_its_place_to_the_picture_and_back(factory):
    beats = [{"say": "One.", "run": "C"}, {"say": "Two.", "present": "C"}, {"say": "Three."}]
    scene = build(described("C = A @ B", ARRAYS, beats=beats))
    ob, matrix = only(scene, "readout"), next(o for o in scene.objects if o.get("mc_name") == "C")
    root = ob.parent.parent
    (carried,) = root.constraints
    curve = root.animation_data.action.layers[0].strips[0].channelbags[0].fcurves[0]
    out, there, back, gone = (point.co.x for point in curve.keyframe_points)

    def entry(frame):
        scene.frame_set(int(frame), subframe=frame % 1)
        bpy.context.view_layer.update()
        return np.array(ob.matrix_world.translation)

    assert carried.type == "COPY_TRANSFORMS"
    place = np.array(matrix.matrix_world.translation)
    assert np.allclose(entry(out), place, atol=1e-4) and np.allclose(entry(gone - 1e-3), place, atol=0.1)
    facing = np.array(scene.camera.matrix_world.col[2][:3])
    entry(there)
    assert np.allclose(
        np.array(ob.matrix_world.col[2][:3]) / ob.matrix_world.to_scale()[2], facing, atol=1e-4
    )
    assert verify(scene, [there]).ok
    entry(gone + 1)
    assert max(ob.matrix_world.to_scale()) < 1e-6


def test_a_spotlight_is_outlined_in_the_readout_while_it_shines(factory):
    beats = [{"say": "One.", "run": "C"}, {"say": "Two.", "spotlight": "C[1, 2]"}, {"say": "Three."}]
    scene = build(described("C = A @ B", ARRAYS, readout=["C"], star="C", beats=beats))
    ob = only(scene, "readout")
    frames = [child for child in ob.children if child.name.startswith("C readout spotlight")]
    boxes = []
    for child in frames:
        points = np.array([child.matrix_local @ v.co for v in child.data.vertices])
        boxes.append((points.min(axis=0)[:2], points.max(axis=0)[:2]))
    _, second, third = [marker.frame for marker in sorted(scene.timeline_markers, key=lambda m: m.frame)]
    entries = entry_places(ob)
    inside = [
        {tuple(place) for place in np.argwhere(((low < entries) & (entries < high)).all(axis=-1)).tolist()}
        for low, high in boxes
    ]
    row, column = {(1, j) for j in range(5)}, {(i, 2) for i in range(3)}
    assert sorted(inside, key=len) == [{(1, 2)}, column, row]
    for frame, hidden in ((second - 1, True), ((second + third) // 2, False), (scene.frame_end, True)):
        scene.frame_set(frame)
        assert {child.hide_render for child in frames} == {hidden}


def entry_places(ob):
    """Where the entries of a readout stand, in its own space: (rows, columns, 2)."""
    rows, columns = ob["mc_shape"]
    down, on = (np.array(get_input(ob.modifiers[0], f"{name} Step"))[:2] for name in ("Row", "Column"))
    return np.arange(rows)[:, None, None] * down + np.arange(columns)[None, :, None] * on
