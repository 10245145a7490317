"""Acts, for cameras that follow the film: what is made when, and which parts make it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....kinds.places import Part
from ..setup import Setup
from ..shot import Phase
from ..views import family_of

if TYPE_CHECKING:  # plans check their cameras
    from ...plan import Plan


@dataclass(frozen=True, eq=False)
class Act:
    """An act: the results that are made between two frames, and all parts that make them."""

    start: float
    end: float
    names: frozenset[str]


def acts_of(p: "Plan") -> list[Act]:
    """The acts of a plan, in order. Sweeps that overlap in time are one act."""
    moves = sorted(
        ((move.start, move.swept, name) for name, move in p.timeline.moves.items() if move.swept > move.start)
    )
    acts: list[Act] = []
    for start, end, name in moves:
        if acts and start < acts[-1].end - 1e-6:
            last = acts.pop()
            acts.append(Act(last.start, max(last.end, end), last.names | {name}))
        else:
            acts.append(Act(start, end, frozenset([name])))
    return acts


def phases_of(s: Setup, acts: Sequence[Act]) -> list[Phase]:
    """The phases of acts. Each lasts from one switch to the next, and its labels are laid out for its
    middle."""
    ends = [1.0, *switches(acts), s.over]
    return [
        Phase(start, end, 0.5 * (act.start + act.end), act.names)
        for start, end, act in zip(ends, ends[1:], acts, strict=False)
    ]


def families_of(p: "Plan", names: Collection[str]) -> list[Part]:
    """All parts that take part in making these results, each once."""
    return [part for name in sorted(names) for part in family_of(p.arrangement, name)]


def middle_of(family: Sequence[Part], operands: bool = False) -> np.ndarray:
    """The middle of a family's results, or of its `operands`."""
    cuboids = [part.stage.name for part in family if not hasattr(part, "role")]
    planes = [part for part in family if hasattr(part, "role")]
    chosen = [plane for plane in planes if (plane.stage.name not in cuboids) == operands] or planes
    return np.concatenate([plane.corners() for plane in chosen]).mean(axis=0)


def switches(acts: Sequence[Act]) -> list[float]:
    """The frames between one act and the next."""
    return [0.5 * (act.end + other.start) for act, other in zip(acts, acts[1:], strict=False)]
