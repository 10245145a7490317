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
CROWDED_OUT, MOST_TRIES = (
    15.0,
    4,
)  # cost above its cheapest from which another way is tried for an item; tries
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

    Each in turn takes the cheapest that the others leave it, and so again until nothing changes. An item that
    is then crowded out of its cheapest place gets that, and the others settle anew, where all together cost
    less then.
    """
    ways = [_Ways(sorted(options, key=lambda option: option.cost)) for options in items]
    taken = _settled(ways, fixed, [UNWRITTEN] * len(ways))
    lost = [option.cost - one.least for option, one in zip(taken, ways, strict=True)]
    for n in sorted(range(len(ways)), key=lambda n: -lost[n])[:MOST_TRIES]:
        if lost[n] < CROWDED_OUT:
            break
        own = [*taken[:n], ways[n].options[0], *taken[n + 1 :]]
        other = _settled(ways, fixed, own, keeping=n)
        if sum(option.cost for option in other) < sum(option.cost for option in taken):
            taken = other
    return taken


def _settled(ways, fixed, taken, keeping=-1):
    """What each item takes in its turn, from what is `taken` on; at first even where it shares room, so that
    the others make way. What comes first chooses first, and the one `keeping` its place always does."""
    taken = list(taken)
    turns = [n for n in range(len(ways)) if n != keeping]
    boxes = [*fixed[:, None], *(option.boxes for option in taken)]  # of all that is written
    room = around_each(boxes)
    arounds = np.array([one.around for one in ways]).reshape(-1, 4)
    neighbours = meeting(arounds, arounds, LABEL_GAP)  # of each item, whose places can be in its way
    waiting = (
        neighbours[keeping].copy() if keeping >= 0 else np.ones(len(ways), bool)
    )  # to choose, or choose anew

    def take(n, option):
        at = n + len(fixed)
        if option is not taken[n]:
            waiting[neighbours[n]] = True
        taken[n], boxes[at], room[at] = option, option.boxes, around(option.boxes)

    def choose(least):
        """Let each item take the cheapest of its options, given the others; none for `least` or more."""
        for n in turns:
            if waiting[n]:
                room[n + len(fixed)] = EMPTY_BOX
                near = np.flatnonzero(meeting(ways[n].around[None], room, LABEL_GAP)[0])
                take(n, ways[n].cheapest([boxes[m] for m in near], least))
                waiting[n] = False

    for _ in range(PASSES):
        choose(np.inf)
        if not waiting[turns].any():
            break
    first = list(range(len(fixed)))
    for n in [keeping, *turns] if keeping >= 0 else turns:  # what shares room makes way for what comes first
        at = n + len(fixed)
        near = np.array(first, int)[meeting(room[at][None], room[first], LABEL_GAP)[0]]
        if meeting(boxes[at], np.concatenate([NOWHERE, *(boxes[m] for m in near)]), LABEL_GAP).any():
            take(n, UNWRITTEN)
        first.append(at)
    waiting |= keeping < 0
    choose(LEFT_OUT)
    return taken


class _Ways:
    """The options of an item, which ascend in cost, and the boxes of all of them at once."""

    def __init__(self, options):
        self.options, self.costs = options, np.array([option.cost for option in options])
        self.boxes = np.concatenate([NOWHERE, *(option.boxes for option in options)])
        self.owner = np.repeat(np.arange(len(options)), [len(option.boxes) for option in options])
        self.around = around(self.boxes)
        self.least = self.costs[0] if options else LEFT_OUT

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
