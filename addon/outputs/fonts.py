"""The typeface of a figure: Blender's own, which looks the same everywhere, or one of the user's.

Blender measures the widths.
"""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

import blf

from ..errors import InputError, needs_extra
from ..formats.font import MOST_BYTES
from ..formats.reading import opened
from ..look.drawn_order import drawn

# Pixels at which Blender measures. Inter is narrower at large sizes, and a figure uses its narrow form.
_MEASURED, _MEASURED_OWN = 14.0, 200.0
_SLACK = 1.01  # Blender rounds small letters to whole pixels


class PageTypeface:
    """`name` is a font file (.ttf, .otf), a family that matplotlib finds, or "" for Blender's own.

    Raises InputError for a font that is not there.
    """

    def __init__(self, name: str = ""):
        self.name = name
        self.path = _path_of(name) if name else None
        self.font = blf.load(str(self.path)) if name else 0
        self.families = [*([_family(self.path)] if name else []), "Inter", "Helvetica", "Arial", "sans-serif"]

    @functools.cached_property
    def measure(self) -> Callable[[str, float], float]:
        """The function (text, size) -> width."""

        pixels = _MEASURED_OWN if self.name else _MEASURED

        @functools.cache
        def width(text):
            blf.size(self.font, pixels)
            return _SLACK * blf.dimensions(self.font, drawn(text))[0] / pixels

        return lambda text, size: width(text) * size


def require_matplotlib() -> None:
    """Raise JobError unless PDF and PNG can be written here."""
    try:
        import brotli  # noqa: F401
        import fontTools  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        needs = "a PDF or PNG figure needs matplotlib and fontTools"
        raise needs_extra(error, needs, "figures", "or make an SVG, which needs neither") from None


def _path_of(name):
    path = Path(name)
    if path.suffix.lower() in (".ttf", ".otf", ".ttc"):
        opened(path, MOST_BYTES, "font file", f"`font`: {path}").close()
        return path
    require_matplotlib()
    from matplotlib import font_manager

    try:
        return Path(font_manager.findfont(name, fallback_to_default=False))
    except ValueError:
        raise InputError(
            f'`font`: no font of the family "{name}" is installed; '
            "give a family that is, or a .ttf or .otf file"
        ) from None


def _family(path):
    with contextlib.suppress(ImportError):
        from fontTools.ttLib import TTFont

        return TTFont(path, fontNumber=0, lazy=True)["name"].getBestFamilyName() or path.stem
    return path.stem
