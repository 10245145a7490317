"""One panel of a figure: the camera that shows a plan, and its labels in type of a printed size.

In a film a label is as large as the picture makes it; on paper it has its size in points. Labels are placed
on the page, after projection, and the camera leaves the room that they need. Lengths are points.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from ..errors import InputError
from ..kinds.places import Part, Plane
from ..staging.camera.framing import Vector, View, axes, nearest, view_from
from ..staging.camera.views import INSIDE, axis_of, inside_view, optics_of, parts_of
from ..staging.plan import Plan
from ..staging.readouts import wanted
from ..staging.writing import captions
from ..staging.writing.boxes import around, outside
from ..staging.writing.canvas import Canvas
from ..staging.writing.frames import frames
from ..staging.writing.items import Box, Rule, Text, rule_between
from ..staging.writing.links import LinkForm, LinkRoom, links, with_words
from ..staging.writing.readout_block import Readout
from ..staging.writing.typesetter import LONGEST_TOKEN
from .figure_labels import PageLabels, outlined, page_labels
from .figure_readouts import (
    PAGE_READOUT_GAP,
    blocks_for,
    extent,
    is_beside,
    larger_than,
    on_the_page,
    placed,
    wanted_in,
)
from .figure_type import PAGE_EDGE, PAGE_POOL_WORDS, PageType
from .joined import Joined, notes_of

LINK_WIDTH, FRAME_WIDTH = 0.5, 0.35  # of the lines of links, and of frames
SIGN_SIZE = 1.25  # of the signs of links, in sizes of names
FREE_ROUNDS = 4  # of placing labels anew for a camera that leaves them room
BEYOND_FRAME = 40.0  # how far under or over the picture of a camera that is given type may stand
INSIDE_SHAPE = 0.62  # height to width of a view from inside
TALLEST_PANEL = 1.3  # height to width of a panel, unless a height is asked for


@dataclass(frozen=True, eq=False)
class Panel:
    """`view` is the camera of a picture of `width` × `height` points; type and rules stand on it. The
    `pointed` ones belong to the entries at which the last spotlight points. `notes` are about things without
    room. `beyond` says how far type stands under and over the picture, `margins` how far labels stand out of
    the drawn parts, at the left, right, bottom and top. `cramped`: a star has labels that are too small, or
    too few. `told_lit`: the rows and columns in the last spotlight have their tokens."""

    view: View
    width: float
    height: float
    items: tuple[Text | Rule, ...] = ()
    pointed: tuple[Text | Rule, ...] = ()
    notes: tuple[str, ...] = ()
    readouts: tuple[Joined, ...] = ()
    beyond: Vector = (0.0, 0.0)
    cramped: bool = False
    told_lit: bool = False
    margins: np.ndarray = field(default_factory=lambda: np.zeros(4))


@dataclass(frozen=True)
class PanelRoom:
    """The room for a Panel of a plan, `width` points wide, of which the points `free` at its (left, right,
    bottom, top) stay empty. If it is not `labelled`, matrices have outlines instead, so that one sees where
    they end. Axes whose texts are `told` elsewhere need no labels. The panel is `least` points high or
    more."""

    p: Plan
    type: PageType
    width: float
    free: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    labelled: bool = True
    told: frozenset[tuple[str, ...]] = frozenset()
    least: float = 0.0


def panel(room: PanelRoom, height: float | None = None) -> Panel:
    """The Panel in a room, so many points high; without a height it is as high as its content.

    A view from inside shows no labels. Matrices with readouts, and a star that cannot be read, are also shown
    flat beside the scene, or under it in a narrow panel. Raises InputError if labels leave no space for a
    picture.
    """
    made, p, type, free = _laid_out(room, height), room.p, room.type, room.free
    if not room.labelled or p.scene.camera.view in INSIDE or not p.scene.look.labels:
        return made
    canvas = Canvas(p, made.view, room.width, made.height, type)
    area = free[0], free[2], room.width - free[1], made.height - free[3]
    linked = _links(canvas, type, area, made) if p.scene.look.links != "off" else []
    framed = [rule_between(line.start, line.end, FRAME_WIDTH) for line in frames(canvas)]
    return replace(made, items=(*framed, *made.items, *linked))


def _links(canvas: Canvas, type: PageType, area: Box, made: Panel) -> list[Text | Rule]:
    """The links on the page between the matrices of a Panel."""
    every = *made.items, *made.pointed
    rules = [((one.x0, one.y0), (one.x1, one.y1)) for one in every if isinstance(one, Rule)]
    boxes = [one.box for one in every if isinstance(one, Text)] + [one.readout.box for one in made.readouts]
    stars = [plane.stage.name for plane in canvas.planes if canvas.p.is_star(plane.stage)]
    own = [one.box for one in every if isinstance(one, Text) and one.kind in ("token", "axis")]
    labels = {stars[0]: np.array(own)} if len(stars) == 1 and own else {}  # others may have theirs anywhere
    form = LinkForm(type, 1.0, SIGN_SIZE * type.size, type.small)
    written = LinkRoom(np.array(boxes).reshape(-1, 4), np.array(rules).reshape(-1, 2, 2), labels)
    found = with_words(canvas, form, area, written, links(canvas, form, area, written))
    lines = [rule_between(line.start, line.end, LINK_WIDTH) for one in found for line in one.lines]
    return [*(text for one in found for text in one.texts), *lines]


def content_height(room: PanelRoom) -> float:
    """The height of the `panel` that is as high as its content: frames and links do not change it. Raises
    InputError as `panel` does."""
    return _laid_out(room, None).height


def _laid_out(room: PanelRoom, height: float | None) -> Panel:
    """The Panel without frames and links."""
    p, width, free = room.p, room.width, room.free
    if not room.labelled or p.scene.camera.view in INSIDE:
        return _panel(room, height)
    planes, made = wanted(p), None
    asked = bool(planes)
    if not asked:
        made = _panel(room, height)
        planes = wanted_in(p, made.view, (width, made.height), made.cramped)
    wide, high = width - free[0] - free[1], height or (made.height if made else 0.0)
    blocks = blocks_for(p, planes, room.type, wide, high and high - free[2] - free[3])
    if made and not larger_than(blocks, made.view, (width, made.height)):
        blocks = []
    if blocks:
        try:
            return _with_readouts(room, height, blocks)
        except InputError:
            if asked:
                raise  # else there is room for the scene alone
    return made or _panel(room, height)


def given_panel(
    p: Plan, type: PageType, width: float, view: View, kept: np.ndarray | None = None, labelled: bool = True
) -> Panel:
    """The Panel of a plan on a picture `width` points wide, seen by a given camera. Labels stand in its
    frame, or under and over it; labels without room are left out. So are labels that would stand in the boxes
    `kept` (n, 4) of things beside the scene, as parts of width and height."""
    height = width * view.half_height / view.half_width
    free = outside(width, height + 2 * BEYOND_FRAME) - (0.0, BEYOND_FRAME, 0.0, BEYOND_FRAME)
    if kept is not None:
        free = np.concatenate([free, kept * (width, height, width, height)])
    labels = _labels(p, view, (width, height), type, labelled, keep_free=free)
    low, high = around(np.array([(0.0, 0.0, width, height), *labels.boxes]))[[1, 3]]
    return _labelled(view, width, height, labels, (-low, high - height))


def _labelled(
    view: View, width: float, height: float, labels: PageLabels, beyond: Vector = (0.0, 0.0)
) -> Panel:
    written = tuple(labels.items), tuple(labels.pointed), tuple(labels.notes)
    return Panel(view, width, height, *written, (), beyond, labels.cramped, labels.told_lit)


def _panel(room: PanelRoom, height: float | None) -> Panel:
    """The Panel without readouts."""
    p, width = room.p, room.width
    if p.scene.camera.view in INSIDE:
        high = height or INSIDE_SHAPE * width
        return Panel(inside_view(p, optics_of(p, width / high)), width, high)
    begun = as_its_content(room)
    return begun if height is None else _settled(room, height, begun.margins)


@lru_cache(maxsize=16)
def as_its_content(room: PanelRoom) -> Panel:
    """The Panel that is as high as its content, where a panel of any height begins. It is remembered until
    the page is composed."""
    return _settled(room, None, np.array(room.free) + PAGE_EDGE)


def _settled(asked: PanelRoom, height: float | None, margins: np.ndarray) -> Panel:
    """The Panel whose camera leaves its labels room, beginning with these margins."""
    p, type, width = asked.p, asked.type, asked.width
    parts = parts_of(p.arrangement, p.scene.camera.subject)
    patches = [strip.outline for strip in p.strips if strip.plane in parts]
    thick = [part.box_corners() for part in parts if isinstance(part, Plane)]
    points = np.concatenate([*(part.corners() for part in parts), *thick, *patches])
    room = np.array(asked.free) + PAGE_EDGE
    tallest = TALLEST_PANEL * (width - room[0] - room[1]) + room[2] + room[3]
    high = height or 2 * tallest
    for n in range(FREE_ROUNDS + 1):
        taken = margins - room
        if taken[0] + taken[1] > 0.85 * width - room[0] - room[1] or taken[2] + taken[3] > 0.9 * (
            high - room[2] - room[3]
        ):
            raise InputError(
                f"{width / 72:.3g} × {high / 72:.3g} in have no room beside the labels "
                "at this size of type; make the figure larger"
            )
        view = _view(p, points, width / high, margins / (width, width, high, high))
        # Labels and camera may chase each other. Then the camera stays, and the labels keep within the panel.
        keep_free = _beyond(width, high, room - 1.0) if n == FREE_ROUNDS else None
        labels = _labels(p, view, (width, high), type, asked.labelled, parts, asked.told, keep_free)
        seen = (view.project(points) + 1) / 2 * (width, high)
        drawn = np.array((*seen.min(axis=0), *seen.max(axis=0)))
        content = around(np.array([drawn, *labels.boxes]))
        wanted = room + np.maximum((content - drawn) * (-1, -1, 1, 1), 0.0)[[0, 2, 1, 3]]
        tall = height or max(min(content[3] - content[1] + room[2] + room[3], tallest), asked.least)
        if np.abs(wanted - margins).max() < 0.1 and abs(tall - high) < 0.1:
            break
        margins, high = (wanted, tall) if n < FREE_ROUNDS else (margins, high)
    return replace(_labelled(view, width, high, labels), margins=margins)


def _beyond(width: float, height: float, room: np.ndarray) -> np.ndarray:
    """Boxes around a picture and the room at its left, right, bottom and top: (4, 4)."""
    left, right, low, high = room
    return outside(width - left - right, height - low - high) + (left, low, left, low)


def _with_readouts(asked: PanelRoom, height: float | None, blocks: list[Readout]) -> Panel:
    """The Panel of a plan with these readouts at its right or, in a narrow one, under the scene."""
    p, type, width, free = asked.p, asked.type, asked.width, asked.free
    (wide, tall), room = extent(p, blocks, type) + PAGE_READOUT_GAP, list(free)
    beside = is_beside(width - free[0] - free[1])
    room[1 if beside else 2] += float(wide if beside else tall)
    axes = captions.axes_of(p, [block.plane for block in blocks], LONGEST_TOKEN)
    told = frozenset(axis.texts for axis in axes if axis.texts)
    least = tall - PAGE_READOUT_GAP + free[2] + free[3] + 2 * PAGE_EDGE if beside else 0.0
    left, right, bottom, top = room
    made = _panel(replace(asked, free=(left, right, bottom, top), told=told, least=least), height)
    blocks = placed(p, blocks, type, width, made.height, np.array(free) + PAGE_EDGE)
    texts = [item for item in (*made.items, *made.pointed) if isinstance(item, Text)]
    every, items, pointed = on_the_page(p, blocks, type, made.view, (width, made.height), texts)
    notes = (*made.notes, *notes_of(blocks, "each flat cell shows", "", PAGE_POOL_WORDS))
    items, pointed = [*made.items, *items], [*made.pointed, *pointed]
    return replace(made, items=tuple(items), pointed=tuple(pointed), readouts=tuple(every), notes=notes)


def _view(p: Plan, points: np.ndarray, aspect: float, margins: np.ndarray) -> View:
    """The nearest View of a plan's camera that shows all points (n, 3) within these margins, as fractions."""
    own, optics = axes(axis_of(p)), optics_of(p, aspect)
    reach, centre = nearest(points @ np.stack(own).T, optics, margins)
    depths = p.arrangement.corners() @ own[2]
    return view_from(own, centre, reach, optics, depths.min() - np.ptp(depths) - 1.0)


def _labels(
    p: Plan, view: View, size: tuple[float, float], type: PageType, labelled: bool,
    parts: Sequence[Part] | None = None, told: Collection[tuple[str, ...]] = (),
    keep_free: np.ndarray | None = None,
) -> PageLabels:  # fmt: skip
    """All labels of a picture of this size, or the outlines of matrices in their place."""
    if not labelled:
        return outlined(p, view, *size, type)
    if not p.scene.look.labels:
        return PageLabels()
    return page_labels(p, view, *size, type, parts, told, keep_free)
