"""How an attention takes positions in: rotary embeddings and ALiBi, found from the numbers."""

from itertools import product
from typing import Any

import numpy as np

HEAD_EPSILONS = (1e-6, 1e-5, 0.0)  # that norms add to the mean square
ROUNDED = {"float16": 4e-3, "bfloat16": 3e-2}  # of the largest: what half precision makes of lengths
BASES = {"float16": (2, 1e-4), "bfloat16": (1, 1e-3)}  # digits of a base, how near it explains frequencies
FEWEST = 4  # tokens; of two any pair of gains explains the lengths


def position_of(seen: Any) -> dict[str, Any]:
    """The `position` entry of a layer: kind, and what is known of it.

    {"kind": "rotary", "layout": "half" or "pairs", "dims": rotated width, "theta": base, "at": the first
    rotated column where that is not 0},
    {"kind": "alibi", "slopes": per head}, {"kind": "bias"} for any other bias, else
    {"kind": "absolute"} when queries are plain projections and {"kind": "unknown"} when not.
    """
    rotated = [name for name in ("Q", "K") if name in seen.found and seen.found[name].how == "length"]
    if rotated:
        own, post = seen.found[rotated[0]], getattr(seen, rotated[0].lower())
        known: dict[str, Any] = {"kind": "rotary"}
        if own.pre.shape == post.shape:
            known |= _rotation(own.pre * own.factor, post, seen.dtype)
        return known
    if seen.bias is not None:
        slopes = _slopes(seen)
        return {"kind": "bias"} if slopes is None else {"kind": "alibi", "slopes": slopes}
    if "Q" not in seen.found or not seen.found["Q"].seen.all():
        return {"kind": "unknown"}
    if seen.found["Q"].how == "value":
        return {"kind": "absolute"}
    known = _rotation_after_norm(seen.found["Q"].pre.astype(np.float64), seen.q.astype(np.float64))
    return {"kind": "rotary"} | known if known else {"kind": "unknown"}


def _rotation(pre, post, dtype):
    """Layout, width and base of the rotation that takes `pre` to `post`, [heads, tokens, width], numbers of
    a `dtype`.

    Frequencies are theta ** (-2 i / dims) for pair i, as in RoFormer (Su et al. 2021, section 3.2.2);
    neighbouring tokens are taken to stand one position apart.
    """
    size = np.abs(post).max()
    moved = np.nonzero(np.abs(post - pre).max(axis=(0, 1)) > 1e-4 * size)[0]
    if not len(moved):
        return {}
    at, dims = int(moved[0]), int(moved[-1]) + 1 - int(moved[0])
    dims += dims % 2
    at -= max(0, at + dims - post.shape[2])  # the first of a pair may hardly have moved
    if at < 0:
        return {}
    a, b = (t[..., at : at + dims].astype(np.float64) for t in (pre, post))
    pairs = {
        "half": [t[..., : dims // 2] + 1j * t[..., dims // 2 :] for t in (a, b)],
        "pairs": [t[..., 0::2] + 1j * t[..., 1::2] for t in (a, b)],
    }
    # A rotation keeps the length of each pair.
    misses = {layout: float(np.abs(np.abs(a) - np.abs(b)).max()) for layout, (a, b) in pairs.items()}
    layout = min(misses, key=lambda one: misses[one])
    if misses[layout] >= ROUNDED.get(dtype, 1e-4) * size:
        return {}
    a_pairs, b_pairs = pairs[layout]
    known: dict[str, Any] = {"layout": layout, "dims": dims} | ({"at": at} if at else {})
    turns = (b_pairs * a_pairs.conj()).sum(axis=0)
    turns /= np.maximum(np.abs(turns), 1e-30)
    frequencies = np.angle((turns[1:] * turns[:-1].conj()).sum(axis=0))
    if len(frequencies) < 2 or (frequencies <= 0).any():
        return known
    # Small angles are the least certain, so they count the least.
    exponents, weights = 2 * np.arange(dims // 2) / dims, frequencies**2
    theta = np.exp((weights * exponents * -np.log(frequencies)).sum() / (weights * exponents**2).sum())
    digits, apart = BASES.get(dtype, (3, 1e-4))
    theta = float(f"{theta:.{digits}g}")
    if np.abs(theta**-exponents - frequencies).max() < apart:
        known["theta"] = theta
    return known


def _rotation_after_norm(pre, post):
    """The rotation that takes `pre` to `post`, [heads, tokens, width], after a norm of the heads, each by
    itself or all together, with positive gains; {} where no such norm explains `post`."""
    if pre.shape != post.shape or post.shape[1] < FEWEST:
        return {}
    width = post.shape[2]
    for axes, centred, epsilon in product(((2,), (0, 2)), (False, True), HEAD_EPSILONS):
        normed = pre - centred * pre.mean(axis=axes, keepdims=True)
        normed /= np.sqrt((normed**2).mean(axis=axes, keepdims=True) + epsilon)
        for dims, layout in product((width, width // 2, width // 4), ("half", "pairs")):
            if dims >= 2 and dims % 2 == 0:
                known = _rotation(normed * _gains(normed, post, dims, layout), post, "float64")
                if known:
                    return known
    return {}


def _gains(normed, post, dims, layout):
    """The gain of each channel of each head between a norm and the rotation of its first `dims` channels,
    [heads, 1, width].

    A rotation keeps the length of each pair (a, b) of channels, so the squares of their gains solve linear
    equations, |post|² = gain_a² normed_a² + gain_b² normed_b², here by least squares.
    """

    def total(values):
        return values.sum(axis=1, keepdims=True)

    half = dims // 2
    a, b = (slice(half), slice(half, dims)) if layout == "half" else (slice(0, dims, 2), slice(1, dims, 2))
    left, right = normed[..., a] ** 2, normed[..., b] ** 2
    lengths = post[..., a] ** 2 + post[..., b] ** 2
    across, scale = total(left * right), total(left**2) * total(right**2)
    determinant = np.maximum(scale - across**2, 1e-12 * scale + 1e-300)
    gains = total(normed * post) / np.maximum(total(normed**2), 1e-300)  # of channels that do not turn
    first = total(right**2) * total(left * lengths) - across * total(right * lengths)
    second = total(left**2) * total(right * lengths) - across * total(left * lengths)
    gains[..., a] = np.sqrt(np.maximum(first / determinant, 0.0))
    gains[..., b] = np.sqrt(np.maximum(second / determinant, 0.0))
    return gains


def _slopes(seen):
    """The slope of each head when its bias falls evenly with distance (ALiBi), else None."""
    rows, columns = seen.q.shape[1], seen.k.shape[1]
    bias = np.broadcast_to(seen.bias, (len(seen.q), rows, columns))
    allowed = seen.all_allowed()
    allowed = np.ones(bias.shape, bool) if allowed is None else np.broadcast_to(allowed, bias.shape)
    both = allowed[..., 1:] & allowed[..., :-1]
    steps = np.diff(bias, axis=-1)
    slopes = []
    for head_steps, head_both in zip(steps, both, strict=True):
        if not head_both.any():
            return None
        values = head_steps[head_both]
        slope = float(np.median(values))
        largest = max(np.abs(bias).max(), 1e-30)
        # A bias that is the same for all keys has a slope of rounding errors.
        if slope * columns <= 1e-3 * largest or np.abs(values - slope).max() > 1e-4 * largest:
            return None
        slopes.append(float(f"{slope:.6g}"))
    return slopes
