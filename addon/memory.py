"""How much memory this process may still take. The machine, its cgroups and its own limits decide."""

import os
from pathlib import Path

from .errors import InputError

_GROUPS = Path("/sys/fs/cgroup")
# By the version of cgroups: where its memory is told, in which files, and which part of it is only cached.
_VERSIONS = {
    "": ("", "memory.max", "memory.current", "inactive_file"),
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def available_memory() -> int | None:
    """Bytes, the least of what is known; None where nothing is."""
    known = [free for free in (_machine(), *_groups(), *_limits()) if free is not None]
    return max(0, min(known)) if known else None


def require_memory(need: int, what: str) -> None:
    """Raise InputError where `what` needs more bytes than there are."""
    have = available_memory()
    if have is not None and need > have:
        raise InputError(f"{what} needs about {need / 1e9:,.1f} GB of memory; {have / 1e9:,.1f} GB are free")


def address_limit() -> int | None:
    """The addresses in bytes that `ulimit -v` allows this process; None where there is no such limit."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


def _machine() -> int | None:
    """What is free, or all of it where the free part is not told."""
    if free := _fields("/proc/meminfo").get("MemAvailable:"):
        return 1024 * free
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _groups():
    """The memory left in each cgroup around this process, such as that of a container."""
    for line in _text("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for version in set(controllers.split(",")) & set(_VERSIONS):
            part, most, used, cached = _VERSIONS[version]
            root = _GROUPS / part
            own = root / path.lstrip("/")  # in a container the root may stand for it
            for folder in (own, *own.parents):
                limit, taken = _text(folder / most).strip(), _text(folder / used).strip()
                if limit.isdecimal() and taken.isdecimal():
                    yield int(limit) - int(taken) + _fields(folder / "memory.stat").get(cached, 0)
                if folder == root:
                    break


def _limits():
    """What `ulimit -v` and `ulimit -d` leave."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    taken = _fields("/proc/self/status")
    for limit, field in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield most - 1024 * taken.get(field, 0)


def _fields(path: str | Path) -> dict[str, int]:
    """Lines of a name and a number."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}


def _text(path: str | Path) -> str:
    """A file of the system's, "" where it has none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
