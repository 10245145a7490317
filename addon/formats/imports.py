"""Attention that other tools have saved, as capture files.

Known are attention patterns alone, as transformers and bertviz have them; queries, keys, values and
weights by the names of our own format; and the names of a TransformerLens cache. Where both queries and
keys and a pattern are there, scale and mask are found from them; what is written is recomputed as
every capture is, and its error stands in the file.
"""

import re
import sys
from math import prod
from pathlib import Path

import numpy as np

from ..attention.attend import attend
from ..errors import InputError
from ..memory import require_memory
from . import safetensors
from .capture_file import RECOMPUTING, SIZES, TENSORS, write_capture
from .model_outputs import NOTHING, joined, steps_of
from .tables import by, read_npz

CLOSE = 1e-3  # a recomputed pattern or output that is further off is not understood
ROUNDING = 1e-6
MAX_SCORES = 2**28  # of all heads of a layer: some ten seconds

# TransformerLens: hook of a block -> our tensor, and the order of its axes after the batch.
_HOOKS = {
    "hook_resid_pre": "resid_pre", "ln1.hook_normalized": "x", "hook_attn_out": "attn_out",
    "attn.hook_q": "q", "attn.hook_k": "k", "attn.hook_v": "v", "attn.hook_z": "z",
    "attn.hook_rot_q": "rot_q", "attn.hook_rot_k": "rot_k", "attn.hook_pattern": "pattern",
    **{f"attn.{name}": name for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O")},
}  # fmt: skip
_HEADS_SECOND = ("q", "k", "v", "z", "rot_q", "rot_k")  # positions, heads, width
_BATCHED = (*_HEADS_SECOND, "resid_pre", "x", "attn_out", "pattern")
# What patterns are called where nothing else is there.
_PATTERNS = re.compile(r"(?:attentions?|attn|patterns?|layer|arr)?[._-]?([0-9]{0,6})")


def import_attentions(attentions, output, *, tokens=(), text="", model=None, values=None, batch=None):
    """Write patterns as transformers gives them (`output_attentions=True`) to the capture file `output`.

    `attentions` holds one array or torch tensor a layer, [batch, heads, queries, keys] or without the
    batch; or is what `generate` gives, a tuple of such layers for each step, which are joined. `values`, if
    given, has one [heads, keys, width] each. `tokens` are the texts, or a pair of texts of queries and of
    keys; the last token of `generate` was not read and may be among them. `batch` says which element of it,
    the first otherwise. Raises InputError for what is not a softmax.
    """
    layers, generated = {}, False
    for n, steps in steps_of(attentions).items():
        generated = len(steps) > 1
        if generated and batch is None and np.ndim(steps[0]) == 4 and len(steps[0]) > 1:
            raise InputError(
                f"attentions: its batch has {len(steps[0])} elements; choose one by batch where they are "
                "texts of their own; beams change places from step to step, so generate with num_beams=1"
            )
        steps = [_without_batch(step, 3, batch or 0, f"attentions: layer {n}") for step in steps]
        layers[str(n)] = {"pattern": joined(steps, f"attentions: layer {n}")}
    for n, value in enumerate(values or ()):
        layers.setdefault(str(n), {})["v"] = _without_batch(value, 3, batch or 0, f"values[{n}]")
    if generated:
        tokens = _read(tokens, next(iter(layers.values()))["pattern"].shape[1])
    _write(layers, {}, Path(output), tokens, text, model)


def _read(tokens, queries):
    """The tokens of `generate` without the last one, which was not read."""
    if _is_pair(tokens):
        return _read(tokens[0], queries), tokens[1]
    return tokens[:-1] if len(tokens) == queries + 1 else tokens


def import_file(path, output, *, tokens=(), text="", model=None, batch=0):
    """Make the capture file `output` of an NPZ or safetensors file with known names.

    Names: those of our format with or without `L{layer}.`, `blocks.{n}.attn.hook_q` and the like of
    TransformerLens, or patterns by any of `attentions`, `layer_0`, `arr_0`. An array of texts called
    `tokens` is taken where `tokens` is empty; `scale` is a number. Raises InputError.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        arrays = read_npz(path)
    elif suffix == ".safetensors":
        arrays, _ = safetensors.read(path)
    elif suffix in (".pt", ".pth", ".pkl", ".bin"):
        raise InputError(
            f"{path}: is a pickle, which could run anything; save it with "
            "numpy.savez(path, **{name: tensor.numpy() for name, tensor in cache.items()})"
        )
    else:
        raise InputError(f"{path}: import reads .npz and .safetensors")
    if not tokens and "tokens" in arrays:
        tokens = _texts(arrays["tokens"], f"{path}: tokens")
    layers, numbers = _by_name({n: arrays[n] for n in arrays if n != "tokens"}, batch, str(path))
    _write(layers, numbers, Path(output), tokens, text, model or {"name": path.stem})


def _texts(array, where):
    """The texts of an array; those of numbers, such as the numbers of tokens, are none."""
    array = np.ascontiguousarray(array).ravel()
    if array.dtype.kind not in "US":
        return []
    letters = array.view(
        np.dtype("u4" if array.dtype.kind == "U" else "u1").newbyteorder(array.dtype.byteorder)
    )
    try:
        if letters.max(initial=0) > sys.maxunicode:
            raise ValueError("no letter has this number")
        return [token.decode("utf-8") if array.dtype.kind == "S" else token for token in array.tolist()]
    except ValueError:
        raise InputError(f"{where}: holds what is no text; expected an array of texts") from None


def _by_name(arrays, batch, where):
    """Arrays as layer -> name -> array, and single numbers by name."""
    layers, numbers, unknown = {}, {}, []
    for name, array in arrays.items():
        lens = re.fullmatch(r"blocks\.([0-9]{1,6})\.(.+)", name)
        own = re.fullmatch(r"(?:L([0-9]{1,6}(?:\.cross)?)\.)?(\w+)", name)
        pattern = _PATTERNS.fullmatch(name)
        if lens and lens[2] in _HOOKS:
            kind = _HOOKS[lens[2]]
            axes = 2 if kind in ("resid_pre", "x", "attn_out") else 1 if kind == "b_O" else 3
            if kind in _BATCHED:
                array = _without_batch(array, axes, batch, f"{where}: {name}")
            if kind in _HEADS_SECOND:
                array = np.moveaxis(array, 1, 0)
            layers.setdefault(lens[1], {})[kind] = array
        elif own and own[2] in TENSORS:
            axes = len(TENSORS[own[2]].replace("?", ""))
            array = _without_batch(array, axes, batch, f"{where}: {name}")
            layers.setdefault(own[1] or "0", {})[own[2]] = array
        elif own and own[2] == "scale" and array.size == 1:
            numbers[own[1] or "0"] = _scale(np.ravel(array)[0], f"{where}: {name}")
        elif pattern and not array.size:
            raise InputError(f"{where}: {name} is empty: {NOTHING}")
        elif pattern and array.ndim >= 3:
            # One array for all layers, [layers, (batch,) heads, queries, keys], or one for each.
            whole = not pattern[1] and (array.ndim == 5 or array.ndim == 4 and len(arrays) == 1)
            several = dict(enumerate(array)) if whole else {int(pattern[1] or 0): array}
            for n, one in several.items():
                layers.setdefault(str(n), {})["pattern"] = _without_batch(one, 3, batch, f"{where}: {name}")
        else:
            unknown.append(name)
    if not layers:
        raise InputError(
            f"{where}: no name is known, such as q, L0.q, blocks.0.attn.hook_q or attentions; "
            f"{safetensors.hint('', unknown, 'names')}"
        )
    return layers, numbers


def _scale(value, where):
    if value.dtype.kind not in "fiu" or not np.isfinite(value) or value == 0:
        raise InputError(f"{where}: is not a number by which scores could be multiplied")
    return float(value)


def _without_batch(array, axes, batch, where):
    """The array with `axes` axes: an element of the batch, or with heads put before where one is missing."""
    if hasattr(array, "detach"):  # a torch tensor
        array = array.detach().cpu().float().numpy()
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where}: holds {array.dtype}, not numbers")
    if array.ndim == axes + 1:
        if not 0 <= batch < len(array):
            raise InputError(f"{where}: has no element {batch} of the batch; it has {len(array)}")
        array = array[batch]
    if array.ndim == axes - 1 and axes == 3:
        array = array[None]  # one head
    if array.ndim != axes:
        raise InputError(f"{where}: has {array.ndim} axes; expected {axes}, or {axes + 1} with the batch")
    return array


def _write(layers, numbers, output, tokens, text, model):
    if not layers:
        raise InputError(f"{output}: there are no layers to write")
    tokens_q, tokens_k = map(list, tokens if _is_pair(tokens) else (tokens, tokens))
    _check_tokens(layers, tokens_q, tokens_k)
    tensors, described = {}, {}
    for name in layers:
        arrays, described[name] = _understood(name, layers[name], numbers.get(name))
        tensors |= {f"L{name}.{key}": _plain(array) for key, array in arrays.items()}
    metadata = {
        "tokens_q": tokens_q,
        "tokens_k": tokens_k,
        "text": text,
        "layers": described,
        "model": model or {},
        "made_by": {"tap": "import"},
    }
    metadata = {key: value for key, value in metadata.items() if value}
    write_capture(output, tensors, metadata)


def _is_pair(tokens):
    return len(tokens) == 2 and not isinstance(tokens[0], str)


def _check_tokens(layers, tokens_q, tokens_k):
    """Refuse tokens that are not one for each query and each key."""
    for name, arrays in layers.items():
        shapes = {"queries": arrays.get("pattern", arrays.get("q")), "keys": arrays.get("k")}
        counts = {what: array.shape[1] for what, array in shapes.items() if array is not None}
        if "pattern" in arrays:
            counts["keys"] = arrays["pattern"].shape[2]
        for what, tokens in (("queries", tokens_q), ("keys", tokens_k)):
            if tokens and what in counts and len(tokens) != counts[what]:
                raise InputError(
                    f"tokens: {len(tokens)} for the {counts[what]} {what} of layer {name}; expected the text "
                    "of each that the model read, special and generated ones included; where keys are other "
                    "tokens than queries, two lists"
                )


def _plain(array):
    """The array as a capture may hold it: BOOL, float64 or else float32."""
    return array if array.dtype in (bool, np.float64) else np.asarray(array, np.float32)


def _understood(name, arrays, scale):
    """The tensors of one layer and its description: scale and mask found, the error measured."""
    arrays, where = dict(arrays), f"layer {name}"
    for one in "qk":
        if f"rot_{one}" in arrays:
            if one in arrays:
                arrays[f"{one}_pre"] = arrays[one]
            arrays[one] = arrays.pop(f"rot_{one}")
    _fit(arrays, where)
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(f"{where}: {key} holds a number that is not finite")
    if "mask" in arrays:
        arrays["mask"] = arrays["mask"] != 0
    if "pattern" in arrays:
        _require_softmax(arrays["pattern"], where)
    if not {"q", "k"} <= set(arrays):
        if "pattern" not in arrays:
            raise InputError(f"{where}: has neither a pattern nor queries and keys")
        return _of_pattern(arrays)
    q, k = (np.asarray(arrays[key], np.float64) for key in "qk")
    shape = (len(q), q.shape[1], k.shape[1])
    if prod(shape) > MAX_SCORES:
        raise InputError(f"{where}: {by(shape)} scores are too many to compare; the most is {MAX_SCORES:,}")
    require_memory(RECOMPUTING * prod(shape[1:]), f"recomputing a head of {where}")
    error, one, mask, stored = _simplest(arrays, q, k, scale, shape)
    description = {"n_q_heads": len(q), "n_kv_heads": len(k), "head_dim": q.shape[2]}
    description |= {"scale": one, "mask": mask}
    if {"pattern", "z"} & set(arrays):
        if error > CLOSE:
            raise InputError(
                f"{where}: softmax of q·k with scale {one:.4g} misses the pattern or z in the file by "
                f"{error:.1g}; give scale and mask, or queries and keys as attended, which is after rotary "
                "positions, or the pattern without them"
            )
        description["max_abs_error"] = error
    return arrays | stored, description


def _fit(arrays, where):
    """Refuse arrays of a layer that are empty or of sizes which do not belong together."""
    sizes = {}
    for key, array in arrays.items():
        for axis, size in zip(re.findall(r"\w\??", TENSORS[key]), array.shape, strict=True):
            if size == 0:
                raise InputError(f"{where}: {key} is empty: {by(array.shape)}")
            if axis.endswith("?") and size == 1:
                continue
            other = sizes.setdefault(axis[0], (size, key))
            if other[0] != size:
                raise InputError(
                    f"{where}: {key} {array.shape} and {other[1]} {arrays[other[1]].shape} do not belong "
                    f"together: {size} and {other[0]} {SIZES[axis[0]]}"
                )
    if sizes.get("H", (1,))[0] % sizes.get("G", (1,))[0]:
        (heads, one), (groups, other) = sizes["H"], sizes["G"]
        raise InputError(
            f"{where}: {heads} heads of {one} and {groups} of {other} do not belong together; each of these "
            "is shared by as many of those"
        )


def _simplest(arrays, q, k, scale, shape):
    """(error, scale, mask, tensors of it) of the simplest way to recompute what is there: the first whose
    error is that of rounding, else that of the least."""
    group, best = len(q) // len(k), (np.inf, scale or 1.0, {"kind": "none"}, {})
    for one in [scale] if scale else _scales(q, k, arrays.get("pattern")):
        for mask, stored, allowed in _masks(shape, arrays.get("mask"), arrays.get("pattern")):
            error = 0.0
            for h in range(len(q)):
                error = max(error, _error(arrays, q[h], k[h // group], h, group, one, allowed[h]))
                if not error < best[0]:
                    break
            best = min(best, (error, one, mask, stored), key=lambda attempt: attempt[0])
            if error <= ROUNDING:
                return best
    return best


def _of_pattern(arrays):
    """A layer of which only patterns, and perhaps values, are known."""
    pattern = arrays["pattern"]
    heads, kv = len(pattern), len(arrays["v"]) if "v" in arrays else 1
    # No mask where there are no zeros; else the first outside of which there is nothing.
    masks = _masks(pattern.shape, arrays.get("mask"), pattern)
    masks = masks[:1] if (pattern > 0).all() else masks[len(masks) > 1 :]
    mask, stored, _ = next(one for one in masks if one is masks[-1] or not (pattern * ~one[2]).any())
    described = {"n_q_heads": heads, "n_kv_heads": kv, "head_dim": 1, "scale": 1.0, "mask": mask}
    return arrays | stored, described


def _masks(shape, given, pattern):
    """(entry `mask`, tensors it needs, which keys each head's queries may attend to), the simplest first."""
    everything = np.broadcast_to(True, shape)
    if given is not None:
        return [({"kind": "custom"}, {}, np.broadcast_to(given, shape))]
    offset = shape[2] - shape[1]
    found = [({"kind": "none"}, {}, everything)]
    if shape[1] > 1 and offset >= 0:
        causal = {"kind": "causal", "offset": offset} if offset else {"kind": "causal"}
        found.append((causal, {}, np.broadcast_to(np.tril(everything[0], offset), shape)))
    if pattern is not None and pattern.shape == shape:
        seen = pattern > 0
        common = seen[:1] if (seen == seen[:1]).all() else seen
        found.append(({"kind": "custom"}, {"mask": common}, seen))
    return found


def _scales(q, k, pattern):
    """The scales that scores may have: the usual ones, and what the pattern's logarithms say."""
    usual = [q.shape[2] ** -0.5, 1.0]
    if pattern is None:
        return usual
    # Log weights are scaled scores up to a number in each row: least squares of both around their means.
    squares = products = 0.0
    for h, weights in enumerate(pattern):
        scores, sure = q[h] @ k[h // (len(q) // len(k))].T, weights > 1e-6
        count = np.maximum(sure.sum(axis=-1, keepdims=True), 1)
        x, y = (
            np.where(sure, t - np.where(sure, t, 0.0).sum(axis=-1, keepdims=True) / count, 0.0)
            for t in (scores, np.log(np.where(sure, weights, 1.0)))
        )
        squares, products = squares + float((x * x).sum()), products + float((x * y).sum())
    return [*usual, products / squares] if squares > 0 else usual


def _error(arrays, q, k, head, group, scale, allowed):
    """How far the recomputed pattern and z of a head are from those that are there, 0 where none is."""
    v = np.asarray(arrays["v"][head // group], np.float64) if "v" in arrays else np.zeros((len(k), 0))
    bias = arrays.get("bias")
    if bias is not None:
        bias = np.broadcast_to(bias[min(head, len(bias) - 1)], (len(q), len(k)))
    _, _, pattern, z = attend(q, k, v, scale, 0.0, bias, allowed)
    worst = 0.0
    for name, made in (("pattern", pattern), ("z", z)):
        if name in arrays and np.shape(arrays[name][head]) == made.shape and made.size:
            worst = max(worst, float(np.abs(made - arrays[name][head]).max()))
    return worst


def _require_softmax(pattern, where):
    least, most = pattern.min(), pattern.sum(axis=-1).max()
    # A row may sum to less: a sink has the rest, or the query may attend to nothing.
    if least < 0 or most > 1 + 1e-2:
        raise InputError(
            f"{where}: the pattern is not a softmax: entries from {least:.3g}, rows that sum to "
            f"{most:.3g}; expected weights, not scores"
        )
