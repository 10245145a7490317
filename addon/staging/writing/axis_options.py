"""Options for the title of an axis and the labels of its entries, beside a matrix that has this axis."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial

import numpy as np

from ...kinds.places import Plane
from ...kinds.stage import Stage
from ..patches import reach
from .boxes import around, strips
from .canvas import OVER_A_MATRIX, Canvas
from .captions import LabelledAxis, axes_of, axis_names_of, ends_of_lines
from .items import Text
from .name_options import NAME_GAP, unit
from .placing import NOWHERE, Later, Leader, Option, Wish, Written, spread, writer
from .typesetter import CAPITALS, LONGEST_TOKEN

TOKEN_SCALES = (1.0, 0.92, 0.84, 0.76, 0.71)  # of the labels of one axis; the last one not upright
TITLE_CLEARANCE = 1.3  # sizes of type between a row's labels and its title, if the other title is under it
TOKEN_LEADING = 1.03  # from one label to the next, of their size
LETTER_GAP = 0.3  # from a label of an upright row to the next one, of their size
ASIDE_MOST, ASIDE_MOST_AT_ENDS = 0.3, 0.7  # columns: how far such a label may stand from its own one
LONGEST_COLUMN = 0.74  # of the picture's height (or width): the most that the labels of an axis take
ARM = 0.03  # the least length of a leader
ARM_PIECES = 12  # in which leaders are looked at, so fine that those of rows and columns may meet at a corner
EDGEWISE = 0.3  # of its area, or less of it, is seen of a star that is seen from its edge
ELSEWHERE = 60.0  # cost of writing a star's labels at another matrix
BEYOND_LINES = 0.75  # entries from a matrix to where the lines across it end
LEAST_ALONG = 0.5  # least cost of writing a title along a line
TOLD_ABOVE = 14.0  # what it is worth to label the axes of a star that stands under another one just like it
TOLD = 3.0  # what it is worth to write labels that stand elsewhere on the picture as well
THINNED = 300.0  # cost of thinning labels out
FROM_THE_RIGHT, OF_A_STAR = 4.0, 40.0  # cost of labels of rows at their right ends, from where nobody reads
SMALLER_TOKENS = 14.0  # cost of smaller labels
ASKANCE = 4.0  # cost of places to which the lines of their entries do not lead
ABOVE, UNDER = 5.0, 12.0  # costs of writing them turned above a matrix, and below it
FANNED = 6.0  # cost of fanning them out, and as much again for each tenth of the picture


def axis_titles(canvas: Canvas, planes: Sequence[Plane]) -> Iterator[Wish]:
    """The titles of axes without labels. Each stands along an edge of a matrix, turned as the edge is. An
    axis with the same title as another one may go without. Beside a star's labels with the same title, the
    axes of other matrices have none."""
    told: set[str] = set()
    at_labels = {axis.title for axis in axes_of(canvas.p, planes) if axis.texts and canvas.p.star}
    told_at: set[tuple[str, str]] = set()
    for axis in axes_of(canvas.p, planes):
        places = {(axis.title, plane.stage.of or plane.stage.name) for plane, _ in axis.sides}
        if axis.texts or not axis.title or places & told_at:
            continue
        # In a picture about one matrix, the axes of the others explain themselves, or do not matter.
        about = not canvas.p.star or any(canvas.p.is_star(plane.stage) for plane, _ in axis.sides)
        if axis.title in at_labels and not about:
            continue
        needed = axis.title not in told and about
        options: list[Option | Later] = [] if needed else [Option(cost=OVER_A_MATRIX / 4)]
        for plane, of_rows in axis.sides:
            for lines, outward in _sides(canvas, plane, of_rows):
                for part in (0.5, 0.25, 0.75):
                    along = partial(_along, canvas, axis.title, plane, lines[[0, -1]], part, outward)
                    options.append(Later(LEAST_ALONG + (part != 0.5), along))
        yield Wish("axis title", axis.sides[0][0].stage.name, options, needed)
        told.add(axis.title)
        told_at |= places


def _along(
    canvas: Canvas, title: str, plane: Plane, ends: np.ndarray, part: float, outward: np.ndarray
) -> list[Option]:
    """A title along the line between `ends` (2, 3), beside a plane, around the `part` of it, 0 to 1, and on
    its side `outward` on the picture; none if the line is too short."""
    start, end = ends
    a, b = canvas.project(ends)
    length = np.linalg.norm(b - a)
    if length < 1e-6:
        return []
    x, y = (b - a) / length if b[0] - a[0] > -1e-6 * length else (a - b) / length
    upward = np.array([-y, x])
    above = upward @ outward > 0
    normal = upward if above else -upward
    gap = NAME_GAP + canvas.stands_out(plane, a, normal)
    away = gap if above else -gap - CAPITALS * canvas.type.sized(canvas.form.axis)
    left, low = a + part * (b - a) + upward * away
    angle, anchor = float(np.arctan2(y, x)), start + part * (end - start)
    line = canvas.type.line(
        title, left, low, canvas.form.axis, "CENTER", angle=angle, kind="axis", anchor=anchor, soft=True
    )
    if line.width > (1.2 if part == 0.5 else 0.5) * length:
        return []
    cost = LEAST_ALONG + 1.0 + 1.5 * above + (part != 0.5) - normal @ unit(0.5 * (a + b) - canvas.center)
    return [Option(line.boxes(), cost + canvas.cost(line.boxes()), writer([line]))]


def beyond_lines(canvas: Canvas, plane: Plane, of_rows: bool) -> float:
    """How many entries from a plane the lines across it end: beyond the elements of a lean one."""
    if not canvas.is_lean(plane):
        return BEYOND_LINES
    across, normal = plane.column if of_rows else plane.row, np.cross(plane.row, plane.column)
    steps = np.array([plane.origin, plane.origin + across, plane.origin + normal / np.linalg.norm(normal)])
    start, along, out = canvas.project(steps)
    length = max(float(np.linalg.norm(along - start)), 1e-9)
    return BEYOND_LINES + 0.5 * abs(float((out - start) @ (along - start))) / length**2


def _sides(canvas: Canvas, plane: Plane, of_rows: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both ends of the lines across an axis of a plane, each as (the ends of all lines (n, 3), the direction
    of the first line on the picture (2,))."""
    low, high = ends_of_lines(
        plane, of_rows, beyond_lines(canvas, plane, of_rows), reach(canvas.p, plane, of_rows)
    )
    a, b = canvas.project(np.array([low[0], high[0]]))
    return [(low, unit(a - b)), (high, unit(b - a))]


def tokens(
    canvas: Canvas,
    planes: Sequence[Plane],
    told: Collection[tuple[str, ...]] = (),
    lower: Collection[Stage] = (),
) -> Iterator[Wish]:
    """The labels of each axis, under its title. They stand at an end of the lines of a matrix with this axis:
    beside them, or turned, above or below. They keep their distance, fan out with leaders, or are thinned
    out. If the texts of an axis are `told` elsewhere on the picture, it has labels only where there is room.
    The same holds for stars that stand `lower` than another one just like them."""
    for axis in axes_of(canvas.p, planes, LONGEST_TOKEN):
        if not axis.texts:
            continue
        needed = axis.texts not in told
        spared: list[Option | Later] = [] if needed else [Option(cost=TOLD)]
        stars = at_the_star(canvas, axis)
        if not stars:
            sides = [(side, 0.0) for side in axis.sides]
            yield Wish(
                "tokens", axis.sides[0][0].stage.name, [*_columns(canvas, axis, sides), *spared], needed
            )
        for n, star in enumerate(stars):  # at each of several stars; where the first one's stand is told
            others = [side for side in axis.sides if side not in stars and side[0].stage not in lower]
            if len(stars) > 1:  # each star has labels of its own, with its operands and its users
                stages = (star[0].stage.name, star[0].consumer)
                others = [side for side in others if side[0].consumer in stages]
            others = others if n == 0 and not canvas.p.panels else []
            sides = [(star, 0.0), *((side, ELSEWHERE) for side in others)]
            under = star[0].stage in lower  # its title is told above, and so its labels may be
            above = [Option(cost=TOLD_ABOVE)] if under else []
            options = [*_columns(canvas, axis, sides, not under), *spared, *above]
            yield Wish("tokens", star[0].stage.name, options, needed and (n == 0 or canvas.p.panels))


def _columns(
    canvas: Canvas, axis: LabelledAxis, sides: Sequence[tuple[tuple[Plane, bool], float]], titled: bool = True
) -> list[Later]:
    """The labels of an axis, under its title if they are `titled`, at an end of the lines of one of these
    `sides`; each is (a side of the axis, the cost of standing there)."""
    options = []
    for (plane, of_rows), there in sides:
        for anchors, outward in _sides(canvas, plane, of_rows):
            across, up = np.abs(np.diff(canvas.project(anchors[[0, -1]]), axis=0))[0]
            title = title_at(canvas, axis, plane, of_rows) if titled else ""
            most = canvas.form.moved_at_star if canvas.p.is_star(plane.stage) else canvas.form.moved
            for turned in (False, True):
                if canvas.p.is_star(plane.stage) and (across < up if turned else up < across):
                    continue  # a column beside a row of entries, with lines that cross
                step = 1 if outward[int(turned)] > 0 else -1
                across_cost = (ABOVE if (step > 0) != canvas.p.panels else UNDER) * turned
                cost = there + ASKANCE * (1.0 - step * outward[int(turned)]) + across_cost
                if step > 0 and not turned:
                    cost += OF_A_STAR if canvas.p.is_star(plane.stage) else FROM_THE_RIGHT
                for scale in TOKEN_SCALES:
                    every = _thinned(canvas, axis, anchors, scale, turned, most)
                    column = partial(_column, canvas, axis, title, anchors, scale, turned, step, every, cost)
                    least = cost + SMALLER_TOKENS * (1.0 - scale) + THINNED * (every > 1)
                    options.append(Later(least, column))
            cost = there + ASKANCE * (1.0 - abs(outward[1]))
            options.append(Later(cost, partial(_upright, canvas, axis, title, anchors, outward, cost, most)))
    return options


def title_at(canvas: Canvas, axis: LabelledAxis, plane: Plane, of_rows: bool) -> str:
    """The title of an axis at a matrix. A star has a title of its own, because keys of one star may be
    queries of the next."""
    title = axis_names_of(canvas.p, plane.stage)[0 if of_rows else 1] if canvas.p.is_star(plane.stage) else ""
    return canvas.p.typeface.shown(title) if title else axis.title


def _upright(
    canvas: Canvas,
    axis: LabelledAxis,
    title: str,
    anchors: np.ndarray,
    outward: np.ndarray,
    cost: float,
    most: float,
) -> list[Option]:
    """The labels of an axis, upright in a row above or below their `anchors` (n, 3), if they are as narrow as
    the columns, such as letters. They make way for one another, by no more than the `most` that is allowed;
    those at the ends may stand out more."""
    points, step = canvas.project(anchors), 1 if outward[1] > 0 else -1
    order = 1.0 if points[-1, 0] >= points[0, 0] else -1.0
    pitch, options = np.abs(np.diff(points[:, 0])).min(initial=np.inf), []
    aside = np.full(len(points), ASIDE_MOST * pitch)
    aside[[0, -1]] = ASIDE_MOST_AT_ENDS * pitch
    for scale in TOKEN_SCALES[:-1]:
        size = canvas.form.token * scale
        high = canvas.type.sized(size)
        half = 0.5 * np.array([canvas.type.width(text, size) for text in axis.texts])
        y = points[:, 1] + step * NAME_GAP + (0.0 if step > 0 else -high)
        x = order * spread(order * points[:, 0], half[1:] + half[:-1] + LETTER_GAP * high)
        if (np.abs(x - points[:, 0]) > np.minimum(aside, most)).any():
            continue
        boxes = np.column_stack([x - half, y, x + half, y + high])
        head = _head(canvas, title, boxes, step, True, anchors[0])
        typed = np.concatenate([boxes, *(line.boxes() for line in head)])
        typed_cost = cost + canvas.cost(typed) + SMALLER_TOKENS * (1.0 - scale)
        more = [{"kind": "token", "anchor": anchor} for anchor in anchors]
        places = zip(axis.texts, x, y + 0.22 * high, more, strict=True)
        lines = [canvas.type.line(text, a, b, size, "CENTER", **told) for text, a, b, told in places]
        options.append(Option(typed, typed_cost, writer([*lines, *head])))
    return options


def at_the_star(canvas: Canvas, axis: LabelledAxis) -> list[tuple[Plane, bool]]:
    """The sides of an axis at the star, if the star has this axis and is not seen from its edge."""
    return [
        (plane, of_rows)
        for plane, of_rows in axis.sides
        if canvas.p.is_star(plane.stage)
        and abs(canvas.view.towards(plane.corners().mean(axis=0)) @ plane.outward) > EDGEWISE
    ]


def _thinned(
    canvas: Canvas, axis: LabelledAxis, anchors: np.ndarray, scale: float, turned: bool, most: float
) -> int:
    """How many labels there are to one that has room in a column beside its `anchors` (n, 3), or in a row if
    they are `turned`. None is moved by more than the `most` that is allowed."""
    apart = TOKEN_LEADING * canvas.type.sized(canvas.form.token * scale)
    room = LONGEST_COLUMN * (canvas.width if turned else canvas.height)
    every = max(1, -(-len(axis.texts) // max(1, int(room / apart))))
    spots = canvas.project(anchors)[:, 0 if turned else 1]
    while every < len(spots) and np.abs(_apart(spots[::every], apart) - spots[::every]).max() > most:
        every += 1
    return every


def _column(
    canvas: Canvas,
    axis: LabelledAxis,
    title: str,
    anchors: np.ndarray,
    scale: float,
    turned: bool,
    step: int,
    every: int,
    cost: float,
) -> list[Option]:
    """One of `every` few labels of an axis, in a column beside their `anchors` (n, 3), at the right (step 1)
    or the left (-1). `turned` labels stand in a row above (1) or below (-1) the anchors and are read
    upwards."""
    points, high = canvas.project(anchors), canvas.type.sized(canvas.form.token * scale)
    apart, chosen = TOKEN_LEADING * high, np.arange(0, len(axis.texts), every)
    # x goes to the right and y up. If the column is turned, these change places.
    x, y = points.T[::-1] if turned else points.T
    places = _apart(y[chosen], apart)
    shift = float(np.abs(places - y[chosen]).max())
    fanned = shift > 0.3 * apart
    starts = x[chosen] + step * NAME_GAP
    if fanned:
        starts[:] = (x * step).max() * step + step * (NAME_GAP + ARM + 0.25 * shift)
    widths = np.array([canvas.type.width(axis.texts[n], canvas.form.token * scale) for n in chosen])
    left, right = np.sort([starts, starts + step * widths], axis=0)
    boxes = np.column_stack([left, places - 0.5 * high, right, places + 0.5 * high])
    ends = np.column_stack([starts - step * 0.4 * NAME_GAP, places])
    if turned:
        boxes, ends = boxes[:, [1, 0, 3, 2]], ends[:, ::-1]
    head = _head(canvas, title, boxes, step, turned, anchors[0])
    typed = np.concatenate([boxes, *(line.boxes() for line in head)])
    arms = strips(points[chosen], ends, 0.0, ARM_PIECES) if fanned else NOWHERE
    away = np.linalg.norm(ends - points[chosen], axis=1).mean()

    total = cost + canvas.cost(typed) + SMALLER_TOKENS * (1.0 - scale) + THINNED * (every > 1)
    if fanned:  # with lines over what is drawn
        total += canvas.covering(arms).mean() + FANNED + 10.0 * FANNED * away

    def write():
        align, angle = "LEFT" if step > 0 else "RIGHT", 0.5 * np.pi if turned else 0.0
        lines = []
        for n, start, place in zip(chosen, starts, places, strict=True):
            at = (place + 0.34 * high, start) if turned else (start, place - 0.34 * high)
            more = {"angle": angle, "kind": "token", "anchor": anchors[n]}
            lines.append(canvas.type.line(axis.texts[n], *at, canvas.form.token * scale, align, **more))
        arms = zip(points[chosen], ends, anchors[chosen], strict=True) if fanned else ()
        return Written([*lines, *head], [Leader(*arm) for arm in arms], every)

    return [Option(np.concatenate([typed, arms]), total, write)]


def _apart(spots: np.ndarray, apart: float) -> np.ndarray:
    """The places that are nearest to `spots` (n,), ascending or descending, and at least `apart` from each
    other."""
    if np.abs(np.diff(spots)).min(initial=np.inf) >= apart:
        return spots
    order = 1.0 if spots[-1] >= spots[0] else -1.0
    return order * spread(order * spots, apart)


def _head(
    canvas: Canvas, title: str, boxes: np.ndarray, step: int, turned: bool, anchor: np.ndarray
) -> list[Text]:
    """The title of an axis, if it has one: over the boxes (n, 4) of a column of labels, or before a row of
    them."""
    if not title:
        return []
    left, low, right, high = around(boxes)
    size = canvas.type.sized(canvas.form.axis)
    if turned:
        first = boxes[boxes[:, 0].argmin()]  # "key" stands at its far end, clear of labels of the other axis
        above = max(first[3] - 0.75 * size, first[1] + TITLE_CLEARANCE * size)
        below = max(first[1], 0.5 * (first[1] + first[3] - CAPITALS * size))  # at half the row's height
        x, y, align = left - NAME_GAP, above if step > 0 else below, "RIGHT"
    else:
        top = boxes[boxes[:, 3].argmax()]
        x, y, align = (top[0], high, "LEFT") if step > 0 else (top[2], high, "RIGHT")
        y = y + 0.4 * size
    return [canvas.type.line(title, x, y, canvas.form.axis, align, kind="axis", anchor=anchor, soft=True)]
