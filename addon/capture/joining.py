"""Puts together attentions that are one layer: steps of decoding, and heads, queries or windows that ran one
by one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from . import masks, projections
from .layers import Seen
from .output import Added, Output
from .projections import Projection, close

SUMMING_TOLERANCE = 1e-3  # of the largest: what other orders of summing make of the same numbers
QUANTISED = 0.25  # of the largest: what few bits make of numbers


def kept(
    old: np.ndarray, new: np.ndarray, lost: int, equal: Callable[[np.ndarray, np.ndarray], bool]
) -> np.ndarray | None:
    """The places in `old` of the tokens that `new` begins with, if those are all of `old` [..., tokens,
    width] but `lost` ones: the oldest, or the oldest after some first ones that always stay. None if they are
    not. The newest of `old` is always among them; a cache without it has taken tokens back.
    """
    shared = old.shape[-2] - lost
    if not 0 < shared <= new.shape[-2]:
        return None
    first = 0
    while first < shared:
        places = np.r_[:first, first + lost : old.shape[-2]]
        if equal(old[..., places, :], new[..., :shared, :]):
            return places
        if not lost or not equal(old[..., first, :], new[..., first, :]):
            return None
        first += 1
    return None


def repeats(before: Seen, after: Seen) -> bool:
    """Whether `after` reads all that `before` read once more, and more: decoding without a cache."""
    queries, keys = after.q.shape[1] - before.q.shape[1], after.k.shape[1] - before.k.shape[1]
    return (
        _alike(before, after)
        and queries > 0
        and keys == (queries if before.kind == "self" else 0)
        and all(
            close(getattr(before, t), getattr(after, t)[:, : getattr(before, t).shape[1]], SUMMING_TOLERANCE)
            for t in "qkv"
        )
    )


def join(before: Seen, after: Seen) -> Seen | None:
    """Both as one layer, the rows of `after` below those of `before`, over the keys of both. None if `after`
    does not go on where `before` ended, as a step of decoding with a cache does.

    If it does, its keys are those of `before`, perhaps without the oldest (a cache of a window, which may
    keep the first ones), and its own.
    """
    queries, keys = before.q.shape[1], before.k.shape[1]
    lost = keys + (after.q.shape[1] if before.kind == "self" else 0) - after.k.shape[1]
    if not _alike(before, after) or lost < 0 or (before.kind != "self" and lost):
        return None
    old, new = (np.concatenate([one.k, one.v], axis=2) for one in (before, after))
    there = kept(old, new, lost, np.array_equal)
    if there is None:
        return None
    both = before.attn_out is not None and after.attn_out is not None
    return _together(
        (before, after),
        rows=(np.arange(queries), queries + np.arange(after.q.shape[1])),
        columns=(np.arange(keys), np.r_[there, keys : lost + after.k.shape[1]]),
        attn_out=np.concatenate([before.attn_out, after.attn_out]) if both else None,
        added=_added(before.added, after.added),
    )


def _together(parts: Sequence[Seen], rows: Sequence, columns: Sequence, **changes: Any) -> Seen:
    """Attentions of some of the queries each as one layer, with `changes`. Numbers say in which of its `rows`
    the queries of each part stand, and in which `columns` its keys. It may not attend to others."""
    first = parts[0]
    arrays: dict[str, Any] = {
        n: _placed([getattr(s, n) for s in parts], rows if n in "qz" else columns) for n in "qkvz"
    }

    def placed(each: Sequence[np.ndarray | None], fill: float | bool) -> np.ndarray:
        heads = max((len(one) for one in each if one is not None), default=1)
        whole = np.zeros((heads, arrays["q"].shape[1], arrays["k"].shape[1]), type(fill))
        for one, own, keys in zip(each, rows, columns, strict=True):
            whole[:, own[:, None], keys] = fill if one is None else one
        return whole

    allowed = placed([s.all_allowed() for s in parts], True)
    bias = None
    if any(s.bias is not None for s in parts):
        bias = masks.compressed_bias(placed([s.bias for s in parts], 0.0), allowed)
    found = {name: _projected(parts, rows if name == "Q" else columns, name) for name in first.found}
    return replace(
        first,
        **arrays,
        **_masked(allowed),
        bias=bias,
        found={name: one for name, one in found.items() if one is not None},
        error=max(s.error for s in parts),
        drops=any(s.drops for s in parts),
        joined=True,
        **changes,
    )


def _placed(parts: Sequence[np.ndarray], places: Sequence[np.ndarray]) -> np.ndarray:
    """Parts [heads, tokens, width] as one, their tokens at these places."""
    first, tokens = parts[0], 1 + max(int(one.max()) for one in places)
    whole = np.empty((len(first), tokens, first.shape[2]), first.dtype)
    for part, at in zip(parts, places, strict=True):
        whole[:, at] = part
    return whole


def _projected(parts: Sequence[Seen], places: Sequence[np.ndarray], name: str) -> Projection | None:
    """The projection of the tokens of all parts, which stand at their places, by weights that all share. None
    where that is not known."""
    first = parts[0].found[name]
    there = np.zeros(1 + max(int(one.max()) for one in places), bool)  # tokens of the parts so far
    each, own = [], []
    for part, at in zip(parts, places, strict=True):
        if there[at].all():
            continue
        there[at] = True
        if name not in part.found or not np.array_equal(part.found[name].weight, first.weight):
            return None
        each.append(part.found[name])
        own.append(at[each[-1].seen])
    seen = np.bincount(np.concatenate(own), minlength=len(there))
    if seen.max(initial=0) > 1:
        return None
    order = np.argsort(np.concatenate(own))
    return replace(
        first,
        x=np.concatenate([one.x for one in each])[order],
        pre=np.concatenate([one.pre for one in each], axis=1)[:, order],
        seen=seen > 0,
        how=max((one.how for one in each), key=("value", "length", "path").index),
    )


def side_by_side(parts: Sequence[Seen], outputs: Sequence[Output]) -> Seen | None:
    """Layers whose results one linear map takes together, as the heads of one layer; None where they differ
    in more than their scale, mask and bias."""
    last, output = parts[-1], outputs[0]
    if len(parts) == 1:
        return replace(last, output=output, attn_out=output.y)
    shapes = {(s.q.shape[1:], s.k.shape[1:], s.v.shape[1:], bool(s.sinks), s.softcap, s.kind) for s in parts}
    if len(shapes) > 1 or any(len(s.q) != len(s.k) for s in parts):
        return None
    output = replace(output, weight=np.concatenate([one.weight for one in outputs]), factors=None)
    found, refused = {}, dict(last.refused)
    for name in last.found:
        own = [s.found[name] for s in parts if name in s.found]
        alike = all(projections.alike(one, own[0]) for one in own)
        if len(own) == len(parts) and alike:
            found[name] = projections.side_by_side(own)
        else:
            refused[f"W_{name}"] = "heads have inputs of their own, or something else in between"
    stacked = {n: np.concatenate([getattr(s, n) for s in parts]) for n in ("q", "k", "v", "z")}
    shape = last.q.shape[1], last.k.shape[1]
    of_heads = [(len(s.q), *shape) for s in parts]
    each = [np.broadcast_to(_or(s.all_allowed(), True), n) for s, n in zip(parts, of_heads, strict=True)]
    if any(s.bias is not None for s in parts):
        bias = [np.broadcast_to(_or(s.bias, 0.0), n) for s, n in zip(parts, of_heads, strict=True)]
        stacked["bias"] = np.concatenate(bias)
    scales = np.concatenate([np.broadcast_to(np.ravel(s.scale), len(s.q)) for s in parts])
    return replace(
        last,
        **stacked,
        **_masked(np.concatenate(each)),
        scale=last.scale if (scales == scales[0]).all() else scales,
        sinks=tuple(sink for s in parts for sink in s.sinks),
        found=found,
        refused=refused,
        output=output,
        attn_out=output.y,
        error=max(s.error for s in parts),
        drops=any(s.drops for s in parts),
        joined=True,
    )


def stacked(parts: Sequence[Seen], output: Output, order: np.ndarray) -> Seen | None:
    """Attentions of some of the queries each, as one layer; None where they differ in more than that.

    They are over the same keys, or each over its own, as of windows or of texts that were packed into one.
    Then a mask keeps queries to the keys of their part. `order` [queries] is that of their tokens.
    """
    first = parts[0]
    for part in parts[1:]:
        if part.kind != first.kind or not _alike(first, part):
            return None
        if (first.softcap, first.sinks) != (part.softcap, part.sinks):
            return None
    shared = all(np.array_equal(getattr(first, n), getattr(s, n)) for s in parts for n in "kv")
    tokens = [s.k.shape[1] for s in parts]
    if not shared and first.kind == "self" and tokens != [s.q.shape[1] for s in parts]:
        return None  # keys that parts have in common
    place = np.argsort(order)
    rows = np.split(place, np.cumsum([s.q.shape[1] for s in parts])[:-1])
    columns = rows
    if shared:
        columns = [np.arange(tokens[0])] * len(parts)
    elif first.kind != "self":
        columns = np.split(np.arange(sum(tokens)), np.cumsum(tokens)[:-1])
    return _together(parts, rows, columns, output=output, attn_out=output.y)


def widened(before: Seen, after: Seen) -> Seen | None:
    """Two attentions by one pattern with values of their own, as one with both values side by side; one of
    them where the values are the same, too. None where the patterns differ."""
    if len(before.v) != len(after.v) or _logits_differ(before, after):
        return None
    if np.array_equal(before.v, after.v):
        return before
    return replace(
        before,
        v=np.concatenate([before.v, after.v], axis=2),
        z=np.concatenate([before.z, after.z], axis=2),
        found={name: one for name, one in before.found.items() if name != "V"},
        refused=before.refused | {"W_V": "two attentions share the pattern, each with values of its own"},
        error=max(before.error, after.error),
        output=None,
        attn_out=None,
        added=None,
        joined=True,
    )


def _logits_differ(one: Seen, other: Seen) -> bool:
    """Whether queries and keys, or what is done to their products, are not the same."""
    if (one.mask, one.softcap, one.sinks) != (other.mask, other.softcap, other.sinks):
        return True
    pairs = [(getattr(one, n), getattr(other, n)) for n in ("q", "k", "scale", "allowed", "bias")]
    return any((a is None) != (b is None) or not np.array_equal(a, b) for a, b in pairs)


def _alike(before: Seen, after: Seen) -> bool:
    return (
        before.module == after.module
        and before.q.shape[0] == after.q.shape[0]
        and before.k.shape[0] == after.k.shape[0]
        and before.q.shape[2] == after.q.shape[2]
        and before.v.shape[2] == after.v.shape[2]
        and np.array_equal(before.scale, after.scale)
    )


def takes_from(before: Seen, after: Seen) -> bool:
    """Whether `after` has values of `before` in its cache, but not just the first of them, as a cache has
    from which tokens were taken back. They may be rounded, as in a quantised cache."""
    old, new = (one.v.transpose(1, 0, 2).reshape(one.v.shape[1], -1) for one in (before, after))
    cached = len(new) - after.q.shape[1]
    if before.kind != "self" or cached < 1 or old.shape[1] != new.shape[1]:
        return False
    if len(old) >= cached and np.array_equal(old[:cached], new[:cached]):
        return False
    if len(old) == cached and close(old, new[:cached], QUANTISED):
        return True
    known = {row.tobytes() for row in old if row.any()}
    return any(row.tobytes() in known for row in new)


def _or(array: np.ndarray | None, value: float | bool) -> np.ndarray:
    return np.array(value) if array is None else array


def _masked(allowed: np.ndarray) -> dict:
    """The `mask` and `allowed` of a layer, from which keys each query may attend to."""
    mask = masks.named(allowed, *allowed.shape[1:])
    return {
        "mask": mask,
        "allowed": masks.compressed(allowed) if mask["kind"] in ("padding", "custom") else None,
    }


def _added(before: Added | None, after: Added | None) -> Added | None:
    if before is None or after is None:
        return None
    kind = before.kind if before.kind == after.kind else ""
    stream = np.concatenate([before.stream, after.stream])
    value = np.concatenate([before.value, after.value])
    return Added(stream, value, kind, tuple(dict.fromkeys(before.steps + after.steps)))
