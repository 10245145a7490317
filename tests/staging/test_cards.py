"""Cards before and after a film: when they stand, what they say, and that the scene comes between them."""

import dataclasses

import numpy as np
import pytest
from from_tables import scene_from
from matrix_cinema.cli.commands import _source as source_of
from matrix_cinema.cli.parser import parser
from matrix_cinema.description.scene import Cards, from_json, to_json, to_toml
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.caption_track import captions_of, with_cards
from matrix_cinema.picture.drawing import film_of
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.cards import cards_of

CARDS = {"title": True, "subtitle": "of a few numbers", "title_seconds": 2.0}
CARDS |= {"end": True, "source": "a test", "credit": "made here", "end_seconds": 1.0}
BEATS = [{"say": "first", "show": "A"}, {"say": "then", "run": "C", "spotlight": "C[0, 0]"}]


def described(cards, **tables):
    one = {"values": [[1.0, 2.0], [3.0, 4.0]]}
    tables = {"title": "A title", "render": {"fps": 10}, "cards": cards} | tables
    return scene_from({"expression": "C = A @ B", "matrices": {"A": one, "B": one}} | tables)


def times(move):
    return np.array([move.start, move.swept, move.finished, move.settled])


@pytest.mark.parametrize("told", [{}, {"beats": BEATS}, {"camera": {"move": "crane"}}])
def test_the_scene_comes_between_the_cards_as_it_is_without_them(told):
    bare, p = plan(described({}, **told)), plan(described(CARDS, **told))
    film = p.timeline
    assert (film.before, film.after, film.begins) == (20, 10, 21)
    assert film.last_frame == bare.timeline.last_frame + 30 and film.ends == bare.timeline.ends + 20
    assert film.done == bare.timeline.done + 20
    np.testing.assert_allclose(times(film.moves["C"]), times(bare.timeline.moves["C"]) + 20)
    assert [one.told_at for one in p.beats] == [one.told_at + 20 for one in bare.beats]
    if p.spotlight:
        assert p.spotlight.rise[1] == bare.spotlight.rise[1] + 20
    with_them, without = film_of(p).shot, film_of(bare).shot
    for frame in np.linspace(1, bare.timeline.last_frame, 7):
        np.testing.assert_allclose(with_them.pose(frame + 20), without.pose(frame), atol=1e-9)
    for frame in (1, 20, film.ends + 1, film.last_frame):  # nothing moves behind a card
        still = with_them.pose(np.clip(frame, film.begins, film.ends))
        np.testing.assert_allclose(with_them.pose(frame), still, atol=1e-9)


@pytest.mark.parametrize("move", ["orbit", "push_in", "follow", "visit", "crane"])
def test_no_camera_moves_behind_a_card(move):
    shot = film_of(plan(described(CARDS, camera={"move": move}))).shot
    assert shot.keys[0].frame >= 21.0


def test_a_film_has_no_cards_unless_asked_for():
    assert plan(described({"subtitle": "x", "credit": "y"})).timeline.before == 0
    assert film_of(plan(described({}))).cards == ()


def test_the_length_of_a_film_counts_its_cards():
    film = plan(described(CARDS, animation={"total_seconds": 8.0})).timeline
    assert film.last_frame == 80 and film.ends == 70
    with pytest.raises(InputError, match="total_seconds: the cards alone take 3 seconds"):
        plan(described(CARDS, animation={"total_seconds": 3.0}))


@pytest.mark.parametrize("aspect", [16 / 9, 1.0, 9 / 16])
def test_all_that_cards_say_stands_in_the_middle_of_the_frame(aspect):
    long = described(CARDS | {"source": "word " * 40, "credit": "one\ntwo"}, title="long " * 39 + "title")
    for card in cards_of(plan(long), aspect):
        boxes = np.array([line.box for line in card.lines])
        left, low, right, high = *boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)
        assert left >= 0.05 * aspect and right <= 0.95 * aspect and low >= 0.08 and high <= 0.92
        np.testing.assert_allclose([left + right, low + high], [aspect, 1.0], atol=0.05)
        assert (boxes[:-1, 1] > boxes[1:, 3]).all()  # each line is above the next one
        assert " ".join(line.text for line in card.lines[:-1]).strip()
    first, second = cards_of(plan(described(CARDS)), aspect)
    assert [line.text for line in first.lines] == ["A title", "of a few numbers"]
    assert [line.text for line in second.lines] == ["a test", "made here"]


@pytest.mark.parametrize(
    ("cards", "tables", "said"),
    [
        ({"title": True}, {"title": " "}, "cards: title: .* the scene, which has none"),
        ({"end": True}, {}, "cards: end: the card says nothing"),
        ({"title": True}, {"title": "x" * 201}, "title: 201 letters are too many for a card"),
        ({"title": True, "subtitle": "x" * 300}, {}, "cards: subtitle: 300 letters"),
        (CARDS, {"animation": {"loop_seconds": 1.0}}, "cards: a film that repeats has none"),
    ],
)
def test_cards_that_cannot_be_are_refused(cards, tables, said):
    with pytest.raises(InputError, match=said):
        plan(described(cards, **tables))


def test_chapters_have_the_cards_and_captions_come_after_them():
    p = plan(described(CARDS, beats=BEATS))
    beats = [(one.text, one.start, one.end) for one in p.beats]
    spoken = captions_of(beats, 1, p.timeline.last_frame, 10.0)
    assert spoken[0].start == 2.0 and spoken[-1].end == pytest.approx(p.timeline.ends / 10, abs=0.1)
    chapters = captions_of(with_cards(beats, p), 1, p.timeline.last_frame, 10.0)
    assert [one.text for one in chapters] == ["A title", "first", "then", "made here"]
    assert [one.start for one in chapters[:2]] == [0.0, 2.0]
    assert chapters[-1].start == p.timeline.ends / 10
    assert with_cards([], plan(described(CARDS))) == []  # a film without beats has no parts


def test_the_command_line_asks_for_cards(tmp_path):
    place, blend = tmp_path / "scene.toml", tmp_path / "scene.blend"
    place.write_text(to_toml(described({"subtitle": "of the file"})))
    blend.write_bytes(b"BLENDER")
    for words, cards in (
        ([], Cards(subtitle="of the file")),
        (["--title-card"], Cards(title=True, subtitle="of the file")),
        (["--subtitle", "mine"], Cards(title=True, subtitle="mine")),
        (["--end-card"], Cards(end=True, subtitle="of the file")),
        (["--source", "s", "--credit", "c"], Cards(False, True, "of the file", "s", "c")),
    ):
        for command in ("render", "build", "farm"):
            asked = parser().parse_args([command, str(place), "-o", "out", *words])
            assert source_of(asked).description.cards == cards
    built = source_of(parser().parse_args(["render", str(blend), "--title-card"]))
    assert built.description is None and built.instead == {"cards": {"title": True}}


def test_a_built_scene_carries_its_cards():
    scene = described(CARDS)
    assert dataclasses.replace(from_json(to_json(scene)), folder=scene.folder) == scene
