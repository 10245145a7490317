"""The timeline: the keyframes of each result's sweep and epilogue.

Children come before parents; results that do not depend on each other move at the same time. A product may be
fused with a child that makes its argument in the same slices in which the product uses it: then both step
together. Times are in frames; the first frame is 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ...description.scene import Animation
from ...errors import InputError
from ...kinds.stage import Stage, stages_of
from ...kinds.sweep import Sweep

MOST_RESTS = 10_000  # the most steps of a sweep that rests at each step
MOST_FRAMES = 1_048_574  # Blender's last frame
LAST_REST = 2.0**-10  # how far before the end the last rest is, so that the entries in use are still lit

# (a product's animation, the side of its child, the animation that the child must have).
FUSIBLE = {
    ("vmprod", "left", "vmprod"),  # row by row
    ("mvprod", "right", "mvprod"),  # column by column
    ("vvprod", "left", "mvprod"),  # a column of the left matrix is used as soon as it is made
    ("vvprod", "right", "vmprod"),  # a row of the right matrix is used as soon as it is made
}
_TURNED = {"vmprod": "mvprod", "mvprod": "vmprod"}


@dataclass(frozen=True)
class Move:
    """The times of a result, in frames: its sweep from `start` to `swept`, its epilogue until `finished`; its
    interior has settled at `settled`.

    If the epilogue does not follow the sweep at once, it begins at `finishing`. A product that is `fused`
    into its parent finishes each entry while it is visited. In a loop everything is undone between the two
    frames `back`."""

    start: float
    swept: float
    finished: float
    settled: float
    steps: int
    fused: bool = False
    dwell: float = 0.0
    back: tuple[float, float] | None = None
    finishing: float | None = None

    @property
    def begins(self) -> float:
        """The frame at which the epilogue begins."""
        return self.swept if self.finishing is None else self.finishing

    def sweep_keys(self) -> list[tuple[float, float]]:
        """(frame, Sweep): from nothing visited to all steps visited, with a rest after each step."""
        if self.swept == self.start:
            return [(self.start, float(self.steps))]
        if self.dwell == 0.0:
            return self.and_back([(self.start, 0.0), (self.swept, float(self.steps))])
        keys = [(self.start, 0.0)]
        each = (self.swept - self.start) / self.steps
        for step in range(self.steps):
            reached = step + 1.0 - (LAST_REST if step == self.steps - 1 else 0.0)
            begin = self.start + each * step
            keys += [(begin + each * (1.0 - self.dwell), reached), (begin + each, step + 1.0)]
        return self.and_back(keys)

    def settle_keys(self) -> list[tuple[float, float]]:
        """(frame, Settle): the interior shrinks when the sweep is over."""
        return self.and_back([(self.swept, 0.0), (self.settled, 1.0)])

    def finish_keys(self) -> list[tuple[float, float]]:
        """(frame, Finish): from the sums to the finished values."""
        if self.finished == self.begins:
            return [(self.begins, 1.0)]
        return self.and_back([(self.begins, 0.0), (self.finished, 1.0)])

    def and_back(self, keys: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """The keys, and in a loop also the way back to their first value."""
        if self.back is None:
            return keys
        (_, first), (reached, last) = keys[0], keys[-1]
        begin, end = self.back
        return [*keys, *([(begin, last)] if begin > reached else []), (end, first)]


@dataclass(frozen=True)
class Timeline:
    """The times of a film from frame 1 to `last_frame`. `moves` has the names of results as keys.

    The title card takes the first `before` frames, the end card the last `after` frames; the scene is between
    them. Everything is finished at `done`, the last frame of the scene unless the film is a loop."""

    moves: dict[str, Move]
    last_frame: int
    done: int
    before: int = 0
    after: int = 0

    @property
    def begins(self) -> int:
        """The first frame of the scene."""
        return 1 + self.before

    @property
    def ends(self) -> int:
        """The last frame of the scene."""
        return self.last_frame - self.after


def timeline(
    root: Stage, sweeps: Mapping[str, Sweep], algorithms: Mapping[str, str], animation: Animation, fps: float
) -> Timeline:
    """The moves of every product under `root`.

    `sweeps` and `algorithms` map its name to its Sweep and its animation (see `schedule`); `animation` is
    that of the description. A product without steps is finished from the start. Raises InputError if a sweep
    has too many steps to rest at each, and for a film of more than MOST_FRAMES frames.
    """
    check_rests(sweeps, animation)
    fused = fused_children(root, sweeps, algorithms) if animation.fuse != "none" else {}
    moves = _Moves(root, sweeps, fused, animation, fps).made()
    hold, back = animation.hold_seconds * fps, animation.loop_seconds * fps
    last = max((move.finished for move in moves.values()), default=1.0) + hold
    if back:  # products have to settle before they are undone
        last = max([last, *(move.settled for move in moves.values())]) + back
    wanted = animation.total_seconds * fps
    check_length(wanted if wanted and math.isfinite(last) else last, animation, fps)
    if wanted:
        stretch = (wanted - 1.0) / (last - 1.0) if last > 1.0 and wanted > 1.0 else 1.0
        moves = {name: stretched(move, stretch) for name, move in moves.items()}
        last, back = wanted, back * stretch
    last = max(1, math.ceil(last - 1e-6))
    if not back:
        return Timeline(moves, last, last)
    # In a loop, the first frame follows the last.
    moves = {name: replace(move, back=(last + 1 - back, last + 1.0)) for name, move in moves.items()}
    return Timeline(moves, last, max(1, math.floor(last + 1 - back)))


def check_rests(sweeps: Mapping[str, Sweep], animation: Animation) -> None:
    """Raise InputError for rests in a sweep of too many steps."""
    for name, sweep in sweeps.items():
        if animation.dwell and sweep.steps > MOST_RESTS:
            raise InputError(
                f"animation: dwell: {name} has {sweep.steps:,} steps; at most {MOST_RESTS:,} can rest"
            )


def check_length(frames: float, animation: Animation, fps: float) -> None:
    """Raise InputError for a film with more frames than Blender can have."""
    if frames <= MOST_FRAMES:
        return
    if animation.total_seconds and math.isfinite(frames):
        remedy = "total_seconds has to be less"
    elif animation.steps_per_second:
        remedy = "steps_per_second has to be more, or total_seconds can say how long all is"
    else:
        remedy = "its seconds have to be fewer, or total_seconds can say how long all is"
    raise InputError(
        f"animation: the film would have {frames:,.0f} frames at {fps:g} per second; Blender has at most "
        f"{MOST_FRAMES:,}; {remedy}"
    )


def fused_children(
    root: Stage, sweeps: Mapping[str, Sweep], algorithms: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The children that each product is fused with: {its name: (their names)}.

    Such a child is a product with planes parallel to its parent's (`FUSIBLE`) and the same number of steps.
    Nothing else that the parent waits for may need the result of the child, or of children fused with the
    child.
    """
    stages = {stage.name: stage for stage in stages_of(root)}
    needs: dict[str, set[str]] = {}  # everything below a stage
    for stage in stages.values():
        needs[stage.name] = {stage.name}.union(*(needs[operand.stage.name] for operand in stage.operands))
    together = {name: {name} for name in sweeps}  # product -> all products that step together with it
    parts: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for stage in (made for made in stages.values() if made.name in algorithms):
        for side, operand in zip(("left", "right"), stage.operands, strict=True):
            child = operand.stage.name
            moving = algorithms.get(child, "")
            moving = _TURNED.get(moving, moving) if operand.transposed else moving
            if child in taken or (algorithms[stage.name], side, moving) not in FUSIBLE:
                continue
            if sweeps[child].steps != sweeps[stage.name].steps:
                continue
            union = together[stage.name] | together[child]
            wanted = parts | {stage.name: (*parts.get(stage.name, ()), child)}
            awaited = {
                o.stage.name
                for name in union
                for o in stages[name].operands
                if o.stage.name not in wanted.get(name, ())
            }
            if not any(needs[name] & union for name in awaited):
                parts = wanted
                taken.add(child)
                for name in union:
                    together[name] = union
    return parts


class _Moves:
    """Computes the moves: each starts when everything that it waits for is finished."""

    def __init__(self, root, sweeps, fused, animation, fps):
        self.stages = {stage.name: stage for stage in stages_of(root)}
        self.sweeps, self.fused, self.animation, self.fps = sweeps, fused, animation, fps
        self.parent = {child: name for name, children in fused.items() for child in children}
        self.starts, self.moves = {}, {}

    def made(self):
        for name in self.sweeps:
            self.move(name)
        return {name: self.moves[name] for name in self.sweeps}

    def move(self, name):
        if name not in self.moves:
            start, sweep, a = self.start(name), self.sweeps[name], self.animation
            seconds = self.stages[name].seconds(sweep.steps, a)
            swept = start + (seconds * self.fps if sweep.steps else 0.0)
            settling = a.epilogue_seconds * self.fps if sweep.steps else 0.0
            fused = name in self.parent
            fades = sweep.steps and self.stages[name].epilogue and not fused
            finished = swept + (settling if fades else 0.0)
            steps = max(1, sweep.steps)
            self.moves[name] = Move(start, swept, finished, swept + settling, steps, fused, a.dwell)
        return self.moves[name]

    def start(self, name):
        """The start of a product. A child that is fused "sync" starts with its parent. A child that is fused
        "async" starts as soon as it can, and its parent not before it."""
        if name not in self.starts:
            if self.animation.fuse == "sync" and name in self.parent:
                self.starts[name] = self.start(self.parent[name])
            else:
                self.starts[name] = self.earliest(name)
        return self.starts[name]

    def earliest(self, name):
        """The frame at which everything is finished that a product and its fused children wait for."""
        times = [1.0]
        for operand in self.stages[name].operands:
            child = operand.stage.name
            if child not in self.fused.get(name, ()):
                times.append(self.ready(child))
            elif self.animation.fuse == "sync":
                times.append(self.earliest(child))
            else:
                times.append(self.start(child))
        return max(times)

    def ready(self, name):
        if name not in self.sweeps:  # a given matrix
            return 1.0
        pause = self.animation.pause_seconds * self.fps if self.sweeps[name].steps else 0.0
        return self.move(name).finished + pause


def retimed(move: Move, to: Callable[[float], float]) -> Move:
    """The move with each of its times at the frame that `to` gives for it. It is not yet that of a loop."""
    times = {name: getattr(move, name) for name in ("start", "swept", "finished", "settled", "finishing")}
    changed: dict = {name: to(frame) for name, frame in times.items() if frame is not None}
    return replace(move, **changed)


def stretched(move: Move, factor: float) -> Move:
    """A move with all its times `factor` times as far from the first frame."""
    return retimed(move, lambda frame: 1.0 + (frame - 1.0) * factor)
