"""Writes title, notes and chapters into the index of a finished MP4 or MOV, without touching the film itself.

FFmpeg writes the index (`moov`) at the end of the file. There it can grow, because nothing that it points at
moves. Notes are iTunes metadata (`udta/meta/ilst`), which players, browsers and FFmpeg read. Chapters are
Nero's list (`udta/chpl`, version 1). Each has a time in units of 100 ns and a title of up to 255 bytes."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from .wholeness import box, boxes

# Kinds of the list, as iTunes has them.
KEYS = {"Title": b"\xa9nam", "Comment": b"\xa9cmt", "Description": b"desc", "Software": b"\xa9too"}
MOST_CHAPTERS = 255
_UNITS = 10_000_000  # a second


def write_notes(
    path: str | Path, notes: Mapping[str, str], chapters: Sequence[tuple[float, str]] = ()
) -> bool:
    """Write notes, by the names of KEYS, and chapters (seconds, title) into a file that is not sealed yet.
    Returns False if the index is not at the end of the file, as after a full disk."""
    with open(path, "r+b") as file:
        place, size = next(((place, size) for kind, place, size in boxes(file) if kind == b"moov"), (0, 0))
        if not size or place + size != file.seek(0, 2):
            return False
        file.seek(place)
        moov = file.read(size)
        user = _user_data(notes, chapters)
        file.seek(place)
        file.write(struct.pack(">I", len(moov) + len(user)) + moov[4:] + user)
    return True


def _user_data(notes: Mapping[str, str], chapters: Sequence[tuple[float, str]]) -> bytes:
    items = b"".join(
        box(KEYS[name], box(b"data", struct.pack(">II", 1, 0) + text.encode()))
        for name, text in notes.items()
    )
    handler = box(b"hdlr", struct.pack(">II4s4s", 0, 0, b"mdir", b"appl") + bytes(9))
    inside = box(b"meta", bytes(4) + handler + box(b"ilst", items))
    if chapters:
        listed = b"".join(_chapter(*one) for one in chapters[:MOST_CHAPTERS])
        count = min(len(chapters), MOST_CHAPTERS)
        inside += box(b"chpl", struct.pack(">B3xIB", 1, 0, count) + listed)
    return box(b"udta", inside)


def _chapter(seconds: float, title: str) -> bytes:
    name = title.encode()[:255].decode("utf-8", "ignore").encode()
    return struct.pack(">QB", round(seconds * _UNITS), len(name)) + name
