"""A matrix at rest takes its look over from a hidden object: it is the look that is drawn without one."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described, drawn  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from matrix_cinema.blender import at_rest, compat, tags, update  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER, set_inputs  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402

MATRICES = random_matrices(5, A=(6, 5), B=(5, 7), C=(7, 4))
LOOKS = {
    "instances": {},
    "points": {"look": {"instance_budget": 0}},
    "beads": {"look": {"pooling": "2x3"}},
    "loop": {"animation": {"loop_seconds": 0.5}, "look": {"instance_budget": 0}},
    "spotlight": {"spotlight": "S[1, 2]"},
}


def described_as(own):
    return described("out = (S = softmax(A @ B, mask=causal)) @ C + 1", MATRICES, **own)


def at_all_frames(scene):
    """What all matrices draw at each frame and between two of them, by frame and name."""
    names = [ob[tags.NAME] for ob in scene.objects if ob.get(tags.KIND) == "matrix"]
    frames = [*np.arange(scene.frame_start, scene.frame_end + 1), 2.5]
    return {(frame, name): drawn(scene, "matrix", name, frame) for frame in frames for name in names}


@pytest.mark.parametrize(
    "look",
    [
        "instances",
        "loop",
        *(pytest.param(look, marks=pytest.mark.one_blender) for look in ("points", "beads", "spotlight")),
    ],
)
def test_what_is_at_rest_is_what_is_drawn_without(factory, monkeypatch, look):
    scene = update.build(described_as(LOOKS[look]))
    wanted = at_all_frames(scene)
    monkeypatch.setattr(at_rest, "LEAST_AT_REST", 1)
    update.build(described_as(LOOKS[look]), scene)
    resting = [ob for ob in bpy.data.objects if tags.unnumbered(ob.name).endswith("at rest")]
    assert len(resting) == 5
    found = at_all_frames(scene)
    assert found.keys() == wanted.keys()
    for key, before in wanted.items():
        for name in before:
            np.testing.assert_array_equal(found[key][name], before[name], err_msg=f"{key} {name}")
    assert any(one["lit"].any() for one in found.values()) and verify(scene).ok


def test_a_size_set_by_hand_or_in_the_panel_takes_effect_at_rest(factory, monkeypatch):
    monkeypatch.setattr(at_rest, "LEAST_AT_REST", 1)
    before = described_as({})
    scene = update.build(before)
    last = scene.frame_end
    first = drawn(scene, "matrix", "S", last)["radius"]
    after = described_as({"look": {"element_scale": 0.5}})
    update.update(after, scene)
    np.testing.assert_allclose(drawn(scene, "matrix", "S", last)["radius"], 0.5 * first, rtol=1e-5)
    ob = next(ob for ob in scene.objects if ob.get(tags.NAME) == "S" and ob.get(tags.KIND) == "matrix")
    assert tuple(compat.get_input(ob.modifiers[MODIFIER], "Rest Sizes"))[2] == pytest.approx(0.45)
    set_inputs(ob, {"Scale": 0.9})
    np.testing.assert_allclose(drawn(scene, "matrix", "S", last)["radius"], first, rtol=1e-5)


def test_a_range_set_by_hand_takes_effect_at_rest(factory, monkeypatch):
    monkeypatch.setattr(at_rest, "LEAST_AT_REST", 1)
    scene = update.build(described_as({}))
    last = scene.frame_end
    for name, high in (("A", "High"), ("S", "Final High")):
        ob = next(ob for ob in scene.objects if ob.get(tags.NAME) == name and ob.get(tags.KIND) == "matrix")
        before, modifier = drawn(scene, "matrix", name, last), ob.modifiers[MODIFIER]
        assert not np.allclose(before["tone"], 1.0)
        set_inputs(ob, {high: 1e-6 * compat.get_input(modifier, high)})
        after = drawn(scene, "matrix", name, last)["tone"]
        assert np.isin(np.round(after[before["value"] != 0.0], 6), (0.0, 1.0)).all()
