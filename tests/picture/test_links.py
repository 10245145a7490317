"""Links of scenes: each joins the matrices that are multiplied, and crosses nothing. No Blender."""

from dataclasses import replace

import numpy as np
import pytest
from from_tables import planned_from
from made_examples import composed
from made_examples import planned as planned_example
from matrix_cinema.picture.drawing import film_of
from matrix_cinema.picture.film import compose, outlines
from matrix_cinema.picture.given_camera import seen_through
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import edges_of, gaps_between, strips, within
from matrix_cinema.staging.writing.canvas import Canvas
from matrix_cinema.staging.writing.links import EDGE_GAP, Free, LinkForm, LinkRoom, links, with_words
from matrix_cinema.staging.writing.placing import Leader
from matrix_cinema.staging.writing.typesetter import film_type

ASPECT = 16 / 9
NOTHING_WRITTEN = LinkRoom(np.empty((0, 4)), np.empty((0, 2, 2)), {})
WORDS = [f"t{n}" for n in range(6)]
MATRICES = {
    name: {"init": "gaussian", "shape": [6, 8], "row_labels": WORDS, "row_axis": axis}
    for name, axis in (("Q", "query"), ("K", "key"), ("V", "key"))
}
HEAD = {
    "expression": "out = (attn = softmax(Q @ K.T)) @ V",
    "matrices": MATRICES,
    "look": {"settled_scale": 0.0},
}


def planned(**changes):
    return planned_from(HEAD | changes)


def links_of(drawing, phase=-1):
    """The places on the picture of the lines of links (n, 2, 2), their ends in the world (n, 2, 3), and how
    many signs there are, by the result."""
    one = drawing.labels[phase]
    view = drawing.view(one.phase.at)
    lines = np.array([(s.start, s.end) for s in one.lettering.strokes if s.kind == "link"]).reshape(-1, 2, 3)
    on = ((view.project(lines.reshape(-1, 3)) + 1) / 2 * (ASPECT, 1.0)).reshape(-1, 2, 2)
    signs = [label.owner for label in one.lettering.labels if label.kind == "sign"]
    return on, lines, signs


def nearest(p, view, lettering, point):
    """The matrix that is nearest to a point of the picture, with its name and the labels along it."""
    quads = {}
    for plane in p.arrangement.seen:
        quads.setdefault(plane.stage.name, []).append((view.project(plane.corners()) + 1) / 2 * (ASPECT, 1.0))
    for label, quad in zip(lettering.labels, outlines(lettering, view, ASPECT), strict=True):
        if label.kind != "sign":
            quads[label.owner].append(quad)

    def gap(quad):
        part = np.linspace(0.0, 1.0, 200)[:, None, None]
        edge = quad + (np.roll(quad, -1, axis=0) - quad) * part
        return np.linalg.norm(edge - point, axis=2).min()

    return min(quads, key=lambda name: min(map(gap, quads[name])))


def check_free(p, lettering, view, boxes):
    """No line of a link is on a matrix, on type or beyond the frame; `boxes` hold type before the scene."""
    lines = np.array([(one.start, one.end) for one in lettering.strokes if one.kind == "link"])
    on = ((view.project(lines.reshape(-1, 3)) + 1) / 2 * (ASPECT, 1.0)).reshape(-1, 2, 2)
    points = (on[:, :1] + (on[:, 1:] - on[:, :1]) * np.linspace(0.0, 1.0, 60)[:, None]).reshape(-1, 2)
    assert len(points) and points.min() > 0.0 and (points.max(axis=0) < (ASPECT, 1.0)).all()
    canvas = Canvas(p, view, ASPECT, 1.0, film_type(p.typeface, 1.0))
    written = boxes.reshape(-1, 2, 2)
    written = np.stack([written[:, [0, 1, 1, 0], 0], written[:, [0, 0, 1, 1], 1]], axis=2)
    kinds = [label.kind for label in lettering.labels]
    typed = outlines(lettering, view, ASPECT)[[kind != "sign" for kind in kinds]]
    for quad in (*canvas.quads, *canvas.faces, *typed, *written):
        assert not within(points, quad).any()


@pytest.fixture(scope="module")
def head():
    p = planned()
    return p, film_of(p)


def test_a_link_joins_what_is_multiplied_with_what_it_makes(head):
    p, drawing = head
    on, _, signs = links_of(drawing)
    assert sorted(signs) == ["attn", "out"] and len(on) == 2 * 5
    one = drawing.labels[-1]
    view = drawing.view(one.phase.at)
    joined = {
        frozenset(nearest(p, view, one.lettering, end) for end in on[n : n + 2, 1])
        | {"-> " + nearest(p, view, one.lettering, on[n + 2, 1])}
        for n in (0, 5)
    }
    assert joined == {frozenset({"Q", "K", "-> attn"}), frozenset({"attn", "V", "-> out"})}
    for n in (0, 5):  # the three lines lead away from one sign, and the head of the arrow starts at its end
        starts = on[n : n + 3, 0]
        assert np.ptp(starts, axis=0).max() < 0.06
        assert on[n + 3 : n + 5, 0] == pytest.approx(on[[n + 2, n + 2], 1])


def test_links_cross_nothing(head):
    p, drawing = head
    one = drawing.labels[-1]
    check_free(p, one.lettering, drawing.view(one.phase.at), drawing.overlay.boxes)


def test_no_line_may_lead_through_a_matrix_or_type(head):
    p, drawing = head
    canvas = Canvas(p, drawing.view(1e3), ASPECT, 1.0, film_type(p.typeface, 1.0))
    form = LinkForm(canvas.type, 0.005, 0.04, 0.0)
    boxes = np.array([[0.01, 0.01, 0.05, 0.05]])
    free = Free(canvas, form, (0.0, 0.0, ASPECT, 1.0), LinkRoom(boxes, np.empty((0, 2, 2)), {}))
    middles = np.array([*canvas.quads.mean(axis=1), (0.03, 0.03)]) / form.point
    across = np.array([2.0, 0.0])
    assert not free.along(middles - across, middles + across).any()
    corner = np.array([0.99 * ASPECT, 0.01]) / form.point
    assert free.along(corner - across, corner)


@pytest.mark.parametrize("name", ["07_rotary", "05_induction"])
def test_links_of_an_example_cross_nothing(name):
    p, made = planned_example(f"attention/{name}"), composed(f"attention/{name}")
    view = made.shot.view(float(p.timeline.last_frame))
    check_free(p, made.lettering, view, made.overlay.boxes)


def test_a_dark_scene_links_alike(head):
    p = planned(look={"settled_scale": 0.0, "style": "studio_dark"})
    assert sorted(links_of(film_of(p))[2]) == ["attn", "out"]


def test_links_are_left_out_for_a_turning_camera_and_names_inside(head):
    for look, camera in (({"links": "off"}, {}), ({}, {"move": "orbit"}), ({"center_names": 6.0}, {})):
        p = planned(look={"settled_scale": 0.0, **look}, camera=camera)
        assert not len(links_of(film_of(p))[0])


def test_a_camera_that_keeps_turning_has_no_links(head):
    p, drawing = head
    view = drawing.shot.view(float(p.timeline.last_frame))
    laid = seen_through(p, lambda _: view, ASPECT, 1.0)
    assert sorted(links_of(laid)[2]) == ["attn", "out"]
    check_free(p, laid.labels[-1].lettering, view, laid.overlay.boxes)
    orbit = film_of(planned(camera={"move": "orbit"}))
    turned = seen_through(p, orbit.shot.view, ASPECT, 1.0, moves=True)
    assert not any(len(links_of(turned, n)[0]) for n in range(len(turned.labels)))


def test_in_a_film_of_beats_a_link_is_there_as_long_as_its_result():
    told = [
        {"say": "Queries.", "show": "Q"},
        {"say": "Weights.", "show": "attn", "run": "attn"},
        {"say": "Out.", "run": "out"},
    ]
    p = planned(beats=told)
    drawing = film_of(p)
    for n, one in enumerate(drawing.labels):
        there = set(one.phase.about) or {"Q", "K", "V", "attn", "out"}
        assert set(links_of(drawing, n)[2]) <= there
    assert sorted(links_of(drawing)[2]) == ["attn", "out"]


def test_a_chain_whose_middle_is_hidden_has_plain_arrows():
    matrices = {name: {"init": "gaussian", "shape": [6, 6]} for name in ("A", "B", "C")}
    told = {"expression": "y = relu((x = A @ B) @ C)", "matrices": matrices, "star": "y"}
    p = planned(**told, animation={"hide_inputs": True})
    on, _, signs = links_of(film_of(p))
    assert signs == [] and len(on) == 3  # from x to y


def test_what_makes_a_product_stands_for_it_where_a_sum_takes_its_place():
    matrices = {name: {"init": "gaussian", "shape": [6, 6]} for name in ("A", "B", "C", "x")}
    told = {"expression": "y = (t = x + A @ B) @ C", "matrices": matrices, "star": "y"}
    p = planned(**told, layout={"sums": "in place"})
    drawing = film_of(p)
    on, _, signs = links_of(drawing)
    one = drawing.labels[-1]
    ends = [nearest(p, drawing.view(one.phase.at), one.lettering, end) for end in on[:, 1]]
    assert signs == ["y"] and len(on) == 5 + 6
    assert sorted(end for end in ends if end in "ABx") == ["A", "B", "x"]


def test_a_scene_without_a_star_shows_its_products_instead_of_links():
    matrices = {name: {"init": "gaussian", "shape": [4, 4]} for name in ("A", "B")}
    told = {"expression": "C = A @ B", "matrices": matrices}
    assert len(links_of(film_of(planned(**told, star="C")))[0])
    assert not len(links_of(film_of(planned(**told)))[0])


def test_the_line_of_a_shared_matrix_goes_on_from_sign_to_sign():
    scene = planned_example("attention/06_grouped_query").description
    layout = replace(scene.layout, scheme="stage", star_room=7.0)  # there what heads share is at their end
    camera = replace(scene.camera, azimuth=-60.0, elevation=13.0)
    p = plan(replace(scene, layout=layout, camera=camera))
    made = compose(p, ASPECT)
    view = made.shot.view(float(p.timeline.last_frame))
    canvas = Canvas(p, view, ASPECT, 1.0, film_type(p.typeface, 1.0))
    form = LinkForm(canvas.type, 0.004, 0.03, 0.02)
    found = links(canvas, form, (0.0, 0.0, ASPECT, 1.0), NOTHING_WRITTEN)
    assert sorted(link.stage.name for link in found) == ["attn[4]", "attn[7]", "z[4]", "z[7]"]
    signs = np.array([np.mean(np.reshape(link.texts[0].box, (2, 2)), axis=0) for link in found])
    operands = np.array([[line.end for line in link.lines[:2]] for link in found])
    away = np.linalg.norm(operands[:, :, None] - signs, axis=3)
    own = np.eye(4, dtype=bool)[:, None]
    assert ((away < 0.04) & ~own).sum() == 2  # K goes on to the other head, and so does V


def test_each_end_of_a_link_is_at_the_edge_of_its_matrix_or_at_the_labels_along_that(head):
    p, drawing = head
    canvas = Canvas(p, drawing.view(1e3), ASPECT, 1.0, film_type(p.typeface, 1.0))
    form = LinkForm(canvas.type, 0.005, 0.04, 0.02)
    every = links(canvas, form, (0.0, 0.0, ASPECT, 1.0), NOTHING_WRITTEN)
    ends = np.array([line.end for link in every for line in link.lines[:3]]) / form.point
    gaps = gaps_between(np.tile(ends, 2), canvas.quads / form.point).min(axis=1)
    assert len(ends) == 6 and gaps.max() <= EDGE_GAP + 1e-6 and gaps.min() > 0.0


def test_a_line_that_meets_no_edge_is_left_out_and_the_others_stay(head):
    p, drawing = head
    canvas = Canvas(p, drawing.view(1e3), ASPECT, 1.0, film_type(p.typeface, 1.0))
    form = LinkForm(canvas.type, 0.005, 0.04, 0.02)
    quad = next(q for plane, q in zip(canvas.planes, canvas.quads, strict=True) if plane.stage.name == "Q")
    walled = strips(*np.moveaxis(edges_of(quad), 1, 0), 0.0, 40)  # no line comes through to Q
    written = replace(NOTHING_WRITTEN, boxes=walled)
    found = {link.stage.name: link for link in links(canvas, form, (0.0, 0.0, ASPECT, 1.0), written)}
    assert len(found["attn"].lines) == 4 and found["attn"].arrow and len(found["out"].lines) == 5


def test_the_arrow_says_the_steps_after_the_product(head):
    p, drawing = head
    labels = drawing.labels[-1].lettering.labels
    assert [label.owner for label in labels if label.text == "softmax"] == ["attn"]


def test_matrices_that_are_linked_have_frames(head):
    p, drawing = head
    framed = [one for one in drawing.labels[-1].lettering.strokes if one.kind == "frame"]
    canvas = Canvas(p, drawing.view(1e3), ASPECT, 1.0, film_type(p.typeface, 1.0))
    large = [plane for plane in canvas.planes if canvas.is_flat(plane)]
    assert len(framed) == 4 * len(large)


def test_a_lit_row_or_column_has_its_token_at_its_end():
    p = planned(star="attn", spotlight="attn[t1, t4]")
    drawing = film_of(p)
    told = {(one.owner, one.text) for one in drawing.labels[-1].lettering.labels if one.kind == "lit"}
    assert told <= {("Q", "t1"), ("K", "t4"), ("V", "t4"), ("out", "t1")}
    assert {"Q", "K"} <= {owner for owner, _ in told}


def test_a_sum_has_no_sign_unless_all_its_terms_have_a_line():
    """Beside each other, a panel stands between the first term and the sum; on a page nothing does."""
    scene = planned_example("heads/multi_head").description
    layout, animation = (
        replace(scene.layout, scheme="stage", gap=4.0),
        replace(scene.animation, hide_inputs=True),
    )
    camera = replace(scene.camera, azimuth=-15.0)
    drawing = film_of(plan(replace(scene, layout=layout, animation=animation, camera=camera)))
    assert "out" not in links_of(drawing)[2]
    page = composed("heads/multi_head").lettering
    assert [(label.text, label.owner) for label in page.labels if label.kind == "sign"] == [("+", "out")]


def test_words_stand_nearer_to_their_own_arrow_than_to_other_lines(head):
    """A line of another link takes the place that they would have; so they stand elsewhere, or nowhere."""
    p, drawing = head
    canvas = Canvas(p, drawing.view(1e3), ASPECT, 1.0, film_type(p.typeface, 1.0))
    form, area = LinkForm(canvas.type, 0.005, 0.04, 0.02), (0.0, 0.0, ASPECT, 1.0)
    found = links(canvas, form, area, NOTHING_WRITTEN)

    def words(every):
        said = (
            text for link in with_words(canvas, form, area, NOTHING_WRITTEN, every) for text in link.texts
        )
        return next((np.array(text.box) for text in said if text.kind == "steps"), None)

    def apart(box, line):
        along = line.start + (line.end - line.start) * np.linspace(0.0, 1.0, 400)[:, None]
        return np.linalg.norm(np.maximum(np.maximum(box[:2] - along, along - box[2:]), 0.0), axis=1).min()

    (arrow,) = [link.arrow for link in found if link.sayings]
    before = words(found)
    away = apart(before, arrow)
    beside = before[[0, 2]] if 0.5 * (before[0] + before[2]) < arrow.start[0] else before[[2, 0]]
    x = beside[0] + np.sign(beside[0] - beside[1]) * 0.9 * away  # on the side away from the arrow
    other = Leader(np.array([x, before[1]]), np.array([x, before[3]]))
    after = words([*found, replace(found[0], lines=(other,), arrow=None, sayings=())])
    assert apart(before, other) < away
    assert after is None or apart(after, arrow) < apart(after, other)


def test_a_line_leads_through_weights_to_what_they_give():
    p, film = planned_example("attention/02_full_head"), composed("attention/02_full_head")
    canvas = Canvas(p, film.view, ASPECT, 1.0, film_type(p.typeface, 1.0))
    form = LinkForm(canvas.type, 0.005, 0.04, 0.02)
    quads = {plane.stage.name: q for plane, q in zip(canvas.planes, canvas.quads, strict=True)}

    def at(point):
        return min(quads, key=lambda name: gaps_between(np.tile(point, 2)[None], quads[name][None]).min())

    found = {link.stage.name: link for link in links(canvas, form, (0.0, 0.0, ASPECT, 1.0), NOTHING_WRITTEN)}
    for name, operand in {"Q": "x", "K": "x", "V": "x", "write": "z"}.items():
        to, arrow, *_ = found[name].lines
        assert not found[name].texts and found[name].arrow is arrow
        weights = f"W_{name}".replace("write", "O")
        assert [at(end) for end in (to.start, to.end, arrow.start, arrow.end)] == [
            operand,
            weights,
            weights,
            name,
        ]
