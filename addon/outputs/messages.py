"""Messages of a command, apart from its progress: lines on standard error, or JSON objects for programs."""

import json
import sys
from collections.abc import Sequence

from ..errors import one_line

PROGRAM = "matrix-cinema"
_JSON = "--json-progress"
as_json = False  # as the command line of this process asks


def follow(words: Sequence[str]) -> None:
    """Write messages as this command line asks, even if it has errors."""
    global as_json
    as_json = any(len(word) > 3 and _JSON.startswith(word) for word in words)


def say(kind: str, text: str, **more: object) -> None:
    """Write a message of a kind, such as "error", "warning" or "note". `more` goes into the JSON."""
    text = one_line(text)
    if as_json:
        write(json.dumps({kind: text, **more}) + "\n")
    else:
        write(f"{PROGRAM}: {text}\n" if text.startswith("interrupted") else f"{PROGRAM}: {kind}: {text}\n")


def write(text: str) -> None:
    """Write text to standard error, if the process has one."""
    # Looked up each time: while Blender is silenced, sys.stderr is another file.
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:  # its terminal has gone
            pass
