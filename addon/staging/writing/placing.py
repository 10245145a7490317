"""Places labels on the picture: no label overlaps another, and they cover as little as possible.

This is plain geometry in heights of the picture, from its lower left corner. Each label is a Wish with
Options: places and sizes, each with a cost; the last option is to be left out. `settle` takes one option for
each wish, in three steps:

1. In turn, each wish takes the option that costs least beside what the others have taken. To share room with
   another costs OVERLAP, so wishes make way for each other. A wish chooses anew where something near it has
   changed.
2. Wishes that share room even so are left out, so labels never overlap. To be left out costs LEFT_OUT, less
   than an overlap.
3. A wish that is crowded out of its cheapest place by far gets that place for a trial, and the others settle
   anew around it. The outcome is kept if all together cost less.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

import numpy as np

from .boxes import EMPTY_BOX, around, around_each, meeting
from .items import Text

OVERLAP = 1e4  # cost of each thing that is written in the same room
LEFT_OUT = 1e3  # cost of being left out
LABEL_GAP = 0.004  # the least gap between labels
PASSES = 4  # how often wishes choose anew, at most
CROWDED_OUT = 15.0  # a wish that costs so much more than at its cheapest place is tried there
MOST_TRIES = 4  # wishes that are tried there
NOWHERE = np.empty((0, 4))


@dataclass(frozen=True, eq=False)
class Leader:
    """A thin line on the picture from `start` to `end`, (2,) each, between a text and what it belongs to.
    `anchor` is a point of that in the world, (3,), if the line is to stand there, and `far` one that is as
    deep as its end, where that has another depth."""

    start: np.ndarray
    end: np.ndarray
    anchor: np.ndarray | None = None
    far: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Written:
    """Lines of type and their leaders. If labels are thinned out, one in `every` is written."""

    lines: Sequence[Text] = ()
    leaders: Sequence[Leader] = ()
    every: int = 1


@dataclass(frozen=True, eq=False)
class Option:
    """A way to write something: the boxes (n, 4) that it takes, (left, bottom, right, top), and its cost
    beside nothing else. `write()` gives what is then written; None for nothing."""

    boxes: np.ndarray = field(default_factory=lambda: NOWHERE)
    cost: float = LEFT_OUT
    write: Callable[[], Written | None] = lambda: None


UNWRITTEN = Option()


@dataclass(frozen=True, eq=False)
class Later:
    """Options that are only made when one of them may be taken. `make()` returns them, and perhaps a Later
    for still more; none costs less than `least`."""

    least: float
    make: Callable[[], "Sequence[Option | Later]"]


@dataclass(frozen=True, eq=False)
class Wish:
    """A text to be written: its kind, such as "name", the name of its matrix, and its options. If a `needed`
    wish is left out, the picture has a note about it."""

    what: str
    owner: str
    options: Sequence[Option | Later]
    needed: bool = True


def writer(lines: Sequence[Text], places: np.ndarray | None = None) -> Callable[[], Written]:
    """The function that writes these lines: at `places` (n, 2), or where they are."""
    if places is None:
        return lambda: Written(lines)
    return lambda: Written(
        [replace(line, x=x, y=y) for line, (x, y) in zip(lines, places.tolist(), strict=True)]
    )


def settle(wishes: Sequence[Sequence[Option | Later]], fixed: np.ndarray) -> list[Option]:
    """The Option that is taken for each of `wishes`, which are given as lists of options. It shares no room
    with the `fixed` boxes (n, 4). The first wishes choose first."""
    choices = [_Choice(options) for options in wishes]
    everyone = np.ones(len(choices), bool)
    taken = _settled(choices, fixed, [UNWRITTEN] * len(choices), everyone)
    written = [*fixed[:, None]]
    cheapest = [choice.cheapest(written, around_each(written), LEFT_OUT) for choice in choices]
    lost = [option.cost - best.cost for option, best in zip(taken, cheapest, strict=True)]
    for n in sorted(range(len(choices)), key=lambda n: -lost[n])[:MOST_TRIES]:
        if lost[n] < CROWDED_OUT:
            break
        others = [*choices[:n], *choices[n + 1 :]]
        near = meeting(choices[n].looked_at[None], _looked_at(others), LABEL_GAP)[0]
        there = np.concatenate([fixed, cheapest[n].boxes])
        trial = _settled(others, there, [*taken[:n], *taken[n + 1 :]], near)
        trial.insert(n, cheapest[n])
        if sum(option.cost for option in trial) < sum(option.cost for option in taken):
            taken = trial
    return taken


def _settled(choices, fixed, taken, waiting):
    """The option that each choice takes, beginning with those `taken` at first. `waiting` (n,) says which
    choices are to choose; a choice whose surroundings change chooses anew."""
    taken = list(taken)
    boxes = [*fixed[:, None], *(option.boxes for option in taken)]  # of all that is written
    outlines = around_each(boxes)
    looked_at = _looked_at(choices)

    def take(n, option):
        """Take an option. Choices that looked at the room that this frees or fills choose anew."""
        place = n + len(fixed)
        if option is not taken[n]:
            changed = np.stack([around(taken[n].boxes), around(option.boxes)])
            np.logical_or(waiting, meeting(changed, looked_at, LABEL_GAP).any(axis=0), out=waiting)
        taken[n], boxes[place], outlines[place] = option, option.boxes, around(option.boxes)

    def choose(least):
        """Let each choice that waits take its cheapest option beside the others, or none if that costs
        `least`."""
        for n, choice in enumerate(choices):
            if waiting[n]:
                outlines[n + len(fixed)] = EMPTY_BOX  # it is not in its own way
                option, looked_at[n] = choice.cheapest(boxes, outlines, least), choice.looked_at
                take(n, option)
                waiting[n] = False

    for _ in range(PASSES):
        choose(np.inf)
        if not waiting.any():
            break
    # Of two that share room the later one is left out.
    for n, place in enumerate(range(len(fixed), len(boxes))):
        near = np.flatnonzero(meeting(outlines[place][None], outlines[:place], LABEL_GAP)[0])
        earlier = np.concatenate([NOWHERE, *(boxes[other] for other in near)])
        if meeting(boxes[place], earlier, LABEL_GAP).any():
            take(n, UNWRITTEN)
    # Who is left out, or pays as much, looks for room once more.
    waiting |= np.array([option.cost >= LEFT_OUT for option in taken], bool)
    choose(LEFT_OUT)
    return taken


def _looked_at(choices):
    """The boxes (n, 4) around all the places that each choice has looked at."""
    return np.array([choice.looked_at for choice in choices]).reshape(-1, 4)


class _Choice:
    """The options of one wish. Those that may cost least are made first, so that most are never made.
    `looked_at` is the box around the places of all options made so far."""

    def __init__(self, options):
        self.groups, self.later, self.looked_at = [], [], EMPTY_BOX
        self._add(options, ())

    def _add(self, options, rank):
        """Add options. The n-th has the rank (*rank, n) among all options of the wish: of two that cost the
        same, the one of lower rank is taken."""
        ranked = [((*rank, n), option) for n, option in enumerate(options)]
        ready = [(each, option) for each, option in ranked if isinstance(option, Option)]
        if ready:
            self.groups.append(_Group(ready))
            self.looked_at = around(np.stack([self.looked_at, self.groups[-1].around]))
        for each, option in ranked:
            if isinstance(option, Later):
                heappush(self.later, (option.least, each, option))

    def cheapest(self, others, outlines, least):
        """The option that costs least, or UNWRITTEN if each costs `least` or more. `others` has the boxes (n,
        4) of each other thing, which would have to make way; `outlines` (m, 4) the box around each of
        these."""
        best, weighed = (least, -np.inf, (), UNWRITTEN), 0
        while True:
            for group in self.groups[weighed:]:
                if group.least <= best[0]:
                    best = min(best, group.cheapest(others, outlines), key=lambda found: found[:3])
            if not self.later or self.later[0][0] > best[0]:
                return best[3]
            weighed = len(self.groups)
            _, rank, option = heappop(self.later)
            self._add(option.make(), rank)


class _Group:
    """Options of a wish that were made together, with their ranks, and the boxes of all of them in one
    array."""

    def __init__(self, ranked):
        self.ranked = sorted(ranked, key=lambda pair: pair[1].cost)
        boxes = [option.boxes for _, option in self.ranked]
        self.costs = np.array([option.cost for _, option in self.ranked])
        self.least = self.costs[0]
        self.boxes = np.concatenate([NOWHERE, *boxes])
        self.owner = np.repeat(np.arange(len(boxes)), [len(each) for each in boxes])  # the option of each box
        self.around = around(self.boxes)

    def cheapest(self, others, outlines):
        """(cost beside the others, cost alone, rank, option) of the cheapest option."""
        near = np.flatnonzero(meeting(self.around[None], outlines, LABEL_GAP)[0])
        there = np.concatenate([NOWHERE, *(others[m] for m in near)])
        there = there[meeting(self.around[None], there, LABEL_GAP)[0]]
        met = meeting(self.boxes, there, LABEL_GAP).sum(axis=1)
        costs = self.costs + OVERLAP * np.bincount(self.owner, met, len(self.costs))
        best = int(costs.argmin())
        rank, option = self.ranked[best]
        return costs[best], option.cost, rank, option


def spread(spots: np.ndarray, apart: float | np.ndarray) -> np.ndarray:
    """The places (n,) nearest to ascending `spots` (n,) that are at least `apart`, all alike or (n - 1,) each
    from the next (least squares, by pooling adjacent violators: Barlow et al. 1972)."""
    first = np.zeros(len(spots))  # where each would stand if all were as near as that
    first[1:] = np.cumsum(np.broadcast_to(apart, max(len(spots) - 1, 0)))
    pools = []  # [sum of targets, their number]
    for spot in spots - first:
        pools.append([spot, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    levels = np.concatenate([np.full(count, total / count) for total, count in pools])
    return levels + first
