"""A small reader of the OpenEXR files that Blender writes: scan lines, full floats, ZIP or nothing."""

import struct
import zlib

import numpy as np


def read_exr(path):
    """channel name -> (height, width) float32, of a file of one part or several."""
    data = path.read_bytes()
    magic, version = struct.unpack_from("<2I", data)
    assert magic == 20000630 and not version & 0x200  # no tiles
    several, place, headers = bool(version & 0x1000), 8, []
    while data[place]:
        header, place = _header(data, place)
        headers.append(header)
        if not several:
            break
    place += several
    found = {}
    for header in headers:
        (x0, y0, x1, y1), names = struct.unpack("<4i", header["dataWindow"]), _channels(header["channels"])
        width, height, packed = x1 - x0 + 1, y1 - y0 + 1, header["compression"][0]
        lines = {0: 1, 2: 1, 3: 16}[packed]
        planes = {name: np.zeros((height, width), np.float32) for name in names}
        count = -(-height // lines)
        offsets = struct.unpack_from(f"<{count}Q", data, place)
        place += 8 * count
        for offset in offsets:
            y, size = struct.unpack_from("<2i", data, offset + 4 * several)
            start, rows = offset + 4 * several + 8, min(lines, y1 + 1 - y)
            block = _unpacked(data[start : start + size], rows * width * len(names) * 4, packed)
            values = np.frombuffer(block, "<f4").reshape(rows, len(names), width)
            for n, name in enumerate(names):
                planes[name][y - y0 : y - y0 + rows] = values[:, n]
        found |= planes
    return found


def pass_of(channels, name):
    """The one channel of a pass, of the channels of a file."""
    return next(plane for full, plane in channels.items() if full.split(".")[-2:-1] == [name])


def _header(data, place):
    header = {}
    while data[place]:
        name, kind_at = _text(data, place)
        _, size_at = _text(data, kind_at)
        (size,) = struct.unpack_from("<i", data, size_at)
        header[name] = data[size_at + 4 : size_at + 4 + size]
        place = size_at + 4 + size
    return header, place + 1


def _text(data, place):
    end = data.index(b"\0", place)
    return data[place:end].decode(), end + 1


def _channels(data):
    names, place = [], 0
    while data[place]:
        name, place = _text(data, place)
        assert struct.unpack_from("<i", data, place)[0] == 2  # full floats
        names.append(name)
        place += 16
    return names


def _unpacked(block, size, packed):
    if packed == 0 or len(block) == size:
        return block
    steps = np.frombuffer(zlib.decompress(block), np.uint8).astype(np.int64)
    steps[1:] -= 128
    halves = (np.cumsum(steps) & 0xFF).astype(np.uint8)
    mixed = np.empty(size, np.uint8)
    mixed[0::2], mixed[1::2] = halves[: (size + 1) // 2], halves[(size + 1) // 2 :]
    return mixed.tobytes()
