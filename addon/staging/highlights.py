"""Highlights: frames of thin lines around rows, columns or parts of matrices, for a description's highlights
or for the spotlight."""

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from ..errors import InputError
from .layout.arrangement import Plane
from .spotlight import Shine, pointed_at

FRAME_MARGIN = 0.56  # from the middle of the outer entries to the frame, in entries
MOST_FRAMED = 1_000  # frames in a picture
# The edges of a box, as pairs of its corners.
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_EDGES = [(a, b) for a, b in combinations(range(8), 2) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 1]


@dataclass(frozen=True, eq=False)
class Highlight:
    """A frame around entries of a plane: the edges of a box, (12, 2, 3), or of a rectangle, (4, 2, 3).

    `rows` and `columns` are the first and the last framed one; `text` is how a person wrote them. `pointed`:
    they are pointed at themselves, and are not entries that make the pointed ones."""

    plane: Plane
    lines: np.ndarray
    rows: tuple[int, int]
    columns: tuple[int, int]
    text: str
    pointed: bool = True

    @property
    def name(self) -> str:
        return self.plane.stage.name


def highlights(p: Any) -> list[Highlight]:
    """The Highlights that a plan's description asks for, on every plane that draws them.

    Raises InputError for a matrix that is not drawn, and for rows, columns or tokens that it does not have.
    """
    frames: list[Highlight] = []
    for text, lit in pointed_at(p, p.scene.look.highlight, "look: highlight"):
        for plane in [plane for plane in p.arrangement.seen if plane.stage is lit.stage]:
            if len(frames) == MOST_FRAMED:
                raise InputError(f"look: highlight: more than {MOST_FRAMED:,} frames; highlight less")
            lines = _frame(plane, lit.rows, lit.columns)
            frames.append(Highlight(plane, lines, lit.rows, lit.columns, text))
    return frames


def spotlight_frames(p: Any) -> list[tuple[Highlight, Shine]]:
    """The frames for each Shine of the spotlight: (frame, Shine). A whole matrix gets none. In the star, thin
    lines lead to an entry along its row and its column."""
    frames: list[tuple[Highlight, Shine]] = []
    spotlight = p.spotlight
    shines = spotlight.shines if spotlight else ()
    every = [(lit, shine) for shine in shines for lit in spotlight.parts[shine.number]]
    for lit, shine in every:
        planes = [plane for plane in p.arrangement.seen if plane.stage is lit.stage]
        for plane in planes[: MOST_FRAMED - len(frames)]:
            row, column = (lit.rows, (0, plane.columns - 1)), ((0, plane.rows - 1), lit.columns)
            whole = (lit.rows, lit.columns) == (column[0], row[1])
            frames += [] if whole else [(_rectangle(plane, lit.rows, lit.columns, lit.pointed), shine)]
            if lit.pointed and lit.single and p.is_star(plane.stage):
                frames += [
                    (_rectangle(plane, rows, columns, False), shine) for rows, columns in (row, column)
                ]
    return frames


def _frame(plane, rows, columns):
    """The edges of the box around the entries of a plane from the first to the last row and column."""
    spans = [plane.row_ruler.at(np.array(rows)), plane.column_ruler.at(np.array(columns)), np.zeros(2)]
    spans = np.array(spans) + (-FRAME_MARGIN, FRAME_MARGIN)
    axes = np.array([plane.row, plane.column, plane.outward])
    corners = plane.origin + np.take_along_axis(spans, _CORNERS.T, axis=1).T @ axes
    return corners[_EDGES]


def _rectangle(plane, rows, columns, pointed):
    """The Highlight of a rectangle around entries of a plane, halfway through their depth."""
    spans = [plane.row_ruler.at(np.array(rows)), plane.column_ruler.at(np.array(columns))]
    (top, bottom), (left, right) = np.array(spans) + (-FRAME_MARGIN, FRAME_MARGIN)
    corners = np.array([(top, left), (top, right), (bottom, right), (bottom, left)])
    corners = plane.origin + corners @ [plane.row, plane.column]
    lines = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    return Highlight(plane, lines, rows, columns, f"{plane.stage.name}, in the spotlight", pointed)
