"""One panel of a figure: the camera that shows a plan, and its labels in type of a printed size.

On screen a label is as large as the scene makes it; on paper it has its size in points, so labels are
placed on the page, after projection, and the camera leaves the room that they need.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ...kinds.places import Cuboid, Plane
from ..camera.framing import View, axes, nearest, view_from
from ..camera.views import INSIDE, direction_of, inside_view, optics_of, parts_of
from . import captions
from .boxes import around, faces, overlaps
from .page import ASCENT, BOLDER, DESCENT, Rule, Text
from .placing import spread

LEAST = 5.0  # points; journals print nothing smaller
LONGEST = 9.0  # tokens that are wider than so many sizes end with an ellipsis
LINE = 1.06  # from one line of labels to the next, of their size
REACH = 24.0  # points that a label may be moved along its side
LEADER = 7.0  # points from a label that was moved to what it labels, at least
FREE_ROUNDS = 3  # of placing labels anew for a camera that leaves them room
SHAPES = (80.0, 0.0, 3.0)  # costs of a shape in so many lines
PAD = 1.0  # points free at all sides
FAR = 8.0  # points from a name to its matrix, from which a leader joins them
GAP = 2.0  # points between type and what it belongs to
INSIDE_SHAPE = 0.62  # height to width of a view from inside
EDGE = 1e-6  # points that boxes which only touch may have in common
TALLEST = 1.3  # height to width of a panel, unless a height is asked for


@dataclass(frozen=True)
class Type:
    """The sizes of type, in points, and how to measure it."""

    size: float
    measure: object

    @property
    def small(self):
        """For shapes, tokens and numbers beside the names and titles of `size`."""
        return min(self.size, max(LEAST, 0.8 * self.size))

    def width(self, text, size):
        return self.measure(text, size)


@dataclass(frozen=True, eq=False)
class Panel:
    """`view` is the camera of a picture of `width` × `height` points; texts and rules stand on it, `notes`
    tell what there was no room for. `margins` and `chosen` are how far labels stand out of what is drawn,
    and which places they took."""

    view: View
    width: float
    height: float
    texts: tuple[Text, ...]
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    margins: np.ndarray
    chosen: dict


def panel(p, type, width, height=None, free=(0.0, 0.0, 0.0, 0.0), *, names=True, tokens=True):
    """The Panel of a plan on a picture of `width` × `height` points.

    `free` are the points at its (left, right, bottom, top) that nothing may stand in. Without a height it
    is as high as its content. Without `names` matrices are outlined instead, so that one sees where they
    end. A view from inside shows no labels. Raises InputError where labels leave no room for a picture.
    """
    if p.scene.camera.view in INSIDE:
        height = height or INSIDE_SHAPE * width
        view = inside_view(p, optics_of(p.scene.camera, width / height))
        return Panel(view, width, height, (), (), (), np.zeros(4), {})
    parts = parts_of(p.arrangement, p.scene.camera.subject)
    points, fixed = np.concatenate([part.corners() for part in parts]), height
    room = np.array(free, float) + PAD
    tallest = TALLEST * (width - room[0] - room[1]) + room[2] + room[3]
    if fixed:  # beginning with what the content asks for
        begun = panel(p, type, width, None, free, names=names, tokens=tokens)
        margins, chosen = begun.margins, begun.chosen
    else:
        margins, height, chosen = room, 2 * tallest, None
    for n in range(16):
        if margins[0] + margins[1] > 0.85 * width or margins[2] + margins[3] > 0.9 * height:
            raise InputError(
                f"{width / 72:.3g} × {height / 72:.3g} in have no room beside the labels "
                "at this size of type; make the figure larger"
            )
        view = _view(p, points, width / height, margins / (width, width, height, height))
        page = _page(view, width, height)
        drawn = page(points)
        drawn = np.array((*drawn.min(axis=0), *drawn.max(axis=0)))
        labels = _Labels(p, parts, page, type, names, tokens, chosen)
        content = around(np.array([drawn, *labels.boxes()]))
        wanted = room + np.maximum((content - drawn) * (-1, -1, 1, 1), 0.0)[[0, 2, 1, 3]]
        tall = fixed or min(content[3] - content[1] + room[2] + room[3], tallest)
        settled = np.abs(wanted - margins).max() < 0.1 and abs(tall - height) < 0.1
        if settled:
            break
        margins, height = wanted, tall
        if n >= FREE_ROUNDS:  # labels that kept changing their places would never let it settle
            chosen = labels.chosen
    notes = [f"one in {every} tokens is written" for every in sorted(labels.thinned)]
    if labels.unlabelled:
        notes.append("not every axis has room for its tokens")
    if labels.unnamed:
        notes.append("not every matrix has room for its name")
    return Panel(
        view, width, height, tuple(labels.texts), tuple(labels.rules), tuple(notes), margins, labels.chosen
    )


def _view(p, points, aspect, margins):
    """The nearest View of a plan's camera that shows all points (n, 3) within these margins, as fractions."""
    own, optics = axes(direction_of(p)), optics_of(p.scene.camera, aspect)
    reach, centre = nearest(points @ np.stack(own).T, optics, margins)
    depths = p.arrangement.corners() @ own[2]
    return view_from(own, centre, reach, optics, depths.min() - np.ptp(depths) - 1.0)


def _page(view, width, height):
    """From world points (n, 3) to points of the page (n, 2)."""
    return lambda points: (view.project(points) + 1) / 2 * (width, height)


class _Labels:
    """The labels of a plan on a page: tokens first, whose places are given, then names around them.

    `chosen` says which of their places axes and names take, as an earlier one of these chose; None: the best.
    """

    def __init__(self, p, parts, page, type, names, tokens, chosen=None):
        self.p, self.page, self.type = p, page, type
        self.chosen = chosen or {}
        self.texts, self.rules = [], []
        self.thinned, self.unlabelled, self.unnamed = set(), False, False
        planes = [part for part in parts if isinstance(part, Plane) and not p.hidden(part.stage)]
        quads = [page(plane.corners(0.5)) for plane in planes]
        for part in parts:
            if isinstance(part, Cuboid) and part.stage.name in p.interiors:
                quads += faces(page(part.corners(0.5)))
        self.ground = _Ground(quads)
        self.center = 0.5 * (self.ground.low + self.ground.high)
        if p.scene.look.labels and tokens:
            self._write_tokens(planes)
        if p.scene.look.labels and names:
            self._write_names(planes)
        if not names:
            for plane in planes:
                quad = page(plane.corners(0.6))
                self.rules += [Rule(*a, *b) for a, b in zip(quad, np.roll(quad, -1, axis=0), strict=True)]

    def boxes(self):
        """Those of all type so far: (n, 4)."""
        return _rows(text.box(self.type.measure) for text in self.texts)

    def _write_tokens(self, planes):
        """Labels of each axis, once: where several matrices share an axis, where it is freest."""
        axes = {}
        for plane in planes:
            if plane.stage.operands and plane.role != "result":
                continue
            rows, columns = (
                tuple(self.p.typeface.shown(text, LONGEST) for text in texts)
                for texts in captions.labels_of(self.p, plane.stage)
            )
            row, column = (plane.row, plane.row_ruler), (plane.column, plane.column_ruler)
            for texts, along, across in ((rows, row, column), (columns, column, row)):
                if texts:
                    axes.setdefault((texts, tuple(along[0])), []).extend(self._ends(plane, along, across))
        sides = {}
        for key, ends in axes.items():
            if key not in self.chosen:
                costs = [self._crowding(key[0], *end) for end in ends]
                self.chosen[key] = costs.index(min(costs))
            texts, (places, outward) = key[0], ends[self.chosen[key]]
            beside = abs(outward[0]) >= abs(outward[1])
            sides.setdefault((beside, outward[0 if beside else 1] > 0), []).append((texts, places))
        for (beside, positive), found in sides.items():
            self._write_side(found, beside, 1.0 if positive else -1.0)

    def _ends(self, plane, along, across):
        """Both ends of an axis' lines on the page: (where each entry's line ends (n, 2), outward (2,))."""
        (along, ruler), (across, other) = along, across
        low, high = (
            self.page(plane.origin + across * far + along * ruler.at(np.arange(ruler.count))[:, None])
            for far in (-0.6, other.length + 0.6)
        )
        outward = high.mean(axis=0) - low.mean(axis=0)
        outward /= np.linalg.norm(outward) or 1.0
        return [(low, -outward), (high, outward)]

    def _crowding(self, texts, places, outward):
        """How bad a place for an axis' labels is: what they would cover, then how far inside they stand."""
        longest = max(self.type.measure(text, self.type.small) for text in texts)
        across = 0 if abs(outward[0]) >= abs(outward[1]) else 1
        side = np.zeros(2)
        side[across] = np.sign(outward[across])
        ends = np.stack([places + side * GAP, places + side * longest])
        covered = self.ground.under((*ends.min(axis=(0, 1)), *ends.max(axis=(0, 1))))
        # On equal terms at the left and below, where axes are read.
        return covered, round(-(places.mean(axis=0) - self.center) @ side, 1), side.sum()

    def _write_side(self, axes, beside, sign):
        """All labels at one side of the picture, in the order in which they stand along it.

        They stand next to their entries where these are further apart than lines of type; else they
        fan out into one column (below or above: a row) with a leader to each, as far as REACH; else
        one in so many is written.
        """
        taken = self.boxes()
        side = "side", beside, sign
        for every in range(self.chosen.get(side, 1), max(len(texts) for texts, _ in axes) + 1):
            texts, rules = self._side(axes, beside, sign, every)
            boxes = [text.box(self.type.measure) for text in texts]
            if texts and not self._hits(boxes, taken):
                self.texts += texts
                self.rules += rules
                self.thinned |= {every} - {1}
                self.chosen[side] = every
                return
        self.unlabelled = True

    def _side(self, axes, beside, sign, every):
        """(texts, rules) of one in `every` labels at one side, or none where these have no room."""
        across, along = (0, 1) if beside else (1, 0)
        names = [name for names, _ in axes for name in names[::every]]
        places = np.concatenate([places[::every] for _, places in axes])
        order = np.argsort(places[:, along], kind="stable")
        spots = places[order, along]
        fitting = _fitting(spots, self.type.small)
        if fitting is None:
            return [], []
        size, placed = fitting
        moved = np.abs(placed - spots).max()
        out = places[order, across] + sign * GAP
        if moved > 0.1 * size:
            out[:] = sign * ((sign * out).max() + max(LEADER, 0.6 * moved))
        middle = 0.5 * (ASCENT - DESCENT) * size  # half the height of what is seen of a line
        align = "LEFT" if sign > 0 else "RIGHT"
        texts, rules = [], []
        for n, spot, far in zip(order, placed, out, strict=True):
            if beside:
                texts.append(Text(names[n], far, spot - middle, size, align))
            else:
                texts.append(Text(names[n], spot + middle, far, size, align, upward=True))
            if moved > 0.1 * size:
                end = (far - sign, spot) if beside else (spot, far - sign)
                rules.append(Rule(*places[n], *end, width=0.25))
        return texts, rules

    def _write_names(self, planes):
        """The name of each matrix and its shape under it, where it is freest around it; and the titles of
        results that stand side by side."""
        taken = np.concatenate([self.boxes(), _rows(rule.box() for rule in self.rules)])
        for titles, down in () if self.p.scene.camera.subject else captions.titled(self.p):
            for one in titles:
                best = min(
                    self._title_places(one.title, self.page(one.corners), down),
                    key=lambda text: self._title_cost(text.box(self.type.measure), taken),
                )
                self.texts.append(best)
                taken = np.concatenate([taken, _rows([best.box(self.type.measure)])])
        named = [plane for plane in captions.named(self.p) if any(plane is one for one in planes)]
        # Small ones first, and those seen from their edge: they have the least room around them.
        for plane in sorted(named, key=lambda plane: _area(self.page(plane.corners(0.5)))):
            places = [
                place
                for lines in _broken(_shape(self.p, plane))
                for place in _Block(self.type, *captions.name_of(self.p, plane)[:2], lines).places(
                    self.page(plane.corners(0.5))
                )
            ]
            if id(plane) not in self.chosen:
                costs = [self._cost(place, taken) for place in places]
                self.chosen[id(plane)] = costs.index(min(costs))
            best = places[self.chosen[id(plane)]]
            if self._hits(best.boxes(0.0), taken):
                self.unnamed = True
                continue
            self.texts += best.block.texts(best)
            self.rules += best.leader()
            taken = np.concatenate([taken, _rows(best.boxes(0.0))])

    def _title_places(self, title, corners, down):
        """Where the title of a result among others may stand: below it, or at its left if they run down."""
        size, (low, high) = self.type.size, (corners.min(axis=0), corners.max(axis=0))
        if down:
            middle = 0.5 * (low[1] + high[1])
            return [Text(title, low[0] - GAP - n, middle, size, "RIGHT", bold=True) for n in range(40)]
        middle, top = 0.5 * (low[0] + high[0]), low[1] - GAP - ASCENT * size
        return [Text(title, middle, top - n, size, "CENTER", bold=True) for n in range(40)]

    def _title_cost(self, box, taken):
        return 1000 * self._hits([box], taken) + self.ground.under(box)

    def _hits(self, boxes, taken):
        """How many of the boxes (n, 4) that are taken others lie over."""
        return overlaps(_rows(boxes), taken, -EDGE)

    def _cost(self, place, taken):
        """How bad a place for a name is: over another, over a matrix, away from its own, beyond the rest."""
        low, high = self.ground.low, self.ground.high
        left, bottom, right, top = place.box
        beside = max(low[0] - left, 0.0) + max(right - high[0], 0.0)
        above = max(low[1] - bottom, 0.0) + max(top - high[1], 0.0)
        away = place.middle - self.center
        inward = -(place.normal @ away) / (np.linalg.norm(away) or 1.0)
        return (
            1000 * self._hits(place.boxes(GAP), taken)
            + 4 * self.ground.under(place.box)
            + place.cost
            + 0.6 * beside
            + 0.2 * above
            + 6.0 * inward
            - 4.0 * abs(place.normal[1])
        )


@dataclass(frozen=True, eq=False)
class _Place:
    """A name somewhere: the box around its lines of type, beyond which edge, how far out of the way."""

    block: object
    box: tuple
    middle: np.ndarray
    normal: np.ndarray
    cost: float
    edge: np.ndarray

    def boxes(self, margin):
        """Those around its type, with a margin, and around its leader."""
        left, bottom, right, top = self.box
        wider = left - margin, bottom - margin, right + margin, top + margin
        return [wider, *(rule.box() for rule in self.leader())]

    def leader(self):
        """A rule to the edge, where the name stands so far from it that one might take it for another's."""
        end = np.clip(self.edge, np.array(self.box[:2]) - 1.0, np.array(self.box[2:]) + 1.0)
        return [Rule(*self.edge, *end, width=0.25)] if np.linalg.norm(end - self.edge) > FAR else []


class _Block:
    """A name, with what is raised after it, and the lines of its shape under it."""

    def __init__(self, type, name, after, shape):
        self.type, self.name, self.after, self.shape = type, name, after, shape
        self.raised = 0.5 * type.size if after else 0.0
        widths = [type.measure(line, type.small) for line in shape]
        self.width = max([type.measure(name, type.size) * BOLDER + self.raised, *widths])
        self.lines = [0.0, 1.05 * type.size, 1.05 * type.size + 1.1 * type.small][: len(shape) + 1]
        self.height = ASCENT * type.size + self.lines[-1] + DESCENT * type.small

    def places(self, quad):
        """Where it may stand: beyond each edge of a matrix, along it and further out."""
        half = 0.5 * np.array([self.width, self.height])
        for middle, normal, along in _edges(quad):
            # Straight out of the picture's side that the edge is at, until clear of the whole edge.
            straight = np.where(np.abs(normal) == np.abs(normal).max(), np.sign(normal), 0.0)
            reach = (GAP + np.abs(normal) @ half) / (normal @ straight)
            for shift in (0.0, -0.25, 0.25):
                for further in (0.0, 1.0, 2.0, 4.0):
                    center = middle + shift * along + straight * (reach + further * self.type.size)
                    cost = 4.0 * further + 12.0 * abs(shift) + SHAPES[len(self.shape)]
                    box = (*(center - half), *(center + half))
                    yield _Place(self, box, center, normal, cost, middle + shift * along)

    def texts(self, place):
        """Its lines of type there."""
        side = np.sign(place.normal[0]) if abs(place.normal[0]) > 0.8 else 0.0
        align = {0.0: "CENTER", 1.0: "LEFT", -1.0: "RIGHT"}[side]
        x, size = place.middle[0] - 0.5 * side * self.width, self.type.size
        y = place.middle[1] + 0.5 * self.height - ASCENT * size
        room = self.raised * 0.5 * (1.0 - side)  # for the raised T
        name = Text(self.name, x - room, y, size, align, bold=True)
        written = [
            name,
            *(
                Text(line, x, y - down, self.type.small, align, soft=True)
                for line, down in zip(self.shape, self.lines[1:], strict=True)
            ),
        ]
        if self.after:
            right = name.box(self.type.measure)[2]
            written.append(Text(self.after, right + 0.04 * size, y + 0.38 * size, 0.65 * size))
        return written


def _rows(boxes):
    """Boxes (left, bottom, right, top) as an array (n, 4)."""
    return np.array(list(boxes), float).reshape(-1, 4)


def _shape(p, plane):
    """The shape of a matrix as it is named, with what its axes are: query 16 × key 16."""
    sizes = zip(captions.axis_names_of(p, plane.stage), (plane.rows, plane.columns), strict=True)
    sides = plane.as_labelled(*(f"{p.typeface.shown(name)} {size}".strip() for name, size in sizes))
    return " × ".join(sides)


def _broken(shape):
    """A shape in one line, in two, and left out."""
    first, _, second = shape.partition(" × ")
    return [(shape,), (f"{first} ×", second), ()]


def _fitting(spots, size):
    """(size, places) of lines of type at ascending `spots`, in which none overlap: where they are if that
    fits, else moved by at most REACH; None where neither fits."""
    sizes = np.arange(size, LEAST - 1e-9, -0.2) if size > LEAST else np.array([size])
    lines = LINE * (ASCENT + DESCENT) * sizes
    for one, line in zip(sizes, lines, strict=True):
        if (np.diff(spots) >= line).all():
            return float(one), spots
    for one, line in zip(sizes, lines, strict=True):
        moved = spread(spots, line)
        if np.abs(moved - spots).max() <= REACH:
            return float(one), moved
    return None


def _area(quad):
    """The area of a quadrilateral (4, 2) on the page."""
    (x, y), (nx, ny) = quad.T, np.roll(quad, -1, axis=0).T
    return 0.5 * abs((x * ny - nx * y).sum())


def _edges(quad):
    """(middle, outward normal, along) of each edge of a quadrilateral (4, 2) on the page."""
    center = quad.mean(axis=0)
    found = []
    for a, b in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = b - a
        normal = np.array([along[1], -along[0]]) / (np.linalg.norm(along) or 1.0)
        middle = 0.5 * (a + b)
        found.append((middle, normal if normal @ (middle - center) > 0 else -normal, along))
    return found


class _Ground:
    """Where a page is covered by quadrilaterals (4, 2), sampled every STEP points."""

    STEP = 2.0

    def __init__(self, quads):
        corners = np.concatenate(quads)
        self.low, self.high = corners.min(axis=0), corners.max(axis=0)
        x, y = (
            low + self.STEP * np.arange(int((high - low) / self.STEP) + 1)
            for low, high in zip(self.low, self.high, strict=True)
        )
        count = np.zeros((len(y), len(x)))
        for quad in quads:
            turns = [
                (b[0] - a[0]) * (y[:, None] - a[1]) - (b[1] - a[1]) * (x - a[0])
                for a, b in zip(quad, np.roll(quad, -1, axis=0), strict=True)
            ]
            count += (np.min(turns, axis=0) > 0) | (np.max(turns, axis=0) < 0)
        self.sums = np.pad(count.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def under(self, box):
        """How many samples lie under a box (left, bottom, right, top), each as often as it is covered."""
        top, right = self.sums.shape[0] - 1, self.sums.shape[1] - 1
        i0, i1 = (min(max(math.ceil((end - self.low[1]) / self.STEP), 0), top) for end in (box[1], box[3]))
        j0, j1 = (min(max(math.ceil((end - self.low[0]) / self.STEP), 0), right) for end in (box[0], box[2]))
        sums = self.sums
        return float(sums[i1, j1] - sums[i0, j1] - sums[i1, j0] + sums[i0, j0])
