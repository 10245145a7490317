"""PNG files as bytes: whether they are whole, their size, and their texts.

Chunks and checksums are those of the PNG specification (third edition, sections 5.3 and 11).
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..formats.reading import opened

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SRGB = Path(__file__).with_name("srgb.icc")
MOST_BYTES = 2**31  # of a picture: 16,384 pixels square in 16 bits, unpacked


@dataclass(frozen=True)
class Png:
    """A whole picture: `width` and `height` in pixels, all chunks as (kind, content)."""

    width: int
    height: int
    chunks: Sequence[tuple[bytes, bytes]]

    def texts(self) -> dict[str, str]:
        """The texts of its `tEXt` chunks, by keyword."""
        said = [content.decode("latin-1").partition("\0") for kind, content in self.chunks if kind == b"tEXt"]
        return {keyword: text for keyword, _, text in said}


def read_png(path: str | Path) -> Png | None:
    """The picture in a file, or None if there is none or it is not whole. Every checksum is checked."""
    try:
        with opened(path, MOST_BYTES) as file:
            data = memoryview(file.read())
    except (InputError, OSError):
        return None
    if data[:8] != SIGNATURE:
        return None
    chunks: list[tuple[bytes, bytes]] = []
    place = 8
    while not chunks or chunks[-1][0] != b"IEND":
        if place + 12 > len(data):
            return None
        size, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + size]
        place += 12 + size
        if place > len(data) or data[place - 4 : place] != checksum(kind, content):
            return None
        chunks.append((kind, bytes(content)))
    if place != len(data) or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        return None
    width, height = struct.unpack_from(">2I", chunks[0][1])
    return Png(width, height, chunks)


def text_chunk(keyword: str, text: str) -> tuple[bytes, bytes]:
    """A text as an iTXt chunk, in UTF-8 and without a language."""
    return b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()


def profile_chunk() -> tuple[bytes, bytes]:
    """The colour profile of sRGB as a chunk (11.3.2.3), for printed pictures. The file is of version 4
    (ICC.1:2022): the primaries of IEC 61966-2-1, adapted to D50 by Bradford's matrix, and its curve."""
    return b"iCCP", b"sRGB\0\0" + zlib.compress(SRGB.read_bytes(), 9)


def size_chunk(dpi: float) -> tuple[bytes, bytes]:
    """Dots per inch as a chunk, which has them per metre (11.3.4.3)."""
    dots = round(dpi / 0.0254)
    return b"pHYs", struct.pack(">IIB", dots, dots, 1)


def packed(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a PNG file with these chunks, including lengths and checksums."""
    parts = (struct.pack(">I", len(body)) + kind + body + checksum(kind, body) for kind, body in chunks)
    return SIGNATURE + b"".join(parts)


def raster_png(raster: np.ndarray, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """The bytes of a PNG of a raster (height, width, 4) uint8, with these chunks. An opaque raster is written
    without its fourth channel."""
    if (raster[..., 3] == 255).all():
        raster = raster[..., :3]
    height, width, channels = raster.shape
    rows = raster.reshape(height, -1)
    # Each row is stored as its difference from the row above (filter 2), which packs flat colours best.
    filtered = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    data = np.concatenate([np.full((height, 1), 2, np.uint8), filtered], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 2, 0, 0, 0)
    return packed([(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")])


def checksum(kind: bytes, content: bytes) -> bytes:
    """The four bytes of the checksum at the end of a chunk."""
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
