"""Attention captures: the numbers with which each head of a model attended, in one safetensors file.

The tensors are named `L{layer}.{name}` (`L{layer}.cross.{name}` for cross-attention), everything
else stands as JSON in the metadata key `attn_capture`. Scores, patterns and weighted values are
recomputed from queries, keys and values when the file does not hold them; docs/capture.md has the
format in full.
"""

import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..attention.attend import attend, causal_mask
from ..attention.naming import layer_names
from ..attention.tokens import is_byte_level, written
from ..errors import InputError
from ..memory import require_memory
from . import safetensors
from .capture_layer import TENSORS, Layer, read_layer
from .json_table import JsonTable
from .safetensors import shown
from .summaries import SUMMARIES, summary
from .tables import MOST_ENTRIES

FORMAT, VERSION = "attn-capture", "1.0"
PICTURE = "picture"  # a tensor beside the layers: what the model saw, [height, width, 3] in uint8
MOST_PICTURE_SIDE = 4096  # pixels along its longer side
MOST_TEXTS = 3  # of passes, that one line tells
RECOMPUTING = 60  # bytes of memory for each score while a head is recomputed
DERIVED = {"sink": "HQs"}  # in a layer with sinks: a column that has the head's sink for every query
RECOMPUTED = ("scores", "pattern", "z")


@dataclass(frozen=True)
class RecomputedHead:
    """One head recomputed in float64: raw q.k, the logits that softmax saw, its result, the output.

    A masked logit is -inf. `errors` has the largest absolute difference from each of scores,
    pattern and z that the file also stores.
    """

    scores: np.ndarray
    logits: np.ndarray
    pattern: np.ndarray
    z: np.ndarray
    errors: dict[str, float]


@dataclass(frozen=True)
class Capture:
    """An open capture file; tensors are read from disk when asked for.

    `tokens_q` and `tokens_k` are labels as people write them; `metadata` has the tokens as the vocabulary
    writes them. `texts` has the text of each pass if the passes read different texts.
    """

    path: str
    text: str
    texts: tuple[str, ...]
    tokens_q: tuple[str, ...]
    tokens_k: tuple[str, ...]
    layers: dict[str, Layer]
    model: dict
    metadata: dict
    tensors: safetensors.Tensors = field(repr=False)
    verified: set = field(default_factory=set, repr=False, compare=False)  # tensors whose checksums are right

    def text_of(self, *layers: Layer) -> str:
        """The text that the model read in the pass of a layer, in one line; those of a few passes together,
        or how many they are."""
        numbers = [layer.pass_number for layer in layers]
        texts = [self.texts[n] if n < len(self.texts) else self.text for n in numbers]
        each = list(dict.fromkeys(" ".join(text.split()) for text in texts))
        return " / ".join(each) if len(each) <= MOST_TEXTS else f"{len(each)} texts"

    def in_passes(self, layer: Layer) -> list[Layer]:
        """A layer in all passes of the model."""
        own = layer.stack, layer.number, layer.kind
        return [one for one in self.layers.values() if (one.stack, one.number, one.kind) == own]

    def where(self, layer: Layer) -> str:
        """What messages call a layer: "layer 5 of head.safetensors"."""
        return f"layer {layer.name} of {self.path}"

    def layer(self, layer: int | str) -> Layer:
        """The layer with this number, name or key (5, "decoder.5", "5@2"). Raises InputError for an unknown
        one."""
        found = self.layers.get(str(layer))
        found = found or next((one for one in self.layers.values() if one.key == str(layer)), None)
        if found is None:
            raise InputError(f"layer {layer} is not in {self.path}; layers: {', '.join(self.layers)}")
        return found

    @property
    def picture(self) -> np.ndarray | None:
        """What the model saw, [height, width, 3] in uint8, or None. Raises InputError."""
        if PICTURE not in self.tensors:
            return None
        shape = self.tensors.shape(PICTURE)
        if (
            self.tensors.dtype(PICTURE) != "U8"
            or len(shape) != 3
            or shape[2] != 3
            or max(shape) > MOST_PICTURE_SIDE
        ):
            raise InputError(
                f"{self.path}: {PICTURE} is not uint8 [height, width, 3], up to {MOST_PICTURE_SIDE} each"
            )
        _check_sum(self, PICTURE)
        return self.tensors[PICTURE]

    def names(self, layer: int | str) -> tuple[str, ...]:
        """The tensors that `tensor` can give for this layer, recomputed and derived ones included."""
        layer = self.layer(layer)
        shapes = layer.shapes
        recomputed: tuple[str, ...] = RECOMPUTED if {"q", "k"} <= set(shapes) else ()
        if "v" not in shapes:
            recomputed = recomputed[:2]
        known = tuple(name for name in TENSORS if name in shapes or name in recomputed)
        return known + tuple(DERIVED if layer.sinks and "Q" in layer.sizes else ())

    def summaries(self, layer: int | str) -> tuple[str, ...]:
        """The names of the summaries that `tensor` can give for this layer; see formats.summaries."""
        return tuple(SUMMARIES) if "pattern" in self.names(layer) else ()

    def shape(self, layer: int | str, name: str) -> tuple[int, int]:
        """(rows, columns) of a matrix that `tensor` gives, without reading it."""
        sizes = self.layer(layer).sizes | {"s": 1}
        shape = tuple(sizes[axis] for axis in axes_of(name).replace("?", "").lstrip("HG"))
        return (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0])

    def tensor(self, layer: int | str, name: str, head: int | None = None) -> np.ndarray:
        """One matrix of a layer as float64, rows by columns; a vector comes as one row.

        `name` is a tensor or a summary. `head` is the number of a query head; tensors that each head has need
        it, and keys and values come from the key/value head that this query head uses. Masks and biases come
        in full size. Raises InputError for what the file does not have and for a number that is not finite.
        """
        layer = self.layer(layer)
        if name in self.summaries(layer.name):
            if name == "mean_over_passes":
                self._check_head(layer, name, head)
            return summary(self, layer, name, head)
        if name not in self.names(layer.name):
            known = safetensors.hint(name, self.names(layer.name))
            raise InputError(f"{self.where(layer)} has no tensor {shown(name)}; {known}")
        axes = axes_of(name)
        if axes[0] not in "HG":
            return self._stored(layer, name, None)
        self._check_head(layer, name, head)
        assert head is not None
        if name == "sink":
            return np.full((layer.sizes["Q"], 1), layer.sinks[head])
        if name not in layer.shapes:
            return getattr(self.recompute(layer.name, head), name)
        return self._stored(layer, name, layer.kv_head(head) if axes[0] == "G" else head)

    def recompute(self, layer: int | str, head: int) -> RecomputedHead:
        """Attention of one query head from its stored queries, keys and values, in float64."""
        layer = self.layer(layer)
        for name in ("q", "k"):
            if name not in layer.shapes:
                raise InputError(f"{self.where(layer)} has no {name} to recompute from")
        self._check_head(layer, "q", head)
        self._require_room(layer)
        group = layer.kv_head(head)
        q, k = self._stored(layer, "q", head), self._stored(layer, "k", group)
        v = self._stored(layer, "v", group) if "v" in layer.shapes else np.zeros((len(k), 0))
        bias = self._stored(layer, "bias", head) if "bias" in layer.shapes else None
        sink = layer.sinks[head] if layer.sinks else None
        allowed = self.allowed(layer.name, head)
        scores, logits, pattern, z = attend(q, k, v, layer.scale_of(head), layer.softcap, bias, allowed, sink)
        made = {"scores": scores, "pattern": pattern, "z": z}
        errors = {
            name: float(np.abs(made[name] - self._stored(layer, name, head)).max(initial=0.0))
            for name in RECOMPUTED
            if name in layer.shapes and made[name].size
        }
        return RecomputedHead(scores, logits, pattern, z, errors)

    def allowed(self, layer: int | str, head: int) -> np.ndarray:
        """Which keys each query may attend to, bool [query tokens, key tokens]."""
        layer = self.layer(layer)
        self._require_room(layer)
        rows, columns = layer.sizes["Q"], layer.sizes["K"]
        allowed = np.ones((rows, columns), bool)
        if layer.mask in ("causal", "window"):
            allowed = causal_mask(rows, columns, layer.offset, layer.window)
        if "mask" in layer.shapes:
            allowed &= self._stored(layer, "mask", head) != 0
        return allowed

    def _require_room(self, layer):
        """Refuse a layer if recomputing a single head of it takes too much memory."""
        rows, columns = (layer.sizes.get(axis, 0) for axis in "QK")
        if not rows or not columns:
            raise InputError(f"{self.where(layer)} does not say how many queries and keys it has")
        if rows * columns > MOST_ENTRIES:
            raise InputError(
                f"{self.where(layer)}: {rows} x {columns} scores are too many to recompute; "
                f"the most is {MOST_ENTRIES}"
            )
        require_memory(RECOMPUTING * rows * columns, f"a head of {self.where(layer)}")

    def _check_head(self, layer, name, head):
        if head is None:
            heads = numbers(layer.heads)
            raise InputError(f"tensor {name} of layer {layer.name} needs a head; heads: {heads}")
        if head not in layer.heads:
            raise InputError(f"head {head} is not in {self.where(layer)}; heads: {numbers(layer.heads)}")

    def _stored(self, layer, name, number):
        """The matrix of one head of a stored tensor, checked to be finite. `number` counts query heads for
        tensors of query heads, and key/value heads for the others."""
        full = f"L{layer.key}.{name}"
        array, axes = self.tensors[full], TENSORS[name]
        _check_sum(self, full)
        if axes[0] == "H" and array.shape[0] == 1 and "?" in axes:
            array = array[0]
        elif axes[0] in "HG":
            array = array[(layer.kv_heads if axes[0] == "G" else layer.heads).index(number)]
        array = np.atleast_2d(np.asarray(array, np.float64))
        if "?" in axes:
            array = np.broadcast_to(array, (layer.sizes["Q"], layer.sizes["K"]))
        of = f" head {number}" if axes[0] in "HG" else ""
        check_finite(array, f"{self.path}: {full}{of}")
        return array


def open_capture(path: str | os.PathLike[str]) -> Capture:
    """Open a capture file. Raises InputError if the file is no capture, has a newer format, or contradicts
    itself."""
    tensors, metadata = safetensors.read(path)
    return _checked(str(path), tensors, metadata)


def axes_of(name: str) -> str:
    """The axes of a tensor or summary, as letters of capture_layer.TENSORS."""
    return TENSORS.get(name) or DERIVED.get(name) or SUMMARIES[name][0]


def is_capture(metadata: Mapping[str, str]) -> bool:
    """Whether the metadata of a safetensors file says that it is an attention capture."""
    return "attn_capture" in metadata


def write_capture(
    path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write a capture: `tensors` by full name, `metadata` as the format has it.

    Format, version and checksums are added. The result is checked as `open_capture` would check it, so that
    every file that is written can be read. Raises InputError.
    """
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    sums = {name: _sum(array.shape, array.tobytes()) for name, array in sorted(tensors.items())}
    head = {"format": FORMAT, "version": VERSION}
    text = json.dumps(head | dict(metadata) | {"checksums": sums}, ensure_ascii=False, allow_nan=False)
    try:
        checksum = _crc(text.encode())
    except UnicodeEncodeError:
        raise InputError(
            f"{path}: a token or another text is not valid UTF-8, perhaps half of a letter"
        ) from None
    metadata = {"attn_capture": text, "attn_capture_checksum": checksum}
    _checked(str(path), _InMemory(tensors), metadata)
    safetensors.write(path, tensors, metadata)


def check_capture(where: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Capture:
    """The Capture that `write_capture` would write, without a file. Raises InputError, whose message begins
    with `where`, if it could not be written."""
    text = json.dumps({"format": FORMAT, "version": VERSION} | dict(metadata), ensure_ascii=False)
    return _checked(where, _InMemory(tensors), {"attn_capture": text})


def check_finite(array: np.ndarray, where: str) -> None:
    """Raise InputError that names the first number that is NaN or infinite."""
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(f"{where}: row {row}, column {column} is {array[row, column]}, not a finite number")


def numbers(items: Iterable[int]) -> str:
    """Head or layer numbers in a message: "0-11" or "0, 3, 5"."""
    items = list(items)
    if len(items) > 2 and items == list(range(items[0], items[-1] + 1)):
        return f"{items[0]}-{items[-1]}"
    return ", ".join(map(str, items))


class _InMemory:
    """Tensors that are still in memory, seen as `safetensors.Tensors`."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __getitem__(self, name):
        return self.arrays[name]

    def __iter__(self):
        return iter(self.arrays)

    def shape(self, name):
        return self.arrays[name].shape

    def dtype(self, name):
        return safetensors.DTYPE_NAMES.get(self.arrays[name].dtype, "unknown")


def _said(where, metadata):
    """The JSON in the metadata. Raises InputError if it is damaged or of an unknown format or version."""
    if not is_capture(metadata):
        raise InputError(f"{where}: not an attention capture: its metadata has no attn_capture")
    text = metadata["attn_capture"]
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: attn_capture is not JSON: {str(error).splitlines()[0]}") from None
    table = JsonTable(data, where)
    if table.text("format", "") != FORMAT:
        raise InputError(f'{where}: the metadata attn_capture does not have format "{FORMAT}"')
    version = str(data.get("version", "missing"))
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})*", version) is None:
        raise InputError(f"{where}: the capture's version is {shown(version)}; expected {VERSION}")
    if int(version.split(".")[0]) != 1:
        raise InputError(f"{where}: the capture has version {version}; this program reads versions 1.x")
    if _crc(text.encode()) != metadata.get("attn_capture_checksum", _crc(text.encode())):
        raise InputError(f"{where}: attn_capture does not match its checksum; the file is damaged")
    return data


def _shapes(where, tensors):
    """The shapes of the tensors of each layer: key of the layer -> name of the tensor -> shape."""
    by_layer: dict = {}
    for name in tensors:
        match = re.fullmatch(r"L(\d{1,6}(?:\.cross)?)\.(\w+)", name)
        if match and match[2] in TENSORS:
            if (match[2] == "mask") != (tensors.dtype(name) == "BOOL") or tensors.dtype(name) == "C64":
                right = "BOOL, true where a query may attend" if match[2] == "mask" else "real numbers"
                raise InputError(f"{where}: {name} is {tensors.dtype(name)}; expected {right}")
            by_layer.setdefault(match[1], {})[match[2]] = tensors.shape(name)
    return by_layer


def _checked(where: str, tensors: Any, metadata: Mapping[str, str]) -> Capture:
    """The capture of these tensors and metadata. Raises InputError unless they fit together."""
    data = _said(where, metadata)
    table = JsonTable(data, where)
    for name in table.table("checksums", {}):
        if name not in tensors:
            raise InputError(f"{where}: tensor {shown(name)} is missing; the file is damaged")
    tokens_q = table.texts("tokens_q")
    tokens_k = table.texts("tokens_k", tokens_q)
    layers = _layers(where, table, _shapes(where, tensors), tokens_q, tokens_k)
    labels = _labels(
        table, {tokens_q, tokens_k} | {t for layer in layers for t in (layer.tokens_q, layer.tokens_k)}
    )
    layers = [
        replace(layer, tokens_q=labels[layer.tokens_q], tokens_k=labels[layer.tokens_k]) for layer in layers
    ]
    return Capture(
        path=where,
        text=table.text("text", ""),
        texts=tuple(entry.text("text", "") for entry in table.tables("passes")),
        tokens_q=labels[tokens_q],
        tokens_k=labels[tokens_k],
        layers={layer.name: layer for layer in layers},
        model=table.table("model", {}),
        metadata=data,
        tensors=tensors,
    )


def _layers(
    where: str, table: JsonTable, by_layer: dict, tokens_q: tuple[str, ...], tokens_k: tuple[str, ...]
) -> list[Layer]:
    """The layers in their order, by the name that people call them."""
    described = table.table("layers")
    if not described:
        raise InputError(f"{where}: the capture has no layers")
    extra = sorted(set(by_layer) - set(described))
    if extra:
        raise InputError(f"{where}: layer {extra[0]} has tensors but no entry in the metadata")
    layers = []
    for key in sorted(described, key=_layer_order):
        here = f"{where}: layer {shown(key)}"
        if re.fullmatch(r"\d{1,6}(\.cross)?", key) is None:
            raise InputError(f'{here}: a layer is named by its number, or its number and ".cross"')
        layers.append(
            read_layer(key, JsonTable(described[key], here), by_layer.get(key, {}), tokens_q, tokens_k)
        )
    names = layer_names({one.key: (one.module, one.kind) for one in layers})
    given = {one.key: one.name for one in layers}
    if all(given.values()) and len(set(given.values())) == len(given):
        names = given
    return [replace(one, name=names[one.key]) for one in layers]


def _labels(table: JsonTable, every: set[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """For each list of tokens, its labels as people write them."""
    byte_level = table.flag("byte_level")
    if byte_level is None:
        byte_level = is_byte_level(token for tokens in sorted(every) for token in tokens)
    return {tokens: written(tokens, byte_level) for tokens in every}


def _layer_order(name):
    number = name.split(".")[0]
    return (int(number) if number.isdecimal() and len(number) < 9 else 0, name)


def _refuse_constant(word):
    raise ValueError(f"{word} is not a number that JSON knows")


def _check_sum(capture, full):
    """Compare a tensor with its checksum, if the file carries one."""
    sums = capture.metadata.get("checksums", {})
    if full in sums and full not in capture.verified:
        found = _sum(capture.tensors.shape(full), capture.tensors.raw(full))
        if found != sums[full]:
            raise InputError(f"{capture.path}: {full} does not match its checksum; the file is damaged")
        capture.verified.add(full)


def _sum(shape, data):
    return _crc(data, zlib.crc32(repr(tuple(shape)).encode()))


def _crc(data, start=0):
    return f"{zlib.crc32(data, start):08x}"
