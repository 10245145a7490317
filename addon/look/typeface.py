"""The typeface of Blender's text objects, with its fallbacks: which glyphs there are and how wide they set.

The table `typeface.json` is measured from Blender (scripts/make_typeface.py). There is no kerning: a line
is as wide as its glyphs together. What has no glyph is written as its number, U+XXXX, so that it is seen.
"""

import functools
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

TOP, BOTTOM = 0.76, -0.25  # of a line of Latin letters, from its base line, in sizes
TOP_ACCENTED, BOTTOM_OTHER = 0.97, -0.3  # with accents, or in other scripts
LOW = "×÷·−–—…≤≥≈“”‘’↵→←"  # signs that are no higher than Latin letters
NOTHING = 0.5  # width of a glyph that is in no table
ELLIPSIS = "…"
MARKS = {"\n": "↵", "\r": "←", "\t": "→"}  # seen where they stand for themselves, as in a token


@dataclass(frozen=True, eq=False)
class Typeface:
    """`widths` maps a code point to the width of its glyph, in sizes; what it lacks is taken from `others`.

    A line in it is set `scale` times as large, to look as large as the built-in one; `path` is its file.
    """

    widths: dict
    others: "Typeface | None" = None
    scale: float = 1.0
    path: str = ""

    def width(self, text):
        """The width of a line, in sizes."""
        return sum(self._width(ord(letter)) for letter in text)

    def _width(self, code):
        if code in self.widths:
            return self.widths[code] * self.scale
        return self.others._width(code) if self.others else NOTHING

    def has(self, letter):
        return ord(letter) in self.widths or bool(self.others and self.others.has(letter))

    def shown(self, text, longest=None):
        """A text as it can be written on one line, no wider than `longest` sizes.

        Accents are joined with their letters, line breaks and tabs become signs, whatever cannot be seen
        or has no glyph becomes its number.
        """
        text = "".join(self._letter(letter) for letter in unicodedata.normalize("NFC", text))
        if longest is not None and self.width(text) > longest:
            while text and self.width(text) > longest - self.width(ELLIPSIS):
                text = text[:-1]
            text += ELLIPSIS
        return text

    def _letter(self, letter):
        if letter in MARKS:
            return MARKS[letter]
        if letter == " " or (self.has(letter) and unicodedata.category(letter)[0] not in "CZ"):
            return letter
        if unicodedata.category(letter) == "Zs":
            return " "
        return f"U+{ord(letter):04X}"


def escaped(shown, text):
    """Whether `shown`, made of `text`, has numbers in place of glyphs."""
    return shown.count("U+") > text.count("U+")


def extent(text):
    """(bottom, top) of a line from its base line, in sizes."""
    plain = all(letter.isascii() or letter in LOW for letter in text)
    return (BOTTOM, TOP) if plain else (BOTTOM_OTHER, TOP_ACCENTED)


@functools.cache
def built_in():
    """Blender's own typeface with its fallbacks."""
    table = json.loads((Path(__file__).parent / "typeface.json").read_text())
    return Typeface(
        {
            code: width / table["unit"]
            for first, last, width in table["runs"]
            for code in range(first, last + 1)
        }
    )
