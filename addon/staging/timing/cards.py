"""The times of a film's cards: one before the scene, which then begins later, and one after it."""

from dataclasses import replace

from ...description.scene import Cards, Scene
from ...errors import InputError
from .beats import Span
from .timeline import Timeline, check_length, retimed

LONGEST_CARD_TEXT = 200  # letters of a text on a card


def between_cards(scene: Scene) -> Scene:
    """The description with its `total_seconds` less the time of its cards. Raises InputError if nothing is
    left, for cards without text or with too much text, and for cards in a film that repeats."""
    taken = sum(frames_of(scene.cards, scene.render.rate)) / scene.render.rate
    if not taken:
        return scene
    _check(scene)
    if not scene.animation.total_seconds:
        return scene
    left = scene.animation.total_seconds - taken
    if left * scene.render.rate < 1.0:
        raise InputError(
            f"animation: total_seconds: the cards alone take {taken:g} seconds; give more, or cards less time"
        )
    return replace(scene, animation=replace(scene.animation, total_seconds=left))


def _check(scene):
    cards = scene.cards
    if scene.animation.loop_seconds:
        raise InputError("cards: a film that repeats has none; leave out the cards, or loop_seconds")
    if cards.title and not scene.title.strip():
        raise InputError('cards: title: the card has the title of the scene, which has none; say title = "…"')
    if cards.end and not (cards.source.strip() or cards.credit.strip()):
        raise InputError('cards: end: the card says nothing; say its source = "…" or credit = "…"')
    said = {"title": scene.title, "cards: subtitle": cards.subtitle} if cards.title else {}
    said |= {"cards: source": cards.source, "cards: credit": cards.credit} if cards.end else {}
    for where, text in said.items():
        if len(text) > LONGEST_CARD_TEXT:
            raise InputError(
                f"{where}: {len(text):,} letters are too many for a card; the most is {LONGEST_CARD_TEXT}"
            )


def frames_of(cards: Cards, rate: float) -> tuple[int, int]:
    """(frames of the title card, frames of the end card) at a frame rate; 0 for a missing card."""
    before = max(1, round(cards.title_seconds * rate)) if cards.title else 0
    after = max(1, round(cards.end_seconds * rate)) if cards.end else 0
    return before, after


def with_cards(film: Timeline, scene: Scene) -> Timeline:
    """The timeline with the scene between its cards. Raises InputError for too many frames."""
    rate = scene.render.rate
    before, after = frames_of(scene.cards, rate)
    last = film.last_frame + before + after
    check_length(last, scene.animation, rate)
    moves = {name: retimed(move, lambda frame: frame + before) for name, move in film.moves.items()}
    return Timeline(moves, last, film.done + before, before, after)


def later_span(span: Span, frames: float) -> Span:
    """The span of a beat, so many frames later."""
    return Span(span.start + frames, span.arrived + frames, span.end + frames)
