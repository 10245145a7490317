"""What is written for a camera that someone has turned by hand: within its frame, nothing over another."""

import dataclasses

import numpy as np
import pytest
from from_tables import planned_from
from made_examples import composed, planned
from matrix_cinema.picture.figure_panel import given_panel
from matrix_cinema.picture.figure_type import page_type
from matrix_cinema.picture.film import lines_of, outlines
from matrix_cinema.picture.given_camera import seen_through
from matrix_cinema.staging.camera.framing import Optics, axes, direction_at, nearest, view_from
from matrix_cinema.staging.writing.boxes import clashes, meeting, under_boxes
from matrix_cinema.staging.writing.items import Text

ASPECT = 16 / 9
WORDS = ["the", "animal", "did", "not", "cross"]
HEAD = {
    "expression": "out = (attn = softmax(Q @ K.T)) @ V",
    "title": "A head",
    "matrices": {
        "Q": {"init": "gaussian", "shape": [5, 4], "row_labels": WORDS},
        "K": {"init": "gaussian", "shape": [5, 4], "row_labels": WORDS},
        "V": {"init": "gaussian", "shape": [5, 3]},
    },
}


@pytest.fixture(scope="module")
def head():
    return planned_from(HEAD)


def camera(p, tilt, turn, margin, *, orthographic=False, shift=(0.0, 0.0)):
    """A camera with these angles in degrees, which sees all within a margin; below 0 a part."""
    own, optics = axes(direction_at(np.radians(tilt), np.radians(turn))), Optics(ASPECT, 40.0, orthographic)
    points = p.arrangement.corners()
    reach, centre = nearest(points @ np.stack(own).T, optics, np.full(4, margin))
    view = view_from(own, centre, reach, optics, (points @ own[2]).min() - 20.0)
    return dataclasses.replace(view, centre=shift)


CAMERAS = [
    (60, 20, 0.15, {}),
    (85, 70, 0.02, {}),
    (40, -120, 0.1, {"orthographic": True}),
    (65, 200, 0.1, {"shift": (0.3, -0.1)}),
    (70, -40, -0.4, {}),  # the scene leaves the frame
]


@pytest.mark.parametrize(("tilt", "turn", "margin", "more"), CAMERAS)
def test_what_is_written_is_in_the_frame_and_clear_of_each_other(head, tilt, turn, margin, more):
    view = camera(head, tilt, turn, margin, **more)
    drawing = seen_through(head, lambda _: view, ASPECT, 1.0)
    (labels,) = drawing.labels
    assert labels.view is view and len(labels.lettering.labels) >= 2
    quads = outlines(labels.lettering, view, ASPECT)
    assert quads.min() > -1e-6 and (quads.max(axis=(0, 1)) <= (ASPECT, 1.0)).all()
    written = np.array([item.box for item in drawing.overlay.items])
    readouts = np.array([one.readout.box for one in drawing.readouts]).reshape(-1, 4)
    boxes = np.concatenate([written, readouts])[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    assert not clashes(quads)
    assert not [(a, b) for a, b in clashes(np.concatenate([quads, boxes])) if a < len(quads) <= b]


def test_only_text_over_the_scene_has_a_shade(head):
    near = camera(head, 60, 20, -0.3)
    far = camera(head, 60, 20, 0.3)
    assert seen_through(head, lambda _: near, ASPECT, 1.0).overlay.shades
    assert not seen_through(head, lambda _: far, ASPECT, 1.0).overlay.shades


def test_a_readout_of_a_star_stands_clear_of_the_scene(head):
    drawing = None
    for turn in range(0, 360, 30):
        view = camera(head, 80, turn, 0.2)
        drawing = seen_through(head, lambda _, view=view: view, ASPECT, 1.0)
        points = (view.project(head.arrangement.corners()) + 1) / 2 * (ASPECT, 1.0)
        for one in drawing.readouts:
            low, high = points.min(axis=0), points.max(axis=0)
            assert not meeting(np.array([one.readout.box]), np.array([[*low, *high]])).any()
        if drawing.readouts:
            return
    pytest.fail("no view of the star from its edge had a readout")


def test_a_camera_that_looks_away_has_no_labels_and_its_title_all_the_same(head):
    view = camera(head, 60, 20, 0.1)
    away = dataclasses.replace(view, right=-view.right, forward=-view.forward)
    drawing = seen_through(head, lambda _: away, ASPECT, 1.0)
    assert not drawing.labels[0].lettering.labels and not drawing.readouts
    assert "A head" in [text.text for text in drawing.overlay.texts]


def test_a_scene_in_which_nothing_is_drawn_has_its_title():
    hidden = {"expression": "Q", "title": "Nothing", "animation": {"hide_inputs": True}}
    hidden["matrices"] = {"Q": {"init": "gaussian", "shape": [2, 3]}}
    drawing = seen_through(planned_from(hidden), composed("attention_head").shot.view, ASPECT, 1.0)
    assert not drawing.labels[0].lettering.labels and not drawing.readouts
    assert "Nothing" in [text.text for text in drawing.overlay.texts]


def test_a_moving_camera_has_labels_for_each_phase(head):
    p = planned_from(HEAD | {"beats": "auto"})
    stands, turned = camera(p, 60, 20, 0.15), camera(p, 50, -60, 0.15)
    last = float(p.timeline.last_frame)
    drawing = seen_through(p, lambda frame: turned if frame == last else stands, ASPECT, last, moves=True)
    assert len(drawing.labels) > 1
    assert [one.view is turned for one in drawing.labels] == [False] * (len(drawing.labels) - 1) + [True]
    still = seen_through(p, lambda _: stands, ASPECT, last)
    assert len(still.labels) == 1


def test_in_a_film_of_beats_labels_keep_off_the_bars_of_a_why():
    through = composed("attention_head").shot.view
    drawing = seen_through(planned("attention_head"), through, ASPECT, 1.0, moves=True)
    for chart in drawing.charts:
        during = [one for one in drawing.labels if chart.during(one.phase.start, one.phase.end)]
        drawn = [of(one.lettering, one.view, ASPECT) for one in during for of in (outlines, lines_of)]
        assert during and not under_boxes(np.array([chart.box]), np.concatenate(drawn)).any()


@pytest.mark.parametrize("tilt, turn", [(20.0, 30.0), (50.0, -40.0)])
def test_type_of_a_figure_keeps_clear_of_stars_and_readouts(head, tilt, turn):
    type = page_type(7.0, lambda text, size: 0.55 * size * len(text))
    view, width, height = camera(head, tilt, turn, 0.2), 320.0, 180.0
    free = given_panel(head, type, width, view)
    names = [item.box for item in free.items if isinstance(item, Text) and item.kind == "name"]
    for beside in names:
        made = given_panel(head, type, width, view, np.array([beside]) / (width, height, width, height))
        boxes = np.array([item.box for item in made.items if isinstance(item, Text)])
        assert not meeting(boxes, np.array([beside]), -1e-6).any()
        assert boxes[:, 0].min() >= 0.0 and boxes[:, 2].max() <= width
        under, over = made.beyond
        assert boxes[:, 1].min() >= -under - 1e-6 and boxes[:, 3].max() <= height + over + 1e-6
