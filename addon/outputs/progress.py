"""How far a long job is. Jobs tell it to a function that the caller gives; nothing here writes or draws.

A job calls as often as it likes. What is shown of it, and how often, is for the caller to decide.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """`done` of the `total` units of a job are done, a fraction allowed; `note` says what it is doing.

    The first one of a job tells what was there before it began, the last one is `finished`. Where there is a
    `message`, it is for the person who waits: something is done otherwise than was asked, and why.
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
    """One job of `total` units, of which `done` were there before; what it tells goes to `listener`."""

    def __init__(self, job: str, total: float, listener: Listener, done: float = 0.0) -> None:
        self._now, self._listener = Progress(job, done, total), listener

    def update(self, done: float, note: str = "") -> None:
        """So much is done. It never gets less, nor more than all."""
        now = self._now
        self._now = replace(now, done=min(max(done, now.done), now.total), note=note)
        self._listener(self._now)

    def finish(self) -> None:
        """Everything is done."""
        self._now = replace(self._now, done=self._now.total, note="done", finished=True)
        self._listener(self._now)


def tell(listener: Listener, message: str) -> None:
    """A message to the person who waits."""
    listener(Progress("", 0.0, 0.0, message=message))


def clock_time(seconds: float | None) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03; an unknown time as -:--."""
    if seconds is None:
        return "-:--"
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
