"""Safetensors files with NumPy alone, because Blender's Python has no other reader.

A file is 8 bytes of header length, a JSON header, and the tensors' bytes. Everything the header
claims is checked before anything is used; tensors are memory-mapped and read when asked for.
"""

import json
import os
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .reading import map_file

# In bytes, a third of what the format allows: once parsed, a header takes thirty times its size.
LONGEST_HEADER = 2**25
MOST_DIMENSIONS = 32  # the limit of NumPy 1

# How each dtype is stored in the file. Dtypes that NumPy lacks come as float32.
STORED = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "C64": "<c8",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|u1",
    "F8_E4M3": "|u1", "F8_E5M2": "|u1", "F8_E4M3FNUZ": "|u1", "F8_E5M2FNUZ": "|u1", "F8_E8M0": "|u1",
}  # fmt: skip
DTYPE_NAMES = {np.dtype(t): name for name, t in STORED.items() if name != "BF16" and name[:2] != "F8"}
DTYPE_NAMES |= {np.dtype("u1"): "U8", np.dtype("?"): "BOOL"}


def read(path: str | os.PathLike[str]) -> "tuple[Tensors, dict[str, str]]":
    """Open a safetensors file: (tensors, metadata).

    `tensors` is a read-only mapping from name to array, which touches a tensor's bytes only when
    it is looked up; `metadata` is the header's `__metadata__`, text to text. BF16 and the 8-bit
    floats come as float32. Raises InputError for a file that is missing, truncated or malformed.
    """
    path = Path(path)
    data = map_file(path)
    where = str(path)
    if data.size < 8:
        raise InputError(f"{where}: not a safetensors file: {data.size} bytes are too few")
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > LONGEST_HEADER or 8 + length > data.size:
        raise InputError(
            f"{where}: not a safetensors file, or cut short: the header it announces is too long"
        )
    header = _parse(data[8 : 8 + length].tobytes(), where)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or any(not isinstance(v, str) for v in metadata.values()):
        raise InputError(f"{where}: __metadata__ is not a table of texts")
    entries = {name: _entry(name, item, where) for name, item in header.items()}
    _check_extents(entries, data.size - 8 - length, where)
    return Tensors(where, data[8 + length :], entries), metadata


def write(
    path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> None:
    """Write `tensors` (name to array) and `metadata` (text to text); the same input gives the same bytes.

    The file appears whole or not at all, with the permissions of any new file. Raises InputError
    for a name, dtype or metadata that the format cannot hold and for a path that cannot be written.
    """
    path = Path(path)
    if any(not isinstance(text, str) for item in metadata.items() for text in item):
        raise InputError(f"{path}: metadata must be text to text")
    arrays = {}
    for name, array in tensors.items():
        array = np.asarray(array)
        dtype = array.dtype.newbyteorder("<")
        if not isinstance(name, str) or name == "__metadata__":
            raise InputError(f"{path}: {name!r} cannot be the name of a tensor")
        if dtype not in DTYPE_NAMES:
            raise InputError(f"{path}: tensor {shown(name)} has dtype {array.dtype}, which the format lacks")
        arrays[name] = np.asarray(array, dtype, order="C")
    # Widest dtype first keeps every tensor aligned to its own item size.
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header: dict[str, dict] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": DTYPE_NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{path}: a name or metadata text cannot be written as UTF-8") from None
    text += b" " * (-len(text) % 8)

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with open(temporary, "wb") as file:
                file.write(len(text).to_bytes(8, "little") + text)
                for name in order:
                    file.write(arrays[name].tobytes())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


class Tensors(Mapping):
    """The tensors of an open file by name. `shape` and `dtype` do not read a tensor."""

    def __init__(self, where: str, data: np.ndarray, entries: Mapping[str, Any]):
        self._where, self._data, self._entries = where, data, entries

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __contains__(self, name):
        return name in self._entries

    def shape(self, name: str) -> tuple[int, ...]:
        """The tensor's shape as a tuple."""
        return self._find(name)[1]

    def dtype(self, name: str) -> str:
        """The tensor's dtype as the file names it, such as "F32"."""
        return self._find(name)[0]

    def __getitem__(self, name):
        """The tensor, memory-mapped and read-only; widened to float32 if NumPy has no such dtype."""
        dtype, shape, begin, end = self._find(name)
        raw = self._data[begin:end].view(STORED[dtype])
        if dtype == "BF16":
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        elif dtype.startswith("F8"):
            raw = FLOAT8[dtype][raw]
        elif dtype == "BOOL":
            if raw.size and raw.max() > 1:
                raise InputError(f"{self._where}: tensor {shown(name)} is BOOL but holds more than 0 and 1")
            raw = raw.view(np.bool_)
        return raw.reshape(shape)

    def raw(self, name: str) -> np.ndarray:
        """The tensor's bytes as the file has them, uint8, one axis."""
        _, _, begin, end = self._find(name)
        return self._data[begin:end]

    def _find(self, name):
        if name not in self._entries:
            raise InputError(f"{self._where}: no tensor {shown(name)}; {hint(name, self._entries)}")
        return self._entries[name]


def hint(name: str, known: Iterable[str], what: str = "tensors") -> str:
    """`errors.nearest`; of a long list, the first names and the number of the others."""
    known = [name if name.isprintable() else ascii(name) for name in known]
    text = nearest(name, known, what)
    if text.startswith("did you") or len(known) <= 24:
        return text
    return f"{what}: {', '.join(known[:20])} and {len(known) - 20} more"


def shown(text: object) -> str:
    """A name from a file, made fit for a message of one line."""
    text = ascii(text) if not str(text).isprintable() else f'"{text}"'
    return text if len(text) <= 80 else text[:76] + '..."'


def _parse(text, where):
    """The header as a dict. Raises InputError, also for JSON that the format does not allow."""

    def table(pairs):
        out = dict(pairs)
        if len(out) < len(pairs):
            raise ValueError("a name stands twice in one table")
        return out

    def constant(word):
        raise ValueError(f"{word} is not JSON")

    if not text.startswith(b"{"):
        raise InputError(f"{where}: not a safetensors file: the header is not a JSON table")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=table, parse_constant=constant)
        for name in header:
            name.encode("utf-8")  # JSON can spell half a surrogate pair, which no output can print
    except UnicodeError:
        raise InputError(f"{where}: the header is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: the header breaks the format: {reason}") from None
    return header


def _entry(name, item, where):
    """(dtype, shape, begin, end) of one header entry."""
    here = f"{where}: tensor {shown(name)}"
    if not isinstance(item, dict) or set(item) != {"dtype", "shape", "data_offsets"}:
        raise InputError(f"{here}: expected dtype, shape and data_offsets")
    dtype, shape, offsets = item["dtype"], item["shape"], item["data_offsets"]
    if not isinstance(dtype, str) or dtype not in STORED:
        raise InputError(f"{here}: unknown dtype {shown(dtype)}; known dtypes: {', '.join(STORED)}")
    if not _are_sizes(shape) or len(shape) > MOST_DIMENSIONS:
        raise InputError(f"{here}: the shape is not a list of at most {MOST_DIMENSIONS} sizes")
    if prod(max(n, 1) for n in shape) >= 2**60:  # NumPy refuses such a shape even if the array has no entries
        raise InputError(f"{here}: the sizes of its shape are too large")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise InputError(f"{here}: data_offsets is not a pair of positions")
    begin, end = offsets
    needed = prod(shape) * np.dtype(STORED[dtype]).itemsize
    if end - begin != needed:
        raise InputError(f"{here}: {dtype} of shape {shape} takes {needed} bytes, not {end - begin}")
    return dtype, tuple(shape), begin, end


def _are_sizes(items):
    """Whether all items are whole numbers from 0 that a file could hold, so that their product stays
    small."""
    return isinstance(items, list) and all(type(n) is int and 0 <= n < 2**63 for n in items)


def _check_extents(entries, size, where):
    """Raise InputError unless the tensors fill the data exactly: every byte belongs to one tensor."""
    position = 0
    for name, (_, _, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if end > size:
            raise InputError(f"{where}: cut short: tensor {shown(name)} ends at byte {end} of {size}")
        if begin != position:
            what = "overlaps another" if begin < position else "leaves a hole before it"
            raise InputError(f"{where}: tensor {shown(name)} {what} (data byte {min(begin, position)})")
        position = end
    if position != size:
        raise InputError(f"{where}: {size - position} bytes at the end belong to no tensor")


def _float8(exponent_bits, mantissa_bits, bias, special):
    """All 256 values of an 8-bit float; `special`: "ieee" has inf and nan, "fn" nan, "fnuz" nan for -0."""
    code = np.arange(256)
    sign = np.where(code & 0x80, -1.0, 1.0)
    exponent = (code >> mantissa_bits) & (2**exponent_bits - 1)
    fraction = (code & (2**mantissa_bits - 1)) / 2**mantissa_bits
    value = sign * np.where(
        exponent > 0, np.ldexp(1.0 + fraction, exponent - bias), np.ldexp(fraction, 1 - bias)
    )
    if special == "ieee":
        value[exponent == 2**exponent_bits - 1] = np.nan
        for top in (0x7F, 0xFF):
            infinite = top & ~(2**mantissa_bits - 1)
            value[infinite] = np.inf if top == 0x7F else -np.inf
    elif special == "fn":
        value[[0x7F, 0xFF]] = np.nan
    else:
        value[0x80] = np.nan
    return value.astype(np.float32)


FLOAT8 = {
    "F8_E4M3": _float8(4, 3, 7, "fn"),
    "F8_E5M2": _float8(5, 2, 15, "ieee"),
    "F8_E4M3FNUZ": _float8(4, 3, 8, "fnuz"),
    "F8_E5M2FNUZ": _float8(5, 2, 16, "fnuz"),
    "F8_E8M0": np.append(np.ldexp(np.float64(1), np.arange(255) - 127), np.nan).astype(np.float32),
}
