"""The matrices that an expression names: their numbers, and the names of their axes and tokens.

A matrix has exactly one source: a tensor of the scene's capture or of another file, an NPY or CSV file,
values written in the scene, or an initialiser. Files are parsed within bounds, nothing in them is executed,
and an error names the place of a number that is not finite.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ..attention.patches import CutPicture, cut_picture
from ..errors import InputError, nearest
from ..formats import safetensors
from ..formats.capture_file import axes_of, check_finite, is_capture, numbers, open_capture
from ..formats.capture_layer import AXIS_WORDS
from ..formats.reading import map_file
from ..formats.summaries import SUMMARIES, layers_meant
from ..formats.tables import MOST_ENTRIES, SEVERAL, by, open_arrays, read_npy
from ..formats.text_tables import read_text_table
from .leading import HEAD_AXIS, MOST_AXES, MOST_MATRICES, LeadingAxis, member_name
from .scene import MatrixOptions, Scene

MASK_LOW, MASK_LOWEST = -1e4, -1e9  # entries of additive masks, see `lowest`
TEXT_FILES = (".csv", ".tsv", ".txt")
FILE_KINDS = (*SEVERAL, ".npy", *TEXT_FILES)


@dataclass(frozen=True)
class LabelledMatrix:
    """A float64 matrix, rows by columns, and what is written beside it.

    `row_axis` and `column_axis` name the axes, such as "query", or are "". Labels are one text for each row
    or column, or none at all. `source` says in a few words where the numbers come from. Before rows and
    columns, `values` has one axis for each of the `leading` axes, such as the heads.
    """

    values: np.ndarray
    row_axis: str = ""
    column_axis: str = ""
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    source: str = ""
    probability: bool = False  # a softmax made it: entries lie between 0 and 1
    leading: tuple[LeadingAxis, ...] = ()
    mask: np.ndarray | None = None  # for an additive mask: True where an entry exists
    note: str = ""  # says in words what of the matrix is not shown as given
    heads_a_key: int = 1  # for the scene's capture: how many query heads share a key/value head
    row_picture: CutPicture | None = None  # the picture whose patches are the rows, if their labels say so
    column_picture: CutPicture | None = None

    def members(self) -> "dict[tuple[int, ...], LabelledMatrix]":
        """The matrices of two axes in this one, by their numbers along the leading axes."""
        places = np.ndindex(self.values.shape[:-2])
        numbers = product(*(axis.numbers for axis in self.leading))
        return {
            index: replace(
                self,
                values=self.values[place],
                mask=None if self.mask is None else self.mask[place],
                leading=(),
            )
            for index, place in zip(numbers, places, strict=True)
        }


@dataclass(frozen=True)
class OpenedMatrix:
    """A matrix that was found but not read yet. `declared` has its shape and labels; its `values` are zeros
    that take no memory. `read` returns the real values."""

    declared: LabelledMatrix
    read: Callable[[], np.ndarray]
    name: str = ""
    additive: bool | None = None  # whether it is an additive mask; None if unknown

    def load(self, added: bool = False) -> LabelledMatrix:
        """The matrix with its values. If it is an additive mask, or is `added` to the argument of a softmax,
        very low entries do not exist (see `lowest`). Raises InputError for a value that is not a finite
        number."""
        values = self.read()
        if self.additive or (added and self.additive is None):
            low = lowest(values, surely=bool(self.additive))
            if low.any():
                note = _mask_note(values, low)
                values = np.where(low, 0.0, values)
                self._require_finite(values)
                return replace(self.declared, values=values, mask=~low, note=note)
        self._require_finite(values)
        return replace(self.declared, values=values)

    def _require_finite(self, values):
        if np.isfinite(values).all():
            return
        hint = "; if it is a mask that is added to scores, say additive_mask = true"
        for index, one in replace(self.declared, values=values).members().items():
            try:
                check_finite(one.values, f"matrix {member_name(self.name, index)}")
            except InputError as error:
                raise InputError(f"{error}{hint * bool(np.isneginf(one.values).any())}") from None


def lowest(values: np.ndarray, surely: bool) -> np.ndarray:
    """Which entries of an additive mask are so low that a softmax gives them no weight: bool, as `values`.

    These are the entries of at most -1e9. If the matrix is `surely` such a mask, or has no other large entry,
    they are those of at most -1e4, as in masks in float16."""
    low = values <= MASK_LOW
    if surely or np.abs(values[~low]).max(initial=0.0) < -MASK_LOW / 10:
        return low
    return values <= MASK_LOWEST


def _mask_note(values, low):
    empty = int(low.all(axis=-1).sum())
    rows = f"; {empty:,} of its rows have nothing else" if empty else ""
    return (
        f"{low.sum():,} of {low.size:,} entries, from {values[low].max():.3g} down, are an additive mask and "
        f"absent{rows}"
    )


def open_matrices(
    scene: Scene,
    names: Iterable[str],
    initialise: Callable[..., np.ndarray],
    given: Mapping[str, OpenedMatrix] = MappingProxyType({}),
) -> dict[str, OpenedMatrix]:
    """Find the matrices that an expression uses, by name, so that their sizes can be checked before they are
    read.

    `names` are the given matrices of the expression. A name without a description is the tensor of that name
    in the scene's capture. `initialise(spec, shape, seed_key)` makes the values of a matrix with `init`; the
    key is the matrix's name, so that two matrices never share their random numbers. File names are relative
    to `scene.folder`. Matrices in `given` are taken as they are. Raises InputError.
    """
    names = list(dict.fromkeys(names))
    for name in scene.matrices:
        if name not in names:
            hint = nearest(name, names, "matrices of the expression")
            raise InputError(f'matrices: "{name}" is not in the expression; {hint}')
    captured = scene.capture.file and any(name not in given for name in names)
    capture = open_capture(_path(scene, scene.capture.file)) if captured else None
    found = {}
    for name in names:
        where = f"matrix {name}"
        if name in given:
            declared = _labelled(given[name].declared, scene.matrices.get(name, MatrixOptions()), where)
            found[name] = replace(given[name], declared=declared)
            continue
        spec = scene.matrices.get(name, MatrixOptions(tensor=name) if capture else MatrixOptions())
        opened = _open(scene, capture, name, spec, where, initialise)
        declared = _labelled(opened.declared, spec, where)
        count = prod(declared.values.shape[:-2])
        if count > MOST_MATRICES:
            raise InputError(
                f"{where}: {count:,} matrices by its leading axes are too many; the most is {MOST_MATRICES:,}"
            )
        found[name] = OpenedMatrix(declared, opened.read, name, spec.additive_mask)
    return found


def _open(scene, capture, name, spec, where, initialise):
    """The matrix that one description names, without the labels that the description gives."""
    sources = [key for key in ("values", "init") if getattr(spec, key)]
    sources += ["tensor" if spec.tensor else "file"] if spec.tensor or spec.file else []
    if len(sources) > 1:
        raise InputError(f"{where}: has {' and '.join(sources)}; give exactly one")
    if not sources:
        raise InputError(f"{where}: has no numbers; give tensor, file, values or init with shape")
    for key, owners in (("shape", ("init",)), ("index", ("tensor", "file"))):
        if getattr(spec, key) and sources[0] not in owners:
            raise InputError(f"{where}: {key} goes with {owners[0]}, not with {sources[0]}")
    for key, owners in (("axis_order", ("file",)), ("slices", ("file", "tensor"))):
        if getattr(spec, key) and not any(getattr(spec, owner) for owner in owners):
            raise InputError(f"{where}: {key} goes with file; use .T and x[0:4, :] in the expression instead")

    if spec.values:
        lengths = {len(row) for row in spec.values}
        if len(lengths) > 1:
            raise InputError(f"{where}: rows of values have different lengths: {numbers(sorted(lengths))}")
        shape = (len(spec.values), lengths.pop())
        return _of_array(
            shape, lambda: np.array(spec.values, np.float64), spec, where, "written in the scene"
        )
    if spec.init:
        return _initialised(spec, name, where, initialise)
    if not spec.file:
        if capture is None:
            raise InputError(f"{where}: tensor {spec.tensor!r} needs a file, here or in [capture]")
        return _of_capture(capture, spec, where, scene.capture)
    return _of_file(_path(scene, spec.file), spec, where)


def _of_file(path, spec, where):
    """The matrix in a file, or the part of it that is described."""
    kind = path.suffix.lower()
    if kind not in FILE_KINDS:
        raise InputError(f"{where}: {path.name}: unknown kind of file; known kinds: {', '.join(FILE_KINDS)}")
    if kind in (".npy", *TEXT_FILES) and spec.tensor:
        raise InputError(f"{where}: {path.name} holds one matrix; tensor is for .safetensors and .npz")
    for key in ("decimal", "names"):
        if getattr(spec, key) and kind not in TEXT_FILES:
            raise InputError(f"{where}: {key} is for {', '.join(TEXT_FILES)}, not for {path.name}")
    labels: tuple[Sequence[str], Sequence[str]] = (), ()
    if kind in SEVERAL:
        if kind == ".safetensors" and spec.tensor and is_capture(safetensors.read(path)[1]):
            if spec.axis_order:
                raise InputError(f"{where}: tensors of a capture are turned in the expression, by .T")
            return _of_capture(open_capture(path), spec, where, None)
        arrays = open_arrays(path)
        tensor = _choose(arrays, spec, path, where)
        shape, read = arrays.shape(tensor), lambda: arrays[tensor]
    elif kind == ".npy":
        array = read_npy(map_file(path), str(path))
        shape, read = array.shape, lambda: array
    else:  # a table of text, which is small enough to be read at once
        table = read_text_table(path, spec.decimal, spec.names)
        shape, read, labels = (
            table.values.shape,
            lambda: table.values,
            (table.row_labels, table.column_labels),
        )

    def chosen(array):
        return _ordered(_index(array, spec.index, where), spec.axis_order, where)

    source = f"{spec.tensor} of {path.name}" if spec.tensor else path.name
    labels = ((), ()) if spec.index else labels[::-1] if spec.axis_order == (1, 0) else labels
    return _of_array(chosen(_zeros(shape)).shape, lambda: chosen(read()), spec, where, source, labels)


def _zeros(shape):
    """An array of zeros that takes no memory."""
    return np.broadcast_to(np.float64(0.0), shape)


def _of_array(shape, read, spec, where, source, labels=((), ())):
    """The matrix in an array of two to four axes, the part that `spec` describes. Entries of leading axes are
    numbered from 0. `labels` are the labels of all rows and all columns of the array."""
    parts = _parts(shape, spec.slices, where)
    part = tuple(slice(p.start, p.stop, p.step) for p in parts)
    declared = _matrix(_zeros(shape)[part], where)
    words = _leading_words(spec, declared.ndim - 2, where)
    leading = tuple(LeadingAxis(word, tuple(part)) for word, part in zip(words, parts, strict=False))
    if any(labels):
        labels = [own[part] if own else () for own, part in zip(labels, part, strict=True)]
    of_rows, of_columns = labels
    labelled = LabelledMatrix(declared, "", "", of_rows, of_columns, source=source, leading=leading)
    return OpenedMatrix(labelled, lambda: _matrix(read()[part], where))


def _ordered(array, order, where):
    """The array with its axes in the order that `axis_order` gives."""
    if order and sorted(order) != list(range(array.ndim)):
        raise InputError(
            f"{where}: axis_order is {list(order)}; expected each of 0 to {array.ndim - 1} once, for "
            f"{by(array.shape)}"
        )
    return array.transpose(order) if order else array


def _parts(shape, slices, where):
    """The range that `slices` takes of each axis."""
    if len(slices) > len(shape):
        raise InputError(
            f"{where}: slices has {len(slices)} texts; the array has only {len(shape)} dimensions"
        )
    parts = []
    for n, (text, size) in enumerate(zip(slices, shape, strict=False)):
        ends = [part.strip() for part in text.split(":")]
        if not 2 <= len(ends) <= 3 or any(end and not _WHOLE_NUMBER.fullmatch(end) for end in ends):
            raise InputError(f'{where}: slices[{n}] is "{text[:40]}"; expected start:stop, like "0:4" or ":"')
        ends = [int(end) if end else None for end in ends]
        if len(ends) == 3 and ends[2] is not None and ends[2] < 1:
            raise InputError(f'{where}: slices[{n}] is "{text}"; its step must be at least 1')
        parts.append(range(size)[slice(*ends)])
        if not parts[-1]:
            raise InputError(f'{where}: slices[{n}] is "{text}", which takes nothing of {size} entries')
    return parts + [range(size) for size in shape[len(slices) :]]


_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,12}")


def _leading_words(spec, count, where):
    """The names of a matrix's leading axes."""
    words = spec.leading_axes or ("layer", HEAD_AXIS)[MOST_AXES - count :]
    if len(words) != count or len(set(words)) != count or not all(words):
        raise InputError(
            f"{where}: leading_axes names the axes before rows and columns, of which there are {count}; "
            f"found {list(words)}"
        )
    return words


def _initialised(spec, name, where, initialise):
    """A matrix from an initialiser. Each matrix of a stack has random numbers of its own, the same as if it
    were described alone."""
    shape = spec.shape
    if not 2 <= len(shape) <= 2 + MOST_AXES or min(shape) < 1:
        raise InputError(
            f"{where}: init needs shape = [rows, columns], with up to {MOST_AXES} leading axes before "
            "them, all at least 1"
        )
    if prod(shape) > MOST_ENTRIES:
        raise InputError(f"{where}: {by(shape)} entries are too many; the most is {MOST_ENTRIES}")

    def read():
        values = np.empty(shape)
        for place in np.ndindex(shape[:-2]):
            values[place] = initialise(spec, shape[-2:], member_name(name, place))
        return values

    return _of_array(shape, read, spec, where, f"{spec.init}, seed {spec.seed}")


def _of_capture(capture, spec, where, chosen):
    """A tensor of a capture, with axes and tokens as labels.

    `chosen` is the scene's [capture]: a bare name takes its layers, and a missing index takes its heads. It
    is None for another file.
    """
    prefix, _, tensor = spec.tensor.rpartition(".")
    given = prefix.removeprefix("L")
    if not given and chosen is None:
        raise InputError(f'{where}: tensor {spec.tensor!r} needs its layer, such as "L0.{tensor}"')
    layers, axis = ([capture.layer(given)], None) if given else _chosen(capture, chosen)
    for layer in layers:
        known = *capture.names(layer.name), *capture.summaries(layer.name)
        if tensor not in known:
            hint = safetensors.hint(tensor, known)
            raise InputError(f'{where}: {capture.where(layer)} has no "{tensor}"; {hint}')
    first = layers[0]
    axes = axes_of(tensor).replace("?", "")
    heads, over_heads = _heads_of(spec, first, chosen, axes[0], where)
    leading = list(filter(None, (axis, over_heads)))
    axes = axes.lstrip("HG").rjust(2)
    shapes = {capture.shape(layer.name, tensor) for layer in layers}
    if len(shapes) > 1:
        differing = " and ".join(sorted(map(by, shapes)))
        raise InputError(
            f"{where}: {tensor} of these layers is {differing}; expected one shape in all of them"
        )
    (shape,) = shapes
    # Layers with different tokens, such as those of several texts, have no labels together.
    meant = [one for layer in layers for one in layers_meant(capture, layer, tensor)]
    tokens = {
        "Q": first.tokens_q if len({layer.tokens_q for layer in meant}) == 1 else (),
        "K": first.tokens_k if len({layer.tokens_k for layer in meant}) == 1 else (),
    }
    of = f"layer{'s' * (len(layers) > 1)} {', '.join(layer.name for layer in layers)}"
    if numbered := [head for head in heads if head is not None]:
        of += f", head{'s' * (len(numbered) > 1)} {numbers(numbered)}"
    rows, columns = (slice(p.start, p.stop, p.step) for p in _parts(shape, spec.slices, where))
    part = _matrix(_zeros(shape)[rows, columns], where).shape
    labels = [tokens.get(axis, ()) for axis in axes]
    count = tuple(len(axis.numbers) for axis in leading)

    def read():
        parts = [capture.tensor(layer.name, tensor, n)[rows, columns] for layer in layers for n in heads]
        return np.array(parts).reshape(*count, *part)

    declared = LabelledMatrix(
        values=_zeros((*count, *part)),
        heads_a_key=first.n_q_heads // max(1, first.n_kv_heads) if chosen else 1,
        row_axis=AXIS_WORDS.get(axes[0], ""),
        column_axis=AXIS_WORDS[axes[1]],
        row_labels=labels[0][rows],
        column_labels=labels[1][columns],
        row_picture=cut_picture(capture.picture, labels[0]),
        column_picture=cut_picture(capture.picture, labels[1]),
        source=f"{tensor} of {of}",
        probability=tensor == "pattern" or tensor in SUMMARIES,
        leading=tuple(leading),
    )
    return OpenedMatrix(declared, read)


def _heads_of(spec, layer, chosen, first_axis, where):
    """(the shown heads of a tensor, or None if all heads share it; their leading axis, or None)."""
    if first_axis not in "HG":
        if spec.index:
            raise InputError(f"{where}: {spec.tensor} is one matrix for all heads and takes no index")
        return (None,), None
    if len(spec.index) > 1 or (not spec.index and chosen is None):
        raise InputError(f"{where}: {spec.tensor} needs index = [head]; heads: {numbers(layer.heads)}")
    if not spec.index and chosen.heads:
        return _heads(layer, chosen, grouped=first_axis == "G")
    return spec.index or (chosen.head,), None


def _chosen(capture, chosen):
    """(the layers that a scene's [capture] names, their leading axis or None)."""
    if chosen.layers and chosen.passes:
        raise InputError("capture: give layers or passes, not both")
    if not (chosen.layers or chosen.passes):
        return [capture.layer(chosen.layer)], None
    word = "layers" if chosen.layers else "passes"
    given = getattr(chosen, word) if getattr(chosen, word) == "all" else _once(getattr(chosen, word), word)
    if chosen.layers and not isinstance(chosen.layer, str):  # "all": the names do not say which stack
        of = next((layer for layer in capture.layers.values() if layer.kind == "self"), None)
        if given != "all":
            layers = [capture.layer(layer) for layer in given]
            return layers, LeadingAxis("layer", tuple(layer.number for layer in layers))
        if of is None:
            raise InputError(
                f'capture: layers = "all" takes those of self-attention, and {capture.path} has none; '
                f"name some of its layers: {', '.join(capture.layers)}"
            )
    else:
        of = capture.layer(chosen.layer)
    axis, fixed = ("number", "pass_number") if chosen.layers else ("pass_number", "number")
    alike = {
        getattr(layer, axis): layer
        for layer in capture.layers.values()
        if all(getattr(layer, name) == getattr(of, name) for name in ("stack", "kind", fixed))
    }
    numbered = tuple(sorted(alike) if given == "all" else given)
    lacking = [n for n in numbered if n not in alike]
    if lacking:
        what = f"layer {lacking[0]}" if chosen.layers else f"pass {lacking[0]} of layer {of.name}"
        raise InputError(f"{what} is not in {capture.path}; {word}: {numbers(sorted(alike))}")
    return [alike[n] for n in numbered], LeadingAxis("layer" if chosen.layers else "pass", numbered)


def _heads(layer, chosen, grouped):
    """(the heads that [capture] names, their leading axis or None). A tensor is `grouped` if it has key/value
    heads; each of these is then named by the first query head that uses it."""
    heads = layer.heads if chosen.heads == "all" else _once(chosen.heads, "heads")
    if not grouped:
        return heads, LeadingAxis(HEAD_AXIS, tuple(heads))
    each = layer.n_q_heads // layer.n_kv_heads
    first_of: dict = {}
    for head in heads:
        first_of.setdefault(head // each, head)
    return tuple(first_of.values()), LeadingAxis(HEAD_AXIS, tuple(first_of), each)


def _once(chosen, what):
    if len(set(chosen)) != len(chosen):
        raise InputError(f"capture: {what}: {list(chosen)} names one twice")
    return chosen


def _labelled(matrix, spec, where):
    """The matrix with the labels that the description gives."""
    labels = []
    for key, size in zip(("row_labels", "column_labels"), matrix.values.shape[-2:], strict=True):
        given = getattr(spec, key)
        if given and len(given) != size:
            raise InputError(f"{where}: {len(given)} {key} for {size} {key.split('_')[0]}s")
        labels.append(given or getattr(matrix, key))
    return replace(
        matrix,
        row_axis=spec.row_axis or matrix.row_axis,
        column_axis=spec.column_axis or matrix.column_axis,
        row_labels=labels[0],
        column_labels=labels[1],
    )


def _choose(names, spec, path, where):
    """The name of the tensor that the description means: the one that it names, or the only one in the
    file."""
    names = list(names)
    if spec.tensor:
        if spec.tensor not in names:
            hint = safetensors.hint(spec.tensor, names)
            raise InputError(f'{where}: {path} has no tensor "{spec.tensor}"; {hint}')
        return spec.tensor
    if len(names) != 1:
        known = safetensors.hint("", names)
        raise InputError(f"{where}: {path} holds {len(names)} tensors; choose one by tensor; {known}")
    return names[0]


def _index(array, index, where):
    """`array[index]`. Raises InputError for an index that is out of bounds."""
    for n, position in enumerate(index):
        if n >= array.ndim:
            raise InputError(
                f"{where}: index has {len(index)} numbers; the tensor has only {array.ndim} dimensions"
            )
        if not 0 <= position < array.shape[n]:
            raise InputError(f"{where}: index[{n}] is {position}; it must be 0 to {array.shape[n] - 1}")
    return array[tuple(index)]


def _matrix(array, where):
    """The array in float64, with two axes and perhaps leading axes before them; a vector becomes one row."""
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where}: holds {array.dtype}, not real numbers")
    if not 1 <= array.ndim <= 2 + MOST_AXES:
        need = array.ndim - 2 - MOST_AXES
        hint = f"; choose by index = [{need} number{'s' * (need > 1)}]" if need > 0 else ""
        raise InputError(f"{where}: is {by(array.shape) or 'a single number'}, not a matrix{hint}")
    if array.size == 0 or array.size > MOST_ENTRIES:
        raise InputError(f"{where}: has {array.size} entries; it must have from 1 to {MOST_ENTRIES}")
    with np.errstate(over="ignore"):
        return np.atleast_2d(np.asarray(array, np.float64))


def _path(scene, name):
    return Path(scene.folder) / name
