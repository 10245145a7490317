"""Text for the last spotlight of a figure: the numbers of its entries, and the tokens of lit rows and
columns."""

from collections.abc import Sequence

import numpy as np

from ..kinds.places import Plane
from ..staging.writing import captions
from ..staging.writing.boxes import edges_of, meeting, strips
from ..staging.writing.callout_options import callouts
from ..staging.writing.items import moved
from ..staging.writing.lit_tokens import lit_lines
from ..staging.writing.name_options import unit
from ..staging.writing.placing import Option, Written
from ..staging.writing.typesetter import CAPITALS
from .figure_labels import LINE_OVERHANG, PAGE_LABEL_GAP, SHARED, TOUCHING, Labels

LONGEST_LIT = 6.0  # in sizes, of the token of a row or a column that is lit
EDGE_PARTS = 36  # in which edges of matrices are looked at


def write_callouts(labels: Labels) -> None:
    """The numbers of the entries at which the spotlight points, beside their matrices."""
    spotlight = labels.canvas.p.spotlight
    lit = spotlight.last if spotlight and not labels.told else ()
    for wish in callouts(labels.canvas, lit, labels.type.size, plated=False):
        others = [
            quad
            for plane, quad in zip(labels.canvas.planes, labels.canvas.quads, strict=True)
            if plane.stage.name != wish.owner
        ]
        taken = np.concatenate([labels.boxes(rules=True), _along_edges(others)])
        key = "callout", wish.owner, len(labels.pointed)
        if key not in labels.chosen:
            labels.chosen[key] = _best(wish.made, taken)
        best = wish.made[labels.chosen[key]]
        if not meeting(best.boxes, taken, -TOUCHING).any():
            labels.add(best.write(), labels.pointed)


def _best(options: Sequence[Option], taken: np.ndarray) -> int:
    """The number of the cheapest option, given boxes that are taken."""
    met = [meeting(option.boxes, taken, -TOUCHING).sum() for option in options]
    return int(np.argmin(SHARED * np.array(met) + [option.cost for option in options]))


def _along_edges(quads: Sequence[np.ndarray]) -> np.ndarray:
    """Small boxes along the edges of quadrilaterals (4, 2): (n, 4)."""
    ends = np.array([edges_of(quad) for quad in quads]).reshape(-1, 2, 2)
    return strips(ends[:, 0], ends[:, 1], 0.0, EDGE_PARTS)


def write_lit_tokens(labels: Labels) -> None:
    """The token of each row and column that the spotlight lights as a whole, at an end of it. At the star it
    is one of the axis's tokens already."""
    p = labels.canvas.p
    if not p.spotlight or not p.stars:
        return
    every = []
    for lit in p.spotlight.last:
        if p.is_star(lit.stage):
            continue
        lines = lit_lines(p, lit)
        for plane in labels.canvas.planes:
            if plane.stage is lit.stage:
                every += [_write_lit_token(labels, plane, *line) for line in lines] or [False]
    labels.told_lit = all(every)


def _write_lit_token(labels: Labels, plane: Plane, of_rows: bool, n: int, token: str) -> bool:
    """Write the token of the row or column n of a plane at its freer end. False if neither end is free, or
    the token is long."""
    p, size = labels.canvas.p, labels.type.small
    line = labels.type.line(p.typeface.shown(token), 0.0, 0.0, size, "CENTER", kind="lit")
    if line.width > LONGEST_LIT * size:
        return False
    half = 0.5 * np.array([line.width, CAPITALS * size])
    low, high = (
        labels.canvas.project(ends[n : n + 1])[0]
        for ends in captions.ends_of_lines(plane, of_rows, LINE_OVERHANG)
    )
    middles = []
    for end, other in ((low, high), (high, low)):
        way = unit(end - other)
        middles += [end + way * (np.abs(way) @ half * part + PAGE_LABEL_GAP) for part in (1.0, 1.6)]
    middles = np.array(middles)
    boxes = np.concatenate([middles - half, middles + half], axis=1)
    key = "lit", plane, of_rows, n
    if key not in labels.chosen:
        met = meeting(boxes, labels.boxes(rules=True), PAGE_LABEL_GAP).sum(axis=1)
        labels.chosen[key] = int(np.argmin(SHARED * met + labels.matrices.under(boxes)))
    best = labels.chosen[key]
    if meeting(boxes[best : best + 1], labels.boxes(rules=True), -TOUCHING).any():
        return False
    x, y = middles[best]
    labels.add(Written([moved(line, x, y - half[1])]), labels.pointed)
    return True
