"""The typeface of Blender's text objects, with its fallbacks: which glyphs there are and how wide they set.

The table `typeface.json` is measured from Blender (scripts/make_typeface.py). There is no kerning: a line
is as wide as its glyphs together. What has no glyph is written as its number, U+XXXX, so that it is seen.
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

BUILT_IN_CAPITALS = 0.682  # height of a capital of the built-in typeface, in sizes
TOP, BOTTOM = 0.76, -0.25  # of a line of Latin letters, from its base line, in sizes
TOP_ACCENTED, BOTTOM_OTHER = 0.97, -0.4  # with accents, or in other scripts
FIRST_OTHER_SCRIPT = 0x590  # the first code point after the European scripts
LOW = "°×÷·−–—…≤≥≈«»“”‘’↵→←₀₁₂₃₄₅₆₇₈₉"  # signs that are no higher than Latin letters
UNKNOWN_WIDTH = 0.5  # width of a glyph that is in no table
ELLIPSIS = "…"
LONGEST_LINE = 1_000  # letters of a line; no picture has room for more
WITHOUT_JOINERS = dict.fromkeys(map(ord, tokens.JOINERS))
MARKS = {"\n": "↵", "\r": "←", "\t": "→"}  # seen where they stand for themselves, as in a token


@dataclass(frozen=True, eq=False)
class Typeface:
    """`widths` maps a code point to the width of its glyph, in sizes. A line with a glyph that it lacks is
    set in the typeface `other` as a whole.

    A line in it is set `scale` times as large, to look as large as one in the built-in typeface, which has
    no `path` of a file.
    """

    widths: dict
    other: "Typeface | None" = None
    scale: float = 1.0
    path: str = ""

    def of(self, text: str) -> "Typeface":
        """The typeface in which a line is set: this one or the other."""
        if self.other is None or all(ord(letter) in self.widths for letter in text):
            return self
        return self.other

    @functools.lru_cache(4096)  # noqa: B019 - few typefaces; labels are set anew for each place they may have
    def width(self, text: str) -> float:
        """The width of a line, in sizes."""
        widths = self.of(text).widths
        return sum(widths.get(ord(letter), UNKNOWN_WIDTH) for letter in text)

    def has(self, letter: str) -> bool:
        return ord(letter) in self.widths or bool(self.other and self.other.has(letter))

    @functools.lru_cache(4096)  # noqa: B019
    def shown(self, text: str, longest: float | None = None) -> str:
        """A text as it can be written on one line, no wider than `longest` sizes, of at most LONGEST letters.

        Accents are joined with their letters, line breaks and tabs become signs; what only shapes letters is
        left out, as Blender shapes none; whatever else cannot be seen or has no glyph becomes its number.
        """
        cut = len(text) > LONGEST_LINE
        text = text[:1] + text[1:LONGEST_LINE].translate(WITHOUT_JOINERS)
        text = "".join(self._letter(letter) for letter in unicodedata.normalize("NFC", text))
        if longest is not None and (cut or self.width(text) > longest):
            text, cut = self._beginning(text, longest - self.width(ELLIPSIS)), True
        return text + ELLIPSIS if cut else text

    def _beginning(self, text, room):
        """As much of a line as fits into `room` sizes."""
        widths = self.of(text).widths
        used = itertools.accumulate(widths.get(ord(letter), UNKNOWN_WIDTH) for letter in text)
        text = text[: sum(1 for _ in itertools.takewhile(lambda width: width <= room, used))]
        while text and self.width(text) > room:  # what is left may be set in the other typeface
            text = text[:-1]
        return text

    def _letter(self, letter):
        if letter in MARKS:
            return MARKS[letter]
        if letter == " " or (self.has(letter) and unicodedata.category(letter)[0] not in "CZ"):
            return letter
        if unicodedata.category(letter) == "Zs":
            return " "
        return f"U+{ord(letter):04X}"


def escaped(shown: str, text: str) -> bool:
    """Whether `shown`, made of `text`, has numbers in place of glyphs."""
    return shown.count("U+") > text.count("U+")


def extent(text: str) -> tuple[float, float]:
    """(bottom, top) of a line from its base line, in sizes."""
    if all(letter.isascii() or letter in LOW for letter in text):
        return BOTTOM, TOP
    european = all(ord(letter) < FIRST_OTHER_SCRIPT or letter in LOW for letter in text)
    return (BOTTOM if european else BOTTOM_OTHER), TOP_ACCENTED


def typeface_of(scene: Scene) -> Typeface:
    """The typeface of a description: the built-in one, or that of its font file. Raises InputError.

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
