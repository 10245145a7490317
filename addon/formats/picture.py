"""The size of a picture, in pixels, from the header of its file, to be checked before the picture is
unpacked.

Only headers are read, of the file types that panoramas have; Blender reads the pictures.
"""

import re
import struct
from typing import BinaryIO

HEADER_BYTES = 2**16  # bytes in which the header of an HDR or EXR ends
MOST_TABLES = 1_000  # in a JPEG, before its first frame

# The first bytes of a file tell its type.
PICTURE_STARTS = {
    "Radiance HDR": (b"#?RADIANCE", b"#?RGBE"),
    "OpenEXR": (b"\x76\x2f\x31\x01",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}


def kind_of(file: BinaryIO) -> str:
    """The key in PICTURE_STARTS of the file's type, or "" for another type."""
    file.seek(0)
    head = file.read(16)
    return next((kind for kind, starts in PICTURE_STARTS.items() if head.startswith(starts)), "")


def size_of(file: BinaryIO) -> tuple[int, int] | None:
    """(width, height) in pixels, or None if the file does not say."""
    read = {"Radiance HDR": _radiance, "OpenEXR": _exr, "PNG": _png, "JPEG": _jpeg, "TIFF": _tiff}
    kind = kind_of(file)
    file.seek(0)
    try:
        return read[kind](file) if kind else None
    except (struct.error, ValueError, KeyError):
        return None


def _radiance(file):
    found = re.search(rb"[-+]([XY]) ([0-9]{1,9}) [-+][XY] ([0-9]{1,9})\n", file.read(HEADER_BYTES))
    if not found:
        return None
    sizes = int(found[2]), int(found[3])
    return sizes if found[1] == b"X" else sizes[::-1]


def _exr(file):
    """OpenEXR file layout: the attribute dataWindow has the least and the largest x and y."""
    head, name = file.read(HEADER_BYTES), b"dataWindow\0box2i\0\x10\0\0\0"
    left, low, right, high = struct.unpack_from("<4i", head, head.index(name) + len(name))
    return right - left + 1, high - low + 1


def _png(file):
    """PNG specification, 11.2.2: the chunk IHDR comes first."""
    return struct.unpack_from(">2I", file.read(24), 16)


def _jpeg(file):
    """ITU-T T.81, B.2.2: the marker SOF begins a frame and has its size; tables come before it."""
    file.seek(2)
    for _ in range(MOST_TABLES):
        start, kind, length = struct.unpack(">2BH", file.read(4))
        if start != 0xFF:
            return None
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            _, height, width = struct.unpack(">B2H", file.read(5))
            return width, height
        file.seek(length - 2, 1)
    return None


def _tiff(file):
    """TIFF 6.0, section 2: the tags 256 and 257 of the first directory, as 16 or 32 bits."""
    order = "<" if file.read(2) == b"II" else ">"
    file.seek(4)
    file.seek(struct.unpack(order + "I", file.read(4))[0])
    found = {}
    for _ in range(struct.unpack(order + "H", file.read(2))[0]):
        entry = file.read(12)
        tag, kind = struct.unpack(order + "2H", entry[:4])
        if tag in (256, 257):
            (found[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), entry, 8)
    return found[256], found[257]
