"""What a reader of a figure reads from its star: every label level with its row or over its column, the names
of the axes, the entry that is meant with its number, and the bars that say why. No Blender."""

import dataclasses
import functools

import numpy as np
import pytest
from from_tables import scene_from
from made_examples import DOT
from made_examples import PAGE_TYPE as TYPE
from made_examples import page_of as page_of_example
from matrix_cinema.attention.tokens import as_labels
from matrix_cinema.description.scene import load_scene
from matrix_cinema.picture.figure_page import PanelGrid, Shown, cells_of, compose
from matrix_cinema.picture.figure_panel import LINK_WIDTH
from matrix_cinema.picture.figure_type import LEAST_TYPE, PAGE_EDGE
from matrix_cinema.staging.writing.boxes import within
from matrix_cinema.staging.writing.captions import labels_of
from matrix_cinema.staging.writing.typesetter import CAPITALS
from paths import ROOT

HEAD = ROOT / "examples" / "attention_head.toml"


def head_of(count):
    """A head of random queries and keys for so many tokens."""
    rng = np.random.default_rng(3)
    labels = [f"token{n}" for n in range(count)]
    matrices = {
        name: {"values": rng.normal(size=(count, 8)).tolist(), "row_labels": labels, "row_axis": axis}
        for name, axis in (("Q", "query"), ("K", "key"), ("V", "key"))
    }
    expression = "out = (attn = softmax(Q @ K.T / sqrt(8))) @ V"
    return scene_from({"expression": expression, "matrices": matrices})


@functools.cache
def page_of(count, width):
    """The plan and the page of a head of so many tokens, of the example's without a number."""
    if not count:
        return page_of_example("attention_head", width)
    cells = cells_of([Shown(head_of(count))], 1980)
    return cells[0].plan, compose(cells, PanelGrid(1), TYPE, DOT, width)


def star_on(p, page):
    """(where the middles of the star's entries are on the page (rows, columns, 2), its stage): flat beside or
    under the scene where it is shown so, else in the scene."""
    (picture,) = page.pictures
    (plane,) = [one for one in p.arrangement.planes if p.is_star(one.stage)]
    i, j = np.indices((plane.rows, plane.columns))
    for one in picture.readouts:
        if one.readout.plane.stage is plane.stage:
            block = one.readout
            on = block.origin + i[..., None] * block.steps[0] + j[..., None] * block.steps[1]
            return on * picture.height + (picture.x, picture.y), plane.stage
    on = (picture.view.project(plane.places(i.ravel(), j.ravel())) + 1) / 2
    on = on * (picture.width, picture.height) + (picture.x, picture.y)
    return on.reshape(plane.rows, plane.columns, 2), plane.stage


@pytest.mark.parametrize("head, width", [(None, 237.6), (None, 504.0), (32, 237.6), (20, 504.0)])
def test_a_star_has_all_its_labels_level_with_its_entries(head, width):
    p, page = page_of(head, width)
    on, stage = star_on(p, page)
    pitch = np.abs(on[0, 1, 0] - on[0, 0, 0])
    tokens = [text for text in page.texts if text.kind == "token"]
    rows, columns = (as_labels(labels) for labels in labels_of(p, stage))
    level = {text.text: text.y + 0.5 * CAPITALS * text.size for text in tokens if not text.angle}
    upright = {text.text: text.x - 0.5 * CAPITALS * text.size for text in tokens if text.angle}
    upright |= {text.text: text.x for text in tokens if not text.angle and text.align == "CENTER"}
    for n, token in enumerate(rows):
        assert abs(level[token] - on[n, 0, 1]) < 0.1 * pitch, token
    for n, token in enumerate(columns):
        assert abs(upright[token] - on[0, n, 0]) < 0.1 * pitch, token
    axes = {text.text for text in page.texts if text.kind == "axis"}
    assert {"query", "key"} <= axes
    assert min(text.size for text in tokens) >= LEAST_TYPE


@pytest.mark.parametrize("width", [237.6, 504.0])
def test_nothing_stands_at_the_edge_of_a_page(width):
    p, page = page_of(None, width)
    boxes = np.array([item.box for item in page.items])
    assert (boxes[:, :2] > PAGE_EDGE - 1.5).all()
    assert (boxes[:, 2:] < np.array([page.width, page.height]) - PAGE_EDGE + 1.5).all()
    (picture,) = page.pictures
    drawn = (picture.view.project(p.arrangement.corners()) + 1) / 2 * (picture.width, picture.height)
    assert (drawn > PAGE_EDGE - 0.5).all() and (drawn[:, 0] < page.width - PAGE_EDGE + 0.5).all()


def test_the_entry_that_is_meant_is_outlined_with_its_number():
    p, page = page_of(None, 237.6)
    on, _ = star_on(p, page)
    it, animal = 10, 2
    number = next(text for text in page.texts if text.text == "0.68")
    assert number.bold and abs(number.y - on[it, animal, 1]) < 2 * number.size
    assert number.x > on[it, -1, 0]
    thick = [rule for rule in page.rules if rule.strong and rule.width > 1.0]
    middle = np.mean([((r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2) for r in thick], axis=0)
    assert len(thick) == 4 and middle == pytest.approx(on[it, animal], abs=0.01)
    lit = sorted(text.text for text in page.texts if text.kind == "lit")
    assert lit == ["animal", "animal", "it", "it"]  # of Kᵀ and V, of Q and out: no note has to say it
    assert not [note for note in page.notes if "outlined" in note]


def test_a_lit_row_has_its_token_as_all_labels_are():
    scene = dataclasses.replace(load_scene(HEAD), spotlight="attn[it, .]", beats="off")
    page = compose(cells_of([Shown(scene)], 1980), PanelGrid(1), TYPE, DOT, 237.6)
    assert {text.text for text in page.texts if text.kind == "lit"} == {"it", "«.»"}


def test_a_wide_figure_says_why_in_bars_that_add_up():
    """Each bar begins where the one before ended, by their true lengths; the last is their sum."""
    p, page = page_of(None, 504.0)
    *bars, whole = page.swatches
    unit = whole.width / abs(p.why.total)
    ends = np.concatenate([[0.0], np.cumsum(p.why.products)])
    assert len(bars) == 9
    for n, bar in enumerate(bars):
        start, end = ends[n], ends[n + 1] if n < 8 else ends[-1]
        assert bar.width == pytest.approx(abs(end - start) * unit, abs=1e-6)
        assert bar.x - whole.x == pytest.approx(min(start, end) * unit, abs=1e-6)
    said = [text.text for text in page.texts if text.kind == "why"]
    assert f"dim {p.why.order[0]}" in said and f"{p.why.products[0]:+.2f}" in said
    assert p.why.sum in said and "24 others" in said and any("0.68" in text for text in said)
    assert not page_of(None, 237.6)[1].swatches  # no room


@pytest.mark.parametrize("width", [237.6, 504.0])
def test_a_star_is_linked_with_what_makes_it_and_with_what_is_made_of_it(width):
    """Each link has two lines to its sign and an arrow, which cross neither type nor matrices."""
    p, page = page_of(None, width)
    said = [text.text for text in page.texts if text.kind in ("sign", "steps")]
    assert said.count("×") == 2 and (any("softmax" in text for text in said) or width < 300.0)
    rules = [rule for rule in page.rules if rule.width == LINK_WIDTH and not rule.strong]
    assert len(rules) == 2 * (3 + 2)  # the head of an arrow has two
    starts, ends = (
        np.array([(getattr(r, x), getattr(r, y)) for r in rules]) for x, y in (("x0", "y0"), ("x1", "y1"))
    )
    points = (starts + (ends - starts) * np.linspace(0.0, 1.0, 50)[:, None, None]).reshape(-1, 2)
    others = [text.box for text in page.texts if text.text != "×"]  # whose lines stand around it
    left, low, right, high = np.array(others).T[..., None]
    x, y = points.T
    assert not ((x > left) & (x < right) & (y > low) & (y < high)).any()
    (picture,) = page.pictures
    for plane in p.arrangement.planes:
        corners = (picture.view.project(plane.corners()) + 1) / 2 * (picture.width, picture.height)
        assert not within(points, corners + (picture.x, picture.y)).any()


def test_a_figure_tells_what_is_drawn_in_sentences():
    p, page = page_of(None, 504.0)
    said = [text.text for text in page.texts]
    assert "MiniLM, layer 3, head 1" in said
    formula = "".join(text.text for text in page.texts if text.kind == "formula")
    assert formula == "attn = softmax(Q KT / √32)out = attn V"
    notes = " ".join(text.text for text in page.texts if text.kind == "note")
    assert notes.replace("\u00a0", " ") == (
        "Size shows the magnitude too; max: Q 4.07, K 4.78, V 2.17, out 1.48. "
        "A block of Q, K, V, out shows the largest, by magnitude, of 2 entries along the head dimension."
    )
    assert "probability: attn" in said


def test_long_tokens_and_titles_stay_on_the_page():
    labels = [f"incomprehensibilities of token {n}" for n in range(6)]
    matrices = {
        name: {"init": "normal", "shape": [6, 8], "row_labels": labels, "row_axis": axis}
        for name, axis in (("Q", "query"), ("K", "key"))
    }
    pair = "attn[2, 3]"
    said = {"expression": "attn = softmax(Q @ K.T)", "matrices": matrices, "spotlight": pair, "why": pair}
    scene = scene_from(said | {"title": " ".join(["T"] * 90)})
    page = compose(cells_of([Shown(scene)], 1980), PanelGrid(1), TYPE, DOT, 504.0, title=True)
    assert any(text.text.startswith("Why incomp") for text in page.texts)
    boxes = np.array([text.box for text in page.texts])
    assert boxes[:, 0].min() > 0.0 and boxes[:, 2].max() < page.width
