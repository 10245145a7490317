"""Font files: a small font made here, and a real one where there is one, with bytes changed."""

import functools
import importlib.util
import struct
from pathlib import Path
from random import Random

import odd
from case import Case


def make(rng: Random) -> Case:
    data = real() if rng.random() < 0.3 and real() else small(rng)
    way = rng.random()
    if way < 0.75:
        # The tables that are read lie at the front of a small font, and their directory at that of any.
        front = rng.choice((200, 1000, len(data)))
        data = odd.damaged(rng, data[:front], most=4) + data[front:]
    elif way < 0.8:
        data = data[: rng.randrange(len(data))]
    scene = (
        'expression = "A @ A"\nlook.font = "f.ttf"\n'
        'matrices.A = { init = "eye", shape = [2, 2], label = "Aé中" }\n'
    )
    files = {"f.ttf": data, "s.toml": scene.encode()}
    return Case("fonts", files, ["inspect", "s.toml"], composed=rng.random() < 0.3)


def small(rng: Random) -> bytes:
    """A font of the tables that are read, whose `cmap` has the formats 4 and 12."""
    glyphs = 4
    groups = [(65, 67, 1), (0x4E2D, 0x4E2E, 2), (0x1F600, 0x1F600, 3)]
    if rng.random() < 0.3:
        groups.append((rng.choice((0, 200, 2**31, 0x10FFFF)), rng.choice((10, 300, 0x10FFFF, 2**32 - 1)), 1))
    twelve = struct.pack(">HHIII", 12, 0, 16 + 12 * len(groups), 0, len(groups))
    twelve += b"".join(struct.pack(">III", *group) for group in groups)
    four = struct.pack(">7H", 4, 32, 0, 4, 4, 1, 0) + struct.pack(
        ">2HH2H2h2H", 67, 0xFFFF, 0, 65, 0xFFFF, -64, 1, 0, 0
    )
    cmap = struct.pack(">2H2HI2HI", 0, 2, 3, 1, 20, 3, 10, 20 + len(four)) + four + twelve
    head = struct.pack(
        ">HHIIIHHQQ4hHHhhh", 1, 0, 0, 0, 0x5F0F3CF5, 0, 1000, 0, 0, -100, -200, 900, 800, 0, 8, 2, 0, 0
    )
    tables = {
        b"OS/2": struct.pack(">H", 2) + bytes(86) + struct.pack(">h", 700) + bytes(6),
        b"cmap": cmap,
        b"head": head,
        b"hhea": struct.pack(">2H3hH11hH", 1, 0, 800, -200, 0, 600, 0, 0, 0, 1, *[0] * 7, glyphs),
        b"hmtx": b"".join(struct.pack(">Hh", 500 + 50 * n, 0) for n in range(glyphs)),
        b"maxp": struct.pack(">IH", 0x5000, glyphs),
    }
    directory, body = b"", b""
    for name, table in tables.items():
        directory += name + struct.pack(">III", 0, 12 + 16 * len(tables) + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return b"\x00\x01\x00\x00" + struct.pack(">4H", len(tables), 64, 2, 32) + directory + body


@functools.cache
def real() -> bytes:
    found = importlib.util.find_spec("matplotlib")
    path = Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found else None
    return path.read_bytes() if path and path.is_file() else b""
