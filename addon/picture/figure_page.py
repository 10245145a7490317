"""A whole figure on its page: panels in a grid, their letters and titles, and one legend under them.

Everything is decided here, in points; `render.figure` only renders the pictures and writes the file.
"""

import math
from dataclasses import dataclass, replace

from ..description.scene import Look, Scene
from ..description.style import Style
from ..errors import InputError
from ..staging import pooling
from ..staging.camera.framing import View
from ..staging.camera.views import INSIDE
from ..staging.plan import Plan, plan
from ..staging.scales import Scale
from ..staging.writing import captions
from ..staging.writing.legend import legend_of
from ..staging.writing.page import ASCENT, DESCENT, Bar, Rule, Text, moved
from ..staging.writing.panel import panel

STYLE = "paper"  # of a scene that names none
BETWEEN = 9.0  # points between panels
TIGHT = 3.0  # the same in a table
MOST_PANELS = 400
MOST_DOTS = 16384  # along a side
# Points; bars are shorter where all then fit in a line, or fit at all.
BARS, BAR_HEIGHT, TICK = (80.0, 70.0, 60.0, 45.0, 32.0), 4.5, 1.5
LINE = 1.15  # from one line of type to the next, of its size
SMALL = 100.0  # in a table of panels narrower than this, matrices have no labels of their own


@dataclass(frozen=True)
class Shown:
    """What one panel shows: a description at a frame of its film (None: the moment of its still)."""

    scene: Scene
    frame: int | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class Cell:
    """A panel that is checked: a plan at a frame, under a title."""

    plan: Plan
    frame: int
    title: str = ""


@dataclass(frozen=True, eq=False)
class Grid:
    """How cells stand: row by row in so many `columns`. With `heads` over its columns and `rows` at its
    left it is a table, whose panels need no letters."""

    columns: int
    rows: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """Where the render of a cell stands on the page, and the camera that sees it."""

    cell: Cell
    view: View
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Page:
    """`notes` tell what is left out; they are written on the page too."""

    width: float
    height: float
    pictures: tuple[Picture, ...]
    texts: tuple[Text, ...]
    rules: tuple[Rule, ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...]


def cells_of(shown, dots, own_scales=False):
    """The Cells of several Shown: one plan for each scene, however many of its frames are shown.

    Scenes that name no style are drawn in STYLE. `dots` are about how many a panel has across, which
    decides what is pooled. Raises InputError for a scene or frame that is wrong.
    """
    styled = [_styled(one.scene, dots) for one in shown]
    scenes = [scene for n, scene in enumerate(styled) if scene not in styled[:n]]
    plans = [plan(scene) for scene in scenes]
    if len(plans) > 1 and not own_scales:
        plans = share_scales(plans)
    return [_cell(plans[scenes.index(scene)], one) for scene, one in zip(styled, shown, strict=True)]


def _styled(scene, dots):
    if scene.look.style == Look().style and scene.style == Style():
        scene = replace(scene, look=replace(scene.look, style=STYLE))
    size = {"width": min(max(dots, 16), MOST_DOTS), "height": min(max(round(0.75 * dots), 16), MOST_DOTS)}
    return replace(scene, render=replace(scene.render, **size))


def _cell(p, shown):
    last = p.timeline.last_frame
    frame = round(1 + p.scene.render.still * (last - 1)) if shown.frame is None else shown.frame
    if not 1 <= frame <= last:
        raise InputError(f"frame {frame}: the scene has frames 1 to {last}")
    return Cell(p, frame, shown.title)


def share_scales(plans):
    """The plans with one scale for all matrices of a name, so that their colours can be compared."""
    for kind in ("final", "raw", "products"):
        tables = [getattr(p, kind) for p in plans]
        common = {name: _common([t[name] for t in tables if name in t]) for table in tables for name in table}
        plans = [
            replace(p, **{kind: {name: common[name] or own for name, own in table.items()}})
            for p, table in zip(plans, tables, strict=True)
        ]
    return plans


def _common(scales):
    """The scale that holds all of these, or None where they are of different kinds."""
    kinds = {(scale.color_map, scale.clip) for scale in scales}
    if len(kinds) > 1:
        return None
    return Scale(min(s.low for s in scales), max(s.high for s in scales), *kinds.pop())


def compose(cells, grid, type, pixel, width, height=None, *, title=False, own_scales=False):
    """The Page of a figure, `width` points wide and as high as its content unless a height is given.

    Pictures stand on whole pixels, `pixel` points each. `own_scales` puts a legend under each panel
    in place of one for all. Raises InputError for what does not fit.
    """
    if len(cells) > MOST_PANELS:
        raise InputError(f"{len(cells)} panels are too many for one figure; the most is {MOST_PANELS}")
    notes = ()
    for _ in range(4):  # to tell what is left out takes room itself
        composition = _Composition(cells, grid, type, pixel, title, own_scales, notes)
        composition.fill(width, height)
        if set(composition.notes) <= set(notes):
            break
        notes = tuple(dict.fromkeys((*notes, *composition.notes)))
    return composition.page()


class _Composition:
    """A page in the making. Items of a part have that part's lower left corner as origin until `_add`."""

    def __init__(self, cells, grid, type, pixel, title, own_scales, notes):
        self.cells, self.grid, self.type, self.pixel = cells, grid, type, pixel
        # Where all is in view its picture is as large as the page; of a part, what is around it is cut off.
        camera = cells[0].plan.scene.camera
        self.table, self.single = bool(grid.rows or grid.heads), len(cells) == 1
        self.whole = self.single and not camera.subject and camera.view not in INSIDE
        self.own_scales = own_scales and not self.single
        self.title, self.told, self.notes = title, notes, ()
        self.pictures, self.items = [], []

    def fill(self, width, height):
        """Place everything on a page of this width, and of this height unless it is None."""
        self.width = self._up(width)
        title, above = _title(self.cells[0].plan, self.type, self.width) if self.title else ((), 0.0)
        shown = [] if self.own_scales else [cell.plan for cell in self.cells]
        foot, below = _foot(shown, self.told, self.type, self.width)
        if self.whole:
            self._fill_whole(height, above, below)
        else:
            self._fill_grid(height, above, below)
        self._add(title, 0.0, self.height - above)
        self._add(foot, 0.0, 0.0)

    def _fill_whole(self, height, above, below):
        """One picture as large as the page."""
        plan, free = self.cells[0].plan, (0.0, 0.0, below, above)
        height = height or panel(plan, self.type, self.width, None, free).height
        self.height = self._up(height)
        self._place(self.cells[0], panel(plan, self.type, self.width, self.height, free), 0.0, 0.0)

    def _fill_grid(self, height, above, below):
        grid, gap, line = self.grid, TIGHT if self.table else BETWEEN, 1.25 * self.type.size
        columns = min(grid.columns, len(self.cells))
        left = self._up(line) if grid.rows else 0.0
        wide = self._down((self.width - left - gap * (columns - 1)) / columns)
        if wide < 4 * self.type.size:
            raise InputError(f"{columns} panels side by side are too many for {self.width / 72:.3g} in")
        bare = self.table and wide < SMALL
        lines = [self.cells[n : n + columns] for n in range(0, len(self.cells), columns)]
        alone = self.cells if self.own_scales else ()
        feet = {id(cell.plan): _foot([cell.plan], (), self.type, wide) for cell in alone}
        lowest = max((tall for _, tall in feet.values()), default=0.0)
        head = 0.0 if self.table or self.single else line + 1.0
        top = above + (line if grid.heads else 0.0)
        tall = None
        if height:
            tall = self._down((height - top - below - gap * (len(lines) - 1)) / len(lines) - head - lowest)
            if tall < 4 * self.type.size:
                raise InputError(f"{len(lines)} rows of panels are too many for {height / 72:.3g} in")
        plans = {id(cell.plan): cell.plan for cell in self.cells}
        options = {"names": not bare, "tokens": not bare}
        if tall is None:
            tall = self._up(max(panel(p, self.type, wide, None, **options).height for p in plans.values()))
        panels = {key: panel(p, self.type, wide, tall, **options) for key, p in plans.items()}
        step = head + tall + lowest + gap
        self.height = self._up(height or top + step * len(lines) - gap + below)
        for n, cells in enumerate(lines):
            y = self._down(self.height - top - step * n - head - tall)
            if grid.rows:
                self._add(
                    [
                        Text(
                            grid.rows[n],
                            0.8 * self.type.size,
                            0.5 * tall,
                            self.type.size,
                            "CENTER",
                            upward=True,
                        )
                    ],
                    0.0,
                    y,
                )
            for m, cell in enumerate(cells):
                x = self._down(left + m * (wide + gap))
                self._place(cell, panels[id(cell.plan)], x, y)
                if not self.table and not self.single:
                    self._add(self._heading(n * columns + m, cell.title), x, y + tall)
                if self.own_scales:
                    items, own = feet[id(cell.plan)]
                    self._add(items, x, y - own)
                if n == 0 and grid.heads:
                    over = Text(grid.heads[m], 0.5 * wide, 0.35 * self.type.size, self.type.size, "CENTER")
                    self._add([over], x, y + tall)
        if bare:
            p = self.cells[0].plan
            names = captions.axis_names_of(p, p.arrangement.planes[0].stage)
            told = [f"{axis}: {name}" for axis, name in zip(("rows", "columns"), names, strict=True) if name]
            self.notes += (", ".join(told),) if told else ()

    def _heading(self, n, title):
        """The letter of panel n, from a to z, then aa, and its title."""
        letter = (chr(ord("a") + n // 26 - 1) if n >= 26 else "") + chr(ord("a") + n % 26)
        size, y = self.type.size, 0.4 * self.type.size
        return [Text(letter, 0.0, y, size + 1, bold=True), Text(title, 1.6 * size, y, size)]

    def _place(self, cell, panel, x, y):
        self.pictures.append(Picture(cell, panel.view, x, y, panel.width, panel.height))
        self._add((*panel.texts, *panel.rules), x, y)
        told = [*pooling.notes(cell.plan.arrangement.planes, cell.plan.pools), *panel.notes]
        self.notes += tuple(note for note in told if note not in self.notes)

    def _add(self, items, x, y):
        self.items += [moved(item, x, y) for item in items]

    def _up(self, x):
        return math.ceil(x / self.pixel - 1e-6) * self.pixel

    def _down(self, x):
        return math.floor(x / self.pixel + 1e-6) * self.pixel

    def page(self):
        texts, rules, bars = (
            tuple(item for item in self.items if isinstance(item, kind)) for kind in (Text, Rule, Bar)
        )
        return Page(self.width, self.height, tuple(self.pictures), texts, rules, bars, self.told)


def _title(p, type, width):
    """The title and caption of a scene: (items, height)."""
    large = type.size + 1
    lines = [Text(line, 0.0, 0.0, large, bold=True) for line in _wrapped(p.scene.title, large, type, width)]
    lines += [
        Text(line, 0.0, 0.0, type.small, soft=True)
        for line in _wrapped(p.scene.caption, type.small, type, width)
    ]
    return _stacked(lines, 0.5 * type.size)


def _foot(plans, notes, type, width):
    """The legend of these plans and the notes under it: (items, height)."""
    told = [line for note in notes for line in _wrapped(note, type.small, type, width)]
    items, height = _stacked([Text(line, 0.5 * width, 0.0, type.small, "CENTER", soft=True) for line in told])
    height += 3.0 * bool(told)
    for line in reversed(_legend(plans, type, width)):
        tall = max(block.height for block in line)
        x = 0.5 * (width - sum(block.width for block in line) - BETWEEN * (len(line) - 1))
        for block in line:
            items += [moved(item, x, height + tall) for item in block.items]
            x += block.width + BETWEEN
        height += tall + 3.0
    return items, height


@dataclass(frozen=True)
class _Block:
    """A colour bar with its title and numbers; its upper left corner is the origin."""

    items: tuple
    width: float
    height: float


def _legend(plans, type, width):
    """One block for each colour map that the plans use, in as few lines as they need."""
    bars = {}  # (colour map, title) -> {row: None}
    for p in plans:
        if p.scene.look.legend:
            for bar in legend_of(p):
                bars.setdefault((bar.color_map, bar.title), {}).update(dict.fromkeys(bar.rows))
    ways = [[_block(*key, rows, type, width, long) for key, rows in bars.items()] for long in BARS]
    fitting = [blocks for blocks in ways if all(block.width <= width for block in blocks)]
    if not fitting:
        raise InputError(
            f"{width / 72:.3g} in is too narrow for the legend at this size of type; "
            "make the figure wider, or legend = false in [look]"
        )
    return min((_lines_of(blocks, width) for blocks in fitting), key=len)


def _block(color_map, title, rows, type, width, long):
    size, line = type.small, LINE * type.small
    bar_y = -line - BAR_HEIGHT
    items = [Text(title, 0.0, -ASCENT * size, size, soft=True), Bar(color_map, 0.0, bar_y, long, BAR_HEIGHT)]
    items += items[-1].outline()
    y, wide, ticks = bar_y - TICK, long, set()
    for names, numbers in rows:
        first, y = not ticks, y - line
        for at, number in numbers:
            if first or number != "0":
                align = "LEFT" if at < 0.15 else "RIGHT" if at > 0.85 else "CENTER"
                items.append(Text(number, at * long, y + DESCENT * size, size, align))
            ticks.add(at)
        for n, name in enumerate(_wrapped(names, size, type, width - long - 4.0)):
            y -= line * (n > 0)
            items.append(Text(name, long + 4.0, y + DESCENT * size, size, soft=True))
            wide = max(wide, long + 4.0 + type.measure(name, size))
    items += [Rule(at * long, bar_y, at * long, bar_y - TICK) for at in sorted(ticks)]
    return _Block(tuple(items), wide, -y)


def _lines_of(blocks, width):
    """Blocks side by side, in lines of at most this width."""
    lines, room = [], 0.0
    for block in blocks:
        if not lines or block.width + BETWEEN > room:
            lines.append([])
            room = width + BETWEEN
        lines[-1].append(block)
        room -= block.width + BETWEEN
    return lines


def _wrapped(text, size, type, width):
    """A text in lines of at most this width, broken between words."""
    lines = []
    for word in text.split(" ") if text else ():
        if lines and type.measure(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _stacked(lines, under=0.0):
    """Lines of type from the top down: (items, height), with `under` points below them."""
    height = under + sum(LINE * line.size for line in lines)
    y, items = height, []
    for line in lines:
        y -= LINE * line.size
        items.append(moved(line, 0.0, y + DESCENT * line.size))
    return items, height
