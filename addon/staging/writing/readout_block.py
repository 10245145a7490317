"""A readout as a block of the picture: the matrix flat, its name over a rule, and labels on both axes.

Lengths are in the units of the picture, from the block's lower left corner: heights of the frame in a film,
points on the page of a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...attention.tokens import as_labels
from ...kinds.places import Plane, Ruler
from ..plan import Plan
from ..pooling import FACTORS, Pool, parsed, starts
from .boxes import around
from .captions import SCORES, axis_names_of, labels_of, scores_until, title_of
from .items import Box, Rule, Text, moved, outline
from .legend import ALWAYS
from .typesetter import CAPITALS, LONGEST_TOKEN, Typesetter

CELL_LEADING = 0.9  # from one label to the next, of their size: of most letters the heights are less
LABEL_PART = 0.92  # of a column's width, for labels that are not turned
MOSTLY = 0.75  # of the labels, at least, that have room without being turned
STRETCH = 2.5  # how much longer than wide the cells of a slender matrix are, at most
SLENDER_MATRIX = 4.0  # how many times longer than wide it is, for a cell of its own to be stretched
OUTLINE_MARGIN = 0.5  # entries from the middle of the outermost ones to the outline


@dataclass(frozen=True)
class ReadoutForm:
    """The measures of a block, in the units of the picture; the typesetter's scale multiplies those of type.

    Cells are `least` to `most` wide. Labels that would be smaller than `least_token` are thinned out.
    """

    name: float  # sizes of type
    detail: float
    axis: float
    token: float
    least_token: float
    gap: float  # between type and what it belongs to
    rule: float  # widths of lines: of the rule and the outline, and of the grid
    hair: float
    least: float
    most: float


@dataclass(frozen=True, eq=False)
class Readout:
    """A block on the picture. `plane` is where its matrix stands in the scene; `pool` says how many entries a
    cell shows. `origin` is the middle of entry (0, 0); `steps`, (2,) each, lead from it one row down and one
    column on. `rules` are its outline and the rule under its name; a line from the scene ends at the left end
    of that rule. `grid` lies between the cells. `every` says, for rows and for columns, how many labels there
    are to one that is written."""

    plane: Plane
    pool: Pool
    origin: np.ndarray
    steps: np.ndarray
    box: Box
    texts: tuple[Text, ...]
    rules: tuple[Rule, ...]
    grid: tuple[Rule, ...]
    every: tuple[int, int] = (1, 1)

    @property
    def pitch(self) -> float:
        """The distance of two cells."""
        return float(min(np.abs(self.steps).max(axis=1) * (self.pool.rows, self.pool.columns)))

    @property
    def joint(self) -> np.ndarray:
        """The point where the line from the scene ends, (2,)."""
        return np.array([self.rules[0].x0, self.rules[0].y0])

    @property
    def matrix(self) -> Box:
        """The box of the matrix alone."""
        flat = self.flat
        corners = flat.corners(OUTLINE_MARGIN)[:, :2]
        return (*corners.min(axis=0), *corners.max(axis=0))

    @property
    def flat(self) -> Plane:
        """Its plane on the picture, at height 0."""
        rows, columns = (Ruler(n, n) for n in (self.plane.rows, self.plane.columns))
        down, on = (np.array([*step, 0.0]) for step in self.steps)
        return replace(
            self.plane, row_ruler=rows, column_ruler=columns, origin=np.array([*self.origin, 0.0]), row=down,
            column=on, outward=np.array([0.0, 0.0, 1.0]),
        )  # fmt: skip

    def moved(self, x: float, y: float) -> "Readout":
        texts = tuple(moved(item, x, y) for item in self.texts)
        rules, grid = (tuple(moved(rule, x, y) for rule in part) for part in (self.rules, self.grid))
        box = tuple(np.array(self.box) + (x, y, x, y))
        return replace(self, origin=self.origin + (x, y), box=box, texts=texts, rules=rules, grid=grid)


def readout_block(
    p: Plan, plane: Plane, type: Typesetter, form: ReadoutForm, width: float, height: float
) -> Readout | None:
    """The block of a matrix with the largest cells that fit into `width` × `height`; None if even the
    smallest do not fit. A matrix with too many entries is pooled as its description says."""
    pool = pool_of(p, plane, form, width, height)
    pooled = ((plane.rows, pool.rows), (plane.columns, pool.columns))
    counts = [len(starts(Ruler(n, n), factor)) for n, factor in pooled]
    sides = [_Side(p, plane, type, form, n, pool) for n in (0, 1)]
    low, high = 0.0, form.most
    best = None
    for _ in range(18):  # the room that labels take depends on the size of the cells
        size = 0.5 * (low + high) if best or low else high
        made = _FittedBlock(p, plane, type, form, pool, counts, sides, size)
        if made.width <= width and made.height <= height:
            best, low = made, size
        else:
            high = size
        if high - low < 1e-3 * form.most:
            break
        low = max(low, 1e-6)
    return best.readout() if best and best.cell >= 0.98 * form.least else None


def pool_of(p: Plan, plane: Plane, form: ReadoutForm, width: float, height: float) -> Pool:
    """The Pool of the cells: one entry each if there is room, else a block of entries."""
    options = plane.stage.options(p.scene)
    rule = options.pooling_rule or p.scene.look.pooling_rule
    said: Sequence[int] | None = parsed(options.pooling or p.scene.look.pooling, "look")
    if said is None:
        most = [max(1, int(0.8 * room / form.least)) for room in (height, width)]
        counts = (plane.rows, plane.columns)
        said = [
            next((f for f in FACTORS if -(-n // f) <= room), n) for n, room in zip(counts, most, strict=True)
        ]
    rows, columns = (min(factor, n) for factor, n in zip(said, (plane.rows, plane.columns), strict=True))
    return Pool(rows, columns, rule) if max(rows, columns) > 1 else Pool()


def named_in_time(p: Plan, made: Readout) -> Readout:
    """The readout of a film, which is called scores until softmax is half through."""
    until = scores_until(p, made.plane.stage)
    name = next(text for text in made.texts if text.kind == "name")
    told = SCORES + name.text.removeprefix(p.typeface.shown(title_of(p, made.plane.stage)))
    width = p.typeface.width(told) * name.size
    texts = list(made.texts)
    for text in (one for one in made.texts if until and one.kind in ("name", "detail")):
        before = replace(text, text=told, width=width) if text is name else moved(text, width - name.width, 0)
        texts.remove(text)
        texts += [replace(before, shown=(0.0, until)), replace(text, shown=(until, ALWAYS))]
    return replace(made, texts=tuple(texts))


class _Side:
    """The labels of rows (n = 0) or columns (n = 1), of each cell's first entry, and their axis' title."""

    def __init__(self, p, plane, type, form, n, pool):
        texts = labels_of(p, plane.stage)[n]
        factor = (pool.rows, pool.columns)[n]
        self.texts = [p.typeface.shown(text, LONGEST_TOKEN) for text in as_labels(texts)[::factor]]
        self.title = p.typeface.shown(axis_names_of(p, plane.stage)[n])
        self.type, self.form = type, form

    def fitted(self, cell: float) -> tuple[float, int]:
        """The size of type for cells this wide, and of how many labels one is written."""
        scale = self.type.scale
        size = min(self.form.token, cell / CELL_LEADING / scale)
        if size >= self.form.least_token:
            return size, 1
        return self.form.least_token, max(
            1, int(np.ceil(CELL_LEADING * self.form.least_token * scale / cell - 1e-6))
        )

    def widest(self, size: float, every: int) -> float:
        return max((self.type.width(text, size) for text in self.texts[::every]), default=0.0)


class _FittedBlock:
    """A block whose cells are about `size` wide."""

    def __init__(
        self, p: Plan, plane: Plane, type: Typesetter, form: ReadoutForm, pool: Pool, counts: Sequence[int],
        sides: Sequence[_Side], size: float,
    ):  # fmt: skip
        self.p, self.plane, self.type, self.form, self.pool = p, plane, type, form, pool
        self.counts, self.sides = np.array(counts), sides
        ratio = max(counts) / min(counts)
        long = size * min(max(ratio / SLENDER_MATRIX, 1.0), STRETCH)
        self.cells = np.array([long if n == min(counts) and ratio > SLENDER_MATRIX else size for n in counts])
        self.cell = size
        scale, gap = type.scale, form.gap
        rows, columns = sides
        self.row_type, self.column_type = rows.fitted(self.cells[0]), columns.fitted(self.cells[1])
        fitting = [self.upright(text) for text in columns.texts]
        self.turned = not fitting or np.mean(fitting) < MOSTLY
        if not self.turned:  # but for those few that are too wide
            self.column_type = form.token, 1
        # What stands at the left of the matrix and above it.
        title = type.width(rows.title, form.axis) if rows.texts else 1.2 * form.axis * scale
        self.left = max(rows.widest(*self.row_type), title if rows.title else 0.0)
        self.left += gap if self.left else 0.0
        wide = [text for text in columns.texts if self.turned or not self.upright(text)]
        own = max((type.width(text, self.column_type[0]) for text in wide), default=form.token * scale)
        self.over = (own + gap) if columns.texts else 0.0
        self.over_title = self.over + (1.25 * form.axis * scale if columns.title else 0.0)
        self.tall, self.wide = self.counts * self.cells
        self.head = self.over_title + gap * 1.5  # from the matrix to the rule
        name_width = sum(part.width for part in self.name(0.0)) + 0.5 * form.name * scale
        self.width = max(self.left + self.wide, name_width)
        self.height = self.tall + self.head + 1.35 * form.name * scale

    def upright(self, text: str) -> bool:
        """Whether the label of a column is no wider than that."""
        return self.type.width(text, self.form.token) <= LABEL_PART * self.cells[1]

    def name(self, y: float) -> list[Text]:
        """The name of the matrix with its shape after it, on a line at y."""
        form, type = self.form, self.type
        text = self.p.typeface.shown(title_of(self.p, self.plane.stage))
        if self.plane.stage.title:
            text = f"{text}  {self.p.typeface.shown(self.plane.stage.title)}"
        name = type.line(text, 0.0, y, form.name, kind="name")
        shape = f"{self.plane.rows} × {self.plane.columns}"
        left = name.width + 0.5 * form.name * type.scale
        return [name, type.line(shape, left, y, form.detail, kind="detail", soft=True)]

    def readout(self) -> Readout:
        form = self.form
        down, on = self.cells / (self.pool.rows, self.pool.columns)
        top = self.tall
        # The first bead's middle is at half a cell, the entry's at half an entry.
        origin = np.array([self.left + 0.5 * on, top - 0.5 * down])
        right = self.left + on * self.plane.columns
        bottom = top - down * self.plane.rows
        y = top + self.head
        rule = Rule(0.0, y, max(right, self.width), y, form.rule)
        sides = [replace(side, width=form.rule) for side in outline((self.left, bottom, right, top))]
        names = self.name(y + 0.35 * form.name * self.type.scale)
        texts = [*names, *self.rows_written(top), *self.columns_written(top)]
        items: list[Text | Rule] = [*texts, rule, *sides]
        boxes = np.array([item.box for item in items])
        return Readout(
            self.plane, self.pool, origin, np.array([[0.0, -down], [on, 0.0]]),
            tuple(around(boxes)), tuple(texts), (rule, *sides), tuple(self.grid(bottom, right, top)),
            (self.row_type[1], self.column_type[1]),
        )  # fmt: skip

    def grid(self, bottom: float, right: float, top: float) -> list[Rule]:
        ys = top - self.cells[0] * np.arange(1, self.counts[0])
        xs = self.left + self.cells[1] * np.arange(1, self.counts[1])
        hair = self.form.hair
        return [
            *(Rule(self.left, y, right, y, hair) for y in ys),
            *(Rule(x, bottom, x, top, hair) for x in xs),
        ]

    def rows_written(self, top: float) -> list[Text]:
        """The labels of rows, at the left of them under the title of their axis. A title without labels lies
        along the rows."""
        side, type, form = self.sides[0], self.type, self.form
        x, (size, every) = self.left - form.gap, self.row_type
        if not side.texts:
            if not side.title:
                return []
            y, angle = 0.5 * self.tall, 0.5 * np.pi
            return [type.line(side.title, x, y, form.axis, "CENTER", angle=angle, kind="axis", soft=True)]
        first, down = top - 0.5 * self.cells[0] - 0.5 * CAPITALS * size * type.scale, every * self.cells[0]
        lines = [
            type.line(text, x, first - n * down, size, "RIGHT", kind="token")
            for n, text in enumerate(side.texts[::every])
        ]
        if side.title:
            y = top + 0.45 * form.axis * type.scale
            lines.append(type.line(side.title, x, y, form.axis, "RIGHT", kind="axis", soft=True))
        return lines

    def columns_written(self, top: float) -> list[Text]:
        """The labels of columns above them, upright or turned, under the title of their axis."""
        side, type, form = self.sides[1], self.type, self.form
        size, every = self.column_type
        y, lines = top + form.gap, []
        for n, text in enumerate(side.texts[::every]):
            x = self.left + (n * every + 0.5) * self.cells[1]
            if self.turned or not self.upright(text):
                x += 0.5 * CAPITALS * size * type.scale
                lines.append(type.line(text, x, y, size, angle=0.5 * np.pi, kind="token"))
            else:
                lines.append(type.line(text, x, y, size, "CENTER", kind="token"))
        if side.title:
            y = top + self.over + 0.35 * form.axis * type.scale
            lines.append(type.line(side.title, self.left, y, form.axis, kind="axis", soft=True))
        return lines
