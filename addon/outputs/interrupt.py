"""Ctrl-C ends a command at once, even while Blender renders and Python waits for it.

During a render Python's main thread is inside Blender, where no KeyboardInterrupt can be raised.
What does run is the render's statistics handler, in a thread of Blender's. So the signal leaves a
byte in a socket (`signal.set_wakeup_fd`), and the handler looks for it with `leave_if_interrupted`.
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

from .claims import end_all_work
from .files import discard_unfinished

STATUS = 130
_waiting = None


@contextlib.contextmanager
def leaving_at_once(message):
    """Within this block, Ctrl-C discards unfinished files, writes `message()` and ends the process.

    For a command that owns its process, on its main thread: never in Blender's window.
    """
    global _waiting
    receiver, sender = socket.socketpair()
    with receiver, sender:
        receiver.setblocking(False)
        sender.setblocking(False)
        before = signal.signal(signal.SIGINT, lambda *_: _leave(message))
        before_wakeup = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        before_waiting, _waiting = _waiting, (receiver, message)
        try:
            yield
        finally:
            _waiting = before_waiting
            signal.set_wakeup_fd(before_wakeup)
            # None is a handler that is not Python's, as a Blender program has: it cannot be put back.
            signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


def leave_if_interrupted():
    """End the process if Ctrl-C was pressed within `leaving_at_once`; else do nothing."""
    if _waiting is None:
        return
    receiver, message = _waiting
    try:
        signals = receiver.recv(64)
    except BlockingIOError:
        return
    if signal.SIGINT in signals:
        _leave(message)


def _leave(message):
    text = f"matrix-cinema: {message()}\n"
    sys.stderr.write("\n" + text if sys.stderr.isatty() else text)
    end_process(STATUS)


def end_process(status):
    """End this process now, without Python's clean-up, in which Blender 4.5's module hangs.

    Unfinished files and Blender's temporary folder are removed first.
    """
    discard_unfinished()
    end_all_work()
    bpy = sys.modules.get("bpy")
    if bpy is not None:
        folder = Path(bpy.app.tempdir)
        if folder.name.startswith("blender_"):
            shutil.rmtree(folder, ignore_errors=True)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError, ValueError):
            stream.flush()
    os._exit(status)
