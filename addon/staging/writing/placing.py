"""Where labels stand on the picture: none on another, and as few as can be on what they label.

Plain geometry in the picture's own units, heights of it, from its lower left corner. Whatever is to be
written has Options: places, sizes, and last of all to be left out. The cheapest ones that share no room
are taken; since to leave something out costs less than to share room, labels never overlap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from .boxes import NOTHING, around, around_each, meeting, overlaps
from .items import Text

OVERLAP = 1e4  # cost of sharing room with something else that is written
LEFT_OUT = 1e3
ROOM = 0.004  # between labels, at least
PASSES = 4
NOWHERE = np.empty((0, 4))


@dataclass(frozen=True, eq=False)
class Leader:
    """A thin line from `start` to `end` on the picture, (2,) each, between a text and what it belongs to;
    `anchor` is a point of that in the world, (3,), where it is to be lifted there."""

    start: np.ndarray
    end: np.ndarray
    anchor: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Written:
    """Lines of type and their leaders; only one in `every` of what there is to write."""

    lines: Sequence[Text] = ()
    leaders: Sequence[Leader] = ()
    every: int = 1


@dataclass(frozen=True, eq=False)
class Option:
    """A way to write something: the boxes (n, 4) that it takes, (left, bottom, right, top), what it costs
    by itself, and `write()`, which gives what is written there, None for nothing."""

    boxes: np.ndarray = field(default_factory=lambda: NOWHERE)
    cost: float = LEFT_OUT
    write: Callable[[], Written | None] = lambda: None


@dataclass(frozen=True, eq=False)
class Wish:
    """Something to be written: what it is, at which matrix it stands, the ways to write it, and whether it
    has to be told where it is left out."""

    what: str
    owner: str
    options: Sequence[Option]
    needed: bool = True


def writer(lines: Sequence[Text], places: np.ndarray | None = None) -> Callable[[], Written]:
    """What writes these lines, at `places` (n, 2) if not where they are."""
    if places is None:
        return lambda: Written(lines)
    return lambda: Written(
        [replace(line, x=x, y=y) for line, (x, y) in zip(lines, places.tolist(), strict=True)]
    )


def settle(items: Sequence[Sequence[Option]], fixed: np.ndarray) -> list[Option]:
    """The Option taken for each of `items`; none shares room with the `fixed` boxes (n, 4).

    Each in turn takes the cheapest that the others leave it, and so again until nothing changes; at first
    even where it shares room, so that the others make way. What comes first chooses first.
    """
    items = [sorted(options, key=lambda option: option.cost) for options in items]
    hulls = [around_each([option.boxes for option in options]) for options in items]
    written, taken = [Option(box[None]) for box in fixed], [Option() for _ in items]
    room = np.concatenate([fixed, around_each([option.boxes for option in taken])])  # around all of these

    @cache
    def shared(option, other):
        return overlaps(option.boxes, other.boxes, ROOM)

    def choose(least):
        """Let each item take the cheapest of its options, given the others; none for `least` or more."""
        for n, options in enumerate(items):
            room[len(fixed) + n] = NOTHING
            near = meeting(hulls[n], room, ROOM)
            taken[n] = _cheapest(options, near, [*written, *taken], least, shared)
            room[len(fixed) + n] = around(taken[n].boxes)

    for _ in range(PASSES):
        before = list(taken)
        choose(np.inf)
        if taken == before:
            break
    choose(LEFT_OUT)
    return taken


def _cheapest(options, near, others, least, shared):
    """The cheapest of the options (n), which ascend in cost, given which of the others (m) are `near` them
    (n, m); nothing where each costs `least` or more. `shared(option, other)` counts what has to make way."""
    best = Option()
    for option, meets in zip(options, near, strict=True):
        cost = option.cost
        if cost >= least:
            break
        for m in meets.nonzero()[0]:
            cost += OVERLAP * shared(option, others[m])
            if cost >= least:
                break
        else:
            best, least = option, cost
    return best


def spread(spots: np.ndarray, apart: float) -> np.ndarray:
    """The nearest places to ascending `spots` (n,) that are at least `apart` (least squares, by pooling
    adjacent violators)."""
    pools = []  # [sum of targets, count]
    for n, spot in enumerate(spots):
        pools.append([spot - n * apart, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    levels = np.concatenate([np.full(count, total / count) for total, count in pools])
    return levels + apart * np.arange(len(spots))
