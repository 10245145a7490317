"""How far a long job is, told on standard error: a bar on a terminal, else a line now and then.

A job calls `update` as often as it likes; what is shown is limited here. No threads: nothing moves
while the job itself is silent.
"""

import json
import os
import sys
import time

from ..errors import one_line
from .messages import write

STYLES = ("auto", "lines", "json", "quiet")
_SECONDS = {"bar": 0.1, "lines": 5.0, "json": 0.5, "quiet": 5.0}  # between two updates shown


class Progress:
    """Progress of one job of `total` units, of which `done` were there before it began.

    `style` is one of STYLES: "auto" draws a bar on a terminal and writes lines elsewhere; "json"
    writes one object per line with the keys job, done, total, percent, elapsed, left and note
    (seconds; left is null as long as nothing is known), "quiet" writes nothing. The time left is
    judged by what this run has done, not by what it found done.
    """

    def __init__(self, job, total, done=0.0, *, style="auto", clock=time.monotonic):
        if style == "auto":
            style = "bar" if sys.stderr is not None and sys.stderr.isatty() else "lines"
        self.job, self.total, self.style = job, total, style
        self._clock = clock
        self._begun = clock()
        self._first = self._done = done
        self._shown = None
        self._note = ""

    def update(self, done, note=""):
        """The job has done `done` units, a fraction allowed; `note` says at what it is."""
        self._done, self._note = min(max(done, self._done), self.total), note
        now = self._clock()
        if self._shown is None or now - self._shown >= _SECONDS[self.style]:
            self._show(now)

    def finish(self, note="done"):
        """The last line: everything is done."""
        self._done, self._note = self.total, note
        self._show(self._clock())
        self.break_line()

    def break_line(self):
        """Leave the bar where it is, so that a message can follow on a line of its own."""
        if self.style == "bar" and self._shown is not None:
            write("\n")
            self._shown = None

    def seconds_left(self, now):
        """The time left in seconds, or None as long as this run has done nothing."""
        done = self._done - self._first
        if done <= 0:
            return None
        return (now - self._begun) * (self.total - self._done) / done

    def _show(self, now):
        self._shown = now
        if self.style == "quiet":
            return
        percent = 100.0 * self._done / self.total if self.total else 100.0
        elapsed, left = now - self._begun, self.seconds_left(now)
        if self.style == "json":
            record = {
                "job": self.job,
                "done": round(self._done, 4),
                "total": self.total,
                "percent": round(percent, 2),
                "elapsed": round(elapsed, 2),
                "left": None if left is None else round(left, 2),
                "note": self._note,
            }
            write(json.dumps(record, ensure_ascii=False) + "\n")
            return
        # Rounded down: 100 % is said only when all is done.
        times = f"{int(percent):3d} %  {clock_time(elapsed)} elapsed, {clock_time(left)} left"
        text = f"{times}  {self._note}".rstrip()
        if self.style == "lines":
            write(f"{self.job}: {text.lstrip()}\n")
            return
        columns = _columns()
        width = max(0, min(30, columns - len(self.job) - len(text) - 4))
        filled = int(width * percent / 100)
        bar = f"[{'#' * filled}{'.' * (width - filled)}] " if width >= 5 else ""
        write("\r" + f"{self.job} {bar}{text}"[:columns].ljust(columns))


def tell(text, style):
    """A message beside the progress: a line, or an object under the key `message`."""
    if style in ("auto", "lines"):
        write(one_line(text) + "\n")
    elif style == "json":
        write(json.dumps({"message": one_line(text)}) + "\n")


def clock_time(seconds):
    """Seconds as 0:07, 12:34 or 1:02:03; an unknown time as -:--."""
    if seconds is None:
        return "-:--"
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def _columns():
    """Of the terminal that standard error is, less one: a full line would wrap."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError, ValueError):  # no descriptor, or no terminal
        columns = 0
    return max(1, (columns or 80) - 1)
