"""Owners of unfinished files: the file's name says which process made it.

A process that is killed cannot remove its unfinished files. The next process removes them if it can tell that
the owner has gone. It can if the owner ran on this machine since its last start, and no process has its
number now, or only one that began later. Files that nobody has touched for a week are removed too.
"""

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import sys
import time
from pathlib import Path

STEM = "matrix-cinema-"
FORGOTTEN = 7 * 86400.0  # seconds; no two clocks differ by so much
_NAME = re.compile(r"\.?matrix-cinema-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-")


def owned_stem() -> str:
    """The beginning of the names of this process's unfinished files; hidden files have a "." before it."""
    return f"{STEM}{_machine()}-{_boot()}-{os.getpid()}-{_started(os.getpid()) or 0}-"


def is_left(name: str) -> bool:
    """Whether this is the name of an unfinished file of ours whose process has gone."""
    found = _NAME.match(name)
    if found is None or not is_here(name):
        return False
    pid, started = int(found[3]), int(found[4])
    if not _runs(pid):
        return True
    now = _started(pid)
    return now is not None and now != started  # now another process has the number


def is_here(name: str) -> bool:
    """Whether this is the name of an unfinished file of a process on this machine, since its last start. Only
    of such a process can we ask whether it runs."""
    found = _NAME.match(name)
    return found is not None and (found[1], found[2]) == (_machine(), _boot())


def was_here(name: str) -> bool:
    """Whether the name says that a process on this machine made the file before the machine's last start.
    Two machines with the same name and number cannot be told apart."""
    found = _NAME.match(name)
    return found is not None and found[1] == _machine() and found[2] != _boot()


def discard_left(folder: str | Path) -> None:
    """Remove from a folder the unfinished files of our processes that have gone."""
    for name in names_in(folder):
        if is_left(name) or _is_forgotten(Path(folder) / name):
            discard(Path(folder) / name)


def _is_forgotten(path):
    """Whether an unfinished file belongs to another machine and was not touched for a week."""
    if not _NAME.match(path.name) or is_here(path.name):
        return False
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > FORGOTTEN
    return False


def discard_left_by_blender(folder: str | Path) -> None:
    """Remove from a folder the temporary folders of Blender that `own_folder` marked for a process that has
    gone."""
    for name in names_in(folder):
        inside = Path(folder) / name
        if name.startswith("blender_") and any(map(is_left, names_in(inside))):
            discard(inside)


def own_folder(folder: str | Path) -> None:
    """Mark Blender's folder of temporary files as that of this process."""
    if Path(folder).name.startswith("blender_"):
        with contextlib.suppress(OSError):
            (Path(folder) / f".{owned_stem()}owner").touch()


def discard(path: str | Path) -> None:
    """Remove a file or a folder, if it is there."""
    with contextlib.suppress(OSError):
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink()


def names_in(folder: str | Path) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


@functools.cache
def _machine():
    """Eight digits for this machine or container, within which process numbers are unique."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return _digits(f"{platform.node()} {space} {_told('/etc/machine-id')}")


@functools.cache
def _boot():
    """Eight digits for the last start of this machine, if known, because two machines can have the same
    name."""
    return _digits(_told("/proc/sys/kernel/random/boot_id"))


def _told(path):
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _digits(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _runs(pid):
    """Whether a process of this number is there and has not ended."""
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    try:
        os.kill(pid, 0)  # asks, and sends nothing
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # the process belongs to another user
        return True
    return _status(pid)[:1] != ["Z"]  # a zombie has ended


def _runs_on_windows(pid):
    import ctypes

    kernel, still_active = ctypes.windll.kernel32, 259  # type: ignore[attr-defined]
    process = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not process:
        return False
    status = ctypes.c_ulong()
    kernel.GetExitCodeProcess(process, ctypes.byref(status))
    kernel.CloseHandle(process)
    return status.value == still_active


def _started(pid):
    """When a process began, in Linux's ticks since the start of the machine, or None if unknown."""
    status = _status(pid)
    return int(status[19]) if len(status) > 19 else None


def _status(pid):
    """The fields of /proc/PID/stat from the third on, or []."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the second field is a name in brackets, with any letters
