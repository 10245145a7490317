"""What the camera shows: all of the subject, large, clear of what is written, at every frame of a move."""

import dataclasses
import itertools
from functools import cache
from zlib import crc32

import numpy as np
import pytest
from from_tables import planned_from
from made_examples import EXAMPLES, NAMES, WIDE, planned
from matrix_cinema.description.scene import MOVES, VIEWS, load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.picture.film import compose
from matrix_cinema.picture.film import outlines as outlines_of
from matrix_cinema.staging.camera import views
from matrix_cinema.staging.camera.moves.acts import acts_of
from matrix_cinema.staging.camera.shots import shot
from matrix_cinema.staging.camera.subject import subject_of
from matrix_cinema.staging.patches import marks_of
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.overlay import overlay

OUTSIDE = [view for view in VIEWS if view not in (*views.INSIDE, "auto")]
FOR_MANY = ("stage", "isometric", "left", "top")  # views of examples with more than MANY matrices
MANY = 8
LEAST = 0.7  # of the frame, taken by the subject
# Seen from everywhere: one product, a column and a row; test_frames_of_other_shapes has larger ones.
PLAIN = ("textbook/01_two_by_three", "attention/03_softmax", "article/17_decoding")


def composed(p, aspect=WIDE, **camera):
    """(plan with that camera, Film)."""
    camera = {"projection": ""} | camera  # the view's own, not the one chosen for a star
    camera = dataclasses.replace(p.scene.camera, **camera)
    scene = dataclasses.replace(p.scene, camera=camera, readout="off")  # the scene has the frame to itself
    p = dataclasses.replace(p, scene=scene, beats=())  # tests/staging/test_beats.py has those
    views.check(scene.camera, p.arrangement)
    return p, compose(p, aspect)


def filmed(p, aspect=WIDE, **camera):
    """(plan with that camera, labels, overlay, shot)."""
    p, made = composed(p, aspect, **camera)
    return p, made.marks, made.overlay, made.shot


def seen(p, marks, view, subject=None):
    """The corners of a subject on the frame, -1 to 1: (n, 8, 2)."""
    name = p.scene.camera.subject if subject is None else subject
    points = subject_of(views.parts_of(p.arrangement, name), marks).points(view)
    assert view.seen(points)[2].min() > 0
    return view.project(points).reshape(-1, 8, 2)


def inside(outlines, slack=1e-6):
    return np.abs(outlines).max() <= 1 + slack


def on_the_frame(written, aspect):
    """The rectangles of an overlay without the room around them, -1 to 1: (n, 4)."""
    boxes = np.array([item.box for item in written.items]).reshape(-1, 4)
    return boxes / (aspect, 1, aspect, 1) * 2 - 1


def covered(outlines, rectangles):
    """Whether a rectangle holds a point of an outline (n, corners, 2), by points along all lines between its
    corners."""
    pairs = np.array([(a, b) for a in range(outlines.shape[1]) for b in range(a)])
    part = np.linspace(0, 1, 17)[:, None, None, None]
    points = (outlines[:, pairs[:, 0]] * part + outlines[:, pairs[:, 1]] * (1 - part)).reshape(-1, 2)
    ends = rectangles.reshape(-1, 2, 2)
    return any(((low < points) & (points < high)).all(axis=1).any() for low, high in ends)


def under_type(p, made, aspect):
    """Whether anything of the subject is under what is written before the scene; labels are as they turn."""
    view, written = made.shot.view(1), on_the_frame(made.overlay, aspect)
    labels = outlines_of(made.lettering, view, aspect) / (aspect, 1) * 2 - 1
    return covered(seen(p, marks_of(p), view), written) or covered(labels, written)


def views_of(name):
    """The views that an example is tried in: two, as labels take a second to lay out for each, and one where
    several examples draw the same matrices. Its name chooses them, so that a new example changes those of no
    other."""
    if name in PLAIN:
        return OUTSIDE
    among = FOR_MANY if len(planned(name).arrangement.planes) > MANY else OUTSIDE
    at, further = crc32(name.encode()), 1 + crc32(name[::-1].encode()) % (len(among) - 1)
    views = [among[n % len(among)] for n in (at, at + further)]
    return views[:1] if name.startswith("article_trained/") else views


def test_every_view_has_several_examples():
    for view in OUTSIDE:
        assert sum(view in views_of(name) for name in NAMES) >= 6, view


@pytest.mark.parametrize("name", NAMES)
def test_every_example_fills_the_frame_in_its_views(name):
    """All elements and labels are inside, nothing is under title or legend, and the subject takes at least
    70 % of the side that holds it back. (A view from inside cannot have all in it.)"""
    for view in views_of(name):
        p, made = composed(planned(name), view=view, subject="", move="none")
        outlines = seen(p, made.marks, made.shot.view(1))
        assert inside(outlines), view
        assert np.ptp(outlines.reshape(-1, 2), axis=0).max() / 2 >= LEAST, view
        assert not under_type(p, made, WIDE), view


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("textbook/")])
def test_a_small_subject_stands_in_the_middle(name):
    """Though the title is above it at the left; it may be a little smaller for that."""
    p, marks, written, film = filmed(planned(name), move="none")
    outlines = seen(p, marks, film.view(1)).reshape(-1, 2)
    assert abs(outlines[:, 0].min() + outlines[:, 0].max()) / 2 < 0.1
    assert written.items and np.ptp(outlines, axis=0).max() / 2 >= LEAST


@pytest.mark.parametrize(
    "aspect, these", [(9 / 16, OUTSIDE[::3]), (1.0, OUTSIDE[1::3]), (21 / 9, OUTSIDE[2::3])]
)
@pytest.mark.parametrize("name", ["attention_head", "chains/feed_forward", "article/23_decoding_layer"])
def test_frames_of_other_shapes_are_filled_too(name, aspect, these):
    for view in these:
        p, marks, written, film = filmed(planned(name), aspect, view=view, move="none")
        outlines = seen(p, marks, film.view(1))
        assert inside(outlines), view
        assert np.ptp(outlines.reshape(-1, 2), axis=0).max() / 2 >= LEAST, view
        assert not covered(outlines, on_the_frame(written, aspect)), view


@cache
def whole_head(view):
    return filmed(planned("attention_head"), view=view)[3].view(1)


@pytest.mark.parametrize(
    "view, subject",
    [*itertools.product(("stage", "isometric", "back"), ("attn", "attn products", "Q", "out products"))],
)
def test_a_chosen_subject_is_framed_with_its_labels(view, subject):
    p, marks, written, film = filmed(planned("attention_head"), view=view, subject=subject)
    outlines = seen(p, marks, film.view(1))
    assert inside(outlines) and not covered(outlines, on_the_frame(written, WIDE))
    assert np.ptp(outlines.reshape(-1, 2), axis=0).max() / 2 >= LEAST
    whole = whole_head(view)
    nearest = subject_of(views.parts_of(p.arrangement, subject), marks).points(whole)
    assert np.ptp(outlines.reshape(-1, 2), axis=0).max() > np.ptp(whole.project(nearest), axis=0).max()
    assert subject_of(views.parts_of(p.arrangement, subject), marks).marks  # with labels


@pytest.mark.parametrize(
    "name, view",
    [*(("attention_head", view) for view in ("stage", "top", "hero")),
     *(("chains/chain", view) for view in ("isometric", "bottom", "front", "stage"))],
)  # fmt: skip
@pytest.mark.parametrize("move", ["orbit", "push_in", "crane"])
def test_a_move_keeps_its_subject_in_the_frame_at_every_frame_without_a_jump(move, name, view):
    turns = 1.0 if name == "attention_head" else 0.3
    p, marks, _, film = filmed(planned(name), view=view, move=move, margin=0.0, turns=turns)
    last = p.timeline.last_frame
    assert film.pose(1) @ film.pose(1) != film.pose(last) @ film.pose(last)
    outlines = [seen(p, marks, film.view(frame)) for frame in range(1, last + 1)]
    assert all(inside(o, 1e-3) for o in outlines)
    steps = np.array([np.abs(b - a).max() for a, b in zip(outlines, outlines[1:], strict=False)])
    assert steps.max() < 0.2 and np.abs(np.diff(steps)).max() < 0.04


@pytest.mark.parametrize("move", ["follow", "visit"])
@pytest.mark.parametrize("view", ["stage", "isometric", "three_quarter"])
@pytest.mark.parametrize("name", ["attention_head", *(f"chains/{n}" for n in ("chain", "binary_tree"))])
def test_what_is_being_made_is_in_the_frame_all_the_time(name, view, move):
    p, marks, _, film = filmed(planned(name), view=view, move=move)
    acts = acts_of(p)
    last = p.timeline.last_frame
    names = set().union(*(act.names for act in acts))
    assert names == {n for n, m in p.timeline.moves.items() if m.swept > m.start}
    for act in acts:
        parts = [part for name in act.names for part in views.family_of(p.arrangement, name)]
        subject = subject_of(parts, [])  # whose labels are those of its phase: see test_lettering
        for frame in np.arange(act.start, act.end):
            view = film.view(frame)
            assert view.seen(subject.points(view))[2].min() > 0
            assert inside(view.project(subject.points(view))), (act, frame)
    path = np.array([film.view(frame).position for frame in np.arange(1, last, 0.5)])
    rush = np.abs(np.diff(path, 2, axis=0)).max(axis=1)
    assert rush.max() < 0.05 * np.ptp(p.arrangement.corners(), axis=0).max()  # no jump
    if move == "visit":
        assert inside(seen(p, marks, film.view(last), ""))
        closest = min(film.pose(f)[5] for f in range(1, last))
        assert len(acts) == 1 or closest < 0.9 * film.pose(last)[5]


def test_whole_turns_make_a_loop():
    p, _, _, film = filmed(planned("textbook/01_two_by_three"), move="orbit", turns=2.0)
    last = p.timeline.last_frame
    turn = [film.pose(frame)[4] for frame in (1, 2, last, last + 1)]
    assert turn[3] - turn[0] == pytest.approx(4 * np.pi)
    assert turn[3] - turn[2] == pytest.approx(turn[1] - turn[0])  # as from any frame to the next


def test_a_free_view_stands_where_its_angles_say():
    for azimuth, elevation, expected in ((0, 0, (0, -1, 0)), (90, 0, (1, 0, 0)), (45, 90, (0, 0, 1))):
        p, _, _, film = filmed(planned("chains/chain"), view="free", azimuth=azimuth, elevation=elevation)
        np.testing.assert_allclose(-film.view(1).forward, expected, atol=1e-9)


@pytest.mark.parametrize("name", ["attention_head", "textbook/01_two_by_three", "article/09_chain"])
@pytest.mark.parametrize("view", ["inside", "inside_left"])
def test_a_view_from_inside_stands_among_the_products_and_sees_the_face(name, view):
    staged = plan(dataclasses.replace(load_scene(EXAMPLES / f"{name}.toml"), star="none", spotlight=""))
    p, marks, _, film = filmed(staged, view=view, move="push_in")
    cuboid = views.cuboid_of(p.scene.camera, p.arrangement)
    low, high = (pick(cuboid.corners(1.0), axis=0) for pick in (np.min, np.max))
    for frame in (1, p.timeline.last_frame):
        place = film.view(frame).position
        assert (low <= place).all() and (place <= high).all()
    places = cuboid.places(*(n.ravel() for n in np.indices((cuboid.rows, cuboid.columns, cuboid.inner))))
    assert np.linalg.norm(places - film.view(1).position, axis=1).min() > 0.7  # between the elements
    face = film.view(1).project([film.pose(1)[:3]])
    np.testing.assert_allclose(face, 0, atol=1e-9)


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize("factor", [1, 8])
@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_depth_of_field_is_the_same_for_small_and_large_scenes(projection, factor, strength):
    """The largest circle of blur, in heights of the frame, and none on the subject."""
    matrices = {
        "A": {"init": "uniform", "shape": [4 * factor, 3 * factor]},
        "B": {"init": "uniform", "shape": [3 * factor, 5 * factor]},
    }
    camera = {"depth_of_field": strength, "projection": projection, "subject": "out"}
    description = {"expression": "out = A @ B", "matrices": matrices, "camera": camera}
    p = planned_from(description)
    film = shot(p, [], overlay(p, WIDE).boxes, WIDE)
    view, depth = film.view(1), film.standoff if film.optics.orthographic else film.pose(1)[5]
    out = next(plane for plane in p.arrangement.planes if plane.stage.name == "out")
    assert depth == pytest.approx(view.seen([out.corners().mean(axis=0)])[2][0])
    z = view.seen(p.arrangement.corners())[2]
    flat = film.optics.orthographic
    circles = film.blur * np.abs(z - depth) / (depth if flat else z)
    height = 2 * view.half_height * (1 if flat else depth)
    assert circles.max() / height == pytest.approx(0.04 * strength, rel=0.12)


def test_a_depth_of_field_leaves_out_what_stands_before_the_lens():
    p, _, written, _ = filmed(planned("attention_head"), depth_of_field=0.5)
    assert p.scene.title and not written.items


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ({"subject": "atn"}, 'did you mean "attn"?'),
        ({"subject": "Q products"}, "nothing is named"),
        ({"lens": 3.0}, "the least is 8"),
        ({"view": "inside", "subject": "Q"}, "no product"),
        ({"view": "inside", "move": "orbit"}, "leads out"),
        ({"view": "inside", "projection": "orthographic"}, "perspective"),
    ],
)
def test_what_a_camera_cannot_do_is_said(camera, said):
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        filmed(planned("attention_head"), **camera)


def test_every_move_has_a_shot():
    for move in MOVES:
        assert filmed(planned("textbook/01_two_by_three"), move=move)[3].keys
