"""Options for callouts, the numbers of entries in the spotlight: near the entry, with a thin leader, and not
over an entry that matters."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...attention.tokens import as_labels, is_special
from ...kinds.places import Plane
from ..scales import is_probability
from ..spotlight import Lit
from .boxes import Obstacles, strips, under_boxes
from .canvas import Canvas
from .captions import ends_of_lines, labels_of
from .numerals import number
from .placing import Leader, Option, Wish, Written
from .typesetter import LONGEST_TOKEN

MOST_CALLOUTS = 3  # callouts in a picture
MATTERS = 0.1  # of the largest magnitude: entries from there on are not covered
COST_OF_COVERING, COST_OF_COVERING_FAINT = 300.0, 0.4  # an entry that matters, and one that does not
COST_OF_TOUCHING = 20.0  # another matrix, if only at a corner
AWAY = 40.0  # cost of a leader that is as long as the picture is high
FARS = (1.0, 1.4, 1.8, 2.3, 2.9, 3.6, 4.5, 6.0, 8.0, 11.0, 15.0)  # from entry to text, in sizes of type
MOST_SAMPLED_ENTRIES = 4096  # entries of a matrix; of a larger matrix only those that matter count
CALLOUT_TURNS = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
AT_AN_END, BEYOND_ROW = 1.0, 0.6  # cost of standing at an end of the entry's row; entries beyond the matrix
BROKEN = 1.0  # of standing in two lines
CALLOUT_LEADING = 1.2  # from one of them to the next, in sizes of type
CALLOUT_MARGIN = 0.35  # room around the text, in sizes of type
CALLOUT_BEFORE = 2.0  # how far before the entry it stands, in entries


def callouts(canvas: Canvas, parts: Iterable[Lit]) -> Iterator[Wish]:
    """The numbers of the entries at which the spotlight points among its `parts`, at most MOST_CALLOUTS. Of a
    row or column of probabilities it is the number of the largest entry."""
    told: list[tuple[str, tuple[int, int]]] = []
    for lit in parts:
        for plane in canvas.planes:
            told_of = lit.pointed and (lit.single or is_probability(lit.stage) and not lit.raw)
            if told_of and plane.stage is lit.stage and len(told) < MOST_CALLOUTS:
                entry = strongest(canvas.p, lit)
                if (plane.stage.name, entry) not in told:
                    told.append((plane.stage.name, entry))
                    said = said_of(canvas.p, plane.stage, entry, lit.raw)
                    forms = [said], said.split("  ")  # on one line, or with the number below
                    options = [one for texts in forms for one in _places(canvas, plane, entry, texts)]
                    yield Wish("callout", plane.stage.name, options, needed=False)


def strongest(p: Any, lit: Lit) -> tuple[int, int]:
    """The entry of the largest magnitude among the lit ones, without special tokens such as [CLS]."""
    (top, bottom), (left, right) = lit.rows, lit.columns
    part = np.abs(p.evaluation[lit.stage].final[top : bottom + 1, left : right + 1])
    rows, columns = labels_of(p, lit.stage)
    for axis, labels, first, last in ((0, rows, top, bottom), (1, columns, left, right)):
        special = [n - first for n in range(first, last + 1) if labels and is_special(labels[n])]
        if 0 < len(special) <= last - first:
            part = part.copy()
            np.moveaxis(part, axis, 0)[special] = -1.0
    i, j = np.unravel_index(part.argmax(), part.shape)
    return top + int(i), left + int(j)


def said_of(p: Any, stage: Any, entry: tuple[int, int], raw: bool = False) -> str:
    """The text of a callout: row, column and number of an entry, such as "it → animal 0.68"; with `raw`, the
    number before the epilogue."""
    values, labels = p.evaluation[stage], labels_of(p, stage)
    value = float((values.raw if raw else values.final)[entry])
    ends_at = [as_labels(axis)[n] if axis else str(n) for axis, n in zip(labels, entry, strict=True)]
    texts = [p.typeface.shown(text, LONGEST_TOKEN) for text in ends_at]
    probable = is_probability(stage) and not raw
    ends = " → ".join(texts) if probable or all(labels) else f"{stage.name}[{', '.join(texts)}]"
    return p.typeface.shown(f"{ends}  {value:.2f}" if probable else f"{ends}  {number(value)}")


def _places(canvas: Canvas, plane: Plane, entry: tuple[int, int], texts: list[str]) -> list[Option]:
    """Places around an entry, near and far, for some lines of text."""
    type, size, plated = canvas.type, canvas.form.callout, canvas.form.plated
    anchor = plane.places(*(np.array([n]) for n in entry))[0]
    spot = canvas.project(anchor[None])[0]
    high = type.sized(size)
    wide = max(type.width(text, size) for text in texts)
    tall = CALLOUT_LEADING * (len(texts) - 1) + 0.95
    half = 0.5 * np.array([wide, tall * high]) + CALLOUT_MARGIN * high
    ways = np.stack([np.cos(CALLOUT_TURNS), np.sin(CALLOUT_TURNS)], axis=1)
    middles = np.concatenate(
        [spot + ways * (far * high + np.abs(ways) @ (half - 0.5 * high)[:, None]) for far in FARS]
    )
    ends_of_row = [ends[entry[0]] for ends in ends_of_lines(plane, True, BEYOND_ROW)]
    beyond = canvas.project(np.array(ends_of_row))
    outward = beyond - spot
    outward /= np.linalg.norm(outward, axis=1)[:, None] + 1e-12
    at_ends = beyond + outward * (np.abs(outward) @ half)[:, None]
    middles = np.concatenate([middles, at_ends])
    boxes = np.concatenate([middles - half, middles + half], axis=1)
    ends = np.clip(spot, boxes[:, :2], boxes[:, 2:])
    away = np.linalg.norm(ends - spot, axis=1)
    others = [
        quad
        for other, quad in zip(canvas.planes, canvas.quads, strict=True)
        if not (plated and other is plane)
    ]
    costs = AWAY * away / canvas.height
    costs[-len(at_ends) :] = AT_AN_END
    costs += canvas.beyond(boxes)
    if others:
        covered = Obstacles(np.array(others)).under(boxes)
        costs += COST_OF_COVERING * covered + COST_OF_TOUCHING * under_boxes(boxes, np.array(others))
    costs += _entries_under(canvas, plane, entry, boxes) + BROKEN * (len(texts) - 1)
    step = 0.6 * canvas.entry_at(plane)
    front = anchor - canvas.view.forward * CALLOUT_BEFORE

    toward = (ends - spot) / np.where(away, away, 1.0)[:, None]
    starts = spot + toward * np.minimum(step, away)[:, None]
    leaders = strips(starts, ends, 0.0).reshape(-1, len(boxes), 4)

    def option(n):
        led = plated or n < len(boxes) - len(at_ends)  # on a page the outline of its row leads to its end

        def write():
            x, y = middles[n] + (0.0, (0.5 * tall - 0.8) * high)
            lines = [
                type.line(
                    text, x, y - CALLOUT_LEADING * row * high, size, "CENTER", kind="callout", anchor=front
                )
                for row, text in enumerate(texts)
            ]
            return Written(lines, [Leader(starts[n], ends[n], front)] if led else ())

        taken = np.concatenate([boxes[n : n + 1], leaders[:, n]]) if led else boxes[n : n + 1]
        return Option(taken, costs[n], write)

    return [option(n) for n in range(len(boxes))]


def _entries_under(canvas: Canvas, plane: Plane, entry: tuple[int, int], boxes: np.ndarray) -> np.ndarray:
    """The cost of covering entries of the plane with each box: (n,)."""
    values = np.abs(canvas.p.evaluation[plane.stage].final)
    i, j = np.nonzero(
        values >= MATTERS * values.max() if values.size > MOST_SAMPLED_ENTRIES else values > -1.0
    )
    i, j = i[:MOST_SAMPLED_ENTRIES], j[:MOST_SAMPLED_ENTRIES]
    points = canvas.project(plane.places(i, j))
    weights = np.where(
        values[i, j] >= MATTERS * (values.max() or 1.0), COST_OF_COVERING, COST_OF_COVERING_FAINT
    )
    weights[(i == entry[0]) & (j == entry[1])] = COST_OF_COVERING
    room = 0.5 * canvas.entry_at(plane)
    low, high = boxes[:, None, :2] - room, boxes[:, None, 2:] + room
    inside = (points > low) & (points < high)
    return (inside[..., 0] & inside[..., 1]) @ weights
