"""Numbers in captions: "{attn[it, animal]:.2f}" becomes that number of the data.

Braces contain one entry of a matrix, in the language of staging.selections, and a format: ".2f" gives two
digits after the point, ".0%" gives percents; the default is ".2f". "attn sums" is the matrix before its
epilogue. {{ and }} are braces. Nothing else has a meaning, and nothing is executed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import InputError
from ..selections import QUOTED

DIGITS = ".2f"
_FORMAT = re.compile(r"\.([0-6])([f%])")


@dataclass(frozen=True)
class CaptionNumber:
    """A number in a caption: its `entry` and its format."""

    entry: str
    digits: str


def with_numbers(text: str, number: Callable[[str], float], where: str) -> str:
    """The caption with its numbers; `number(entry)` returns one. Raises InputError, which begins with
    `where`."""
    parts = parsed(text, where)
    return "".join(
        part if isinstance(part, str) else written(number(part.entry), part.digits) for part in parts
    )


def written(number: float, digits: str) -> str:
    """The text of a number in a caption, with a true minus sign."""
    text = format(number, digits)
    bare = text.lstrip("-")
    if not bare.strip("0.%"):  # a number that rounds to zero has no sign
        text = bare
    return text.replace("-", "−").replace("%", " %")


def parsed(text: str, where: str) -> Sequence[str | CaptionNumber]:
    """The texts and CaptionNumbers of a caption, in order. Raises InputError."""
    parts: list[str | CaptionNumber] = []
    position, plain = 0, ""
    while position < len(text):
        if text[position : position + 2] in ("{{", "}}"):
            plain, position = plain + text[position], position + 2
        elif text[position] == "}":
            raise InputError(f"{where}: a }} closes nothing; a brace itself is written }}}}")
        elif text[position] == "{":
            field, position = _field(text, position, where)
            parts, plain = [*parts, plain, field], ""
        else:
            plain, position = plain + text[position], position + 1
    return [part for part in [*parts, plain] if part]


def _field(text, begin, where):
    """(the CaptionNumber that begins at a brace, the place where it ends)."""
    position, depth, colon = begin + 1, 0, None
    while position < len(text) and (text[position] != "}" or depth):
        letter = text[position]
        if letter == "{":
            break
        if depth and text[position - 1] in "[, " and (quoted := QUOTED.match(text, position)):
            position = quoted.end()
            continue
        depth += (letter == "[") - (letter == "]")
        colon = position if letter == ":" and not depth else colon
        position += 1
    if text[position : position + 1] != "}":
        raise InputError(
            f'{where}: "{text[begin : begin + 40]}": the brace is not closed; one itself is written {{{{'
        )
    entry = text[begin + 1 : colon or position].strip()
    digits = text[colon + 1 : position].strip() if colon else DIGITS
    if not _FORMAT.fullmatch(digits):
        raise InputError(f'{where}: "{digits[:40]}" is not how a number is written, such as .2f or .0%')
    return CaptionNumber(entry, digits), position + 1
