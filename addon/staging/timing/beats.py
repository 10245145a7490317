"""The times of a film of beats: each beat lasts long enough to be read, and for the sweeps that run in it.

A result that no beat runs is finished from the start. But if it uses a result that a beat runs, it is made in
that beat too, after that result.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...description.scene import Animation
from ...errors import InputError
from ...kinds.stage import Stage, stages_of
from ...kinds.sweep import Sweep
from .timeline import Move, Timeline, check_length, check_rests, retimed, stretched

SUMS, EPILOGUE = " sums", " epilogue"  # after the name of a result: only its sweep, only its epilogue
LETTERS = 15.0  # letters of a caption that a person reads in a second
LEAST_SECONDS = 2.0  # seconds of a beat
TRAVEL = 0.8  # seconds for the camera to travel to a beat, before something runs
STANDING = 0.4  # seconds before something runs if the camera need not travel
REST_SECONDS = 0.5  # seconds to look at the result
BEFORE_END = 0.25  # seconds before the end of a beat at which everything in it is there
SETTLING_SECONDS = 0.4  # seconds, at most, in which products step back
FROM_THE_START = Move(0.0, 0.0, 0.0, 1.0, 1)


@dataclass(frozen=True)
class Pace:
    """The demands of a beat on its time: the letters of its caption, its own seconds (0: automatic), the
    results whose `sums` and whose `epilogue` run in it, and whether the camera `travels` to it."""

    letters: int
    seconds: float = 0.0
    sums: frozenset[str] = frozenset()
    epilogue: frozenset[str] = frozenset()
    travels: bool = True


@dataclass(frozen=True)
class Span:
    """The frames of a beat, from `start` until `end`; at `arrived` the camera has arrived."""

    start: float
    arrived: float
    end: float

    @property
    def half(self) -> float:
        """The frame at which the camera is half way."""
        return 0.5 * (self.start + self.arrived)


def beats_timeline(
    root: Stage, sweeps: Mapping[str, Sweep], paces: Sequence[Pace], animation: Animation, fps: float
) -> tuple[Timeline, list[Span]]:
    """(the timeline of every result under `root`, the Span of each beat). `sweeps` maps a result's name to
    its Sweep. Raises InputError for an order in which a result would be made before its operands, and for
    options that a film of beats cannot have."""
    for name in ("fuse", "loop_seconds"):
        if getattr(animation, name) not in ("none", 0.0):
            raise InputError(f"animation: {name}: a film in beats has none; leave it out, or the beats")
    check_rests(sweeps, animation)
    work = _Beats(root, sweeps, animation, fps)
    beats = _completed(root, sweeps, paces)
    spans = [work.beat(n, pace, last=n + 1 == len(beats)) for n, pace in enumerate(beats)]
    last = spans[-1].end
    wanted = animation.total_seconds * fps
    check_length(wanted or last, animation, fps)
    moves = work.moves
    if wanted > 1.0:
        factor = (wanted - 1.0) / (last - 1.0)
        moves = {name: stretched(move, factor) for name, move in moves.items()}
        spans = [Span(*(1.0 + (at - 1.0) * factor for at in (s.start, s.arrived, s.end))) for s in spans]
    last = max(1, round(spans[-1].end))
    return Timeline({name: moves[name] for name in sweeps}, last, last), spans


def _completed(root: Stage, sweeps: Collection[str], paces: Sequence[Pace]) -> list[Pace]:
    """The beats with everything that has to run in them. An epilogue that no beat runs follows its sweep at
    once. A result that no beat runs, but that uses a result of a beat, runs in that beat. Raises InputError
    for an impossible order."""
    swept, finished = _told(paces, "sums"), _told(paces, "epilogue")
    ready: dict[str, int] = {}  # stage -> the beat in which it is finished; −1: from the start
    for stage in stages_of(root):
        needs = max((ready[operand.stage.name] for operand in stage.operands), default=-1)
        name = stage.name
        if name not in sweeps:
            ready[name] = needs
            continue
        needed = swept.get(name, needs)
        if needed < needs:
            late = next(o.stage.name for o in stage.operands if ready[o.stage.name] > needed)
            raise InputError(
                f'beats[{needed}]: run: "{name}" is made of "{late}", which is only run in beats[{needs}]; '
                f'run "{late}" before'
            )
        ends = finished.get(name, needed)
        if ends < needed:
            raise InputError(
                f'beats[{ends}]: run: the epilogue of "{name}" comes before its sums, in beats[{needed}]; '
                "run it in that beat or later"
            )
        if needed >= 0:
            swept[name] = needed
        if stage.epilogue and ends >= 0:
            finished[name] = ends
        ready[name] = max(needed, ends)
    return [
        replace(
            pace,
            sums=frozenset(name for name, beat in swept.items() if beat == n),
            epilogue=frozenset(name for name, beat in finished.items() if beat == n),
        )
        for n, pace in enumerate(paces)
    ]


def _told(paces, part):
    """The beat in which a part, sums or epilogue, of each result runs. Raises InputError if it runs twice."""
    told: dict[str, int] = {}
    for n, pace in enumerate(paces):
        for name in sorted(getattr(pace, part)):
            if name in told:
                raise InputError(
                    f'beats[{n}]: run: "{name}" was run already, in beats[{told[name]}]; run it once'
                )
            told[name] = n
    return told


class _Beats:
    """Lays out the moves, beat by beat. `now` is the frame at which the next beat begins."""

    def __init__(self, root, sweeps, animation, fps):
        self.stages, self.sweeps = stages_of(root), sweeps
        self.products = {stage.name for stage in self.stages if stage.has_interior}
        self.animation, self.fps, self.now = animation, fps, 1.0
        self.moves = {}
        for name, sweep in sweeps.items():
            self.moves[name] = replace(FROM_THE_START, steps=max(1, sweep.steps))

    def beat(self, n: int, pace: Pace, last: bool) -> Span:
        """Lay out one beat. Returns its span."""
        start = self.now
        travel = (TRAVEL if n and pace.travels else STANDING) * self.fps
        reading = max(LEAST_SECONDS, pace.letters / LETTERS) * self.fps
        self.ready: dict[str, float] = {}
        before = dict(self.moves)
        until = max((self.make(stage, pace, start + travel) for stage in self.stages), default=0.0)
        # Products that stand before labels have stepped back when the beat is told.
        settled = max((self.moves[name].settled for name in pace.sums & self.products), default=0.0)
        until = max(until, settled - (REST_SECONDS - BEFORE_END) * self.fps)
        runs = until > start + travel
        hold = self.animation.hold_seconds * self.fps if last else 0.0
        length = max(reading, until - start + REST_SECONDS * self.fps if runs else 0.0) + hold
        if pace.seconds:
            length = pace.seconds * self.fps
            travel = min(travel, 0.4 * length)
            self.squeeze(before, start, until, travel, length)
        self.now = start + length
        return Span(start, start + travel, self.now)

    def make(self, stage: Stage, pace: Pace, begin: float) -> float:
        """Lay out the part of a stage that a beat makes, after its operands. Returns the frame at which it is
        done."""
        name, a = stage.name, self.animation
        begin = max([begin, *(self.ready.get(operand.stage.name, 0.0) for operand in stage.operands)])
        if name in pace.sums or name in pace.epilogue:
            self.ready[name] = self.made(stage, pace, begin, a.epilogue_seconds * self.fps)
        return self.ready.get(name, 0.0)

    def made(self, stage, pace, begin, settling):
        name, move = stage.name, self.moves[stage.name]
        steps = self.sweeps[name].steps
        if name in pace.sums and steps:
            swept = begin + stage.seconds(steps, self.animation) * self.fps
            settled = swept + min(settling, SETTLING_SECONDS * self.fps)
            move = Move(begin, swept, swept, settled, steps, dwell=self.animation.dwell)
            begin = swept
        if name in pace.epilogue:
            move = replace(move, finishing=begin, finished=begin + settling)
        self.moves[name] = move
        return max(begin, move.finished)

    def squeeze(self, before, start, until, travel, length):
        """Shorten the moves of a beat that has a length of its own, so that they end in time."""
        begin = min(
            (time for move in self.changed(before) for time in (move.start, move.begins) if time >= start),
            default=0.0,
        )
        if not begin:
            return
        first, most = start + travel, max(length - travel - REST_SECONDS * self.fps, 0.4 * length)
        factor = min(1.0, most / max(until - begin, 1e-9))

        def earlier(frame):
            return first + (frame - begin) * factor if frame >= begin else frame

        for name, move in self.moves.items():
            if move != before[name]:
                self.moves[name] = retimed(move, earlier)

    def changed(self, before):
        return [move for name, move in self.moves.items() if move != before[name]]
