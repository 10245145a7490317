"""Blender's camera sees what the framing says it sees; in every view all of the scene is in the picture."""

import dataclasses

import numpy as np
import pytest
from letters import bare_letters
from paths import ROOT

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from from_tables import scene_from  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402
from matrix_cinema.blender.camera import place  # noqa: E402
from matrix_cinema.blender.seen import view_of  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import VIEWS, load_scene  # noqa: E402
from matrix_cinema.staging.camera.framing import DIRECTIONS, Optics, angles  # noqa: E402
from matrix_cinema.staging.camera.shot import Key, Phase, Shot  # noqa: E402
from matrix_cinema.staging.camera.views import INSIDE  # noqa: E402

EXAMPLE = ROOT / "examples" / "attention_head.toml"


@pytest.mark.parametrize(
    "orthographic, skew", [(False, (0.0, 0.0)), (True, (0.0, 0.0)), (False, (-0.6, 0.3))]
)
@pytest.mark.parametrize("aspect", [(640, 360), (300, 700), (500, 500)])
def test_a_shot_is_what_blenders_camera_does(factory, aspect, orthographic, skew):
    """Through random keys, at whole frames and between."""
    scene, random = bpy.context.scene, np.random.default_rng(1)
    optics = Optics(aspect[0] / aspect[1], 42.0, orthographic, skew)
    keys = []
    for frame, direction in zip((1.0, 9.5, 30.0), list(DIRECTIONS.values())[:3], strict=True):
        pose = np.array([*random.normal(size=3), *angles(direction), random.uniform(20, 40)])
        keys.append(Key(frame, pose, random.normal(size=6) * 0.1))
    phases = (Phase(1.0, 30.0, 30.0),)
    film = Shot(tuple(keys), optics, np.array([0.5, -0.25]), 30.0, 10.0, phases, blur=0.5)
    place(film, scene.collection, scene)
    points = random.normal(size=(20, 3)) * [5, 9, 3]
    scene.render.resolution_x, scene.render.resolution_y = aspect
    for frame in (1, 4, 9, 22, 30, 40):
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        view = film.view(frame)
        seen = np.array([world_to_camera_view(scene, scene.camera, Vector(p)) for p in points])
        np.testing.assert_allclose(2 * seen[:, :2] - 1, view.project(points), atol=2e-4)
        np.testing.assert_allclose(seen[:, 2], view.seen(points)[2], rtol=1e-4)
        found = view_of(scene)
        np.testing.assert_allclose(found.project(points), view.project(points), atol=2e-4)
        np.testing.assert_allclose(found.line, view.line, atol=1e-5)
    data = scene.camera.data
    f = 1.0 if orthographic else 0.042
    assert data.dof.use_dof and f / data.dof.aperture_fstop == pytest.approx(0.5, rel=1e-5)


DESCRIPTION = {
    "expression": "out = (S = A @ B) @ C",
    "title": "A title",
    "matrices": {
        "A": {"init": "uniform", "shape": [5, 3], "row_labels": ["a long label"] * 5},
        "B": {"init": "uniform", "shape": [3, 6]},
        "C": {"init": "uniform", "shape": [6, 4], "column_labels": ["w", "x", "y", "another long one"]},
    },
    "look": {"min_size": 1.0, "settled_scale": 1.0},
}


def drawn(scene):
    """The corners of the bounds of every element and label on the frame, 0 to 1, and their depths: (n, 3)."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    corners = []
    for instance in depsgraph.object_instances:
        owner = instance.parent if instance.is_instance else instance.object
        if owner and owner.original.get("mc_kind") in ("matrix", "product", "label"):
            if instance.is_instance or owner.type == "FONT":
                box = np.array(instance.object.bound_box)
                corners += [instance.matrix_world @ Vector(corner) for corner in box]
    return np.array([world_to_camera_view(scene, scene.camera, corner) for corner in corners])


def assert_inside(seen):
    assert seen[:, 2].min() > 0
    assert seen[:, :2].min() >= -1e-4 and seen[:, :2].max() <= 1 + 1e-4, (seen.min(axis=0), seen.max(axis=0))


@pytest.mark.parametrize(
    ("view", "size"), [(view, (640, 360)) for view in VIEWS if view not in INSIDE] + [("stage", (300, 700))]
)
@pytest.mark.one_blender
def test_all_that_is_drawn_is_in_the_picture(factory, view, size):
    """Bounds of every element and label, at the end of a film in which all of them are large."""
    render = {"width": size[0], "height": size[1]}
    camera = {"view": view, "margin": 0.0}
    scene = build(scene_from(DESCRIPTION | {"camera": camera, "render": render}))
    scene.frame_set(scene.frame_end)
    seen = drawn(scene)
    assert len(seen) > 8 * (15 + 18 + 24 + 90)
    assert_inside(seen)


@pytest.mark.parametrize("view", ["stage", "isometric"])
@pytest.mark.parametrize("move", ["orbit", "push_in", "crane"])
@pytest.mark.one_blender
def test_all_that_is_drawn_stays_in_the_picture(factory, move, view):
    camera = {"view": view, "move": move, "margin": 0.0}
    scene = build(scene_from(DESCRIPTION | {"camera": camera}))
    places = []
    for frame in np.linspace(1, scene.frame_end, 6).astype(int):
        scene.frame_set(frame)
        assert_inside(drawn(scene))
        places.append(scene.camera.matrix_world.copy())
    assert all(one != other for one, other in zip(places, places[1:], strict=False))
    curves = [owner.animation_data for owner in (scene.camera, scene.camera.parent, scene.camera.data)]
    assert any(data and data.action for data in curves)


def test_the_overlay_stays_where_it_is_when_an_orthographic_camera_comes_nearer(factory):
    camera = {"view": "isometric", "move": "push_in"}
    scene = build(scene_from(DESCRIPTION | {"camera": camera}))
    overlays = [ob for ob in scene.objects if ob.get("mc_kind") == "overlay"]
    places, scales = [], []
    for frame in (1, scene.frame_end):
        scene.frame_set(frame)
        corners = [ob.matrix_world @ Vector(corner) for ob in overlays for corner in ob.bound_box]
        places.append([world_to_camera_view(scene, scene.camera, corner)[:2] for corner in corners])
        scales.append(scene.camera.data.ortho_scale)
    np.testing.assert_allclose(*places, atol=1e-4)
    assert scales[1] < 0.8 * scales[0]


def test_the_light_of_an_orbit_goes_round_with_the_camera(factory):
    scene = build(scene_from(DESCRIPTION | {"camera": {"move": "orbit"}}))
    lamp = next(ob for ob in scene.objects if ob.type == "LIGHT")
    seen = []
    for frame in (1, scene.frame_end // 2):
        scene.frame_set(frame)
        seen.append(scene.camera.matrix_world.inverted() @ lamp.matrix_world)
    np.testing.assert_allclose(*seen, atol=1e-3)


def label_boxes(scene):
    """(text, (left, bottom, right, top)) on the picture, in heights of it, for each label and overlay that
    the scene shows at its current frame."""
    aspect = scene.render.resolution_x / scene.render.resolution_y
    bare_letters(scene)
    found = []
    for ob in scene.objects:
        if ob.type == "FONT" and ob.get("mc_kind") in ("label", "overlay") and not ob.hide_render:
            box = [
                world_to_camera_view(scene, scene.camera, ob.matrix_world @ Vector(c)) for c in ob.bound_box
            ]
            x, y, _ = np.array(box).T * [[aspect], [1], [1]]
            found.append((ob.data.body, (x.min(), y.min(), x.max(), y.max())))
    return found


def overlapping(boxes):
    """Pairs of texts whose boxes share some room."""
    pairs = []
    for n, (text, (left, bottom, right, top)) in enumerate(boxes):
        for other, (left2, bottom2, right2, top2) in boxes[:n]:
            if min(right, right2) - max(left, left2) > 1e-4 and min(top, top2) - max(bottom, bottom2) > 1e-4:
                pairs.append((other, text))
    return pairs


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (720, 1280)])
@pytest.mark.one_blender
def test_no_label_of_the_example_is_on_another(factory, size):
    scene = dataclasses.replace(load_scene(EXAMPLE), beats="off")  # each beat has labels of its own
    render = dataclasses.replace(scene.render, width=size[0], height=size[1])
    boxes = label_boxes(build(dataclasses.replace(scene, render=render, beats="off")))
    assert len(boxes) > 40
    assert overlapping(boxes) == []


def test_labels_face_a_camera_that_moves_and_shapes_stay_under_names(factory):
    matrices = {
        "A": {"init": "uniform", "shape": [3, 4], "row_labels": ["one", "two", "three"]},
        "B": {"init": "uniform", "shape": [4, 5]},
    }
    sized = {"numbers": "off"}
    scene = build(scene_from({"expression": "out = A @ B.T.T", "matrices": matrices, "look": sized}))
    labels = [ob for ob in scene.objects if ob.get("mc_kind") == "label"]
    assert len(labels) == 3 + 3 + 3
    for turn in (0.0, 1.3, 3.0):
        scene.camera.matrix_world = Matrix.Rotation(turn, 4, "Z") @ scene.camera.matrix_world
        scene.view_layers[0].update()
        facing = scene.camera.matrix_world.to_3x3()
        for ob in labels:
            np.testing.assert_allclose(ob.matrix_world.to_3x3(), facing, atol=1e-5)
        shapes = [ob for ob in labels if ob["mc_label"] == "detail"]
        for ob in shapes:
            offset = ob.matrix_world.translation - ob.parent.matrix_world.translation
            x, y, z = facing.inverted() @ offset
            assert abs(x) < 1e-4 and abs(z) < 1e-4 and y < -ob.data.size


def test_lamps_haze_and_focus_are_as_the_scene_says(factory):
    """A scene's own lamps are Blender's lamps, haze is an object around everything, and the star is sharp."""
    given = {name: {"init": "gaussian", "shape": [4, 3]} for name in "QKV"}
    bare = {"legend": False, "formula": False, "labels": False, "title": False, "style": "studio_dark"}
    table = {"expression": "out = (attn = softmax(Q @ K.T)) @ V", "matrices": given, "look": bare}
    table |= {"style": {"haze": 0.5}, "light": {"key": {"color": "#ff0000", "strength": 2.0}}}
    scene = build(scene_from(table))
    lamps = {ob.name: ob.data for ob in scene.objects if ob.type == "LIGHT"}
    assert sorted(lamps) == ["Fill", "Key", "Rim"]
    assert tuple(lamps["Key"].color) == (1.0, 0.0, 0.0)
    assert lamps["Key"].energy > 2 * lamps["Rim"].energy
    assert [ob.name for ob in scene.objects if ob.get("mc_kind") == "haze"] == ["Haze"]
    lens = scene.camera.data.dof
    assert lens.use_dof and lens.focus_object.name == "Camera Focus"
    assert not scene.cycles.caustics_reflective
