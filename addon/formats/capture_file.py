"""Attention captures: what each head of a model attended with, in one safetensors file.

The tensors are named `L{layer}.{name}` (`L{layer}.cross.{name}` for cross-attention), everything
else stands as JSON in the metadata key `attn_capture`. Scores, patterns and weighted values are
recomputed from queries, keys and values when the file does not hold them; docs/capture.md has the
format in full.
"""

import json
import math
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..attention.attend import attend
from ..attention.naming import layer_names, number_of, pass_of
from ..attention.tokens import is_byte_level, written
from ..errors import InputError, nearest
from ..memory import require_memory
from . import safetensors
from .safetensors import shown
from .summaries import SUMMARIES, summary

FORMAT, VERSION = "attn-capture", "1.0"
MAX_HEADS = 4096
MAX_TOKENS = 2**20
PICTURE = "picture"  # a tensor beside the layers: what the model saw, [height, width, 3] in uint8
MAX_PICTURE = 4096  # pixels of its sides
MAX_ENTRIES = 2**26  # of one recomputed matrix, 0.5 GB in float64
RECOMPUTING = 60  # bytes that each entry takes meanwhile

# Every tensor of a layer, by its axes. H: query heads, G: key and value heads (never repeated),
# Q: query tokens, K: key tokens, d: width of queries and keys, e: width of values, m, n and p: width
# of what queries, keys and values are projected from, o: width of the output, r, t, u, w: ranks. A ? may
# also be 1.
TENSORS = {
    "resid_pre": "Qo", "stream": "Qo", "x": "Qm", "x_k": "Kn", "x_v": "Kp", "attn_out": "Qo", "added": "Qo",
    "q_pre": "HQd", "k_pre": "GKd", "q": "HQd", "k": "GKd", "v": "GKe", "z": "HQe",
    "bias": "H?Q?K?", "mask": "H?Q?K?", "scores": "HQK", "pattern": "HQK",
    "W_Q": "Hmd", "W_K": "Gnd", "W_V": "Gpe", "W_O": "Heo",
    "b_Q": "Hd", "b_K": "Gd", "b_V": "Ge", "b_O": "o",
    "A_Q": "mr", "B_Q": "Hrd", "A_K": "nt", "B_K": "Gtd", "A_V": "pu", "B_V": "Gue", "A_O": "Hew",
    "B_O": "wo",
    "added_gain": "o", "added_offset": "o",
}  # fmt: skip
RECOMPUTED = ("scores", "pattern", "z")
DERIVED = {"sink": "HQs"}  # of a layer with sinks: one column, the head's sink as each query's last logit

AXES = {
    "Q": "query", "K": "key", "d": "head dimension", "e": "head dimension",
    "m": "model dimension", "n": "model dimension", "p": "model dimension", "o": "model dimension", "": "",
    "r": "rank", "t": "rank", "u": "rank", "w": "rank", "s": "sink",
}  # fmt: skip
SIZES = {
    "H": "stored query heads", "G": "stored key/value heads", "Q": "query tokens", "K": "key tokens",
    "d": "head dimension", "e": "value dimension", "m": "model dimension", "n": "key model dimension",
    "p": "value model dimension", "o": "output dimension",
    "r": "rank", "t": "rank", "u": "rank", "w": "rank",
}  # fmt: skip
MASKS = ("none", "causal", "padding", "window", "bias", "custom")


@dataclass(frozen=True)
class Layer:
    """One attention of the model. `heads` and `kv_heads` are the numbers of the stored ones.

    `name` is what people call it, see `attention.naming`; `key` what its tensors are called by. A capture may
    hold several passes of a model; after the first the name has the number, as in "5@2".

    Query head h uses key/value head h // (n_q_heads // n_kv_heads). The logits of a query are
    softcap(q.k * scale) + bias, where the mask lets it attend; see `Capture.recompute`. The tokens are
    labels: as people write them, see `attention.tokens`.
    """

    name: str
    key: str
    module: str
    kind: str
    n_q_heads: int
    n_kv_heads: int
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    head_dim: int
    scale: float
    mask: str
    window: int
    offset: int
    softcap: float
    sinks: tuple[float, ...]
    position: dict
    dtype: str
    max_abs_error: float | None
    tokens_q: tuple[str, ...]
    tokens_k: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]] = field(repr=False)
    sizes: dict[str, int] = field(repr=False)

    @property
    def stack(self) -> str:
        """The stack of layers that it is of, such as "decoder", or "" in a model that has one."""
        return self.name.partition("@")[0].removesuffix(".cross").rpartition(".")[0]

    @property
    def number(self) -> int:
        """Its number in its stack."""
        return number_of(self.name)

    @property
    def pass_number(self) -> int:
        """In which pass of the model it ran, from 0."""
        return pass_of(self.name)

    def kv_head(self, head: int) -> int:
        """The key/value head that query head `head` uses."""
        return head // (self.n_q_heads // self.n_kv_heads)


@dataclass(frozen=True)
class Attention:
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

    `tokens_q` and `tokens_k` are labels as people write them; `metadata` has them as the vocabulary does.
    `texts` are those of each pass, where they differ.
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

    def text_of(self, layer: Layer) -> str:
        """The text that was read in the pass of a layer."""
        return self.texts[layer.pass_number] if layer.pass_number < len(self.texts) else self.text

    def layer(self, layer: int | str) -> Layer:
        """The layer of that number, name or key (5, "decoder.5", "5@2"); InputError names those there are."""
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
            or max(shape) > MAX_PICTURE
        ):
            raise InputError(
                f"{self.path}: {PICTURE} is not uint8 [height, width, 3], up to {MAX_PICTURE} each"
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
        """The summaries that `tensor` may give for this layer, see `summaries`."""
        return tuple(SUMMARIES) if "pattern" in self.names(layer) else ()

    def shape(self, layer: int | str, name: str) -> tuple[int, int]:
        """(rows, columns) of a matrix that `tensor` gives, without reading it."""
        sizes = self.layer(layer).sizes | {"s": 1}
        shape = tuple(sizes[axis] for axis in axes_of(name).replace("?", "").lstrip("HG"))
        return (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0])

    def tensor(self, layer: int | str, name: str, head: int | None = None) -> np.ndarray:
        """One matrix of a layer as float64, rows by columns; a vector comes as one row.

        `name` may be that of a summary. `head` is the number of a query head and is needed for what the
        heads have each; keys and values are those that this query head uses. Masks and biases come in full
        size. Raises InputError for what the file does not have and for a number that is not finite.
        """
        layer = self.layer(layer)
        if name in self.summaries(layer.name):
            if name == "mean_over_passes":
                self._check_head(layer, name, head)
            return summary(self, layer, name, head)
        if name not in self.names(layer.name):
            known = safetensors.hint(name, self.names(layer.name))
            raise InputError(f"layer {layer.name} of {self.path} has no tensor {shown(name)}; {known}")
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

    def recompute(self, layer: int | str, head: int) -> Attention:
        """Attention of one query head from its stored queries, keys and values, in float64."""
        layer = self.layer(layer)
        for name in ("q", "k"):
            if name not in layer.shapes:
                raise InputError(f"layer {layer.name} of {self.path} has no {name} to recompute from")
        self._check_head(layer, "q", head)
        self._require_room(layer)
        group = layer.kv_head(head)
        q, k = self._stored(layer, "q", head), self._stored(layer, "k", group)
        v = self._stored(layer, "v", group) if "v" in layer.shapes else np.zeros((len(k), 0))
        bias = self._stored(layer, "bias", head) if "bias" in layer.shapes else None
        sink = layer.sinks[head] if layer.sinks else None
        allowed = self.allowed(layer.name, head)
        scores, logits, pattern, z = attend(q, k, v, layer.scale, layer.softcap, bias, allowed, sink)
        made = {"scores": scores, "pattern": pattern, "z": z}
        errors = {
            name: float(np.abs(made[name] - self._stored(layer, name, head)).max(initial=0.0))
            for name in RECOMPUTED
            if name in layer.shapes and made[name].size
        }
        return Attention(scores, logits, pattern, z, errors)

    def allowed(self, layer: int | str, head: int) -> np.ndarray:
        """Which keys each query may attend to, bool [query tokens, key tokens]."""
        layer = self.layer(layer)
        self._require_room(layer)
        rows, columns = layer.sizes["Q"], layer.sizes["K"]
        ahead = np.arange(columns)[None, :] - (np.arange(rows)[:, None] + layer.offset)
        allowed = np.ones((rows, columns), bool)
        if layer.mask in ("causal", "window"):
            allowed &= ahead <= 0
        if layer.mask == "window":
            allowed &= ahead > -layer.window
        if "mask" in layer.shapes:
            allowed &= self._stored(layer, "mask", head) != 0
        return allowed

    def _require_room(self, layer):
        """Refuse a layer of whose heads one alone is too large to be looked at, with its numbers."""
        rows, columns = (layer.sizes.get(axis, 0) for axis in "QK")
        if not rows or not columns:
            raise InputError(
                f"layer {layer.name} of {self.path} does not say how many queries and keys it has"
            )
        if rows * columns > MAX_ENTRIES:
            raise InputError(
                f"layer {layer.name} of {self.path}: {rows} x {columns} scores are too many to recompute; "
                f"the most is {MAX_ENTRIES}"
            )
        require_memory(RECOMPUTING * rows * columns, f"a head of layer {layer.name} of {self.path}")

    def _check_head(self, layer, name, head):
        if head is None:
            heads = numbers(layer.heads)
            raise InputError(f"tensor {name} of layer {layer.name} needs a head; heads: {heads}")
        if head not in layer.heads:
            raise InputError(
                f"head {head} is not in layer {layer.name} of {self.path}; heads: {numbers(layer.heads)}"
            )

    def _stored(self, layer, name, number):
        """Matrix of head `number` (its own kind of head) of a stored tensor, checked to be finite."""
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
    """Open a capture. Raises InputError when the file is not one, is newer, or does not fit together."""
    tensors, metadata = safetensors.read(path)
    return _checked(str(path), tensors, metadata)


def axes_of(name: str) -> str:
    """The axes of a tensor or summary that a capture can give, as in TENSORS."""
    return TENSORS.get(name) or DERIVED.get(name) or SUMMARIES[name][0]


def is_capture(metadata: Mapping[str, str]) -> bool:
    """Whether the metadata of a safetensors file says that it is an attention capture."""
    return "attn_capture" in metadata


def write_capture(
    path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write a capture: `tensors` by full name, `metadata` as the format has it.

    Format, version and checksums are added, and the whole is checked as if it were being opened,
    so that what is written can be read. Raises InputError.
    """
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    sums = {name: _sum(array.shape, array.tobytes()) for name, array in sorted(tensors.items())}
    head = {"format": FORMAT, "version": VERSION}
    text = json.dumps(head | dict(metadata) | {"checksums": sums}, ensure_ascii=False, allow_nan=False)
    try:
        checksum = _crc(text.encode())
    except UnicodeEncodeError:
        raise InputError(
            f"{path}: a text of it, such as a token, is half of a letter; give UTF-8 text"
        ) from None
    metadata = {"attn_capture": text, "attn_capture_checksum": checksum}
    _checked(str(path), _InMemory(tensors), metadata)
    safetensors.write(path, tensors, metadata)


def check_capture(where: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Capture:
    """What `write_capture` would write, as a Capture. Raises InputError, which names the place `where`, for
    what it could not."""
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
        return safetensors.WRITTEN.get(self.arrays[name].dtype, "unknown")


def _said(where, metadata):
    """What the metadata say: the JSON of a capture, in a version that is known, and not damaged."""
    if not is_capture(metadata):
        raise InputError(f"{where}: not an attention capture: its metadata has no attn_capture")
    text = metadata["attn_capture"]
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: attn_capture is not JSON: {str(error).splitlines()[0]}") from None
    table = _Table(data, where)
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


def _checked(where, tensors, metadata):
    data = _said(where, metadata)
    table, by_layer = _Table(data, where), _shapes(where, tensors)
    tokens_q = table.texts("tokens_q")
    tokens_k = table.texts("tokens_k", tokens_q)
    described = table.table("layers")
    if not described:
        raise InputError(f"{where}: the capture has no layers")
    for name in table.table("checksums", {}):
        if name not in tensors:
            raise InputError(f"{where}: tensor {shown(name)} is missing; the file is damaged")
    extra = sorted(set(by_layer) - set(described))
    if extra:
        raise InputError(f"{where}: layer {extra[0]} has tensors but no entry in the metadata")
    layers = []
    for key in sorted(described, key=_layer_order):
        here = f"{where}: layer {shown(key)}"
        if re.fullmatch(r"\d{1,6}(\.cross)?", key) is None:
            raise InputError(f'{here}: a layer is named by its number, or its number and ".cross"')
        entry = _Table(described[key], here)
        layers.append(_layer(key, entry, by_layer.get(key, {}), tokens_q, tokens_k))
    names = layer_names({one.key: (one.module, one.kind) for one in layers})
    given = {one.key: one.name for one in layers}
    if all(given.values()) and len(set(given.values())) == len(given):
        names = given
    every = {tokens_q, tokens_k} | {t for one in layers for t in (one.tokens_q, one.tokens_k)}
    byte_level = table.flag("byte_level", None)
    if byte_level is None:
        byte_level = is_byte_level(token for tokens in sorted(every) for token in tokens)
    labels = {tokens: written(tokens, byte_level) for tokens in every}
    return Capture(
        path=where,
        text=table.text("text", ""),
        texts=tuple(one.text("text", "") for one in table.tables("passes")),
        tokens_q=labels[tokens_q],
        tokens_k=labels[tokens_k],
        layers={
            names[one.key]: replace(
                one, name=names[one.key], tokens_q=labels[one.tokens_q], tokens_k=labels[one.tokens_k]
            )
            for one in layers
        },
        model=table.table("model", {}),
        metadata=data,
        tensors=tensors,
    )


def _heads(entry):
    """What an entry of the metadata says of its heads: numbers of all and of the stored ones, and sinks."""
    n_q, n_kv = entry.whole("n_q_heads", 1, MAX_HEADS), entry.whole("n_kv_heads", 1, MAX_HEADS)
    if n_q % n_kv:
        raise InputError(f"{entry.where}: {n_q} query heads do not share {n_kv} key/value heads evenly")
    sinks = entry.reals("sinks")
    if sinks and len(sinks) != n_q:
        raise InputError(f"{entry.where}: {len(sinks)} sinks for {n_q} query heads")
    heads, kv_heads = entry.heads("heads", n_q), entry.heads("kv_heads", n_kv)
    used = {head // (n_q // n_kv) for head in heads}
    if not used <= set(kv_heads):
        lost = min(used - set(kv_heads))
        raise InputError(f"{entry.where}: key/value head {lost} is used by the query heads but not stored")
    return {"n_q_heads": n_q, "n_kv_heads": n_kv, "heads": heads, "kv_heads": kv_heads, "sinks": sinks}


def _layer(key, entry, shapes, tokens_q, tokens_k):
    where = entry.where
    name = entry.text("name", "")
    if name and not re.fullmatch(r"(\w{1,40}\.)?[0-9]{1,6}(\.cross)?(@[1-9][0-9]{0,3})?", name):
        raise InputError(f'{where}: its name is {shown(name)}; expected one as "3" or "decoder.3.cross@2"')
    kind = entry.text("kind", "self")
    if kind not in ("self", "cross"):
        raise InputError(f"{where}: unknown kind {shown(kind)}; {nearest(kind, ('self', 'cross'), 'kinds')}")
    if "tokens_q" in entry.data and kind == "self":
        tokens_k = entry.texts("tokens_q")
    tokens_q, tokens_k = entry.texts("tokens_q", tokens_q), entry.texts("tokens_k", tokens_k)
    mask = _Table(entry.table("mask", {}), f"{where}: mask")
    mask_kind = mask.text("kind", "none")
    if mask_kind not in MASKS:
        raise InputError(f"{where}: unknown mask {shown(mask_kind)}; {nearest(mask_kind, MASKS, 'masks')}")
    for need, kinds in (("mask", ("padding", "custom")), ("bias", ("bias",))):
        if mask_kind in kinds and need not in shapes:
            raise InputError(f"{where}: the mask is {mask_kind}, but there is no tensor L{key}.{need}")
    window = mask.whole("size", 1) if mask_kind == "window" else 0
    softcap = entry.real("softcap", 0.0)
    if softcap < 0:
        raise InputError(f"{where}: softcap is {softcap}; it must be above 0")
    layer = Layer(
        **_heads(entry),
        name=name,
        key=key,
        module=entry.text("module", ""),
        kind=kind,
        head_dim=entry.whole("head_dim", 1),
        scale=entry.real("scale"),
        mask=mask_kind,
        window=window,
        offset=mask.whole("offset", 0, default=0),
        softcap=softcap,
        position=entry.table("position", {}),
        dtype=entry.text("dtype", ""),
        max_abs_error=entry.real("max_abs_error", None),
        tokens_q=tokens_q,
        tokens_k=tokens_k,
        shapes=shapes,
        sizes={},
    )
    layer.sizes.update({"H": len(layer.heads), "G": len(layer.kv_heads), "d": layer.head_dim})
    if tokens_q:
        layer.sizes["Q"] = len(tokens_q)
    if tokens_k:
        layer.sizes["K"] = len(tokens_k)
    for tensor in TENSORS:  # in the table's order, so that a message does not depend on the file's
        if tensor in shapes:
            _fit(layer, tensor, shapes[tensor], where)
    for tensor in ("bias", "mask"):  # where nothing but these says how many queries or keys there are
        for axis, size in zip("HQK", shapes.get(tensor, ()), strict=False):
            layer.sizes.setdefault(axis, size)
    return layer


def _fit(layer, tensor, shape, where):
    """Check one tensor's shape against the sizes known so far, and learn from it."""
    axes = re.findall(r"\w\??", TENSORS[tensor])
    expected = " x ".join(str(layer.sizes.get(a[0], SIZES[a[0]])) for a in axes)
    here = f"{where}: {tensor} is {' x '.join(map(str, shape)) or 'a single number'}"
    if len(shape) != len(axes):
        raise InputError(f"{here}; expected {expected}")
    for axis, size in zip(axes, shape, strict=True):
        if axis.endswith("?") and size == 1:
            continue
        if size == 0 or layer.sizes.setdefault(axis[0], size) != size:
            raise InputError(f"{here}; expected {expected} ({SIZES[axis[0]]})")


class _Table:
    """A table of the metadata, asked for its entries by type. What is not asked for is ignored."""

    def __init__(self, data, where):
        if not isinstance(data, dict):
            raise InputError(f"{where}: the description is not a table")
        self.data, self.where = data, where

    def text(self, key, default):
        return self._get(key, default, str, "text")

    def flag(self, key, default):
        value = self.data.get(key, default)
        if value is not default and not isinstance(value, bool):
            raise InputError(f"{self.where}: {key} is not true or false")
        return value

    def table(self, key, *default):
        return self._get(key, default[0] if default else ..., dict, "a table")

    def tables(self, key):
        items = self._get(key, None, list, "a list of tables") or []
        return [_Table(one, f"{self.where}: {key}[{n}]") for n, one in enumerate(items)]

    def real(self, key, default=...):
        value = self._get(key, default, (int, float), "a number")
        try:
            value = value if value is None else float(value)
        except OverflowError:
            value = math.inf
        if value is not None and not math.isfinite(value):
            raise InputError(f"{self.where}: {key} is not a finite number")
        return value

    def whole(self, key, low, high=2**31, default=...):
        value = self._get(key, default, int, "a whole number")
        if not low <= value <= high:
            raise InputError(f"{self.where}: {key} is out of range; it must be from {low} to {high}")
        return value

    def texts(self, key, default=()):
        items = self._get(key, None, list, "a list of texts")
        if items is None:
            return default
        if any(not isinstance(item, str) for item in items):
            raise InputError(f"{self.where}: {key} is not a list of texts")
        if len(items) > MAX_TOKENS:
            raise InputError(f"{self.where}: {key} has {len(items):,} texts; the most is {MAX_TOKENS:,}")
        return tuple(items)

    def reals(self, key):
        items = self._get(key, None, list, "a list of numbers") or []
        named = _Table({f"{key}[{n}]": item for n, item in enumerate(items)}, self.where)
        return tuple(named.real(name) for name in named.data)

    def heads(self, key, count):
        items = self._get(key, None, list, "a list of head numbers")
        if items is None:
            return tuple(range(count))
        if not items or any(type(n) is not int or not 0 <= n < count for n in items):
            raise InputError(f"{self.where}: {key} is not a list of head numbers from 0 to {count - 1}")
        if len(set(items)) < len(items):
            raise InputError(f"{self.where}: {key} names a head twice")
        return tuple(items)

    def _get(self, key, default, kind, what):
        value = self.data.get(key)
        if value is None:
            if default is ...:
                raise InputError(f"{self.where}: {key} is missing; it must be {what}")
            return default
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{self.where}: {key} is not {what}")
        return value


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
