"""Where labels stand on the picture: none on another, and as few as can be on what they label.

Plain geometry in the picture's own units, heights of it, from its lower left corner. Whatever is to be
written has Options: places, sizes, and last of all to be left out. The cheapest ones that share no room
are taken; since to leave something out costs less than to share room, labels never overlap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .boxes import EMPTY_BOX, around, around_each, meeting
from .items import Text

OVERLAP = 1e4  # cost of sharing room with something else that is written
LEFT_OUT = 1e3
LABEL_GAP = 0.004  # between labels, at least
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


UNWRITTEN = Option()


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
    ways = [_Ways(options) for options in items]
    taken = [UNWRITTEN] * len(items)
    boxes = [*fixed[:, None], *(option.boxes for option in taken)]  # of all that is written
    room = around_each(boxes)

    def choose(least):
        """Let each item take the cheapest of its options, given the others; none for `least` or more."""
        for n, one in enumerate(ways, len(fixed)):
            room[n] = EMPTY_BOX
            near = np.flatnonzero(meeting(one.around[None], room, LABEL_GAP)[0])
            taken[n - len(fixed)] = one.cheapest([boxes[m] for m in near], least)
            boxes[n] = taken[n - len(fixed)].boxes
            room[n] = around(boxes[n])

    for _ in range(PASSES):
        before = list(taken)
        choose(np.inf)
        if taken == before:
            break
    for n in range(len(fixed), len(boxes)):  # what still shares room makes way for what comes before it
        near = np.flatnonzero(meeting(room[n][None], room[:n], LABEL_GAP)[0])
        if meeting(boxes[n], np.concatenate([NOWHERE, *(boxes[m] for m in near)]), LABEL_GAP).any():
            taken[n - len(fixed)], boxes[n], room[n] = UNWRITTEN, UNWRITTEN.boxes, EMPTY_BOX
    choose(LEFT_OUT)
    return taken


class _Ways:
    """The options of an item, which ascend in cost, and the boxes of all of them at once."""

    def __init__(self, options):
        self.options, self.costs = options, np.array([option.cost for option in options])
        self.boxes = np.concatenate([NOWHERE, *(option.boxes for option in options)])
        self.owner = np.repeat(np.arange(len(options)), [len(option.boxes) for option in options])
        self.around = around(self.boxes)

    def cheapest(self, others, least):
        """The option that costs least, given boxes (m, 4) of several others, which would have to make way;
        nothing where each costs `least` or more."""
        if not self.options:
            return UNWRITTEN
        met = meeting(self.boxes, np.concatenate([NOWHERE, *others]), LABEL_GAP).sum(axis=1)
        costs = self.costs + OVERLAP * np.bincount(self.owner, met, len(self.options))
        best = costs.argmin()
        return self.options[best] if costs[best] < least else UNWRITTEN


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
