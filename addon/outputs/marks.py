"""A finished picture or film carries the mark of the job that made it, inside its own file.

So a frame is kept or made anew by looking at the frame alone: no list beside the frames can be
lost or wrong, and several processes may fill one folder. A PNG holds the mark in a `tEXt` chunk
(PNG specification, 11.3.4.3), an MP4 or MOV in a closing `free` box (ISO 14496-12, 8.1.2), a WebM in a
closing `Void` element (RFC 8794, 11.3.2), an OpenEXR after its last pixels, which its table of offsets
says; every reader skips them.
"""

import contextlib
import dataclasses
import hashlib
import json
import struct
import zlib
from pathlib import Path

from .. import __version__
from ..description.named_files import named_files
from ..description.scene import Render, to_dict
from ..errors import InputError
from ..formats.reading import opened
from ..look.styles import with_style_file

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"matrix-cinema"
# The rooms whose code decides what a picture shows.
_PICTURE_ROOMS = ("attention", "formats", "description", "algebra", "look", "staging", "picture", "blender")


def scene_mark(scene, *settings):
    """The mark (64 hexadecimal digits) of pictures of a scene description with these settings.

    It covers the description, the content of every file that it names, the settings (anything
    whose `repr` says it all) and this version of the project. Render defaults are left out, for
    the settings say what is used; frames per second move the keyframes and stay in.
    """
    described = to_dict(dataclasses.replace(scene, render=Render(fps=scene.render.fps)))
    digest = _begin(settings)
    digest.update(json.dumps(described, sort_keys=True).encode())
    for path in _files_of(scene):
        with contextlib.suppress(InputError):  # what cannot be read is refused when the scene is planned
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
    for path in picture_code():
        digest.update(path.name.encode() + _digest(path))
    return digest


def picture_code() -> list[Path]:
    """The files of this project that decide what a picture shows, in a fixed order."""
    package = Path(__file__).parent.parent
    rooms = [package / room for room in _PICTURE_ROOMS]
    return sorted(path for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".json"))


def _files_of(scene):
    """The files that a description names, and those that its style file does."""
    return list(dict.fromkeys(named_files(scene) + named_files(with_style_file(scene))))


def _digest(path):
    with opened(path) as file:
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
        with opened(path) as file:
            head = file.read(8 + 25 + 8 + len(_KEYWORD) + 1 + 64)
            file.seek(-12, 2)
            ends_well = file.read(12)[4:8] == b"IEND"
    except (InputError, OSError):
        return ""
    start = 8 + 25 + 8  # the signature, the IHDR chunk, the length and kind of ours
    if not ends_well or head[start - 4 : start] != b"tEXt":
        return ""
    keyword, _, mark = head[start:].partition(b"\0")
    return mark.decode("ascii", "replace") if keyword == _KEYWORD else ""


def _checksum(kind, content):
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def seal(path, mark):
    """Put the mark into a finished file of ours, by its suffix; False when the file is not whole."""
    if Path(path).suffix.lower() == ".png":
        return seal_png(path, mark)
    is_whole, tail = _TAILS[Path(path).suffix.lower()]
    with open(path, "r+b") as file:
        if not is_whole(file):
            return False
        file.seek(0, 2)
        file.write(tail(mark))
    return True


def read_mark(path):
    """The mark that `seal` left, or "" for a file without one, cut short, or not there."""
    suffix = Path(path).suffix.lower()
    if suffix == ".png":
        return read_png_mark(path)
    if suffix not in _TAILS:
        return ""
    tail = _TAILS[suffix][1]
    size = len(tail("0" * 64))
    try:
        with opened(path) as file:
            file.seek(-size, 2)
            end = file.read(size)
    except (InputError, OSError):
        return ""
    mark = end[-64:].decode("ascii", "replace")
    return mark if end == tail(mark) else ""


def _is_whole_mp4(file):
    """Whether boxes follow one another to the end of the file, with the index among them."""
    length, kinds, place = file.seek(0, 2), [], 0
    while place < length:
        file.seek(place)
        size, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
        if size == 1:  # the size does not fit into 32 bits and follows
            size = int.from_bytes(file.read(8), "big")
        if size < 8:
            return False
        place += size
        kinds.append(kind)
    return place == length and b"moov" in kinds


def _free_box(mark):
    content = _KEYWORD + b"\0" + mark.encode("ascii", "replace")
    return struct.pack(">I4s", 8 + len(content), b"free") + content


def _is_whole_webm(file):
    """Whether the file is a header and one segment of a known size, which ends where the file does."""
    length, kinds, place = file.seek(0, 2), [], 0
    while place < length:
        file.seek(place)
        kind = file.read(4)
        first = file.read(1)[0] if place + 4 < length else 0
        width = 9 - first.bit_length()  # of the number, in bytes: its leading zeros say so
        if not 1 <= width <= 8:
            return False
        size = int.from_bytes(bytes([first & (0xFF >> width)]) + file.read(width - 1), "big")
        if size == (1 << 7 * width) - 1:  # not known yet
            return False
        place += 4 + width + size
        kinds.append(kind)
    return place == length and kinds[1:] == [b"\x18\x53\x80\x67"]


def _void_element(mark):
    content = _KEYWORD + b"\0" + mark.encode("ascii", "replace")
    return bytes([0xEC, 0x80 | len(content)]) + content


def _is_whole_exr(file):
    """Whether all pixels are there: the table of offsets, written last, leads to the end of the file."""
    length = file.seek(0, 2)
    file.seek(0)
    with contextlib.suppress(struct.error):
        magic, version = struct.unpack("<2I", file.read(8))
        if magic != 20000630:
            return False
        several = bool(version & 0x1000)
        chunks = 0
        while header := _exr_header(file):
            chunks += _exr_chunks(header)
            if not several:
                break
        last = max(struct.unpack(f"<{chunks}Q", file.read(8 * chunks)), default=0)
        file.seek(last + (4 if several else 0) + 4)  # its part, where there are several, and its line
        (size,) = struct.unpack("<i", file.read(4))
        return last > 0 and file.tell() + size == length
    return False


def _exr_header(file):
    """The attributes of an OpenEXR header, name to bytes; {} for the empty one that closes several."""
    header = {}
    while name := _until_zero(file):
        _until_zero(file)  # its type
        (size,) = struct.unpack("<i", file.read(4))
        header[name] = file.read(max(size, 0))
    return header


def _until_zero(file):
    text = b""
    while (letter := file.read(1)) not in (b"\0", b"") and len(text) < 256:
        text += letter
    return text


def _exr_chunks(header):
    """How many blocks of lines: ZIP packs 16 lines into one."""
    if b"chunkCount" in header:
        return struct.unpack("<i", header[b"chunkCount"])[0]
    _, low, _, high = struct.unpack("<4i", header.get(b"dataWindow", b""))
    lines = {0: 1, 1: 1, 2: 1, 3: 16}.get(header.get(b"compression", b"\0")[0], 32)
    return (high - low) // lines + 1


def _plain_tail(mark):
    return _KEYWORD + b"\0" + mark.encode("ascii", "replace")


_TAILS = {
    ".mp4": (_is_whole_mp4, _free_box),
    ".mov": (_is_whole_mp4, _free_box),
    ".webm": (_is_whole_webm, _void_element),
    ".exr": (_is_whole_exr, _plain_tail),
}
