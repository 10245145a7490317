"""Ctrl-C, TERM and HUP end a command at once, even while Blender renders.

During a render, Python's main thread is inside Blender, where no KeyboardInterrupt can be raised. So the
signal also writes a byte to a socket (`signal.set_wakeup_fd`), and a thread that only waits for that byte
ends the process. Blender's window has no such thread; there, a job is a process of its own.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

from . import messages
from .claims import end_all_work
from .files import discard_unfinished
from .owner import discard

STATUS = 128 + signal.SIGINT  # 130; for another signal, 128 and the number of that
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_GRACE = 0.2  # seconds for the main thread to end by itself, if it is in Python
_END = b"\0"  # no signal has this number
_leaving = threading.Lock()
# Makes the message of an interrupt; None: the message is "interrupted".
_message: Callable[[], str] | None = None


@contextlib.contextmanager
def leaving_at_once() -> Iterator[None]:
    """A block in which a signal discards unfinished files, writes the message of `telling`, and ends the
    process.

    For a command that owns its process, on its main thread: never in Blender's window.
    """
    receiver, sender = socket.socketpair()
    with receiver, sender:
        sender.setblocking(False)
        before = {}
        for number in _SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores HUP
                before[number] = signal.signal(number, lambda got, _: _leave(got))
        before_wakeup = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        waiting = threading.Thread(target=_wait, args=(receiver, set(before)), daemon=True)
        waiting.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before_wakeup)
            for number, handler in before.items():
                # None is a handler outside Python, as in Blender itself, which cannot be restored.
                default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
                signal.signal(number, default if handler is None else handler)
            sender.send(_END)
            waiting.join()


def _wait(receiver, numbers):
    """End the process when one of these signals comes. Return when the block ends."""
    while (came := receiver.recv(64)) and _END[0] not in came:
        if numbers & set(came):
            time.sleep(_GRACE)
            _leave(min(numbers & set(came)))


@contextlib.contextmanager
def telling(message: Callable[[], str]) -> Iterator[None]:
    """A block in which an interrupt writes `message()`, unless an outer block has a message.

    Without `leaving_at_once`, the KeyboardInterrupt gets this message.
    """
    global _message
    before, _message = _message, _message or message
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_message()) from None
    finally:
        _message = before


def _leave(number):
    if not _leaving.acquire(blocking=False):  # another thread ends the process
        threading.Event().wait()
    for other in _SIGNALS:  # a second signal has no effect
        with contextlib.suppress(ValueError):  # only the main thread may set handlers
            signal.signal(other, signal.SIG_IGN)
    if sys.stderr is not None and sys.stderr.isatty() and not messages.as_json:
        messages.write("\n")  # after the line of the progress bar
    messages.say("error", _message() if _message else "interrupted", status=128 + number)
    end_process(128 + number)


def end_process(status: int) -> None:
    """End this process now, without Python's clean-up, in which Blender 4.5's module hangs.

    Unfinished files and Blender's temporary folder are removed first.
    """
    discard_unfinished()
    end_all_work()
    bpy = sys.modules.get("bpy")
    if bpy is not None and hasattr(bpy, "app"):  # otherwise bpy is still being loaded
        folder = bpy.app.tempdir.rstrip("/\\")
        if os.path.basename(folder).startswith("blender_"):
            discard(folder)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError, ValueError):
            stream.flush()
    os._exit(status)
