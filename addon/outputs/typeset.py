"""Writes a figure's page as PDF or PNG with matplotlib: the raster dot by dot, and type as type.

The same page gives the same bytes: no date and nothing of the machine is written.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..description.style import WholeStyle
from ..look.styles import rule_color, soft_color
from ..picture.figure_page import FigurePage
from ..staging.writing.items import Text
from .font_files import BOLD, REGULAR, as_set, families
from .png_file import profile_chunk, raster_png, size_chunk, text_chunk

WEIGHTS = {False: REGULAR, True: BOLD}


def typeset(
    page: FigurePage,
    raster: np.ndarray,
    style: WholeStyle,
    typeface: Any,
    path: Path,
    kind: str,
    dpi: int,
    notes: Mapping[str, str],
) -> None:
    """Write a page and its raster, (height, width, 4) uint8, to `path` as `kind`, "pdf" or "png". `notes` go
    into the metadata."""
    import matplotlib
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    settings = {
        "pdf.fonttype": 42,
        "text.usetex": False,
        "text.hinting": "none",
        "text.antialiased": True,
        "agg.path.chunksize": 0,
        "savefig.bbox": None,
    }
    with matplotlib.rc_context(settings), _families(page, typeface) as names:
        # Half a dot more: matplotlib would cut the last dot if rounding makes it smaller.
        size = [(count + 0.01) / dpi for count in (raster.shape[1], raster.shape[0])]
        figure = Figure(figsize=(size[0], size[1]), dpi=dpi, frameon=False)
        axes = figure.add_axes((0, 0, 1, 1), frameon=False)
        axes.set_axis_off()
        axes.imshow(raster, extent=(0, page.width, 0, page.height), interpolation="none", aspect="auto")
        axes.set_xlim(0, page.width)
        axes.set_ylim(0, page.height)
        axes.add_collection(
            LineCollection(
                [((r.x0, r.y0), (r.x1, r.y1)) for r in page.rules],
                linewidths=[r.width for r in page.rules],
                colors=[style.text if r.strong else rule_color(style) for r in page.rules],
            )
        )
        for text in page.texts:
            axes.text(
                text.x,
                text.y,
                as_set(text.text),
                size=text.size,
                family=names[text.bold],
                color=soft_color(style) if text.soft else style.text,
                ha=text.align.lower(),
                va="baseline",
                rotation=np.degrees(text.angle),
                rotation_mode="anchor",
                parse_math=False,
            )
        if kind == "png":
            _save_png(figure, path, dpi, notes)
        else:
            _save_pdf(figure, path, dpi, notes)


def _save_png(figure, path, dpi, notes):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text_chunk(name, text) for name, text in notes.items()]
    chunks = [profile_chunk(), *texts, size_chunk(dpi)]
    path.write_bytes(raster_png(np.asarray(canvas.buffer_rgba()), chunks))


def _save_pdf(figure, path, dpi, notes):
    names = {"Title": "Title", "Description": "Subject", "Comment": "Keywords", "Software": "Creator"}
    said = {names[name]: text for name, text in notes.items()}
    plain = {"CreationDate": None, "Creator": None, "Producer": None}
    figure.savefig(path, format="pdf", dpi=dpi, transparent=True, metadata=plain | said)


@contextlib.contextmanager
def outlines(page: FigurePage, typeface: Any) -> Iterator[Callable[[Text], str]]:
    """A block with the function from a Text of the page to its outlines, as SVG path data (y down)."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    steps = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3)}  # matplotlib's codes; 79 closes

    with _families(page, typeface) as names:
        shaper = TextToPath()

        def shape(text):
            font = FontProperties(family=names[text.bold], size=text.size)
            vertices, codes = shaper.get_text_path(font, as_set(text.text), ismath=False)
            vertices = np.asarray(vertices, float).reshape(-1, 2) * text.size / shaper.FONT_SCALE
            width = shaper.get_text_width_height_descent(as_set(text.text), font, False)[0]
            vertices[:, 0] -= {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}[text.align] * width
            cos, sin = np.cos(text.angle), np.sin(text.angle)
            vertices = vertices @ [[cos, sin], [-sin, cos]]
            parts, n = [], 0
            points = np.stack([text.x + vertices[:, 0], page.height - text.y - vertices[:, 1]], axis=1)
            while n < len(codes):
                if codes[n] == 79:
                    parts.append("Z")
                    n += 1
                else:
                    word, count = steps[codes[n]]
                    parts.append(word + " ".join(f"{x:.3f}" for x in points[n : n + count].ravel()))
                    n += count
            return "".join(parts)

        yield shape


@contextlib.contextmanager
def _families(page, typeface):
    """A block with matplotlib's names for the fonts of the page: {whether bold: names}."""
    letters = {
        weight: {letter for text in page.texts if text.bold == bold for letter in as_set(text.text)}
        for bold, weight in WEIGHTS.items()
    }
    with families(letters, typeface.path) as (names, _):
        yield {bold: [*names[weight], "DejaVu Sans"] for bold, weight in WEIGHTS.items()}
