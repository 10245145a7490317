"""Makes descriptions from files of arrays: a scene of one array, or of a product, without a scene file."""

import keyword
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import InputError
from ..formats import safetensors
from ..formats.capture_file import is_capture
from ..formats.tables import SEVERAL, open_arrays
from .matrices import FILE_KINDS
from .scene import MatrixOptions, Scene


def holds_capture(path: str | os.PathLike[str]) -> bool:
    """Whether a file is an attention capture. Raises InputError for a .safetensors file that cannot be
    read."""
    return Path(path).suffix.lower() == ".safetensors" and is_capture(safetensors.read(path)[1])


def arrays_in(path: str | os.PathLike[str]) -> list[str]:
    """The names of the arrays in a file that can be drawn, which have two to four axes; [] for a file with a
    single array without a name. Raises InputError."""
    path = Path(path)
    if path.suffix.lower() not in SEVERAL:
        return []
    arrays = open_arrays(path)
    found = [name for name in arrays if 2 <= len(arrays.shape(name)) <= 4]
    if not found:
        raise InputError(f"{path}: no array in it has rows and columns")
    return found


def scene_of_arrays(paths: Sequence[str | os.PathLike[str]], tensor: str = "") -> Scene:
    """The scene of an array in a file, or of the product of several files' arrays in the order of `paths`.

    If a file holds several arrays, `tensor` is the name of one, and "" takes the first. Raises InputError for
    files of other kinds. Errors in an array itself show when the scene is planned.
    """
    names: list[str] = []
    matrices: dict[str, MatrixOptions] = {}
    for path in map(Path, paths):
        if path.suffix.lower() not in FILE_KINDS:
            raise InputError(f"{path}: unknown kind of file; known kinds: {', '.join(FILE_KINDS)}")
        array = (tensor or arrays_in(path)[0]) if path.suffix.lower() in SEVERAL else ""
        names.append(_name(array.rpartition(".")[2] or path.stem, names))
        matrices[names[-1]] = MatrixOptions(file=str(path.absolute()), tensor=array)
    if not names:
        raise InputError("choose a file with an array")
    expression = names[0] if len(names) == 1 else f"{_name('product', names)} = {' @ '.join(names)}"
    titles = [Path(path).name for path in paths]
    return Scene(expression=expression, title=" times ".join(titles), matrices=matrices)


def _name(text: str, taken: Iterable[str]) -> str:
    """A name for the expression language, made of the letters of a text, and not in `taken`."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "M"
    name = f"M{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
    numbered = (f"{name}_{n}" for n in range(2, 10_000))
    return name if name not in taken else next(one for one in numbered if one not in taken)
