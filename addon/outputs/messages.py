"""What a command tells beside its progress: a line on standard error, or a JSON object for programs."""

import json
import sys
from collections.abc import Sequence

from ..errors import one_line

PROGRAM = "matrix-cinema"
_JSON = "--json-progress"
as_json = False  # for the command line that this process carries out


def follow(words: Sequence[str]) -> None:
    """Tell as a command line asks for it, also one that cannot be understood."""
    global as_json
    as_json = any(len(word) > 3 and _JSON.startswith(word) for word in words)


def say(kind: str, text: str, **more: object) -> None:
    """Tell an "error", a "warning" or a "note"; `more` goes into the JSON. An interrupt is told as such."""
    text = one_line(text)
    if as_json:
        write(json.dumps({kind: text, **more}) + "\n")
    else:
        write(f"{PROGRAM}: {text}\n" if text.startswith("interrupted") else f"{PROGRAM}: {kind}: {text}\n")


def write(text: str) -> None:
    """Put text on standard error, if there is any."""
    # Looked up each time: while Blender is silenced, sys.stderr is another file.
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:  # its terminal has gone
            pass
