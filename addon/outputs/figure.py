"""Makes a figure for a paper: rendered pictures of exactly the asked dots, with all text set as type over
them.

`picture.figure_page` decides the page. This module renders its pictures and writes the file, whole or not at
all. Stills and films have their labels in the scene; a figure renders the scene without labels.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import bpy
import numpy as np

from ..blender.build import draw
from ..errors import InputError
from ..look.color_maps import color_map
from ..picture.drawing import panel_of
from ..picture.figure_page import (
    MOST_DOTS,
    FigurePage,
    PanelGrid,
    PanelPicture,
    Shown,
    cells_of,
    compose,
    length,
)
from ..picture.figure_type import page_type
from ..staging.writing.items import Swatch
from . import files as outputs
from .blend_file import begin_empty, description_as_set
from .built_figure import bare_scene, built_cell, is_built
from .fonts import PageTypeface, require_matplotlib
from .formats import FIGURES, require_suffix
from .frames import Settings, render_still
from .interrupt import telling
from .notes import notes_of
from .picture_files import stored_pixels
from .progress import Listener, Tracker, tell, unheard
from .rendering import largest_error
from .svg import svg
from .temporary import temporary_folder
from .typeset import outlines as shapes_of
from .typeset import typeset

QUICKLY_RENDERED = 150_000_000  # samples of all dots, of which a processor renders a few million a second


def figure(
    shown: Sequence[Shown],
    path: Path,
    *,
    width: str = "3.3in",
    height: str | None = None,
    dpi: int = 600,
    grid: PanelGrid | None = None,
    title: bool = False,
    own_scales: bool = False,
    transparent: bool = False,
    outlines: bool = False,
    font: str = "",
    font_size: float = 8.0,
    samples: int | None = None,
    progress: Listener = unheard,
) -> FigurePage:
    """Make the figure with these panels, and return its FigurePage; see `api.figure`.

    The open Blender file is replaced. Raises InputError and JobError.
    """
    for name, value, low, high in (("dpi", dpi, 36, 2400), ("font_size", font_size, 3, 72)):
        if not isinstance(value, (int, float)) or not low <= value <= high:
            raise InputError(f"`{name}`: {value!r} is not a number from {low} to {high}")
    kind = require_suffix(path, FIGURES)
    outputs.require_file_place(path)
    width, height = length(width, dpi), length(height, dpi, "height") if height else None
    if max(width, height or 0.0) / 72 * dpi > MOST_DOTS:
        raise InputError(f"{width / 72:.3g} in at {dpi} dots per inch are more than {MOST_DOTS:,} dots")
    if kind != ".svg" or outlines:
        require_matplotlib()
    typeface = PageTypeface(font)
    grid = grid or PanelGrid(len(shown))
    dots = round(width / 72 * dpi / min(grid.columns, len(shown)))
    drawn = iter(cells_of([one for one in shown if not is_built(one)], dots, own_scales))
    cells = [built_cell(one) if is_built(one) else next(drawn) for one in shown]
    if height and any(is_built(one) for one in shown):
        raise InputError("height: the height of a built scene comes from its camera; give only the width")
    type = page_type(font_size, typeface.measure)
    page = compose(cells, grid, type, 72.0 / dpi, width, height, title=title, own_scales=own_scales)
    with telling(lambda: f"interrupted: {path} was not written"):
        raster, error = _raster(page, dpi, transparent, samples, progress)
    notes = notes_of([cell.plan.description for cell in cells], bpy.app.version_string, error)
    style = cells[0].plan.style
    with outputs.written_whole(path) as part:
        if kind == ".svg":
            shapes = shapes_of(page, typeface) if outlines else contextlib.nullcontext()
            with shapes as shape:
                text = svg(page, raster, style, typeface, dpi, notes, shape)
            part.write_text(text, "utf-8", newline="\n")
        else:
            typeset(page, raster, style, typeface, part, kind[1:], dpi, notes)
    for note in page.notes:
        tell(progress, f"{path}: {note}")
    return page


def _raster(page, dpi, transparent, samples, progress):
    """(the raster of a page's pictures and colour bars, the largest verified error of its numbers).

    The raster is (height, width, 4) uint8 in sRGB, with row 0 at the top. The error is None unless every
    picture was verified."""
    dots = lambda points: round(points * dpi / 72)  # noqa: E731
    height = dots(page.height)
    raster = np.zeros((height, dots(page.width), 4), np.uint8)
    tracker = Tracker("rendering", len(page.pictures), progress)
    _tell_of_time(page, dots, samples, progress)
    single, drawn, blender_scene = len(page.pictures) == 1, None, None
    errors: list[float | None] = []
    with temporary_folder() as folder:
        for n, picture in enumerate(page.pictures):
            wide, tall = dots(picture.width), dots(picture.height)
            if picture.cell.plan is not drawn:
                drawn = picture.cell.plan
                blender_scene = _scene_of(picture)
                errors.append(None if picture.cell.blend else largest_error(blender_scene))
            options = description_as_set(blender_scene).render
            settings = Settings(wide, tall, samples or options.samples, options.engine, transparent)
            file = folder / f"{n}.png"
            if not single:
                tracker.update(n, f"panel {n + 1} of {len(page.pictures)}")
            own = progress if single else unheard
            render_still(blender_scene, file, picture.cell.frame, settings, "figure", own)
            dot = stored_pixels(file)
            if n == 0 and not transparent:
                raster[:] = _background(dot, drawn.style)
            x, y = dots(picture.x), height - dots(picture.y) - tall
            raster[y : y + tall, x : x + wide] = dot
    if not single:
        tracker.finish()
    for one in (*page.bars, *page.swatches):
        x, y, wide, tall = dots(one.x), height - dots(one.y + one.height), dots(one.width), dots(one.height)
        table = color_map(one.color_map)
        last = len(table) - 1
        at = one.at * last if isinstance(one, Swatch) else np.linspace(0, last, wide)
        raster[y : y + tall, x : x + wide, :3] = table[np.rint(at).astype(int)]
        raster[y : y + tall, x : x + wide, 3] = 255
    known = [error for error in errors if error is not None]
    return raster, max(known) if len(known) == len(errors) else None


def _tell_of_time(page, dots, samples, progress):
    """Report that a page of many dots takes long. Blender itself is silent from the first samples of a
    picture to the last."""
    work = sum(
        dots(one.width) * dots(one.height) * (samples or one.cell.plan.description.render.samples)
        for one in page.pictures
    )
    if work > QUICKLY_RENDERED:
        told = f"{work / 1e6:,.0f} million samples may take minutes, in which the progress stands still"
        tell(progress, f"{told}; a smaller `dpi` or fewer `samples` take less")


def _scene_of(picture: PanelPicture) -> bpy.types.Scene:
    """The Blender scene of a panel: the scene in its .blend, or one that is drawn for it."""
    if picture.cell.blend:
        scene = bare_scene(picture.cell.blend)
    else:
        begin_empty()
        scene = draw(panel_of(picture.cell.plan, picture.view, picture.readouts))
    scene.render.dither_intensity = 0.0  # noise would make a white page off-white in places
    return scene


def _background(dots, style):
    """The colour of the page between its pictures: that of the style, or as a picture shows it under the
    light."""
    if style.flat:
        return (*(round(255 * c) for c in style.background), 255)
    return np.median(np.concatenate([dots[0], dots[-1], dots[:, 0], dots[:, -1]]), axis=0)
