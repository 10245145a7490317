"""Attention of one head, in NumPy: every recorded head is compared with this."""

import numpy as np


def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    scale: float,
    softcap: float = 0.0,
    bias: np.ndarray | None = None,
    allowed: np.ndarray | None = None,
    sink: float | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Attention of one head: (scores, logits, pattern, z), computed in the type of its arguments.

    `q` is [queries, width], `k` [keys, width], `v` [keys, width of z]; `bias` and `allowed` (bool) are
    [queries, keys] or None. logits = scores · scale, then capped by tanh to ±`softcap` (0: not), then with
    the bias, and -inf where not allowed. pattern is their softmax over the keys, and z [queries, width of z]
    is pattern @ v. `sink` is one more logit of every query; its share of the softmax is dropped. A query that
    may attend to nothing gets zeros.
    """
    scores = q @ k.T
    logits = scores * scale
    if softcap:
        logits = softcap * np.tanh(logits / softcap)
    if bias is not None:
        logits = logits + bias
    if allowed is not None:
        logits = np.where(allowed, logits, -np.inf)
    top = logits.max(axis=-1, keepdims=True, initial=-np.inf if sink is None else sink)
    weights = np.exp(logits - np.where(np.isfinite(top), top, 0.0))
    total = weights.sum(axis=-1, keepdims=True)
    if sink is not None:
        total = total + np.exp(sink - top)
    pattern = weights / np.where(total > 0, total, 1.0)
    return scores, logits, pattern, pattern @ v


def causal_mask(rows: int, columns: int, offset: int = 0, window: int = 0) -> np.ndarray:
    """Which keys each query may attend to, bool [rows, columns]: none that come later, and only the last
    `window` ones where that is not 0. Query 0 is key `offset`."""
    ahead = np.arange(columns)[None, :] - (np.arange(rows)[:, None] + offset)
    return (ahead <= 0) & (ahead > -window) if window else ahead <= 0
