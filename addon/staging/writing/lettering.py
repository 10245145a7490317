"""All labels of a plan in a given view: names with shapes, axis titles, tokens, titles of heads.

Type has its size on the picture, whatever the size of the scene. If the picture is crowded, all type is set
smaller. Labels that still find no place are thinned out or left out, and the picture says so. A label has the
depth of the thing that it belongs to, so that it moves with it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...kinds.places import Part
from ..camera.framing import View
from ..camera.views import INSIDE
from ..plan import Plan
from ..spotlight import Lit
from .axis_options import axis_titles, tokens
from .callout_options import callouts
from .canvas import Canvas
from .captions import below, named, without_titles
from .frames import frames
from .items import Box, Text
from .lit_tokens import lit_tokens
from .name_options import names
from .placing import Leader, Wish, Written, settle
from .scene_links import with_links
from .title_options import titles
from .typesetter import film_type, narrowness

TYPE_SCALES = (1.0, 0.84, 0.7)  # of all type, when it is crowded
SMALLER_TYPE = 12.0  # cost of smaller type
ROOMY = 4.0  # cost of each label on average where type need not be smaller
HAIR, HAIRS = 0.001, {"link": 0.0018, "frame": 0.0008}  # widths of lines: of leaders, and of others
LATE_KINDS = "callout", "lit"  # of labels that come up with the spotlight
PLURALS = {"tokens": ("row of tokens", "rows of tokens"), "title": ("row of titles", "rows of titles")}


@dataclass(frozen=True, eq=False)
class Label:
    """A line of type in the world, facing the camera. Its `position` (3,) is on its base line; `size` and the
    `box` around the position are in the world's units. `align` and `angle` are those of the Text.

    `kind` is "title" (of a head), "name", "detail" (a shape), "steps" (of an arrow), "axis", "token",
    "callout" (the number of an entry in the spotlight), "lit" (the token of a row or column there) or "sign"
    (of a link); `owner` is the name of the matrix at which it stands. With a moving camera it turns about its
    `pivot` (3,), which the labels of one `group` share: a name takes its shape along. A callout before a
    matrix or products is `plated`: it stands on a plate of the background's colour.
    """

    text: str
    position: np.ndarray
    size: float
    align: str
    box: np.ndarray
    kind: str
    owner: str
    group: int
    pivot: np.ndarray
    angle: float = 0.0
    plated: bool = False

    @property
    def middle(self) -> np.ndarray:
        """From its position to the middle of its base line, along the camera's right and up: (2,)."""
        return 0.5 * (self.box[0] + self.box[2]) * np.array([np.cos(self.angle), np.sin(self.angle)])

    def corners(self) -> np.ndarray:
        """From its position to its four corners, along the camera's right and up: (4, 2)."""
        along = np.array([np.cos(self.angle), np.sin(self.angle)])
        across = np.array([-along[1], along[0]])
        left, low, right, high = self.box
        around = ((left, low), (right, low), (right, high), (left, high))
        return np.array(around) @ [along, across]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A leader from `start` to `end` in the world, (3,) each, `width` thick, of what `kind` says."""

    start: np.ndarray
    end: np.ndarray
    width: float
    kind: str = ""


@dataclass(frozen=True, eq=False)
class Lettering:
    """Labels, leaders of labels that stand away from their thing, and `notes` about labels that are left
    out."""

    labels: tuple[Label, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    notes: tuple[str, ...] = ()


def lettering(
    p: Plan,
    view: View,
    aspect: float,
    keep_free: Sequence[Box] | np.ndarray = (),
    near: str = "",
    about: Collection[Part] | None = None,
    told: Collection[tuple[str, ...]] = (),
    lit: Sequence[Lit] = (),
    there: Sequence[Part] | None = None,
    linked: bool = False,
    unfinished: Collection[str] = (),
) -> Lettering:
    """The Lettering of a plan as a View sees it on a frame of this `aspect`, width to height. The boxes
    `keep_free`, in heights of the picture, stay free.

    Of many matrices just alike the one `near` is named, or else the first. The labels are `about` these
    planes, or about all. Only the parts that are `there` are in the way. Texts of axes that are `told`
    elsewhere need not be written. The numbers of `lit` entries are written. If matrices are
    `linked`, lines and signs show what is multiplied with what. Results that are `unfinished` have the name
    of their sums.
    """
    if not p.scene.look.labels:
        return Lettering()
    narrow = narrowness(aspect)
    fixed, least = np.array(keep_free, float).reshape(-1, 4), np.inf
    for scale in TYPE_SCALES:
        type = film_type(p.typeface, scale * narrow, narrow)
        canvas = Canvas(p, view, aspect, 1.0, type, there, unfinished)
        if not canvas.planes:
            return Lettering()
        wishes = wishes_of(canvas, near, about, told, lit)
        taken = settle([wish.options for wish in wishes], fixed)
        cost = sum(option.cost for option in taken) + SMALLER_TYPE * (1.0 - scale) * len(wishes)
        if cost < least:
            least, best = cost, (canvas, wishes, taken)
        if least < ROOMY * len(wishes) or canvas.crowded:
            break
    canvas, wishes, taken = best
    linked = linked and not canvas.crowded and _may_link(p)
    options, found = with_links(canvas, wishes, taken, fixed) if linked else (taken, [])
    written = [option.write() or Written() for option in options]
    written += [Written(link.texts, link.lines) for link in found]
    wishes += [Wish("link", link.stage.name, (), needed=False) for link in found]
    if linked:
        written.append(Written(leaders=frames(canvas)))
        wishes.append(Wish("frame", "", (), needed=False))
    return _lifted(canvas, wishes, written)


def _may_link(p: Plan) -> bool:
    """Whether a plan's pictures may have links: those about a star, where products step aside. Elsewhere the
    products inside a cuboid show what is multiplied. There are none inside a cuboid, and where names are
    inside matrices."""
    look = p.scene.look
    outside = not look.center_names and p.scene.camera.view not in INSIDE
    return look.links != "off" and bool(p.stars) and outside


def wishes_of(
    canvas: Canvas,
    near: str = "",
    about: Collection[Part] | None = None,
    told: Collection[tuple[str, ...]] = (),
    lit: Sequence[Lit] = (),
) -> list[Wish]:
    """The wishes for everything to be written. Those with the least choice come first."""
    planes = [plane for plane in canvas.planes if about is None or plane in about]
    named_planes = set(named(canvas.p, near))
    chosen = [plane for plane in planes if plane in named_planes]
    lower = below(canvas.p, near)
    labelled = [plane for plane in chosen if plane.stage not in lower or canvas.p.is_star(plane.stage)]
    return [
        *tokens(canvas, labelled, told, lower),
        *callouts(canvas, lit),
        *lit_tokens(canvas, lit),
        *titles(canvas),
        *names(canvas, without_titles(canvas.p, chosen)),
        *axis_titles(canvas, planes),
    ]


def _lifted(canvas: Canvas, wishes: Sequence[Wish], written: Sequence[Written]) -> Lettering:
    """The written lines, placed in the world; each is as deep as its anchor."""
    labels, pivots, strokes = [], [], []
    for wish, made in zip(wishes, written, strict=True):
        together = [box for line in made.lines for box in line.boxes()] if wish.what == "name" else []
        for n, line in enumerate(made.lines):
            label = _label(canvas, line, wish.owner, np.array(together or line.boxes()))
            if n == 0 or wish.what != "name":  # what else is written of a name goes with it
                x, y = label.middle
                pivots.append(label.position + canvas.view.right * x + canvas.view.up * y)
            labels.append(replace(label, group=len(pivots) - 1, pivot=pivots[-1]))
        for leader in made.leaders:
            anchor = _anchor_of(leader)
            far = anchor if leader.far is None else leader.far
            start, end = canvas.lifted(leader.start, anchor), canvas.lifted(leader.end, far)
            width = HAIRS.get(wish.what, HAIR) * canvas.type.scale * canvas.unit_at(anchor)
            strokes.append(Stroke(start, end, width, wish.what))
    return Lettering(tuple(labels), tuple(strokes), tuple(notes_of(wishes, written)))


def _anchor_of(item: Text | Leader) -> np.ndarray:
    if item.anchor is None:
        raise ValueError("what is lifted into the world has an anchor there")
    return item.anchor


def _label(canvas: Canvas, line: Text, owner: str, taken: np.ndarray) -> Label:
    """A line of type as a Label that turns about its position. It stands before all that is behind the boxes
    `taken`, (n, 4): its own and those of the lines that share its pivot."""
    anchor, by_mm = _anchor_of(line), canvas.p.scene.look.center_names and line.kind in ("name", "detail")
    if not by_mm:  # those stay where mm has them
        anchor = canvas.before_all(anchor, taken)
    unit, position = canvas.unit_at(anchor), canvas.lifted((line.x, line.y), anchor)
    size = line.size * unit * canvas.p.typeface.of(line.text).scale
    box = np.array(line.around) * unit
    plated = line.kind == "callout" and canvas.meets_drawn(line.boxes())
    return Label(
        line.text, position, size, line.align, box, line.kind, owner, 0, position, line.angle, plated
    )


def notes_of(wishes: Sequence[Wish], written: Sequence[Written]) -> list[str]:
    """The notes about labels that are left out, for the corner of the picture."""
    thinned = " or ".join(str(n) for n in sorted({made.every for made in written}) if n > 1)
    notes = [f"one in {thinned} tokens is written"] if thinned else []
    left_out = [
        wish.what for wish, made in zip(wishes, written, strict=True) if wish.needed and not made.lines
    ]
    for what in dict.fromkeys(wish.what for wish in wishes):
        count = left_out.count(what)
        if count:
            singular, plural = PLURALS.get(what, (what, f"{what}s"))
            notes.append(f"{count} {plural if count > 1 else singular} left out")
    return notes
