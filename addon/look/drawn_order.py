"""Lines of text that run to the left, in part or as a whole, and the forms of letters that join.

Blender's text objects set each character as it comes: Hebrew and Arabic would run backwards, Arabic letters
would stand apart, and vowels of Indian scripts behind the consonants before which they are written. `drawn`
is for them. Programs that shape text, such as browsers, need the text as it is; `directed` is for them.

A line runs to the left if its first letter does, by the Unicode bidirectional algorithm. In a line that runs
to the right, and in any with an arrow, such as "שלום → עולם 0.52", each word or phrase keeps its place:
tokens in a list are not to change places, nor an arrow its ends.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from ..attention.tokens import JOINERS

_FIRST_IN_QUESTION = "\u0590"  # Hebrew, Arabic, Indian and other scripts that need care come after it
_MIRRORED = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")
_ZWJ, _TATWEEL, _TO_THE_RIGHT = "\u200d", "\u0640", "\u200e"
# Vowels that are written before their consonant: of Devanagari to Sinhala.
_BEFORE = "\u093f\u09bf\u09c7\u09c8\u0a3f\u0abf\u0b47\u0bc6-\u0bc8\u0d46-\u0d48\u0dd9\u0ddb"
_IN_TWO_PARTS = re.compile("[\u09cb\u09cc\u0b48\u0b4b\u0b4c\u0bca-\u0bcc\u0d4a-\u0d4c\u0dda\u0ddc-\u0dde]")
_NUKTA = "\u093c\u09bc\u0a3c\u0abc\u0b3c"  # a dot that is part of a consonant
_REORDERED = re.compile(f"(\\w[{_NUKTA}]?)([{_BEFORE}])")


@functools.lru_cache(4096)
def drawn(text: str) -> str:
    """The characters of a line in the order in which they stand, from left to right, each in the form that it
    has there. Joiners, which have no glyph, are left out."""
    if all(letter < _FIRST_IN_QUESTION for letter in text):
        return text
    text = _IN_TWO_PARTS.sub(lambda match: unicodedata.normalize("NFD", match[0]), text)
    text = _REORDERED.sub(r"\2\1", text)
    text = "".join(letter for letter in _joined(text) if letter not in JOINERS)
    levels = _levels(text)
    return _ordered(text, levels) if max(levels, default=0) else text


def directed(text: str) -> str:
    """A line for programs that order letters themselves, with marks that keep its words in their places."""
    levels = _levels(text)
    if max(levels, default=0) != 1 or min(levels) == 1:
        return text
    runs = itertools.groupby(zip(levels, text, strict=True), lambda one: one[0])
    parts = ["".join(letter for _, letter in run) + _TO_THE_RIGHT * level for level, run in runs]
    return _TO_THE_RIGHT + "".join(parts)


@functools.cache
def _forms() -> dict[str, dict[str, str]]:
    """For Arabic letters, and lam with alef, their forms as characters: "isolated", "initial" …"""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFF)):
        kind, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        whole = "".join(chr(int(one, 16)) for one in letters.split())
        if len(whole) == 1 or (len(whole) == 2 and whole[0] == "ل" and whole[1] in "آأإا"):
            forms.setdefault(whole, {}).setdefault(kind.strip("<>"), chr(code))
    return forms


def _joined(text: str) -> Iterator[str]:
    """The letters of a text, Arabic ones in the forms in which they join each other."""
    forms, letters = _forms(), re.findall("ل[آأإا]|.", text, re.DOTALL)
    for n, letter in enumerate(letters):
        own = forms.get(letter)
        if own is None:
            yield letter
            continue
        before = _takes_on(next((one for one in reversed(letters[:n]) if not _is_mark(one)), ""), "initial")
        after = _takes_on(next((one for one in letters[n + 1 :] if not _is_mark(one)), ""), "final")
        kind = {(0, 0): "isolated", (1, 0): "final", (0, 1): "initial", (1, 1): "medial"}[before, after]
        yield own.get(kind) or own.get("final" if before else "isolated", letter)


def _takes_on(letter: str, form: str) -> bool:
    """Whether a letter joins the next one, if it has an "initial" form, or the one before ("final")."""
    return letter in (_ZWJ, _TATWEEL) or form in _forms().get(letter, ())


def _is_mark(letter: str) -> bool:
    return len(letter) == 1 and unicodedata.category(letter) == "Mn"


def _side(letter: str) -> str:
    """To which side a character runs: "L", "R", "1" for digits; "M" for a mark, "/" for what may stand
    between digits, "" for what follows its neighbours."""
    kind = unicodedata.bidirectional(letter)
    sides = {"AL": "R", "R": "R", "L": "L", "EN": "1", "AN": "1", "NSM": "M", "CS": "/", "ES": "/"}
    return sides.get(kind, "")


def _levels(text: str) -> list[int]:
    """The level of each character: 0 runs to the right, 1 to the left, 2 to the right within 1."""
    sides = [_side(letter) for letter in text]
    for n, side in enumerate(sides):
        if side == "M":  # a mark goes with its letter
            sides[n] = sides[n - 1] if n else ""
    first = next((side for side in sides if side in ("L", "R")), "L")
    if first == "R" and "→" not in text:
        return _to_the_left(sides)
    return [int(_is_within(text, sides, n)) for n in range(len(text))]


def _is_within(text: str, sides: Sequence[str], n: int) -> bool:
    """Whether a character of a line that runs to the right belongs to a phrase that runs to the left."""
    between = text[n] == " " and 0 < n < len(text) - 1 and sides[n - 1] == sides[n + 1] == "R"
    return sides[n] == "R" or between


def _to_the_left(sides: Sequence[str]) -> list[int]:
    """The levels of a line that runs to the left: words of letters and numbers in it run to the right."""
    found, strong = list(sides), "R"
    for n in range(1, len(found) - 1):
        if found[n] == "/" and found[n - 1] == found[n + 1] == "1":
            found[n] = "1"
    for n, side in enumerate(found):
        strong = side if side in ("L", "R") else strong
        found[n] = "L" if side == "1" and strong == "L" else side
    levels = []
    for n, side in enumerate(found):
        before = next((one for one in reversed(found[:n]) if one in ("L", "R", "1")), "R")
        after = next((one for one in found[n:] if one in ("L", "R", "1")), "R")
        levels.append(2 if side in ("L", "1") or (side != "R" and before == after == "L") else 1)
    return levels


def _ordered(text: str, levels: Sequence[int]) -> str:
    """The characters in the order in which they stand; a mark stays behind its letter."""
    clusters: list[tuple[str, int]] = []
    for letter, level in zip(text, levels, strict=True):
        if _is_mark(letter) and clusters:
            clusters[-1] = clusters[-1][0] + letter, clusters[-1][1]
        else:
            clusters.append((letter.translate(_MIRRORED) if level == 1 else letter, level))
    inner = _turned(clusters, lambda level: level == 2)  # what runs to the right within a part that does not
    return "".join(cluster for cluster, _ in _turned(inner, lambda level: level > 0))


def _turned(clusters: list[tuple[str, int]], chosen: Callable[[int], bool]) -> list[tuple[str, int]]:
    """The clusters, with each run of those of `chosen` levels the other way round."""
    runs = itertools.groupby(clusters, lambda one: chosen(one[1]))
    return [one for turned, run in runs for one in (list(run)[::-1] if turned else run)]
