"""Reads which glyphs a TrueType or OpenType font has, and how wide and high they are.

Only the tables head, hhea, hmtx, cmap and OS/2 are read, within bounds (OpenType 1.9.1). Blender draws the
glyphs.
"""

import os
import struct
from dataclasses import dataclass

from ..errors import InputError
from .reading import read_bounded

MOST_BYTES = 2**27
FONT_STARTS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
USUAL_CAPITALS = 0.72  # height of capitals in em, for a font that does not say


@dataclass(frozen=True)
class Font:
    """The measures of a font, in em. `advances` maps code points to widths; `box` is the height of the box
    around all glyphs, `capitals` the height of a capital letter."""

    advances: dict
    box: float
    capitals: float


def read_font(path: str | os.PathLike[str], where: str = "font") -> Font:
    """The Font in a .ttf or .otf file. Raises InputError if the file is missing, damaged or another kind of
    font."""
    data = read_bounded(path, MOST_BYTES, "font file", f"{where}: {path}")
    if data[:4] not in FONT_STARTS:
        kind = "a collection of fonts" if data[:4] == b"ttcf" else "not a font"
        raise InputError(f"{where}: {path} is {kind}; expected one TrueType or OpenType font (.ttf or .otf)")
    try:
        return _read(data)
    except (struct.error, KeyError, IndexError, ValueError, ZeroDivisionError):
        raise InputError(f"{where}: {path} is damaged; expected a TrueType or OpenType font") from None


def _read(data):
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {}
    for n in range(count):
        tag, _, start, length = struct.unpack_from(">4sIII", data, 12 + 16 * n)
        if start + length > len(data):
            raise ValueError(tag)
        tables[tag] = data[start : start + length]
    head, hhea = tables[b"head"], tables[b"hhea"]
    (em,) = struct.unpack_from(">H", head, 18)
    _, low, _, high = struct.unpack_from(">4h", head, 36)
    (metrics,) = struct.unpack_from(">H", hhea, 34)
    widths = struct.unpack_from(f">{2 * metrics}H", tables[b"hmtx"])[::2]
    glyphs = _glyphs(tables[b"cmap"])
    advances = {code: widths[min(glyph, metrics - 1)] / em for code, glyph in glyphs.items() if glyph}
    if not advances or high <= low:
        raise ValueError("no glyphs")
    os2, capitals = tables.get(b"OS/2", b""), 0
    if len(os2) >= 90 and struct.unpack_from(">H", os2)[0] >= 2:
        (capitals,) = struct.unpack_from(">h", os2, 88)
    high_letters = capitals / em if capitals > 0 else USUAL_CAPITALS
    return Font(advances, (high - low) / em, high_letters)


def _glyphs(cmap):
    """code point -> glyph, from the largest of the font's Unicode tables."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    best: dict = {}
    for n in range(count):
        platform, encoding, start = struct.unpack_from(">HHI", cmap, 4 + 8 * n)
        if platform not in (0, 3) or (platform == 3 and encoding not in (1, 10)):
            continue
        (form,) = struct.unpack_from(">H", cmap, start)
        found = {4: _segments, 12: _groups}.get(form, lambda *_: {})(cmap, start)
        best = max(best, found, key=len)
    return best


def _segments(cmap, start):
    """Format 4: code points up to U+FFFF in segments."""
    (double,) = struct.unpack_from(">H", cmap, start + 6)
    count, at, glyphs = double // 2, start + 14, {}
    ends = struct.unpack_from(f">{count}H", cmap, at)
    firsts = struct.unpack_from(f">{count}H", cmap, at + double + 2)
    deltas = struct.unpack_from(f">{count}H", cmap, at + 2 * double + 2)
    ranges = at + 3 * double + 2
    for n in range(count):
        (offset,) = struct.unpack_from(">H", cmap, ranges + 2 * n)
        for code in range(firsts[n], min(ends[n], 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", cmap, ranges + 2 * n + offset + 2 * (code - firsts[n]))
            if glyph or not offset:
                glyphs[code] = (glyph + deltas[n]) % 65536
    return glyphs


def _groups(cmap, start):
    """Format 12: all code points, in groups."""
    (count,) = struct.unpack_from(">I", cmap, start + 12)
    glyphs: dict = {}
    for n in range(count):
        first, last, glyph = struct.unpack_from(">3I", cmap, start + 16 + 12 * n)
        if last > 0x10FFFF or last - first > 0x10FFFF - len(glyphs):
            raise ValueError(last)
        glyphs.update(zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True))
    return glyphs
