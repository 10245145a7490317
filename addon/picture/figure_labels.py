"""The labels of one panel of a figure: those that a film would have, in type of a printed size.

`staging.writing` places them on a canvas whose unit is the frame of a film with names as large as the page's.
Here they become items of the page. Lengths are points.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..kinds.places import Part
from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.writing.boxes import edges_of
from ..staging.writing.canvas import Canvas
from ..staging.writing.items import Box, Rule, Text, rule_between, scaled
from ..staging.writing.label_form import FILM_LABELS, LabelForm
from ..staging.writing.lettering import notes_of, wishes_of
from ..staging.writing.placing import Wish, Written, settle
from .figure_type import LEAST_TYPE, PageType

LEADER_WIDTH, OUTLINE_WIDTH = 0.25, 0.35  # of lines
LINE_OVERHANG = 0.6  # entries from a matrix to its outline
FARTHEST = 24.0  # that a label of an axis may be moved along its side
LEAST_AT_A_STAR = 5.8  # of its labels; where they would be smaller, the star is shown flat as well
OF_THE_SPOTLIGHT = "callout", "lit token"  # what is written for the last spotlight


@dataclass(frozen=True, eq=False)
class PageLabels:
    """What is written on a panel, and `pointed`, what is written for its last spotlight. `notes` are about
    labels without room. `cramped`: a star has labels that are too small, or too few. `told_lit`: the lit rows
    and columns have their tokens."""

    items: Sequence[Text | Rule] = ()
    pointed: Sequence[Text | Rule] = ()
    notes: Sequence[str] = ()
    cramped: bool = False
    told_lit: bool = False

    @property
    def boxes(self) -> list[Box]:
        """The boxes of all type."""
        return [item.box for item in (*self.items, *self.pointed) if isinstance(item, Text)]


def outlined(p: Plan, view: View, width: float, height: float, type: PageType) -> PageLabels:
    """Outlines of the matrices in a View on a picture of `width` × `height`, in place of labels."""
    canvas = Canvas(p, view, width, height, type)
    quads = [canvas.project(plane.corners(LINE_OVERHANG)) for plane in canvas.planes]
    edges = [edge for quad in quads for edge in edges_of(quad)]
    return PageLabels([rule_between(start, end, OUTLINE_WIDTH) for start, end in edges])


def page_labels(
    p: Plan, view: View, width: float, height: float, type: PageType, parts: Sequence[Part] | None = None,
    told: Collection[tuple[str, ...]] = (), keep_free: np.ndarray | None = None,
) -> PageLabels:  # fmt: skip
    """The labels of a plan, or some `parts` of it, in a View on a picture of `width` × `height`. Axes whose
    texts are `told` in readouts have labels only where there is room, and the numbers of entries are told
    there as well. The boxes `keep_free` (n, 4) stay free."""
    unit = type.size / FILM_LABELS.name
    size, small = type.size / unit, type.small / unit
    form = LabelForm(
        name=size, detail=small, axis=small, token=small, title=size, callout=size, lit=small,
        moved=FARTHEST / unit, moved_at_star=0.0, beside=20.0, shared=False, plated=False,
    )  # fmt: skip
    in_units = replace(
        type, size=size, least=LEAST_TYPE / unit, measure=lambda text, n: type.measure(text, n * unit) / unit
    )
    canvas = Canvas(p, view, width / unit, height / unit, in_units, parts, form=form)
    lit = p.spotlight.last if p.spotlight else ()
    wishes = [wish for wish in wishes_of(canvas, told=told, lit=lit) if not (told and wish.what == "callout")]
    fixed = np.zeros((0, 4)) if keep_free is None else keep_free / unit
    options = settle([wish.options for wish in wishes], fixed)
    written = [option.write() or Written() for option in options]
    items: dict[bool, list[Text | Rule]] = {True: [], False: []}
    for wish, made in zip(wishes, written, strict=True):
        lines = [rule_between(one.start * unit, one.end * unit, LEADER_WIDTH) for one in made.leaders]
        items[wish.what in OF_THE_SPOTLIGHT] += [*(scaled(text, unit) for text in made.lines), *lines]
    pairs = list(zip(wishes, written, strict=True))
    least = min(LEAST_AT_A_STAR, type.small) / unit
    stars = {plane.stage.name for plane in canvas.planes if p.is_star(plane.stage)}
    at_stars = [pair for pair in pairs if pair[0].what == "tokens" and pair[0].owner in stars]
    cramped = any(_is_cramped(*pair, least) for pair in at_stars)
    told_lit = _tells_all(canvas, pairs)
    return PageLabels(items[False], items[True], notes_of(wishes, written), cramped, told_lit)


def _is_cramped(wish: Wish, made: Written, least: float) -> bool:
    """Whether labels of a star are missing, or smaller than `least`."""
    if not made.lines:
        return wish.needed
    return made.every > 1 or made.lines[0].size < least - 1e-9


def _tells_all(canvas: Canvas, pairs: Sequence[tuple[Wish, Written]]) -> bool:
    """Whether all rows and columns in the last spotlight have their tokens, those of the star aside."""
    p = canvas.p
    if not p.spotlight or not p.stars:
        return False
    named = {wish.owner for wish, _ in pairs if wish.what == "lit token"}
    seen = {plane.stage for plane in canvas.planes if not p.is_star(plane.stage)}
    lit = {lit.stage.name for lit in p.spotlight.last if lit.stage in seen}
    return lit <= named and all(made.lines for wish, made in pairs if wish.what == "lit token")
