"""The spotlight: the entries that a description points at stand out with those that make them; all else steps
back.

An entry of a product is made of a row of the left matrix and a column of the right matrix, so these are in
the spotlight too. A product in the cuboid is in the spotlight if both entries that it multiplies are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import InputError
from ..kinds.stage import Stage
from .camera.views import names_of
from .selections import ends_of, selections
from .timing.timeline import Move
from .writing.captions import labels_of

FADE_SECONDS = 0.4  # for all else to step back, and to come forward again
MOST_SPOTLIGHTS = 24  # spotlights of a film: each needs a bit of a number


@dataclass(frozen=True)
class Shine:
    """A spotlight of the film, with its `number` from 0. It comes up between the two frames `rise` and goes
    out between the two frames `fall`; without `fall` it stays on."""

    number: int
    rise: tuple[float, float]
    fall: tuple[float, float] | None = None

    def full(self, p: Any) -> tuple[float, float]:
        """The two frames between which it is fully on in the film of a plan."""
        return self.rise[1], self.fall[0] if self.fall else p.timeline.last_frame + 1.0


@dataclass(frozen=True)
class Lit:
    """Entries of a stage in the spotlight, from the first to the last of `rows` and `columns`. `pointed`: the
    description points at them; otherwise they make such entries. `raw`: their values before the epilogue."""

    stage: Stage
    rows: tuple[int, int]
    columns: tuple[int, int]
    pointed: bool = True
    raw: bool = False

    @property
    def single(self) -> bool:
        return self.rows[0] == self.rows[1] and self.columns[0] == self.columns[1]


@dataclass(frozen=True, eq=False)
class Spotlight:
    """All spotlights of a film. `parts` has the entries of each spotlight, by its number. `spots` has, by the
    name of a stage, whole numbers (rows, columns) with a bit for each spotlight that the entry is in.
    `shines` has the times of the spotlights, one after the other."""

    parts: tuple[tuple[Lit, ...], ...]
    spots: Mapping[str, np.ndarray]
    shines: tuple[Shine, ...]

    @property
    def rise(self) -> tuple[float, float]:
        """The two frames between which the last spotlight comes up."""
        return self.shines[-1].rise

    @property
    def last(self) -> tuple[Lit, ...]:
        """The entries of the last spotlight."""
        return self.parts[self.shines[-1].number]

    def during(self, start: float, end: float) -> Shine | None:
        """The last spotlight that is on between two frames, or None."""
        on = [each for each in self.shines if each.rise[1] < end and (not each.fall or start < each.fall[0])]
        return on[-1] if on else None

    def shining(self, frame: float) -> Shine | None:
        """The Shine that is all the way up at a frame, or None."""
        shine = self.during(frame - 0.5, frame + 0.5)
        return shine if shine and shine.rise[1] <= frame else None

    def lit(self, start: float, end: float, moves: Mapping[str, Move]) -> tuple[Lit, ...]:
        """The entries of the last spotlight that is on between two frames. `moves` are the sweeps of the
        matrices: entries of a matrix that changes in this time are not pointed at, because their numbers
        would not be true."""
        shine = self.during(start, end)
        if shine is None:
            return ()
        begin, end = shine.rise[1], min(end, shine.fall[0] if shine.fall else end)
        entries = []
        for entry in self.parts[shine.number]:
            move = moves.get(entry.stage.name)
            changes, raw = False, False
            if move:
                changes = move.start < end and begin < move.finished
                raw = changes and move.swept <= begin and end <= move.begins
            entries.append(replace(entry, raw=raw, pointed=entry.pointed and (raw or not changes)))
        return tuple(entries)

    def dim_keys(self, spared: str = "") -> list[tuple[float, float]]:
        """(frame, Dim): how far all else has stepped back. The stage `spared` does not step back while the
        spotlight is on a part of it."""
        keys: dict[float, float] = {}
        for shine in self.shines:
            begin, end = shine.rise
            most = 0.0 if any(lit.stage.name == spared for lit in self.parts[shine.number]) else 1.0
            keys |= {begin: 0.0, end: most} if begin < end else {end: most}
            if shine.fall:
                keys |= dict(zip(shine.fall, (most, 0.0), strict=True))
        return sorted(keys.items())

    def number_keys(self) -> list[tuple[float, float]]:
        """(frame, number of the spotlight that is on from this frame on)."""
        return [(shine.rise[0], float(shine.number)) for shine in self.shines]


def spotlight_of(p: Any) -> Spotlight | None:
    """The Spotlight of a plan's description, or None. It comes up when all its entries are finished. In a
    film of beats it comes up with the beats that have spotlights of their own, and the scene's with the last
    beat. Raises InputError for entries that do not exist."""
    if p.beats:
        return _of_beats(p)
    parts = parts_of(p, p.scene.spotlight, "spotlight")
    if not parts:
        return None
    names = {lit.stage.name for lit in parts} & p.timeline.moves.keys()
    finished = max((p.timeline.moves[name].finished for name in names), default=1.0)
    fade = min(FADE_SECONDS * p.scene.render.rate, max(0.0, p.timeline.ends - finished))
    return Spotlight((parts,), _spots(p, [parts]), (Shine(0, (finished, finished + fade)),))


def _of_beats(p: Any) -> Spotlight | None:
    """The Spotlight of a film of beats."""
    texts = [beat.beat.spotlight for beat in p.beats]
    texts[-1] = texts[-1] or p.scene.spotlight
    numbers = {text: n for n, text in enumerate(dict.fromkeys(text for text in texts if text))}
    if len(numbers) > MOST_SPOTLIGHTS:
        raise InputError(f"beats: {len(numbers)} spotlights are too many; the most is {MOST_SPOTLIGHTS}")
    parts = []
    for text in numbers:
        where = (
            "spotlight"
            if text not in [b.beat.spotlight for b in p.beats]
            else f"beats[{texts.index(text)}]: spotlight"
        )
        parts.append(parts_of(p, text, where))
    shines: list[Shine] = []
    fade = FADE_SECONDS * p.scene.render.rate
    for n, (text, beat) in enumerate(zip(texts, p.beats, strict=True)):
        if not text or (n and texts[n - 1] == text):
            continue
        last = next((m for m in range(n, len(texts)) if texts[m] != text), len(texts)) - 1
        begins, ends = beat.span, p.beats[last].end
        begin = max(begins.half if n and texts[n - 1] else begins.start, begins.arrived - fade)
        if n and _grows(parts, numbers, texts[n - 1 : n + 1]):
            begin = begins.arrived
        fall = None
        if last + 1 < len(texts):  # the next spotlight comes up in the second half of the time to it
            after = p.beats[last + 1].span
            fall = ends, min(ends + fade, after.half if texts[last + 1] else np.inf)
            if _grows(parts, numbers, texts[last : last + 2]):
                fall = after.arrived, after.arrived
        shines.append(Shine(numbers[text], (begin, begins.arrived), fall))
    return Spotlight(tuple(parts), _spots(p, parts), tuple(shines)) if shines else None


def _grows(parts, numbers, texts):
    """Whether the second of two spotlights has all that is in the first: then nothing goes out between
    them."""
    before, after = (set(parts[numbers[text]]) if text else set() for text in texts)
    return bool(before) and before <= after


def parts_of(p: Any, text: str, where: str) -> tuple[Lit, ...]:
    """The entries that a text points at, and those that make them. In a matrix that the text points at, only
    the pointed entries are lit. A whole matrix lights nothing else: all that makes it would stand out, and
    what the text leaves out could not step back. Raises InputError, which begins with `where`."""
    pointed = [lit for _, lit in pointed_at(p, text, where)]
    named = {lit.stage for lit in pointed}
    parts = [made for lit in pointed for made in (lit, *(m for m in _makers(p, lit) if m.stage not in named))]
    return tuple(dict.fromkeys(parts))


def pointed_at(p: Any, text: str, where: str) -> Iterator[tuple[str, Lit]]:
    """(text, entries) of each selection in a text. Raises InputError, which begins with `where`, for a matrix
    that is not drawn, and for rows, columns or tokens that do not exist."""
    drawn = [plane.stage for plane in p.arrangement.seen]
    for selection in selections(text, names_of(drawn), where):
        place = f'{where}: "{selection.text}"'
        for stage in dict.fromkeys(drawn):
            if selection.name in (stage.name, stage.of):
                row_labels, column_labels = labels_of(p, stage)
                rows, columns = p.evaluation[stage].shape
                rows = ends_of(selection.rows, row_labels, rows, "row", place)
                columns = ends_of(selection.columns, column_labels, columns, "column", place)
                yield selection.text, Lit(stage, rows, columns)


def _makers(p: Any, lit: Lit) -> Iterator[Lit]:
    """The entries of a stage's operands that make the lit ones, unless these are the whole stage."""
    rows, columns = p.evaluation[lit.stage].shape
    if (lit.rows, lit.columns) == ((0, rows - 1), (0, columns - 1)):
        return
    sides = [values.shape for values in p.evaluation.sides(lit.stage)]
    along = {"i": lit.rows, "j": lit.columns}
    for n, operand in enumerate(lit.stage.operands):
        ends = [
            along[axis] if axis in along and length > 1 else (0, length - 1)
            for axis, length in zip(lit.stage.axes(n, sides), sides[n], strict=True)
        ]
        rows, columns = operand.turned(tuple(ends))
        yield Lit(operand.stage, rows, columns, pointed=False)


def _spots(p: Any, parts: Iterable[Iterable[Lit]]) -> dict[str, np.ndarray]:
    spots: dict[str, np.ndarray] = {}
    for n, entries in enumerate(parts):
        for lit in entries:
            (top, bottom), (left, right) = lit.rows, lit.columns
            bits = spots.setdefault(lit.stage.name, np.zeros(p.evaluation[lit.stage].shape, np.int32))
            bits[top : bottom + 1, left : right + 1] |= 1 << n
    return spots
