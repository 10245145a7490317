"""Claims: several processes share the work in one folder, and no two do the same part.

While a process works, it has a file of its own in the folder WORK. To claim a part, it moves a folder with
its name to a fixed place. Only one process can succeed, because disks refuse to move a folder over another,
and a claim is never visible without its owner's name. If the owner has gone, its claim is void: another
process takes the place with the next number, which again only one can, and then checks all numbers once more.

Whether a process on another machine runs cannot be asked. It counts as gone after SILENCE without a sign of
life, measured by this process's own clock: the clocks of machines differ, and a disk may use the clock of the
writer.

A wrong guess costs only time: two processes then make the same file, and each moves a whole file to its
place.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import JobError
from .owner import discard, discard_left, is_here, is_left, names_in, owned_stem, was_here

WORK = ".work"
SILENCE = 900.0  # seconds without a sign of life
# Seconds. No two clocks differ by so much: a process that is silent for so long by the disk's has gone.
LONG = 86400.0
_WORKER, _TICKET = "worker", "ticket"
_BEAT = 30.0  # seconds between two signs
_PAUSE = 0.2  # seconds until a claim of another process is asked for again

_at_work: set["Work"] = set()


class Work:
    """This process, at work in a folder. Call `beat` now and then."""

    def __init__(self, folder: Path) -> None:
        """Begin work in `folder`, which is made if needed. Raises JobError if nothing can be written
        there."""
        self.folder = folder / WORK
        own = f"{owned_stem()}{secrets.token_hex(4)}-"  # copies of a machine may have equal process numbers
        self._own, self._ticket = self.folder / f"{own}{_WORKER}", self.folder / f"{own}{_TICKET}"
        self._claims: set[Path] = set()
        self._signs: dict[str, tuple[int, float]] = {}  # of each other process: its last sign, and since when
        self._beaten = time.monotonic()
        try:
            while not self._own.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                # Another process, the last one at work, may be removing the folder at this moment.
                with contextlib.suppress(FileNotFoundError):
                    self._own.touch()
        except OSError as error:
            raise JobError(f"{folder}: cannot be written ({error.strerror})") from None
        discard_left(self.folder)
        _at_work.add(self)

    def end(self) -> None:
        """End the work, and remove what no process needs any more."""
        _at_work.discard(self)
        for claim in list(self._claims):
            self.release(claim)
        names = names_in(self.folder)
        for name in {name.rpartition(".")[0] for name in names if not name.endswith((_WORKER, _TICKET))}:
            with contextlib.suppress(JobError):  # a file that is left does no harm
                if gone := self.claim(name):
                    self.release(gone)
        for name in names:
            if name.endswith((_WORKER, _TICKET)) and self._has_gone(name.replace(_TICKET, _WORKER)):
                discard(self.folder / name)
        discard(self._own)
        discard(self._ticket)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # unless others are at work

    def beat(self) -> None:
        """Give a sign of life for processes on other machines."""
        if time.monotonic() - self._beaten > _BEAT:
            self._beaten = time.monotonic()
            self._sign()

    def beating(self, function: Callable[..., object]) -> Callable[..., None]:
        """A function that gives a sign of life whenever it is called."""

        def both(*values: object) -> None:
            self.beat()
            function(*values)

        return both

    def silence(self) -> float:
        """Seconds since the last sign of life from any process of another machine that still counts as
        running; the longest such silence."""
        now = time.monotonic()
        return max((now - since for _, since in self._signs.values() if now - since <= SILENCE), default=0.0)

    def others(self) -> list[str]:
        """The file names of other processes at work here."""
        workers = [name for name in names_in(self.folder) if name.endswith(_WORKER)]
        return [name for name in workers if name != self._own.name and not self._has_gone(name)]

    def claim(self, name: str) -> Path | None:
        """The claim of `name`, to be given to `release`; None if another process has it."""
        there = self._claims_of(name)
        if not all(map(self._is_free, there.values())):
            return None
        path = self.folder / f"{name}.{max(there, default=0) + 1}"
        if not self._put(path):
            return None
        # Another process may have seen other claims, and so have taken another number.
        others = [one for one in self._claims_of(name).values() if one != path.name]
        if not all(map(self._is_free, others)):
            discard(path)
            return None
        self._claims.add(path)
        return path

    def _claims_of(self, name):
        """The claims of `name` that are there, by their numbers."""
        found = {}
        for one in names_in(self.folder):
            stem, _, number = one.rpartition(".")
            if stem == name and number.isdecimal():
                found[int(number)] = one
        return found

    def _put(self, path):
        """Move a folder that names this process to `path`; False where one is already."""
        try:
            self._ticket.mkdir(exist_ok=True)
            (self._ticket / self._own.name).touch()
            os.rename(self._ticket, path)
        except OSError as error:
            if (path / self._own.name).exists():  # the folder was moved, but the network lost the answer
                return True
            if path.exists():
                return False
            raise JobError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return True

    def release(self, claim: Path) -> None:
        """Give back a claim, and first the void claims before it."""
        for other in self._claims_of(claim.name.rpartition(".")[0]).values():
            if other != claim.name and self._is_free(other):
                discard(self.folder / other)
        discard(claim)
        self._claims.discard(claim)

    @contextlib.contextmanager
    def claimed(self, name: str) -> Iterator[Path | None]:
        """A block in which this process has the claim of `name`, or None if another has it."""
        claim = self.claim(name)
        try:
            yield claim
        finally:
            if claim:
                self.release(claim)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """A block that only one process at a time can be in, by `name`. Waits until the others have left."""
        while (claim := self.claim(name)) is None:
            self.wait()
        try:
            yield
        finally:
            self.release(claim)

    def wait(self) -> None:
        """Wait a moment for other processes."""
        self.beat()
        time.sleep(_PAUSE)

    def _is_free(self, claim):
        """Whether the owner of a claim has gone, or was killed while it gave the claim back."""
        try:
            return all(map(self._has_gone, os.listdir(self.folder / claim)))
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def _has_gone(self, worker):
        return is_left(worker) if is_here(worker) else self._is_silent(worker)

    def _is_silent(self, worker):
        """Whether a process on another machine has given no sign for SILENCE, seen from here."""
        try:
            sign = os.stat(self.folder / worker).st_mtime_ns
        except FileNotFoundError:
            self._signs.pop(worker, None)
            return True
        except OSError:
            return False
        now = time.monotonic()
        if self._signs.get(worker, (None, now))[0] != sign:
            long = self._disk_time_since(sign) > (SILENCE if was_here(worker) else LONG)
            self._signs[worker] = sign, -float("inf") if long else now
        return now - self._signs[worker][1] > SILENCE

    def _disk_time_since(self, sign):
        """Seconds since a sign of life by the disk's clock; 0 if unknown."""
        self._sign()
        try:
            return 1e-9 * (os.stat(self._own).st_mtime_ns - sign)
        except OSError:
            return 0.0

    def _sign(self):
        """Touch this process's file, which another process may have removed if this one was stopped for
        long."""
        with contextlib.suppress(OSError):
            self._own.touch()


def was_taken_over(claim: Path) -> bool:
    """Whether the claim was taken over from a process that has gone."""
    return claim.suffix != ".1"


def end_all_work() -> None:
    """End the work in every folder, for a process that ends at once."""
    for work in list(_at_work):
        work.end()
