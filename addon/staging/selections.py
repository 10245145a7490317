"""The small language in which rows, columns and entries of matrices are pointed out.

    attn[it]             a row, by its token            attn[:, animal]     a column
    attn[3]              by its position, from 0         attn[2:5, -]        some of them, as in Python
    attn["5", "[SEP]"]   in quotes all is a token        attn["the"#2]       the second "the" of its axis
    attn; Q[0]           a whole matrix; several, each from the other by ; or on a line of its own

A bare number is a position, any other bare word a token; brackets in it have to close. In quotes, double or
single ones, a backslash stands before a quote of that kind or a backslash.
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
_DIGITS = 9  # of a number; what has more is beyond any matrix
SHOWN_LETTERS = 60  # characters of a text in a message


@dataclass(frozen=True)
class Positions:
    """Rows or columns from `first` to before `stop`, from 0; None is the last one's end."""

    first: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class Token:
    """A row or column by its token; where it comes again, the `nth` of them, from 1. None for a bare word:
    the first, if it does not say otherwise itself."""

    text: str
    nth: int | None = None

    def among(self, labels: Sequence[str]) -> tuple[str, int]:
        """Its text and which of those it is, where `#2` at the end of a bare word may belong to the token."""
        repeated = _REPEATED.fullmatch(self.text)
        if self.nth is None and repeated and not places(self.text, labels):
            return repeated[1].strip(), _number(repeated[2])
        return self.text, 1 if self.nth is None else self.nth


@dataclass(frozen=True)
class Selection:
    """What is meant of the matrix `name`, which may be that of all heads; `text` is how it was written."""

    name: str
    rows: Positions | Token
    columns: Positions | Token
    text: str


def selections(text: str, names: Iterable[str], where: str) -> list[Selection]:
    """What a text in this language points out of matrices with these names, which may be written in
    backquotes, as in an expression. Raises InputError, which begins with `where`."""
    reader, found = _SelectionReader(text, sorted(names, key=len, reverse=True), where), []
    while reader.skip(" \t\r\n;"):
        begin, name = reader.at, reader.name()
        parts = reader.parts() if reader.skip(" \t\r") == "[" else []
        if reader.skip(" \t\r") not in ("", ";", "\n"):
            raise reader.error("after a matrix and its [row, column] comes ; or the end", begin)
        if len(parts) > 2:
            raise reader.error("it has a row and a column; a token with a comma stands in quotes", begin)
        rows, columns = (*parts, Positions(), Positions())[:2]
        found.append(Selection(name, rows, columns, _shown(text[begin : reader.at].strip())))
    return found


def ends_of(
    part: Positions | Token, labels: Sequence[str], count: int, axis: str, where: str
) -> tuple[int, int]:
    """The first and the last of `count` rows or columns, as `axis` calls one, that are meant by a part;
    `labels` are their tokens, if they have any. Raises InputError, which begins with `where`."""
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
    found, token = places(text, labels), f'"{_shown(text)}"'
    if len(found) >= nth > 0:
        return found[nth - 1], found[nth - 1]
    if found:
        raise InputError(f"{where}: {len(found)} of the {axis}s are the token {token}, counted from 1")
    hint = nearest(text[:SHOWN_LETTERS], labels, "tokens") if labels else "they have no tokens"
    raise InputError(
        f"{where}: no {axis} is the token {token}; {hint}; by position {axis}s are 0 to {count - 1}"
    )


class _SelectionReader:
    """A text and how far it is read."""

    def __init__(self, text, names, where):
        self.text, self.names, self.where, self.at = text, names, where, 0

    def skip(self, blank):
        """The next character that is none of these, "" at the end."""
        while self.text[self.at : self.at + 1] in blank and self.at < len(self.text):
            self.at += 1
        return self.text[self.at : self.at + 1]

    def error(self, reason, begin):
        end = _end_of(_ITEM_ENDS, self.text, max(begin + 1, self.at))
        return InputError(f'{self.where}: "{_shown(self.text[begin:end].strip())}": {reason}')

    def name(self):
        """The longest name that stands here."""
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
        """The parts of "[row, column]"."""
        begin = self.at
        parts: list[Positions | Token] = []
        while not parts or self.text[self.at] == ",":
            self.at += 1
            self.skip(" \t\r")
            parts.append(self.part(begin))
        self.at += 1
        return parts

    def part(self, begin):
        if found := QUOTED.match(self.text, self.at):
            self.at = found.end()
            token = re.sub(r"\\(.)", r"\1", found["double"] or found["single"] or "", flags=re.DOTALL)
            return Token(token, _number(found["nth"] or "1"))
        word = self.word(begin)
        if not word:
            raise self.error(
                'a part is empty; all rows or columns are written ":", a comma "," in quotes', begin
            )
        if found := _POSITIONS.fullmatch(word):
            at, first, stop = found.groups()
            if at:
                return Positions(_number(at), _number(at) + 1)
            return Positions(_number(first or "0"), _number(stop) if stop else None)
        return Token(word)

    def word(self, begin):
        """A bare word, up to the comma or bracket that ends it."""
        start, depth = self.at, 0
        while (letter := self.text[self.at : self.at + 1]) and letter not in ";\n":
            if letter in ",]" and not depth:
                return self.text[start : self.at].strip()
            depth += (letter == "[") - (letter == "]")
            self.at += 1
        raise self.error("a bracket is not closed; a token with brackets or ; stands in quotes", begin)


def _end_of(ends: re.Pattern[str], text: str, at: int) -> int:
    """Where what stands at a place of a text ends."""
    found = ends.search(text, at)
    return found.start() if found else len(text)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


def _shown(text):
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_LETTERS else f"{text[: SHOWN_LETTERS - 1]}…"
