"""Options for the tokens of rows and columns that the spotlight lights as a whole: at either of their ends.
The star has all of its tokens already."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ...attention.tokens import as_labels
from ...kinds.places import Plane
from ..plan import Plan
from ..spotlight import Lit
from .axis_options import beyond_lines
from .canvas import Canvas
from .captions import ends_of_lines, labels_of
from .name_options import NAME_GAP, unit
from .placing import Option, Wish, writer
from .typesetter import CAPITALS, LONGEST_TOKEN

FURTHER = (1.0, 1.6)  # times half its size, from the end of its row to its middle
COST_OF_FURTHER, WITHOUT_LIT_TOKEN = 4.0, 30.0  # costs: of the second; of being left out


def lit_lines(p: Plan, lit: Lit) -> list[tuple[bool, int, str]]:
    """(whether it is a row, its number, its token) of a row or a column that is lit as a whole."""
    shape, labels, lines = p.evaluation[lit.stage].shape, labels_of(p, lit.stage), []
    for axis, (first, last), across in ((0, lit.rows, lit.columns), (1, lit.columns, lit.rows)):
        whole = across == (0, shape[1 - axis] - 1) and shape[1 - axis] > 1
        if labels[axis] and first == last and whole:
            lines.append((axis == 0, first, as_labels(labels[axis])[first]))
    return lines


def lit_tokens(canvas: Canvas, parts: Iterable[Lit]) -> Iterator[Wish]:
    """The tokens of the rows and columns that are lit as a whole among these `parts`, in pictures about a
    star."""
    p = canvas.p
    every = [lit for lit in parts if p.stars and not p.is_star(lit.stage)]
    lines = dict.fromkeys((lit.stage, *line) for lit in every for line in lit_lines(p, lit))
    for stage, of_rows, n, token in lines:
        for plane in canvas.planes:
            if plane.stage is stage:
                options = _options(canvas, plane, of_rows, n, p.typeface.shown(token, LONGEST_TOKEN))
                yield Wish("lit token", stage.name, options, needed=False)


def _options(canvas: Canvas, plane: Plane, of_rows: bool, n: int, token: str) -> list[Option]:
    """Places for the token of row or column n of a plane, beyond both of its ends, or nowhere."""
    line = canvas.type.line(token, 0.0, 0.0, canvas.form.lit, "CENTER", kind="lit")
    half = 0.5 * np.array([line.width, CAPITALS * line.size])
    sides = [side[n] for side in ends_of_lines(plane, of_rows, beyond_lines(canvas, plane, of_rows))]
    ends = canvas.project(np.array(sides))
    options = [Option(cost=WITHOUT_LIT_TOKEN)]
    for end, other, anchor in ((ends[0], ends[1], sides[0]), (ends[1], ends[0], sides[1])):
        way = unit(end - other)
        for further in FURTHER:
            x, y = end + way * (np.abs(way) @ half * further + NAME_GAP)
            there = replace(line, x=float(x), y=float(y - half[1]), anchor=anchor)
            box = there.boxes()
            cost = canvas.covering(box).mean() + COST_OF_FURTHER * (further > FURTHER[0])
            options.append(Option(box, cost, writer([there])))
    return options
