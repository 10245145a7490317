"""What is written beside the matrices, and where: names, shapes, axis titles, token labels.

Labels face the camera, so their size on the picture follows from the camera's direction alone.
"""

from dataclasses import dataclass

import numpy as np

from ..algebra.stages import Leaf, Product
from .framing import DIRECTIONS, axes

NAME_SIZE = 1.9  # in scenes from LARGE entries across; in smaller ones less, in proportion
LARGE = 16
DETAIL_SIZE = 0.85
TOKEN_SIZE = 0.8
READABLE = 0.42  # smaller tokens, in entries, are thinned out instead


@dataclass(frozen=True, eq=False)
class Label:
    """A line of text at a world position. `align` is "LEFT", "CENTER" or "RIGHT"; `size` in entries.
    `transposed` adds a raised T."""

    text: str
    position: np.ndarray
    size: float
    align: str
    kind: str  # "name", "detail" or "token"
    transposed: bool = False


@dataclass(frozen=True, eq=False)
class Axis:
    """The labels along one axis of a matrix; every `every`-th one is written, `out` from the middle."""

    labels: tuple[Label, ...]
    every: int
    out: float


def names(p, direction):
    """The name of each matrix, above a wall and before a floor, with its shape under it."""
    _, up, forward = axes(direction)
    towards = np.array([-forward[0], -forward[1], 2.0])  # to the top of a wall, to the front of a floor
    scale = min(1.0, float(np.ptp(p.arrangement.corners(), axis=0).max()) / LARGE)
    name_size, detail_size = scale * NAME_SIZE, scale * DETAIL_SIZE
    out = []
    for plane in p.arrangement.planes:
        corners = plane.corners(0.9)
        edges = [(corners[n], corners[(n + 1) % 4]) for n in range(4)]
        middles = [0.5 * (a + b) for a, b in edges]
        offsets = [middle - _middle(corners) for middle in middles]
        n = max(range(4), key=lambda n: offsets[n] @ towards / np.linalg.norm(offsets[n]))
        above = offsets[n] @ up > 0
        reach = (max if above else min)((end - middles[n]) @ up for end in edges[n])
        base = middles[n] + up * (reach + (detail_size * 2.0 if above else -name_size * 0.95))
        shape = " × ".join(
            f"{axis} {count}".strip()
            for axis, count in zip(axis_names_of(p, plane.stage), (plane.rows, plane.columns), strict=True)
        )
        out.append(Label(title_of(p, plane.stage), base, name_size, "CENTER", "name", plane.transposed))
        out.append(Label(shape, base - up * (detail_size * 1.35), detail_size, "CENTER", "detail"))
    return out


def title_of(p, stage):
    """How a matrix is called on the picture: its label, or its name."""
    table = p.scene.matrices if isinstance(stage, Leaf) else p.scene.products
    return getattr(table.get(stage.name), "label", "") or stage.name


def tokens(p, direction):
    """Labels of each axis, once: where several matrices share an axis, on the outermost of them."""
    found = {}
    for plane in p.arrangement.planes:
        if not plane.stage.operands or plane.role == "result":
            row_labels, column_labels = labels_of(p, plane.stage)
            for texts, along, across in (
                (row_labels, (plane.row, plane.row_ruler), (plane.column, plane.column_ruler)),
                (column_labels, (plane.column, plane.column_ruler), (plane.row, plane.row_ruler)),
            ):
                if texts:
                    axis = _axis(p, plane, direction, texts, along, across)
                    shared = (texts, tuple(along[0]))
                    if shared not in found or axis.out > found[shared].out:
                        found[shared] = axis
    return list(found.values())


def labels_of(p, stage):
    """The row and column labels of a stage: its own, or those its operands hand on."""
    return _handed_on(
        stage, lambda leaf: (p.matrices[leaf.name].row_labels, p.matrices[leaf.name].column_labels), ()
    )


def axis_names_of(p, stage):
    """What the rows and the columns of a stage are, such as ("query", "key"); "" where unknown."""
    return _handed_on(
        stage, lambda leaf: (p.matrices[leaf.name].row_axis, p.matrices[leaf.name].column_axis), ""
    )


def _handed_on(stage, own, nothing):
    """The (rows, columns) property of a stage: of a leaf its `own`, of a product its operands'."""
    if isinstance(stage, Leaf):
        return own(stage)
    if isinstance(stage, Product):
        left, right = (
            _handed_on(o.stage, own, nothing)[:: -1 if o.transposed else 1] for o in stage.operands
        )
        return left[0], right[1]
    return nothing, nothing


def notes(p):
    """What the picture leaves out, told in its corner."""
    if not p.scene.look.labels:
        return []
    thinned = {axis.every for axis in tokens(p, DIRECTIONS[p.scene.camera.view]) if axis.every > 1}
    return [f"one in {every} tokens is written along the axis into depth" for every in sorted(thinned)]


def _axis(p, plane, direction, texts, along, across):
    """The labels of one axis of a plane, at the end of its lines that the camera stands nearer to."""
    (along, ruler), (across, width) = along, across
    right, up, _ = axes(direction)
    center = _middle(p.arrangement.corners())
    sign = 1 if direction[0] >= 0 else -1
    ends = (plane.origin - across * 1.1, plane.origin + across * (width.length + 1.1))
    end = max(ends, key=lambda e: sign * (e @ right))
    every, size = spacing(abs(along @ up), abs(along @ right), max(map(len, texts)))
    align = "LEFT" if sign > 0 else "RIGHT"
    labels = tuple(
        Label(text, end + along * ruler.at(n) - up * size * 0.35, size, align, "token")
        for n, text in enumerate(texts)
        if n % every == 0
    )
    return Axis(labels, every, float(sign * ((end - center) @ right)))


def spacing(rise, run, letters):
    """(every, size): which labels to write, how large, so that neighbours never overlap.

    `rise` and `run` are what one step along the axis moves up and across the picture, in entries;
    `letters` the length of the longest label.
    """
    for every in range(1, 10_000):
        size = min(TOKEN_SIZE, max(every * rise / 1.15, every * run / (0.62 * letters)))
        if size >= READABLE:
            return every, size
    return 10_000, READABLE


def _middle(points):
    return 0.5 * (points.min(axis=0) + points.max(axis=0))
