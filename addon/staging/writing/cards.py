"""The text of a film's cards: the title card before its scene, the end card after it.

Lines stand in the middle of the frame, under one another. Lengths are in heights of the frame.
"""

from dataclasses import dataclass
from typing import Any

from .items import Text
from .typesetter import film_type, narrowness

TITLE, SUBTITLE = 0.085, 0.042  # sizes of type
SOURCE_SIZE, CREDIT_SIZE = 0.046, 0.036
WIDEST_CARD, TALLEST_CARD = 0.82, 0.76  # of the frame
CARD_LEADING, CARD_GAP = 1.3, 0.9  # from line to line, and more between what is said apart, in sizes of type
CARD_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)


@dataclass(frozen=True, eq=False)
class Card:
    """The `lines` of a card that stands from its first frame until the frame `end`."""

    lines: tuple[Text, ...]
    start: float
    end: float


def cards_of(p: Any, aspect: float) -> tuple[Card, ...]:
    """The cards of a plan's film on a frame of this `aspect`, width to height."""
    cards, film, made = p.scene.cards, p.timeline, []
    if film.before:
        said = [(p.scene.title, TITLE, False), (cards.subtitle, SUBTITLE, True)]
        made.append(Card(_set(p, aspect, said), 0.0, float(film.begins)))
    if film.after:
        said = [(cards.source, SOURCE_SIZE, False), (cards.credit, CREDIT_SIZE, True)]
        made.append(Card(_set(p, aspect, said), film.ends + 1.0, film.last_frame + 1.0))
    return tuple(made)


def _set(p: Any, aspect: float, said: list[tuple[str, float, bool]]) -> tuple[Text, ...]:
    """The lines of texts (text, size, whether soft) under one another, in the largest type that fits."""
    for scale in CARD_SCALES:
        lines = _lines(p, aspect, scale * narrowness(aspect), said)
        high = lines[0].y + lines[0].high - lines[-1].y - lines[-1].low
        if high <= TALLEST_CARD and max(line.width for line in lines) <= WIDEST_CARD * aspect:
            break
    return tuple(lines)


def _lines(p: Any, aspect: float, scale: float, said: list[tuple[str, float, bool]]) -> list[Text]:
    """The lines in type of this scale."""
    type, room, y = film_type(p.typeface, scale, narrow=0.0), WIDEST_CARD * aspect, 0.0
    rows: list[tuple[str, float, float, bool]] = []
    for text, size, soft in said:
        parts = [type.wrapped(" ".join(part.split()), size, room) for part in text.splitlines()]
        for n, words in enumerate(words for part in parts for words in part):
            if rows:
                y -= type.sized(size) * (CARD_LEADING if n else CARD_LEADING + CARD_GAP)
            rows.append((words, y, size, soft))
    middle = 0.5 * (rows[0][1] + type.sized(rows[0][2]) * 0.7 + rows[-1][1])
    return [
        type.line(
            p.typeface.shown(words, room / type.sized(size)), 0.5 * aspect, 0.5 + y - middle, size,
            "CENTER", kind="card", soft=soft,
        )
        for words, y, size, soft in rows
    ]  # fmt: skip
