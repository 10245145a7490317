"""What a description points out: rows, columns or parts of matrices, each in a frame of thin lines."""

import re
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from ..attention.tokens import places
from ..errors import InputError, nearest
from .camera.views import names_of
from .writing.captions import labels_of

_PART = re.compile(r"(.+)\[([^\[\]]*)\]", re.DOTALL)
_RANGE = re.compile(r"([0-9]*):([0-9]*)")
MARGIN = 0.56  # from the middle of the outermost entries to the frame, in entries
# The edges of a box, as pairs of its corners.
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_EDGES = [(a, b) for a, b in combinations(range(8), 2) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 1]


@dataclass(frozen=True, eq=False)
class Highlight:
    """The edges of a box around entries of the matrix `name`: (12, 2, 3)."""

    name: str
    lines: np.ndarray


def highlights(p):
    """The Highlights that a plan's description asks for, on every plane that draws them.

    Raises InputError for a matrix that is not drawn, and for rows, columns or tokens that it does not have.
    """
    planes = [plane for plane in p.arrangement.planes if not p.hidden(plane.stage)]
    known = names_of([plane.stage for plane in planes])
    found = []
    for text in re.split(r"[;\n]", p.scene.look.highlight):
        if not text.strip():
            continue
        name, rows, columns = _parts(text.strip(), known)
        for plane in planes:
            if name in (plane.stage.name, plane.stage.of):
                labels = labels_of(p, plane.stage)
                ends = [
                    _ends(*one, text.strip())
                    for one in zip((rows, columns), (plane.rows, plane.columns), labels, strict=True)
                ]
                found.append(_frame(plane, *ends))
    return found


def _parts(text, known):
    """(name, rows, columns) of such as "attn[it, 2:5]"; a name alone is all of that matrix."""
    if text in known:
        return text, ":", ":"
    found = _PART.fullmatch(text)
    name = found[1].strip() if found else text
    if name not in known:
        hint = nearest(name, known, "names")
        raise InputError(f'look: highlight: "{text}": nothing that is drawn is named "{name}"; {hint}')
    rows, _, columns = found[2].partition(",")
    return name, rows.strip() or ":", columns.strip() or ":"


def _ends(part, count, labels, text):
    """The first and the last entry that are meant by a number, a range or a label."""
    if span := _RANGE.fullmatch(part):
        first, stop = int(span[1] or 0), int(span[2] or count)
    elif part.isdecimal():
        first, stop = int(part), int(part) + 1
    elif found := places(part, labels):
        first, stop = found[0], found[0] + 1
    else:
        hint = nearest(part, labels, "labels") if labels else "it has no labels, so give a number"
        raise InputError(f'look: highlight: "{text}": no row or column is labelled "{part}"; {hint}')
    if not 0 <= first < stop <= count:
        raise InputError(f'look: highlight: "{text}": {part} is not among entries 0 to {count - 1}')
    return first, stop - 1


def _frame(plane, rows, columns):
    """The Highlight around the entries of a plane from the first to the last row and column."""
    spans = [plane.row_ruler.at(np.array(rows)), plane.column_ruler.at(np.array(columns)), np.zeros(2)]
    spans = np.array(spans) + (-MARGIN, MARGIN)
    axes = np.array([plane.row, plane.column, plane.outward])
    corners = plane.origin + np.take_along_axis(spans, _CORNERS.T, axis=1).T @ axes
    return Highlight(plane.stage.name, corners[_EDGES])
