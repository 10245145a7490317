"""Puts together attentions that are one layer: steps of decoding, and heads that ran one by one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from . import masks, projections
from .layers import Seen
from .output import Added, Output
from .projections import Projection, close

SUMMING_TOLERANCE = 1e-3  # of the largest: what other orders of summing make of the same numbers


def continues(before: Seen, after: Seen) -> bool:
    """Whether `after` goes on where `before` ended, as a step of decoding with a cache does.

    Then the keys of `after` are those of `before`, perhaps without the oldest (a cache of a window), and its
    own.
    """
    lost = _lost(before, after)
    shared = before.k.shape[1] - lost
    return (
        _alike(before, after)
        and (0 <= lost if before.kind == "self" else lost == 0)
        and shared > 0
        and np.array_equal(before.k[:, lost:], after.k[:, :shared])
        and np.array_equal(before.v[:, lost:], after.v[:, :shared])
    )


def repeats(before: Seen, after: Seen) -> bool:
    """Whether `after` reads all that `before` read once more, and more: decoding without a cache."""
    n, m = before.q.shape[1], before.k.shape[1]
    return (
        _alike(before, after)
        and (n < after.q.shape[1] or m < after.k.shape[1])
        and n <= after.q.shape[1]
        and m <= after.k.shape[1]
        and all(
            close(getattr(before, t), getattr(after, t)[:, : getattr(before, t).shape[1]], SUMMING_TOLERANCE)
            for t in "qkv"
        )
    )


def join(before: Seen, after: Seen) -> Seen:
    """Both as one layer: the rows of `after` below those of `before`, over the keys of both."""
    lost = _lost(before, after)
    columns = lost + after.k.shape[1]
    k, v = (np.concatenate([getattr(before, n)[:, :lost], getattr(after, n)], axis=1) for n in "kv")
    placed = ((before, 0), (after, lost))
    allowed = np.concatenate([_placed(s.all_allowed(), True, s, at, columns) for s, at in placed], axis=1)
    bias = None
    if before.bias is not None or after.bias is not None:
        bias = masks.compressed_bias(
            np.concatenate([_placed(s.bias, 0.0, s, at, columns) for s, at in placed], axis=1), allowed
        )
    rows = before.q.shape[1] + after.q.shape[1]
    mask = masks.named(allowed, rows, columns)
    found = {
        name: _joined(
            before.found[name], after.found.get(name), 0 if name == "Q" else lost, name == "Q", before.kind
        )
        for name in before.found
    }
    return replace(
        before,
        q=np.concatenate([before.q, after.q], axis=1),
        k=k,
        v=v,
        z=np.concatenate([before.z, after.z], axis=1),
        mask=mask,
        allowed=masks.compressed(allowed) if mask["kind"] in ("padding", "custom") else None,
        bias=bias,
        found={name: one for name, one in found.items() if one is not None},
        error=max(before.error, after.error),
        drops=before.drops or after.drops,
        attn_out=_both(before.attn_out, after.attn_out),
        added=_added(before.added, after.added),
    )


def side_by_side(parts: Sequence[Seen], output: Output) -> Seen | None:
    """Layers whose results one linear map takes together, as the heads of one layer."""
    last = parts[-1]
    shapes = {(s.q.shape[1:], s.k.shape[1:], s.v.shape[1:], str(s.scale), s.softcap, s.kind) for s in parts}
    if len(shapes) > 1 or any(s.q.shape[0] != s.k.shape[0] for s in parts):
        return None
    names = [name for name in last.found if all(name in s.found for s in parts)]
    found = {name: projections.side_by_side([s.found[name] for s in parts]) for name in names}
    stacked = {n: np.concatenate([getattr(s, n) for s in parts]) for n in ("q", "k", "v", "z")}
    columns = last.k.shape[1]
    each = [_placed(s.all_allowed(), True, s, 0, columns) for s in parts]
    allowed = np.concatenate(each)
    if any(s.bias is not None for s in parts):
        stacked["bias"] = np.concatenate([_placed(s.bias, 0.0, s, 0, columns) for s in parts])
    mask = masks.named(allowed, *allowed.shape[1:])
    return replace(
        last,
        **stacked,
        mask=mask,
        allowed=masks.compressed(allowed) if mask["kind"] in ("padding", "custom") else None,
        sinks=tuple(sink for s in parts for sink in s.sinks),
        found=found,
        output=output,
        attn_out=output.y,
        error=max(s.error for s in parts),
    )


def stacked(parts: Sequence[Seen], output: Output) -> Seen | None:
    """Attentions of some of the queries each, over the same keys, as one layer; None where keys differ."""
    first = parts[0]
    if any(not np.array_equal(getattr(first, n), getattr(s, n)) for s in parts for n in "kv"):
        return None
    # Joined as the steps of a cross-attention are, whose keys stay the same.
    over = [replace(s, kind="cross", output=None, attn_out=None, added=None) for s in parts]
    together = over[0]
    for part in over[1:]:
        if not _alike(together, part) or (together.softcap, together.sinks) != (part.softcap, part.sinks):
            return None
        together = join(together, part)
    return replace(together, kind=first.kind, output=output, attn_out=output.y)


def widened(before: Seen, after: Seen) -> Seen | None:
    """Two attentions by one pattern with values of their own, as one with both values side by side."""
    same = all(np.array_equal(getattr(before, n), getattr(after, n)) for n in "qk")
    if not same or before.v.shape[0] != after.v.shape[0] or str(before.mask) != str(after.mask):
        return None
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
    )


def _alike(before: Seen, after: Seen) -> bool:
    return (
        before.module == after.module
        and before.q.shape[0] == after.q.shape[0]
        and before.k.shape[0] == after.k.shape[0]
        and before.q.shape[2] == after.q.shape[2]
        and before.v.shape[2] == after.v.shape[2]
        and np.array_equal(before.scale, after.scale)
    )


def _lost(before: Seen, after: Seen) -> int:
    """How many of the keys of `before` are missing in `after`, if `after` goes on from there."""
    grown = after.q.shape[1] if before.kind == "self" else 0
    return before.k.shape[1] + grown - after.k.shape[1]


def _placed(array: np.ndarray | None, fill: float | bool, seen: Seen, at: int, columns: int) -> np.ndarray:
    """A mask or bias over more keys. Its own keys begin at `at`; the others are not allowed, or have no
    bias."""
    shape = (seen.q.shape[0], seen.q.shape[1], seen.k.shape[1])
    if array is None:
        array = np.full((1, *shape[1:]), fill)
    array = np.broadcast_to(array, (len(array), *shape[1:]))
    if len(array) < shape[0]:
        array = np.broadcast_to(array, shape)
    return np.pad(array, ((0, 0), (0, 0), (at, columns - at - shape[2])))


def _joined(
    before: Projection, after: Projection | None, lost: int, query: bool, kind: str
) -> Projection | None:
    """The projection of the tokens of both, by the weights of the first."""
    if not query and kind != "self":
        return before  # the keys are those of the first step
    if after is None or before.x.shape[1] != after.x.shape[1]:
        return None
    if query:
        seen = np.concatenate([before.seen, after.seen])
    else:
        seen = np.zeros(lost + len(after.seen), bool)
        seen[: len(before.seen)] = before.seen
        if not after.seen.any() or lost + int(np.argmax(after.seen)) < len(before.seen):
            return None  # what was seen now are tokens of before
        seen[lost:] |= after.seen
    how = (
        before.how
        if before.how == after.how
        else "length"
        if {"value", "length"} == {before.how, after.how}
        else "path"
    )
    return replace(
        before,
        x=np.concatenate([before.x, after.x]),
        pre=np.concatenate([before.pre, after.pre], axis=1),
        seen=seen,
        how=how,
    )


def _both(before: np.ndarray | None, after: np.ndarray | None) -> np.ndarray | None:
    return None if before is None or after is None else np.concatenate([before, after])


def _added(before: Added | None, after: Added | None) -> Added | None:
    if before is None or after is None:
        return None
    kind = before.kind if before.kind == after.kind else ""
    stream = np.concatenate([before.stream, after.stream])
    value = np.concatenate([before.value, after.value])
    return Added(stream, value, kind, tuple(dict.fromkeys(before.steps + after.steps)))
