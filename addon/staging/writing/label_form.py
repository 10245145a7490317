"""The measures of labels: what is different in the frame of a film and on the page of a figure."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class LabelForm:
    """Nominal sizes of type by what is written, and what is done where labels have little room.

    Labels of an axis may fan out from their entries, each `moved` by that much along its side, and those of a
    star by `moved_at_star`; where that is not enough, fewer are written. The name of a `shared` matrix says
    of which results it is. A `plated` callout may stand before its own matrix.
    """

    name: float = 0.042
    detail: float = 0.026  # a shape
    axis: float = 0.025
    token: float = 0.026
    title: float = 0.044
    callout: float = 0.027
    lit: float = 0.024
    moved: float = inf
    moved_at_star: float = inf
    beside: float = 6.0  # costs of standing one unit beside all that is drawn, and above or below it
    above: float = 6.0
    shared: bool = True
    plated: bool = True


FILM_LABELS = LabelForm()  # in heights of the frame
