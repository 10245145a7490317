"""The star of a scene: which it is, and that it faces the camera, alone, large, upright and labelled."""

import dataclasses

import numpy as np
import pytest
from from_tables import planned_from
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.description.scene import MatrixOptions, Scene, load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.picture.drawing import film_of
from matrix_cinema.staging.camera.framing import direction_at
from matrix_cinema.staging.camera.seen_planes import SeenPlanes
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.pose import AZIMUTHS, ELEVATIONS
from matrix_cinema.staging.star import star_of
from paths import ROOT

HEAD = load_scene(ROOT / "examples" / "attention_head.toml")
HEADLESS = "out = (attn = softmax(Q @ K.T)) @ V"


def head(queries=12, keys=12, width=16, **changes):
    shapes = {"Q": (queries, width), "K": (keys, width), "V": (keys, width)}
    given = {name: MatrixOptions(init="gaussian", shape=shape) for name, shape in shapes.items()}
    return Scene(expression=HEADLESS, matrices=given, **changes)


@pytest.mark.parametrize(
    "expression, wanted, star",
    [
        (HEADLESS, "", "attn"),
        (HEADLESS, "out", "out"),
        (HEADLESS, "none", ""),
        ("out = A @ B", "", ""),
        ("b = softmax((a = softmax(x @ y)) @ z)", "", "b"),
    ],
)
def test_the_star_is_the_last_softmax_or_what_is_asked_for(expression, wanted, star):
    assert star_of(stage(parse(expression)), wanted) == star


def test_no_direction_is_as_near_to_one_side_as_to_the_next():
    for azimuth in AZIMUTHS:
        for elevation in ELEVATIONS:
            direction = direction_at(np.radians(90.0 - elevation), np.radians(azimuth))
            second, first = np.sort(np.abs(direction))[1:]
            assert first > 1.01 * second  # an oblique camera looks straight at the nearest side


def test_an_unknown_star_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match='star: nothing is named "atn"; did you mean "attn"?'):
        plan(dataclasses.replace(HEAD, star="atn"))


@pytest.mark.parametrize("scene", [HEAD, head(), head(6, 20), head(20, 6), head(8, 8, 64)])
def test_a_heads_star_faces_the_camera_alone_and_upright(scene):
    p = plan(scene)
    view = film_of(p).shot.view(float(p.timeline.last_frame))
    (n,) = (n for n, plane in enumerate(p.arrangement.planes) if p.is_star(plane.stage))
    seen, star = SeenPlanes(p.arrangement.planes, view.parallel), p.arrangement.planes[n]
    assert seen.facing[n] > np.cos(np.radians(45))
    assert seen.part_uncovered(n) == 1.0
    assert seen.steps[n, 0, 1] < 0 < seen.steps[n, 1, 0]  # rows go down the picture, columns to the right
    first, down, right = view.project(
        np.array([star.origin, star.origin + star.row, star.origin + star.column])
    ) * (640, 360)
    assert min(np.hypot(*(down - first)), np.hypot(*(right - first))) > 9.0  # pixels of 1280 x 720


def test_both_axes_of_the_star_are_labelled_at_the_star():
    drawing = film_of(plan(HEAD))
    labels = [label for label in drawing.labels[-1].lettering.labels if label.kind == "token"]
    assert len(labels) == 32 and {label.owner for label in labels} == {"attn"}


@pytest.mark.parametrize("scheme, view", [("stage", "stage"), ("blocks", "mm"), ("zigzag", "isometric")])
def test_a_given_scheme_and_view_are_kept_without_a_star(scheme, view):
    scene = head()
    scene = dataclasses.replace(
        scene,
        layout=dataclasses.replace(scene.layout, scheme=scheme),
        camera=dataclasses.replace(scene.camera, view=view),
    )
    p = plan(scene)
    assert (p.scene.layout, p.scene.camera, p.star) == (scene.layout, scene.camera, "")


def test_without_a_star_there_is_the_stage():
    p = plan(dataclasses.replace(head(), star="none"))
    assert (p.scene.layout.scheme, p.scene.camera.view) == ("stage", "stage")


def test_products_before_the_star_are_gone_when_they_have_settled():
    assert plan(HEAD).before_star == {"attn"}


def test_letters_over_the_columns_of_a_star_are_upright_and_keep_apart():
    given = {"init": "uniform", "shape": [8, 4], "row_labels": list("abcdefgh")}
    scene = {"expression": "out = softmax(Q @ K.T) @ V", "matrices": {name: given for name in "QKV"}}
    film = film_of(planned_from(scene))
    labels = [one for one in film.labels[-1].lettering.labels if one.kind == "token"]
    assert len(labels) == 16 and not any(label.angle for label in labels)


def test_labels_of_a_stars_rows_stand_at_its_left():
    p = plan(HEAD)
    film = film_of(p)
    (star,) = (plane for plane in p.arrangement.planes if p.is_star(plane.stage))
    view = film.shot.view(float(p.timeline.last_frame))
    left = view.project(star.corners())[:, 0].min()
    rows = [one for one in film.labels[-1].lettering.labels if one.kind == "token" and not one.angle]
    assert len(rows) == 16 and all(view.project(one.position[None])[0, 0] < left for one in rows)


def test_entries_of_a_star_without_labels_are_numbered():
    labels = film_of(plan(head())).labels[-1].lettering.labels
    assert sorted(one.text for one in labels if one.kind == "token") == sorted(
        2 * [str(n) for n in range(12)]
    )


@pytest.mark.parametrize("layer, head", [("h.0", 1), ("layers.2", 1)], ids=["bias", "sink"])
def test_a_star_of_scores_that_are_added_to_or_joined_stands_in_the_middle(layer, head):
    p = plan(scene_from_capture(ROOT / "examples/data/masks.safetensors", layer, head))
    assert p.scene.layout.sums == "in place"
    view = film_of(p).shot.view(float(p.timeline.last_frame))
    (star,) = (plane for plane in p.arrangement.planes if p.is_star(plane.stage))
    seen = view.project(star.corners())
    assert np.abs(seen.mean(axis=0)).max() < 1 / 3  # of half a frame
    assert np.ptp(seen, axis=0)[1] * 360 / 10 > 14  # pixels from row to row, of 720 in all


def test_a_score_is_lit_by_its_query_and_its_key_where_scores_are_not_drawn():
    p = plan(scene_from_capture(ROOT / "examples/data/masks.safetensors", "h.0", 1))
    (beat,) = (one for one in p.beats if one.text.startswith("“sat” times “cat”"))
    assert beat.beat.spotlight == "Q[sat]; K[cat]"
