"""Keeps Blender's own chatter off the terminal while Python's standard streams go on working."""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def blender_silenced():
    """Send what Blender writes from C (file descriptors 1 and 2) to a file, and yield that file.

    `sys.stdout` and `sys.stderr` still reach where they reached before, so progress, messages and
    tracebacks are seen. Where there are no such descriptors (Blender's window on Windows)
    nothing is redirected.
    """
    with tempfile.TemporaryFile() as log, contextlib.ExitStack() as restore:
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            try:
                kept = os.dup(descriptor)
            except OSError:
                continue
            restore.callback(os.close, kept)
            stream = getattr(sys, name)
            if _descriptor_of(stream) == descriptor:
                stream.flush()
                clear = open(kept, "w", encoding=stream.encoding, errors=stream.errors,
                             buffering=1, closefd=False)
                setattr(sys, name, clear)
                restore.callback(_give_back, name, stream, clear)
            os.dup2(log.fileno(), descriptor)
            restore.callback(os.dup2, kept, descriptor)
        yield log


def _give_back(name, stream, clear):
    clear.flush()
    setattr(sys, name, stream)


def _descriptor_of(stream):
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def last_error(log):
    """The last line of Blender's chatter that speaks of an error, or ""."""
    log.flush()
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if "error" in line.lower()), "")
