"""Whose an unfinished file is: the process that made it stands in the file's name.

A process that is killed cannot remove what it was writing. The next one removes it, when it can tell that
the owner has gone: on the same machine, since it was started, where no process has that number, or another
one that began later. What nobody has touched for a week goes, too.
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
FORGOTTEN = 7 * 86400.0  # seconds; no two clocks differ by as much
_NAME = re.compile(r"\.?matrix-cinema-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-")


def owned_stem() -> str:
    """How names of unfinished files of this process begin; put a "." before it for hidden ones."""
    return f"{STEM}{_machine()}-{_boot()}-{os.getpid()}-{_started(os.getpid()) or 0}-"


def is_left(name: str) -> bool:
    """Whether a file of this name is an unfinished one of ours whose process has gone."""
    found = _NAME.match(name)
    if found is None or not is_here(name):
        return False
    pid, started = int(found[3]), int(found[4])
    if not _runs(pid):
        return True
    now = _started(pid)
    return now is not None and now != started  # another process has the number by now


def is_here(name: str) -> bool:
    """Whether a file of this name is an unfinished one of a process of this machine, since it was started:
    of which it can be asked whether it runs."""
    found = _NAME.match(name)
    return found is not None and (found[1], found[2]) == (_machine(), _boot())


def was_here(name: str) -> bool:
    """Whether a file of this name is one of a machine that is called as this one: it was started anew since,
    unless two have the same name and number."""
    found = _NAME.match(name)
    return found is not None and found[1] == _machine() and found[2] != _boot()


def discard_left(folder: str | Path) -> None:
    """Remove from a folder what processes of ours that have gone left there unfinished."""
    for name in names_in(folder):
        if is_left(name) or _is_forgotten(Path(folder) / name):
            discard(Path(folder) / name)


def _is_forgotten(path):
    """Whether an unfinished file is one of a machine that cannot be asked, and was not touched for long."""
    if not _NAME.match(path.name) or is_here(path.name):
        return False
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > FORGOTTEN
    return False


def discard_left_by_blender(folder: str | Path) -> None:
    """Remove from a folder those that Blender made and `own_folder` marked for a process that has gone."""
    for name in names_in(folder):
        inside = Path(folder) / name
        if name.startswith("blender_") and any(map(is_left, names_in(inside))):
            discard(inside)


def own_folder(folder: str | Path) -> None:
    """Mark the folder of temporary files that Blender made for this process."""
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
    """The names in a folder, none where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


@functools.cache
def _machine():
    """Eight digits for this machine, or this container: where a process number means one process."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return _digits(f"{platform.node()} {space} {_told('/etc/machine-id')}")


@functools.cache
def _boot():
    """Eight digits for this start of the machine, where that is told: machines may have one name."""
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
    except OSError:  # it is another user's
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
    """When a process began, in Linux's ticks since the start of the machine; None where that is not told."""
    status = _status(pid)
    return int(status[19]) if len(status) > 19 else None


def _status(pid):
    """The fields of /proc/PID/stat from the third on; [] where there are none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the second is a name in brackets, which may hold anything
