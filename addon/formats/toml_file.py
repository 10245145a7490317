"""Reads TOML files within bounds, so that the parser takes little time and memory."""

import re
import tomllib
from pathlib import Path

from ..errors import InputError
from .reading import read_bounded

MOST_BYTES = 2**22  # ten seconds of parsing at worst; large matrices belong in CSV or NPY files
MOST_PARTS = 16  # of a dotted key; the parser's memory grows with their square

_MARK = re.compile(r"\"\"\"|'''|[\"'#.=,\[\]{}\n]")


def read_table(path: Path, kind: str) -> dict:
    """The table in a TOML file. `kind`, "scene" or "style", names the file in errors. Raises InputError."""
    try:
        text = read_bounded(path, MOST_BYTES, f"{kind} file").decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; a {kind} is TOML in UTF-8") from None
    _require_short_keys(text, path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for a number with thousands of digits
        raise InputError(f"{path}: not TOML: {error}") from None


def _require_short_keys(text, path):
    dots, at = 0, 0
    while found := _MARK.search(text, at):
        mark, at = found[0], found.end()
        if mark == ".":
            dots += 1
            if dots >= MOST_PARTS:
                line = text.count("\n", 0, at) + 1
                raise InputError(f"{path}: line {line}: the key has more than {MOST_PARTS} parts")
        elif mark == "#":
            at, dots = _end(text, "\n", at), 0
        elif mark[0] in "\"'":
            at = _end_of_string(text, mark, at)
        else:
            dots = 0


def _end_of_string(text, quote, at):
    """The end of the string that began before `at`: the next closing quote that no backslash escapes."""
    while True:
        start, at = at, _end(text, quote, at)
        before = text[start : at - len(quote)]
        escapes = quote[0] == '"' and (len(before) - len(before.rstrip("\\"))) % 2
        if not escapes or at == len(text):
            return at
        at -= len(quote) - 1  # the backslash escapes only the first of three quotes


def _end(text, mark, at):
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)
