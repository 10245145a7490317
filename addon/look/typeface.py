"""Typefaces as Blender's text objects set them: which glyphs there are and how wide they are.

The table `typeface.json` is measured from Blender's own typeface and its fallbacks
(scripts/make_typeface.py). There is no kerning: a line is as wide as its glyphs together. A character without
a glyph is written as its number, U+XXXX. A width or height in "sizes" is a part of the size of the type.
"""

import functools
import itertools
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..attention import tokens
from ..description.scene import Scene
from ..formats.font import read_font
from .drawn_order import drawn

BUILT_IN_CAPITALS = 0.682  # height of a capital of the built-in typeface, in sizes
TOP, BOTTOM = 0.76, -0.25  # of a line of Latin letters, from its base line, in sizes
TOP_ACCENTED, BOTTOM_OTHER = 0.97, -0.4  # with accents, or in other scripts
FIRST_OTHER_SCRIPT = 0x590  # the first code point after the European scripts
LOW = "°×÷·−–—…≤≥≈«»“”‘’↵→←₀₁₂₃₄₅₆₇₈₉"  # signs that are no higher than Latin letters
UNKNOWN_WIDTH = 0.5  # of a glyph that is in no table, in sizes
ELLIPSIS = "…"
LONGEST_LINE = 1_000  # letters of a line; no picture has room for more


@dataclass(frozen=True, eq=False)
class Typeface:
    """`widths` maps a code point to the width of its glyph, in sizes. If it lacks a character of a line, the
    whole line is set in the typeface `other`.

    `path` is the font file, "" for the built-in typeface. Lines are set `scale` times as large, so that they
    look as large as lines in the built-in typeface.
    """

    widths: dict
    other: "Typeface | None" = None
    scale: float = 1.0
    path: str = ""

    def of(self, text: str) -> "Typeface":
        """The typeface in which a line is set: this one or the other."""
        if self.other is None or all(ord(letter) in self.widths for letter in drawn(text)):
            return self
        return self.other

    # A label is set anew for each place that it may have; there are few typefaces.
    @functools.lru_cache(4096)  # noqa: B019
    def width(self, text: str) -> float:
        """The width of a line, in sizes."""
        widths = self.of(text).widths
        return sum(widths.get(ord(letter), UNKNOWN_WIDTH) for letter in drawn(text))

    def has(self, letter: str) -> bool:
        """Whether this typeface or the other has a glyph for a character."""
        return ord(letter) in self.widths or bool(self.other and self.other.has(letter))

    @functools.lru_cache(4096)  # noqa: B019
    def shown(self, text: str, longest: float | None = None) -> str:
        """A text as it can be written on one line of at most LONGEST_LINE letters and `longest` sizes (None:
        as wide as it is). An ellipsis ends a text that was cut.

        Accents are joined with their letters. Line breaks and tabs become signs. Joiners stay between
        letters, where they say how these join. Any other character that cannot be seen or has no glyph
        becomes its number.
        """
        cut = len(text) > LONGEST_LINE
        text = tokens.unjoined(unicodedata.normalize("NFC", text[:LONGEST_LINE]))
        text = "".join(
            letter if n and letter in tokens.JOINERS else self._letter(letter)
            for n, letter in enumerate(text)
        )
        if longest is not None and (cut or self.width(text) > longest):
            text, cut = self._beginning(text, longest - self.width(ELLIPSIS)), True
        return text + ELLIPSIS if cut else text

    def _beginning(self, text, room):
        """As much of the beginning of a line as fits into `room` sizes."""
        widths = self.of(text).widths
        used = itertools.accumulate(widths.get(ord(letter), UNKNOWN_WIDTH) for letter in text)
        text = text[: sum(1 for _ in itertools.takewhile(lambda width: width <= room, used))]
        while text and self.width(text) > room:  # the shorter line may be set in the other typeface
            text = text[:-1]
        return text

    def _letter(self, letter):
        if letter in tokens.LINE_SIGNS:
            return tokens.LINE_SIGNS[letter]
        if letter == " " or (self.has(letter) and unicodedata.category(letter)[0] not in "CZ"):
            return letter
        if unicodedata.category(letter) == "Zs":
            return " "
        return f"U+{ord(letter):04X}"


def escaped(shown: str, text: str) -> bool:
    """Whether `shown`, which `Typeface.shown` made of `text`, has numbers for characters without a glyph."""
    return shown.count("U+") > text.count("U+")


def extent(text: str) -> tuple[float, float]:
    """(bottom, top) of a line from its base line, in sizes."""
    if all(letter.isascii() or letter in LOW for letter in text):
        return BOTTOM, TOP
    european = all(ord(letter) < FIRST_OTHER_SCRIPT or letter in LOW for letter in text)
    return (BOTTOM if european else BOTTOM_OTHER), TOP_ACCENTED


def typeface_of(scene: Scene) -> Typeface:
    """The typeface of a scene: the built-in one, or that of its font file. Raises InputError for a file that
    is no font.

    Blender sets a font so large that the box around all of its glyphs is one size high.
    """
    if not scene.look.font:
        return built_in()
    path = Path(scene.folder) / scene.look.font
    font = read_font(path, "look: font")
    scale = BUILT_IN_CAPITALS * font.box / font.capitals
    widths = {code: width / font.box * scale for code, width in font.advances.items()}
    return Typeface(widths, built_in(), scale, str(path))


@functools.cache
def built_in() -> Typeface:
    """Blender's own typeface with its fallbacks."""
    table = json.loads((Path(__file__).parent / "typeface.json").read_text())
    return Typeface(
        {
            code: width / table["unit"]
            for first, last, width in table["runs"]
            for code in range(first, last + 1)
        }
    )
