"""A figure's page: lengths, places of type, shared scales, what a command line asks for. No Blender."""

import dataclasses
import re

import numpy as np
import pytest
from from_tables import scene_from
from made_examples import DOT
from made_examples import PAGE_TYPE as TYPE
from made_examples import page_of as page_of_example
from matrix_cinema.attention.tokens import as_labels
from matrix_cinema.description.scene import load_scene
from matrix_cinema.description.style import Style
from matrix_cinema.errors import InputError
from matrix_cinema.picture.figure_choice import panels
from matrix_cinema.picture.figure_page import PanelGrid, Shown, cells_of, compose, length
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import meeting
from paths import ROOT

CAPTURE = ROOT / "examples" / "data" / "minilm.safetensors"
HEAD = ROOT / "examples" / "attention_head.toml"


def page_of(shown, grid=None, width=237.6, height=None, **options):
    shown = shown if isinstance(shown, list) else [shown]
    cells = cells_of(shown, 1980 // len(shown), options.get("own_scales", False))
    return compose(cells, grid or PanelGrid(len(cells)), TYPE, DOT, width, height, **options)


def texts(page):
    return [text.text for text in page.texts]


def drawn_box(text):
    """The box of a line of type. A sign is not as high as a line: nothing is above or below its middle."""
    left, low, right, high = text.box
    inset = 0.15 * text.size if text.kind == "sign" else 0.0
    return left, low + inset, right, high - inset


def assert_tidy(page):
    """No two lines of type overlap, and all of them are on the page."""
    boxes = [(text.text, drawn_box(text)) for text in page.texts if text.text != "T"]
    meets = meeting(*2 * [np.array([box for _, box in boxes])], -1e-6)
    assert [(boxes[m][0], boxes[n][0]) for m, n in np.argwhere(np.triu(meets, 1))] == []
    for text, (left, bottom, right, top) in boxes:
        assert left > -0.3 and bottom > -0.3 and right < page.width + 0.3 and top < page.height + 0.3, text


@pytest.mark.parametrize(
    "text, points",
    [("3.3in", 237.6), ("25.4 mm", 72.0), ("2.54cm", 72.0), ("240pt", 240.0), ("1980px", 237.6)],
)
def test_lengths_are_in_points(text, points):
    assert length(text, 600) == pytest.approx(points)


@pytest.mark.parametrize("text", ["", "3.3", "3,3in", "-1in", "0in", "1e3in", "999in", "nanin", "5 miles"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(InputError, match="is not a length such as"):
        length(text, 600)


@pytest.mark.parametrize(
    "scene, width",
    [
        ("attention_head", 237.6),
        ("attention_head", 504.0),
        ("textbook/08_rotation_chain", 237.6),
        ("heads/multi_head", 504.0),
    ],
)
def test_nothing_overlaps_on_the_examples(scene, width):
    assert_tidy(page_of_example(scene, width)[1])


@pytest.mark.parametrize("view", ["three_quarter", "front", "right", "top", "isometric", "hero", "inside"])
def test_nothing_overlaps_in_any_view(view):
    scene = load_scene(HEAD)
    scene = dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, view=view))
    assert_tidy(page_of(Shown(scene)))


def test_every_token_is_written_or_announced():
    for width in (237.6, 150.0):
        p, page = page_of_example("attention_head", width)
        tokens = as_labels(p.matrices["Q"].row_labels)
        told = re.findall(r"one in (\d+) tokens is written", " ".join(page.notes))
        written = " ".join(texts(page))  # a long note is broken into lines
        assert all(note[1:] in written for note in page.notes)  # as sentences
        assert set(tokens[:: max(map(int, told), default=1)]) <= set(texts(page))
    wide, _ = panels([CAPTURE], layers=["5"], heads=[11], tensor="pattern")
    page = page_of(wide)
    assert not page.notes and all(texts(page).count(token) >= 2 for token in tokens)


def test_type_keeps_its_size_in_points_and_pictures_stand_on_dots():
    shown, grid = panels([CAPTURE], layers=["3", "5"], heads=[1, 11], tensor="pattern", columns=2)
    page = page_of(shown, grid)
    assert min(text.size for text in page.texts if text.text != "T") >= 5.0
    assert max(text.size for text in page.texts) == 9.0  # of the letters a, b, c
    for picture in page.pictures:
        for value in (picture.x, picture.y, picture.width, picture.height, page.width, page.height):
            assert value / DOT == pytest.approx(round(value / DOT), abs=1e-6)
    assert_tidy(page)


def test_an_asked_height_is_kept():
    for shown in (Shown(load_scene(HEAD)), [Shown(load_scene(HEAD), n) for n in (20, 60)]):
        page = page_of(shown, height=240.0, width=480.0)
        assert page.height == pytest.approx(240.0, abs=DOT)
        assert_tidy(page)


def test_a_narrow_figure_has_a_short_legend():
    page = page_of(scaled(1), width=80.0)
    assert_tidy(page)
    assert page.bars[0].width < 80 and page.bars[0].x >= 0


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="no room|too many|too narrow"):
        page_of(Shown(load_scene(HEAD)), width=30.0)
    with pytest.raises(InputError, match="too many"):
        page_of([Shown(load_scene(HEAD), n) for n in range(1, 31)], PanelGrid(30))
    last = plan(load_scene(HEAD)).timeline.last_frame
    with pytest.raises(InputError, match=f"frames 1 to {last}"):
        page_of(Shown(load_scene(HEAD), last + 1))


def scaled(factor, name="A"):
    return Shown(
        scene_from(
            {
                "expression": f"out = {name} @ B",
                "matrices": {
                    name: {"values": [[1.0 * factor, -2.0 * factor]]},
                    "B": {"values": [[1.0], [3.0]]},
                },
            }
        )
    )


def test_matrices_of_a_name_share_one_scale_and_one_legend():
    cells = cells_of([scaled(1), scaled(5)], 1980)
    assert {cell.plan.final["A"].high for cell in cells} == {10.0}
    assert {cell.plan.final["out"].high for cell in cells} == {25.0}
    written = texts(page_of([scaled(1), scaled(5)]))
    assert written.count("A") == 2 and sum("A 10" in text for text in written) == 1  # in one legend
    other = cells_of([scaled(1), scaled(5, "C")], 1980)
    assert [other[0].plan.final["A"].high, other[1].plan.final["C"].high] == [2.0, 10.0]


def test_own_scales_have_a_legend_each():
    cells = cells_of([scaled(1), scaled(5)], 1980, own_scales=True)
    assert [cell.plan.final["A"].high for cell in cells] == [2.0, 10.0]
    page = page_of([scaled(1), scaled(5)], own_scales=True, width=400.0)
    assert all(any(said in text for text in texts(page)) for said in ("A 2", "A 10")) and len(page.bars) == 2
    assert_tidy(page)


def test_heads_and_layers_stand_as_a_table():
    shown, grid = panels([CAPTURE], layers=["0", "3", "5"], heads=range(12), tensor="pattern")
    assert (grid.columns, len(grid.rows), len(grid.heads)) == (12, 3, 12)
    assert [one.scene.capture.layer for one in shown] == [0] * 12 + [3] * 12 + [5] * 12
    assert [one.scene.capture.head for one in shown] == [*range(12)] * 3
    page = page_of(shown, grid, width=504.0)
    assert_tidy(page)
    assert len(page.pictures) == 36 and len(page.bars) == 1
    assert {"layer 3", "head 11", "Rows: query, columns: key."} <= set(texts(page))
    x, y = (sorted({round(getattr(p, axis), 3) for p in page.pictures}) for axis in "xy")
    assert (len(x), len(y)) == (12, 3)
    middle = page.pictures[13].x + 0.5 * page.pictures[13].width
    head = next(text for text in page.texts if text.text == "head 1")
    assert head.x == pytest.approx(middle) and head.y > page.pictures[0].y + page.pictures[0].height


def test_frames_stand_side_by_side_with_letters():
    shown, grid = panels([HEAD], frames=[20, 60, 109])
    assert grid == PanelGrid(3) or (grid.columns, grid.rows, grid.heads) == (3, (), ())
    page = page_of(shown, grid, width=504.0)
    assert {"a", "b", "c", "frame 20", "frame 109"} <= set(texts(page))
    assert len({picture.y for picture in page.pictures}) == 1
    assert page.pictures[0].view is page.pictures[2].view  # nothing jumps from panel to panel
    told = {text.text for text in page.texts if text.kind in ("callout", "lit", "why")}
    assert not told  # the numbers of the last spotlight, which is not up yet, and the entry is not made


def test_titles_are_the_users_own():
    shown, grid = panels([HEAD, HEAD], titles=["before", "after"])
    assert [one.title for one in shown] == ["before", "after"] and grid.columns == 2
    with pytest.raises(InputError, match="1 titles for 2 panels"):
        panels([HEAD, HEAD], titles=["before"])


def test_a_figure_has_no_title_unless_asked():
    shown = dataclasses.replace(scaled(1), scene=dataclasses.replace(scaled(1).scene, title="A title"))
    assert "A title" not in texts(page_of(shown))
    assert "A title" in texts(page_of(shown, title=True))


def test_a_lit_style_is_for_films_and_stills():
    """A figure has exactly the map's colours, unless a lit style is asked for, or a scene changes its own."""
    scene = load_scene(HEAD)
    assert not plan(scene).style.flat
    own = dataclasses.replace(scene, style=Style(text=(0.1, 0.1, 0.1)))
    flat = [
        cells_of([one], 1980)[0].plan.style.flat
        for one in (Shown(scene), Shown(scene, styled=True), Shown(own))
    ]
    assert flat == [True, False, False]


def test_a_figure_keeps_a_style_file(tmp_path):
    (tmp_path / "own.toml").write_text('base = "paper"\nroughness = 0.25\n')
    said = {"expression": "A", "matrices": {"A": {"values": [[1, 2]]}}, "look": {"style": "own.toml"}}
    scene = dataclasses.replace(scene_from(said), folder=str(tmp_path))
    assert cells_of([Shown(scene)], 600)[0].plan.style.roughness == 0.25


@pytest.mark.parametrize(
    "options, said",
    [({"tensor": "pattern"}, "say which layer"), ({"tensor": "patern", "layers": ["5"]}, 'has no "patern"')],
)
def test_what_cannot_be_shown_is_told(options, said):
    with pytest.raises(InputError, match=said):
        panels([CAPTURE], **options)
    with pytest.raises(InputError, match="only for captures"):
        panels([HEAD], tensor="pattern")
