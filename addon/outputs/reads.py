"""A command never writes over a file that it reads, not even by another spelling, a link or a second name."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..description.named_files import named_files
from ..description.scene import Scene
from ..description.source import Source
from ..errors import InputError
from ..look.styles import with_style_file


def files_of(scene: Scene) -> list[Path]:
    """The files that a description and its style file name. Raises InputError."""
    return list(dict.fromkeys(named_files(scene) + named_files(with_style_file(scene))))


def files_read(source: Source) -> list[Path]:
    """The files that a source reads: its own file, and those that its description names."""
    own = [] if source.path is None else [source.path]
    return own if source.description is None else own + files_of(source.description)


def require_apart(outputs: Iterable[str | os.PathLike[str]], read: Iterable[str | os.PathLike[str]]) -> None:
    """Raise InputError if an output is one of the files `read`, or lies in one of them that is a folder."""
    known: dict = {}
    for path in read:
        files = [path, *Path(path).iterdir()] if os.path.isdir(path) else [path]
        known.update((key, path) for one in files if (key := _identity(one)))
    for output in outputs:
        if (other := known.get(_identity(output))) is not None:
            by = "" if str(output) == str(other) else f"{other}, which "
            raise InputError(f"{output}: is {by}this command reads, and would be lost; give another name")


def _identity(path):
    """A value that all names of one file share; None if there is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
