"""The beats of a film with their times: the caption of each, with its numbers, what it shows, and its
frames."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ...description.scene import Beat
from ...errors import InputError, nearest
from ...kinds.stage import Stage, stages_of
from ..camera.views import family_of, names_of, parts_of, subjects_of
from ..selections import SHOWN_LETTERS, ends_of, selections
from ..timing.beats import BEFORE_END, EPILOGUE, SUMS, Pace, Span, beats_timeline
from ..timing.timeline import Timeline
from ..why import Why, why_of
from ..writing.captions import labels_of
from .caption_numbers import with_numbers

if TYPE_CHECKING:  # plans have beats
    from ..plan import Plan


@dataclass(frozen=True, eq=False)
class TimedBeat:
    """A beat with its frames.

    `number` counts from 1; `text` is the caption, `why` the entry that is explained, or None. `shows` are
    names of subjects of the camera (none: everything). `there` are the names of the visible matrices: a
    matrix appears with the first beat that shows or makes it. At the frame `told_at` everything in the beat
    is there. `presents` is the matrix that steps out, or ""."""

    number: int
    beat: Beat
    text: str
    shows: tuple[str, ...]
    span: Span
    there: frozenset[str]
    told_at: int
    why: Why | None = None

    @property
    def presents(self) -> str:
        return self.beat.present

    @property
    def start(self) -> float:
        return self.span.start

    @property
    def end(self) -> float:
        return self.span.end


def told(p: "Plan", beats: Sequence[Beat]) -> tuple[Timeline, tuple[TimedBeat, ...]]:
    """(the timeline of a plan's film with these beats, the beats with text and frames). Raises InputError for
    names that do not exist."""
    matrices, subjects = names_of([plane.stage for plane in p.arrangement.planes]), subjects_of(p.arrangement)
    texts, shows, paces, whys = [], [], [], []
    for n, beat in enumerate(beats):
        where = f"beats[{n}]: "
        say = f"{where}say"
        texts.append(with_numbers(beat.say, partial(number_at, p, where=say), say))
        shows.append(tuple(named(beat.show, subjects, f"{where}show")))
        whys.append(why_of(p, beat.why, f"{where}why"))
        if beat.present and beat.present not in matrices:
            hint = nearest(beat.present[:SHOWN_LETTERS], matrices, "names")
            raise InputError(f'{where}present: nothing is named "{beat.present[:SHOWN_LETTERS]}"; {hint}')
        looks = [(beat.show, beat.view, beat.present, beat.why) for beat in beats[max(n - 1, 0) : n + 1]]
        travels = looks[0] != looks[-1]
        paces.append(Pace(len(texts[-1]), beat.seconds, *runs_of(p.root, beat.run, f"{where}run"), travels))
    made, spans = beats_timeline(p.root, p.sweeps, paces, p.scene.animation, p.scene.render.rate)
    there = _there(p, beats, shows, made, spans)
    told_at = [_told_at(beat, span, p.scene.render.rate) for beat, span in zip(beats, spans, strict=True)]
    every = zip(beats, texts, shows, spans, there, told_at, whys, strict=True)
    return made, tuple(TimedBeat(n, *parts) for n, parts in enumerate(every, start=1))


def _told_at(beat: Beat, span: Span, rate: float) -> int:
    """The frame at which everything in a beat is there, and nothing has gone yet. For a matrix that steps
    out, it is the middle of the beat."""
    frame = 0.5 * (span.arrived + span.end) if beat.present else span.end - BEFORE_END * rate
    return max(1, round(max(frame, span.arrived)))


def _there(
    p: "Plan", beats: Sequence[Beat], shows: Sequence[tuple[str, ...]], made: Timeline, spans: Sequence[Span]
) -> list[frozenset[str]]:
    """For each beat, the names of the visible matrices."""
    arrangement, every = p.arrangement, {plane.stage.name for plane in p.arrangement.planes}
    stages = {stage.name: stage for stage in stages_of(p.root)}
    there: list[frozenset[str]] = []
    for n, (beat, names, span) in enumerate(zip(beats, shows, spans, strict=True)):
        now = set(there[-1]) if there else set()
        for name in (*names, *([beat.present] if beat.present else [])):
            now |= {part.stage.name for part in parts_of(arrangement, name)}
        for name, move in made.moves.items():
            runs = span.start < move.finished and move.start < span.end and move.finished > 1.0
            if runs and not _waits(stages[name], names):
                now |= {part.stage.name for part in family_of(arrangement, name)}
        there.append(
            frozenset(every if not names and not beat.present or n + 1 == len(beats) else now & every)
        )
    return there


def _waits(made: Stage, shows: Sequence[str]) -> bool:
    """Whether a result of one of several heads waits until the camera shows more than the heads that a beat
    `shows` by their numbers."""
    alone = {found[0] for name in shows if (found := re.search(r"\[\d+(, \d+)*\]", name))}
    return bool(alone and made.of) and made.name.removeprefix(made.of) not in alone


def arrivals(beats: Sequence[TimedBeat]) -> dict[str, tuple[float, float]]:
    """name -> the two frames between which the matrix appears, for matrices that are not there from the
    start."""
    frames: dict[str, tuple[float, float]] = {}
    for before, beat in zip(beats, beats[1:], strict=False):
        for name in beat.there - before.there:
            frames[name] = beat.start, beat.span.arrived
    return frames


def named(text: str, known: Iterable[str], where: str) -> list[str]:
    """The known names in a text, separated by ","; a name may contain commas itself. Raises InputError."""
    known, names, position = sorted(known, key=len, reverse=True), [], 0
    part = re.compile(rf"\s*({'|'.join(map(re.escape, known))})\s*(?:,|$)")
    while text[position:].strip():
        found = part.match(text, position)
        if not found:
            wrong = text[position:].partition(",")[0].strip()[:SHOWN_LETTERS]
            raise InputError(f'{where}: nothing is named "{wrong}"; {nearest(wrong, known, "names")}')
        names.append(found[1])
        position = found.end()
    return list(dict.fromkeys(names))


def runs_of(root: Stage, text: str, where: str) -> tuple[frozenset[str], frozenset[str]]:
    """(results whose sums a beat runs by this text, results whose epilogue it runs). Raises InputError."""
    made = [stage for stage in stages_of(root) if stage.operands]
    parts = {f"{name}{part}": (name, part) for name in names_of(made) for part in ("", SUMS, EPILOGUE)}
    sums, epilogue = set(), set()
    for written in named(text, parts, where):
        name, part = parts[written]
        stages = [stage for stage in made if name in (stage.name, stage.of)]
        if part == EPILOGUE and not any(stage.epilogue for stage in stages):
            raise InputError(f'{where}: "{name}" has no epilogue; run "{name}" alone')
        sums |= {stage.name for stage in stages if part != EPILOGUE}
        epilogue |= {stage.name for stage in stages if part != SUMS and stage.epilogue}
    return frozenset(sums), frozenset(epilogue)


def number_at(p: "Plan", entry: str, where: str) -> float:
    """The number that a text such as "attn[it, animal]" points at; "attn sums[…]" is the number before the
    epilogue. Raises InputError unless it is exactly one number."""
    stages = {stage.name: stage for stage in stages_of(p.root)}
    names = [*stages, *(f"{name}{SUMS}" for name, stage in stages.items() if stage.operands)]
    selected = selections(entry, names, where)
    shown = entry[:SHOWN_LETTERS]
    if len(selected) != 1:
        raise InputError(f'{where}: "{shown}" is not one entry, such as {next(iter(stages))}[0, 0]')
    name, raw = (
        selected[0].name.removesuffix(SUMS),
        selected[0].name.endswith(SUMS) and selected[0].name not in stages,
    )
    values, place = p.evaluation[name], f'{where}: "{selected[0].text}"'
    labels = labels_of(p, stages[name])
    rows = ends_of(selected[0].rows, labels[0], values.shape[0], "row", place)
    columns = ends_of(selected[0].columns, labels[1], values.shape[1], "column", place)
    if rows[0] != rows[1] or columns[0] != columns[1]:
        raise InputError(f"{place} is more than one entry; a caption takes one number")
    if values.mask is not None and not values.mask[rows[0], columns[0]]:
        raise InputError(f"{place} is masked: there is no number")
    return float((values.raw if raw else values.final)[rows[0], columns[0]])
