"""Small pictures, made by hand."""

import struct
import zlib
from pathlib import Path

from matrix_cinema.outputs.png_file import packed


def grey_png(path: Path, width: int = 4, height: int = 4, texts: dict[str, str] | None = None) -> Path:
    """A grey PNG with these texts at `path`."""
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    notes = [(b"tEXt", f"{key}\0{text}".encode()) for key, text in (texts or {}).items()]
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed([(b"IHDR", head), *notes, (b"IDAT", rows), (b"IEND", b"")]))
    return path
