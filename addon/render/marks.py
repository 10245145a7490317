"""A finished picture or film carries the mark of the job that made it, inside its own file.

So a frame is kept or made anew by looking at the frame alone: no list beside the frames can be
lost or wrong, and several processes may fill one folder. A PNG holds the mark in a `tEXt` chunk
(PNG specification, 11.3.4.3), an MP4 in a closing `free` box (ISO 14496-12, 8.1.2); every reader
skips both.
"""

import dataclasses
import hashlib
import json
import struct
import zlib
from pathlib import Path

from .. import __version__
from ..files.scene import Render, to_dict

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"matrix-cinema"
# The rooms whose code decides what a picture shows.
_PICTURE_ROOMS = ("files", "algebra", "staging", "look", "blender")


def scene_mark(scene, *settings):
    """The mark (64 hexadecimal digits) of pictures of a scene description with these settings.

    It covers the description, the content of every file that it names, the settings (anything
    whose `repr` says it all) and this version of the project. Render defaults are left out, for
    the settings say what is used; frames per second move the keyframes and stay in.
    """
    described = to_dict(dataclasses.replace(scene, render=Render(fps=scene.render.fps)))
    digest = _begin(settings)
    digest.update(json.dumps(described, sort_keys=True).encode())
    for path in _named_files(described, Path(scene.folder)):
        digest.update(_digest(path))
    return digest.hexdigest()


def blend_mark(path, *settings):
    """The mark of pictures of a .blend file with these settings."""
    digest = _begin(settings)
    digest.update(_digest(Path(path)))
    return digest.hexdigest()


def derived_mark(mark, *settings):
    """The mark of what is made from pictures with this mark, such as a film."""
    return hashlib.sha256(repr((mark, settings)).encode()).hexdigest()


def _begin(settings):
    digest = hashlib.sha256(repr((__version__, settings)).encode())
    package = Path(__file__).parent.parent
    for room in _PICTURE_ROOMS:
        for path in sorted([*(package / room).glob("*.py"), *(package / room).glob("*.json")]):
            digest.update(path.name.encode() + _digest(path))
    return digest


def _named_files(described, folder):
    """Every file that a text in the description names, in a fixed order."""
    if isinstance(described, str):
        try:
            path = folder / described
            return [path] if path.is_file() else []
        except (OSError, ValueError):  # too long for a name, or a zero byte in it
            return []
    if isinstance(described, dict):
        described = [described[key] for key in sorted(described)]
    if isinstance(described, list):
        return [path for item in described for path in _named_files(item, folder)]
    return []


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def seal_png(path, mark):
    """Put the mark into a PNG and take out what Blender noted there (dates and render times).

    False when the file is no whole PNG, which is how a full disk shows: Blender reports such a
    file as saved.
    """
    chunks = []
    with open(path, "rb") as file:
        whole = file.read(8) == _SIGNATURE
        while whole and (not chunks or chunks[-1][0] != b"IEND"):
            head = file.read(8)
            size, kind = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"")
            content = file.read(size)
            whole = len(content) == size and file.read(4) == _checksum(kind, content)
            chunks.append((kind, content))
    if not whole:
        return False
    text = _KEYWORD + b"\0" + mark.encode("ascii")
    chunks = [chunk for chunk in chunks if chunk[0] not in (b"tEXt", b"zTXt", b"iTXt")]
    chunks.insert(1, (b"tEXt", text))
    with open(path, "wb") as file:
        file.write(_SIGNATURE)
        for kind, content in chunks:
            file.write(struct.pack(">I", len(content)) + kind + content + _checksum(kind, content))
    return True


def read_png_mark(path):
    """The mark that `seal_png` left, or "" for a file without one, cut short, or not there."""
    try:
        with open(path, "rb") as file:
            head = file.read(8 + 25 + 8 + len(_KEYWORD) + 1 + 64)
            file.seek(-12, 2)
            ends_well = file.read(12)[4:8] == b"IEND"
    except OSError:
        return ""
    start = 8 + 25 + 8  # the signature, the IHDR chunk, the length and kind of ours
    if not ends_well or head[start - 4:start] != b"tEXt":
        return ""
    keyword, _, mark = head[start:].partition(b"\0")
    return mark.decode("ascii", "replace") if keyword == _KEYWORD else ""


def _checksum(kind, content):
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def seal_mp4(path, mark):
    """Append the mark to an MP4; False when its boxes are not whole, as on a full disk."""
    with open(path, "r+b") as file:
        length, kinds = file.seek(0, 2), []
        place = 0
        while place < length:
            file.seek(place)
            size, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
            if size == 1:  # the size does not fit into 32 bits and follows
                size = int.from_bytes(file.read(8), "big")
            if size < 8:
                return False
            place += size
            kinds.append(kind)
        if place != length or b"moov" not in kinds:
            return False
        file.seek(0, 2)
        file.write(_free_box(mark))
    return True


def read_mp4_mark(path):
    """The mark that `seal_mp4` left, or "" for a file without one or not there."""
    size = len(_free_box("0" * 64))
    try:
        with open(path, "rb") as file:
            file.seek(-size, 2)
            box = file.read(size)
    except OSError:
        return ""
    mark = box[-64:].decode("ascii", "replace")
    return mark if box == _free_box(mark) else ""


def _free_box(mark):
    content = _KEYWORD + b"\0" + mark.encode("ascii", "replace")
    return struct.pack(">I4s", 8 + len(content), b"free") + content
