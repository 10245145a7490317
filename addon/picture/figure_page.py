"""A whole figure on its page: panels in a grid, their letters and titles, and one legend under them.

This module decides everything, in points. `outputs.figure` only renders the pictures and writes the file.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..description.scene import Scene
from ..description.source import Source
from ..description.style import Style
from ..errors import InputError
from ..look.styles import style, with_style_file
from ..staging.camera.framing import View
from ..staging.camera.views import INSIDE
from ..staging.plan import Plan, plan
from ..staging.scales import Scale
from ..staging.writing import captions
from ..staging.writing.items import Bar, Item, Rule, Swatch, Text, moved
from ..staging.writing.typesetter import JOINED
from .figure_foot import PANEL_GAP, foot, head, outlined_notes, pooled_notes, split_foot
from .figure_panel import Panel, PanelRoom, as_its_content, content_height, given_panel, panel
from .figure_readouts import in_heights
from .figure_type import PAGE_EDGE, PageType
from .figure_why import why_block
from .joined import Joined

STYLE = "paper"  # of a scene whose own is lit
WHY_APART = 12.0  # points from the bars of a why to the picture, and to the legend under them
TIGHT = 3.0  # points between panels in a table
MOST_PANELS = 400
MOST_DOTS = 16384  # along a side
NARROW = 100.0  # in a table of panels narrower than this, matrices have no labels of their own
POINTS = {"in": 72.0, "cm": 72.0 / 2.54, "mm": 72.0 / 25.4, "pt": 1.0}  # of a length


def length(text: str, dpi: float, where: str = "width") -> float:
    """A length such as 3.3in, 84mm, 8.4cm, 240pt or 1980px, in points. Raises InputError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(in|cm|mm|pt|px)\s*", str(text))
    points = float(found[1]) * (POINTS | {"px": 72.0 / dpi})[found[2]] if found else 0.0
    if not 18.0 <= points <= 7200.0:
        raise InputError(
            f'{where}: "{text}" is not a length such as 3.3in, 84mm, 8.4cm, 240pt or 1980px (0.25in to 100in)'
        )
    return points


@dataclass(frozen=True)
class Shown:
    """The content of one panel: a description at a frame of its film (None: the frame of its still). `file`
    is the file that the description was read from, if any. `instead` replaces parts of a built .blend's
    description (see Source). A `styled` panel is drawn in its scene's own style, even if that is lit."""

    scene: Scene
    frame: int | None = None
    title: str = ""
    file: Path | None = None
    instead: Mapping[str, Any] = field(default_factory=dict)
    styled: bool = False


@dataclass(frozen=True, eq=False)
class Cell:
    """A checked panel: a plan at a frame, under a title. For a scene that was built in the file `blend`,
    `seen` is the view of its own camera, and `kept` (n, 4) are the boxes of things beside the scene, as parts
    of the picture."""

    plan: Plan
    frame: int
    title: str = ""
    seen: View | None = None
    blend: Source | None = None
    kept: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class PanelGrid:
    """How cells stand: row by row in so many `columns`. With `heads` over its columns and `rows` at its
    left it is a table, whose panels need no letters."""

    columns: int
    rows: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PanelPicture:
    """The place of a cell's render on the page, its camera, and the readouts before the camera, in heights of
    the picture."""

    cell: Cell
    view: View
    x: float
    y: float
    width: float
    height: float
    readouts: tuple[Joined, ...] = ()


@dataclass(frozen=True, eq=False)
class FigurePage:
    """A page of `width` × `height` points; `notes` tell what is left out and are written on it too."""

    width: float
    height: float
    pictures: tuple[PanelPicture, ...]
    items: tuple[Item, ...]
    notes: tuple[str, ...]

    @property
    def texts(self) -> list[Text]:
        return [item for item in self.items if isinstance(item, Text)]

    @property
    def rules(self) -> list[Rule]:
        """The rules of the page, and the bars of roots."""
        bars = [text.bar for text in self.texts if text.barred]
        return [*(item for item in self.items if isinstance(item, Rule)), *bars]

    @property
    def swatches(self) -> list[Swatch]:
        return [item for item in self.items if isinstance(item, Swatch)]

    @property
    def bars(self) -> list[Bar]:
        return [item for item in self.items if isinstance(item, Bar)]


def cells_of(shown: Sequence[Shown], dots: int, own_scales: bool = False) -> list[Cell]:
    """The Cells of several Shown: one plan for each scene, however many of its frames are shown.

    Lit styles are for stills and films. A scene in a lit style is drawn in STYLE, with exactly the map's
    colours, unless it is `styled` or changes its style itself. `dots` is about the number of dots across a
    panel, which decides what is pooled. Raises InputError for a wrong scene or frame.
    """
    styled = [_styled(one, dots) for one in shown]
    scenes = [scene for n, scene in enumerate(styled) if scene not in styled[:n]]
    plans = [plan(scene) for scene in scenes]
    if len(plans) > 1 and not own_scales:
        plans = share_scales(plans)
    return [_cell(plans[scenes.index(scene)], one) for scene, one in zip(styled, shown, strict=True)]


def _styled(shown: Shown, dots: int) -> Scene:
    scene = with_style_file(shown.scene)
    if not shown.styled and scene.style == Style() and not style(scene.look.style).flat:
        scene = replace(scene, look=replace(scene.look, style=STYLE))
    width, height = (min(max(side, 16), MOST_DOTS) for side in (dots, round(0.75 * dots)))
    return replace(scene, render=replace(scene.render, width=width, height=height))


def _cell(p: Plan, shown: Shown) -> Cell:
    last = p.timeline.last_frame
    still = p.scene.render.still_frame(p.timeline.begins, p.timeline.done)
    frame = still if shown.frame is None else shown.frame
    if not 1 <= frame <= last:
        raise InputError(f"frame {frame}: the scene has frames 1 to {last}")
    return Cell(p, frame, shown.title)


def share_scales(plans: Sequence[Plan]) -> list[Plan]:
    """The plans with one scale for all matrices of a name, so that their colours can be compared."""
    final, raw = _shared([p.final for p in plans]), _shared([p.raw for p in plans])
    products = _shared([p.products for p in plans])
    return [replace(p, final=final[n], raw=raw[n], products=products[n]) for n, p in enumerate(plans)]


def _shared(tables: Sequence[dict[str, Scale]]) -> list[dict[str, Scale]]:
    """These scales by name. Scales of one name become one, if they can."""
    common = {name: _common([t[name] for t in tables if name in t]) for table in tables for name in table}
    return [{name: common[name] or own for name, own in table.items()} for table in tables]


def _common(scales: Sequence[Scale]) -> Scale | None:
    """The scale that holds all of these, or None if they are of different kinds."""
    kinds = {(scale.color_map, scale.clip) for scale in scales}
    if len(kinds) > 1:
        return None
    return Scale(min(s.low for s in scales), max(s.high for s in scales), *kinds.pop())


def compose(
    cells: Sequence[Cell],
    grid: PanelGrid,
    type: PageType,
    pixel: float,
    width: float,
    height: float | None = None,
    *,
    title: bool = False,
    own_scales: bool = False,
) -> FigurePage:
    """The page of a figure, `width` points wide and as high as its content unless a height is given.

    Pictures stand on whole pixels of `pixel` points. `own_scales` puts a legend under each panel in place of
    one for all. Raises InputError for content that does not fit.
    """
    if len(cells) > MOST_PANELS:
        raise InputError(f"{len(cells)} panels are too many for one figure; the most is {MOST_PANELS}")
    notes: tuple[str, ...] = ()
    try:
        for _ in range(4):  # to tell what is left out takes room itself
            composition = _Composition(cells, grid, type, pixel, title, own_scales, notes)
            composition.fill(width, height)
            if set(composition.notes) <= set(notes):
                break
            notes = tuple(dict.fromkeys((*notes, *composition.notes)))
        return composition.page()
    finally:
        as_its_content.cache_clear()  # which holds plans


class _Composition:
    """A page in the making. Items of a part have that part's lower left corner as origin until `add`."""

    def __init__(self, cells, grid, type, pixel, title, own_scales, notes):
        self.cells, self.grid, self.type, self.pixel = cells, grid, type, pixel
        # If everything is in view, the picture is as large as the page. If only a part is in view, the rest
        # is cut off.
        camera = cells[0].plan.scene.camera
        self.table, self.single = bool(grid.rows or grid.heads), len(cells) == 1
        self.given = {cell.plan: cell for cell in cells if cell.seen}
        self.whole = self.single and not camera.subject and camera.view not in INSIDE and not self.given
        self.own_scales = own_scales and not self.single
        # Whether a matrix still shows values before its epilogue.
        self.raw = any(
            cell.frame < move.finished for cell in cells for move in cell.plan.timeline.moves.values()
        )
        self.title, self.told = title, notes
        self.notes: tuple[str, ...] = ()
        self.pictures: list[PanelPicture] = []
        self.items: list[Item] = []

    def fill(self, width: float, height: float | None) -> None:
        """Place everything on a page of this width, and of this height unless it is None."""
        self.width = self.up(width)
        over, above = head(self.cells[0].plan, self.type, self.width, title=self.title, told=self.whole)
        shown = [] if self.own_scales else [cell.plan for cell in self.cells]
        if not (self.whole and self.fill_with_why(height, above)):
            under, below = foot(shown, self.told, self.type, self.width, self.raw)
            if self.whole:  # one picture as large as the page
                free = (0.0, 0.0, below, above + PAGE_EDGE)
                room = PanelRoom(self.cells[0].plan, self.type, self.width, free)
                self.height = self.up(height or content_height(room))
                self.place(self.cells[0], panel(room, self.height), 0.0, 0.0)
            else:
                self.fill_grid(height, above, below)
            self.add(under, 0.0, 0.0)
        self.add(over, 0.0, self.height - above - PAGE_EDGE)

    def fill_with_why(self, height: float | None, above: float) -> bool:
        """One picture with the bars of its why at its right, and the legend under the bars. False if there is
        no why, or no room for both."""
        plan, frame = self.cells[0].plan, self.cells[0].frame
        why = why_block(plan, frame, self.type, self.width)
        split = why and split_foot([plan], self.told, self.type, self.width, self.raw, why.width)
        if not why or not split:
            return False
        (legend, tall), (under, below) = split
        beside = why.height + (tall and tall + WHY_APART)
        free = (0.0, why.width + WHY_APART, below, above + PAGE_EDGE)
        room = PanelRoom(plan, self.type, self.width, free)
        needed = beside + below + above + 3 * PAGE_EDGE
        self.height = self.up(height or max(content_height(room), needed))
        if needed > self.height:
            return False
        self.place(self.cells[0], panel(room, self.height), 0.0, 0.0)
        x, y = self.width - PAGE_EDGE - why.width, 0.5 * (below + self.height - above - beside)
        self.add(legend, x, y)
        self.add(why.items, x, y + beside - why.height)
        self.add(under, 0.0, 0.0)
        return True

    def fill_grid(self, height: float | None, above: float, below: float) -> None:
        """Panels in rows and columns, with the text above, below and beside each."""
        grid, line, gap = self.grid, 1.25 * self.type.size, TIGHT if self.table else PANEL_GAP
        columns = min(grid.columns, len(self.cells))
        rows = [self.cells[n : n + columns] for n in range(0, len(self.cells), columns)]
        edge = 0.0 if self.single else PAGE_EDGE  # a single picture here fills its frame
        left = self.up(edge + (line if grid.rows else 0.0))
        wide = self.down((self.width - left - edge - gap * (columns - 1)) / columns)
        if wide < 4 * self.type.size:
            raise InputError(
                f"{columns} panels side by side are too many for {self.width / 72:.3g} in; make the figure "
                "wider, or give fewer columns"
            )
        own = self.cells if self.own_scales else ()
        feet = {cell.plan: foot([cell.plan], (), self.type, wide, self.raw) for cell in own}
        lettered = 0.0 if self.table or self.single else line + 1.0
        foot_room = max((tall for _, tall in feet.values()), default=0.0)
        top = above + edge + (line if grid.heads else 0.0)
        tall = None
        if height:
            tall = (height - top - below - gap * (len(rows) - 1)) / len(rows) - lettered - foot_room
            if self.down(tall) < 4 * self.type.size:
                raise InputError(
                    f"{len(rows)} rows of panels are too many for {height / 72:.3g} in; make the figure "
                    "higher, or give more columns"
                )
        bare = self.table and wide < NARROW
        panels = self.panels(wide, tall and self.down(tall), labelled=not bare)
        tall = panels[self.cells[0].plan].height
        under, over = (self.up(max(one.beyond[n] for one in panels.values())) for n in (0, 1))
        step = lettered + over + tall + under + foot_room + gap
        self.height = self.up(height or top + step * len(rows) - gap + below)
        for n, cells in enumerate(rows):
            y = self.down(self.height - top - step * n - lettered - over - tall)
            if grid.rows:
                size = self.type.size
                at = 0.8 * size, 0.5 * tall, size, "CENTER"
                self.add([self.type.line(grid.rows[n], *at, angle=0.5 * math.pi)], PAGE_EDGE, y)
            for m, cell in enumerate(cells):
                x = self.down(left + m * (wide + gap))
                self.place(cell, panels[cell.plan], x, y)
                self.add(self.heading(n, n * columns + m, cell.title, wide), x, y + tall + over)
                items, deep = feet.get(cell.plan, ([], 0.0))
                self.add(items, x, y - under - deep)
        if bare:
            self.note_axes()

    def panels(self, width: float, height: float | None, labelled: bool) -> dict[Plan, Panel]:
        """The panel of each plan. All have one height: that of the highest, unless a height is given."""
        plans = list(dict.fromkeys(cell.plan for cell in self.cells))
        rooms = {p: PanelRoom(p, self.type, width, labelled=labelled) for p in plans}
        given = {
            p: given_panel(p, self.type, width, cell.seen, cell.kept, labelled)
            for p, cell in self.given.items()
            if cell.seen
        }
        if height is None:
            free = (content_height(rooms[p]) for p in plans if p not in given)
            height = self.up(max([*free, *(one.height for one in given.values())]))
        return {p: given.get(p) or panel(rooms[p], height) for p in plans}

    def heading(self, row: int, n: int, title: str, width: float) -> list[Text]:
        """The text over panel n: its letter, from a to z, then aa, and its title. In a table, the title of
        the column stands over the first row."""
        size = self.type.size
        if self.table:
            heads = self.grid.heads if row == 0 else ()
            return [self.type.line(heads[n], 0.5 * width, 0.35 * size, size, "CENTER")] if heads else []
        if self.single:
            return []
        letter = (chr(ord("a") + n // 26 - 1) if n >= 26 else "") + chr(ord("a") + n % 26)
        y = 0.4 * size
        return [
            self.type.line(letter, 0.0, y, size + 1, bold=True),
            self.type.line(title, 1.6 * size, y, size),
        ]

    def note_axes(self) -> None:
        """Add a note about the axes of matrices without labels."""
        p = self.cells[0].plan
        names = captions.axis_names_of(p, p.arrangement.planes[0].stage)
        told = [f"{axis}: {name}" for axis, name in zip(("rows", "columns"), names, strict=True) if name]
        self.notes += (", ".join(told),) if told else ()

    def place(self, cell: Cell, panel: Panel, x: float, y: float) -> None:
        flat = tuple(in_heights(one, panel.height) for one in panel.readouts)
        self.pictures.append(PanelPicture(cell, panel.view, x, y, panel.width, panel.height, flat))
        self.add(panel.items, x, y)
        spotlight = cell.plan.spotlight
        if spotlight and spotlight.shining(cell.frame) is spotlight.shines[-1]:
            self.add(panel.pointed, x, y)
        lit = (
            []
            if self.single and panel.told_lit
            else outlined_notes(cell.plan, cell.frame, single=self.single)
        )
        told = [*pooled_notes(cell.plan), *lit, *panel.notes]
        self.notes += tuple(note for note in told if note not in self.notes)

    def add(self, items: Iterable[Item], x: float, y: float) -> None:
        self.items += [moved(item, x, y) for item in items]

    def up(self, x: float) -> float:
        """The next whole number of pixels, in points."""
        return math.ceil(x / self.pixel - 1e-6) * self.pixel

    def down(self, x: float) -> float:
        return math.floor(x / self.pixel + 1e-6) * self.pixel

    def page(self) -> FigurePage:
        notes = tuple(note.replace(JOINED, " ") for note in self.told)
        return FigurePage(self.width, self.height, tuple(self.pictures), tuple(self.items), notes)
