"""Reads TOML files within bounds, so that the parser takes little time and memory."""

import re
import tomllib
from pathlib import Path

from ..errors import InputError
from .reading import read_bounded

MOST_BYTES = 2**22  # ten seconds of parsing at worst; large matrices belong in CSV or NPY files
MOST_PARTS = 16  # of a dotted key; the parser's memory grows with their square

# Strings, perhaps without an end, and comments.
_TEXTS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*"?'
    r"|'''.*?(?:'''|\Z)|'[^'\n]*'?|#[^\n]*",
    re.DOTALL,
)
_LONG_KEY = re.compile(rf"(?:^|[=,\[\]{{}}\n])(?:[^.=,\[\]{{}}\n]*\.){{{MOST_PARTS}}}")


def read_table(path: Path, kind: str) -> dict:
    """The table in a TOML file. `kind`, "scene" or "style", names the file in errors. Raises InputError."""
    try:
        text = read_bounded(path, MOST_BYTES, f"{kind} file").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; a {kind} is TOML in UTF-8") from None
    _require_short_keys(text, path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for a number with thousands of digits
        raise InputError(f"{path}: not TOML: {error}") from None


def _require_short_keys(text, path):
    without_texts = _TEXTS.sub(lambda found: "x" * len(found[0]), text)
    if found := _LONG_KEY.search(without_texts):
        line = text.count("\n", 0, found.end()) + 1
        raise InputError(f"{path}: line {line}: the key has more than {MOST_PARTS} parts")
