"""Draws the progress of jobs on standard error: as a bar on a terminal, else as lines, or as JSON.

There are no threads: the display changes only when the job reports something.
"""

import json
import os
import sys
import time
from collections.abc import Callable

from ..errors import one_line
from ..outputs.messages import write
from ..outputs.progress import Progress, clock_time
from .parser import as_typed

_SECONDS = {"bar": 0.1, "lines": 5.0, "json": 0.5, "quiet": 5.0}  # between two updates on the screen


class ProgressWriter:
    """A listener that writes the progress that it is told. As a context manager, it ends the line of the bar.

    `style` "auto" draws a bar on a terminal and writes lines elsewhere. "json" writes one object per line
    with the keys job, done, total, percent, elapsed, left and note. Elapsed and left are in seconds, and left
    is null until it can be judged. "quiet" writes nothing. The time left is judged by the frames of this run
    alone, not by frames that were there before.
    """

    def __init__(self, style: str = "auto", clock: Callable[[], float] = time.monotonic) -> None:
        if style == "auto":
            style = "bar" if sys.stderr is not None and sys.stderr.isatty() else "lines"
        self.style, self._clock = style, clock
        self._job: str | None = None
        self._begun, self._first = 0.0, 0.0
        self._shown: float | None = None  # when the last update was shown

    def __enter__(self) -> "ProgressWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._break_line()

    def __call__(self, heard: Progress) -> None:
        """Write an update, unless one was written a moment ago. Messages and the last update are always
        written."""
        if heard.message:
            self._break_line()
            self._tell(heard.message)
            return
        now = self._clock()
        if heard.job != self._job:
            self._break_line()
            self._job, self._begun, self._first, self._shown = heard.job, now, heard.done, None
        if heard.finished or self._shown is None or now - self._shown >= _SECONDS[self.style]:
            self._shown = now
            self._show(heard, now - self._begun)
        if heard.finished:
            self._break_line()
            self._job = None

    def _break_line(self):
        """End the line of the bar, so that a message gets a line of its own."""
        if self.style == "bar" and self._shown is not None:
            write("\n")
            self._shown = None

    def _tell(self, message):
        line = one_line(as_typed(message))
        if self.style == "json":
            write(json.dumps({"message": line}) + "\n")
        elif self.style != "quiet":
            write(line + "\n")

    def _show(self, heard, elapsed):
        percent = 100.0 * heard.done / heard.total if heard.total else 100.0
        done_here = heard.done - self._first
        left = elapsed * (heard.total - heard.done) / done_here if done_here > 0 else None
        if self.style == "json":
            record = {
                "job": heard.job,
                "done": round(heard.done, 4),
                "total": heard.total,
                "percent": round(percent, 2),
                "elapsed": round(elapsed, 2),
                "left": None if left is None else round(left, 2),
                "note": heard.note,
            }
            write(json.dumps(record, ensure_ascii=False) + "\n")
        elif self.style != "quiet":
            # Rounded down, so that 100 % means that all is done.
            times = f"{int(percent):3d} %  {clock_time(elapsed)} elapsed, {clock_time(left)} left"
            text = f"{times}  {heard.note}".rstrip()
            write(
                f"{heard.job}: {text.lstrip()}\n" if self.style == "lines" else _bar(heard.job, percent, text)
            )


def _bar(job, percent, text):
    """The bar: a line that is drawn over the line before."""
    columns = _columns()
    width = max(0, min(30, columns - len(job) - len(text) - 4))
    filled = int(width * percent / 100)
    bar = f"[{'#' * filled}{'.' * (width - filled)}] " if width >= 5 else ""
    return "\r" + f"{job} {bar}{text}"[:columns].ljust(columns)


def _columns():
    """The columns of the terminal at standard error, less one: a full line would wrap."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError, ValueError):  # no descriptor, or no terminal
        columns = 0
    return max(1, (columns or 80) - 1)
