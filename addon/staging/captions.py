"""What is written beside the matrices, and where: names, shapes, axis titles, token labels.

Labels face the camera; they are laid out for the direction in which it begins.
"""

from dataclasses import dataclass

import numpy as np

from ..algebra.stages import Concat, Grid, Leaf, Product, Slice, is_sheet, stages_of
from . import mm_names, pooling
from .framing import axes
from .layout import COMMUTATIVE, READING, Fan, fans
from .views import direction_of

NAME_SIZE = 1.9  # in scenes from LARGE entries across; in smaller ones less, in proportion
LARGE = 22
DETAIL_SIZE = 0.85
TITLE_SIZE = 1.3  # of a result that stands beside others, in sizes of a name
TITLES_ACROSS = 45  # and at least so large that no more of its lines fit across all that is drawn
TOKEN_SIZE = 0.8
LONGEST_TEXT = 12  # characters of an expression that may serve as a name
SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
READABLE = 0.42  # smaller tokens, in entries, are thinned out instead


@dataclass(frozen=True, eq=False)
class Label:
    """A line of text at a world position. `align` is "LEFT", "CENTER" or "RIGHT"; `size` in entries.
    `owner` is the name of the matrix it stands at; `transposed` adds a raised T."""

    text: str
    position: np.ndarray
    size: float
    align: str
    kind: str  # "name", "detail", "token", or "title" of all that makes one result
    owner: str
    transposed: bool = False


@dataclass(frozen=True, eq=False)
class Axis:
    """The labels along one axis of a matrix; every `every`-th one is written, `out` from the middle."""

    labels: tuple[Label, ...]
    every: int
    out: float


def names(p, direction):
    """The name of each matrix, above a wall and before a floor, with its shape under it.

    What belongs to a sheet or to one of mm's layouts has its name where the other matrices and names
    leave room for it.
    """
    scale = min(1.0, float(np.ptp(p.arrangement.corners(), axis=0).max()) / LARGE)
    name_size, detail_size = scale * NAME_SIZE, scale * DETAIL_SIZE
    _, up, _ = axes(direction)
    picture = np.transpose(axes(direction)[:2])
    # Only a stage with one result leaves room for names.
    crowded = p.scene.layout.scheme != "stage" or isinstance(p.root, Grid)
    out, taken = [], [plane.corners(0.5) @ picture for plane in p.arrangement.planes]
    below = _below_another(p)
    for plane in p.arrangement.planes:
        if plane.stage in below:
            continue
        text = _as_term(p, plane)
        if p.scene.look.center_names:
            out += _in_the_middle(p, plane, text, direction)
            continue
        places = _places(plane, direction, name_size, detail_size)
        if crowded or plane.role == "operand" or is_sheet(plane.stage):
            width, height = 0.6 * name_size * len(text), name_size + detail_size
            boxes = [_box(*place, width, height, direction) for place in places]
            n = min(range(len(places)), key=lambda n: _covered(boxes[n], taken))
            taken.append(boxes[n])
        else:
            n = 0
        base, align = places[n]
        shape = " × ".join(
            f"{axis} {count}".strip()
            for axis, count in zip(axis_names_of(p, plane.stage), (plane.rows, plane.columns), strict=True)
        )
        owner, under = plane.stage.name, base - up * (detail_size * 1.35)
        out.append(Label(text, base, name_size, align, "name", owner, plane.transposed))
        out.append(Label(shape, under, detail_size, align, "detail", owner))
    return out + _titles(p, direction, name_size, detail_size)


def _in_the_middle(p, plane, text, direction):
    """mm's name of a matrix, and its shape."""
    size = mm_names.size_of(plane.rows, plane.columns, text, p.scene.look.center_names)
    right, up, _ = axes(direction)
    place, owner = mm_names.place_of(plane, direction) - up * 0.35 * size, plane.stage.name
    found = [Label(text, place, size, "CENTER", "name", owner, plane.transposed)]
    if shape := mm_names.shape_of(plane):
        small = mm_names.SHAPE_SIZE * size
        found.append(Label(shape, place - up * 1.35 * small, small, "CENTER", "detail", owner))
    return found


def _titles(p, direction, name_size, detail_size):
    """The title of each result that stands beside others, such as its head: under it and the names
    there, or in a fan that runs down at its left."""
    right, up, _ = axes(direction)
    all_across, out = float(np.ptp(p.arrangement.corners() @ right)), []
    for owner, text, corners, at_left in _titled(p):
        size = max(TITLE_SIZE * name_size, 0.0 if at_left else all_across / TITLES_ACROSS)
        across, high = corners @ right, corners @ up
        x, y, align = across.mean(), high.min() - 0.95 * name_size - 1.35 * detail_size - 1.1 * size, "CENTER"
        if at_left:
            x, y, align = across.min() - 0.5 * size, 0.5 * (high.min() + high.max()) - 0.4 * size, "RIGHT"
        center = _middle(corners)
        position = center + right * (x - center @ right) + up * (y - center @ up)
        out.append(Label(text, position, size, align, "title", owner))
    return out


def _fans(p):
    return [fan for row in p.root.rows for fan in fans(row)] if isinstance(p.root, Grid) else []


def _below_another(p):
    """The stages in a fan that have one just like them above, where its name is told."""
    return {
        s
        for fan in _fans(p)
        if fan.down
        for root in fan.roots[1:]
        for s in set(stages_of(root)) - set(stages_of(fan.roots[0]))
    }


def _titled(p):
    """The results that have a title: (name, title, corners of all that makes it, whether others stand under
    it).

    They are those of a grid, or the heads of a sum or a concatenation of all.
    """
    groups = _fans(p)
    for sheet in stages_of(p.root):
        if is_sheet(sheet) and len({o.stage.of for o in sheet.operands}) == 1:
            groups.append(Fan(tuple(o.stage for o in sheet.operands)))
    for group in groups:
        for one in group.roots:
            makers = {s.name for s in stages_of(one)}
            own = [part for part in p.arrangement.planes if part.consumer in makers or part.stage is one]
            own += [part for part in p.arrangement.cuboids if part.stage.name in makers]
            if one.title and own:
                yield one.name, one.title, np.concatenate([part.corners() for part in own]), group.down


def _places(plane, direction, name_size, detail_size):
    """Where a name may stand, as (start of its base line, align): at the best edge for it, above, below,
    at the left and at the right."""
    right, up, forward = axes(direction)
    towards = np.array([-forward[0], -forward[1], 2.0])  # to the top of a wall, to the front of a floor
    corners = plane.corners(0.9)
    edges = [(corners[n], corners[(n + 1) % 4]) for n in range(4)]
    middles = [0.5 * (a + b) for a, b in edges]
    offsets = [middle - _middle(corners) for middle in middles]

    def beyond(n):
        above = offsets[n] @ up > 0
        reach = (max if above else min)((end - middles[n]) @ up for end in edges[n])
        return middles[n] + up * (reach + (detail_size * 2.0 if above else -name_size * 0.95)), "CENTER"

    best = max(range(4), key=lambda n: offsets[n] @ towards / np.linalg.norm(offsets[n]))
    top, low = (pick(range(4), key=lambda n: middles[n] @ up) for pick in (max, min))
    lines = up * (detail_size - name_size) * 0.5
    sides = [
        (pick(middles, key=lambda m: m @ right) + right * away * 0.4 * name_size + lines, align)
        for pick, away, align in ((min, -1, "RIGHT"), (max, 1, "LEFT"))
    ]
    return [beyond(best), beyond(top), beyond(low), *sides]


def _box(base, align, width, height, direction):
    """The corners of a name and the shape under it, on the picture: (4, 2)."""
    x, y = np.stack(axes(direction)[:2]) @ base
    x -= {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}[align] * width
    y -= 0.45 * height
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def _covered(box, others):
    """How much of a box on the picture others lie over, in samples of it; they are parallelograms (4, 2)."""
    low, high = box.min(axis=0), box.max(axis=0)
    samples = np.stack(np.meshgrid(*np.linspace(low, high, 6).T), axis=-1).reshape(-1, 2)
    total = 0
    for first, second, _, last in others:
        sides = np.stack([second - first, last - first], axis=1)
        if abs(np.linalg.det(sides)) > 1e-6:
            inside = np.linalg.solve(sides, (samples - first).T)
            total += int(((inside >= 0) & (inside <= 1)).all(axis=0).sum())
    return total


def _as_term(p, plane):
    """A matrix's title; as it stands in a sum on paper where it belongs to one: x, + b, = out."""
    title = title_of(p, plane.stage)
    if plane.role == "operand":
        sheet = next(other.stage for other in p.arrangement.planes if other.stage.name == plane.consumer)
        operator = getattr(sheet, "operator", "")
        terms = [o for o in p.arrangement.planes if o.role == "operand" and o.consumer == sheet.name]
        if operator in COMMUTATIVE:
            first = min(terms, key=lambda term: term.origin @ READING)
        else:
            first = terms[-1] if terms[0].stage is sheet.operands[-1].stage else terms[0]
        if operator in SIGNS and plane is not first:
            return f"{SIGNS[operator]} {title}"
    return title


def title_of(p, stage):
    """How a matrix is called on the picture: its label, its name, or when that would be long what made it."""
    table = p.scene.matrices if isinstance(stage, Leaf) else p.scene.products
    label = getattr(table.get(stage.name), "label", "")
    name = stage.of or stage.name  # the number of its head is told once, under all that belongs to it
    if label or not stage.operands or stage.name != stage.text or len(name) <= LONGEST_TEXT:
        return label or name
    if stage.epilogue:
        return stage.epilogue[-1].function
    if len(stage.operands) > 2:
        return "concat" if isinstance(stage, Concat) else "sum"
    made = getattr(stage, "operator", type(stage).__name__.lower())
    return SIGNS.get(made, made)


def tokens(p, direction):
    """Labels of each axis, once: where several matrices share an axis, on the outermost of them."""
    found = {}
    for plane in p.arrangement.planes:
        if not plane.stage.operands or plane.role == "result":
            row_labels, column_labels = labels_of(p, plane.stage)
            for texts, along, across in (
                (row_labels, (plane.row, plane.row_ruler), (plane.column, plane.column_ruler)),
                (column_labels, (plane.column, plane.column_ruler), (plane.row, plane.row_ruler)),
            ):
                if texts:
                    axis = _axis(p, plane, direction, texts, along, across)
                    shared = (texts, tuple(along[0]))
                    if shared not in found or axis.out > found[shared].out:
                        found[shared] = axis
    return list(found.values())


def labels_of(p, stage):
    """The row and column labels of a stage: its own, or those its operands hand on."""

    def own(leaf):
        return p.matrices[leaf.name].row_labels, p.matrices[leaf.name].column_labels

    return _handed_on(p, stage, own, lambda labels, ends: labels[slice(*ends)], ())


def axis_names_of(p, stage):
    """What the rows and the columns of a stage are, such as ("query", "key"); "" where unknown."""

    def own(leaf):
        return p.matrices[leaf.name].row_axis, p.matrices[leaf.name].column_axis

    return _handed_on(p, stage, own, lambda name, _ends: name, "")


def _handed_on(p, stage, own, part, nothing):
    """The (rows, columns) property of a stage: of a leaf its `own`, else what the first operand with that
    same dimension has; `part(property, ends)` is what a slice keeps of it."""
    if isinstance(stage, Leaf):
        return own(stage)
    operands = [
        _handed_on(p, o.stage, own, part, nothing)[:: -1 if o.transposed else 1] for o in stage.operands
    ]
    if isinstance(stage, Product):
        return operands[0][0], operands[1][1]
    if isinstance(stage, Slice):
        return part(operands[0][0], stage.rows), part(operands[0][1], stage.columns)
    sizes, found = p.evaluation[stage].shape, [nothing, nothing]
    for operand, known in zip(reversed(stage.operands), reversed(operands), strict=True):
        for axis, (own_size, size) in enumerate(zip(p.evaluation.operand(operand).shape, sizes, strict=True)):
            if own_size == size and known[axis] and axis != getattr(stage, "axis", None):
                found[axis] = known[axis]
    return tuple(found)


def notes(p):
    """What the picture leaves out, told in its corner."""
    of_pools = pooling.notes(p.pools)
    if not p.scene.look.labels:
        return of_pools
    thinned = sorted({axis.every for axis in tokens(p, direction_of(p)) if axis.every > 1})
    told = [f"one in {every} tokens is written along the axis into depth" for every in thinned]
    least = p.scene.look.product_threshold
    if least and any(p.options(cuboid.stage.name).interior for cuboid in p.arrangement.cuboids):
        told.append(f"products up to {100 * least:.3g} % of full colour are left out")
    return of_pools + told


def _axis(p, plane, direction, texts, along, across):
    """The labels of one axis of a plane, at the end of its lines that the camera stands nearer to."""
    (along, ruler), (across, width) = along, across
    right, up, _ = axes(direction)
    center = _middle(p.arrangement.corners())
    sign = 1 if direction[0] >= 0 else -1
    ends = (plane.origin - across * 1.1, plane.origin + across * (width.length + 1.1))
    end = max(ends, key=lambda e: sign * (e @ right))
    every, size = spacing(abs(along @ up), abs(along @ right), max(map(len, texts)))
    align = "LEFT" if sign > 0 else "RIGHT"
    labels = tuple(
        Label(text, end + along * ruler.at(n) - up * size * 0.35, size, align, "token", plane.stage.name)
        for n, text in enumerate(texts)
        if n % every == 0
    )
    return Axis(labels, every, float(sign * ((end - center) @ right)))


def spacing(rise, run, letters):
    """(every, size): which labels to write, how large, so that neighbours never overlap.

    `rise` and `run` are what one step along the axis moves up and across the picture, in entries;
    `letters` the length of the longest label.
    """
    for every in range(1, 10_000):
        size = min(TOKEN_SIZE, max(every * rise / 1.15, every * run / (0.62 * letters)))
        if size >= READABLE:
            return every, size
    return 10_000, READABLE


def _middle(points):
    return 0.5 * (points.min(axis=0) + points.max(axis=0))
