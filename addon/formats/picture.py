"""How large the picture in a file says that it is, in pixels: looked at before anything unpacks it.

Headers only, of the kinds in which panoramas come; what is in them is read by Blender.
"""

import re
import struct
from typing import BinaryIO

HEADER_BYTES = 2**16  # bytes in which the header of an HDR or EXR ends
MOST_TABLES = 1_000  # before a frame of a JPEG

# What a file is shows in how it begins.
PICTURE_STARTS = {
    "Radiance HDR": (b"#?RADIANCE", b"#?RGBE"),
    "OpenEXR": (b"\x76\x2f\x31\x01",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}


def kind_of(file: BinaryIO) -> str:
    """Which of PICTURE_STARTS a file is, "" for another."""
    file.seek(0)
    head = file.read(16)
    return next((kind for kind, starts in PICTURE_STARTS.items() if head.startswith(starts)), "")


def size_of(file: BinaryIO) -> tuple[int, int] | None:
    """(width, height), None where the file does not say."""
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
    """OpenEXR file layout: the attribute dataWindow, of the least and the largest x and y."""
    head, name = file.read(HEADER_BYTES), b"dataWindow\0box2i\0\x10\0\0\0"
    left, low, right, high = struct.unpack_from("<4i", head, head.index(name) + len(name))
    return right - left + 1, high - low + 1


def _png(file):
    """PNG specification, 11.2.2: the chunk IHDR comes first."""
    return struct.unpack_from(">2I", file.read(24), 16)


def _jpeg(file):
    """ITU-T T.81, B.2.2: the size stands where a frame begins, at a marker SOF; tables come before."""
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
