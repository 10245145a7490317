"""Keeps Blender's own output off the terminal; progress and errors on `sys.stderr` still appear."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from .temporary import temporary_file


@contextlib.contextmanager
def blender_silenced() -> Iterator[BinaryIO]:
    """A block in which Blender's output goes to a file; yields that file.

    Blender writes from C (file descriptors 1 and 2) and through `sys.stdout`. `sys.stderr` still leads to
    where it led before. If a descriptor does not exist (in Blender's window on Windows), it is left alone.
    """
    with temporary_file() as log, contextlib.ExitStack() as stack:
        _redirect_stderr(log, stack)
        text = open(log.fileno(), "w", encoding="utf-8", closefd=False)
        stack.callback(_close, text)
        stack.enter_context(contextlib.redirect_stdout(text))
        _redirect(1, log, stack)
        yield log


def _close(text):
    with contextlib.suppress(OSError):  # a full disk is no reason to fail
        text.close()


def _redirect_stderr(log, stack):
    stream = sys.stderr
    kept = _redirect(2, log, stack)
    if kept is not None and _descriptor_of(stream) == 2:
        clear = open(kept, "w", encoding=stream.encoding, errors=stream.errors, buffering=1, closefd=False)
        stack.enter_context(contextlib.redirect_stderr(clear))
        stack.callback(clear.flush)


def _redirect(descriptor, log, stack):
    """Let a descriptor lead to the log until the stack unwinds. Returns a copy of the descriptor before."""
    try:
        kept = os.dup(descriptor)
    except OSError:
        return None
    stack.callback(os.close, kept)
    os.dup2(log.fileno(), descriptor)
    stack.callback(os.dup2, kept, descriptor)
    return kept


def _descriptor_of(stream):
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def last_error(log: BinaryIO) -> str:
    """The last line of Blender's output that mentions an error, or ""."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if "error" in line.lower()), "")


def reported(error: RuntimeError) -> str:
    """The lines that Blender reports about an error, each once: a card without memory repeats them often."""
    lines = [line.strip().removeprefix("Error: ") for line in str(error).splitlines()]
    return "; ".join(dict.fromkeys(line for line in lines if line))
