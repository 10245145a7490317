"""Numbers that tell what a head does, so that one finds the head worth filming.

All are means over the queries that have a choice: those that may attend to two keys or more, and
are not padding. A number that no query can tell is NaN.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .tokens import is_special, told_apart

# What makes a head worth filming: it goes to one kind of place, or it links two tokens this strongly.
PLAIN_SCORE, LINK_SCORE = 0.9, 0.6
MOST_WEIGHTS = 2**32  # of all heads together; some minutes


@dataclass(frozen=True)
class HeadStatistics:
    """What one head attends to, each a part of its attention from 0 to 1.

    `previous`, `itself`, `induction`, `first`, `separator`: see `to_previous`, `to_itself`,
    `to_what_followed`, `to_first`, `to_separators`; `entropy`: see `entropy`; `pair`: (query, key,
    weight), see `strongest_pair`.
    """

    previous: float
    itself: float
    induction: float
    first: float
    separator: float
    entropy: float
    pair: tuple[int, int, float] | None


def statistics_of(
    capture: Any, rows: Sequence[tuple[Any, Sequence[int]]]
) -> list[tuple[Any, int, HeadStatistics]]:
    """[(layer, head, its HeadStatistics)] of `rows`, (layer, numbers of heads) each.

    Raises InputError, also where there is so much that one would wait for long.
    """
    work = sum(len(heads) * one.sizes.get("Q", 0) * one.sizes.get("K", 0) for one, heads in rows)
    if work > MOST_WEIGHTS:
        raise InputError(
            f"{capture.path}: {work:,} weights of all heads are too many to look at; the most is "
            f"{MOST_WEIGHTS:,}; choose by --layer and --head"
        )
    return [(one, n, head_statistics(capture, one.name, n)) for one, heads in rows for n in heads]


def head_statistics(capture: Any, layer: Any, head: int) -> HeadStatistics:
    """The HeadStatistics of one head. Raises InputError where its pattern cannot be had."""
    layer = capture.layer(layer)
    pattern, allowed = capture.tensor(layer.name, "pattern", head), capture.allowed(layer.name, head)
    offset = layer.offset if layer.kind == "self" else None
    allowed = _without_padding(allowed, offset)
    queries, keys = special(layer.tokens_q), special(layer.tokens_k)
    if layer.mask in ("causal", "window"):
        keys |= {0}  # what a model that has no special token rests on
    return HeadStatistics(
        to_previous(pattern, allowed, offset),
        to_itself(pattern, allowed, offset),
        to_what_followed(pattern, allowed, layer.tokens_q, layer.tokens_k),
        to_first(pattern, allowed),
        to_separators(pattern, allowed, keys - {0}),
        entropy(pattern, allowed),
        strongest_pair(pattern, allowed, offset, queries, keys),
    )


def special(tokens: Sequence[str]) -> set[int]:
    """The places of tokens that stand for no text, such as [CLS] and </s>."""
    return {n for n, token in enumerate(tokens) if is_special(token)}


def to_previous(pattern: np.ndarray, allowed: np.ndarray, offset: int | None = 0) -> float:
    """Mean of pattern[i, i + offset - 1]: attention to the token before; 1 is a previous-token head.

    `pattern` [queries, keys] holds a softmax in each row, `allowed` which keys a query may attend
    to, and `offset` is the key that is the first query itself; None for cross-attention, NaN.
    """
    return _mean_on_diagonal(pattern, allowed, offset, -1)


def to_itself(pattern: np.ndarray, allowed: np.ndarray, offset: int | None = 0) -> float:
    """Mean of pattern[i, i + offset]: attention to the query's own token."""
    return _mean_on_diagonal(pattern, allowed, offset, 0)


def to_what_followed(
    pattern: np.ndarray, allowed: np.ndarray, tokens_q: Sequence[str], tokens_k: Sequence[str]
) -> float:
    """Mean over queries of the sum of pattern[i, j] where key j - 1 is the query's own text, earlier.

    1 is an induction head: it looks for what followed the same token before. Special tokens are left
    out. NaN where no token comes twice.
    """
    texts_q, texts_k = np.array(tokens_q, object), np.array(tokens_k, object)
    if (len(texts_q), len(texts_k)) != pattern.shape:
        return np.nan
    followed = np.zeros(pattern.shape, bool)
    followed[:, 1:] = texts_q[:, None] == texts_k[None, :-1]
    followed &= np.tri(*pattern.shape, pattern.shape[1] - pattern.shape[0], dtype=bool) & allowed
    followed[sorted(special(tokens_q))] = False
    rows = _choosing(allowed) & followed.any(axis=1)
    return float((pattern * followed)[rows].sum(axis=1).mean()) if rows.any() else np.nan


def to_first(pattern: np.ndarray, allowed: np.ndarray) -> float:
    """Mean of pattern[i, 0], where the first key may be attended to: [CLS], <s>, a sink."""
    rows = _choosing(allowed) & allowed[:, 0]
    return float(pattern[rows, 0].mean()) if rows.any() else np.nan


def to_separators(pattern: np.ndarray, allowed: np.ndarray, separators: Collection[int]) -> float:
    """Mean over queries of the sum of pattern[i, j] over the `separators` j that i may attend to."""
    columns = sorted(separators)
    rows = _choosing(allowed) & allowed[:, columns].any(axis=1)
    return float(pattern[np.ix_(rows, columns)].sum(axis=1).mean()) if rows.any() else np.nan


def entropy(pattern: np.ndarray, allowed: np.ndarray) -> float:
    """Mean of -sum_j p_ij log p_ij / log n_i, n_i the keys that query i may attend to.

    0: one key has all attention; 1: all keys have the same. Where a sink takes a part, the rest is
    seen as the whole.
    """
    rows = _choosing(allowed) & (pattern.sum(axis=1) > 0)
    if not rows.any():
        return np.nan
    p = pattern[rows] / pattern[rows].sum(axis=1, keepdims=True)
    nats = (p * -np.log(np.where(p > 0, p, 1.0))).sum(axis=1) + 0.0  # not -0.0
    return float((nats / np.log(allowed[rows].sum(axis=1))).mean())


def strongest_pair(
    pattern: np.ndarray,
    allowed: np.ndarray,
    offset: int | None = 0,
    queries: Collection[int] = (),
    keys: Collection[int] = (),
) -> tuple[int, int, float] | None:
    """(query, key, weight) of the largest entry that tells something, or None.

    Left out: a token that attends to itself, and the special `queries` and `keys`.
    """
    telling = allowed & _choosing(allowed)[:, None]
    telling[list(queries)] = False
    telling[:, list(keys)] = False
    if offset is not None:
        telling &= ~np.eye(telling.shape[0], telling.shape[1], offset or 0, dtype=bool)
    if not telling.any():
        return None
    weights = np.where(telling, pattern, -1.0)
    query, key = np.unravel_index(np.argmax(weights), weights.shape)
    return int(query), int(key), float(weights[query, key])


@dataclass(frozen=True)
class Worth:
    """A head worth filming: `what` it does, in a few words, and how much, from 0 to 1."""

    layer: str
    head: int
    what: str
    share: float


def worth_filming(told: Iterable[tuple[Any, int, HeadStatistics]]) -> list["Worth"]:
    """The heads that do one plain thing or link two tokens, the strongest first.

    `told` holds a (Layer, head, HeadStatistics) for each head.
    """
    found = []
    for layer, head, s in told:
        plain = ((s.previous, "previous token"), (s.itself, "itself"), (s.induction, "induction"))
        share, what = max(plain, key=lambda one: np.nan_to_num(one[0]))
        if share >= PLAIN_SCORE:
            found.append(Worth(layer.name, head, what, share))
        elif s.pair and s.pair[2] >= LINK_SCORE:
            found.append(Worth(layer.name, head, pair_text(layer, s.pair), s.pair[2]))
    return sorted(found, key=lambda one: -one.share)


def pair_text(layer: Any, pair: tuple[int, int, float]) -> str:
    """What attends to what: "it" → "animal"; with the place of a token that is there more than once."""
    shown = []
    for tokens, n in ((layer.tokens_q, pair[0]), (layer.tokens_k, pair[1])):
        bare = told_apart([token.strip("·") or token for token in tokens])
        shown.append(f'"{bare[n]}"' if n < len(bare) else str(n))
    return " → ".join(shown)


def _choosing(allowed):
    return allowed.sum(axis=1) > 1


def _mean_on_diagonal(pattern, allowed, offset, step):
    if offset is None:
        return np.nan
    rows = np.flatnonzero(_choosing(allowed))
    rows = rows[(rows + offset + step >= 0) & (rows + offset + step < allowed.shape[1])]
    rows = rows[allowed[rows, rows + offset + step]]
    return float(pattern[rows, rows + offset + step].mean()) if rows.size else np.nan


def _without_padding(allowed, offset):
    """`allowed` without the queries that are padding themselves: tokens that nobody may attend to."""
    if offset is None:
        return allowed
    own = np.arange(len(allowed)) + offset
    there = own < allowed.shape[1]
    padding = np.zeros(len(allowed), bool)
    padding[there] = ~allowed.any(axis=0)[own[there]]
    return allowed & ~padding[:, None]
