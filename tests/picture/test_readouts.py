"""Readouts: which matrices are shown flat beside the scene, where these stand, and how large they are."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from made_examples import composed
from matrix_cinema.attention.tokens import as_labels
from matrix_cinema.description.scene import Beat, Camera, MatrixOptions, Scene, load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.picture.drawing import film_of
from matrix_cinema.picture.film import compose, outlines
from matrix_cinema.staging.camera.subject import subject_of
from matrix_cinema.staging.camera.views import parts_of
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import gaps_between, meeting
from paths import ROOT

WIDE, PIXELS = 16 / 9, 720
HEAD = dataclasses.replace(load_scene(ROOT / "examples" / "attention_head.toml"), beats="off")


def seen_from(view, scene=HEAD, **changes):
    return dataclasses.replace(scene, camera=Camera(view=view), **changes)


def of_shape(rows, columns, **changes):
    given = {"M": MatrixOptions(init="gaussian", shape=(rows, columns))}
    return Scene(expression="M", matrices=given, readout=("M",), **changes)


@cache
def front():
    p = plan(seen_from("front"))
    return p, compose(p, WIDE)


@cache
def in_beats():
    p = plan(dataclasses.replace(HEAD, beats="auto"))
    return p, film_of(p)


def readouts(scene):
    return compose(plan(scene), WIDE).beside.readouts


def test_only_a_star_that_cannot_be_read_has_a_readout():
    assert [one.plane.stage.name for one in front()[1].beside.readouts] == ["attn"]
    assert composed("attention_head").beside.readouts == ()
    assert readouts(seen_from("front", readout="off")) == ()
    assert [one.plane.stage.name for one in readouts(seen_from("top", readout="V; Q"))] == ["V", "Q"]


def test_what_is_no_matrix_has_no_readout():
    with pytest.raises(InputError, match='readout: nothing is named "atn"; .*attn'):
        plan(dataclasses.replace(HEAD, readout=("atn",)))


def test_a_readout_is_clear_of_all_else_on_the_picture():
    p, made = front()
    (one,) = made.beside.readouts
    box = np.array([one.box])
    assert (box[0, :2] > 0).all() and box[0, 2] < WIDE and box[0, 3] < 1
    assert not meeting(box, made.overlay.boxes).any()
    points = subject_of(parts_of(p.arrangement), made.marks).points(made.view)
    x, y = ((made.view.project(points) + 1) / 2 * (WIDE, 1.0)).T
    left, low, right, high = one.box
    assert not ((left < x) & (x < right) & (low < y) & (y < high)).any()


@pytest.mark.parametrize("shape", [(2, 3), (16, 16), (32, 32), (20, 32)])
def test_the_entries_of_a_readout_are_large_enough_to_be_read(shape):
    (one,) = readouts(of_shape(*shape))
    assert not one.pool
    assert one.pitch * PIXELS >= 9.0 and np.allclose(np.abs(one.steps).max(axis=1), one.pitch)


def test_a_larger_matrix_is_pooled_and_says_so():
    for shape in ((200, 160), (4, 384)):
        made = compose(plan(of_shape(*shape)), WIDE)
        (one,) = made.beside.readouts
        left, _, right, _ = one.matrix
        assert one.pool and one.pitch * PIXELS >= 9.0 and right - left < WIDE
        entries = f"{one.pool.rows} × {one.pool.columns} entries"
        assert any(entries in line.text for line in made.overlay.texts)


def test_both_axes_have_their_labels_at_the_readout_in_type_that_can_be_read():
    p, made = front()
    (one,) = made.beside.readouts
    tokens = [line for line in one.texts if line.kind == "token"]
    assert [line.text for line in tokens] == 2 * [*as_labels(p.matrices["Q"].row_labels)]
    left, low, right, high = one.matrix
    for line in tokens:
        box = np.array(line.box)
        assert max(left - box[2], box[1] - high, 0.0) < 0.02 and (box[2] < left or box[1] > high)
    assert min(line.size for line in one.texts) * PIXELS >= 14.0
    assert not meeting(np.array([line.box for line in tokens[:16]]), np.array([one.matrix])).any()


def test_heads_stand_in_a_grid_and_their_lines_pass_no_other():
    given = {name: MatrixOptions(init="gaussian", shape=(4, 5, 5), leading_axes=("head",)) for name in "AB"}
    scene = Scene(expression="S = softmax(A @ B)", matrices=given, readout=("S",))
    drawn = film_of(plan(scene)).readouts
    assert len(drawn) == 4
    boxes = np.array([one.readout.box for one in drawn])
    assert not any(meeting(boxes[n : n + 1], np.delete(boxes, n, axis=0)).any() for n in range(4))
    for n, one in enumerate(drawn):
        ends = zip(one.path, one.path[1:], strict=False)
        points = np.concatenate([one.path, *(np.linspace(a, b, 50) for a, b in ends)])
        x, y, others = points[:, :1], points[:, 1:], np.delete(boxes, n, axis=0)
        left, low, right, high = others.T
        assert not ((left < x) & (x < right) & (low < y) & (y < high)).any()


def test_a_presented_matrix_steps_out_and_back_within_its_beat():
    scene = dataclasses.replace(
        HEAD, beats=(Beat(say="One."), Beat(say="Two.", present="attn"), Beat(say="Three."))
    )
    p = plan(scene)
    (one,) = film_of(p).presented
    beat = p.beats[1]
    assert beat.start <= one.out < one.there < one.back < one.gone <= beat.end
    (block,) = one.readouts
    assert block.plane.stage.name == "attn" and block.pitch * PIXELS >= 15.0


def test_a_readout_shows_each_entry_where_the_frame_has_room_for_all():
    for tokens in (24, 40, 46):
        (one,) = readouts(of_shape(tokens, tokens, title="A title", caption="A long caption. " * 12))
        assert not one.pool and one.pitch * PIXELS >= 9.0, tokens


def test_the_scene_beside_a_readout_shows_how_its_star_is_made():
    given = {
        name: MatrixOptions(
            init="gaussian", shape=(46, 32), row_axis=axis, row_labels=tuple(map(str, range(46)))
        )
        for name, axis in (("Q", "query"), ("K", "key"), ("V", "key"))
    }
    scene = Scene(expression="out = (attn = softmax(Q @ K.T)) @ V", matrices=given)
    deep, flat = plan(scene), plan(dataclasses.replace(scene, readout="off"))
    assert [one.plane.stage.name for one in compose(deep, WIDE).beside.readouts] == ["attn"]
    assert deep.scene.layout.longest > flat.scene.layout.longest > 0  # without one, the star needs the room


def test_a_presented_matrix_stands_before_itself_without_callouts():
    p, made = in_beats()
    (one,) = made.presented
    (block,) = one.readouts
    view = made.shot.view(one.there)
    (plane,) = [plane for plane in p.arrangement.planes if plane.stage.name == "attn"]
    x = 0.5 * WIDE * (1.0 + view.project(plane.corners())[:, 0])
    assert block.box[0] < x.mean() < block.box[2]
    beat = next(beat for beat in p.beats if beat.presents)
    during = [part for part in made.labels if beat.start < part.phase.at < beat.end]
    assert not [label for part in during for label in part.lettering.labels if "→" in label.text]


def test_no_label_is_behind_a_presented_matrix():
    _, made = in_beats()
    (one,) = made.presented
    (block,) = one.readouts
    during = [part for part in made.labels[:-1] if part.phase.start < one.back and one.there < part.phase.end]
    seen = [outlines(part.lettering, part.view, WIDE) for part in during]
    assert sum(map(len, seen)) > 0
    assert not any((gaps_between(np.array([block.box]), each) == 0.0).any() for each in seen)


def test_a_matrix_that_two_beats_present_steps_out_once():
    beats = (Beat(say="One.", present="attn"), Beat(say="Two.", present="attn"), Beat(say="Three."))
    p = plan(dataclasses.replace(HEAD, beats=beats))
    (one,) = film_of(p).presented
    assert one.out < p.beats[0].told_at and p.beats[1].told_at < one.back < one.gone == p.beats[1].end


def test_a_readout_is_called_scores_until_softmax_is_half_through():
    p = plan(dataclasses.replace(HEAD, readout="attn"))
    (block,) = [one.readout for one in film_of(p).readouts]
    first, then = sorted((text.shown, text.text) for text in block.texts if text.kind == "name")
    move = p.timeline.moves["attn"]
    assert first == ((0.0, then[0][0]), "scores") and then[1] == "attn"
    assert move.begins < then[0][0] < move.finished
