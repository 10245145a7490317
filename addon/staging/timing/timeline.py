"""When things move: the keyframes of each product's sweep and of its epilogue.

Children before parents, in parallel where they do not depend on each other. A product may be fused
with a child that makes its argument in the same slices in which the product takes it: then they step
together. Times are in frames, the first frame is 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...description.scene import Animation
from ...errors import InputError
from ...kinds.stage import Stage, stages_of
from ...kinds.sweep import Sweep

MOST_RESTS = 10_000  # steps up to which a sweep may rest at each
MOST_FRAMES = 1_048_574  # Blender's last frame
LAST_REST = 2.0**-10  # how far before its end the last step rests, so that what it uses is still lit

# A product's animation, and its child as left or right argument with the animation that fits.
FUSIBLE = {
    ("vmprod", "left", "vmprod"),  # row by row
    ("mvprod", "right", "mvprod"),  # column by column
    ("vvprod", "left", "mvprod"),  # a column of left is used as soon as it is there
    ("vvprod", "right", "vmprod"),  # and so is a row of right
}
_TURNED = {"vmprod": "mvprod", "mvprod": "vmprod"}


@dataclass(frozen=True)
class Move:
    """A product's sweep from `start` to `swept`, then its epilogue until `finished`; its interior
    has settled at `settled` (frames). The epilogue begins at `finishing` where it does not follow at once. A
    product that is `fused` into its parent finishes each entry while it is visited. In a loop all is taken
    back between the two frames `back`."""

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
        """The keys, and in a loop back to the first of their values."""
        if self.back is None:
            return keys
        (_, first), (reached, last) = keys[0], keys[-1]
        begin, end = self.back
        return [*keys, *([(begin, last)] if begin > reached else []), (end, first)]


@dataclass(frozen=True)
class Timeline:
    """`moves` by product name; the film lasts from frame 1 to `last_frame`. A title card stands for its first
    `before` frames, an end card for its last `after`, and the scene between them. Everything is finished at
    `done`, which is the last frame of the scene but in a loop."""

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

    `sweeps` and `algorithms` map its name to its Sweep and its animation (see schedule), `animation`
    is the description's. A product without steps is finished from the start. Raises InputError when
    a sweep has too many steps to rest at each, and for a film of more than MOST_FRAMES.
    """
    check_rests(sweeps, animation)
    fused = fused_children(root, sweeps, algorithms) if animation.fuse != "none" else {}
    moves = _Moves(root, sweeps, fused, animation, fps).made()
    hold, back = animation.hold_seconds * fps, animation.loop_seconds * fps
    last = max((move.finished for move in moves.values()), default=1.0) + hold
    if back:  # nothing is taken back that still settles
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
    # The frame after the last one is the first.
    moves = {name: replace(move, back=(last + 1 - back, last + 1.0)) for name, move in moves.items()}
    return Timeline(moves, last, max(1, math.floor(last + 1 - back)))


def check_rests(sweeps: Mapping[str, Sweep], animation: Animation) -> None:
    """Refuse to rest at each of too many steps."""
    for name, sweep in sweeps.items():
        if animation.dwell and sweep.steps > MOST_RESTS:
            raise InputError(
                f"animation: dwell: {name} has {sweep.steps:,} steps; at most {MOST_RESTS:,} can rest"
            )


def check_length(frames: float, animation: Animation, fps: float) -> None:
    """Refuse a film of more frames than there can be."""
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

    They have to be products themselves, with planes parallel to its own (`FUSIBLE`) and as many
    steps; and nothing that the product waits for may need their result, nor that of a child that is
    fused with them.
    """
    stages = {stage.name: stage for stage in stages_of(root)}
    needs: dict[str, set[str]] = {}  # everything below a stage
    for stage in stages.values():
        needs[stage.name] = {stage.name}.union(*(needs[operand.stage.name] for operand in stage.operands))
    together = {name: {name} for name in sweeps}  # all that steps with a product
    parts: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for stage in (one for one in stages.values() if one.name in algorithms):
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
    """Works out the moves: each starts when all that it waits for is finished."""

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
        """A child fused in sync starts with its parent; one in async as soon as it can, its parent not
        before it."""
        if name not in self.starts:
            if self.animation.fuse == "sync" and name in self.parent:
                self.starts[name] = self.start(self.parent[name])
            else:
                self.starts[name] = self.earliest(name)
        return self.starts[name]

    def earliest(self, name):
        """When all that a product and the children fused with it wait for is finished."""
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
        if name not in self.sweeps:
            operands = self.stages[name].operands
            return max((self.ready(operand.stage.name) for operand in operands), default=1.0)
        pause = self.animation.pause_seconds * self.fps if self.sweeps[name].steps else 0.0
        return self.move(name).finished + pause


def stretched(move: Move, factor: float) -> Move:
    """A move with all its times `factor` times as far from the first frame."""
    times = {name: getattr(move, name) for name in ("start", "swept", "finished", "settled", "finishing")}
    return replace(move, **{k: 1.0 + (at - 1.0) * factor for k, at in times.items() if at is not None})
