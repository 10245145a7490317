"""The ICC profile of sRGB for printed pictures. It is made here, so that no file has to be shipped.

A display profile of version 4 (ICC.1:2022): the primaries of IEC 61966-2-1 adapted to D50 by Bradford's
matrix, and its curve as a parametric one of type 3."""

import struct
import zlib
from collections.abc import Sequence
from functools import cache

# Red, green and blue of sRGB and white, relative to D50: ICC.1:2022, and https://www.color.org/srgb.xalter
_PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_D50 = (0.9642, 1.0, 0.8249)
# X ≥ d: (aX + b)^g, below it cX
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_ADAPTATION = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)
PROFILE = "sRGB"


@cache
def srgb_profile() -> bytes:
    """The profile, some 500 bytes."""
    tags = {
        b"desc": _text("sRGB IEC61966-2.1"),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _numbers(b"XYZ ", _D50),
        b"chad": _numbers(b"sf32", _ADAPTATION),
        **{kind: _numbers(b"XYZ ", primary) for kind, primary in _PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"para" + bytes(4) + b"\0\3\0\0" + _fixed(_CURVE)),
    }
    table, body, places = b"", b"", {}
    begin = 128 + 4 + 12 * len(tags)
    for kind, content in tags.items():
        if content not in places:
            places[content] = begin + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", kind, places[content], len(content))
    whole = begin + len(body)
    header = struct.pack(">I4sI4s4s4s", whole, bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(_D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def profile_chunk() -> tuple[bytes, bytes]:
    """The profile as a chunk of a PNG (PNG specification, 11.3.2.3)."""
    return b"iCCP", PROFILE.encode() + b"\0\0" + zlib.compress(srgb_profile(), 9)


def size_chunk(dpi: float) -> tuple[bytes, bytes]:
    """Dots per inch as a chunk of a PNG, which has them per metre (11.3.4.3)."""
    dots = round(dpi / 0.0254)
    return b"pHYs", struct.pack(">IIB", dots, dots, 1)


def _fixed(numbers: Sequence[float]) -> bytes:
    """Signed numbers with 16 bits after the point."""
    return struct.pack(f">{len(numbers)}i", *(round(65536 * n) for n in numbers))


def _numbers(kind: bytes, numbers: Sequence[float]) -> bytes:
    return kind + bytes(4) + _fixed(numbers)


def _text(text: str) -> bytes:
    """A text in one language (multiLocalizedUnicodeType)."""
    said = text.encode("utf-16-be")
    return struct.pack(">4s4xII4sII", b"mluc", 1, 12, b"enUS", len(said), 28) + said
