"""Options for the titles of results side by side, such as heads. All titles of a group stand at the same side
of their results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import around_each, meeting
from .canvas import Canvas
from .captions import Titled, titled
from .items import Text
from .placing import LABEL_GAP, Option, Wish, writer

TITLE_SCALES = (1.0, 0.8, 0.62, 0.48)  # of titles side by side, so that none is on the next
DISTANCES = ((0.03, 0.0), (0.05, 0.5), (0.08, 1.0), (0.11, 2.0), (0.15, 3.0), (0.2, 5.0))  # how far, cost
SMALLER_TITLES = 30.0  # cost of smaller titles
ABOVE_OTHERS, ABOVE_A_PANEL = 6.0, 6.0  # cost of titles above what makes them, and what it is worth there
COST_OF_STRANGE_TITLE = 20.0  # cost of a title that is nearer to another result


@dataclass(frozen=True, eq=False)
class _Way:
    """The titles of a group at places (n, 2), and the cost of these places."""

    lines: list[Text]
    places: np.ndarray
    cost: float


def titles(canvas: Canvas) -> Iterator[Wish]:
    """The titles of each group whose results are in the picture."""
    for group, down in titled(canvas.p):
        seen = [result for result in group if canvas.shows(result.corners)]
        if seen:
            yield Wish("title", seen[0].name, _options(canvas, seen, down))


def _options(canvas: Canvas, group: Sequence[Titled], down: bool) -> list[Option]:
    """The ways in which no title of a group is on another."""
    edges = around_each([np.tile(canvas.project(result.corners), 2) for result in group])
    ways = [way for scale in TITLE_SCALES for way in _ways(canvas, group, edges, down, scale)]
    boxes = np.array([[line.around for line in way.lines] for way in ways])
    boxes = boxes + np.tile(np.array([way.places for way in ways]), 2)  # (ways, titles, 4)
    costs = canvas.costs(boxes.reshape(-1, 4)).reshape(len(ways), -1).mean(axis=1)
    costs = costs + [way.cost for way in ways] + COST_OF_STRANGE_TITLE * _strange(boxes, edges).mean(axis=1)
    shared = np.count_nonzero(meeting(boxes, boxes, LABEL_GAP), axis=(1, 2))
    free = np.flatnonzero(shared == len(group))  # each with itself alone
    return [Option(boxes[n], len(group) * costs[n], writer(ways[n].lines, ways[n].places)) for n in free]


def _ways(
    canvas: Canvas, group: Sequence[Titled], edges: np.ndarray, down: bool, scale: float
) -> Iterator[_Way]:
    """Places below, left of, above and right of each result with its operands, whose `edges` are boxes (n,
    4). Groups that run down the picture prefer left or right, panels prefer above unless the camera goes to
    one of them, others prefer below."""
    left, low, right, high = edges.T
    size = canvas.form.title
    x, y = 0.5 * (left + right), 0.5 * (low + high) - 0.35 * size * canvas.type.scale

    def lines(align):
        return [
            canvas.type.line(
                result.title,
                0.0,
                0.0,
                scale * size,
                align,
                bold=True,
                kind="title",
                anchor=result.corners.mean(axis=0),
            )
            for result in group
        ]

    centered, at_left, at_right = lines("CENTER"), lines("RIGHT"), lines("LEFT")
    p = canvas.p
    above = -ABOVE_A_PANEL if p.panels and not p.scene.camera.subject else ABOVE_OTHERS
    for far, cost in DISTANCES:
        cost = cost + SMALLER_TITLES * (1.0 - scale)
        under, beside = cost + 8.0 * down, cost + 8.0 * (not down)
        for part, slid in ((0.0, 0.0), (-0.3, 0.3), (0.3, 0.3)):
            places = np.column_stack([x + part * (right - left), low - scale * (far + 0.5 * size)])
            yield _Way(centered, places, under + slid)
        yield _Way(at_left, np.column_stack([left - far, y]), beside)
        yield _Way(centered, np.column_stack([x, high + far]), under + above)
        yield _Way(at_right, np.column_stack([right + far, y]), beside + 1.0)


def _strange(boxes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Whether each title is nearer to the result of another title: (ways, titles)."""
    middles = 0.5 * (boxes[:, :, None, :2] + boxes[:, :, None, 2:])
    away = np.maximum(np.maximum(edges[:, :2] - middles, middles - edges[:, 2:]), 0.0)
    away = np.linalg.norm(away, axis=3)  # from each title to each result
    return np.einsum("wtt->wt", away) > away.min(axis=2) + 1e-9
