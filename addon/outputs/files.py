"""Files that appear whole or not at all: written under another name beside their place, then moved.

A process that is stopped leaves at most a hidden `.part` file, which nothing takes for a result.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from ..errors import InputError, JobError

_unfinished = set()


def require_file_place(path):
    """Raise InputError unless a file can be made at `path`; nothing is left on the disk.

    Folders that do not exist yet are no error: they are made when the first file is written.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a file name in it")
    _require_writable(path.absolute().parent, path)


def require_folder_place(folder):
    """Raise InputError unless files can be made in `folder`, which need not exist yet."""
    _require_writable(Path(folder).absolute(), folder)


def _require_writable(folder, named):
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(f"{named}: {folder} is a file, so nothing can be written in it")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"{named}: cannot write in {folder} ({error.strerror})") from None


def numbered_frames(folder):
    """The pictures 0001.png, 0002.png … of a folder in their order.

    Raises InputError where there are none, or one is missing between others.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; give the one with the frames")
    found = {int(path.stem): path for path in folder.glob("*.png") if path.stem.isdecimal()}
    if not found:
        raise InputError(f"{folder}: has no frames such as 0001.png")
    missing = sorted(set(range(min(found), max(found) + 1)) - set(found))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(f"{folder}: frame {missing[0]}{more} of {min(found)} to {max(found)} is missing")
    return [found[number] for number in sorted(found)]


@contextlib.contextmanager
def written_whole(path):
    """Yield a hidden name beside `path`; what was written there replaces `path` at the end.

    After an error nothing is left and `path` is as it was. Raises JobError when the disk refuses.
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    _unfinished.add(part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)
    except OSError as error:
        raise JobError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        discard(part)


def discard(part):
    """Remove an unfinished file."""
    with contextlib.suppress(OSError):
        part.unlink()
    _unfinished.discard(part)


def discard_unfinished():
    """Remove every file that is being written: for a process that ends at once."""
    for part in list(_unfinished):
        discard(part)
