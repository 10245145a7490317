"""Places labels on the picture: no label overlaps another, and they cover as little as possible.

This is plain geometry in heights of the picture, from its lower left corner. Each label has Options: places,
sizes, and last of all to be left out. The cheapest options that do not overlap are taken. To leave a label
out costs less than an overlap, so labels never overlap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

import numpy as np

from .boxes import EMPTY_BOX, around, around_each, meeting
from .items import Text

OVERLAP = 1e4  # cost of sharing room with something else that is written
LEFT_OUT = 1e3
LABEL_GAP = 0.004  # between labels, at least
PASSES = 4
CROWDED_OUT = 15.0  # cost above its cheapest from which another way is tried for an item
MOST_TRIES = 4  # of these ways
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
class Later:
    """Options that `make()` gives, some of them perhaps for later. It is called only where one of them may be
    taken: none costs less than `least`."""

    least: float
    make: Callable[[], "Sequence[Option | Later]"]


@dataclass(frozen=True, eq=False)
class Wish:
    """Something to be written: its kind, its matrix, its options, and whether a note is needed if it is left
    out."""

    what: str
    owner: str
    options: Sequence[Option | Later]
    needed: bool = True

    @property
    def made(self) -> list[Option]:
        """All options, also those that are made later."""
        made, left = [], list(self.options)
        while left:
            one = left.pop(0)
            if isinstance(one, Later):
                left[:0] = one.make()
            else:
                made.append(one)
        return made


def writer(lines: Sequence[Text], places: np.ndarray | None = None) -> Callable[[], Written]:
    """The function that writes these lines, at `places` (n, 2) or where they are."""
    if places is None:
        return lambda: Written(lines)
    return lambda: Written(
        [replace(line, x=x, y=y) for line, (x, y) in zip(lines, places.tolist(), strict=True)]
    )


def settle(items: Sequence[Sequence[Option | Later]], fixed: np.ndarray) -> list[Option]:
    """The Option taken for each of `items`; none shares room with the `fixed` boxes (n, 4).

    Each in turn takes the cheapest that the others leave it, and so again until nothing changes. An item that
    is then crowded out of its cheapest place gets that, and the others settle anew, where all together cost
    less then.
    """
    ways = [_Ways(options) for options in items]
    taken = _settled(ways, fixed, [UNWRITTEN] * len(ways), np.ones(len(ways), bool))
    written = [*fixed[:, None]]
    alone = [one.cheapest(written, around_each(written), LEFT_OUT) for one in ways]
    lost = [option.cost - one.cost for option, one in zip(taken, alone, strict=True)]
    for n in sorted(range(len(ways)), key=lambda n: -lost[n])[:MOST_TRIES]:
        if lost[n] < CROWDED_OUT:
            break
        others = [*ways[:n], *ways[n + 1 :]]
        near = meeting(ways[n].around[None], _arounds(others), LABEL_GAP)[0]
        there = np.concatenate([fixed, alone[n].boxes])
        other = _settled(others, there, [*taken[:n], *taken[n + 1 :]], near)
        other.insert(n, alone[n])
        if sum(option.cost for option in other) < sum(option.cost for option in taken):
            taken = other
    return taken


def _settled(ways, fixed, taken, waiting):
    """What each item takes in its turn, from what is `taken` on; at first even where it shares room, so that
    the others make way. What comes first chooses first, of those that are `waiting` to choose."""
    taken = list(taken)
    boxes = [*fixed[:, None], *(option.boxes for option in taken)]  # of all that is written
    room = around_each(boxes)
    arounds = _arounds(ways)

    def take(n, option):
        """Let those choose anew that have looked at places where this one was or is."""
        at = n + len(fixed)
        if option is not taken[n]:
            both = np.stack([around(taken[n].boxes), around(option.boxes)])
            np.logical_or(waiting, meeting(both, arounds, LABEL_GAP).any(axis=0), out=waiting)
        taken[n], boxes[at], room[at] = option, option.boxes, around(option.boxes)

    def choose(least):
        """Let each item take the cheapest of its options, given the others; none for `least` or more."""
        for n, one in enumerate(ways):
            if waiting[n]:
                room[n + len(fixed)] = EMPTY_BOX
                option, arounds[n] = one.cheapest(boxes, room, least), one.around
                take(n, option)
                waiting[n] = False

    for _ in range(PASSES):
        choose(np.inf)
        if not waiting.any():
            break
    for n, at in enumerate(range(len(fixed), len(boxes))):  # what shares room makes way for what comes first
        near = np.flatnonzero(meeting(room[at][None], room[:at], LABEL_GAP)[0])
        if meeting(boxes[at], np.concatenate([NOWHERE, *(boxes[m] for m in near)]), LABEL_GAP).any():
            take(n, UNWRITTEN)
    # What costs no less than to be left out is left out.
    waiting |= np.array([option.cost >= LEFT_OUT for option in taken], bool)
    choose(LEFT_OUT)
    return taken


def _arounds(ways):
    """The boxes (n, 4) around the places that each item has looked at."""
    return np.array([one.around for one in ways]).reshape(-1, 4)


class _Ways:
    """The ways to write an item: those that may cost least come first, so that most need not be made."""

    def __init__(self, options):
        self.ready, self.later, self.around = [], [], EMPTY_BOX
        self._add(options, ())

    def _add(self, options, place):
        """Take up options that stand at a `place` among those of the item, (n, m …)."""
        placed = [((*place, n), one) for n, one in enumerate(options)]
        ready = [one for one in placed if isinstance(one[1], Option)]
        if ready:
            self.ready.append(_Group(ready))
            self.around = around(np.stack([self.around, self.ready[-1].around]))
        for at, one in placed:
            if isinstance(one, Later):
                heappush(self.later, (one.least, at, one))

    def cheapest(self, others, room, least):
        """The option that costs least, given the boxes (n, 4) of each of the others, which would have to make
        way, and the box around them in `room`; nothing where each costs `least` or more."""
        best, looked_at = (least, -np.inf, (), UNWRITTEN), 0
        while True:
            for group in self.ready[looked_at:]:
                if group.least <= best[0]:
                    best = min(best, group.cheapest(others, room), key=lambda one: one[:3])
            if not self.later or self.later[0][0] > best[0]:
                return best[3]
            looked_at = len(self.ready)
            _, place, one = heappop(self.later)
            self._add(one.make(), place)


class _Group:
    """Options of an item, with their places among its options, and the boxes of all of them at once."""

    def __init__(self, placed):
        self.placed = sorted(placed, key=lambda one: one[1].cost)
        boxes = [option.boxes for _, option in self.placed]
        self.costs = np.array([option.cost for _, option in self.placed])
        self.least = self.costs[0]
        self.boxes = np.concatenate([NOWHERE, *boxes])
        self.owner = np.repeat(np.arange(len(boxes)), [len(one) for one in boxes])
        self.around = around(self.boxes)

    def cheapest(self, others, room):
        """(what it costs beside the others, what it costs alone, its place, the option) of the cheapest."""
        near = np.flatnonzero(meeting(self.around[None], room, LABEL_GAP)[0])
        met = meeting(self.boxes, np.concatenate([NOWHERE, *(others[m] for m in near)]), LABEL_GAP)
        costs = self.costs + OVERLAP * np.bincount(self.owner, met.sum(axis=1), len(self.costs))
        best = costs.argmin()
        place, option = self.placed[best]
        return costs[best], option.cost, place, option


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
