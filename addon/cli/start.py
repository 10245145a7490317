"""The way in: an interrupt ends the command in one line from the first moment, also while modules load.

So nothing is imported here at first but what Python has loaded anyway.
"""

import io
import os
import signal
import sys


def main() -> int:
    """The command as a program of its own; its exit status."""
    return start(sys.argv[1:])


def start(words: list[str]) -> int:
    """Carry out a command line in a process that it owns; its exit status, if the process does not end.

    With Blender loaded the process is ended without Python's clean-up, in which bpy 4.5 hangs.
    """
    before = signal.signal(signal.SIGINT, _leave)
    from ..outputs import messages
    from ..outputs.interrupt import end_process, leaving_at_once

    messages.follow(words)
    with leaving_at_once():
        if isinstance(sys.stdout, io.TextIOWrapper):  # tokens may have letters that a terminal has not
            sys.stdout.reconfigure(errors="backslashreplace")
        from .commands import run

        status = run(words)
        bpy = sys.modules.get("bpy")
        if bpy is not None and bpy.app.background:
            end_process(status)
    signal.signal(signal.SIGINT, before if callable(before) else signal.default_int_handler)
    return status


def _leave(*_):
    """Before there is anything to clean up, and anything to do it with."""
    if sys.stderr is not None:
        os.write(2, b"matrix-cinema: interrupted\n")
    os._exit(128 + signal.SIGINT)
