"""How a file that a person names is read: a regular file, of a size that was looked at before.

A description or a command may name anything: a device that has no end, a FIFO at which one waits for ever, a
file larger than the memory. So every room reads such a file through here.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path

import numpy as np

from ..errors import InputError

# A FIFO is opened without waiting for a writer; a terminal does not become that of this process.
_FLAGS = os.O_RDONLY
for _flag in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):
    _FLAGS |= getattr(os, _flag, 0)


def opened(
    path: str | os.PathLike[str], most: int | None = None, what: str = "file", where: str = ""
) -> BufferedReader:
    """A regular file of at most `most` bytes, open for reading.

    `what` says in messages what was expected ("font file"), `where` who names it, by default the path.
    Raises InputError for what is not there, is no regular file, is too large, or may not be read.
    """
    where = where or str(path)
    try:
        found = os.stat(path)  # before it is opened, for opening a device may do something
        kind = _kind(found)
        descriptor = None if kind else os.open(path, _FLAGS)
    except FileNotFoundError:
        raise InputError(f"{where}: no such {what}") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise InputError(f"{where}: cannot be read ({getattr(error, 'strerror', error)})") from None
    if descriptor is not None:
        found = os.fstat(descriptor)  # the file may have been another one just before
        kind = _kind(found)
    if descriptor is None or kind or (most is not None and found.st_size > most):
        if descriptor is not None:
            os.close(descriptor)
        reason = kind or f"has {found.st_size:,} bytes, which are too many; the most is {most:,}"
        raise InputError(f"{where}: {reason}" + (f", not a {what}" if kind == "is a folder" else ""))
    file = open(descriptor, "rb")
    try:
        file.peek(1)  # some of the system's files are regular by name, and let nobody read them
    except OSError as error:
        file.close()
        raise InputError(f"{where}: cannot be read ({error.strerror})") from None
    return file


def read_bounded(path: str | os.PathLike[str], most: int, what: str = "file", where: str = "") -> bytes:
    """The bytes of a regular file of at most `most` of them; see `opened`."""
    with opened(path, most, what, where) as file:
        try:
            return file.read(os.fstat(file.fileno()).st_size)  # not more, should it grow
        except OSError as error:
            raise InputError(f"{where or path}: cannot be read ({error.strerror})") from None


def map_file(path: str | Path) -> np.ndarray:
    """The bytes of a regular file of any size, memory-mapped and read-only, uint8 of one axis. Raises
    InputError, also for a file of no bytes."""
    with opened(path) as file:
        if not os.fstat(file.fileno()).st_size:
            raise InputError(f"{path}: is empty")
        try:
            return np.memmap(file, np.uint8, "r")
        except (OSError, ValueError) as error:  # ValueError: emptied since
            raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None


def _kind(status: os.stat_result) -> str:
    """What is wrong with the kind of a file, "" for a regular one."""
    if stat.S_ISDIR(status.st_mode):
        return "is a folder"
    return "" if stat.S_ISREG(status.st_mode) else "is not a regular file"
