"""Opens files that a person names: only regular files, and only after their size was checked.

A description or a command can name anything: a device without an end, a FIFO that would block for ever, a
file larger than the memory. Therefore every room reads such files through this module.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path

import numpy as np

from ..errors import InputError

# Do not wait for the writer of a FIFO, and do not make a terminal the one that controls this process.
_FLAGS = os.O_RDONLY
for _flag in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):
    _FLAGS |= getattr(os, _flag, 0)


def opened(
    path: str | os.PathLike[str], most: int | None = None, what: str = "file", where: str = ""
) -> BufferedReader:
    """A regular file of at most `most` bytes, open for reading.

    In messages, `what` is the expected kind of file ("font file"), and `where` is the place that names the
    file, by default its path. Raises InputError if the file is missing, not regular, too large or unreadable.
    """
    where = where or str(path)
    try:
        status = os.stat(path)  # before the file is opened: opening a device can have effects
        kind = _kind(status)
        descriptor = None if kind else os.open(path, _FLAGS)
    except FileNotFoundError:
        raise InputError(f"{where}: no such {what}") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise InputError(f"{where}: cannot be read ({getattr(error, 'strerror', error)})") from None
    if descriptor is not None:
        status = os.fstat(descriptor)  # between the two calls, the file may have been exchanged
        kind = _kind(status)
    if descriptor is None or kind or (most is not None and status.st_size > most):
        if descriptor is not None:
            os.close(descriptor)
        reason = kind or f"has {status.st_size:,} bytes, which are too many; the most is {most:,}"
        raise InputError(f"{where}: {reason}" + (f", not a {what}" if kind == "is a folder" else ""))
    file = open(descriptor, "rb")
    try:
        file.peek(1)  # some files of the system look regular, but nobody can read them
    except OSError as error:
        file.close()
        raise InputError(f"{where}: cannot be read ({error.strerror})") from None
    return file


def read_bounded(path: str | os.PathLike[str], most: int, what: str = "file", where: str = "") -> bytes:
    """The bytes of a regular file of at most `most` of them; see `opened`."""
    with opened(path, most, what, where) as file:
        try:
            return file.read(os.fstat(file.fileno()).st_size)  # no more than that, even if the file grows
        except OSError as error:
            raise InputError(f"{where or path}: cannot be read ({error.strerror})") from None


def map_file(path: str | Path) -> np.ndarray:
    """The bytes of a regular file of any size: memory-mapped, read-only, uint8, one axis. Raises InputError
    as `opened` does, and for an empty file."""
    with opened(path) as file:
        if not os.fstat(file.fileno()).st_size:
            raise InputError(f"{path}: is empty")
        try:
            return np.memmap(file, np.uint8, "r")
        except (OSError, ValueError) as error:  # ValueError: the file is empty now
            raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None


def _kind(status: os.stat_result) -> str:
    """What is wrong with the type of a file, or "" for a regular file."""
    if stat.S_ISDIR(status.st_mode):
        return "is a folder"
    return "" if stat.S_ISREG(status.st_mode) else "is not a regular file"
