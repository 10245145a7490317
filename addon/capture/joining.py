"""Several attentions that are one layer: steps of decoding, and heads that ran one by one."""

from dataclasses import replace

import numpy as np

from . import projections


def joins(before, after):
    """Whether `after` goes on where `before` ended, as a step of decoding with a cache does.

    Its keys are those known before, perhaps without the oldest (a cache of a window), and its own.
    """
    lost = _lost(before, after)
    shared = before.k.shape[1] - lost
    return (
        before.module == after.module
        and (0 <= lost if before.kind == "self" else lost == 0)
        and shared > 0
        and before.q.shape[0] == after.q.shape[0]
        and before.k.shape[0] == after.k.shape[0]
        and np.array_equal(before.k[:, lost:], after.k[:, :shared])
        and np.array_equal(before.v[:, lost:], after.v[:, :shared])
    )


def join(before, after):
    """Both as one layer: the rows of `after` below those of `before`, over the keys of both."""
    lost = _lost(before, after)
    columns = lost + after.k.shape[1]
    k, v = (np.concatenate([getattr(before, n)[:, :lost], getattr(after, n)], axis=1) for n in "kv")
    placed = ((before, 0), (after, lost))
    allowed = np.concatenate([_placed(s.allowed, True, s, at, columns) for s, at in placed], axis=1)
    bias = None
    if before.bias is not None or after.bias is not None:
        bias = np.concatenate([_placed(s.bias, 0.0, s, at, columns) for s, at in placed], axis=1)
    tensors = dict(before.tensors)
    for name, axis in (("x", 0), ("resid_pre", 0), ("attn_out", 0), ("q_pre", 1)):
        if name in tensors and name in after.tensors:
            tensors[name] = np.concatenate([tensors[name], after.tensors[name]], axis)
    if "k_pre" in tensors and "k_pre" in after.tensors and before.kind == "self":
        tensors["k_pre"] = np.concatenate([tensors["k_pre"], after.tensors["k_pre"]], 1)
    return replace(
        before,
        q=np.concatenate([before.q, after.q], axis=1),
        k=k,
        v=v,
        z=np.concatenate([before.z, after.z], axis=1),
        allowed=None if allowed.all() else allowed,
        bias=bias,
        tensors=tensors,
    )


def side_by_side(parts):
    """Layers whose results one linear map takes together, as the heads of one layer."""
    last = parts[-1]
    shapes = {(s.q.shape[1:], s.k.shape[1:], s.v.shape[1:], s.scale, s.softcap, s.kind) for s in parts}
    if len(shapes) > 1 or any(set(s.found) != set(last.found) for s in parts):
        return None
    found = {name: projections.side_by_side([s.found[name] for s in parts]) for name in last.found}
    stacked = {n: np.concatenate([getattr(s, n) for s in parts]) for n in ("q", "k", "v", "z")}
    columns = last.k.shape[1]
    for name, fill in (("allowed", True), ("bias", 0.0)):
        if any(getattr(s, name) is not None for s in parts):
            each = [_placed(getattr(s, name), fill, s, 0, columns) for s in parts]
            stacked[name] = np.concatenate(each)
    before_rotation = {
        name: np.concatenate([s.tensors[name] for s in parts])
        for name in ("q_pre", "k_pre")
        if all(name in s.tensors for s in parts)
    }
    return replace(
        last,
        **stacked,
        sinks=tuple(sink for s in parts for sink in s.sinks),
        found=found,
        tensors=last.tensors | before_rotation,
        parts=1,
    )


def _lost(before, after):
    """How many of the keys of `before` the keys of `after` no longer have, if it goes on from there."""
    grown = after.q.shape[1] if before.kind == "self" else 0
    return before.k.shape[1] + grown - after.k.shape[1]


def _placed(array, fill, seen, at, columns):
    """A mask or bias over more keys, its own starting at `at`; others are not allowed or have no bias."""
    shape = (seen.q.shape[0], seen.q.shape[1], seen.k.shape[1])
    array = np.full(shape, fill) if array is None else np.broadcast_to(array, shape)
    return np.pad(array, ((0, 0), (0, 0), (at, columns - at - shape[2])))
