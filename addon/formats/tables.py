"""Reads arrays from NPY and NPZ files, within bounds."""

import contextlib
import io
import os
import warnings
import zipfile
from collections.abc import Collection, Iterable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import InputError
from . import safetensors
from .reading import opened

MOST_ENTRIES = 2**26  # of one matrix, 0.5 GB in float64
MOST_UNPACKED = 8 * MOST_ENTRIES + 2**16  # bytes that may be unpacked from one NPZ file
HEADER = 2**16  # bytes that the header of an NPY file may take


def read_npz(path: str | os.PathLike[str], names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file by name: those in `names`, or all. They may be numbers or texts.

    The unpacked size of each array is checked before it is unpacked. Raises InputError.
    """
    arrays: dict = {}
    with _members(path) as (file, members):
        for name in members if names is None else names:
            _require_room(path, name, members[name].file_size + sum(a.nbytes for a in arrays.values()))
            with file.open(members[name]) as member:
                data = np.frombuffer(member.read(MOST_UNPACKED), np.uint8)
            arrays[name] = read_npy(data, _named(path, name), "fiubUS")
    return arrays


def npz_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of the arrays in an NPZ file."""
    with _members(path) as (_, members):
        return list(members)


def npz_shape(path: str | os.PathLike[str], name: str) -> tuple[int, ...]:
    """The shape that an array of an NPZ file is declared to have."""
    with _members(path) as (file, members):
        size = members[name].file_size
        _require_room(path, name, size)
        with file.open(members[name]) as member:
            return _header(member.read(HEADER), size, _named(path, name), "fiub")[0]


def _require_room(path, name, size):
    if size > MOST_UNPACKED:
        raise InputError(f"{_named(path, name)}: unpacks to more than {MOST_UNPACKED:,} bytes")


@contextlib.contextmanager
def _members(path):
    """(the archive, name -> entry) of an NPZ file. Raises InputError for a damaged archive, also if the
    damage shows only while the caller reads it."""
    try:
        with opened(path) as whole, zipfile.ZipFile(whole) as file:
            yield file, {info.filename.removesuffix(".npy"): info for info in file.infolist()}
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged archive raises nearly anything, from zlib.error to RuntimeError
        reason = str(error).split("\n")[0][:120]
        raise InputError(f"{path}: not an NPZ file that can be read ({reason})") from None


def _named(path, name):
    return f"{path}: {safetensors.shown(name)}"


def read_npy(data: Any, where: str, kinds: str = "fiub") -> np.ndarray:
    """The array in the bytes of an NPY file, as a view of the bytes. `kinds` are the accepted kinds of dtype,
    as letters of NumPy; by default numbers."""
    shape, columns_first, dtype, start = _header(data[:HEADER].tobytes(), data.size, where, kinds)
    return data[start:].view(dtype).reshape(shape, order="F" if columns_first else "C")


def _header(head, size, where, kinds):
    """(shape, whether in Fortran order, dtype, offset of the numbers) of an NPY file that has `size` bytes
    and begins with `head`."""
    file = io.BytesIO(head)
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[
            version
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns of headers that Python 2 wrote, and reads them
            shape, columns_first, dtype = read(file)
    except Exception:  # NumPy parses a Python literal, which fails in many ways
        raise InputError(f"{where}: not an NPY file that can be read") from None
    if dtype.kind == "O":
        raise InputError(
            f"{where}: holds pickled objects, such as a tuple of tensors, not numbers; a pickle can run any "
            "program, so it is not read; save each array by a name of its own: "
            'numpy.savez(path, **{f"attentions_{n}": a.numpy() for n, a in enumerate(attentions)})'
        )
    if dtype.kind not in kinds or dtype.itemsize == 0:
        raise InputError(f"{where}: holds {safetensors.shown(str(dtype))}, not real numbers")
    size -= file.tell()
    if any(n < 0 for n in shape) or prod(shape) * dtype.itemsize != size or not fits(shape):
        raise InputError(f"{where}: {by(shape)} entries of {dtype} do not fill its {size} bytes")
    return shape, columns_first, dtype, file.tell()


def fits(shape: Sequence[int]) -> bool:
    """Whether NumPy can make an array of this shape. It refuses some that have a size 0 beside huge ones."""
    return prod(max(n, 1) for n in shape) < 2**60


def by(shape: Iterable[int]) -> str:
    """A shape as it is written in a message: "3 x 4"."""
    return " x ".join(map(str, shape))
