"""Puts together attentions that are one layer: steps of decoding, and heads, queries or windows that ran one
by one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from . import masks, projections
from .layers import Seen
from .output import Added, Output
from .projections import Projection, close

SUMMING_TOLERANCE = 1e-3  # of the largest: what other orders of summing make of the same numbers
QUANTISED = 0.25  # of the largest: what few bits make of numbers


def continues(before: Seen, after: Seen) -> bool:
    """Whether `after` goes on where `before` ended, as a step of decoding with a cache does.

    Then the keys of `after` are those of `before`, perhaps without the oldest (a cache of a window, which may
    keep the first ones), and its own.
    """
    lost = _lost(before, after)
    if not _alike(before, after) or lost < 0 or (before.kind != "self" and lost):
        return False
    return _still_there(before, after, lost) is not None


def _still_there(before: Seen, after: Seen, lost: int) -> np.ndarray | None:
    """The places in `before` of the tokens whose keys and values `after` begins with; see `kept`."""
    old, new = (np.concatenate([one.k, one.v], axis=2) for one in (before, after))
    return kept(old, new, lost, np.array_equal)


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


def join(before: Seen, after: Seen) -> Seen:
    """Both as one layer: the rows of `after` below those of `before`, over the keys of both."""
    lost = _lost(before, after)
    shared = before.k.shape[1] - lost
    k, v = (np.concatenate([getattr(before, n), getattr(after, n)[:, shared:]], axis=1) for n in "kv")
    old = _still_there(before, after, lost)
    assert old is not None  # since `after` continues `before`
    places = np.r_[old, before.k.shape[1] : k.shape[1]]
    allowed, bias = _over((before, after), (slice(before.k.shape[1]), places), k.shape[1])
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
        **_masked(allowed),
        bias=bias,
        found={name: one for name, one in found.items() if one is not None},
        error=max(before.error, after.error),
        drops=before.drops or after.drops,
        attn_out=_both(before.attn_out, after.attn_out),
        added=_added(before.added, after.added),
        joined=True,
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
    columns = last.k.shape[1]
    each = [_placed(s.all_allowed(), True, s, slice(None), columns, len(s.q)) for s in parts]
    if any(s.bias is not None for s in parts):
        stacked["bias"] = np.concatenate(
            [_placed(s.bias, 0.0, s, slice(None), columns, len(s.q)) for s in parts]
        )
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
    ends = tokens if shared else np.cumsum(tokens).tolist()
    places = [slice(end - n, end) for end, n in zip(ends, tokens, strict=True)]
    allowed, bias = _over(parts, places, tokens[0] if shared else sum(tokens))
    columns = order if not shared and first.kind == "self" else np.arange(allowed.shape[2])
    arrays = {n: np.concatenate([getattr(s, n) for s in parts], axis=1)[:, order] for n in "qz"}
    for n in "kv":
        each = parts[:1] if shared else parts
        arrays[n] = np.concatenate([getattr(s, n) for s in each], axis=1)[:, columns]
    if bias is not None:
        bias = bias[:, order if bias.shape[1] > 1 else [0]][:, :, columns if bias.shape[2] > 1 else [0]]
    found: dict[str, Projection | None] = {}
    for name in first.found:
        each = parts[:1] if shared and name != "Q" else parts
        own = [s.found[name] for s in each if name in s.found]
        if len(own) == len(each):
            found[name] = _of_all_tokens(own, order if name == "Q" else columns)
    return replace(
        first,
        **arrays,
        **_masked(allowed[:, order][:, :, columns]),
        bias=bias,
        found={name: one for name, one in found.items() if one is not None},
        output=output,
        attn_out=output.y,
        error=max(s.error for s in parts),
        drops=any(s.drops for s in parts),
        joined=True,
    )


def _of_all_tokens(parts: Sequence[Projection], order: np.ndarray) -> Projection | None:
    """The projection of the tokens of all, by weights that all share. None where its input was not seen for
    all tokens."""
    first = parts[0]
    if any(not one.seen.all() or not np.array_equal(one.weight, first.weight) for one in parts):
        return None
    return replace(
        first,
        x=np.concatenate([one.x for one in parts])[order],
        pre=np.concatenate([one.pre for one in parts], axis=1)[:, order],
        seen=np.ones(len(order), bool),
        how=_least_exact(parts),
    )


def _least_exact(parts: Sequence[Projection]) -> str:
    """The `how` that holds for all projections."""
    return max((one.how for one in parts), key=("value", "length", "path").index)


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


def _lost(before: Seen, after: Seen) -> int:
    """How many of the keys of `before` are missing in `after`, if `after` goes on from there."""
    grown = after.q.shape[1] if before.kind == "self" else 0
    return before.k.shape[1] + grown - after.k.shape[1]


def _over(parts: Sequence[Seen], places: Sequence[slice | np.ndarray], columns: int) -> tuple:
    """(allowed [heads or 1, queries, columns], bias or None) of all parts, their queries one below the other.

    The keys of each part stand at its places; other keys it may not attend to.
    """
    made: list[np.ndarray | None] = []
    for arrays, fill in (([s.all_allowed() for s in parts], True), ([s.bias for s in parts], 0.0)):
        given = [len(one) for one in arrays if one is not None]
        placed = zip(arrays, parts, places, strict=True)
        each = [_placed(one, fill, s, at, columns, max(given, default=1)) for one, s, at in placed]
        made.append(np.concatenate(each, axis=1) if given or fill else None)
    allowed, bias = made
    assert allowed is not None
    return allowed, None if bias is None else masks.compressed_bias(bias, allowed)


def _placed(
    array: np.ndarray | None, fill: float | bool, seen: Seen, at: slice | np.ndarray, columns: int, heads: int
) -> np.ndarray:
    """A mask or bias over more keys, [heads, queries, columns]. Its own keys stand `at`; the others are not
    allowed, or have no bias."""
    array = np.full((1, 1, 1), fill) if array is None else array
    placed = np.zeros((heads, seen.q.shape[1], columns), array.dtype)
    placed[:, :, at] = array
    return placed


def _masked(allowed: np.ndarray) -> dict:
    """The `mask` and `allowed` of a layer, from which keys each query may attend to."""
    mask = masks.named(allowed, *allowed.shape[1:])
    return {
        "mask": mask,
        "allowed": masks.compressed(allowed) if mask["kind"] in ("padding", "custom") else None,
    }


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
    return replace(
        before,
        x=np.concatenate([before.x, after.x]),
        pre=np.concatenate([before.pre, after.pre], axis=1),
        seen=seen,
        how=_least_exact((before, after)),
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
