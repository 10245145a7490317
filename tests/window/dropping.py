"""Drops a file on a window, as a file manager does: the source's side of XDND, spoken to libX11.

    python3 tests/window/dropping.py FILE X Y

The display is that of the environment; X and Y are pixels of the screen, from its top left.
"""

import ctypes
import sys
import time
from ctypes import byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from pathlib import Path

CLIENT_MESSAGE, SELECTION_REQUEST, SELECTION_NOTIFY = 33, 30, 31
ATOM, REPLACE, VERSION = 4, 0, 5


class Message(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
        ("message_type", c_ulong),
        ("format", c_int),
        ("data", c_long * 5),
    ]


class Request(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("owner", c_ulong),
        ("requestor", c_ulong),
        ("selection", c_ulong),
        ("target", c_ulong),
        ("property", c_ulong),
        ("time", c_ulong),
    ]


class Notify(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("requestor", c_ulong),
        ("selection", c_ulong),
        ("target", c_ulong),
        ("property", c_ulong),
        ("time", c_ulong),
    ]


class Event(ctypes.Union):
    _fields_ = [
        ("type", c_int),
        ("message", Message),
        ("request", Request),
        ("notify", Notify),
        ("pad", c_long * 24),
    ]


class Source:
    """A window that offers one file."""

    def __init__(self, path):
        self.x = ctypes.CDLL("libX11.so.6")
        self.x.XOpenDisplay.restype = c_void_p
        for name in ("XDefaultRootWindow", "XCreateSimpleWindow", "XInternAtom"):
            getattr(self.x, name).restype = c_ulong
        self.display = c_void_p(self.x.XOpenDisplay(None))
        self.root = c_ulong(self.x.XDefaultRootWindow(self.display))
        self.window = self.x.XCreateSimpleWindow(
            self.display, self.root, 0, 0, 1, 1, 0, c_ulong(0), c_ulong(0)
        )
        self.uri = (Path(path).absolute().as_uri() + "\r\n").encode()
        self.list = self.atom("text/uri-list")
        self.x.XSetSelectionOwner(
            self.display, c_ulong(self.atom("XdndSelection")), c_ulong(self.window), c_ulong(0)
        )

    def atom(self, name):
        return self.x.XInternAtom(self.display, name.encode(), 0)

    def drop(self, x, y, seconds=20):
        """Enter the window at a place, drop, and hand over the file's address when it is asked for."""
        target = self.aware(self.root.value)
        if target is None:
            raise SystemExit("no window takes drops")
        self.tell(target, "XdndEnter", VERSION << 24, self.list)
        position = (int(x) << 16) | int(y)
        self.tell(target, "XdndPosition", 0, position, 0, self.atom("XdndActionCopy"))
        self.until(target, "XdndStatus", seconds)
        self.tell(target, "XdndDrop", 0, 0)
        self.until(target, "XdndFinished", seconds)

    def aware(self, window):
        """The first window below this one that says it takes drops."""
        kind, form, count, after, value = c_ulong(), c_int(), c_ulong(), c_ulong(), c_void_p()
        self.x.XGetWindowProperty(
            self.display, c_ulong(window), c_ulong(self.atom("XdndAware")), c_long(0), c_long(1), 0,
            c_ulong(0), byref(kind), byref(form), byref(count), byref(after), byref(value),
        )  # fmt: skip
        if kind.value == ATOM:
            return window
        root, parent, children, number = c_ulong(), c_ulong(), ctypes.POINTER(c_ulong)(), c_uint()
        self.x.XQueryTree(
            self.display, c_ulong(window), byref(root), byref(parent), byref(children), byref(number)
        )
        found = (self.aware(children[n]) for n in range(number.value))
        return next((one for one in found if one is not None), None)

    def tell(self, target, name, *words):
        event = Event()
        data = (c_long * 5)(self.window, *words)
        event.message = Message(CLIENT_MESSAGE, 0, 1, self.display, target, self.atom(name), 32, data)
        self.x.XSendEvent(self.display, c_ulong(target), 0, c_long(0), byref(event))
        self.x.XFlush(self.display)

    def until(self, target, name, seconds):
        """Wait for the window's answer, and meanwhile hand over what it asks for."""
        end, event, wanted = time.monotonic() + seconds, Event(), self.atom(name)
        while time.monotonic() < end:
            if not self.x.XPending(self.display):
                time.sleep(0.01)
                continue
            self.x.XNextEvent(self.display, byref(event))
            if event.type == SELECTION_REQUEST:
                self.hand_over(event.request)
            elif event.type == CLIENT_MESSAGE and event.message.message_type == wanted:
                return
        raise SystemExit(f"no {name} within {seconds} s")

    def hand_over(self, asked):
        self.x.XChangeProperty(
            self.display, c_ulong(asked.requestor), c_ulong(asked.property), c_ulong(asked.target), 8,
            REPLACE, c_char_p(self.uri), len(self.uri),
        )  # fmt: skip
        event = Event()
        event.notify = Notify(
            SELECTION_NOTIFY, 0, 1, self.display, asked.requestor, asked.selection, asked.target,
            asked.property, asked.time,
        )  # fmt: skip
        self.x.XSendEvent(self.display, c_ulong(asked.requestor), 0, c_long(0), byref(event))
        self.x.XFlush(self.display)


if __name__ == "__main__":
    file, x, y = sys.argv[1:]
    Source(file).drop(float(x), float(y))
