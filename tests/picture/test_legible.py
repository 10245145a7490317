"""What can be computed of whether a star is read: large type straight at its rows and columns, near it; names
at their own matrices; the number of what is lit, which covers nothing that matters; bars that find room."""

from dataclasses import replace

import matrix_cinema as mc
import numpy as np
import pytest
from colors import contrast, linear, luminance
from made_examples import WIDE, composed, planned
from matrix_cinema.description.scene import MatrixOptions, Scene
from matrix_cinema.look.styles import STYLES, soft_color
from matrix_cinema.picture import film
from matrix_cinema.picture.why_chart import matrix_outlines
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import gaps_between, under_boxes
from matrix_cinema.staging.writing.callout_options import MATTERS, said_of
from paths import ROOT

PIXELS = 720  # the height of the picture that is looked at; lengths are heights of the frame
LEAST_TYPE = 13.5  # pixels, of the size of type; laid out for 14.2, before the camera settles
AT_THE_STAR = 40  # pixels from the star to its labels at most
NEARLY = 0.007  # heights of the frame: names are laid out a little before the camera stands
EASILY_READ = 6.0  # contrast of type with what is behind it; 4.5 in WCAG 2
SCENES = ["attention_head", "attention/02_full_head", "attention/05_induction"]


class Seen:
    """A scene's film at its end."""

    def __init__(self, name):
        self.p, self.film = planned(name), composed(name)
        self.view = self.film.shot.view(float(self.p.timeline.last_frame))
        self.labels = self.film.lettering.labels
        self.quads = np.array([self.project(plane.corners()) for plane in self.p.arrangement.planes])

    def project(self, points):
        return (self.view.project(points) + 1) / 2 * (WIDE, 1.0)

    def unit(self, point):
        depth = 1.0 if self.view.orthographic else float(self.view.seen(point[None])[2][0])
        return 2 * self.view.half_height * depth

    def size(self, label):
        return label.size / self.p.typeface.of(label.text).scale / self.unit(label.position) * PIXELS

    def box(self, label):
        corners = label.position + label.corners() @ np.stack([self.view.right, self.view.up])
        ends = self.project(corners)
        return np.array([*ends.min(axis=0), *ends.max(axis=0)])


@pytest.fixture(scope="module")
def seen():
    return {name: Seen(name) for name in SCENES}


@pytest.mark.parametrize("name", SCENES)
def test_type_is_large_enough(seen, name):
    one = seen[name]
    small = {label.text: one.size(label) for label in one.labels if one.size(label) < LEAST_TYPE}
    small |= {t.text: t.size * PIXELS for t in one.film.overlay.texts if t.size * PIXELS < LEAST_TYPE}
    assert not small


@pytest.mark.parametrize("name", ["attention_head", "attention/05_induction"])
def test_a_name_is_nearest_to_its_own_matrix(seen, name):
    one = seen[name]
    owners = np.array([plane.stage.name for plane in one.p.arrangement.planes])
    for label in one.labels:
        if label.kind == "name" and label.text != "T":
            gaps = gaps_between(one.box(label)[None], one.quads)[0]
            assert gaps[owners == label.owner].min() <= gaps.min() + NEARLY, label.text


def test_the_first_example_has_both_axes_straight_at_its_star(seen):
    one = seen["attention_head"]
    (star,) = [quad for quad, plane in zip(one.quads, one.p.arrangement.planes, strict=True)
               if one.p.is_star(plane.stage)]  # fmt: skip
    tokens = [label for label in one.labels if label.kind == "token" and label.owner == "attn"]
    assert len(tokens) == 32 and {"the₁", "the₇"} <= {label.text for label in tokens}
    gaps = gaps_between(np.array([one.box(label) for label in tokens]), star[None])[:, 0]
    assert gaps.max() * PIXELS < AT_THE_STAR
    strokes = one.film.lettering.strokes
    assert {stroke.kind for stroke in strokes} <= {"callout", "name", "link", "frame"}  # none from a token


def test_the_number_of_a_lit_entry_covers_no_matrix(seen):
    one = seen["attention_head"]
    callout = [label for label in one.labels if label.kind == "callout" and label.owner == "attn"]
    (stage,) = {plane.stage for plane in one.p.arrangement.planes if plane.stage.name == "attn"}
    assert "  ".join(line.text for line in callout) == "it → animal  0.68" == said_of(one.p, stage, (10, 2))
    plane = next(plane for plane in one.p.arrangement.planes if plane.stage is stage)
    values = one.p.evaluation["attn"].final
    i, j = np.nonzero(values >= MATTERS * values.max())
    boxes = np.array([one.box(line) for line in callout])
    left, low, right, high = *boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)
    x, y = one.project(plane.places(i, j)).T
    assert not ((left < x) & (x < right) & (low < y) & (y < high)).any()
    others = np.array(
        [q for q, own in zip(one.quads, one.p.arrangement.planes, strict=True) if own is not plane]
    )
    assert gaps_between(boxes, others).min() > 0.0


def test_the_bars_of_a_why_have_room_and_say_what_the_numbers_are(seen):
    one = seen["attention_head"]
    chart, why = one.film.why, one.p.why
    q, k = (one.p.evaluation[name].final for name in ("Q", "K"))
    assert why.total == pytest.approx(float(q[10] @ k[2]))
    assert why.products[:3].tolist() == sorted(q[10] * k[2], key=abs, reverse=True)[:3]
    assert why.head.startswith(f"Q[it] · K[animal] = {why.total:.1f}")
    taken = np.array([chart.box])
    assert gaps_between(taken, one.quads).min() > 0.0
    assert all(gaps_between(taken, one.box(label)[[[0, 1], [2, 1], [2, 3], [0, 3]]][None]).min() > 0.0
               for label in one.labels)  # fmt: skip


def test_the_bars_of_a_why_are_clear_where_the_camera_comes_to_rest():
    """In this scene it moves after the bars were first placed."""
    rng, tokens = np.random.default_rng(0), tuple("the queen said to Alice")
    matrices = {
        name: MatrixOptions(
            values=tuple(map(tuple, 2.0 * rng.normal(size=(23, 12)))),
            row_axis=axis, row_labels=tokens, column_axis="head dimension",
        )
        for name, axis in (("Q", "query"), ("K", "key"), ("V", "key"))
    }  # fmt: skip
    expression = "out = (attn = softmax(Q @ K.T / sqrt(12), mask=causal)) @ V"
    title, caption = "layer 0 · head 0", "the queen said to Alice"
    p = plan(Scene(expression=expression, title=title, caption=caption, matrices=matrices, beats="auto"))
    made = film.compose(p, WIDE)
    view = made.shot.view(float(p.timeline.last_frame))
    seen = [matrix_outlines(p, view, WIDE), film.outlines(made.lettering, view, WIDE)]
    assert not under_boxes(np.array([made.why.box]), np.concatenate(seen)).any()


def test_no_line_of_a_link_leads_through_the_bars_of_a_why():
    """In this scene one did, from x to W_K."""
    path = ROOT / "examples" / "data" / "minilm_layer_5.safetensors"
    p = plan(mc.load(path, layer=5, head=11, parts=["projections"]).with_beats())
    made = film.compose(p, WIDE)
    lines = film.lines_of(made.lettering, made.view, WIDE)
    assert len(lines) and not under_boxes(np.array([made.why.box]), lines).any()


@pytest.mark.parametrize("name", STYLES)
def test_type_stands_out_from_the_ground(name):
    """Also soft type, which is part of the way to the ground, and on a plate."""
    style = STYLES[name]
    for ground in (style.background, style.backdrop):
        for color in (style.text, soft_color(style)):
            assert contrast(*luminance(linear([ground, color]))) >= EASILY_READ


def test_a_wide_margin_is_no_reason_to_try_another_layout(monkeypatch):
    tried, made = [], film._composed
    monkeypatch.setattr(film, "_composed", lambda *told: tried.append(told) or made(*told))
    p = replace(planned("attention_head"), beats=())  # whose labels are laid out after a layout is chosen
    film.composed(replace(p, scene=replace(p.scene, camera=replace(p.scene.camera, margin=0.25))), WIDE, ())
    assert len(tried) == 1
