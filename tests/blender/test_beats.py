"""A built film in beats: its markers, its few keys, what is there when, and frames in which nothing moves."""

import dataclasses

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, random  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.description.scene import Beat  # noqa: E402
from matrix_cinema.outputs.repeated_frames import standing  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402

BEATS = (
    Beat(say="A row asks.", show="A", spotlight="A[1]"),
    Beat(say="Rows meet columns.", show="C products", run="C sums"),
    Beat(
        say="C[1, 2] is {C[1, 2]:.2f}: a caption that is longer than the name of a marker can be",
        run="C epilogue",
    ),
)


def described_in_beats(beats=BEATS):
    one = described("C = relu(A @ B)", random(3, A=(3, 4), B=(4, 5)), spotlight="C[1, 2]")
    return dataclasses.replace(one, beats=beats)


def keys(scene, kind, name, channel):
    """(frame, value) of the keys of an input, and whether each value is held until the next."""
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == kind and ob.get("mc_name") == name]
    curve = compat.find_curve(ob, compat.input_path(ob.modifiers[MODIFIER], channel))
    points = curve.keyframe_points if curve else []
    return [tuple(point.co) for point in points], {point.interpolation for point in points}


def test_beats_are_markers_and_a_few_keys(factory):
    description = described_in_beats()
    p, scene = plan(description), build(description)
    markers = [(marker.name, marker.frame) for marker in scene.timeline_markers]
    assert [frame for _, frame in markers] == [round(beat.start) for beat in p.beats]
    assert [name[:12] for name, _ in markers] == ["1 A row asks", "2 Rows meet ", "3 C[1, 2] is"]
    assert len(keys(scene, "product", "C", "Sweep")[0]) == 2
    finish, _ = keys(scene, "matrix", "C", "Finish")
    assert [value for _, value in finish] == [0.0, 1.0] and finish[0][0] > p.beats[2].start
    number, held = keys(scene, "matrix", "A", "Spotlight")
    assert [value for _, value in number] == [0.0, 1.0] and held == {"CONSTANT"}
    dim = keys(scene, "matrix", "A", "Dim")[0]
    assert [value for _, value in dim] == [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    grows = keys(scene, "matrix", "B", "Scale")[0]
    assert [round(frame) for frame, _ in grows] == [round(p.beats[1].start), round(p.beats[1].span.arrived)]
    assert 0.0 < grows[0][1] < 1e-3 * grows[1][1] and not keys(scene, "matrix", "A", "Scale")[0]
    assert len(scene.camera.parent.animation_data.action.layers[0].strips[0].channelbags[0].fcurves) <= 6
    assert verify(scene).ok


def test_another_build_replaces_our_markers_and_no_others(factory):
    scene = build(described_in_beats())
    scene.timeline_markers.new("mine", frame=5)
    moved = scene.timeline_markers[1]
    moved.frame = 7
    build(described_in_beats(BEATS[:2]), scene)
    names = sorted(marker.name for marker in scene.timeline_markers)
    assert names == ["1 A row asks.", "2 Rows meet columns.", "2 Rows meet columns.", "mine"]
    build(described_in_beats("off"), scene)
    assert sorted(marker.name for marker in scene.timeline_markers) == ["2 Rows meet columns.", "mine"]


def test_frames_in_which_nothing_moves_are_found(factory):
    description = described_in_beats()
    p, scene = plan(description), build(description)
    every = range(1, p.timeline.last_frame + 1)
    same, first = standing(scene, every), p.beats[0]
    stands = [n for n in every if n in same]
    assert len(stands) > 10
    move = p.timeline.moves["C"]
    assert not any(move.start + 1 < n < move.swept or move.begins + 1 < n < move.finished for n in stands)
    held = [n for n in stands if n < first.end]
    assert held and all(same[n] < n and same[n] not in same for n in stands)
    assert standing(scene, [1, p.timeline.last_frame]) == {}
    scene.collection.objects.link(bpy.data.objects.new("mine", None))
    assert standing(scene, every) == {}
