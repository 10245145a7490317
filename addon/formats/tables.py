"""Arrays in files that hold nothing else: NPY, NPZ and CSV, read within bounds."""

import csv
import io
import zipfile
from array import array
from math import prod

import numpy as np

from ..errors import InputError
from . import safetensors
from .reading import opened, read_bounded

MAX_ENTRIES = 2**26  # of one matrix, 0.5 GB in float64
MAX_CSV = 2**25  # bytes: ten seconds of reading; arrays in other files have no such limit


def read_npz(path, only=None):
    """The arrays of an NPZ file, by name; `only` may choose of the names. Arrays of texts come as such.

    How much a member unpacks to is checked before it is unpacked. Raises InputError.
    """
    limit = 8 * MAX_ENTRIES + 65536
    arrays = {}
    try:
        with opened(path) as whole, zipfile.ZipFile(whole) as file:
            members = {name.removesuffix(".npy"): name for name in file.namelist()}
            for name in members if only is None else only(members):
                info = file.getinfo(members[name])
                if info.file_size > limit - sum(array.nbytes for array in arrays.values()):
                    raise InputError(f"{path}: unpacks to more than {limit} bytes, by {name}")
                with file.open(info) as member:
                    data = np.frombuffer(member.read(limit), np.uint8)
                arrays[name] = read_npy(data, f"{path}: {name}", "fiubUS")
    except InputError:
        raise
    except Exception as error:  # a damaged archive raises nearly anything, from zlib.error to RuntimeError
        reason = str(error).split("\n")[0][:120]
        raise InputError(f"{path}: not an NPZ file that can be read ({reason})") from None
    return arrays


def read_npy(data, where, kinds="fiub"):
    """The array in the bytes of an NPY file, as a view of them; `kinds` are NumPy's, numbers by default."""
    file = io.BytesIO(data[:65536].tobytes())
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[
            version
        ]
        shape, columns_first, dtype = read(file)
    except Exception:  # NumPy parses the header as a Python literal, which can fail in many ways
        raise InputError(f"{where}: not an NPY file that can be read") from None
    if dtype.kind not in kinds or dtype.itemsize == 0:
        raise InputError(f"{where}: holds {safetensors.shown(str(dtype))}, not real numbers")
    data = data[file.tell() :]
    if any(n < 0 for n in shape) or prod(shape) * dtype.itemsize != data.size:
        raise InputError(f"{where}: {by(shape)} entries of {dtype} do not fill its {data.size} bytes")
    return data.view(dtype).reshape(shape, order="F" if columns_first else "C")


def read_csv(path):
    """A table of numbers without a heading, one row a line, separated by commas."""
    data = read_bounded(path, MAX_CSV, "CSV file")
    width, rows, numbers = 0, 0, array("d")  # a list would take ten times the memory
    try:
        for line in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            if not line:
                continue
            if rows and len(line) != width:
                raise InputError(f"{path}: row {rows} has {len(line)} numbers, the rows before it {width}")
            numbers.extend(_number(text, path, rows, n) for n, text in enumerate(line))
            width, rows = len(line), rows + 1
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; CSV is UTF-8 text") from None
    except csv.Error as error:
        raise InputError(f"{path}: not CSV: {error}") from None
    return np.frombuffer(numbers, np.float64).reshape(rows, width)


def _number(text, path, row, column):
    try:
        if "_" not in text:  # Python would read 1_000
            return float(text)
    except ValueError:
        pass
    # The file may be anything, and is not shown: what a link leads to may be nobody's to read.
    what = "text" if text.strip() else "empty"
    raise InputError(f"{path}: row {row}, column {column} is {what}, not a number")


def by(shape):
    """A shape in a message: "3 x 4"."""
    return " x ".join(map(str, shape))
