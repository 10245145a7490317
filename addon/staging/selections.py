"""Selections: a small language for rows, columns and entries of matrices.

    attn[it]             a row, by its token            attn[:, animal]     a column
    attn[3]              a row, by position from 0       attn[2:5, -]        several rows, as in Python
    attn["5", "[SEP]"]   text in quotes is a token       attn["the"#2]       the second "the" of the axis
    attn; Q[0]           a whole matrix; selections are separated by ; or stand on lines of their own

A bare number is a position; any other bare word is a token, and its brackets have to close. Quotes are double
or single; inside them, a backslash escapes a quote of the same kind and a backslash.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..attention.tokens import places
from ..errors import InputError, nearest

QUOTED = re.compile(
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')\s*(?:\#(?P<nth>[0-9]+))?\s*(?=[],])""",
    re.DOTALL,
)
_AFTER_NAME, _NAME_ENDS, _ITEM_ENDS = map(re.compile, (r"\s*(?:[\[;\n]|$)", r"[\[;\n]|$", r"[;\n]|$"))
_POSITIONS = re.compile(r"([0-9]+)|([0-9]*)\s*:\s*([0-9]*)")
_REPEATED = re.compile(r"(.+)#([0-9]+)", re.DOTALL)
_DIGITS = 9  # of a number; no matrix needs more
SHOWN_LETTERS = 60  # characters of a text in a message


@dataclass(frozen=True)
class Positions:
    """Rows or columns from `first` up to but without `stop`, counted from 0. None means up to the end."""

    first: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class Token:
    """A row or column by its token, the `nth` one with this token, from 1. For a bare word, None: the first,
    unless the word itself ends with # and a number."""

    text: str
    nth: int | None = None

    def among(self, labels: Sequence[str]) -> tuple[str, int]:
        """(the token, its number among equal tokens). `#2` at the end of a bare word may belong to the token
        itself."""
        repeated = _REPEATED.fullmatch(self.text)
        if self.nth is None and repeated and not places(self.text, labels):
            return repeated[1].strip(), _number(repeated[2])
        return self.text, 1 if self.nth is None else self.nth


@dataclass(frozen=True)
class Selection:
    """A selection in the matrix `name`, which may be a stack. `text` is how it was written."""

    name: str
    rows: Positions | Token
    columns: Positions | Token
    text: str


def selections(text: str, names: Iterable[str], where: str) -> list[Selection]:
    """The selections in a text, among matrices with these names. A name may stand in backquotes, as in an
    expression. Raises InputError, which begins with `where`."""
    reader, selected = _SelectionReader(text, sorted(names, key=len, reverse=True), where), []
    while reader.skip(" \t\r\n;"):
        begin, name = reader.at, reader.name()
        parts = reader.parts() if reader.skip(" \t\r") == "[" else []
        if reader.skip(" \t\r") not in ("", ";", "\n"):
            raise reader.error("after a matrix and its [row, column] must come ; or the end", begin)
        if len(parts) > 2:
            raise reader.error("a matrix has a row and a column; put a token with a comma in quotes", begin)
        rows, columns = (*parts, Positions(), Positions())[:2]
        selected.append(Selection(name, rows, columns, _shown(text[begin : reader.at].strip())))
    return selected


def ends_of(
    part: Positions | Token, labels: Sequence[str], count: int, axis: str, where: str
) -> tuple[int, int]:
    """(first, last) of the rows or columns that a part of a selection means, out of `count`. `axis` is "row"
    or "column"; `labels` are their tokens, if any. Raises InputError, which begins with `where`."""
    if isinstance(part, Positions):
        stop = count if part.stop is None else part.stop
        if 0 <= part.first < stop <= count:
            return part.first, stop - 1
        hint = f"{axis}s are 0 to {count - 1}"
        written = str(part.first)
        if stop == part.first + 1 and places(written, labels):
            hint += f'; the token is written "{written}", in quotes'
        raise InputError(f"{where}: there is no such {axis}; {hint}")
    text, nth = part.among(labels)
    places_found, token = places(text, labels), f'"{_shown(text)}"'
    if len(places_found) >= nth > 0:
        return places_found[nth - 1], places_found[nth - 1]
    if places_found:
        raise InputError(
            f"{where}: #{nth} is out of range; {len(places_found)} {axis}s have the token {token}, "
            "counted from 1"
        )
    hint = nearest(text[:SHOWN_LETTERS], labels, "tokens") if labels else "they have no tokens"
    raise InputError(
        f"{where}: no {axis} has the token {token}; {hint}; by position {axis}s are 0 to {count - 1}"
    )


class _SelectionReader:
    """Reads a text; remembers how far."""

    def __init__(self, text, names, where):
        self.text, self.names, self.where, self.at = text, names, where, 0

    def skip(self, blank):
        """Skip these characters. Returns the next character, or "" at the end."""
        while self.text[self.at : self.at + 1] in blank and self.at < len(self.text):
            self.at += 1
        return self.text[self.at : self.at + 1]

    def error(self, reason, begin):
        end = _end_of(_ITEM_ENDS, self.text, max(begin + 1, self.at))
        return InputError(f'{self.where}: "{_shown(self.text[begin:end].strip())}": {reason}')

    def name(self):
        """Read the longest known name at this place."""
        for name in self.names:
            for spelled in (name, f"`{name}`"):
                end = self.at + len(spelled)
                if self.text.startswith(spelled, self.at) and _AFTER_NAME.match(self.text, end):
                    self.at = end
                    return name
        begin = self.at
        self.at = _end_of(_NAME_ENDS, self.text, begin)
        name = self.text[begin : self.at].strip()
        hint = nearest(name[:SHOWN_LETTERS], self.names, "names")
        raise self.error(f'nothing that is drawn is named "{_shown(name)}"; {hint}', begin)

    def parts(self) -> list[Positions | Token]:
        """Read "[row, column]". Returns its parts."""
        begin = self.at
        parts: list[Positions | Token] = []
        while not parts or self.text[self.at] == ",":
            self.at += 1
            self.skip(" \t\r")
            parts.append(self.part(begin))
        self.at += 1
        return parts

    def part(self, begin):
        if quoted := QUOTED.match(self.text, self.at):
            self.at = quoted.end()
            token = re.sub(r"\\(.)", r"\1", quoted["double"] or quoted["single"] or "", flags=re.DOTALL)
            return Token(token, _number(quoted["nth"] or "1"))
        word = self.word(begin)
        if not word:
            raise self.error(
                'a part is empty; all rows or columns are written ":", a comma "," in quotes', begin
            )
        if positions := _POSITIONS.fullmatch(word):
            single, first, stop = positions.groups()
            if single:
                return Positions(_number(single), _number(single) + 1)
            return Positions(_number(first or "0"), _number(stop) if stop else None)
        return Token(word)

    def word(self, begin):
        """Read a bare word, up to the comma or bracket that ends it."""
        start, depth = self.at, 0
        while (letter := self.text[self.at : self.at + 1]) and letter not in ";\n":
            if letter in ",]" and not depth:
                return self.text[start : self.at].strip()
            depth += (letter == "[") - (letter == "]")
            self.at += 1
        raise self.error("a bracket is not closed; a token with brackets or ; stands in quotes", begin)


def _end_of(ends: re.Pattern[str], text: str, at: int) -> int:
    """The place where the match of `ends` begins, from `at` on."""
    end = ends.search(text, at)
    return end.start() if end else len(text)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


def _shown(text):
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_LETTERS else f"{text[: SHOWN_LETTERS - 1]}…"
