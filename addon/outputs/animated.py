"""Makes films that are pictures (APNG, animated WebP and GIF) from finished frames.

An APNG contains the bytes of the frames and loses nothing (PNG specification, third edition, 4.9). A WebP has
each frame as Blender encodes it (https://developers.google.com/speed/webp/docs/riff_container). A GIF
(GIF89a) has 255 colours for the whole film; an ordered dither is fixed in place, so that still parts do not
flicker. Equal frames become one frame that is shown longer."""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputError
from .png_file import packed, read_png

GIF_COLORS = 255  # colours of a whole GIF; the index after the last means "as in the frame before"
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 15 / 32
_SAMPLED = 12  # frames from which the colours of a GIF are chosen
_BITS = 5  # bits of a channel that count when a colour is looked up


def held(pictures: Sequence[bytes]) -> list[tuple[int, int]]:
    """Runs of equal pictures: (the first's number, how many)."""
    runs: list[tuple[int, int]] = []
    for n, picture in enumerate(pictures):
        if runs and pictures[runs[-1][0]] == picture:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        else:
            runs.append((n, 1))
    return runs


def apng(pictures: Sequence[Path], rate: Fraction) -> bytes:
    """The bytes of an APNG of PNG files of one size and kind, `rate` of them a second. It plays for ever.
    Raises InputError for a file that is no whole PNG, or another kind of PNG."""
    first, bodies = read_png(pictures[0]), []
    for path in pictures:
        frame = read_png(path)
        if first is None or frame is None or frame.chunks[0] != first.chunks[0]:
            raise InputError(f"{path}: is no whole PNG like {pictures[0].name}")
        bodies.append(b"".join(body for kind, body in frame.chunks if kind == b"IDAT"))
    assert first is not None
    runs = [part for run in held(bodies) for part in _shortened(run, 1 / rate)]
    chunks, number = [first.chunks[0], (b"acTL", struct.pack(">II", len(runs), 0))], 0
    for n, count in runs:
        time = (count / rate).limit_denominator(65535)
        size = first.width, first.height, 0, 0
        control = struct.pack(">5IHHBB", number, *size, time.numerator, time.denominator, 0, 0)
        chunks.append((b"fcTL", control))
        number += 1
        if len(chunks) == 3:  # a plain PNG reader shows the first picture
            chunks.append((b"IDAT", bodies[n]))
        else:
            chunks.append((b"fdAT", struct.pack(">I", number) + bodies[n]))
            number += 1
    return packed([*chunks, (b"IEND", b"")])


def _shortened(run: tuple[int, int], each: Fraction) -> Iterator[tuple[int, int]]:
    """A run, cut into parts whose durations are fractions of 16-bit numbers."""
    n, count = run
    most = max(1, int(65535 / max(each.numerator, 1)))
    while count > 0:
        yield n, min(count, most)
        count -= most


def webp(pictures: Sequence[bytes], size: tuple[int, int], rate: Fraction, alpha: bool) -> bytes:
    """An animated WebP of still ones of this size, `rate` of them a second, that plays for ever."""
    width, height = size
    header = struct.pack("<I", 0x02 | (0x10 if alpha else 0)) + _three(width - 1) + _three(height - 1)
    body = _chunk(b"VP8X", header) + _chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, 0))
    shown = 0
    for n, count in held(pictures):
        shown += count
        time = round(1000 * shown / rate) - round(1000 * (shown - count) / rate)
        frame = bytes(6) + _three(width - 1) + _three(height - 1) + _three(time) + b"\x02"
        body += _chunk(b"ANMF", frame + _picture_of(pictures[n]))
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _picture_of(still: bytes) -> bytes:
    """The chunks of a still WebP that hold its picture."""
    place, found = 12, b""
    while place + 8 <= len(still):
        kind, size = struct.unpack_from("<4sI", still, place)
        end = place + 8 + size + size % 2
        if kind in (b"ALPH", b"VP8 ", b"VP8L"):
            found += still[place:end]
        place = end
    return found


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def gif(pictures: Sequence[np.ndarray], rate: Fraction) -> bytes:
    """A GIF of pictures (height, width, 3) of 8 bits, `rate` of them a second, that plays for ever."""
    height, width, _ = pictures[0].shape
    palette = _palette(pictures[:: max(1, len(pictures) // _SAMPLED)])
    nearest = _lookup(palette)
    table = np.vstack([palette, np.zeros((256 - len(palette), 3))]).astype(np.uint8).tobytes()
    out = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + table
    out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    before, shown = None, 0
    for n, count in held([picture.tobytes() for picture in pictures]):
        shown += count
        time = round(100 * shown / rate) - round(100 * (shown - count) / rate)
        indices = _dithered(pictures[n], nearest)
        out += _gif_frame(indices, before, max(time, 2))
        before = indices
    return out + b"\x3b"


def _gif_frame(indices: np.ndarray, before: np.ndarray | None, time: int) -> bytes:
    """The part of a frame that has changed, for `time` hundredths of a second."""
    top, left, (height, width) = 0, 0, indices.shape
    drawn = indices
    if before is not None:
        changed = indices != before
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        if len(rows):
            top, left = rows[0], columns[0]
            height, width = rows[-1] + 1 - top, columns[-1] + 1 - left
        else:
            height = width = 1
        drawn = np.where(changed, indices, GIF_COLORS)[top : top + height, left : left + width]
    control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0x05, time, GIF_COLORS, 0)
    place = struct.pack("<BHHHHB", 0x2C, left, top, width, height, 0)
    packed_bits = _lzw(drawn.astype(np.uint8).tobytes())
    blocks = (packed_bits[n : n + 255] for n in range(0, len(packed_bits), 255))
    return control + place + b"\x08" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def _palette(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Up to GIF_COLORS colours by median cut: again and again, the box with the widest range of colours is
    halved. A box that many pixels share counts as wider."""
    colors = np.concatenate([picture.reshape(-1, 3)[::3] for picture in pictures])
    colors, counts = np.unique(colors >> 1, axis=0, return_counts=True)
    boxes = [(colors.astype(float) * 2 + 0.5, counts)]
    while len(boxes) < GIF_COLORS:
        worth = [np.ptp(c, axis=0).max() * n.sum() ** 0.25 if len(c) > 1 else 0.0 for c, n in boxes]
        n = int(np.argmax(worth))
        if not worth[n]:
            break
        box, weights = boxes.pop(n)
        order = np.argsort(box[:, np.ptp(box, axis=0).argmax()], kind="stable")
        box, weights = box[order], weights[order]
        half = int(np.clip(np.searchsorted(np.cumsum(weights), weights.sum() / 2), 1, len(box) - 1))
        boxes += [(box[:half], weights[:half]), (box[half:], weights[half:])]
    return np.array([np.average(box, axis=0, weights=weights) for box, weights in boxes])


def _lookup(palette: np.ndarray) -> np.ndarray:
    """The nearest of the palette for every colour of _BITS bits a channel."""
    axis = (np.arange(2**_BITS) + 0.5) * 2 ** (8 - _BITS)
    every = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    far = (every**2).sum(1)[:, None] - 2 * every @ palette.T + (palette**2).sum(1)
    return far.argmin(axis=1).astype(np.uint8)


def _dithered(picture: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """The index of a colour for each pixel."""
    height, width, _ = picture.shape
    pattern = np.tile(_BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    step = 2 ** (8 - _BITS)
    cells = np.clip(picture + step * pattern, 0, 255).astype(np.int64) >> (8 - _BITS)
    return nearest[(cells[..., 0] << 2 * _BITS) | (cells[..., 1] << _BITS) | cells[..., 2]]


def _lzw(data: bytes) -> bytes:
    """The bytes in GIF's variant of Lempel-Ziv-Welch, with codes of 9 to 12 bits."""
    clear, end = 256, 257
    bits, filled, width = clear, 9, 9
    known: dict[int, int] = {}
    out, next_code, prefix = bytearray(), 258, data[0]
    for byte in data[1:]:
        key = prefix << 8 | byte
        code = known.get(key)
        if code is not None:
            prefix = code
            continue
        bits |= prefix << filled
        filled += width
        if next_code < 4096:
            known[key] = next_code
            width += next_code == 1 << width
            next_code += 1
        else:
            bits |= clear << filled
            filled += width
            known, next_code, width = {}, 258, 9
        prefix = byte
        if filled >= 64:
            whole = filled // 8
            out += (bits & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
            bits >>= 8 * whole
            filled -= 8 * whole
    for code in (prefix, end):
        bits |= code << filled
        filled += width
        width += code == prefix and next_code == 1 << width and width < 12
    return bytes(out) + bits.to_bytes((filled + 7) // 8, "little")
