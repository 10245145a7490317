"""Caption tracks: the captions of a film's beats, as SubRip (.srt) or WebVTT (.vtt).

SubRip has no specification; players agree on a number, a line with times, and lines of text. WebVTT is
specified in https://www.w3.org/TR/webvtt1/.
"""

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ..staging.plan import Plan

Beat = tuple[str, float, float]  # text, first frame, end
LINE_LETTERS = 42  # letters; subtitles have up to two lines of about as many


@dataclass(frozen=True)
class Caption:
    """A text that is shown from `start` until `end`, in seconds of the film."""

    text: str
    start: float
    end: float


def captions_of(beats: Sequence[Beat], first: int, last: int, rate: float) -> list[Caption]:
    """The captions of a film with the frames `first` to `last`, `rate` of them a second. Each of `beats` has
    a text, its first frame and its end. Beats without a text, or outside these frames, have no caption."""
    made = []
    for text, start, end in beats:
        begin, stop = (min(max(at, first), last + 1) - first for at in (start, end))
        if text.strip() and stop > begin:
            made.append(Caption(" ".join(text.split()), begin / rate, stop / rate))
    return made


def with_cards(beats: Sequence[Beat], p: Plan) -> list[Beat]:
    """The beats of a film with its cards before and after them; [] for a film without beats."""
    film, cards = p.timeline, p.scene.cards
    before = [(p.scene.title, 1.0, float(film.begins))] if film.before else []
    after = [(cards.credit or cards.source, film.ends + 1.0, film.last_frame + 1.0)] if film.after else []
    return [*before, *beats, *after] if beats else []


def srt(captions: Sequence[Caption]) -> str:
    """The track as SubRip."""
    blocks = [
        f"{n}\n{_time(one.start, ',')} --> {_time(one.end, ',')}\n{_lines(one.text)}\n"
        for n, one in enumerate(captions, 1)
    ]
    return "\n".join(blocks)


def vtt(captions: Sequence[Caption]) -> str:
    """The track as WebVTT; `&`, `<` and `>` are written as WebVTT requires."""
    blocks = [
        f"{_time(one.start, '.')} --> {_time(one.end, '.')}\n{html.escape(_lines(one.text), quote=False)}\n"
        for one in captions
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _time(seconds: float, point: str) -> str:
    """A time as 01:02:03,456. It is rounded only here, so that a caption ends exactly where the next
    begins."""
    thousandths = round(1000 * seconds)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def _lines(text: str) -> str:
    return "\n".join(textwrap.wrap(text, LINE_LETTERS, break_long_words=False)) or text
