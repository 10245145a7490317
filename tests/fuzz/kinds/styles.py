"""Style files and the scene's own style, with pictures from all around, and bundled ones that are damaged."""

import struct
import zlib
from random import Random

import odd
from case import Case
from matrix_cinema.description.style import Style

from .scenes import settings

BASES = (
    "paper", "mm", "studio_dark", "glass", "glow", "print", "studio_light", "nothing", "", "s.toml",
    "own.toml",
)  # fmt: skip
MAPS = ("vik", "mm", "mm(0.5, 0.1, 0, 0, 1)", "mm()", "mm(nan)", "inferno", "nothing", "two_inks")


def make(rng: Random) -> Case:
    own = settings(rng, Style) | settings(rng, Style)
    if rng.random() < 0.15:
        own["base"] = rng.choice(BASES)
    files = {}
    if rng.random() < 0.15:
        own |= {"environment": "sky", "light": "environment"}
        files["sky"] = picture(rng)
    if rng.random() < 0.3:
        own = odd.changed(rng, own)
    scene = {"expression": "A @ A", "matrices": {"A": {"init": "eye", "shape": [2, 2]}}}
    if rng.random() < 0.7:
        scene["look"] = {"style": rng.choice(("own.toml",) * 9 + ("./own.toml", "none.toml"))}
        data = odd.toml(own, rng).encode("utf-8", "replace")
        files["own.toml"] = odd.damaged(rng, data) if rng.random() < 0.1 else data
    else:
        scene["style"] = own
    if rng.random() < 0.2:
        scene["look"] = scene.get("look", {}) | {"color_map": rng.choice(MAPS)}
    files["s.toml"] = odd.toml(scene, rng).encode("utf-8", "replace")
    return Case("styles", files, ["inspect", "s.toml"], composed=rng.random() < 0.1)


def picture(rng: Random) -> bytes:
    """A small picture of any kind that may light a scene, or of a size that it has not."""
    size = rng.choice(((8, 4), (8, 4), (0, 4), (60_000, 60_000), (2**31, 1)))
    pixels = zlib.compress(b"".join(b"\0" + bytes(24) for _ in range(4)))
    chunks = ((b"IHDR", struct.pack(">2I5B", *size, 8, 2, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    hdr = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % size[::-1] + bytes(128)
    exr = (
        b"\x76\x2f\x31\x01\x02\0\0\0dataWindow\0box2i\0\x10\0\0\0"
        + struct.pack("<4I", 0, 0, *size)
        + bytes(99)
    )
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\0\4\0\x08\3" + bytes(40)
    tiff = (
        b"II*\0\x08\0\0\0\2\0"
        + struct.pack("<HHII", 256, 4, 1, size[0])
        + struct.pack("<HHII", 257, 4, 1, size[1])
    )
    data = rng.choice((png, png, hdr, exr, jpeg, tiff, b"", b"text"))
    return odd.damaged(rng, data) if data and rng.random() < 0.5 else data
