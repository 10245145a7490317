"""Writes files whole or not at all: under a hidden name beside their place, and then moved to the place.

A process that is killed leaves at most the hidden file. Nothing takes it for a result, and the next process
removes it (see `owner`).
"""

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError, JobError
from .owner import discard, discard_left, owned_stem

LONGEST_NAME = 255  # bytes, of a file or a folder
LONGEST_PATH = 760  # bytes; Blender cuts the paths of folders at 768, those of files at 1,000
_unfinished = set()
_numbers = itertools.count(1)


def named_place(name: str | os.PathLike[str]) -> Path:
    """The path of an output. Raises InputError for an empty name, which Path takes for the working folder."""
    if not os.fspath(name):
        raise InputError("the output has no name; give a file or a folder")
    return Path(name)


def require_file_place(path: str | Path) -> None:
    """Raise InputError unless a file can be made at `path`; nothing new is left on the disk.

    Missing folders are no error: they are made when the file is written. Hidden files that killed processes
    have left beside the place are removed.
    """
    place = full_path(path)
    if os.path.isdir(place):
        raise InputError(f"{path}: is a folder; give a file name in it")
    if os.path.exists(place) and not os.path.isfile(place):
        raise InputError(f"{path}: is not a regular file, and would be replaced; give another name")
    _require_writable(place.parent, path)


def require_folder_place(folder: str | Path) -> None:
    """Raise InputError unless files can be made in `folder`, which need not exist yet."""
    _require_writable(full_path(folder), folder)


def full_path(path: str | Path) -> Path:
    """The absolute path, with links followed, as Blender can use it.

    Raises InputError for a path that Blender or a file system would cut or read in another way.
    """
    full = os.path.realpath(path)
    if os.name == "posix":
        full = "/" + full.lstrip("/")  # "//" means the folder of the .blend
        if "\\" in full:
            raise InputError(f"{path}: Blender takes the backslash in {full} for a slash; give another name")
    try:
        sizes = [len(name.encode()) for name in full.split(os.sep)]
    except UnicodeEncodeError:
        raise InputError(f"{path}: has a letter that is not UTF-8, which Blender does not accept") from None
    if max(sizes) > LONGEST_NAME:
        raise InputError(f"{path}: a name in the path has {max(sizes)} bytes; the most is {LONGEST_NAME}")
    if len(full.encode()) > LONGEST_PATH:
        raise InputError(
            f"{path}: the absolute path has {len(full.encode())} bytes; the most is {LONGEST_PATH}"
        )
    return Path(full)


def for_blender(path: Path) -> str:
    """A path for Blender's render output, with doubled braces: single braces would mean a template."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _require_writable(folder, named):
    while not os.path.exists(folder) and folder != folder.parent:
        folder = folder.parent
    if not os.path.isdir(folder):
        raise InputError(f"{named}: {folder} is a file, so nothing can be written in it")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"{named}: cannot write in {folder} ({error.strerror})") from None
    discard_left(folder)


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a hidden path beside `path`. At the end of the block, the file written there replaces `path`.

    If `path` is a link, the file it leads to is replaced. After an error nothing is left, and `path` is as it
    was. Raises JobError if the disk refuses.
    """
    place = full_path(path)
    part = place.parent / f".{owned_stem()}{next(_numbers)}.part{place.suffix}"
    _unfinished.add(part)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, place)
    except OSError as error:
        raise JobError(
            f"{_blamed(error, path, part)}: cannot be written ({error.strerror or error})"
        ) from None
    finally:
        _discard_part(part)


def _blamed(error, path, part):
    """The file that the disk refused: `path`, unless the error names another file."""
    named = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else None
    return path if named is None or Path(named).parent == part.parent else named


def _discard_part(part):
    """Remove an unfinished file, and files that Blender makes beside it, such as "…@" while it saves."""
    stem = part.name.rpartition(".part")[0] + "."
    with contextlib.suppress(OSError):
        for name in os.listdir(part.parent):
            if name.startswith(stem):
                discard(part.parent / name)
    _unfinished.discard(part)


def discard_unfinished() -> None:
    """Remove every file that is being written: for a process that ends at once."""
    for part in list(_unfinished):
        _discard_part(part)
