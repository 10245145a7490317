"""Labels laid out anew in a built scene for a camera that someone has turned, and nothing else touched."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from from_tables import scene_from  # noqa: E402
from mathutils import Euler, Vector  # noqa: E402
from matrix_cinema.blender import hand_camera, tags  # noqa: E402
from matrix_cinema.blender.laid_out_anew import lay_out  # noqa: E402
from matrix_cinema.blender.older import gained  # noqa: E402
from matrix_cinema.blender.seen import moves, view_of  # noqa: E402
from matrix_cinema.blender.update import build, update  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")
WORDS = ["the", "animal", "did", "not", "cross"]
HEAD = {
    "expression": "attn = softmax(Q @ K.T)",
    "title": "A head",
    "matrices": {
        "Q": {"init": "gaussian", "shape": [5, 4], "row_labels": WORDS},
        "K": {"init": "gaussian", "shape": [5, 4], "row_labels": WORDS},
    },
    "render": {"width": 640, "height": 360},
}
DESCRIPTION = scene_from(HEAD)


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize(("kind", "size"), [("PERSP", (640, 360)), ("ORTHO", (300, 500))])
def test_a_view_is_what_any_camera_sees(fit, kind, size):
    scene = bpy.context.scene
    data = bpy.data.cameras.new("mine")
    data.type, data.sensor_fit, data.lens, data.ortho_scale = kind, fit, 35.0, 9.0
    data.shift_x, data.shift_y = 0.2, -0.3
    holder, camera = bpy.data.objects.new("holder", None), bpy.data.objects.new("mine", data)
    for ob in (holder, camera):
        scene.collection.objects.link(ob)
    camera.parent, holder.rotation_euler, camera.scale = holder, Euler((0.3, 0.2, 1.0)), (2.0, 2.0, 2.0)
    camera.location, camera.rotation_euler = (1.0, -2.0, 9.0), Euler((0.1, -0.2, 0.5))
    scene.camera, (scene.render.resolution_x, scene.render.resolution_y) = camera, size
    scene.render.pixel_aspect_x = 1.5
    view = view_of(scene)
    points = np.random.default_rng(0).normal(size=(20, 3)) * 3.0
    points -= 20.0 * np.array(camera.matrix_world.to_quaternion() @ Vector((0, 0, 1)))
    seen = np.array([world_to_camera_view(scene, camera, Vector(p)) for p in points])
    np.testing.assert_allclose(2 * seen[:, :2] - 1, view.project(points), atol=2e-4)
    assert not moves(camera)
    data.type = "PANO"
    with pytest.raises(InputError, match="panorama"):
        view_of(scene)


def written(scene):
    return [ob for ob in scene.objects if ob.get(tags.WRITTEN)]


def on_the_frame(scene, ob):
    """The corners of a line of type on the frame, 0 to 1: (8, 3)."""
    return np.array(
        [world_to_camera_view(scene, scene.camera, ob.matrix_world @ Vector(c)) for c in ob.bound_box]
    )


def what_is_ours(scene):
    return Counter((type(block).__name__, block.get(tags.KIND)) for block in tags.parts(scene))


def test_all_that_is_written_is_laid_out_anew_and_nothing_else_changes(factory):
    scene, p = build(DESCRIPTION), plan(DESCRIPTION)
    before, first = what_is_ours(scene), [ob for ob in written(scene) if ob.get(tags.KIND) != "shade"]
    mine = bpy.data.objects.new("mine", None)
    scene.collection.objects.link(mine)
    lay_out(p, scene)
    now = what_is_ours(scene)  # a shade may come, behind a line that stands over the scene
    assert not before - now and set(now - before) <= {("Object", "shade"), ("Mesh", None), ("Material", None)}
    assert len([ob for ob in written(scene) if ob.get(tags.KIND) != "shade"]) == len(first)

    camera = scene.camera
    camera.data.lens, camera.data.shift_x = 120.0, camera.data.shift_x * 120.0 / 135.0 + 0.05
    camera.parent.rotation_euler.z += 0.3
    bpy.context.view_layer.update()
    place = camera.matrix_world.copy()
    others = [ob for ob in scene.objects if not ob.get(tags.WRITTEN)]
    drawing = lay_out(p, scene)
    bpy.context.view_layer.update()
    assert camera.matrix_world == place and camera.data.lens == 120.0 and mine in set(scene.objects)
    assert [ob for ob in scene.objects if not ob.get(tags.WRITTEN)] == others
    labels = [ob for ob in written(scene) if ob.get(tags.KIND) == "label" and ob.type == "FONT"]
    assert len([ob for ob in labels if ob.get(tags.LABEL) == "token"]) >= 5
    for ob in [*labels, *(ob for ob in written(scene) if ob.get(tags.KIND) == "overlay")]:
        corners = on_the_frame(scene, ob)
        assert corners[:, 2].min() > 0.0
        assert corners[:, :2].min() > -2e-3 and corners[:, :2].max() < 1.002, ob.name
    (title,) = [item for item in drawing.overlay.texts if item.text == "A head"]
    (ob,) = [ob for ob in written(scene) if ob.type == "FONT" and ob.data.body == "A head"]
    x, y, _ = world_to_camera_view(scene, camera, ob.matrix_world.translation)
    np.testing.assert_allclose((x * 640 / 360, y), (title.x, title.y), atol=1e-4)
    assert verify(scene).ok
    before, names = what_is_ours(scene), sorted(ob.name for ob in written(scene))
    lay_out(p, scene)  # again: nothing is left over
    assert what_is_ours(scene) == before and sorted(ob.name for ob in written(scene)) == names
    assert not [m.name for m in (*bpy.data.materials, *bpy.data.curves, *bpy.data.meshes) if not m.users]
    for description in (replace(DESCRIPTION, title="B head"), DESCRIPTION):  # a film anew, then all
        (build if description is DESCRIPTION else update)(description, scene)
        placed = where(scene)
        assert camera.data.lens == 120.0 and camera.matrix_world == place
        lay_out(plan(description), scene)
        again = where(scene)
        assert again.keys() == placed.keys()
        for name, corners in placed.items():
            np.testing.assert_allclose(again[name], corners, atol=1e-4, err_msg=name)


def where(scene):
    """Where each line of type is on the frame, by its name."""
    bpy.context.view_layer.update()
    return {ob.name: on_the_frame(scene, ob) for ob in written(scene) if ob.type == "FONT"}


def test_a_users_orthographic_camera_gets_labels(factory):
    scene, p = build(DESCRIPTION), plan(DESCRIPTION)
    label = next(ob for ob in written(scene) if ob.get(tags.KIND) == "label")
    mine = bpy.data.objects.new("mine", None)
    scene.collection.objects.link(mine)
    mine.parent = label
    data = bpy.data.cameras.new("own")
    data.type, data.ortho_scale = "ORTHO", 26.0
    own = bpy.data.objects.new("own", data)
    scene.collection.objects.link(own)
    own.location, own.rotation_euler = (25.0, -25.0, 20.0), Euler((1.0, 0.0, 0.785))
    scene.camera = own
    lay_out(p, scene)
    bpy.context.view_layer.update()
    assert mine.parent == label and label in tags.owned(scene)  # it lives on
    overlays = [ob for ob in written(scene) if ob.get(tags.KIND) == "overlay"]
    assert overlays and all(0 <= on_the_frame(scene, ob)[:, :2].min() for ob in overlays)
    data.type = "PANO"
    count = len(scene.objects)
    with pytest.raises(InputError):
        lay_out(p, scene)
    assert len(scene.objects) == count


def test_a_scene_of_an_earlier_version_says_what_an_update_adds(factory):
    scene, p = build(DESCRIPTION), plan(DESCRIPTION)
    assert not gained(scene)
    del scene[tags.GIVEN]
    for ob in written(scene):
        del ob[tags.WRITTEN]
    assert len(gained(scene)) == 2
    with pytest.raises(InputError, match="earlier version"):
        lay_out(p, scene)
    build(DESCRIPTION, scene)
    assert not gained(scene)


def test_of_a_matrix_that_was_deleted_there_is_no_readout(factory):
    description = scene_from(HEAD | {"readout": ["attn", "Q"]})
    scene, p = build(description), plan(description)
    gone = next(ob for ob in scene.objects if (ob.get(tags.KIND), ob.get(tags.NAME)) == ("matrix", "attn"))
    bpy.data.objects.remove(gone)
    lay_out(p, scene)
    assert [ob[tags.NAME] for ob in scene.objects if ob.get(tags.KIND) == "readout"] == ["Q"]


def test_text_follows_a_camera_that_was_keyed_by_hand(factory):
    description = scene_from(HEAD | {"camera": {"move": "orbit"}})
    scene = build(description)
    turned = scene.frame_end // 3
    scene.frame_set(turned)
    scene.camera.parent.rotation_euler.z += 1.0
    hand_camera.keep_turn(scene)
    other = replace(description, title="B head")
    glass = replace(other, look=replace(other.look, style="glass"))
    # A film anew; all anew; a film anew at a frame at which the camera stands as it was built.
    for changed, frame in ((other, turned), (glass, turned), (replace(glass, title="C head"), 1)):
        scene.frame_set(frame)
        update(changed, scene)
        placed = where(scene)
        lay_out(plan(changed), scene)
        again = where(scene)
        assert again.keys() == placed.keys()
        for name, corners in placed.items():
            np.testing.assert_allclose(again[name], corners, atol=1e-4, err_msg=name)
