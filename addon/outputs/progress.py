"""Progress: how far a long job is. Jobs report it to a listener, a function that the caller gives.

A job calls its listener as often as it likes. The listener decides what to show, and how often. Nothing here
writes or draws.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """`done` of the `total` units of a job are done, a fraction allowed; `note` says what it is doing.

    The first report of a job says what was done before it began; the last one is `finished`. A `message` is
    for the person who waits: something differs from what was asked, and why.
    """

    job: str
    done: float
    total: float
    note: str = ""
    message: str = ""
    finished: bool = False


Listener = Callable[[Progress], object]


def unheard(_: Progress) -> None:
    """The listener of a job that nobody watches."""


class Tracker:
    """A job of `total` units, of which `done` existed before. It reports to `listener`."""

    def __init__(self, job: str, total: float, listener: Listener, done: float = 0.0) -> None:
        self._now, self._listener = Progress(job, done, total), listener

    def update(self, done: float, note: str = "") -> None:
        """Report how much is done. The number never falls, and never exceeds the total."""
        now = self._now
        self._now = replace(now, done=min(max(done, now.done), now.total), note=note)
        self._listener(self._now)

    def finish(self) -> None:
        """Everything is done."""
        self._now = replace(self._now, done=self._now.total, note="done", finished=True)
        self._listener(self._now)


def tell(listener: Listener, message: str) -> None:
    """Report a message for the person who waits."""
    listener(Progress("", 0.0, 0.0, message=message))


def clock_time(seconds: float | None) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03; an unknown time as -:--."""
    if seconds is None:
        return "-:--"
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
