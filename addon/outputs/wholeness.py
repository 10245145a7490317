"""Checks whether a finished film or OpenEXR is complete: if the disk is full, Blender still reports success.

It also packs bytes so that they can follow such a file, and readers skip them. For PNGs see `png_file`.
"""

import contextlib
import struct
from collections.abc import Iterator
from typing import BinaryIO


def boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(kind, offset, size in bytes) of each box of an MP4 or MOV (ISO 14496-12, 4.2). Ends at a box that is
    too short to be valid."""
    length, place = file.seek(0, 2), 0
    while place < length:
        file.seek(place)
        size, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
        if size == 1:  # the size needs 64 bits, which follow
            size = int.from_bytes(file.read(8), "big")
        if size < 8:
            return
        yield kind, place, size
        place += size


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 or MOV."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def is_whole_mp4(file: BinaryIO) -> bool:
    """Whether boxes follow one another to the end of the file, with the index among them."""
    found, length = list(boxes(file)), file.seek(0, 2)
    return sum(size for *_, size in found) == length and any(kind == b"moov" for kind, *_ in found)


def free_box(content: bytes) -> bytes:
    """A box that readers of MP4 and MOV skip (ISO 14496-12, 8.1.2)."""
    return box(b"free", content)


def is_whole_webm(file: BinaryIO) -> bool:
    """Whether the file is a header and one segment of a known size, which ends where the file does."""
    length, kinds, place = file.seek(0, 2), [], 0
    while place < length:
        file.seek(place)
        kind = file.read(4)
        first = file.read(1)[0] if place + 4 < length else 0
        width = 9 - first.bit_length()  # bytes of the number, by its leading zeros
        if not 1 <= width <= 8:
            return False
        size = int.from_bytes(bytes([first & (0xFF >> width)]) + file.read(width - 1), "big")
        if size == (1 << 7 * width) - 1:  # the size is unknown
            return False
        place += 4 + width + size
        kinds.append(kind)
    return place == length and kinds[1:] == [b"\x18\x53\x80\x67"]


def void_element(content: bytes) -> bytes:
    """An element that readers of WebM skip (RFC 8794, 11.3.2). Its content has at most 126 bytes."""
    return bytes([0xEC, 0x80 | len(content)]) + content


def is_whole_exr(file: BinaryIO) -> bool:
    """Whether the file has all pixels: its table of offsets, which is written last, leads to the end of the
    file."""
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
        file.seek(last + (4 if several else 0) + 4)  # after the numbers of the part and of the line
        (size,) = struct.unpack("<i", file.read(4))
        return last > 0 and file.tell() + size == length
    return False


def _exr_header(file):
    """The attributes of an OpenEXR header, name to bytes; {} for the empty header after several parts."""
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
    """The number of blocks of lines. ZIP packs 16 lines into a block."""
    if b"chunkCount" in header:
        return struct.unpack("<i", header[b"chunkCount"])[0]
    _, low, _, high = struct.unpack("<4i", header.get(b"dataWindow", b""))
    lines = {0: 1, 1: 1, 2: 1, 3: 16}.get(header.get(b"compression", b"\0")[0], 32)
    return (high - low) // lines + 1
