"""Cards of a film in Blender: what stands before the camera when, and what is seen of it."""

import dataclasses

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from built_scenes import described, random  # noqa: E402
from matrix_cinema import api  # noqa: E402
from matrix_cinema.blender import tags  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.outputs.frames import Rendering, Settings, render_frames  # noqa: E402

CARDS = {"title": True, "subtitle": "of numbers", "title_seconds": 0.4}
CARDS |= {"end": True, "source": "a test", "end_seconds": 0.3}


def built(**tables):
    scene = described("C = A @ B", random(1, A=(3, 4), B=(4, 2)), title="A title", cards=CARDS, **tables)
    return build(scene)


def card_objects(scene):
    """Each plane of a card with its lines."""
    planes = [ob for ob in scene.objects if ob.get(tags.KIND) == "card"]
    lines = [ob for ob in scene.objects if ob.type == "FONT" and ob.parent in {p.parent for p in planes}]
    return planes, lines


@pytest.mark.parametrize("camera", [{}, {"projection": "orthographic"}, {"depth_of_field": 0.8}])
def test_cards_hide_the_scene_before_and_after_it(camera):
    scene = built(camera=camera)
    planes, lines = card_objects(scene)
    assert (len(planes), sorted(ob.data.body for ob in lines)) == (2, ["A title", "a test", "of numbers"])
    assert scene.frame_start == 1 and 5 <= scene.frame_current <= scene.frame_end - 3  # what a still shows
    last = scene.frame_end
    for frame, shown in ((1, 0), (4, 0), (5, None), (last - 3, None), (last - 2, 1), (last, 1)):
        scene.frame_set(frame)
        there = [not plane.hide_render for plane in planes]
        assert there == [shown == 0, shown == 1], frame
        assert sum(not ob.hide_render for ob in lines) == {0: 2, 1: 1, None: 0}[shown]
        if shown is not None and camera.get("depth_of_field"):
            assert scene.camera.data.dof.aperture_fstop > 100  # type is sharp
        if shown is not None:
            plane = planes[shown]
            seen = np.array(
                [
                    world_to_camera_view(scene, scene.camera, plane.matrix_world @ v.co)
                    for v in plane.data.vertices
                ]
            )
            assert (seen[:, :2].min(axis=0) < -0.01).all() and (seen[:, :2].max(axis=0) > 1.01).all()
            others = [
                ob for ob in scene.objects if ob.type in ("MESH", "FONT") and ob not in (*planes, *lines)
            ]
            depths = [
                world_to_camera_view(scene, scene.camera, ob.matrix_world.translation).z
                for ob in others
                if ob.get(tags.KIND) in ("overlay", "label", "shade", "matrix", "product")
            ]
            assert scene.camera.data.clip_start < seen[:, 2].min() and seen[:, 2].max() < min(depths)
    if camera.get("depth_of_field"):
        scene.frame_set(8)
        assert scene.camera.data.dof.aperture_fstop < 100


def test_a_card_hides_the_scene_and_is_only_type_in_a_transparent_film(tmp_path):
    scene = built(look={"style": "paper"})
    settings = Settings(64, 36, 4, device="cpu")
    for name, transparent in (("whole", False), ("clear", True)):
        own = dataclasses.replace(settings, transparent=transparent)
        render_frames(scene, tmp_path / name, [3], own, "0" * 64)
        image = bpy.data.images.load(str(tmp_path / name / "0003.png"))
        pixels = np.array(image.pixels).reshape(36, 64, 4)
        gray = np.ptp(pixels[..., :3], axis=-1)
        assert gray.max() < 0.02 and pixels[..., 0].min() < 0.8, "type on paper, and nothing of the scene"
        assert pixels[0, 0, 3] == (0.0 if transparent else 1.0) and pixels[..., 3].max() > 0.2


def test_a_storyboard_shows_the_cards_before_and_after_the_beats():
    from matrix_cinema.outputs.storyboard import told_frames
    from matrix_cinema.staging.plan import plan

    tables = {"title": "A title", "beats": [{"run": "C", "say": "first"}]}
    p = plan(described("C = A @ B", random(1, A=(3, 4), B=(4, 2)), cards=CARDS, **tables))
    title, told, end = told_frames(p)
    assert 1 <= title < p.timeline.begins <= told <= p.timeline.ends < end <= p.timeline.last_frame
    assert told == p.beats[0].told_at


def test_the_estimate_of_a_still_is_of_its_frame_and_never_of_a_card(tmp_path, monkeypatch, factory):
    scene = described("C = A @ B", random(1, A=(3, 4), B=(4, 2)), title="A title", cards=CARDS)
    seen, picture = [], Rendering.picture
    monkeypatch.setattr(Rendering, "picture", lambda *a: seen.append(a[1]) or picture(*a))
    size = {"size": (32, 18), "samples": 1}
    api.estimate(scene, tmp_path / "x.png", **size)
    (estimated,) = set(seen)
    seen.clear()
    rendered = api.render(scene, tmp_path / "x.png", **size)
    assert estimated == rendered.frames[0] <= rendered.last - round(0.3 * scene.render.rate)
