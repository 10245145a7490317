"""Numbers that say what a head does, so that one finds a head worth filming.

Each number is a mean over the queries that have a choice: those that may attend to two keys or more and are
not padding. It is NaN where there is no such query. Everywhere here `pattern` is [queries, keys], with a
softmax in each row. `allowed`, bool of that shape, says which keys a query may attend to. `offset` is the
number of the key that is query 0 itself; None in cross-attention.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .tokens import is_special, told_apart

# A head is worth filming if it attends this much to one kind of place, or links two tokens this strongly.
PLAIN_SCORE, LINK_SCORE = 0.9, 0.6
MOST_WEIGHTS = 2**32  # of all heads together; some minutes


@dataclass(frozen=True)
class HeadStatistics:
    """What one head attends to: parts of its attention from 0 to 1.

    `previous`, `itself`, `induction`, `first` and `separator` come from `to_previous`, `to_itself`,
    `to_what_followed`, `to_first` and `to_separators`; `entropy` and `pair` from `entropy` and
    `strongest_pair`.
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
    """[(layer, head, HeadStatistics)] for each head of `rows`, [(layer, numbers of heads)].

    Raises InputError where a pattern cannot be had, and for more weights than MOST_WEIGHTS.
    """
    work = sum(len(heads) * layer.sizes.get("Q", 0) * layer.sizes.get("K", 0) for layer, heads in rows)
    if work > MOST_WEIGHTS:
        raise InputError(
            f"{capture.path}: {work:,} weights of all heads are too many to look at; the most is "
            f"{MOST_WEIGHTS:,}; choose by `layer` and `head`"
        )
    return [(layer, n, head_statistics(capture, layer.name, n)) for layer, heads in rows for n in heads]


def head_statistics(capture: Any, layer: Any, head: int) -> HeadStatistics:
    """The HeadStatistics of one head. Raises InputError where its pattern cannot be had."""
    layer = capture.layer(layer)
    pattern, allowed = capture.tensor(layer.name, "pattern", head), capture.allowed(layer.name, head)
    offset = layer.offset if layer.kind == "self" else None
    allowed = _without_padding(allowed, offset)
    queries, keys = special(layer.tokens_q), special(layer.tokens_k)
    if layer.mask in ("causal", "window"):
        keys |= {0}  # without special tokens, a query with nothing to attend to looks at the first key
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
    """Mean of pattern[i, i + offset - 1]: attention to the token before. 1 is a previous-token head; NaN in
    cross-attention."""
    return _mean_on_diagonal(pattern, allowed, offset, -1)


def to_itself(pattern: np.ndarray, allowed: np.ndarray, offset: int | None = 0) -> float:
    """Mean of pattern[i, i + offset]: attention to the query's own token; NaN in cross-attention."""
    return _mean_on_diagonal(pattern, allowed, offset, 0)


def to_what_followed(
    pattern: np.ndarray, allowed: np.ndarray, tokens_q: Sequence[str], tokens_k: Sequence[str]
) -> float:
    """Mean over queries of the sum of pattern[i, j] over the keys j that follow an earlier token of the
    query's text.

    1 is an induction head: it attends to what followed the same token before. Special tokens are left out.
    NaN where no token comes twice.
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
    """Mean of -sum_j p_ij log p_ij / log n_i, where query i may attend to n_i keys.

    0: one key has all attention; 1: all keys have the same. Where a sink takes a part, p is a part of the
    rest.
    """
    rows = _choosing(allowed) & (pattern.sum(axis=1) > 0)
    if not rows.any():
        return np.nan
    shares = pattern[rows] / pattern[rows].sum(axis=1, keepdims=True)
    nats = (shares * -np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1) + 0.0  # not -0.0
    return float((nats / np.log(allowed[rows].sum(axis=1))).mean())


def strongest_pair(
    pattern: np.ndarray,
    allowed: np.ndarray,
    offset: int | None = 0,
    queries: Collection[int] = (),
    keys: Collection[int] = (),
) -> tuple[int, int, float] | None:
    """(query, key, weight) of the largest entry, or None where there is none.

    Left out are tokens that attend to themselves, and the given `queries` and `keys`, which are special
    tokens.
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
    """The heads that attend to one kind of place or link two tokens strongly, the strongest first.

    `told` has (layer, head, HeadStatistics) for each head.
    """
    heads = []
    for layer, head, s in told:
        plain = ((s.previous, "previous token"), (s.itself, "itself"), (s.induction, "induction"))
        share, what = max(plain, key=lambda scored: np.nan_to_num(scored[0]))
        if share >= PLAIN_SCORE:
            heads.append(Worth(layer.name, head, what, share))
        elif s.pair and s.pair[2] >= LINK_SCORE:
            heads.append(Worth(layer.name, head, pair_text(layer, s.pair), s.pair[2]))
    return sorted(heads, key=lambda worth: -worth.share)


def pair_text(layer: Any, pair: tuple[int, int, float]) -> str:
    """A query and its key as text: "it" → "animal". A token that is there more than once has its place."""
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
    """`allowed` without the queries that are padding: tokens that no query may attend to."""
    if offset is None:
        return allowed
    own_key = np.arange(len(allowed)) + offset
    there = own_key < allowed.shape[1]
    padding = np.zeros(len(allowed), bool)
    padding[there] = ~allowed.any(axis=0)[own_key[there]]
    return allowed & ~padding[:, None]
