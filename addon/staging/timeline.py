"""When things move: the keyframes of each product's sweep and of its epilogue.

Children before parents, in parallel where they do not depend on each other. Times are in frames,
the first frame is 1.
"""

import math
from dataclasses import dataclass

from ..algebra.stages import Product, stages_of


@dataclass(frozen=True)
class Move:
    """A product's sweep from `start` to `swept`, then its epilogue until `finished`; its interior
    has settled at `settled` (frames)."""

    start: float
    swept: float
    finished: float
    settled: float
    steps: int

    def sweep_keys(self):
        """(frame, Sweep): from nothing visited to all steps visited."""
        if self.swept == self.start:
            return [(self.start, float(self.steps))]
        return [(self.start, 0.0), (self.swept, float(self.steps))]

    def settle_keys(self):
        """(frame, Settle): the interior shrinks when the sweep is over."""
        return [(self.swept, 0.0), (self.settled, 1.0)]

    def finish_keys(self):
        """(frame, Finish): from the sums to the finished values."""
        if self.finished == self.swept:
            return [(self.swept, 1.0)]
        return [(self.swept, 0.0), (self.finished, 1.0)]


@dataclass(frozen=True)
class Timeline:
    """`moves` by product name; the film lasts from frame 1 to `last_frame`."""

    moves: dict[str, Move]
    last_frame: int


def timeline(root, sweeps, animation, fps):
    """The moves of every product under `root`. `sweeps` maps its name to its Sweep (see schedule);
    a product without steps is finished from the start."""
    ready, moves = {}, {}
    for stage in stages_of(root):
        start = max((ready[operand.stage.name] for operand in stage.operands), default=1.0)
        if isinstance(stage, Product):
            sweep = sweeps[stage.name]
            moving = sweep.steps > 0
            settling = animation.epilogue_seconds * fps if moving else 0.0
            swept = start + (animation.sweep_seconds * fps if moving else 0.0)
            fades = moving and stage.epilogue
            finished = swept + (settling if fades else 0.0)
            moves[stage.name] = Move(start, swept, finished, swept + settling, max(1, sweep.steps))
            start = finished + (animation.pause_seconds * fps if moving else 0.0)
        ready[stage.name] = start
    end = max((move.finished for move in moves.values()), default=1.0)
    return Timeline(moves, math.ceil(end + animation.hold_seconds * fps))
