"""Reads arrays from NPY and NPZ files, within bounds."""

import contextlib
import io
import os
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from . import safetensors
from .reading import opened

SEVERAL = (".safetensors", ".npz")  # kinds of files that hold several arrays by name
MOST_ENTRIES = 2**26  # of one matrix, 0.5 GB in float64
MOST_UNPACKED = 8 * MOST_ENTRIES + 2**16  # bytes that may be unpacked from one NPZ file
HEADER = 2**16  # bytes that the header of an NPY file may take


class Npz(Mapping[str, np.ndarray]):
    """The arrays of an NPZ file by name, numbers or texts. An array is unpacked when it is looked up, unless
    it is too large together with those before it. Raises InputError for a damaged archive, also if the damage
    shows only then."""

    def __init__(self, path: str | os.PathLike[str]):
        self._path, self._unpacked = path, 0
        with self._archive() as file:
            self._members = {info.filename.removesuffix(".npy"): info for info in file.infolist()}

    def __iter__(self):
        return iter(self._members)

    def __len__(self):
        return len(self._members)

    def __contains__(self, name):
        return name in self._members

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape that an array is declared to have."""
        data = self._begin(name, HEADER)
        return _header(data, self._members[name].file_size, self._named(name), "fiub")[0]

    def __getitem__(self, name):
        data = np.frombuffer(self._begin(name, MOST_UNPACKED), np.uint8)
        self._unpacked += data.size
        return read_npy(data, self._named(name), "fiubUS")

    def _begin(self, name, most):
        """The first `most` bytes of an array's file."""
        if self._unpacked + self._members[name].file_size > MOST_UNPACKED:
            raise InputError(f"{self._named(name)}: unpacks to more than {MOST_UNPACKED:,} bytes")
        with self._archive() as file, file.open(self._members[name]) as member:
            return member.read(most)

    @contextlib.contextmanager
    def _archive(self):
        try:
            with opened(self._path) as whole, zipfile.ZipFile(whole) as file:
                yield file
        except (InputError, MemoryError):
            raise
        except (
            Exception
        ) as error:  # a damaged archive raises nearly anything, from zlib.error to RuntimeError
            reason = str(error).split("\n")[0][:120]
            raise InputError(f"{self._path}: not an NPZ file that can be read ({reason})") from None

    def _named(self, name):
        return f"{self._path}: {safetensors.shown(name)}"


def open_arrays(path: Path) -> "Npz | safetensors.Tensors":
    """The arrays by name of a file of one of the kinds SEVERAL. Raises InputError."""
    return Npz(path) if path.suffix.lower() == ".npz" else safetensors.read(path)[0]


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
