"""Upright boxes on a picture or page, (left, bottom, right, top), and which of them overlap."""

from collections.abc import Sequence
from functools import cache

import numpy as np

PAIRS = 2**20  # of boxes that are compared at once
PIECES = 6  # in which leaders and turned lines are looked at
EMPTY_BOX = np.array([np.inf, np.inf, -np.inf, -np.inf])  # the box around none
_SAMPLES = np.stack(np.meshgrid([0.05, 0.5, 0.95], [0.1, 0.9]), axis=-1).reshape(-1, 2)


def around(boxes: np.ndarray) -> np.ndarray:
    """The box around boxes (n, 4)."""
    every = np.concatenate([EMPTY_BOX[None], boxes])
    return np.concatenate([every[:, :2].min(axis=0), every[:, 2:].max(axis=0)])


def around_each(groups: Sequence[np.ndarray]) -> np.ndarray:
    """The box around the boxes (n, 4) of each of several groups; EMPTY_BOX around those of an empty one."""
    if not groups:
        return np.empty((0, 4))
    starts = np.cumsum([0, *(len(boxes) + 1 for boxes in groups[:-1])])
    every = np.concatenate([part for boxes in groups for part in (EMPTY_BOX[None], boxes)])
    low, high = np.minimum.reduceat(every[:, :2], starts), np.maximum.reduceat(every[:, 2:], starts)
    return np.concatenate([low, high], axis=1)


def outside(width: float, height: float = 1.0) -> np.ndarray:
    """Four boxes around a picture, in which nothing may stand that has to be on it: (4, 4)."""
    far = 9.0 * max(width, height)
    return np.array([
        (-far, -far, far, 0.0), (-far, height, far, far), (-far, 0.0, 0.0, height), (width, 0.0, far, height),
    ])  # fmt: skip


def meeting(boxes: np.ndarray, others: np.ndarray, room: float = 0.0) -> np.ndarray:
    """Which of the boxes (..., n, 4) come nearer than `room` to which of the others (..., m, 4): (..., n, m).
    A negative `room` is the least overlap."""
    left, low, right, high = (boxes[..., n, None] for n in range(4))
    begin, bottom, end, top = (others[..., None, :, n] for n in range(4))
    found = left < end + room
    found &= right > begin - room
    found &= low < top + room
    found &= high > bottom - room
    return found


def clashes(outlines: np.ndarray, least: float = 1e-6) -> list[tuple[int, int]]:
    """The pairs (m, n), m before n, of rectangles (k, 4, 2) that overlap; they may be turned."""
    sides = outlines[:, [1, 3]] - outlines[:, [0]]
    normals = sides / (np.linalg.norm(sides, axis=2, keepdims=True) + 1e-12)
    along = np.einsum("nad,mcd->namc", normals, outlines)  # each by the two directions of each
    low, high = along.min(axis=3), along.max(axis=3)
    each = np.arange(len(outlines))
    shared = np.minimum(high, high[each, :, each][:, :, None]) - np.maximum(
        low, low[each, :, each][:, :, None]
    )
    both = (shared > least).all(axis=1)
    return [(int(m), int(n)) for n, m in np.argwhere(np.tril(both & both.T, -1))]


class Obstacles:
    """Convex quadrilaterals (m, 4, 2) on a picture, which type should not cover. `kinds` (k, m) says which of
    them are of each kind; without it all are of one kind."""

    def __init__(self, quads: np.ndarray, kinds: np.ndarray | None = None):
        self.kinds = np.ones((1, len(quads)), bool) if kinds is None else kinds
        self.quads = a = quads
        side = np.roll(quads, -1, axis=1) - quads
        # A point (x, y) is inside if all four of (x, y, 1) · sides have the sign of the area.
        sides = np.stack([-side[..., 1], side[..., 0], side[..., 1] * a[..., 0] - side[..., 0] * a[..., 1]])
        across = a[:, 2:] - a[:, :2]
        area = across[:, 0, 0] * across[:, 1, 1] - across[:, 0, 1] * across[:, 1, 0]
        self.sides = (sides * np.sign(area)[:, None]).transpose(2, 0, 1)  # (4, 3, m)
        self.around = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)

    def under(self, boxes: np.ndarray) -> np.ndarray:
        """How much of the quadrilaterals lies under each of the boxes (n, 4), at most two layers: (n,)."""
        return self.under_each(boxes).sum(axis=0)

    def under_each(self, boxes: np.ndarray) -> np.ndarray:
        """As `under`, for each kind: (k, n)."""
        few = max(1, PAIRS // max(1, len(self.around)))
        parts = [self._under(boxes[n : n + few]) for n in range(0, max(1, len(boxes)), few)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _under(self, boxes):
        # Few pairs overlap at all: only these are computed.
        some = np.flatnonzero(meeting(around(boxes)[None], self.around)[0])
        box, quad = np.nonzero(meeting(boxes, self.around[some]))
        quad = some[quad]
        corners, sizes = boxes[box, None, :2], boxes[box, None, 2:] - boxes[box, None, :2]
        x, y = np.moveaxis(corners + sizes * _SAMPLES, 2, 0)  # (pairs, samples)
        within = np.ones(x.shape, bool)
        for side in self.sides:
            within &= side[0, quad, None] * x + side[1, quad, None] * y + side[2, quad, None] > 1e-9
        # A corner that reaches in between the samples counts as one of them.
        corner = (self.quads[quad] > corners) & (self.quads[quad] < corners + sizes)
        within[:, 0] |= corner.all(axis=2).any(axis=1) & ~within.any(axis=1)
        pair, sample = np.nonzero(within)
        points, of_kind = box[pair] * len(_SAMPLES) + sample, self.kinds[:, quad[pair]]
        count = len(boxes) * len(_SAMPLES)
        layers = np.array([np.bincount(points, one, count) for one in of_kind])
        layers = layers.reshape(len(self.kinds), len(boxes), len(_SAMPLES))
        return np.minimum(layers, 2.0).mean(axis=2)


def under_boxes(boxes: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Whether one of the convex quadrilaterals (m, 4, 2) lies under each of the boxes (n, 4): (n,). Two
    convex shapes are apart if a line along a side of one of them separates them."""
    sides = np.roll(quads, -1, axis=1) - quads
    normals = np.stack([-sides[..., 1], sides[..., 0]], axis=2)  # (m, 4, 2)
    along = np.einsum("msd,mcd->msc", normals, quads)
    middles, halves = 0.5 * (boxes[:, :2] + boxes[:, 2:]), 0.5 * (boxes[:, 2:] - boxes[:, :2])
    centres = np.einsum("nd,msd->nms", middles, normals)
    reach = np.einsum("nd,msd->nms", halves, np.abs(normals))
    apart = ((centres - reach > along.max(axis=2)) | (centres + reach < along.min(axis=2))).any(axis=2)
    upright = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    return (meeting(boxes, upright) & ~apart).any(axis=1)


def gaps_between(boxes: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """How far boxes (n, 4) are from convex quadrilaterals (m, 4, 2), 0 where they meet: (n, m)."""
    box, quad = np.indices((len(boxes), len(quads))).reshape(2, -1)
    return _gaps(boxes[box], quads[quad]).reshape(len(boxes), len(quads))


def reached(boxes: np.ndarray, quads: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Which of the boxes (n, 4) have one of the convex quadrilaterals (m, 4, 2) as near as their `reach`,
    (n,), or nearer: (n,)."""
    around = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    # Of all pairs few can be so near: only these are measured.
    box, quad = np.nonzero(meeting(boxes + reach[:, None] * (-1, -1, 1, 1), around, 1e-9))
    near = _gaps(boxes[box], quads[quad]) <= reach[box] + 1e-9
    return np.bincount(box[near], minlength=len(boxes)) > 0


def _gaps(boxes, quads):
    """How far each box (n, 4) is from the convex quadrilateral (n, 4, 2) beside it: (n,)."""
    part = np.array([0.0, 0.5, 1.0])
    parts = np.stack(np.meshgrid(part, part), axis=-1).reshape(-1, 2)
    points = boxes[:, None, :2] + parts * (boxes[:, None, 2:] - boxes[:, None, :2])  # (n, 9, 2)
    away = np.maximum(boxes[:, None, :2] - quads, quads - boxes[:, None, 2:])
    to_boxes = np.linalg.norm(np.maximum(away, 0.0), axis=2).min(axis=1)
    return np.minimum(_from_points(points, quads), to_boxes)


def _from_points(points, quads):
    """How far the nearest of some points (n, k, 2) is from each convex quadrilateral (n, 4, 2), 0 within."""
    sides = (np.roll(quads, -1, axis=1) - quads)[:, None]
    away = points[:, :, None] - quads[:, None]  # (n, k, 4, 2)
    along = np.clip((away * sides).sum(axis=3) / ((sides**2).sum(axis=3) + 1e-18), 0.0, 1.0)
    gaps = np.linalg.norm(away - along[..., None] * sides, axis=3).min(axis=2)
    turns = sides[..., 0] * away[..., 1] - sides[..., 1] * away[..., 0]
    within = (turns > 0).all(axis=2) | (turns < 0).all(axis=2)
    return np.where(within, 0.0, gaps).min(axis=1)


def within(points: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """Which of the points (n, 2) are inside a convex quadrilateral (4, 2): (n,)."""
    sides, away = np.roll(quad, -1, axis=0) - quad, points[:, None] - quad
    turns = sides[:, 0] * away[..., 1] - sides[:, 1] * away[..., 0]
    return (turns > 0).all(axis=1) | (turns < 0).all(axis=1)


def strips(
    starts: np.ndarray, ends: np.ndarray, half: np.ndarray | float, pieces: int = PIECES
) -> np.ndarray:
    """Boxes that cover lines from `starts` to `ends` (n, 2), with `half` their thickness on either side; so
    many `pieces` for each line."""
    parts = _parts(pieces)[:, None, None]
    points = starts + (ends - starts) * parts
    low, high = np.minimum(points[1:], points[:-1]), np.maximum(points[1:], points[:-1])
    return np.concatenate([low - half, high + half], axis=2).reshape(-1, 4)


@cache
def _parts(pieces):
    return np.linspace(0.0, 1.0, pieces + 1)


def corners_of(boxes: np.ndarray) -> np.ndarray:
    """The corners of boxes (n, 4), in their order around each: (n, 4, 2)."""
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)


def edges_of(quad: np.ndarray) -> np.ndarray:
    """The edges of a quadrilateral (4, 2), from corner to corner: (4, 2, 2)."""
    return np.stack([quad, np.roll(quad, -1, axis=0)], axis=1)


def faces(corners: np.ndarray) -> list[np.ndarray]:
    """The six faces, (4, 2) each, of a cuboid whose corners (8, 2) count in binary."""
    cube = corners.reshape(2, 2, 2, 2)
    sides = [np.moveaxis(cube, axis, 0)[end] for axis in range(3) for end in (0, 1)]
    return [side.reshape(4, 2)[[0, 1, 3, 2]] for side in sides]
