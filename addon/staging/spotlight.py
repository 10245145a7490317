"""The spotlight: which entries of each matrix make what a description points at, while all else steps back.

An entry of a product is made of a row of its left and a column of its right matrix, and so these are in the
spotlight with it; a product within the cuboid is in it where both entries that it multiplies are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..kinds.stage import Stage
from .camera.views import names_of
from .selections import ends_of, selections
from .writing.captions import labels_of

FADE_SECONDS = 0.4  # in which all else steps back


@dataclass(frozen=True, eq=False)
class Spotlight:
    """`spots` are the entries that it is on, by a stage's name: booleans (rows, columns). It comes up between
    the two frames `rise`."""

    spots: Mapping[str, np.ndarray]
    rise: tuple[float, float]

    def dim_keys(self, most: float = 1.0) -> list[tuple[float, float]]:
        """(frame, Dim): how far all else has stepped back, in the end `most`."""
        begin, end = self.rise
        return [(begin, 0.0), (end, most)] if begin < end else [(end, most)]


def spotlight_of(p) -> Spotlight | None:
    """The Spotlight of a plan's description, None where it has none; it comes up when all that it is on is
    finished. Raises InputError for what is not there."""
    drawn = [plane.stage for plane in p.arrangement.planes if not p.hidden(plane.stage)]
    spots = {}
    for one in selections(p.scene.spotlight, names_of(drawn), "spotlight"):
        where = f'spotlight: "{one.text}"'
        for stage in dict.fromkeys(drawn):
            if one.name in (stage.name, stage.of):
                row_labels, column_labels = labels_of(p, stage)
                rows, columns = p.evaluation[stage].shape
                ends = (
                    ends_of(one.rows, row_labels, rows, "row", where),
                    ends_of(one.columns, column_labels, columns, "column", where),
                )
                _point_at(p, stage, ends, spots)
    if not spots:
        return None
    finished = max(
        (p.timeline.moves[name].finished for name in spots if name in p.timeline.moves), default=1.0
    )
    fade = min(FADE_SECONDS * p.scene.render.rate, max(0.0, p.timeline.last_frame - finished))
    return Spotlight(spots, (finished, finished + fade))


def _point_at(p, stage: Stage, ends, spots):
    """Add to `spots` the entries of a stage between the ends, and what of its operands these are made of."""
    _add(spots, stage, p.evaluation[stage].shape, ends)
    sides = [values.shape for values in p.evaluation.sides(stage)]
    for n, operand in enumerate(stage.operands):
        along = dict(zip("ij", ends, strict=True))
        own = [
            along[axis] if axis in along and length > 1 else (0, length - 1)
            for axis, length in zip(stage.axes(n, sides), sides[n], strict=True)
        ]
        _add(spots, operand.stage, p.evaluation[operand.stage].shape, operand.turned(own))


def _add(spots, stage, shape, ends):
    (top, bottom), (left, right) = ends
    spots.setdefault(stage.name, np.zeros(shape, bool))[top : bottom + 1, left : right + 1] = True
