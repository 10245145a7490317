"""Finds the place from which a camera sees its subject clear of the text on the picture."""

from functools import lru_cache

import numpy as np

from .framing import Optics, nearest, window

CANDIDATES = (5, 7)  # places across and upward that are tried at a distance
HALVINGS = 5
KEPT_ANSWERS = 512
TRIED_DISTANCES = np.linspace(1.0, 1.25, 6)  # nearest distances, for a subject nearer to the middle
PLACES_ACROSS = 15  # places across that are tried for that
PULL = 0.6  # the part of its size that a subject gives up to move half a frame nearer to the middle
NEAR_MIDDLE = 0.03  # in half frames: this counts as the middle
LEAST_SUBJECT = 0.74  # the least part of the frame for a subject that gives up size for the middle
_FAN = np.stack([np.cos(np.arange(24) * np.pi / 24), np.sin(np.arange(24) * np.pi / 24)])


def clear(
    seen: np.ndarray, optics: Optics, margins: np.ndarray, written: np.ndarray
) -> tuple[float, np.ndarray]:
    """(reach, centre) of a camera that sees all parts (n, corners, 3), none of them under the text, boxes (m,
    4) of the frame from -1 to 1.

    It is the nearest such camera, or one a little further away if the parts are then nearer to the middle
    between the margins. If no camera is clear of the text, it is the nearest one that sees all parts.

    A film asks for the same again and again while its labels are laid out, so answers are kept."""
    given = (np.ascontiguousarray(one, float) for one in (seen, margins, written))
    seen, margins, written = given
    reach, centre = _clear(optics, seen.shape, seen.tobytes(), margins.tobytes(), written.tobytes())
    return reach, np.array(centre)


@lru_cache(maxsize=KEPT_ANSWERS)
def _clear(
    optics: Optics, shape: tuple[int, ...], parts: bytes, room: bytes, boxes: bytes
) -> tuple[float, tuple[float, ...]]:
    """As `clear`, whose arrays are given as bytes."""
    seen, margins, written = np.frombuffer(parts).reshape(shape), np.frombuffer(room), np.frombuffer(boxes)
    reach, centre = _found_clear(seen, optics, margins, written.reshape(-1, 4))
    return reach, tuple(centre.tolist())


def _found_clear(
    seen: np.ndarray, optics: Optics, margins: np.ndarray, written: np.ndarray
) -> tuple[float, np.ndarray]:
    points = seen.reshape(-1, 3)
    outlines = seen if seen.shape[1] <= 8 else _outermost(points)[None]

    def free(reach, across):
        """The centres (n, 2) at which no part is covered, the middle ones first."""
        low, high = window(points, reach, optics, margins)
        xs = _from_the_middle(low[0], high[0], across)
        ys = _from_the_middle(low[1], high[1], CANDIDATES[1])
        places = np.array([(x, y) for y in ys for x in xs])
        seen_from = projected(outlines, places[:, None, None], reach, optics)
        return places[~covered(seen_from, written)]

    reach, centre = nearest(points, optics, margins)
    least = _least_clear(lambda reach: len(free(reach, CANDIDATES[0])), reach, points, optics)
    if least is None:
        return reach, centre
    depth = 0.0 if optics.orthographic else 0.5 * (points[:, 2].min() + points[:, 2].max())
    best, cost, middle = (reach, centre), np.inf, margins[0] - margins[1]
    for further, across in ((1.0, CANDIDATES[0]), *((further, PLACES_ACROSS) for further in TRIED_DISTANCES)):
        if further - 1.0 + PULL * NEAR_MIDDLE >= cost:
            break
        reach = further * (least + depth) - depth
        places = free(reach, across)
        frames = projected(points, places[:, None], reach, optics)
        low, high = frames.min(axis=1), frames.max(axis=1)
        costs = further - 1.0 + 0.5 * PULL * np.abs(low[:, 0] + high[:, 0] - 2 * middle)
        if further > 1.0:
            costs[(high - low).max(axis=1) < 2 * LEAST_SUBJECT] = np.inf
        if len(costs) and costs.min() < cost:
            best, cost = (reach, places[costs.argmin()]), costs.min()
    return best


def _least_clear(is_clear, least, points, optics):
    """The least reach, from `least` on, at which these points can be clear of the text, or None."""
    if is_clear(least):
        return least
    step = 0.25 * (least if optics.orthographic else np.ptp(points, axis=0).max() / optics.half.max())
    for n in range(1, 9):  # far enough for any overlay that leaves a part of the frame free
        if is_clear(least + n * step):
            near, far = least + (n - 1) * step, least + n * step
            break
    else:
        return None
    for _ in range(HALVINGS):
        reach = 0.5 * (near + far)
        near, far = (near, reach) if is_clear(reach) else (reach, far)
    return far


def _from_the_middle(low, high, count):
    """Numbers from low to high, the middle ones first."""
    numbers = np.linspace(low, high, count)
    return numbers[np.argsort(np.abs(np.arange(count) - (count - 1) / 2), kind="stable")]


def _outermost(points):
    """The points, out of many (n, 3), that are the furthest in some direction."""
    n = np.arange(200) + 0.5
    height, around = 1 - 2 * n / 200, n * np.pi * (3 - 5**0.5)
    flat = np.sqrt(1 - height**2)
    directions = np.stack([flat * np.cos(around), flat * np.sin(around), height], axis=1)
    return points[np.unique((directions @ points.T).argmax(axis=1))]


def projected(seen: np.ndarray, centre: np.ndarray, reach: float, optics: Optics) -> np.ndarray:
    """Project points (..., 3) in the camera's axes to the frame from -1 to 1: (..., 2)."""
    size = (seen[..., 2:] if not optics.orthographic else 0.0) + reach
    return (seen[..., :2] - centre) / size / optics.half - optics.centre


def covered(views: np.ndarray, written: np.ndarray) -> np.ndarray:
    """In which views (v, n, corners, 2) an outline shares room with one of the rectangles (m, 4): (v,).

    They count as apart if a line in one of the directions of `_FAN` separates them.
    """
    low, high = views.min(axis=2), views.max(axis=2)
    near = ((high[:, :, None] > written[:, :2]) & (low[:, :, None] < written[:, 2:])).all(axis=3)
    which, part = np.nonzero(near.any(axis=2))
    pair, under = np.nonzero(near[which, part])
    seen, other = views[which, part] @ _FAN, written[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] @ _FAN
    which, begin, end = which[pair], seen.min(axis=1)[pair], seen.max(axis=1)[pair]
    apart = (end <= other.min(axis=1)[under]) | (begin >= other.max(axis=1)[under])
    covered = np.zeros(len(views), bool)
    covered[which[~apart.any(axis=1)]] = True
    return covered
