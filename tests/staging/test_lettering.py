"""What is written on the picture: everything, or told; nothing on anything else; in every example."""

import dataclasses

import numpy as np
import pytest
from made_examples import EXAMPLES, NAMES, WIDE, composed, planned
from matrix_cinema.description.scene import VIEWS, load_scene
from matrix_cinema.picture.film import compose, outlines
from matrix_cinema.staging.camera.views import INSIDE
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing import captions
from matrix_cinema.staging.writing.boxes import clashes, faces, gaps_between

TALL = 9 / 16


def seen_from(p, view):
    camera = dataclasses.replace(p.scene.camera, view=view)
    return dataclasses.replace(p, scene=dataclasses.replace(p.scene, camera=camera))


def check(p, aspect, made=None):
    """No two labels share room, nor any with the title and the legend; all is in the frame, and every name
    and token is there or told to be missing."""
    made = made or compose(p, aspect)
    if not p.scene.look.labels:
        assert made.lettering.labels == ()
        return
    view = made.shot.view(float(p.timeline.last_frame))
    corners = outlines(made.lettering, view, aspect)
    labels = made.lettering.labels
    assert [(labels[m].text, labels[n].text) for m, n in clashes(corners)] == []
    if p.scene.camera.view not in INSIDE and p.scene.camera.move == "none":
        assert corners.min() > -1e-6 and (corners.max(axis=(0, 1)) < (aspect + 1e-6, 1 + 1e-6)).all()
        boxes = np.array([item.box for item in made.overlay.items]).reshape(-1, 2, 2)
        if len(boxes):
            written = np.stack([boxes[:, [0, 1, 1, 0], 0], boxes[:, [0, 0, 1, 1], 1]], axis=2)
            both = np.concatenate([written, corners])
            assert [(m, n) for m, n in clashes(both) if m < len(written) <= n] == []
    told = " ".join(made.lettering.notes)
    assert all(note in [line.text for line in made.overlay.texts] for note in made.lettering.notes)
    texts = [label.text for label in labels if label.kind == "token"]
    if "tokens" not in told:
        for axis in captions.axes_of(p, p.arrangement.seen, 9.0):
            if p.scene.camera.view not in INSIDE and not p.scene.camera.subject:
                assert set(axis.texts) <= set(texts) or axis.texts in made.beside.told(p)
    named = [plane for plane in captions.named(p) if not p.is_unseen(plane.stage)]
    named = captions.without_titles(p, named)
    camera = p.scene.camera
    sees_all = camera.view not in INSIDE and not camera.subject and camera.move != "follow"
    if "name" not in told and sees_all:
        assert len({label.owner for label in labels if label.kind == "name"}) == len({n.stage for n in named})
    return made


@pytest.mark.parametrize("name", NAMES)
def test_no_label_of_an_example_is_on_another_and_all_are_there(name):
    check(planned(name), WIDE, composed(name))


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "auto"])
def test_nor_in_any_view_of_the_attention_head(view):
    head = load_scene(EXAMPLES / "attention_head.toml")
    bare = plan(dataclasses.replace(head, beats="off", why="", spotlight="", readout="off"))
    made = check(seen_from(bare, view), WIDE)
    if view not in INSIDE:
        assert sum(label.kind == "token" for label in made.lettering.labels) == 32


@pytest.mark.parametrize("name", ["attention_head", "textbook/01_two_by_three", "chains/feed_forward"])
def test_nor_on_a_tall_picture(name):
    check(dataclasses.replace(planned(name), beats=()), TALL)  # the labels of its end


@pytest.mark.parametrize(
    "name, move",
    [
        ("attention_head", "visit"),
        ("attention_head", "follow"),
        ("chains/binary_tree", "visit"),
        ("attention/04_head_grid", "push_in"),
        ("attention/02_full_head", "visit"),
    ],
)
def test_every_phase_of_a_film_has_labels_of_its_own(name, move):
    """They follow each other without a gap; none is on another, on title or legend, or out of the frame."""
    p = planned(name)
    subject = "pattern[3,1]" if move == "push_in" else p.scene.camera.subject
    camera = dataclasses.replace(p.scene.camera, move=move, subject=subject)
    made = compose(dataclasses.replace(p, scene=dataclasses.replace(p.scene, camera=camera)), WIDE)
    phases = [one.phase for one in made.every]
    assert len(phases) > 1 and phases[0].start == 1 and phases[-1].end > p.timeline.last_frame
    assert all(a.start < a.end == b.start for a, b in zip(phases, phases[1:], strict=False))
    boxes = np.array([item.box for item in made.overlay.items if not getattr(item, "shown", None)]).reshape(
        -1, 2, 2
    )
    written = np.stack([boxes[:, [0, 1, 1, 0], 0], boxes[:, [0, 0, 1, 1], 1]], axis=2)
    for one in made.earlier:
        assert one.phase.start <= one.phase.at < one.phase.end
        corners = outlines(one.lettering, made.shot.view(one.phase.at), WIDE)
        assert corners.min() > -1e-6 and (corners.max(axis=(0, 1)) < (WIDE + 1e-6, 1 + 1e-6)).all()
        assert [pair for pair in clashes(np.concatenate([written, corners])) if pair[0] >= len(written)] == []
        assert {label.kind for label in one.lettering.labels} >= {"name", "detail"}
        told = [line.text for line in made.overlay.texts if line.shown == (one.phase.start, one.phase.end)]
        assert told == list(one.lettering.notes)


def test_notes_have_a_place_in_the_narrowest_picture_without_a_legend():
    scene = load_scene(EXAMPLES / "attention" / "10_long_context.toml")
    look = dataclasses.replace(scene.look, legend=False, labels=False)  # 512 tokens there take minutes
    p = plan(dataclasses.replace(scene, look=look))
    texts = [item.text for item in compose(p, 16 / 16384).overlay.items]
    assert any("bead" in text for text in texts)


@pytest.mark.parametrize("name", ["heads/minilm_layer", "attention/10_masks"])
def test_no_label_is_behind_a_matrix(name):
    """A label may have to stand over a matrix; then it stands before it."""
    p, made = planned(name), composed(name)
    view, labels = made.view, made.lettering.labels
    planes = [plane for plane in p.arrangement.planes if not p.is_unseen(plane.stage)]
    quads = np.array([(view.project(plane.corners()) + 1) / 2 * (WIDE, 1.0) for plane in planes])
    fronts = np.array([view.seen(plane.corners())[2].min() for plane in planes])
    lines = outlines(made.lettering, view, WIDE)
    boxes = np.concatenate([lines.min(axis=1), lines.max(axis=1)], axis=1)
    depths = view.seen(np.array([label.position for label in labels]))[2]
    hidden = (gaps_between(boxes, quads) <= 0.0) & (depths[:, None] > fronts)
    assert [labels[n].text for n in np.flatnonzero(hidden.any(axis=1))] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("textbook/")])
def test_no_name_is_on_an_element_of_a_small_matrix(name):
    """Its elements stand far out of its plane; a name keeps clear of the box that they can reach."""
    p, made = planned(name), composed(name)
    lines = outlines(made.lettering, made.view, WIDE)
    wanted = [n for n, label in enumerate(made.lettering.labels) if label.kind in ("name", "detail")]
    boxes = np.concatenate([lines.min(axis=1), lines.max(axis=1)], axis=1)[wanted]
    assert len(boxes)
    for plane in p.arrangement.seen:
        sides = np.array(faces((made.view.project(plane.box_corners()) + 1) / 2 * (WIDE, 1.0)))
        covered = gaps_between(boxes, sides).min(axis=1) <= 0.0
        assert [made.lettering.labels[wanted[n]].text for n in np.flatnonzero(covered)] == []
