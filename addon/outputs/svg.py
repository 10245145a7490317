"""Writes a figure's page as SVG, in pure Python: the raster embedded, and type as text or as outlines."""

import base64
from collections.abc import Callable, Mapping, Sequence
from math import degrees
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from ..description.style import WholeStyle
from ..look.drawn_order import directed
from ..look.styles import rule_color, soft_color
from ..picture.figure_page import FigurePage
from ..staging.writing.items import Text
from .png_file import raster_png, size_chunk

_ANCHORS = {"LEFT": "start", "CENTER": "middle", "RIGHT": "end"}


def svg(
    page: FigurePage,
    raster: np.ndarray,
    style: WholeStyle,
    typeface: Any,
    dpi: int,
    notes: Mapping[str, str],
    shape: Callable[[Text], str] | None = None,
) -> str:
    """The text of an SVG file whose units are points and whose size is the page's.

    `notes` go into its metadata. With `shape`, a function from a Text to path data, type becomes outlines.
    """
    image = base64.b64encode(raster_png(raster, [size_chunk(dpi)])).decode()
    families = ", ".join(name if name.isalpha() else f"'{name}'" for name in typeface.families)
    strong = f' stroke="{hex_color(style.text)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{_n(page.width / 72)}in" height="{_n(page.height / 72)}in" '
        f'viewBox="0 0 {_n(page.width)} {_n(page.height)}">',
        *(
            f"<{element}>{escape(_printable(said))}</{element}>"
            for element, name in (("title", "Title"), ("desc", "Description"), ("metadata", "Comment"))
            if (said := notes.get(name))
        ),
        f'<image width="{_n(page.width)}" height="{_n(page.height)}" preserveAspectRatio="none" '
        f'xlink:href="data:image/png;base64,{image}"/>',
        f'<g stroke="{hex_color(rule_color(style))}" fill="none">',
        *(
            f'<line x1="{_n(r.x0)}" y1="{_n(page.height - r.y0)}" x2="{_n(r.x1)}" '
            f'y2="{_n(page.height - r.y1)}" stroke-width="{_n(r.width)}"{strong if r.strong else ""}/>'
            for r in page.rules
        ),
        "</g>",
        f"<g font-family={quoteattr(families)}>",
    ]
    for text in page.texts:
        x, y = _n(text.x), _n(page.height - text.y)
        fill = hex_color(soft_color(style) if text.soft else style.text)
        if shape:
            lines.append(f'<path fill="{fill}" d="{shape(text)}"/>')
            continue
        turn = f' transform="rotate({_n(-degrees(text.angle))} {x} {y})"' if text.angle else ""
        way = "" if text.text.isascii() else ' style="unicode-bidi:plaintext"'
        weight = ' font-weight="600"' if text.bold else ""
        lines.append(
            f'<text x="{x}" y="{y}" font-size="{_n(text.size)}" fill="{fill}" '
            f'text-anchor="{_ANCHORS[text.align]}"{weight}{way}{turn}>{escape(directed(text.text))}</text>'
        )
    return "\n".join([*lines, "</g>", "</svg>", ""])


def hex_color(color: Sequence[float]) -> str:
    """sRGB from 0 to 1 as #rrggbb."""
    return "#" + "".join(f"{round(255 * c):02x}" for c in color)


def _printable(text):
    """A text without the characters that XML forbids."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _n(x):
    return f"{x:.3f}".rstrip("0").rstrip(".")
