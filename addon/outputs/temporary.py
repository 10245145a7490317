"""Temporary files: an error names their folder, and files that killed processes left there are removed."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import JobError
from .owner import discard_left, discard_left_by_blender, own_folder, owned_stem

_PROBE = 2**16  # bytes: a folder without room for them counts as full


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A block with a temporary folder."""
    with _told(), tempfile.TemporaryDirectory(prefix=owned_stem()) as folder:
        yield Path(folder)


def temporary_file() -> BinaryIO:
    """An open file without a name."""
    with _told():
        return tempfile.TemporaryFile()


def begin_in_blender(folder: str | Path) -> None:
    """Clean up after killed processes. `folder` is Blender's temporary folder of this process."""
    own_folder(folder)
    discard_left_by_blender(Path(folder).parent)
    with contextlib.suppress(OSError):
        discard_left(tempfile.gettempdir())


def trouble_in(folder: str | Path) -> str:
    """Why a folder of temporary files cannot be used, in one sentence, or ""."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE))
            file.flush()
    except OSError as error:
        return (
            f"{folder}: Blender's temporary files cannot be written there ({error.strerror}); make room, "
            "or name another folder in TMPDIR"
        )
    return ""


@contextlib.contextmanager
def _told():
    try:
        yield
    except FileNotFoundError as error:
        if "temporary directory" not in str(error):
            raise
        raise JobError(
            f"no folder for temporary files can be written; name one in TMPDIR ({error})"
        ) from None
