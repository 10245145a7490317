"""The tokens of axes on a page, beside the entries that they name, and the titles of axes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kinds.places import Plane
from ..staging.patches import reach
from ..staging.writing import captions
from ..staging.writing.axis_options import at_the_star
from ..staging.writing.boxes import meeting
from ..staging.writing.items import Text
from ..staging.writing.name_options import unit
from ..staging.writing.placing import Leader, Written, spread
from ..staging.writing.typesetter import CAPITALS, LONGEST_TOKEN
from .figure_labels import COVERAGE_STEP, LINE_OVERHANG, PAGE_LABEL_GAP, TOUCHING, Labels
from .figure_type import ASCENT, DESCENT, LEAST_TYPE

LEAST_AT_A_STAR = 6.0  # of its labels; where they would be smaller, the star is shown flat as well
PAGE_TOKEN_LEADING = 1.06  # from one token to the next, of its height
FARTHEST = 24.0  # that a token may be moved along its side
SHORTEST_LEADER = 7.0  # from a token that was moved to what it labels
ROOM_AT_A_STAR = 200.0  # width of a panel from which on labels may stand between a star and others
LEADER_SLOPE = 0.4  # of the farthest shift of a label, that leaders are long
SLANTED = 0.1  # of a direction: how much of it is across another, for labels to stand that way
MOST_COVERED = 0.25  # of the area of labels, as squares: what may stand on the scene beside its star


@dataclass(frozen=True, eq=False)
class _Column:
    """The texts of an axis' entries, where their lines end on the page (n, 2), and its title, or ""."""

    texts: Sequence[str]
    places: np.ndarray
    title: str
    at_a_star: bool


def write_tokens(labels: Labels) -> None:
    """The labels of each axis, once: at the star, or else at the freest place of all matrices that share the
    axis."""
    p, planes = labels.canvas.p, labels.canvas.planes
    outer = [one for one in planes if not one.stage.operands or one.role == "result"]
    planes = [*outer, *(one for one in planes if p.is_star(one.stage) and one not in outer)]
    sides: dict[tuple[bool, float], list[_Column]] = {}
    for axis in captions.axes_of(p, planes, LONGEST_TOKEN):
        if not axis.texts or axis.texts in labels.told:
            continue
        stars = at_the_star(labels.canvas, axis)
        ends = [end for side in stars or axis.sides for end in _ends(labels, *side)]
        key = "axis", *axis.sides[0]
        if key not in labels.chosen:
            roomy = stars and not labels.given and labels.canvas.width >= ROOM_AT_A_STAR
            crowding = _crowding_at_the_star if roomy else _crowding
            costs = [crowding(labels, axis.texts, *end) for end in ends]
            # A given camera makes no room at the star.
            if labels.given and min(costs)[0] > _most_covered(labels, axis.texts):
                ends = [end for side in axis.sides for end in _ends(labels, *side)]
                costs = [_crowding(labels, axis.texts, *end) for end in ends]
            labels.chosen[key] = costs.index(min(costs))
        places, outward = ends[labels.chosen[key]]
        beside = _across(labels, places, outward) == 0
        side = beside, 1.0 if outward[0 if beside else 1] > 0 else -1.0
        titled = axis.title if not p.stars else ""  # else matrices tell it with their shapes
        if stars:  # what it is there: what queries are compared with are keys
            plane, of_rows = stars[0]
            titled = p.typeface.shown(captions.axis_names_of(p, plane.stage)[not of_rows])
        sides.setdefault(side, []).append(_Column(axis.texts, places, titled, bool(stars)))
    titles = [(side, _write_side(labels, axes_there, *side)) for side, axes_there in sides.items()]
    for side, there in titles:
        for one, boxes in there:
            _write_axis_title(labels, one, boxes, *side)


def _ends(labels: Labels, plane: Plane, of_rows: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both ends of an axis' lines on the page, each as (the ends of the entries' lines (n, 2), outward
    (2,))."""
    patches = reach(labels.canvas.p, plane, of_rows)
    low, high = map(labels.canvas.project, captions.ends_of_lines(plane, of_rows, LINE_OVERHANG, patches))
    outward = unit(high.mean(axis=0) - low.mean(axis=0))
    return [(low, -outward), (high, outward)]


def _across(labels: Labels, places: np.ndarray, outward: np.ndarray) -> int:
    """Whether labels stand out of their places (n, 2) to a side, 0, or up or down, 1. If the camera makes no
    room for them, the direction of their places decides, so that more labels have room."""
    if labels.given and np.abs(outward).min() > SLANTED:
        return int(np.ptp(places[:, 0]) > np.ptp(places[:, 1]))
    return int(abs(outward[0]) < abs(outward[1]))


def _crowding(labels: Labels, texts: Sequence[str], places: np.ndarray, outward: np.ndarray) -> tuple:
    """How bad a place for the labels of an axis is: first what they would cover, then how far inside they
    stand."""
    longest = max(labels.type.width(text, labels.type.small) for text in texts)
    across = _across(labels, places, outward)
    side = np.zeros(2)
    side[across] = np.sign(outward[across])
    # On equal terms at the left and below, where axes are read.
    inside = round(-(places.mean(axis=0) - labels.center) @ side, 1), side.sum()
    if labels.given:
        return _hidden_by(labels, texts, places, side), *inside
    ends = np.concatenate([places + side * PAGE_LABEL_GAP, places + side * longest])
    return labels.coverage.under(np.array([[*ends.min(axis=0), *ends.max(axis=0)]])).item(), *inside


def _hidden_by(labels: Labels, texts: Sequence[str], places: np.ndarray, side: np.ndarray) -> float:
    """For labels at one side of their places (n, 2): how many drawn points they cover, and how many of their
    own points are beyond the picture."""
    lengths = np.array([[labels.type.width(text, labels.type.small)] for text in texts])
    ends = np.stack([places + side * PAGE_LABEL_GAP, places + side * (PAGE_LABEL_GAP + lengths)])
    thick = 0.5 * labels.type.small * (side == 0.0)
    boxes = np.concatenate([ends.min(axis=0) - thick, ends.max(axis=0) + thick], axis=1)
    inside = np.clip(boxes, np.tile(labels.frame[:2], 2), np.tile(labels.frame[2:], 2))
    areas = [np.prod(some[:, 2:] - some[:, :2], axis=1) for some in (boxes, inside)]
    return float(labels.coverage.under(boxes).sum() + (areas[0] - areas[1]).sum() / COVERAGE_STEP**2)


def _most_covered(labels: Labels, texts: Sequence[str]) -> float:
    """How many drawn points the labels of an axis may cover before the camera makes room for them."""
    return MOST_COVERED * sum(map(len, texts)) * (labels.type.small / COVERAGE_STEP) ** 2


def _crowding_at_the_star(
    labels: Labels, texts: Sequence[str], places: np.ndarray, outward: np.ndarray
) -> tuple:
    """How bad a place for labels at a star is: first how much of other matrices they would cover, then
    whether they stand at the right, or below. They may stand before products, which are gone when the star is
    read."""
    beside = bool(abs(outward[0]) >= abs(outward[1]))
    sign = 1.0 if outward[0 if beside else 1] > 0 else -1.0
    lines: Sequence[Text] = ()
    every = 0
    while not lines and every < len(texts):  # as many as have room
        every += 1
        lines = _column(labels, texts[::every], places[::every], beside, sign).lines
    boxes = np.array([line.box for line in lines])
    covered = labels.matrices.under(boxes).mean() if len(boxes) else 1.0
    return round(covered, 2), sign if beside else -sign


def _write_side(
    labels: Labels, axes_there: Sequence["_Column"], beside: bool, sign: float
) -> list[tuple["_Column", np.ndarray]]:
    """Write all labels at one side of the picture, in their order along it. Returns (the axes that want their
    titles there, the boxes of all labels (n, 4)).

    Labels stand next to their entries if these are further apart than lines of type. Else they fan out into
    one column (above or below: a row) with a leader to each, as far as FARTHEST. At a star they stay level
    with its entries, so only one in so many is written.
    """
    taken, side = labels.boxes(), ("side", beside, sign)
    level = any(one.at_a_star for one in axes_there)
    most = max(len(one.texts) for one in axes_there)
    for every in range(labels.chosen.get(side, 1), most + 1):
        texts = [text for one in axes_there for text in one.texts[::every]]
        places = np.concatenate([one.places[::every] for one in axes_there])
        written = _column(labels, texts, places, beside, sign, level)
        boxes = np.array([line.box for line in written.lines])
        if not len(boxes) or not labels.has_room(boxes) or meeting(boxes, taken, -TOUCHING).any():
            continue
        labels.add(written)
        labels.thinned |= {every} - {1}
        small = written.lines[0].size < min(LEAST_AT_A_STAR, labels.type.small)
        labels.cramped |= level and (every > 1 or small)
        labels.chosen[side] = every
        return [(one, boxes) for one in axes_there if one.title]
    labels.missing.append("not every axis has room for its tokens")
    labels.cramped |= level
    return []


def _column(
    labels: Labels, texts: Sequence[str], places: np.ndarray, beside: bool, sign: float, level: bool = False
) -> Written:
    """Texts beside their places (n, 2), `level` with them or moved; empty if there is no room."""
    if not beside:  # x is along the side then, and y across
        places = places[:, ::-1]
    order = np.argsort(places[:, 1], kind="stable")
    spots = places[order, 1]
    size, placed = _fitting(spots, labels.type.small, 0.0 if level else FARTHEST)
    if not size:
        return Written()
    shift = np.abs(placed - spots).max()
    out = places[order, 0] + sign * PAGE_LABEL_GAP
    if shift > 0.1 * size:
        out[:] = sign * ((sign * out).max() + max(SHORTEST_LEADER, LEADER_SLOPE * shift))
    middle = 0.5 * CAPITALS * size  # half the visible height of a line
    align, lines, leaders = "LEFT" if sign > 0 else "RIGHT", [], []
    for n, spot, far in zip(order, placed, out, strict=True):
        at, angle = ((far, spot - middle), 0.0) if beside else ((spot + middle, far), 0.5 * np.pi)
        lines.append(labels.type.line(texts[n], *at, size, align, angle=angle, kind="token"))
        ends = np.array([places[n], (far - sign, spot)])
        leaders.append(Leader(*(ends if beside else ends[:, ::-1])))
    return Written(lines, leaders if shift > 0.1 * size else ())


def _fitting(spots: np.ndarray, size: float, farthest: float) -> tuple[float, np.ndarray]:
    """(size, places) of lines of type at ascending `spots` that do not overlap. They stay at their spots if
    that fits. Else they are as small as allowed, and moved by at most `farthest`. The size is 0 if neither
    fits."""
    smaller = np.maximum(np.arange(size, LEAST_TYPE - 1e-9, -0.2), LEAST_TYPE)  # but for rounding
    sizes = smaller if size > LEAST_TYPE else np.array([size])
    ways = [(float(one), PAGE_TOKEN_LEADING * (ASCENT + DESCENT) * one) for one in sizes]
    for one, line in ways:
        if (np.diff(spots) >= line).all():
            return one, spots
    one, line = ways[-1]
    places = spread(spots, line)
    return (one, places) if np.abs(places - spots).max() <= farthest else (0.0, spots)


def _write_axis_title(labels: Labels, one: "_Column", boxes: np.ndarray, beside: bool, sign: float) -> None:
    """Write the title of an axis, if there is a free place for it: along its labels in `boxes` (n, 4) at a
    side, or else over them. If the labels stand above or below, it stands before the first one."""
    (left, low), (right, high) = np.min(boxes[:, :2], axis=0), np.max(boxes[:, 2:], axis=0)
    places, size, made = one.places, labels.type.small, []
    further = np.arange(0.0, 2.0, 0.5) * size

    def line(x, y, align, angle=0.0):
        return labels.type.line(one.title, x, y, size, align, angle=angle, kind="axis", soft=True)

    if beside:
        x = right + PAGE_LABEL_GAP + ASCENT * size if sign > 0 else left - PAGE_LABEL_GAP - DESCENT * size
        y = 0.5 * (places[:, 1].min() + places[:, 1].max())
        made = [line(x + sign * more, y, "CENTER", 0.5 * np.pi) for more in further]
        end, align = (left, "LEFT") if sign > 0 else (right, "RIGHT")
        made.append(line(end, high + DESCENT * size, align))
    else:
        y = low + PAGE_LABEL_GAP if sign > 0 else high - PAGE_LABEL_GAP - ASCENT * size
        made = [line(places[:, 0].min() - size, y + sign * more, "RIGHT") for more in further]
    taken = labels.boxes()
    clear = [
        text
        for text in made
        if labels.has_room(np.array([text.box])) and not meeting(np.array([text.box]), taken, -TOUCHING).any()
    ]
    if clear:
        covered = labels.matrices.under(np.array([text.box for text in clear]))
        labels.add(Written([clear[int(covered.argmin())]]))
