"""Where labels stand on the picture: none on another, and as few as can be on what they label.

Plain geometry in the picture's own units, heights of it, from its lower left corner. Whatever is to be
written has Options: places, sizes, and last of all to be left out. The cheapest ones that share no room
are taken; since to leave something out costs less than to share room, labels never overlap.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

OVERLAP = 1e4  # cost of sharing room with something else that is written
LEFT_OUT = 1e3
ROOM = 0.004  # between labels, at least
PASSES = 4
PIECES = 6  # in which leaders and turned lines are looked at
NOWHERE = np.empty((0, 4))
_SAMPLES = np.stack(np.meshgrid([0.05, 0.5, 0.95], [0.1, 0.9]), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Option:
    """A way to write something: the boxes (n, 4) that it takes, (left, bottom, right, top), what it costs
    by itself, and `write()`, which gives what is written there, None for nothing."""

    boxes: np.ndarray = field(default_factory=lambda: NOWHERE)
    cost: float = LEFT_OUT
    write: Callable = lambda: None


def settle(items, fixed):
    """The Option taken for each of `items`, lists of Options; none shares room with the `fixed` boxes (n, 4).

    Each in turn takes the cheapest that the others leave it, and so again until nothing changes; at first
    even where it shares room, so that the others make way. What comes first chooses first.
    """
    items = [sorted(options, key=lambda option: option.cost) for options in items]
    taken = [Option() for _ in items]
    for _ in range(PASSES):
        before = list(taken)
        _choose(items, taken, fixed, np.inf)
        if taken == before:
            break
    _choose(items, taken, fixed, LEFT_OUT)
    return taken


def _choose(items, taken, fixed, least):
    """Let each item take the cheapest of its options, given the others; none that costs `least` or more."""
    for n, options in enumerate(items):
        others = np.concatenate([fixed, *(o.boxes for m, o in enumerate(taken) if m != n)])
        taken[n] = _cheapest(options, others, least)


def _cheapest(options, others, least):
    """The cheapest of the options given what others take; nothing where each costs `least` or more."""
    best = Option()
    for option in options:
        if option.cost >= least:
            break
        cost = option.cost + OVERLAP * overlaps(option.boxes, others)
        if cost < least:
            best, least = option, cost
    return best


def overlaps(boxes, others, room=ROOM):
    """How many pairs of boxes (n, 4) and (m, 4) share room."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return int(((high - low) > -room).all(axis=2).sum())


def covered(boxes, quads):
    """How much of the quadrilaterals (m, 4, 2) lies under each of the boxes (n, 4), in layers, two at most:
    (n,)."""
    if not len(boxes) or not len(quads):
        return np.zeros(len(boxes))
    samples = boxes[:, None, :2] + (boxes[:, None, 2:] - boxes[:, None, :2]) * _SAMPLES
    x, y = samples.reshape(-1, 1, 2).transpose(2, 0, 1)
    turns = np.ones((2, len(x), len(quads)), bool)
    for n in range(4):
        a, side = quads[:, n], quads[:, (n + 1) % 4] - quads[:, n]
        turn = side[:, 0] * (y - a[:, 1]) - side[:, 1] * (x - a[:, 0])
        turns &= turn > 1e-9, turn < -1e-9
    return turns.any(axis=0).sum(axis=1).clip(max=2).reshape(len(boxes), -1).mean(axis=1)


def strips(starts, ends, half):
    """The boxes that lines from `starts` to `ends` (n, 2), `half` as thick to either side, lie in, each in
    PIECES of them."""
    at = np.linspace(0.0, 1.0, PIECES + 1)[:, None, None]
    points = starts + (ends - starts) * at
    low, high = np.minimum(points[1:], points[:-1]), np.maximum(points[1:], points[:-1])
    return np.concatenate([low - half, high + half], axis=2).reshape(-1, 4)


def around(boxes):
    """The box around boxes (n, 4)."""
    return np.array([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)])


def faces(corners):
    """The six faces, (4, 2) each, of a cuboid whose corners (8, 2) count in binary."""
    cube = corners.reshape(2, 2, 2, 2)
    sides = [np.moveaxis(cube, axis, 0)[end] for axis in range(3) for end in (0, 1)]
    return [side.reshape(4, 2)[[0, 1, 3, 2]] for side in sides]


def spread(spots, apart):
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
