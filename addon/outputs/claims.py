"""Several processes work in one folder, and none does what another one is doing.

Each process has a file of its own in the folder's WORK while it is there. What it does it claims by moving a
folder that names it to a place where only one can be: disks refuse to put one folder over another, and no
claim is ever seen without its name. The claim of a process that has gone counts no more: whoever wants it
takes the place of the next number, which again only one can. Where it cannot be asked whether a process
runs, because it is on another machine, it has gone when it was silent for SILENCE.

A wrong guess costs time and nothing else: two processes then make the same file, and each moves a whole one
to its place.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import JobError
from .owner import discard, discard_left, is_here, is_left, names_in, owned_stem

WORK = ".work"
SILENCE = 900.0  # seconds without a sign of life
_WORKER, _TICKET = "worker", "ticket"
_BEAT = 30.0  # seconds between two signs
_PAUSE = 0.2  # seconds until a claim of another process is asked for again

_at_work: set["Work"] = set()


class Work:
    """This process, at work in a folder. `beat` is to be called now and then."""

    def __init__(self, folder: Path) -> None:
        """In `folder`, which is made if need be. Raises JobError where nothing can be written."""
        self.folder = folder / WORK
        self._own = self.folder / f"{owned_stem()}{_WORKER}"
        self._ticket = self.folder / f"{owned_stem()}{_TICKET}"
        self._claims: set[Path] = set()
        self._beaten = time.monotonic()
        try:
            while not self._own.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(
                    FileNotFoundError
                ):  # the last of others took the folder away just now
                    self._own.touch()
        except OSError as error:
            raise JobError(f"{folder}: cannot be written ({error.strerror})") from None
        discard_left(self.folder)
        _at_work.add(self)

    def end(self) -> None:
        """Leave, and take away what nobody needs any more."""
        _at_work.discard(self)
        for claim in list(self._claims):
            self.release(claim)
        for name in names_in(self.folder):
            has_gone = self._has_gone if name.endswith((_WORKER, _TICKET)) else self._is_free
            if has_gone(name):
                discard(self.folder / name)
        discard(self._own)
        discard(self._ticket)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # unless others are at work

    def beat(self) -> None:
        """Give a sign of life, which processes on other machines look for."""
        if time.monotonic() - self._beaten > _BEAT:
            self._beaten = time.monotonic()
            with contextlib.suppress(OSError):
                os.utime(self._own)

    def others(self) -> list[str]:
        """The file names of other processes at work here."""
        workers = [name for name in names_in(self.folder) if name.endswith(_WORKER)]
        return [name for name in workers if name != self._own.name and not self._has_gone(name)]

    def claim(self, name: str) -> Path | None:
        """The claim of `name`, to be given to `release`; None if another process has it."""
        number = 1
        while True:
            path = self.folder / f"{name}.{number}"
            with contextlib.suppress(OSError):
                path.rmdir()  # empty: its process was killed while it gave it back
            if self._put(path):
                self._claims.add(path)
                return path
            if not self._is_free(path.name):
                return None
            number += 1

    def _put(self, path):
        """Move a folder that names this process to `path`; False where one is already."""
        try:
            self._ticket.mkdir(exist_ok=True)
            (self._ticket / self._own.name).touch()
            os.rename(self._ticket, path)
        except OSError as error:
            if path.exists():
                return False
            raise JobError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return True

    def release(self, claim: Path) -> None:
        """Give back a claim, and remove those of processes that had gone before."""
        stem, _, number = claim.name.rpartition(".")
        for n in range(1, int(number) + 1):
            discard(self.folder / f"{stem}.{n}")
        self._claims.discard(claim)

    @contextlib.contextmanager
    def claimed(self, name: str) -> Iterator[bool]:
        """A block in which this process has the claim of `name`, if no other has; whether that is so."""
        claim = self.claim(name)
        try:
            yield claim is not None
        finally:
            if claim:
                self.release(claim)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """A block in which no other process that claims `name` is; waits until that is so."""
        while (claim := self.claim(name)) is None:
            self.wait()
        try:
            yield
        finally:
            self.release(claim)

    def wait(self) -> None:
        """Wait a moment for what other processes do."""
        self.beat()
        time.sleep(_PAUSE)

    def _is_free(self, name):
        """Whether a claim is that of a process that has gone."""
        workers = names_in(self.folder / name)
        return bool(workers) and all(map(self._has_gone, workers))

    def _has_gone(self, worker):
        if is_here(worker):
            return is_left(worker)
        return self._age(worker) > SILENCE

    def _age(self, name):
        """Seconds since a file was touched, by the clock of the disk; infinite for one that is not there."""
        with contextlib.suppress(OSError):
            os.utime(self._own)
            return os.stat(self._own).st_mtime - os.stat(self.folder / name).st_mtime
        return float("inf")


def end_all_work() -> None:
    """Leave every folder: for a process that ends at once."""
    for work in list(_at_work):
        work.end()
