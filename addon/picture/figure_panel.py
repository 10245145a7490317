"""One panel of a figure: the camera that shows a plan, and its labels in type of a printed size.

In a film a label is as large as the picture makes it; on paper it has its size in points. Labels are placed
on the page, after projection, and the camera leaves the room that they need. Lengths are points.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..attention.tokens import as_labels
from ..errors import InputError
from ..kinds.places import Plane
from ..staging.camera.framing import Vector, View, axes, nearest, view_from
from ..staging.camera.views import INSIDE, axis_of, inside_view, optics_of, parts_of
from ..staging.patches import reach
from ..staging.plan import Plan
from ..staging.spotlight import Lit
from ..staging.writing import captions
from ..staging.writing.axis_options import at_the_star
from ..staging.writing.boxes import Coverage, around, faces, meeting, strips
from ..staging.writing.callout_options import callouts
from ..staging.writing.canvas import Canvas
from ..staging.writing.items import Rule, Text, moved, rule_between
from ..staging.writing.name_options import outward_normal, unit
from ..staging.writing.placing import Leader, Option, Written, spread
from ..staging.writing.readout_block import Readout
from ..staging.writing.typesetter import CAPITALS, LONGEST_TOKEN
from .figure_links import LEAST_FRAMED, frames, links
from .figure_readouts import (
    PAGE_READOUT_GAP,
    blocks_for,
    extent,
    is_beside,
    larger_than,
    on_the_page,
    placed,
    wanted,
    wanted_in,
)
from .figure_type import (
    ASCENT,
    BOLDER,
    DESCENT,
    LEAST_TYPE,
    PAGE_EDGE,
    PAGE_POOL_WORDS,
    RAISED_PART,
    RAISED_UP,
    PageType,
)
from .joined import Joined, notes_of

LEAST_AT_A_STAR = 6.0  # of its labels; where they would be smaller, the star is shown flat as well
PAGE_TOKEN_LEADING = 1.06  # from one token to the next, of its height
FARTHEST = 24.0  # that a token may be moved along its side
SHORTEST_LEADER = 7.0  # from a token that was moved to what it labels
ROOM_AT_A_STAR = 200.0  # width of a panel from which on labels may stand between a star and others
LEADER_SLOPE = 0.4  # of the farthest shift of a label, that leaders are long
NAME_LEADER = 8.0  # from a name to its matrix, from where on a leader joins them
LEADER_WIDTH = 0.25
PAGE_LABEL_GAP = 2.0  # between type and what it belongs to
LONGEST_LIT = 6.0  # in sizes, of the token of a row or a column that is lit
LINE_OVERHANG = 0.6  # entries from a matrix to where the lines across it end, and its outline
TOUCHING = 1e-6  # that boxes may have in common
EDGE_PARTS = 36  # in which edges of matrices are looked at
COVERAGE_STEP = 2.0  # from one point to the next at which it is looked what is drawn there
FREE_ROUNDS = 3  # of placing labels anew for a camera that leaves them room
SLANTED = 0.1  # of a direction: how much of it is across another, for labels to stand that way
BEYOND_FRAME = 40.0  # how far under or over the picture of a camera that is given type may stand
MOST_COVERED = 0.25  # of the area of labels, as squares: what may stand on the scene beside its star
SHARED = 1000.0  # cost of standing on something else that is written
# Places of a name beyond an edge: the part of it away from its middle, sizes of type beyond it, their cost.
_TITLE_PLACES = np.array([
    (shift, far, 4.0 * far + 12.0 * abs(shift)) for shift in (0.0, -0.25, 0.25)
    for far in (0.0, 1.0, 2.0, 4.0)
])  # fmt: skip
SHAPE_COSTS = (80.0, 0.0, 3.0)  # of a shape that is left out, in a line, in two
BRIEF_COST = 6.0  # of a shape without what its axes are; in a narrow panel it is the other that costs so much
TITLE_STEPS = 40  # of a point each, in which a title may stand further away
INSIDE_SHAPE = 0.62  # height to width of a view from inside
TALLEST_PANEL = 1.3  # height to width of a panel, unless a height is asked for


@dataclass(frozen=True, eq=False)
class Panel:
    """`view` is the camera of a picture of `width` × `height` points; type and rules stand on it. Those that
    are `pointed` tell what the last spotlight points at. `notes` tell what there was no room for. `margins`
    are how far labels stand out of what is drawn, at the left, right, bottom and top, and `chosen` which
    places they took (see _Labels); `beyond` is how far under and over the picture type stands. `cramped`: a
    star has labels that are too small, or too few. `told_lit`: what the last spotlight lights has its
    tokens."""

    view: View
    width: float
    height: float
    items: tuple[Text | Rule, ...] = ()
    pointed: tuple[Text | Rule, ...] = ()
    notes: tuple[str, ...] = ()
    margins: np.ndarray = field(default_factory=lambda: np.zeros(4))
    chosen: dict = field(default_factory=dict)
    readouts: tuple[Joined, ...] = ()
    beyond: Vector = (0.0, 0.0)
    cramped: bool = False
    told_lit: bool = False


def panel(
    p: Plan,
    type: PageType,
    width: float,
    height: float | None = None,
    free: Vector = (0.0, 0.0, 0.0, 0.0),
    *,
    labelled: bool = True,
) -> Panel:
    """The Panel of a plan on a picture of `width` × `height` points.

    `free` are the points at its (left, right, bottom, top) that nothing may stand in. Without a height it is
    as high as its content. Where it is not `labelled`, matrices are outlined instead, so that one sees where
    they end. A view from inside shows no labels. Matrices that are to have readouts, and a star that cannot
    be read, are shown flat beside the scene, or under it in a narrow panel. Raises InputError where labels
    leave no room for a picture.
    """
    made = _laid_out(p, type, width, height, free, labelled)
    if not labelled or p.scene.camera.view in INSIDE or not p.scene.look.labels:
        return made
    canvas = Canvas(p, made.view, width, made.height, type)
    area = free[0], free[2], width - free[1], made.height - free[3]
    every = *made.items, *made.pointed
    linked = links(canvas, type, area, every, [one.readout.box for one in made.readouts])
    return replace(made, items=(*frames(canvas), *made.items, *linked))


def content_height(
    p: Plan, type: PageType, width: float, free: Vector = (0.0, 0.0, 0.0, 0.0), *, labelled: bool = True
) -> float:
    """The height of the `panel` that is as high as its content: frames and links do not change it. Raises
    InputError as `panel` does."""
    return _laid_out(p, type, width, None, free, labelled).height


def _laid_out(
    p: Plan, type: PageType, width: float, height: float | None, free: Vector, labelled: bool
) -> Panel:
    """The Panel without frames and links."""
    if not labelled or p.scene.camera.view in INSIDE:
        return _panel(p, type, width, height, free, labelled)
    planes, made = wanted(p), None
    asked = bool(planes)
    if not asked:
        made = _panel(p, type, width, height, free, True)
        planes = wanted_in(p, made.view, (width, made.height), made.cramped)
    wide, high = width - free[0] - free[1], height or (made.height if made else 0.0)
    blocks = blocks_for(p, planes, type, wide, high and high - free[2] - free[3])
    if made and not larger_than(blocks, made.view, (width, made.height)):
        blocks = []
    if blocks:
        try:
            return _with_readouts(p, type, width, height, free, blocks)
        except InputError:
            if asked:
                raise  # else there is room for the scene alone
    return made or _panel(p, type, width, height, free, True)


def given_panel(
    p: Plan, type: PageType, width: float, view: View, kept: np.ndarray | None = None, labelled: bool = True
) -> Panel:
    """The Panel of a plan on a picture `width` points wide, as a camera that is given sees it: labels stand
    in the frame that there is, or under and over it, and those that have no room are left out. So are those
    that would stand on what the picture has beside the scene: boxes `kept`, (n, 4), as parts of its width and
    height."""
    height = width * view.half_height / view.half_width
    canvas = Canvas(p, view, width, height, type)
    beside = np.zeros((0, 4)) if kept is None else kept * (width, height, width, height)
    labels = _Labels(canvas, type, {}, labelled, beside=beside)
    left_out = labels.left_out
    notes = [f"{left_out} labels have no room in the camera's frame"] if left_out else []
    low, high = around(np.array([(0.0, 0.0, width, height), *labels.boxes()]))[[1, 3]]
    beyond = (-low, high - height)
    told = tuple(labels.items), tuple(labels.pointed), (*labels.notes(), *notes)
    return Panel(view, width, height, *told, beyond=beyond)


def _panel(
    p: Plan, type: PageType, width: float, height: float | None, free: Vector, labelled: bool,
    told: Collection[tuple[str, ...]] = (), least: float = 0.0,
) -> Panel:  # fmt: skip
    """The Panel without readouts, at `least` so high; axes with texts that are `told` need not have them."""
    if p.scene.camera.view in INSIDE:
        high = height or INSIDE_SHAPE * width
        return Panel(inside_view(p, optics_of(p, width / high)), width, high)
    parts = parts_of(p.arrangement, p.scene.camera.subject)
    patches = [strip.outline for strip in p.strips if strip.plane in parts]
    thick = [_thick(part) for part in parts if isinstance(part, Plane)]
    points = np.concatenate([*(part.corners() for part in parts), *thick, *patches])
    room = np.array(free, float) + PAGE_EDGE
    tallest = TALLEST_PANEL * (width - room[0] - room[1]) + room[2] + room[3]
    if height:  # beginning with what the content asks for
        begun = _panel(p, type, width, None, free, labelled, told)
        margins, high, chosen = begun.margins, height, begun.chosen
    else:
        margins, high, chosen = room, 2 * tallest, {}
    for n in range(16):
        taken = margins - room
        if taken[0] + taken[1] > 0.85 * width - room[0] - room[1] or taken[2] + taken[3] > 0.9 * (
            high - room[2] - room[3]
        ):
            raise InputError(
                f"{width / 72:.3g} × {high / 72:.3g} in have no room beside the labels "
                "at this size of type; make the figure larger"
            )
        view = _view(p, points, width / high, margins / (width, width, high, high))
        canvas = Canvas(p, view, width, high, type, parts)
        labels = _Labels(canvas, type, dict(chosen), labelled, told)
        seen = canvas.project(points)
        drawn = np.array((*seen.min(axis=0), *seen.max(axis=0)))
        content = around(np.array([drawn, *labels.boxes()]))
        wanted = room + np.maximum((content - drawn) * (-1, -1, 1, 1), 0.0)[[0, 2, 1, 3]]
        tall = height or max(min(content[3] - content[1] + room[2] + room[3], tallest), least)
        if np.abs(wanted - margins).max() < 0.1 and abs(tall - high) < 0.1:
            break
        margins, high = wanted, tall
        if n >= FREE_ROUNDS:  # labels that kept changing their places would never let it settle
            chosen = labels.chosen
    told_so = tuple(labels.items), tuple(labels.pointed), labels.notes(), margins, labels.chosen
    return Panel(view, width, high, *told_so, cramped=labels.cramped, told_lit=labels.told_lit)


def _with_readouts(
    p: Plan, type: PageType, width: float, height: float | None, free: Vector, blocks: list[Readout]
) -> Panel:
    """The Panel of a plan with these readouts at its right or, in a narrow one, under the scene."""
    (wide, tall), room = extent(p, blocks, type) + PAGE_READOUT_GAP, np.array(free, float)
    beside = is_beside(width - free[0] - free[1])
    room[1 if beside else 2] += wide if beside else tall
    axes = captions.axes_of(p, [block.plane for block in blocks], LONGEST_TOKEN)
    told = {axis.texts for axis in axes if axis.texts}
    least = tall - PAGE_READOUT_GAP + free[2] + free[3] + 2 * PAGE_EDGE if beside else 0.0
    made = _panel(p, type, width, height, room, True, told, least)
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


class _Labels:
    """The labels of a plan on a page: tokens first, whose places are given, then names around them.

    `chosen` says which of their places axes, sides and planes take, as earlier labels chose them: all others
    take the best, and note it there.
    """

    def __init__(
        self, canvas: Canvas, type: PageType, chosen: dict, labelled: bool,
        told: Collection[tuple[str, ...]] = (), beside: np.ndarray | None = None,
    ):  # fmt: skip
        self.told, self.given = told, beside is not None  # what is told in readouts is not told here
        self.beside = np.zeros((0, 4)) if beside is None else beside
        self.frame = np.array([0.0, -BEYOND_FRAME, canvas.width, canvas.height + BEYOND_FRAME])
        self.left_out = 0
        self.canvas, self.type, self.chosen = canvas, type, chosen
        self.items: list[Text | Rule] = []
        self.pointed: list[Text | Rule] = []  # what the last spotlight points at
        self.thinned: set[int] = set()
        self.cramped = False
        self.told_lit = False  # whether all lit rows and columns have their tokens
        self.missing: list[str] = []
        corners = self.beside[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
        small = [plane for plane in canvas.planes if max(plane.rows, plane.columns) < LEAST_FRAMED]
        sides = [side for plane in small for side in faces(canvas.project(_thick(plane)))]
        solid = np.concatenate([canvas.quads, np.array(sides).reshape(-1, 4, 2), canvas.strips, corners])
        self.matrices = Coverage(solid, COVERAGE_STEP)
        self.coverage = Coverage(np.concatenate([solid, canvas.faces]), COVERAGE_STEP)
        self.center = 0.5 * (self.coverage.low + self.coverage.high)
        if not labelled:
            for plane in canvas.planes:
                outline = _edges(canvas.project(plane.corners(LINE_OVERHANG)))
                self.items += [Rule(*ends.ravel()) for ends in outline]
        elif canvas.p.scene.look.labels:
            self.write_tokens()
            self.write_callouts()
            self.write_lit_tokens()
            self.write_titles()
            self.write_names()

    def boxes(self, *, rules: bool = False) -> np.ndarray:
        """Those of all type so far, of all rules if asked for, and of what is beside the scene: (n, 4)."""
        every = *self.items, *self.pointed
        boxes = [item.box for item in every if rules or isinstance(item, Text)]
        return np.array([*boxes, *self.beside]).reshape(-1, 4)

    def on_strips(self) -> np.ndarray:
        """Boxes in which the strips of patches lie: (n, 4)."""
        first, last, beyond, end = self.canvas.strips.transpose(1, 0, 2)
        return strips(0.5 * (first + end), 0.5 * (last + beyond), 0.5 * np.abs(end - first))

    def notes(self) -> tuple[str, ...]:
        """What there was no room for."""
        every = " or ".join(map(str, sorted(self.thinned)))
        thinned = [f"one in {every} tokens is written"] if every else []
        return (*thinned, *dict.fromkeys(self.missing))

    # Tokens

    def write_tokens(self) -> None:
        """Labels of each axis, once: at the star, or else, where several matrices share an axis, where it is
        freest."""
        p = self.canvas.p
        outer = [one for one in self.canvas.planes if not one.stage.operands or one.role == "result"]
        planes = [*outer, *(one for one in self.canvas.planes if p.is_star(one.stage) and one not in outer)]
        sides: dict[tuple[bool, float], list[_Column]] = {}
        for axis in captions.axes_of(self.canvas.p, planes, LONGEST_TOKEN):
            if not axis.texts or axis.texts in self.told:
                continue
            stars = at_the_star(self.canvas, axis)
            ends = [end for side in stars or axis.sides for end in self.ends(*side)]
            key = "axis", *axis.sides[0]
            if key not in self.chosen:
                roomy = stars and not self.given and self.canvas.width >= ROOM_AT_A_STAR
                crowding = self.at_the_star if roomy else self.crowding
                costs = [crowding(axis.texts, *end) for end in ends]
                if self.given and min(costs)[0] > self.most_covered(axis.texts):  # no camera makes room there
                    ends = [end for side in axis.sides for end in self.ends(*side)]
                    costs = [self.crowding(axis.texts, *end) for end in ends]
                self.chosen[key] = costs.index(min(costs))
            places, outward = ends[self.chosen[key]]
            beside = self.across(places, outward) == 0
            side = beside, 1.0 if outward[0 if beside else 1] > 0 else -1.0
            titled = axis.title if not p.stars else ""  # else matrices tell it with their shapes
            if stars:  # what it is there: what queries are compared with are keys
                plane, of_rows = stars[0]
                titled = p.typeface.shown(captions.axis_names_of(p, plane.stage)[not of_rows])
            sides.setdefault(side, []).append(_Column(axis.texts, places, titled, bool(stars)))
        titles = [(side, self.write_side(axes_there, *side)) for side, axes_there in sides.items()]
        for side, there in titles:
            for one, boxes in there:
                self.write_axis_title(one, boxes, *side)

    def ends(self, plane: Plane, of_rows: bool) -> list[tuple[np.ndarray, np.ndarray]]:
        """Both ends of an axis' lines on the page: (where each entry's line ends (n, 2), outward (2,))."""
        patches = reach(self.canvas.p, plane, of_rows)
        low, high = map(self.canvas.project, captions.ends_of_lines(plane, of_rows, LINE_OVERHANG, patches))
        outward = high.mean(axis=0) - low.mean(axis=0)
        outward /= np.linalg.norm(outward) or 1.0
        return [(low, -outward), (high, outward)]

    def across(self, places: np.ndarray, outward: np.ndarray) -> int:
        """Whether labels stand out of their places (n, 2) to a side, 0, or up or down, 1. Where no camera
        makes room for them they go by how their places run, so that there is room for more of them."""
        if self.given and np.abs(outward).min() > SLANTED:
            return int(np.ptp(places[:, 0]) > np.ptp(places[:, 1]))
        return int(abs(outward[0]) < abs(outward[1]))

    def crowding(self, texts: Sequence[str], places: np.ndarray, outward: np.ndarray) -> tuple:
        """How bad a place for an axis' labels is: what they would cover, then how far inside they stand."""
        longest = max(self.type.width(text, self.type.small) for text in texts)
        across = self.across(places, outward)
        side = np.zeros(2)
        side[across] = np.sign(outward[across])
        # On equal terms at the left and below, where axes are read.
        inside = round(-(places.mean(axis=0) - self.center) @ side, 1), side.sum()
        if self.given:
            return self.hidden_by(texts, places, side), *inside
        ends = np.concatenate([places + side * PAGE_LABEL_GAP, places + side * longest])
        return self.coverage.under(np.array([[*ends.min(axis=0), *ends.max(axis=0)]])).item(), *inside

    def hidden_by(self, texts: Sequence[str], places: np.ndarray, side: np.ndarray) -> float:
        """How many points of what is drawn labels cover that stand at one side of their places (n, 2), and
        how many of their own are beyond the picture."""
        lengths = np.array([[self.type.width(text, self.type.small)] for text in texts])
        ends = np.stack([places + side * PAGE_LABEL_GAP, places + side * (PAGE_LABEL_GAP + lengths)])
        thick = 0.5 * self.type.small * (side == 0.0)
        boxes = np.concatenate([ends.min(axis=0) - thick, ends.max(axis=0) + thick], axis=1)
        inside = np.clip(boxes, np.tile(self.frame[:2], 2), np.tile(self.frame[2:], 2))
        areas = [np.prod(some[:, 2:] - some[:, :2], axis=1) for some in (boxes, inside)]
        return float(self.coverage.under(boxes).sum() + (areas[0] - areas[1]).sum() / COVERAGE_STEP**2)

    def most_covered(self, texts: Sequence[str]) -> float:
        """How many points of what is drawn the labels of an axis may stand on, that a camera is not moved
        for."""
        return MOST_COVERED * sum(map(len, texts)) * (self.type.small / COVERAGE_STEP) ** 2

    def at_the_star(self, texts: Sequence[str], places: np.ndarray, outward: np.ndarray) -> tuple:
        """How bad a place for labels at a star is: how much of other matrices they would cover; then whether
        they stand at the right, or below. They may stand before products, which are gone where it is read."""
        beside = bool(abs(outward[0]) >= abs(outward[1]))
        sign = 1.0 if outward[0 if beside else 1] > 0 else -1.0
        lines: Sequence[Text] = ()
        every = 0
        while not lines and every < len(texts):  # as many as have room
            every += 1
            lines = self.column(texts[::every], places[::every], beside, sign).lines
        boxes = np.array([line.box for line in lines])
        covered = self.matrices.under(boxes).mean() if len(boxes) else 1.0
        return round(covered, 2), sign if beside else -sign

    def write_side(
        self, axes_there: Sequence["_Column"], beside: bool, sign: float
    ) -> list[tuple["_Column", np.ndarray]]:
        """All labels at one side of the picture, in the order in which they stand along it: (the axes that
        want their titles there, the boxes of all labels (n, 4)).

        They stand next to their entries where these are further apart than lines of type; else they fan out
        into one column (below or above: a row) with a leader to each, as far as FARTHEST, but not at a star,
        whose labels stay level with its entries; else one in so many is written.
        """
        taken, side = self.boxes(), ("side", beside, sign)
        level = any(one.at_a_star for one in axes_there)
        most = max(len(one.texts) for one in axes_there)
        for every in range(self.chosen.get(side, 1), most + 1):
            texts = [text for one in axes_there for text in one.texts[::every]]
            places = np.concatenate([one.places[::every] for one in axes_there])
            written = self.column(texts, places, beside, sign, level)
            boxes = np.array([line.box for line in written.lines])
            if not len(boxes) or not self.has_room(boxes) or meeting(boxes, taken, -TOUCHING).any():
                continue
            self.add(written)
            self.thinned |= {every} - {1}
            small = written.lines[0].size < min(LEAST_AT_A_STAR, self.type.small)
            self.cramped |= level and (every > 1 or small)
            self.chosen[side] = every
            return [(one, boxes) for one in axes_there if one.title]
        self.missing.append("not every axis has room for its tokens")
        self.cramped |= level
        return []

    def write_axis_title(self, one: "_Column", boxes: np.ndarray, beside: bool, sign: float) -> None:
        """What the entries of an axis are, where there is room and no matrix, if there is such a place: along
        its labels in `boxes` (n, 4) at a side, or else over them; or before the first of those that stand
        above or below, where one begins to read."""
        (left, low), (right, high) = np.min(boxes[:, :2], axis=0), np.max(boxes[:, 2:], axis=0)
        places, size, made = one.places, self.type.small, []
        further = np.arange(0.0, 2.0, 0.5) * size

        def line(x, y, align, angle=0.0):
            return self.type.line(one.title, x, y, size, align, angle=angle, kind="axis", soft=True)

        if beside:
            x = right + PAGE_LABEL_GAP + ASCENT * size if sign > 0 else left - PAGE_LABEL_GAP - DESCENT * size
            y = 0.5 * (places[:, 1].min() + places[:, 1].max())
            made = [line(x + sign * more, y, "CENTER", 0.5 * np.pi) for more in further]
            end, align = (left, "LEFT") if sign > 0 else (right, "RIGHT")
            made.append(line(end, high + DESCENT * size, align))
        else:
            y = low + PAGE_LABEL_GAP if sign > 0 else high - PAGE_LABEL_GAP - ASCENT * size
            made = [line(places[:, 0].min() - size, y + sign * more, "RIGHT") for more in further]
        taken = self.boxes()
        clear = [
            text
            for text in made
            if self.has_room(np.array([text.box]))
            and not meeting(np.array([text.box]), taken, -TOUCHING).any()
        ]
        if clear:
            covered = self.matrices.under(np.array([text.box for text in clear]))
            self.add(Written([clear[int(covered.argmin())]]))

    def column(
        self, texts: Sequence[str], places: np.ndarray, beside: bool, sign: float, level: bool = False
    ) -> Written:
        """Texts beside their places (n, 2), none where these have no room; `level` with them, or moved."""
        if not beside:  # x is along the side then, and y across
            places = places[:, ::-1]
        order = np.argsort(places[:, 1], kind="stable")
        spots = places[order, 1]
        size, placed = _fitting(spots, self.type.small, 0.0 if level else FARTHEST)
        if not size:
            return Written()
        shift = np.abs(placed - spots).max()
        out = places[order, 0] + sign * PAGE_LABEL_GAP
        if shift > 0.1 * size:
            out[:] = sign * ((sign * out).max() + max(SHORTEST_LEADER, LEADER_SLOPE * shift))
        middle = 0.5 * CAPITALS * size  # half the height of what is seen of a line
        align, lines, leaders = "LEFT" if sign > 0 else "RIGHT", [], []
        for n, spot, far in zip(order, placed, out, strict=True):
            at, angle = ((far, spot - middle), 0.0) if beside else ((spot + middle, far), 0.5 * np.pi)
            lines.append(self.type.line(texts[n], *at, size, align, angle=angle, kind="token"))
            ends = np.array([places[n], (far - sign, spot)])
            leaders.append(Leader(*(ends if beside else ends[:, ::-1])))
        return Written(lines, leaders if shift > 0.1 * size else ())

    # Callouts, titles and names

    def write_callouts(self) -> None:
        """The numbers of what the spotlight is pointed at, beside their matrices."""
        spotlight = self.canvas.p.spotlight
        lit = spotlight.last if spotlight and not self.told else ()
        for wish in callouts(self.canvas, lit, self.type.size, plated=False):
            others = [
                quad
                for plane, quad in zip(self.canvas.planes, self.canvas.quads, strict=True)
                if plane.stage.name != wish.owner
            ]
            taken = np.concatenate([self.boxes(rules=True), _along_edges(others)])
            key = "callout", wish.owner, len(self.pointed)
            if key not in self.chosen:
                self.chosen[key] = self.best(wish.made, taken)
            best = wish.made[self.chosen[key]]
            if not meeting(best.boxes, taken, -TOUCHING).any():
                self.add(best.write(), self.pointed)

    def write_lit_tokens(self) -> None:
        """The token of each row and each column that the spotlight has lit as a whole, at an end of it. At
        the star it is among the tokens of the axis."""
        p = self.canvas.p
        if not p.spotlight or not p.stars:
            return
        every = []
        for lit in p.spotlight.last:
            if p.is_star(lit.stage):
                continue
            lines = _lit_lines(p, lit)
            for plane in self.canvas.planes:
                if plane.stage is lit.stage:
                    every += [self.write_lit_token(plane, *line) for line in lines] or [False]
        self.told_lit = all(every)

    def write_lit_token(self, plane: Plane, of_rows: bool, n: int, token: str) -> bool:
        """Write the token of the row or column n of a plane at its freer end; False where neither is free, or
        the token is long."""
        p, size = self.canvas.p, self.type.small
        line = self.type.line(p.typeface.shown(token), 0.0, 0.0, size, "CENTER", kind="lit")
        if line.width > LONGEST_LIT * size:
            return False
        half = 0.5 * np.array([line.width, CAPITALS * size])
        low, high = (
            self.canvas.project(ends[n : n + 1])[0]
            for ends in captions.ends_of_lines(plane, of_rows, LINE_OVERHANG)
        )
        middles = []
        for end, other in ((low, high), (high, low)):
            way = unit(end - other)
            middles += [end + way * (np.abs(way) @ half * part + PAGE_LABEL_GAP) for part in (1.0, 1.6)]
        middles = np.array(middles)
        boxes = np.concatenate([middles - half, middles + half], axis=1)
        key = "lit", plane, of_rows, n
        if key not in self.chosen:
            met = meeting(boxes, self.boxes(rules=True), PAGE_LABEL_GAP).sum(axis=1)
            self.chosen[key] = int(np.argmin(SHARED * met + self.matrices.under(boxes)))
        best = self.chosen[key]
        if meeting(boxes[best : best + 1], self.boxes(rules=True), -TOUCHING).any():
            return False
        x, y = middles[best]
        self.add(Written([moved(line, x, y - half[1])]), self.pointed)
        return True

    def write_titles(self) -> None:
        """The titles of results that stand side by side: below each, or at its left where they run down."""
        groups = () if self.canvas.p.scene.camera.subject else captions.titled(self.canvas.p)
        taken, size = self.boxes(rules=True), self.type.size
        for one, down in [(one, down) for group, down in groups for one in group]:
            corners = self.canvas.project(one.corners)
            low, high = corners.min(axis=0), corners.max(axis=0)
            x, y = 0.5 * (low + high)
            at, align = (
                ((low[0] - PAGE_LABEL_GAP, y), "RIGHT")
                if down
                else ((x, low[1] - PAGE_LABEL_GAP - ASCENT * size), "CENTER")
            )
            line = self.type.line(one.title, *at, size, align, bold=True, kind="title")
            further = np.arange(TITLE_STEPS)[:, None] * ((-1.0, 0.0) if down else (0.0, -1.0))
            boxes = np.array(line.box) + np.tile(further, 2)
            met = meeting(boxes, taken, -TOUCHING).sum(axis=1)
            best = int(np.argmin(SHARED * met + self.coverage.under(boxes)))
            self.items.append(moved(line, *further[best]))
            taken = np.concatenate([taken, boxes[best : best + 1]])

    def write_names(self) -> None:
        """The name of each matrix and its shape under it, where it is freest around it: small ones first, and
        those seen from their edge, which have the least room around them."""
        taken = np.concatenate([self.boxes(rules=True), self.on_strips()])
        named = set(captions.named(self.canvas.p))
        planes = zip(self.canvas.planes, self.canvas.quads, strict=True)
        for plane, quad in sorted(planes, key=lambda one: _area(one[1])):
            if plane not in named:
                continue
            places = self.name_places(plane, quad)
            if plane not in self.chosen:
                self.chosen[plane] = places.best(taken)
            best = self.chosen[plane]
            boxes = places.taken(best)
            if meeting(boxes, taken, -TOUCHING).any():
                flat = bool(self.told) and self.canvas.p.is_star(plane.stage)  # it is named there
                self.missing += [] if flat else ["not every matrix has room for its name"]
                continue
            self.add(places.written(best))
            taken = np.concatenate([taken, boxes])

    def best(self, options: Sequence[Option], taken: np.ndarray) -> int:
        """Which option costs least, given boxes that are taken."""
        met = [meeting(option.boxes, taken, -TOUCHING).sum() for option in options]
        return int(np.argmin(SHARED * np.array(met) + [option.cost for option in options]))

    def name_places(self, plane: Plane, quad: np.ndarray) -> "_Places":
        """A name beyond each edge of its matrix, along it and further out; its shape in one line, in two, or
        left out."""
        name, raised, _ = captions.name_of(self.canvas.p, plane)
        blocks = [_Block(self.type, name, raised, *way) for way in self.shapes(plane)]
        edges, center = _edges(quad), quad.mean(axis=0)
        normals = np.array([outward_normal(a, b, center) for a, b in edges])
        places = _Places(blocks, edges, normals, self.type.size)
        places.costs += self.costs(places.boxes, normals[places.edge])
        return places

    def shapes(self, plane: Plane) -> list[tuple[tuple[str, ...], float]]:
        """Ways to write the shape of a matrix, with what they cost: with what its axes are, query 16 × key
        16, in one line or in two, without that, and not at all."""
        p = self.canvas.p
        counts = str(plane.rows), str(plane.columns)
        names = (p.typeface.shown(name) for name in captions.axis_names_of(p, plane.stage))
        sides = plane.as_labelled(*(f"{name} {n}".strip() for name, n in zip(names, counts, strict=True)))
        brief = " × ".join(plane.as_labelled(*counts))
        long, short = (BRIEF_COST, 0.0) if not is_beside(self.canvas.width) else (0.0, BRIEF_COST)
        if p.is_star(plane.stage) and any(one.kind == "axis" for one in self.items if isinstance(one, Text)):
            return [((brief,), 0.0), ((), SHAPE_COSTS[0])]  # its axes have their names
        ways = [(" × ".join(sides),), (f"{sides[0]} ×", sides[1]), ()]
        return [(way, SHAPE_COSTS[len(way)] + long) for way in ways] + [((brief,), SHAPE_COSTS[1] + short)]

    def costs(self, boxes: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """How bad places beyond edges with these normals (n, 2) are: over a matrix, inside the picture, or
        beyond all of it: (n,)."""
        low, high = self.coverage.low - boxes[:, :2], boxes[:, 2:] - self.coverage.high
        beside, above = (np.maximum(low, 0.0) + np.maximum(high, 0.0)).T
        away = 0.5 * (boxes[:, :2] + boxes[:, 2:]) - self.center
        inward = -(away * normals).sum(axis=1) / (np.linalg.norm(away, axis=1) + 1e-12)
        covered = 4.0 * self.coverage.under(boxes)
        return covered + 0.6 * beside + 0.2 * above + 6.0 * inward - 4.0 * np.abs(normals[:, 1])

    def has_room(self, boxes: np.ndarray) -> bool:
        """Whether boxes (n, 4) are in the picture of a camera that is given, or hardly under or over it."""
        room = (boxes[:, :2] >= self.frame[:2]).all() and (boxes[:, 2:] <= self.frame[2:]).all()
        return not self.given or bool(room)

    def add(self, written: Written | None, items: list[Text | Rule] | None = None) -> None:
        """Put what is written on the page, where there is room for all of it, among its `items`."""
        items = self.items if items is None else items
        if written and not self.has_room(np.array([line.box for line in written.lines])):
            self.left_out += 1
        elif written:
            items += [*written.lines, *map(_rule, written.leaders)]


@dataclass(frozen=True, eq=False)
class _Column:
    """The texts of an axis' entries, where their lines end on the page (n, 2), and its title, or ""."""

    texts: Sequence[str]
    places: np.ndarray
    title: str
    at_a_star: bool


class _Places:
    """All places of a name beyond the edges (4, 2, 2) of its matrix, with these normals: every one of its
    blocks, at every edge, at every one of _TITLE_PLACES. `costs` still lack what they cost on the picture."""

    def __init__(self, blocks: Sequence["_Block"], edges: np.ndarray, normals: np.ndarray, size: float):
        count = (len(blocks), len(edges), len(_TITLE_PLACES))
        self.block, self.edge, beyond = np.indices(count).reshape(3, -1)
        self.blocks, self.normals = blocks, normals
        shift, further, cost = _TITLE_PLACES[beyond].T
        half = np.array([block.half for block in blocks])[self.block]
        # Straight out of the picture's side that the edge is at, until clear of the whole edge.
        longest = np.abs(normals).max(axis=1, keepdims=True)
        straight = np.where(np.abs(normals) == longest, np.sign(normals), 0.0)
        out = (normals * straight).sum(axis=1)[self.edge]
        reach = (PAGE_LABEL_GAP + (np.abs(normals)[self.edge] * half).sum(axis=1)) / out + further * size
        a, b = edges[self.edge, 0], edges[self.edge, 1]
        self.starts = 0.5 * (a + b) + shift[:, None] * (b - a)
        self.middles = self.starts + reach[:, None] * straight[self.edge]
        self.boxes = np.concatenate([self.middles - half, self.middles + half], axis=1)
        self.costs = cost + np.array([block.cost for block in blocks])[self.block]
        # A leader, where one might take the name for another's.
        self.ends = np.clip(self.starts, self.boxes[:, :2] - 1.0, self.boxes[:, 2:] + 1.0)
        self.far = np.linalg.norm(self.ends - self.starts, axis=1) > NAME_LEADER

    def best(self, taken: np.ndarray) -> int:
        """Which of them costs least, given boxes (n, 4) that are taken; the name needs some room."""
        met = meeting(self.boxes, taken, PAGE_LABEL_GAP - TOUCHING).sum(axis=1)
        starts, ends = self.starts[self.far], self.ends[self.far]
        low, high = np.minimum(starts, ends), np.maximum(starts, ends)
        half = 0.5 * LEADER_WIDTH
        leaders = np.concatenate([low - half, high + half], axis=1)
        met[self.far] += meeting(leaders, taken, -TOUCHING).sum(axis=1)
        return int(np.argmin(SHARED * met + self.costs))

    def leader(self, n: int) -> Leader:
        return Leader(self.starts[n], self.ends[n])

    def taken(self, n: int) -> np.ndarray:
        """The boxes of the name and of its leader: (1 or 2, 4)."""
        return np.array([self.boxes[n], *([_rule(self.leader(n)).box] if self.far[n] else [])])

    def written(self, n: int) -> Written:
        leaders = [self.leader(n)] if self.far[n] else []
        return self.blocks[self.block[n]].written(self.middles[n], self.normals[self.edge[n]], leaders)


class _Block:
    """A name, with what is raised after it, and the lines of its shape under it, which cost so much."""

    def __init__(self, type: PageType, name: str, raised: str, shape: Sequence[str], cost: float):
        self.type, self.name, self.raised, self.shape, self.cost = type, name, raised, shape, cost
        self.room = 0.5 * type.size if raised else 0.0
        widths = [type.width(line, type.small) for line in shape]
        self.width = max([type.width(name, type.size) * BOLDER + self.room, *widths])
        self.under = [1.05 * type.size + 1.1 * type.small * n for n in range(len(shape))]
        height = ASCENT * type.size + max(self.under, default=0.0) + DESCENT * type.small
        self.half = 0.5 * np.array([self.width, height])

    def written(self, middle: np.ndarray, normal: np.ndarray, leaders: Sequence[Leader]) -> Written:
        """Its lines around a middle, towards the edge from which this normal leads."""
        type, side = self.type, np.sign(normal[0]) if abs(normal[0]) > 0.8 else 0.0
        align = {0.0: "CENTER", 1.0: "LEFT", -1.0: "RIGHT"}[side]
        x, y = middle[0] - 0.5 * side * self.width, middle[1] + self.half[1] - ASCENT * type.size
        left = x - self.room * 0.5 * (1.0 - side)  # what is raised stands after it
        lines = [type.line(self.name, left, y, type.size, align, bold=True, kind="name")]
        for line, down in zip(self.shape, self.under, strict=True):
            lines.append(type.line(line, x, y - down, type.small, align, soft=True, kind="detail"))
        if self.raised:
            at = lines[0].box[2] + 0.04 * type.size, y + RAISED_UP * type.size
            lines.append(type.line(self.raised, *at, RAISED_PART * type.size, kind="name"))
        return Written(lines, leaders)


def _rule(leader: Leader) -> Rule:
    return rule_between(leader.start, leader.end, LEADER_WIDTH)


def _fitting(spots: np.ndarray, size: float, farthest: float) -> tuple[float, np.ndarray]:
    """(size, places) of lines of type at ascending `spots`, in which none overlap: where they are if that
    fits, else as small as may be and moved by at most `farthest`; size 0 where neither fits."""
    smaller = np.maximum(np.arange(size, LEAST_TYPE - 1e-9, -0.2), LEAST_TYPE)  # but for rounding
    sizes = smaller if size > LEAST_TYPE else np.array([size])
    ways = [(float(one), PAGE_TOKEN_LEADING * (ASCENT + DESCENT) * one) for one in sizes]
    for one, line in ways:
        if (np.diff(spots) >= line).all():
            return one, spots
    one, line = ways[-1]
    places = spread(spots, line)
    return (one, places) if np.abs(places - spots).max() <= farthest else (0.0, spots)


def _thick(plane: Plane) -> np.ndarray:
    """The corners of the box that the elements of a plane can reach, which count in binary: (8, 3)."""
    corners, depth = plane.corners()[[0, 1, 3, 2]], 0.5 * unit(np.cross(plane.row, plane.column))
    return np.concatenate([corners - depth, corners + depth])


def _edges(quad: np.ndarray) -> np.ndarray:
    """The edges of a quadrilateral (4, 2) on the page, from corner to corner: (4, 2, 2)."""
    return np.stack([quad, np.roll(quad, -1, axis=0)], axis=1)


def _lit_lines(p: Plan, lit: Lit) -> list[tuple[bool, int, str]]:
    """(whether it is a row, its number, its token) of a row or a column that is lit as a whole."""
    shape, labels, lines = p.evaluation[lit.stage].shape, captions.labels_of(p, lit.stage), []
    for axis, (first, last), across in ((0, lit.rows, lit.columns), (1, lit.columns, lit.rows)):
        whole = across == (0, shape[1 - axis] - 1) and shape[1 - axis] > 1
        if labels[axis] and first == last and whole:
            lines.append((axis == 0, first, as_labels(labels[axis])[first]))
    return lines


def _along_edges(quads: Sequence[np.ndarray]) -> np.ndarray:
    """Small boxes along the edges of quadrilaterals (4, 2): (n, 4)."""
    ends = np.array([_edges(quad) for quad in quads]).reshape(-1, 2, 2)
    return strips(ends[:, 0], ends[:, 1], 0.0, EDGE_PARTS)


def _area(quad: np.ndarray) -> float:
    """The area of a quadrilateral (4, 2) on the page."""
    (x, y), (next_x, next_y) = quad.T, np.roll(quad, -1, axis=0).T
    return 0.5 * abs((x * next_y - next_x * y).sum())
