"""Scale, softcap and mask of an attention, found from its numbers.

A layer whose queries, keys and pattern (or output) are known is recomputed in every likely way. The simplest
way that reproduces the numbers is taken. If none does, the layer is refused: nothing is guessed.
"""

import re
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from ..attention.attend import attend
from ..errors import InputError
from ..memory import require_memory
from .capture_file import RECOMPUTING
from .capture_layer import SIZE_WORDS, TENSORS
from .tables import by

CLOSE = 1e-3  # the largest error with which a recomputed pattern or output is accepted
ROUNDING = 1e-6  # an error up to this is rounding: the simplest way with such an error is taken
WORSE = 1.5  # if no way has: the simplest way is taken whose error is below so many times the smallest
MOST_SCORES = 2**28  # scores of all heads of a layer, which take some ten seconds
MOST_FITTED_SCORES = 2**20  # scores to which scale and softcap are fitted
FITTING_TURNS = 40  # rounds in which scale and softcap are fitted


def fitted(
    arrays: Mapping[str, np.ndarray], where: str, scale: float = 0.0, softcap: float = 0.0
) -> tuple[dict[str, np.ndarray], dict[str, Any], list[str]]:
    """(tensors for a capture, the layer's description, warnings) of one layer, called `where` in messages.

    `arrays` has the names of `capture_layer.TENSORS`. If it also has `rot_q` and `rot_k`, these are the
    queries and keys after their rotary positions, and `q` and `k` those before. `scale` and `softcap` are the
    known values, or 0 if unknown. Raises InputError.
    """
    arrays = _attended(dict(arrays))
    _require_sizes(arrays, where)
    blind = _without_blind_rows(arrays)
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
            raise InputError(f"{where}: {key}[{place}] is not a finite number")
    if "mask" in arrays:
        arrays["mask"] = arrays["mask"] != 0
    if "pattern" in arrays:
        _require_softmax(arrays["pattern"], where)
    if {"q", "k"} <= set(arrays):
        arrays, description = _of_queries(arrays, blind, where, scale, softcap)
    elif "pattern" in arrays:
        arrays, description = _of_pattern(arrays, blind)
    else:
        raise InputError(f"{where}: has neither a pattern nor queries and keys")
    return arrays, description, _without_strange_input(arrays, where)


def _attended(arrays):
    """The arrays with `q` and `k` after rotary positions, and `q_pre` and `k_pre` before them."""
    for one in "qk":
        if f"rot_{one}" in arrays:
            if one in arrays:
                arrays[f"{one}_pre"] = arrays[one]
            arrays[one] = arrays.pop(f"rot_{one}")
    return arrays


def _require_sizes(arrays, where):
    """Refuse arrays of a layer whose sizes do not fit together."""
    sizes: dict = {}
    for key, array in arrays.items():
        for axis, size in zip(re.findall(r"\w\??", TENSORS[key]), array.shape, strict=True):
            if axis.endswith("?") and size == 1:
                continue
            other = sizes.setdefault(axis[0], (size, key))
            if other[0] != size:
                raise InputError(
                    f"{where}: {key} {array.shape} and {other[1]} {arrays[other[1]].shape} do not belong "
                    f"together: {size} and {other[0]} {SIZE_WORDS[axis[0]]}"
                )
    if {"H", "G"} <= set(sizes) and sizes["H"][0] % sizes["G"][0]:
        (heads, one), (groups, other) = sizes["H"], sizes["G"]
        raise InputError(
            f"{where}: {heads} heads of {one} cannot share {groups} heads of {other} evenly; expected a "
            f"multiple of {groups} heads"
        )


def _without_blind_rows(arrays):
    """Which queries may attend to nothing, bool [heads, queries], or None. The softmax of such a query is not
    a number; its pattern and output are set to zero, and so are its numbers in later layers."""
    known = next((arrays[name] for name in ("pattern", "z") if name in arrays), None)
    if known is None or known.ndim != 3:
        return None
    blind = np.isnan(known).all(axis=-1)
    if not blind.any():
        return None
    for name, array in arrays.items():
        if array.ndim == 3 and array.shape[:2] == blind.shape:
            arrays[name] = np.where(blind[..., None] & np.isnan(array), 0, array)
        elif array.ndim >= 2 and array.shape[-2] == blind.shape[1]:
            arrays[name] = np.where(blind.all(axis=0)[:, None] & np.isnan(array), 0, array)
    return blind


def _of_queries(arrays, blind, where, scale, softcap):
    """(tensors, description with scale, softcap and mask) of a layer that has queries and keys."""
    q, k = (np.asarray(arrays[key], np.float64) for key in "qk")
    shape = (len(q), q.shape[1], k.shape[1])
    if prod(shape) > MOST_SCORES:
        raise InputError(f"{where}: {by(shape)} scores are too many to compare; the most is {MOST_SCORES:,}")
    require_memory(RECOMPUTING * prod(shape[1:]), f"recomputing a head of {where}")
    error, one, cap, mask, stored = _simplest(arrays, q, k, blind, scale, softcap)
    description = {"n_q_heads": len(q), "n_kv_heads": len(k), "head_dim": q.shape[2], "scale": one}
    description |= {"mask": mask} | ({"softcap": cap} if cap else {})
    if {"pattern", "z"} & set(arrays):
        if error > CLOSE:
            raise InputError(
                f"{where}: softmax of q·k with scale {one:.4g} misses the pattern or z in the file by "
                f"{error:.1g}; give scale and mask, or queries and keys after their rotary positions, or the "
                "pattern without queries and keys"
            )
        description["max_abs_error"] = error
    return arrays | stored, description


def _simplest(arrays, q, k, blind, scale, softcap):
    """(error, scale, softcap, mask, the mask's tensors) of the simplest way to recompute the pattern or
    output. That is the first whose error is rounding. Else it is the first that is hardly worse than the
    best."""
    pattern, tries, least = arrays.get("pattern"), [], np.inf
    masks = _masks((len(q), q.shape[1], k.shape[1]), arrays.get("mask"), pattern, blind)
    for one, cap in _curves(q, k, pattern, scale, softcap):
        for mask, stored, allowed in masks:
            error = _error(arrays, q, k, one, cap, allowed, WORSE * least)
            tries.append((error, one, cap, mask, stored))
            least = min(least, error)
            if error <= ROUNDING:
                return tries[-1]
    return next(attempt for attempt in tries if attempt[0] <= WORSE * least)


def _of_pattern(arrays, blind):
    """(tensors, description) of a layer of which only patterns, and perhaps values, are known."""
    pattern = arrays["pattern"]
    heads, kv = len(pattern), len(arrays["v"]) if "v" in arrays else 1
    # No mask if no weight is zero; else the simplest mask that hides nothing but zeros.
    masks = _masks(pattern.shape, arrays.get("mask"), pattern, blind)
    masks = masks[:1] if (pattern > 0).all() else masks[len(masks) > 1 :]
    mask, stored, _ = next(one for one in masks if one is masks[-1] or not (pattern * ~one[2]).any())
    described = {"n_q_heads": heads, "n_kv_heads": kv, "head_dim": 1, "scale": 1.0, "mask": mask}
    return arrays | stored, described


def _masks(shape, given, pattern, blind):
    """The possible masks, the simplest first: (the entry `mask`, the tensors it needs, which keys the queries
    of each head may attend to)."""
    everything = np.ones(shape, bool)
    custom = {"kind": "custom"}
    sees = True if blind is None else ~blind[:, :, None]
    if given is not None:
        allowed = np.broadcast_to(given, shape) & sees
        return [(custom, {} if blind is None else {"mask": _common(allowed)}, allowed)]
    offset = shape[2] - shape[1]
    found: list[tuple[dict, dict, Any]] = [({"kind": "none"}, {}, everything)]
    if shape[1] > 1 and offset >= 0:
        causal = {"kind": "causal", "offset": offset} if offset else {"kind": "causal"}
        found.append((causal, {}, np.tril(everything, offset)))
    if blind is not None:
        found = [(custom, {"mask": _common(allowed & sees)}, allowed & sees) for _, _, allowed in found]
    if pattern is not None and pattern.shape == shape:
        found.append((custom, {"mask": _common(pattern > 0)}, pattern > 0))
    return found


def _common(allowed):
    """The mask as a capture stores it: a single matrix if all heads share it."""
    return allowed[:1] if (allowed == allowed[:1]).all() else allowed


def _curves(q, k, pattern, scale, softcap):
    """The possible pairs (scale, softcap), the simplest first; softcap 0 means none."""
    usual = [scale] if scale else [q.shape[2] ** -0.5, 1.0]
    yield from ((one, softcap) for one in usual)
    if pattern is None:
        return
    # A few heads are enough to fit two numbers.
    heads = range(min(len(q), max(1, MOST_FITTED_SCORES // prod(pattern.shape[1:]))))
    scores = np.stack([q[h] @ k[h // (len(q) // len(k))].T for h in heads])
    sure = pattern[: len(scores)] > 1e-6
    logs = np.log(np.where(sure, pattern[: len(scores)], 1.0))
    if not scale:
        x, y = _about_row_means(scores, sure), _about_row_means(logs, sure)
        total = float((x * x).sum())
        slope = float((x * y).sum()) / total if total > 0 else 0.0
        yield from ((one, softcap) for one in _near(slope))
    if not (scale and softcap):
        for one in usual:
            fit, cap = _bent(scores, logs, sure, one, softcap, not scale)
            yield from ((near, cap) for near in (_near(fit) if not scale else [scale]))


def _near(scale):
    """Likely scales: 1 / sqrt of a whole number, if one is near, such as 1 / sqrt(256) = 0.0625; then the
    fitted scale itself."""
    return [max(round(scale**-2), 1) ** -0.5, scale] if scale > 1e-6 else []


def _bent(scores, logs, sure, scale, softcap, free):
    """(scale, softcap) by least squares. `scale` is fitted only if it is `free`, `softcap` only if it is 0.

    The logarithms of a row's weights are its logits plus one constant. f = tanh(scale · s · c) / c with
    c = 1 / softcap (Gemma 2, 2024) is fitted to them by the Levenberg-Marquardt method.
    """
    target, damping = _about_row_means(logs, sure), 1e-3
    at, fits = np.array([scale, 1 / softcap if softcap else 0.02]), np.array([free, not softcap])

    def missed(at):
        return target - _about_row_means(np.tanh(at[0] * at[1] * scores) / at[1], sure)

    rest = missed(at)
    for _ in range(FITTING_TURNS):
        logits = at[0] * scores
        bend = 1 / np.cosh(np.clip(logits * at[1], -300, 300)) ** 2
        slopes = scores * bend, (bend * logits - np.tanh(logits * at[1]) / at[1]) / at[1]
        columns = np.stack([_about_row_means(slope, sure).ravel() for slope in slopes], axis=1)[:, fits]
        normal, aim = columns.T @ columns, columns.T @ rest.ravel()
        tried = at.copy()
        tried[fits] += np.linalg.lstsq(normal + damping * np.diag(np.diag(normal)), aim, rcond=None)[0]
        better = missed(tried) if (tried > 1e-6).all() else None
        if better is not None and (better**2).sum() < (rest**2).sum():
            at, rest, damping = tried, better, damping / 10
        else:
            damping *= 10
    cap = softcap or 1 / at[1]
    rounded = float(f"{cap:.3g}")
    return float(at[0]), rounded if abs(cap - rounded) < 1e-3 * cap and not softcap else cap


def _about_row_means(values, sure):
    """Each `sure` value less the mean of the sure values in its row; 0 for the others."""
    count = np.maximum(sure.sum(axis=-1, keepdims=True), 1)
    kept = np.where(sure, values, 0.0)
    return np.where(sure, kept - kept.sum(axis=-1, keepdims=True) / count, 0.0)


def _error(arrays, q, k, scale, softcap, allowed, enough):
    """The largest difference between the recomputed pattern and z and the given ones; 0 if neither is given.
    The search ends with the first head whose error exceeds `enough`."""
    group, worst, bias = len(q) // len(k), 0.0, arrays.get("bias")
    for h in range(len(q)):
        of = k[h // group]
        v = np.asarray(arrays["v"][h // group], np.float64) if "v" in arrays else np.zeros((len(of), 0))
        added = None
        if bias is not None:
            added = np.broadcast_to(bias[min(h, len(bias) - 1)], (len(q[h]), len(of)))
        _, _, pattern, z = attend(q[h], of, v, scale, softcap, added, allowed[h])
        for name, made in (("pattern", pattern), ("z", z)):
            if name in arrays and np.shape(arrays[name][h]) == made.shape and made.size:
                worst = max(worst, float(np.abs(made - arrays[name][h]).max()))
        if worst > enough:
            break
    return worst


def _require_softmax(pattern, where):
    least, most = pattern.min(), pattern.sum(axis=-1).max()
    # A row may sum to less than 1: a sink takes the rest, or the query may attend to nothing.
    if least < 0 or most > 1 + 1e-2:
        raise InputError(
            f"{where}: the pattern is not a softmax: entries from {least:.3g}, rows that sum to "
            f"{most:.3g}; expected weights, not scores, of a model in eval() mode, which drops none"
        )


def _without_strange_input(arrays, where):
    """Leave out `x` if x W_Q + b_Q is not q. Returns the warning that says so, or none."""
    made_of = arrays.get("q_pre", arrays.get("q"))
    if made_of is None or not {"x", "W_Q"} <= set(arrays):
        return []
    x, weights = (np.asarray(arrays[name], np.float64) for name in ("x", "W_Q"))
    if x.ndim != 2 or weights.ndim != 3 or weights.shape[1] != x.shape[1] or len(weights) != len(made_of):
        return []  # shapes that do not fit are refused when the capture is written
    q = x @ weights + (arrays["b_Q"][:, None] if "b_Q" in arrays else 0.0)
    if q.shape == made_of.shape and np.abs(q - made_of).max() <= CLOSE * np.abs(made_of).max():
        return []
    del arrays["x"]
    return [
        f"{where}: x is left out: x W_Q + b_Q is not q; "
        "a step between them, such as a norm, is not in the file"
    ]
