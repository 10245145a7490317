"""All labels of a plan in a given view: names with shapes, axis titles, tokens, titles of heads.

Type has its size on the picture, in heights of it, whatever the size of the scene; where it is crowded all
of it is set smaller, and what then finds no place is thinned out or left out, and told. A label stands as
far away as what it belongs to, so it moves with that.
"""

from dataclasses import dataclass, replace

import numpy as np

from ...look.typeface import extent
from . import captions, mm_names
from .boxes import Ground, around, faces, meeting, strips
from .placing import ROOM, Option, settle, spread

NARROW = 1.35  # frames narrower than this, width to height, have smaller type
TITLE, NAME, DETAIL, AXIS, TOKEN = 0.044, 0.042, 0.026, 0.025, 0.026  # heights of the picture
SCALES = (1.0, 0.84, 0.7)  # of all type, when it is crowded
TOKEN_SCALES = (1.0, 0.88, 0.76)  # and of the tokens of one axis
LEADING = 1.12  # from one token to the next, of their size
FAN = 0.74  # of the picture's height (or width): the most that the labels of an axis take
GAP = 0.009  # between type and what it belongs to
INSIDE_SCALES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.3)  # of a name in the middle of its matrix
ARM = 0.03  # of a leader
HAIR = 0.001  # width of a leader
LONGEST_TOKEN, LONGEST_NAME = 9.0, 14.0  # in their sizes; what is longer ends with an ellipsis
OVER, OVER_PRODUCTS = 40.0, 8.0  # costs: of covering a matrix, or one face of the products
BEYOND = 6.0  # of going a height of the picture beyond all that is drawn
# Places beyond an edge: the part of the edge, the distance, and what both cost.
_BEYOND = np.array([
    *((part, 0.0, slid) for part, slid in ((0.5, 0.0), (0.3, 0.6), (0.7, 0.6), (0.1, 1.2), (0.9, 1.2))),
    *((part, far, 0.8 * (part != 0.5) + left) for far, left in ((0.03, 2.0), (0.07, 4.0), (0.13, 7.0))
      for part in (0.5, 0.2, 0.8)),
])  # fmt: skip
TITLE_SCALES = (1.0, 0.8, 0.62, 0.48)  # of titles side by side, so that none is on the next
TITLE_STEPS = ((0.03, 0.0), (0.05, 0.5), (0.08, 1.0), (0.11, 2.0), (0.15, 3.0), (0.2, 5.0))  # how far, cost
ROWS = {"tokens": ("row of tokens", "rows of tokens"), "title": ("row of titles", "rows of titles")}
STRANGE = 20.0  # of a title that is nearer to what another is of
SMALLER, THINNED = 12.0, 300.0  # of smaller type, and of thinning
ROOMY = 4.0  # of each label on average where type need not be smaller


@dataclass(frozen=True, eq=False)
class Line:
    """A line of type on the picture: `at` is on its base line, at its left, middle or right by `align`;
    `box` is (left, bottom, right, top) from there before it is turned by `angle`, in radians. `anchor` is
    what it belongs to, a point of the world (3,)."""

    text: str
    at: np.ndarray
    size: float
    align: str
    box: np.ndarray
    anchor: np.ndarray
    kind: str
    angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Written:
    """Lines of type and their leaders, (start, end, anchor); only one in `every` of them."""

    lines: list
    leaders: tuple = ()
    every: int = 1


@dataclass(frozen=True, eq=False)
class Label:
    """A Line in the world, facing the camera: its `position` (3,), `size` and `box` in the world's units.

    `kind` is "title" (of a head), "name", "detail" (a shape), "axis" or "token"; `owner` the name of the
    matrix at which it stands. It turns with a camera that moves about its `pivot` (3,), which those of one
    `group` share: a name takes its shape along.
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

    @property
    def middle(self):
        """From its position to the middle of its base line, along the camera's right and up: (2,)."""
        return 0.5 * (self.box[0] + self.box[2]) * np.array([np.cos(self.angle), np.sin(self.angle)])

    def corners(self):
        """From its position to its four corners, along the camera's right and up: (4, 2)."""
        along = np.array([np.cos(self.angle), np.sin(self.angle)])
        across = np.array([-along[1], along[0]])
        left, low, right, high = self.box
        around = ((left, low), (right, low), (right, high), (left, high))
        return np.array(around) @ [along, across]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A leader from `start` to `end` in the world, (3,) each, `width` thick."""

    start: np.ndarray
    end: np.ndarray
    width: float


@dataclass(frozen=True, eq=False)
class Lettering:
    """`notes` tell what is left out."""

    labels: tuple[Label, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    notes: tuple[str, ...] = ()


def lettering(p, view, aspect, keep_free=(), near="", about=None):
    """The Lettering of a plan as a View sees it on a frame of this `aspect`, width to height; nothing
    stands in the boxes `keep_free` of the picture, (left, bottom, right, top) in heights of it.

    Of many matrices just alike the one `near` is named, else the first. It is `about` these planes, or all.
    """
    if not p.scene.look.labels:
        return Lettering()
    fixed, least = np.array(keep_free, float).reshape(-1, 4), np.inf
    for scale in SCALES:
        page = _Page(p, view, aspect, scale, near, about)
        items = list(page.items())
        taken = settle([item.options for item in items], fixed)
        cost = sum(option.cost for option in taken) + SMALLER * (1.0 - scale) * len(items)
        if cost < least:
            least, best = cost, (page, items, taken)
        if least < ROOMY * len(items):
            break
    page, items, taken = best
    return page.lifted(items, [option.write() for option in taken])


@dataclass(eq=False)
class _Item:
    """Something to be written: what it is, at which matrix it stands, the ways to write it, and whether it
    has to be told when it is left out."""

    what: str
    owner: str
    options: list
    needed: bool = True


class _Page:
    """The picture that a view gives of a plan, and what may be written on it where."""

    def __init__(self, p, view, aspect, scale, near="", about=None):
        self.p, self.view, self.aspect = p, view, aspect
        self.scale = scale * min(1.0, aspect / NARROW)
        self.orthographic = getattr(view, "orthographic", False)
        drawn = [plane for plane in p.arrangement.planes if not p.hidden(plane.stage)]
        self.planes = [plane for plane in drawn if self.sees(plane)]
        self.told = [plane for plane in self.planes if about is None or plane in about]
        named = set(captions.named(p, near))
        self.named = [plane for plane in self.told if plane in named]
        self.quads = np.array([self.project(plane.corners()) for plane in self.planes]).reshape(-1, 4, 2)
        interiors = np.array([face for cuboid in p.arrangement.cuboids for face in self.faces(cuboid)])
        self.ground, self.interiors = Ground(self.quads), Ground(interiors.reshape(-1, 4, 2))
        ends = self.quads.reshape(-1, 2) if self.planes else np.array([(0.0, 0.0), (aspect, 1.0)])
        self.content = np.array([*ends.min(axis=0), *ends.max(axis=0)])
        self.center = 0.5 * (self.content[:2] + self.content[2:])

    def project(self, points):
        """World points (n, 3) to the picture, in heights of it: (n, 2)."""
        return (self.view.project(points) + 1) / 2 * (self.aspect, 1.0)

    def sees(self, plane):
        """Whether enough of a plane is in the picture to be named."""
        return self.shows(plane.corners())

    def shows(self, corners):
        """Whether the middle of points (n, 3) is in the picture."""
        if not self.before(corners):
            return False
        x, y = self.project(corners).mean(axis=0)
        return 0.0 <= x <= self.aspect and 0.0 <= y <= 1.0

    def before(self, points):
        """Whether all points (n, 3) are before the camera."""
        return self.orthographic or self.view.seen(points)[2].min() > 1e-3 * np.ptp(points, axis=0).max()

    def faces(self, cuboid):
        """The six faces of a cuboid on the picture, if its products are drawn: (6, 4, 2)."""
        corners = cuboid.corners()
        if cuboid.stage.name not in self.p.interiors or not self.before(corners):
            return []
        return faces(self.project(corners))

    def height_at(self, point):
        """The height of the frame at a point of the world, in its units."""
        depth = 1.0 if self.orthographic else float(self.view.seen(point[None])[2][0])
        return 2 * self.view.half_height * depth

    def line(self, text, at, size, align, anchor, kind, angle=0.0):
        size, (low, high) = size * self.scale, extent(text)
        width = self.p.typeface.width(text) * size
        left = {"LEFT": 0.0, "CENTER": -0.5 * width, "RIGHT": -width}[align]
        box = np.array([left, low * size, left + width, high * size])
        return Line(text, np.asarray(at, float), size, align, box, anchor, kind, angle)

    def items(self):
        """What is to be written; what has least choice comes first."""
        return [*self.tokens(), *self.names(), *self.titles(), *self.axis_titles()]

    def costs(self, boxes):
        """What it costs to write in each of the boxes (n, 4): to cover matrices, and to leave the part of the
        picture that they take: (n,)."""
        return self.covering(boxes) + BEYOND * self.beyond(boxes)

    def cost(self, boxes):
        """What it costs to write in all of the boxes (n, 4) at once."""
        return self.covering(boxes).mean() + BEYOND * self.beyond(around(boxes)[None]).item()

    def beyond(self, boxes):
        """How far boxes (n, 4) leave the part of the picture that matrices take: (n,)."""
        beyond = np.maximum(boxes[:, 2:] - self.content[2:], self.content[:2] - boxes[:, :2]).max(axis=1)
        return np.maximum(beyond, 0.0)

    def covering(self, boxes):
        """What it costs to cover what is drawn under each of the boxes (n, 4): (n,)."""
        return OVER * self.ground.under(boxes) + OVER_PRODUCTS * self.interiors.under(boxes)

    # Names

    def names(self):
        """The name of each matrix with its shape under it, beyond one of its edges; with a leader where it
        stands away from that."""
        for plane, quad in zip(self.planes, self.quads, strict=True):
            if plane not in self.named:
                continue
            texts = captions.name_of(self.p, plane, LONGEST_NAME)
            if self.p.scene.look.center_names:
                options = [self.inside(plane, *texts, part) for part in INSIDE_SCALES]
                yield _Item("name", plane.stage.name, options)
                continue
            blocks = {align: self.block(*texts, align) for align in ("LEFT", "CENTER", "RIGHT")}
            options = []
            for n in range(4):
                options += self.block_options(blocks, quad, plane, n)
            yield _Item("name", plane.stage.name, options)

    def inside(self, plane, name, raised, _, part):
        """A name in the middle of its matrix, as large as mm writes it, or `part` of that."""
        size = part * mm_names.size_of(plane.rows, plane.columns, name, self.p.scene.look.center_names)
        anchor = mm_names.place_of(plane, -self.view.forward)
        middle, size = self.project(anchor[None])[0], size / self.height_at(anchor) / self.scale
        lines = [self.line(name, middle - (0.0, 0.35 * size * self.scale), size, "CENTER", anchor, "name")]
        if raised:
            at = lines[0].at + np.array((lines[0].box[2], 0.36 * size * self.scale))
            lines.append(self.line(raised, at, 0.6 * size, "LEFT", anchor, "name"))
        if shape := mm_names.shape_of(plane):
            small = mm_names.SHAPE_SIZE * size
            at = lines[0].at + (0.0, lines[0].box[1] - 0.82 * small * self.scale)
            lines.append(self.line(shape, at, small, "CENTER", anchor, "detail"))
        boxes = np.concatenate([_boxes(line) for line in lines])
        return Option(boxes, 60.0 * (1.0 - part), _writer(lines))

    def block_options(self, blocks, quad, plane, n):
        """A name beyond edge n of a plane's quadrilateral, next to it or further away, with a leader."""
        a, b = quad[n], quad[(n + 1) % 4]
        normal = _normal(a, b, quad.mean(axis=0))
        # Above a wall, before a floor; towards the outside.
        up = normal[1] if abs(plane.outward[2]) < 0.5 else -normal[1]
        wish = 2.0 * (1.0 - up) - _unit(0.5 * (a + b) - self.center) @ normal
        lines, box = blocks[_align(normal)]
        center, half = 0.5 * (box[:2] + box[2:]), 0.5 * (box[2:] - box[:2])
        parts, fars, costs = _BEYOND.T
        starts = a + parts[:, None] * (b - a) + normal * 0.5 * GAP
        by = starts + normal * (fars + 0.5 * GAP + np.abs(normal) @ half)[:, None] - center
        boxes = box + np.tile(by, 2)
        ends = np.clip(starts, boxes[:, :2], boxes[:, 2:])
        leaders = strips(starts, ends, 0.0).reshape(-1, len(boxes), 4)
        costs = costs + wish + self.costs(boxes)
        corners = plane.corners()

        def option(m):
            anchor = corners[n] + parts[m] * (corners[(n + 1) % 4] - corners[n])

            def write():
                own = [replace(line, at=line.at + by[m], anchor=anchor) for line in lines]
                return Written(own, ((starts[m], ends[m], anchor),) if fars[m] else ())

            taken = np.concatenate([boxes[m : m + 1], leaders[:, m]]) if fars[m] else boxes[m : m + 1]
            return Option(taken, costs[m], write)

        return [option(m) for m in range(len(boxes))]

    def block(self, name, raised, shape, align):
        """The lines of a name at the origin, and the box around them."""
        nowhere = np.zeros(3)
        lines = [self.line(name, (0.0, 0.0), NAME, align, nowhere, "name")]
        if raised:
            at = lines[0].box[2] + 0.04 * NAME * self.scale, 0.36 * NAME * self.scale
            lines.append(self.line(raised, at, 0.6 * NAME, "LEFT", nowhere, "name"))
        apart = (0.34 * NAME + 0.78 * DETAIL) * self.scale
        under = 0.0, min(-apart, lines[0].box[1] - 0.8 * DETAIL * self.scale)
        lines.append(self.line(shape, under, DETAIL, align, nowhere, "detail"))
        return lines, around(np.array([line.box + np.tile(line.at, 2) for line in lines]))

    def titles(self):
        """The titles of results that stand beside each other, such as heads, all at the same side of what
        makes them."""
        for every, down in captions.titled(self.p):
            group = [title for title in every if self.shows(title[1])]
            if not group:
                continue
            edges = [self.project(corners) for _, corners, _ in group]
            edges = np.array([[*points.min(axis=0), *points.max(axis=0)] for points in edges])
            left, low, right, high = edges.T
            x, y = 0.5 * (left + right), 0.5 * (low + high) - 0.35 * TITLE * self.scale
            anchors, ways = [corners.mean(axis=0) for _, corners, _ in group], []
            for part in TITLE_SCALES:
                lines = {
                    align: [
                        self.line(text, (0.0, 0.0), part * TITLE, align, anchor, "title")
                        for (text, _, _), anchor in zip(group, anchors, strict=True)
                    ]
                    for align in ("LEFT", "CENTER", "RIGHT")
                }
                for far, step in TITLE_STEPS:
                    dear = step + 30.0 * (1.0 - part)
                    ways += [
                        (lines["CENTER"], x, low - part * (far + 0.5 * TITLE), dear + 8.0 * down),
                        (lines["RIGHT"], left - far, y, dear + 8.0 * (not down)),
                        (lines["CENTER"], x, high + far, dear + 6.0 + 8.0 * down),
                        (lines["LEFT"], right + far, y, dear + 1.0 + 8.0 * (not down)),
                    ]
            places = np.array([(xs, ys) for _, xs, ys, _ in ways]).transpose(0, 2, 1)  # (ways, titles, 2)
            boxes = np.array([[line.box for line in lines] for lines, *_ in ways]) + np.tile(places, 2)
            costs = self.costs(boxes.reshape(-1, 4)).reshape(len(ways), -1).mean(axis=1)
            costs = len(group) * (costs + [cost for *_, cost in ways])
            shared = np.count_nonzero(meeting(boxes, boxes, ROOM), axis=(1, 2))
            middles = 0.5 * (boxes[:, :, None, :2] + boxes[:, :, None, 2:])
            away = np.maximum(np.maximum(edges[:, :2] - middles, middles - edges[:, 2:]), 0.0)
            away = np.linalg.norm(away, axis=3)  # from each title to each of what they are of
            strange = np.einsum("wtt->wt", away) > away.min(axis=2) + 1e-9
            costs = costs + len(group) * STRANGE * strange.mean(axis=1)
            free = np.flatnonzero(shared == len(group))  # each with itself alone
            options = [Option(boxes[n], costs[n], _writer(ways[n][0], places[n])) for n in free]
            yield _Item("title", group[0][2], options)

    # Axes

    def axis_titles(self):
        """The titles of axes without tokens along an edge of a matrix, turned as the edge is. An axis that
        has the title of another need not have its own."""
        told, told_at = set(), set()
        for axis in captions.axes_of(self.p, self.told):
            at = {(axis.title, plane.stage.of or plane.stage.name) for plane, _ in axis.sides}
            if axis.texts or not axis.title or at & told_at:
                continue
            options = []
            for plane, of_rows in axis.sides:
                along, ruler = _axis(plane, of_rows)
                for first, outward in self.ends(plane, of_rows):
                    ends = np.array([first, first + along * ruler.length])
                    for part in (0.5, 0.25, 0.75):
                        anchor = ends[0] + part * (ends[1] - ends[0])
                        options += self.along(axis.title, *self.project(ends), part, anchor, outward)
            needed = axis.title not in told
            options += [] if needed else [Option(cost=OVER / 4)]
            yield _Item("axis title", axis.sides[0][0].stage.name, options, needed)
            told.add(axis.title)
            told_at |= at

    def along(self, title, a, b, part, anchor, outward):
        """A title along the line from a to b of the picture, around the part of it that ends there, at the
        side `outward`, if that is long enough."""
        length = np.linalg.norm(b - a)
        if length < 1e-6:
            return []
        x, y = (b - a) / length if b[0] - a[0] > -1e-6 * length else (a - b) / length
        upward = np.array([-y, x])
        above = upward @ outward > 0
        middle = a + part * (b - a) + upward * (GAP if above else -GAP - 0.72 * AXIS * self.scale)
        line = self.line(title, middle, AXIS, "CENTER", anchor, "axis", float(np.arctan2(y, x)))
        if line.box[2] - line.box[0] > (1.2 if part == 0.5 else 0.5) * length:
            return []
        boxes = _boxes(line)
        normal = upward if above else -upward
        cost = 1.5 + 1.5 * above + (part != 0.5) - normal @ _unit(0.5 * (a + b) - self.center)
        return [Option(boxes, cost + self.cost(boxes), _writer([line]))]

    def ends(self, plane, of_rows):
        """Both ends of the lines that run across an axis of a plane: (where that of the first entry ends
        (3,), where that leads on the picture (2,))."""
        across, other = _axis(plane, not of_rows)
        low, high = plane.origin - across * 0.75, plane.origin + across * (other.length + 0.75)
        a, b = self.project(np.array([low, high]))
        return [(low, _unit(a - b)), (high, _unit(b - a))]

    def tokens(self):
        """The labels of each axis, under its title, at an end of the lines of any matrix that has it: beside
        them, or turned, above or below; as they are, fanned out with leaders, or thinned."""
        for axis in captions.axes_of(self.p, self.named, LONGEST_TOKEN):
            if not axis.texts:
                continue
            widths, options = np.array([self.p.typeface.width(text) for text in axis.texts]), []
            for plane, of_rows in axis.sides:
                along, ruler = _axis(plane, of_rows)
                for first, outward in self.ends(plane, of_rows):
                    anchors = first + np.outer(ruler.at(np.arange(ruler.count)), along)
                    points = self.project(anchors)
                    for turned in (False, True):
                        step = 1 if outward[int(turned)] > 0 else -1
                        aside = 4.0 * (1.0 - step * outward[int(turned)]) + 5.0 * turned
                        for scale in TOKEN_SCALES:
                            column = self.column(axis, widths, anchors, points, scale, turned, step)
                            options.append(Option(column.boxes, column.cost + aside, column.write))
            yield _Item("tokens", axis.sides[0][0].stage.name, options)

    def column(self, axis, widths, anchors, points, scale, turned, step):
        """The labels of one axis, as wide as `widths` (n,) in their size, in a column beside its `points`
        (n, 2), at the right (step 1) or the left (-1); or `turned`, in a row above (1) or below (-1) them, to
        be read upwards."""
        across, up = (1, 0) if turned else (0, 1)
        size = TOKEN * scale
        high, widths = size * self.scale, widths * size * self.scale
        apart, room = LEADING * high, FAN * (self.aspect if turned else 1.0)
        every = max(1, -(-len(axis.texts) // max(1, int(room / apart))))
        chosen = np.arange(0, len(axis.texts), every)
        spots = points[chosen, up]
        order = 1.0 if spots[-1] >= spots[0] else -1.0
        free = np.abs(np.diff(spots)).min(initial=np.inf) >= apart
        places = spots if free else order * spread(order * spots, apart)
        shift = float(np.abs(places - spots).max())
        fanned = shift > 0.3 * apart
        starts = points[chosen, across] + step * GAP
        if fanned:
            starts[:] = (points[:, across] * step).max() * step + step * (GAP + ARM + 0.25 * shift)
        near, far = starts, starts + step * widths[chosen]
        boxes = np.empty((len(chosen), 4))
        boxes[:, across], boxes[:, 2 + across] = np.minimum(near, far), np.maximum(near, far)
        boxes[:, up], boxes[:, 2 + up] = places - 0.56 * high, places + 0.56 * high
        ends = np.empty((len(chosen), 2))
        ends[:, across], ends[:, up] = starts - step * 0.4 * GAP, places
        head = self.head(axis.title, boxes, step, turned, anchors[0]) if axis.title else None
        typed = np.concatenate([boxes, _boxes(head)]) if head else boxes
        leaders = strips(points[chosen], ends, 0.0) if fanned else typed[:0]
        length = np.linalg.norm(ends - points[chosen], axis=1).mean() if fanned else 0.0
        cost = self.cost(typed) + 60.0 * length + 14.0 * (1.0 - scale) + THINNED * (every > 1)

        def write():
            align, angle = "LEFT" if step > 0 else "RIGHT", 0.5 * np.pi if turned else 0.0
            base = np.array((0.34 * high, 0.0) if turned else (0.0, -0.34 * high))
            lines = []
            for n, start, place in zip(chosen, starts, places, strict=True):
                at = np.array((place, start) if turned else (start, place)) + base
                lines.append(self.line(axis.texts[n], at, size, align, anchors[n], "token", angle))
            arms = zip(points[chosen], ends, anchors[chosen], strict=True) if fanned else ()
            return Written([*lines, *([head] if head else [])], tuple(arms), every)

        return Option(np.concatenate([typed, leaders]), cost, write)

    def head(self, title, boxes, step, turned, anchor):
        """The title of an axis over its labels, as over a column of a table; before a row of them."""
        left, low, right, high = around(boxes)
        if turned:
            y = low if step > 0 else high - 0.75 * AXIS * self.scale
            return self.line(title, (left - GAP, y), AXIS, "RIGHT", anchor, "axis")
        top = boxes[boxes[:, 3].argmax()]
        x = top[0] if step > 0 else top[2]
        return self.line(title, (x, high + 0.4 * AXIS * self.scale), AXIS, "LEFT" if step > 0 else "RIGHT",
                         anchor, "axis")  # fmt: skip

    # Into the world

    def lifted(self, items, written):
        """The Lettering of what is written, each as deep as its anchor."""
        labels, strokes, pivots = [], [], []
        for item, one in zip(items, written, strict=True):
            for n, line in enumerate(one.lines if one else ()):
                unit, position = self.height_at(line.anchor), self.lift(line.at, line.anchor)
                label = Label(
                    line.text,
                    position,
                    line.size * unit * self.p.typeface.of(line.text).scale,
                    line.align,
                    line.box * unit,
                    line.kind,
                    item.owner,
                    len(pivots),
                    position,
                    line.angle,
                )
                if n == 0 or item.what != "name":  # what else is written of a name goes with it
                    x, y = label.middle
                    pivots.append(position + self.view.right * x + self.view.up * y)
                labels.append(replace(label, group=len(pivots) - 1, pivot=pivots[-1]))
            for start, end, anchor in one.leaders if one else ():
                width = HAIR * self.scale * self.height_at(anchor)
                strokes.append(Stroke(self.lift(start, anchor), self.lift(end, anchor), width))
        return Lettering(tuple(labels), tuple(strokes), tuple(_notes(items, written)))

    def lift(self, at, anchor):
        """The world point as deep as `anchor` that is seen at `at` of the picture."""
        x, y = (at - self.project(anchor[None])[0]) * self.height_at(anchor)
        return anchor + self.view.right * x + self.view.up * y


def _notes(items, written):
    """What the picture leaves out, told in its corner."""
    notes = [f"one in {n} tokens is written" for n in sorted({one.every for one in written if one}) if n > 1]
    for what in dict.fromkeys(item.what for item in items):
        missing = [item for item, one in zip(items, written, strict=True) if one is None and item.needed]
        count = sum(item.what == what for item in missing)
        if count:
            one, many = ROWS.get(what, (what, f"{what}s"))
            notes.append(f"{count} {many if count > 1 else one} left out")
    return notes


def _writer(lines, places=None):
    """What writes these lines, at `places` if not where they are."""
    if places is None:
        return lambda: Written(lines)
    return lambda: Written([replace(line, at=at) for line, at in zip(lines, places, strict=True)])


def _boxes(line):
    """The upright boxes that a line of type lies in: (n, 4)."""
    left, low, right, high = line.box
    if not line.angle:
        return (line.box + np.tile(line.at, 2))[None]
    along = np.array([np.cos(line.angle), np.sin(line.angle)])
    across = np.array([-along[1], along[0]])
    middle = line.at + 0.5 * (low + high) * across
    half = 0.5 * (high - low) * np.abs(across)
    return strips((middle + left * along)[None], (middle + right * along)[None], half)


def _align(normal):
    """How type stands beyond an edge with this normal."""
    return "CENTER" if abs(normal[0]) < 0.8 else "LEFT" if normal[0] > 0 else "RIGHT"


def _axis(plane, of_rows):
    return (plane.row, plane.row_ruler) if of_rows else (plane.column, plane.column_ruler)


def _unit(vector):
    return vector / (np.linalg.norm(vector) or 1.0)


def _normal(a, b, center):
    """The unit normal of an edge from a to b that leads away from a center, up where it has no length."""
    x, y = _unit(b - a)
    normal = np.array([y, -x]) if x or y else np.array([0.0, 1.0])
    return normal if normal @ (0.5 * (a + b) - center) >= 0 else -normal
