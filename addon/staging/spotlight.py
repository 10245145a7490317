"""The spotlight: which entries of each matrix make what a description points at, while all else steps back.

An entry of a product is made of a row of its left and a column of its right matrix, and so these are in the
spotlight with it; a product within the cuboid is in it where both entries that it multiplies are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..kinds.stage import Stage
from .camera.views import names_of
from .selections import ends_of, selections
from .writing.captions import labels_of

FADE_SECONDS = 0.4  # in which all else steps back, and in which it comes forward again
MOST = 24  # spotlights of a film: one bit of a number each


@dataclass(frozen=True)
class Shine:
    """One spotlight of the film, by its `number` from 0, comes up between the two frames `rise`, and goes out
    between the two of `fall`; without these it stays."""

    number: int
    rise: tuple[float, float]
    fall: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Spotlight:
    """`spots` say in which spotlights the entries of a stage are, by its name: whole numbers (rows, columns)
    with a bit for each spotlight. `shines` are when they are on, one after the other."""

    spots: Mapping[str, np.ndarray]
    shines: tuple[Shine, ...]

    @property
    def rise(self) -> tuple[float, float]:
        """The two frames between which the last one comes up."""
        return self.shines[-1].rise

    def dim_keys(self, most: float = 1.0) -> list[tuple[float, float]]:
        """(frame, Dim): how far all else has stepped back, at most `most`."""
        keys = {}
        for shine in self.shines:
            begin, end = shine.rise
            keys |= {begin: 0.0, end: most} if begin < end else {end: most}
            if shine.fall:
                keys |= dict(zip(shine.fall, (most, 0.0), strict=True))
        return sorted(keys.items())

    def number_keys(self) -> list[tuple[float, float]]:
        """(frame, Spotlight): which spotlight is on from that frame on."""
        return [(shine.rise[0], float(shine.number)) for shine in self.shines]


def spotlight_of(p) -> Spotlight | None:
    """The Spotlight of a plan's description, None where it has none. It comes up when all that it is on is
    finished; in a film of beats, with the beats that have one of their own, and that of the scene with the
    last beat. Raises InputError for what is not there."""
    if p.beats:
        return _of_beats(p)
    found = spots_of(p, p.scene.spotlight, "spotlight")
    if not found:
        return None
    finished = max(
        (p.timeline.moves[name].finished for name in found if name in p.timeline.moves), default=1.0
    )
    fade = min(FADE_SECONDS * p.scene.render.rate, max(0.0, p.timeline.last_frame - finished))
    return Spotlight(found, (Shine(0, (finished, finished + fade)),))


def _of_beats(p) -> Spotlight | None:
    """The Spotlight of a film of beats."""
    texts = [one.beat.spotlight for one in p.beats]
    texts[-1] = texts[-1] or p.scene.spotlight
    numbers = {text: n for n, text in enumerate(dict.fromkeys(text for text in texts if text))}
    if len(numbers) > MOST:
        raise InputError(f"beats: {len(numbers)} spotlights are too many; the most is {MOST}")
    spots: dict[str, np.ndarray] = {}
    for text, n in numbers.items():
        where = (
            "spotlight"
            if text not in [b.beat.spotlight for b in p.beats]
            else f"beats[{texts.index(text)}]: spotlight"
        )
        for name, one in spots_of(p, text, where).items():
            spots[name] = spots.get(name, 0) + (one.astype(np.int32) << n)
    shines: list[Shine] = []
    fade = FADE_SECONDS * p.scene.render.rate
    for n, (text, one) in enumerate(zip(texts, p.beats, strict=True)):
        if not text or (n and texts[n - 1] == text):
            continue
        last = next((m for m in range(n, len(texts)) if texts[m] != text), len(texts)) - 1
        rise, end = one.span.arrived, p.beats[last].end
        fall = None if last + 1 == len(texts) else (end, end + fade)
        shines.append(Shine(numbers[text], (rise, rise + fade), fall))
    return Spotlight(spots, tuple(shines)) if shines else None


def spots_of(p, text: str, where: str) -> dict[str, np.ndarray]:
    """Which entries a text points at, and what makes these, by a stage's name: booleans (rows, columns)."""
    drawn = [plane.stage for plane in p.arrangement.planes if not p.hidden(plane.stage)]
    spots: dict[str, np.ndarray] = {}
    for one in selections(text, names_of(drawn), where):
        at = f'{where}: "{one.text}"'
        for stage in dict.fromkeys(drawn):
            if one.name in (stage.name, stage.of):
                row_labels, column_labels = labels_of(p, stage)
                rows, columns = p.evaluation[stage].shape
                ends = (
                    ends_of(one.rows, row_labels, rows, "row", at),
                    ends_of(one.columns, column_labels, columns, "column", at),
                )
                _point_at(p, stage, ends, spots)
    return spots


def _point_at(p, stage: Stage, ends, spots):
    """Add to `spots` the entries of a stage between the ends, and what of its operands these are made of."""
    _add(spots, stage, p.evaluation[stage].shape, ends)
    sides = [values.shape for values in p.evaluation.sides(stage)]
    for n, operand in enumerate(stage.operands):
        along = dict(zip("ij", ends, strict=True))
        own = [
            along[axis] if axis in along and length > 1 else (0, length - 1)
            for axis, length in zip(stage.axes(n, sides), sides[n], strict=True)
        ]
        _add(spots, operand.stage, p.evaluation[operand.stage].shape, operand.turned(own))


def _add(spots, stage, shape, ends):
    (top, bottom), (left, right) = ends
    spots.setdefault(stage.name, np.zeros(shape, bool))[top : bottom + 1, left : right + 1] = True
