"""Blender's font files, and parts of them that matplotlib can read.

Blender's fonts have nearly all scripts, but they are compressed and variable. So the needed letters are taken
out as small plain fonts. Blender need not be loaded; its module only has to be installed.
"""

import contextlib
import importlib.util
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..attention.tokens import NO_BASE
from ..look.drawn_order import directed, drawn
from .temporary import temporary_folder

REGULAR, BOLD = 400, 600  # weights of type, as fonts number them
FIRST = "Inter.woff2"
# How other fonts are ordered in a search for letters.
OTHER_FONTS = ("Symbols2", "Symbols-", "Math", "CJK", "")
NUMBERED = " no. "  # between the name of a font and its number
_numbers = itertools.count()


def as_set(text: str) -> str:
    """A line of text as matplotlib is to be given it. From 3.11 on it shapes letters and orders them."""
    from matplotlib import ft2font

    return directed(text) if hasattr(ft2font, "__libraqm_version__") else drawn(text)


def fonts_with(
    letters: Iterable[str], weight: int, folder: Path, first: Path | None = None
) -> tuple[list[Path], set[str]]:
    """(font files that have the `letters`, written into `folder`; letters that no font has).

    `first` is a font file that comes before Blender's. `weight` is that of variable fonts, such as REGULAR.
    """
    from fontTools.ttLib import TTFont

    files, wanted = [first] if first else [], set(letters)
    missing = set(wanted)
    if first:
        with TTFont(first, fontNumber=0, lazy=True) as font:
            missing -= _letters(font)
    for source in _blenders():
        if not missing:
            break
        with TTFont(source, lazy=True, recalcTimestamp=False) as font:
            found = missing & _letters(font)
            if found:  # take all wanted letters that it has, because letters that join must share a font
                family = font["name"].getBestFamilyName() or source.stem
                files.append(
                    _reduced(font, wanted | {NO_BASE}, weight, Path(folder) / f"{family}-{weight}.ttf")
                )
                missing -= found
    return files, missing


@contextlib.contextmanager
def families(
    letters: Mapping[int, set[str]], first: Path | None = None
) -> Iterator[tuple[dict[int, list[str]], set[str]]]:
    """A block in which matplotlib knows fonts with these letters: ({weight: names of fonts}, letters that no
    font has)."""
    from matplotlib import font_manager

    known, before = font_manager.fontManager.ttflist, len(font_manager.fontManager.ttflist)
    with temporary_folder() as folder:
        try:
            names: dict[int, list[str]] = {weight: [] for weight in letters}
            missing: set[str] = set()
            for weight, wanted in letters.items():
                paths, lacking = fonts_with(wanted, weight, Path(folder), first)
                missing |= lacking
                for path in paths:
                    # matplotlib remembers fonts by name, so each gets a name of its own.
                    name = f"{path.stem.removesuffix(f'-{weight}')}{NUMBERED}{next(_numbers)}"
                    names[weight].append(name)
                    file, size = str(path), "scalable"
                    for asked in (400, 700):  # this font serves both weights
                        entry = font_manager.FontEntry(fname=file, name=name, weight=asked, size=size)
                        known.append(entry)
            yield names, missing
        finally:
            del known[before:]


def _blenders() -> list[Path]:
    """Blender's font files, in the order in which they are searched; none without Blender."""
    bpy = sys.modules.get("bpy")
    if bpy is not None:
        folders = [Path(bpy.utils.system_resource("DATAFILES")) / "fonts"]
    else:
        found = importlib.util.find_spec("bpy")
        origin = found.origin if found else None
        folders = list(Path(origin).parent.glob("*/datafiles/fonts")) if origin else []
    files = [path for folder in folders for path in folder.glob("*.woff2")]

    def rank(path):
        return (
            path.name != FIRST,
            next(n for n, part in enumerate(OTHER_FONTS) if part in path.name),
            path.name,
        )

    return sorted(files, key=rank)


def _letters(font):
    return {chr(code) for code in font.getBestCmap()}


def _reduced(font, letters, weight, path):
    """A plain font of these letters in one weight."""
    from fontTools import subset
    from fontTools.varLib import instancer

    # Other scripts need their shaping features; those of Inter would turn "->" into an arrow.
    features = ["kern"] if path.stem.startswith("Inter") else ["*"]
    options = subset.Options(notdef_outline=True, layout_features=features, name_IDs=["*"])
    options.drop_tables += ["FFTM"]  # FontForge's times; else fontTools would warn that it drops them
    reducer = subset.Subsetter(options)
    reducer.populate(text="".join(sorted(letters)))
    reducer.subset(font)
    if "fvar" in font:
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        if "wght" in axes:
            axes["wght"] = weight
        instancer.instantiateVariableFont(font, axes, inplace=True)
    font.flavor = None
    font.save(path, reorderTables=False)
    return path
