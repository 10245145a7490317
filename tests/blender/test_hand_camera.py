"""A camera that is set by hand: from a viewport's view, framed along its look, focused; its lens stays."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from from_tables import scene_from  # noqa: E402
from mathutils import Euler, Matrix, Vector  # noqa: E402
from matrix_cinema.blender import compat, hand_camera, tags  # noqa: E402
from matrix_cinema.blender.seen import view_of  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")
MATRICES = {name: {"init": "uniform", "shape": [4, 4]} for name in "AB"}


def described(**camera):
    table = {"expression": "out = A @ B", "matrices": MATRICES, "camera": camera, "look": {"labels": False}}
    return scene_from(table | {"render": {"width": 640, "height": 360}})


def assert_seen(scene, pivot, half):
    """A rectangle that reaches `half` from the pivot is in the picture, and touches the frame's edge."""
    view = view_of(scene)
    corners = [
        np.array(pivot) + x * half[0] * view.right + y * half[1] * view.up for x in (-1, 1) for y in (-1, 1)
    ]
    assert np.abs(view.project(np.array(corners))).max() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("view", ["stage", "isometric"])
def test_the_camera_sees_what_the_viewport_shows_and_keeps_its_lens(view):
    scene = build(described(view=view))
    turned, pivot, half = Euler((1.1, 0.2, 0.7)).to_matrix().to_4x4(), Vector((1.0, 2.0, 0.5)), (9.0, 7.0)
    lens = scene.camera.data.lens
    hand_camera.look_from(scene, turned, pivot, half)
    assert_seen(scene, pivot, half)
    np.testing.assert_allclose(view_of(scene).forward, -np.array(turned.col[2][:3]), atol=1e-5)
    assert scene.camera.data.lens == lens
    scene.camera.parent = None  # off its rig, and so any camera of one's own
    hand_camera.look_from(scene, Euler((0.5, 0.0, -1.0)).to_matrix().to_4x4(), pivot, half)
    assert_seen(scene, pivot, half)


def test_a_camera_that_moves_gets_a_key_here_or_stands_here_alone():
    scene = build(described(move="orbit"))
    last, middle = scene.frame_end, scene.frame_end // 2
    at = {}
    for frame in (1, last):
        scene.frame_set(frame)
        at[frame] = scene.camera.matrix_world.copy()
    scene.frame_set(middle)
    turned, pivot, half = Euler((0.6, 0.0, 2.0)).to_matrix().to_4x4(), Vector((0, 0, 0)), (8.0, 4.5)
    hand_camera.look_from(scene, turned, pivot, half)
    for frame in (1, last, middle):
        scene.frame_set(frame)
        if frame == middle:
            assert_seen(scene, pivot, half)
        else:
            np.testing.assert_allclose(scene.camera.matrix_world, at[frame], atol=0.2)  # its keys stay
    actions = len(bpy.data.actions)
    hand_camera.look_from(scene, turned, pivot, half, alone=True)
    for frame in (1, last):
        scene.frame_set(frame)
        assert_seen(scene, pivot, half)
    assert len(bpy.data.actions) < actions and all(action.users for action in bpy.data.actions)


def test_turns_of_a_moving_camera_by_hand_are_kept():
    scene = build(described(move="orbit"))
    middle, aim = scene.frame_end // 2, scene.camera.parent
    scene.frame_set(1)
    first = scene.camera.matrix_world.copy()
    scene.frame_set(middle)
    keys = len(compat.find_curve(aim, "rotation_euler", 2).keyframe_points)
    hand_camera.keep_turn(scene)  # nobody turned anything
    assert len(compat.find_curve(aim, "rotation_euler", 2).keyframe_points) == keys
    stands = scene.camera.matrix_world.copy()
    turn = Matrix.Rotation(0.4, 4, "X")  # as a viewport does that is locked
    aim.matrix_world = Matrix.Translation((1.0, 2.0, 3.0)) @ turn @ aim.matrix_world
    for frame, expected in ((1, first), (middle, stands)):  # what nobody keyed goes as a whole
        scene.frame_set(frame)
        np.testing.assert_allclose(scene.camera.matrix_world, expected, atol=1e-4)
    aim.matrix_world = turn @ aim.matrix_world
    scene.view_layers[0].update()
    turned = scene.camera.matrix_world.copy()
    hand_camera.keep_turn(scene)
    for frame, expected in ((1, first), (middle, turned)):
        scene.frame_set(frame)
        np.testing.assert_allclose(scene.camera.matrix_world, expected, atol=1e-4)


@pytest.mark.parametrize("view", ["hero", "isometric"])
def test_framing_keeps_the_look_and_has_all_in_the_picture(view):
    description = described(view=view)
    scene, p = build(description), plan(description)
    aim = scene.camera.parent
    aim.rotation_euler.z += 1.0
    aim.location.x += 30.0  # out of the picture
    scene.view_layers[0].update()
    forward, lens = view_of(scene).forward, scene.camera.data.lens
    hand_camera.frame(p, scene)
    view = view_of(scene)
    np.testing.assert_allclose(view.forward, forward, atol=1e-4)
    seen = np.abs(view.project(p.arrangement.corners()))
    assert scene.camera.data.lens == lens and 0.4 < seen.max() < 1.0


def test_a_focus_is_an_empty_at_the_point_and_the_ends_of_the_scene_blur():
    description = described()
    scene, p = build(description), plan(description)
    corners = p.arrangement.corners()
    first = hand_camera.focus(scene, corners[0], corners)
    dof = scene.camera.data.dof
    assert dof.use_dof and dof.focus_object == first and first in tags.owned(scene)
    np.testing.assert_allclose(first.location, corners[0], atol=1e-5)
    dof.aperture_fstop = 1.7
    assert hand_camera.focus(scene, corners[3], corners) == first  # one for all
    assert dof.aperture_fstop == pytest.approx(1.7)
