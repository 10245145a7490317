"""The entry point of the command line. An interrupt ends it with one line at any time, even while modules
load.

Therefore this module at first imports only what Python has loaded anyway.
"""

import io
import os
import signal
import sys


def main() -> int:
    """Run the command line of this process. Returns its exit status."""
    return start(sys.argv[1:])


def start(words: list[str]) -> int:
    """Carry out a command line in a process that does nothing else. Returns the exit status.

    If Blender is loaded, the process ends here, without Python's clean-up, in which bpy 4.5 hangs.
    """
    before = signal.signal(signal.SIGINT, _leave)
    from ..outputs import messages
    from ..outputs.interrupt import end_process, leaving_at_once

    messages.follow(words)
    with leaving_at_once():
        if isinstance(sys.stdout, io.TextIOWrapper):  # tokens may have letters that the terminal lacks
            sys.stdout.reconfigure(errors="backslashreplace")
        from .commands import run

        status = run(words)
        bpy = sys.modules.get("bpy")
        if bpy is not None and bpy.app.background:
            end_process(status)
    signal.signal(signal.SIGINT, before if callable(before) else signal.default_int_handler)
    return status


def _leave(*_):
    """End the process at once; there is nothing to clean up yet."""
    if sys.stderr is not None:
        os.write(2, b"matrix-cinema: interrupted\n")
    os._exit(128 + signal.SIGINT)
