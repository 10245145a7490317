"""Names of arrays that other tools save: which layer and which tensor of a capture each name means.

Known names: those of our own format, of patterns in transformers, and of hooks and weights in
TransformerLens, including its first versions and its TransformerBridge.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from . import safetensors
from .capture_layer import TENSORS
from .model_outputs import NO_WEIGHTS
from .tables import by

# TransformerLens: the name after "blocks.0." -> our tensor.
_LENS = {
    "hook_resid_pre": "resid_pre", "hook_in": "resid_pre", "hook_attn_out": "attn_out",
    "attn.hook_out": "attn_out", "ln1.hook_normalized": "x", "ln1.hook_out": "x",
    **{f"attn.hook_{name}": name for name in ("q", "k", "v", "z", "rot_q", "rot_k", "pattern")},
    "attn.hook_attn": "pattern", "attn.o.hook_in": "z",
    **{f"attn.{name}.hook_out": name for name in "qkv"},
    **{f"attn.{name}": name.strip("_") for name in (
        "W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "_W_K", "_W_V", "_b_K", "_b_V")},
}  # fmt: skip
_TOKENS_FIRST = ("q", "k", "v", "z", "rot_q", "rot_k")  # [tokens, heads, width] there
# [tokens, width], or [tokens, heads, width] if q, k and v have inputs of their own.
_WIDTHS = ("resid_pre", "x", "attn_out")
# Names of patterns in a file that has only patterns, and of patterns of an encoder and a decoder.
_PATTERNS = re.compile(r"(?:attentions?|attn|patterns?|layer|arr)?[._-]?([0-9]{0,6})")
_STACKS = re.compile(r"(encoder|decoder|cross)_?(?:attentions?|attn|patterns?)[._-]?([0-9]{0,6})")
_OWN = re.compile(r"(?:L([0-9]{1,6}(?:\.cross)?)\.)?(\w+)")
_NUMBER_EFFECTS = {"scale": "multiplied", "softcap": "bounded"}
_TOKENS = {  # name of an array of texts -> what its tokens are
    "tokens": "tokens", "tokens_q": "queries", "tokens_k": "keys", "decoder_tokens": "queries",
    "target_tokens": "queries", "encoder_tokens": "keys", "source_tokens": "keys",
}  # fmt: skip


@dataclass
class Found:
    """The contents of a file, by what they mean.

    `tensors`: key of a layer -> tensor -> array. `numbers`: key of a layer -> name -> number. `names`: key ->
    name of the layer, if there are several stacks. `tokens`: "tokens", "queries" or "keys" -> texts."""

    layers: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    numbers: dict[str, dict[str, float]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def put(self, key: str, tensor: str, array: Any) -> None:
        self.layers.setdefault(key, {})[tensor] = array


def known(names: Iterable[str]) -> list[str]:
    """The names that this module knows."""
    return [name for name in names if _lens(name) or _own(name) or name in _TOKENS or _stacked(name) or
            _PATTERNS.fullmatch(name)]  # fmt: skip


def by_name(arrays: Mapping[str, np.ndarray], where: str) -> Found:
    """Sort arrays by what their names mean. Of a batch, the first element is taken. Raises InputError for
    names or shapes that make no sense."""
    found, alone = Found(), sum(name not in _TOKENS for name in arrays) == 1
    for name, array in arrays.items():
        here = f"{where}: {name}"
        if name in _TOKENS:
            found.tokens[_TOKENS[name]] = _texts(array, here)
        elif lens := _lens(name):
            _put_lens(found, lens[0], lens[1], array, here)
        elif place := _own(name):
            _put_own(found, place[0], place[1], array, here)
        elif (pattern := _PATTERNS.fullmatch(name)) and not _stacked(name):
            if not array.size:
                raise InputError(f"{here} is empty: {NO_WEIGHTS}")
            if array.ndim >= 3:
                _put_patterns(found, str, pattern[1], array, here, alone)
    _put_stacks(found, {n: a for n, a in arrays.items() if _stacked(n)}, where)
    if not found.layers:
        raise InputError(
            f"{where}: no name is known, such as q, L0.q, blocks.0.attn.hook_q, attentions or "
            f"cross_attentions; {safetensors.hint('', list(arrays), 'names')}"
        )
    for tensors in found.layers.values():
        _regroup(tensors)
    return found


def without_batch(array: Any, axes: int, where: str, batch: int = 0) -> np.ndarray:
    """The array with `axes` axes: one element of its batch, or with an axis of one head put before it.

    Raises InputError for anything but an array of numbers with these axes."""
    if hasattr(array, "detach"):  # a torch tensor
        array = array.detach().cpu().float().numpy()
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where}: holds {array.dtype}, not numbers")
    if not array.size:
        raise InputError(f"{where} is empty: {by(array.shape)}")
    if array.ndim == axes + 1:
        if not 0 <= batch < len(array):
            raise InputError(f"{where}: has no element {batch} of the batch; it has {len(array)}")
        array = array[batch]
    if array.ndim == axes - 1 and axes == 3:
        array = array[None]  # one head
    if array.ndim != axes:
        raise InputError(f"{where}: has {array.ndim} axes; expected {axes}, or {axes + 1} with the batch")
    return array


def put_stacks(found: Found, stacks: Mapping[str, Mapping[int, np.ndarray]]) -> None:
    """Add patterns by stack ("encoder", "decoder" or "cross") and layer number. The decoder's layers come
    after the encoder's."""
    first = max(stacks.get("encoder", {}), default=-1) + 1
    for stack, patterns in stacks.items():
        for n, pattern in patterns.items():
            key = {"encoder": f"{n}", "decoder": f"{first + n}", "cross": f"{first + n}.cross"}[stack]
            found.put(key, "pattern", pattern)
            found.names[key] = {"cross": f"decoder.{n}.cross"}.get(stack, f"{stack}.{n}")


def _lens(name):
    """(number of the block, the rest of the name) of a TransformerLens name."""
    parts = re.fullmatch(r"blocks\.([0-9]{1,6})\.(.+)", name)
    return (parts[1], parts[2]) if parts and parts[2] in _LENS else None


def _own(name):
    """(key of the layer, name of a tensor or number) of a name in our own format."""
    parts = _OWN.fullmatch(name)
    if parts and (parts[2] in TENSORS or parts[2] in _NUMBER_EFFECTS):
        return parts[1] or "0", parts[2]
    return None


def _stacked(name):
    """(stack, number or "") of a pattern of an encoder and decoder."""
    parts = _STACKS.fullmatch(name)
    return (parts[1], parts[2]) if parts else None


def _texts(array, where):
    """The texts of an array; none for an array of numbers, such as token ids."""
    array = np.ascontiguousarray(array).ravel()
    if array.dtype.kind not in "US":
        return []
    order: Any = array.dtype.byteorder
    letters = array.view(np.dtype("u4" if array.dtype.kind == "U" else "u1").newbyteorder(order))
    try:
        if letters.max(initial=0) > sys.maxunicode:
            raise ValueError("no letter has this number")
        return [token.decode("utf-8") if array.dtype.kind == "S" else token for token in array.tolist()]
    except ValueError:
        raise InputError(f"{where}: holds something that is not text; expected an array of texts") from None


def _put_lens(found, block, name, array, where):
    tensor = _LENS[name]
    if tensor in _WIDTHS:
        # With inputs of their own, each head has a copy of x; all are equal unless someone patched one.
        one = without_batch(array, 3 if array.ndim == 4 else 2, where)
        if one.ndim == 3:
            if not np.array_equal(one, np.broadcast_to(one[:, :1], one.shape), equal_nan=True):
                return
            one = one[:, 0]
        found.put(block, tensor, one)
    elif tensor in _TOKENS_FIRST:
        flat = array.ndim == 3 and name.endswith((".hook_out", ".hook_in"))
        one = without_batch(array, 2 if flat else 3, where)
        found.put(block, tensor, one if flat else np.moveaxis(one, 1, 0))
    elif tensor == "pattern":
        found.put(block, tensor, without_batch(array, 3, where))
    else:
        found.put(block, tensor, without_batch(array, 1 if tensor == "b_O" else array.ndim, where))


def _put_own(found, key, name, array, where):
    if name in TENSORS:
        found.put(key, name, without_batch(array, len(TENSORS[name].replace("?", "")), where))
    elif array.size == 1:
        value = np.ravel(array)[0]
        if value.dtype.kind not in "fiu" or not np.isfinite(value) or value == 0:
            raise InputError(f"{where}: is not a number by which scores could be {_NUMBER_EFFECTS[name]}")
        found.numbers.setdefault(key, {})[name] = float(value)


def _put_patterns(found, key, number, array, where, alone):
    """Add patterns: one array for all layers, [layers, (batch,) heads, queries, keys], or one for each layer.
    An array of four axes holds all layers if it is `alone`; else its first axis is the batch."""
    whole = not number and (array.ndim == 5 or array.ndim == 4 and alone)
    several = dict(enumerate(array)) if whole else {int(number or 0): array}
    for n, one in several.items():
        found.put(key(n), "pattern", without_batch(one, 3, where))


def _put_stacks(found, arrays, where):
    """The patterns of an encoder and a decoder."""
    stacks: dict = {}
    for name, array in arrays.items():
        stack, number = _stacked(name)
        if not array.size:
            raise InputError(f"{where}: {name} is empty: {NO_WEIGHTS}")
        of = Found()
        _put_patterns(of, int, number, array, f"{where}: {name}", alone=True)
        stacks.setdefault(stack, {}).update({n: tensors["pattern"] for n, tensors in of.layers.items()})
    put_stacks(found, stacks)


def _regroup(tensors):
    """Give heads that stand side by side an axis of their own. Keys, values and their weights that are
    repeated for each query head of a group are kept once."""
    if "q" in tensors and tensors["q"].ndim == 2 and "pattern" in tensors:
        width = tensors["q"].shape[1] // len(tensors["pattern"]) or 1
        for name in _TOKENS_FIRST:
            if name in tensors and tensors[name].ndim == 2 and tensors[name].shape[1] % width == 0:
                tensors[name] = np.moveaxis(tensors[name].reshape(len(tensors[name]), -1, width), 1, 0)
    own = [name for name in ("k", "v", "rot_k", "W_K", "W_V", "b_K", "b_V") if name in tensors]
    heads = len(tensors["q"]) if "q" in tensors else 1
    for each in range(heads, 1, -1):
        repeated = [name for name in own if len(tensors[name]) == heads]
        if heads % each == 0 and all(_repeats(tensors[name], each) for name in repeated):
            for name in repeated:
                tensors[name] = tensors[name][::each]
            return


def _repeats(array, each):
    parts = array.reshape(-1, each, *array.shape[1:])
    return np.array_equal(parts, np.broadcast_to(parts[:, :1], parts.shape), equal_nan=True)
