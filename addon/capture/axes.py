"""Tells which axes of an attention are batch, heads, queries, keys and width, and where one element of the
batch stands.

The origin of an axis tells what it is. An axis that was split off the features of a linear map counts heads.
An axis of the map's rows counts tokens. If queries and keys share it, it counts a batch: elements, windows or
beams, each with an attention of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .entry_places import MISSING, Places
from .origins import GivenTensor, Linear, Strand, to_linears
from .products import NotUnderstood


@dataclass(eq=False)
class Event:
    """An attention that ran, as two einsums: q, k -> scores and pattern, v -> z, by their letters.

    `pattern` are the places of the pattern's axes `c` in the scores [`out`]. `keys` has the letters of the
    scores that count keys, each with its index for every key, without sinks. q, k and v have their strands
    beside them. `grouped`: keys may have fewer heads than queries, without an axis that says so.
    """

    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    z: torch.Tensor
    a: str
    b: str
    out: str
    pattern: Places
    c: str
    d: str
    last: str
    keys: dict[str, np.ndarray]
    strands: dict[str, tuple[Strand, ...]]
    grouped: bool = False
    # Whether the leading axes of a product, which broadcast, are those before the last two.
    batched: bool = False
    rounded: tuple[torch.dtype, ...] = ()  # the types to which scores or pattern were rounded on their way

    @property
    def sizes(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for letters, tensor in ((self.a, self.q), (self.b, self.k)):
            for letter, n in zip(letters, tensor.shape, strict=True):
                sizes[letter] = max(n, sizes.get(letter, 1))
        return sizes


@dataclass(eq=False)
class Frame:
    """One element of the batch: for each letter of the scores its index, [heads, queries, keys, 1]."""

    heads: int
    queries: int
    keys: int
    at: dict[str, np.ndarray]

    def index(
        self, letters: str, tensor: torch.Tensor, more: dict[str, np.ndarray], grouped: bool = False
    ) -> Any:
        """The index of each axis of a tensor: those of the scores, and of the letters in `more`."""
        found = []
        for letter, n in zip(letters, tensor.shape, strict=True):
            one = more[letter] if letter in more else self.at[letter]
            if grouped and letter in self.at and 1 < n <= one.max():
                one = one // ((one.max() + 1) // n)
            found.append(one)
        return found


@dataclass(eq=False)
class _Digits:
    """The meaning of each index along one letter: its element of the batch, its head, its query; [entries]
    each."""

    batch: np.ndarray
    head: np.ndarray
    query: np.ndarray
    column: np.ndarray | None = None  # where its heads stand among the features


@dataclass(eq=False)
class Axes:
    """The letters of the scores by what they count. `elements`: how many the batch has, windows and all."""

    event: Event
    digits: dict[str, _Digits]

    @property
    def elements(self) -> int:
        return int(np.prod([len(np.unique(d.batch)) for d in self.digits.values()], dtype=np.int64))

    def frame(self, element: int) -> Frame:
        """One element of the batch."""
        letters = list(self.digits)
        counts = [len(np.unique(self.digits[one].batch)) for one in letters]
        wanted = np.unravel_index(element, counts) if letters else ()
        grids, columns = {}, {}
        for letter, number in zip(letters, wanted, strict=True):
            own = self.digits[letter]
            rows = np.flatnonzero(own.batch == number)
            heads, queries = len(np.unique(own.head[rows])), len(np.unique(own.query[rows]))
            if len(rows) != heads * queries:
                raise NotUnderstood("axes in which heads and tokens are not told apart")
            rows = rows[np.lexsort((own.query[rows], own.head[rows]))]
            grids[letter] = rows.reshape(heads, queries)
            if own.column is not None:
                columns[letter] = own.column[grids[letter][:, 0]]
        head_counts = [grid.shape[0] for grid in grids.values()]
        query_counts = [grid.shape[1] for grid in grids.values()]
        order = _in_order(head_counts, [columns.get(letter) for letter in grids])
        heads, queries = int(np.prod(head_counts, dtype=int)), int(np.prod(query_counts, dtype=int))
        at = {}
        for n, (letter, grid) in enumerate(grids.items()):
            h = np.unravel_index(order, head_counts)[n] if grid.shape[0] > 1 else np.zeros(1, int)
            q = (
                np.unravel_index(np.arange(queries), query_counts)[n]
                if grid.shape[1] > 1
                else np.zeros(1, int)
            )
            at[letter] = grid[h[:, None], q[None, :]][:, :, None, None]
        at |= {letter: index[None, None, :, None] for letter, index in self.event.keys.items()}
        return Frame(heads, queries, len(next(iter(self.event.keys.values()))), at)


def axes_of(event: Event) -> Axes:
    """The Axes of an attention's scores. Raises NotUnderstood where they cannot be told apart."""
    for letter in event.a:
        if letter in event.b and letter not in event.out:
            rows, columns = _rows_and_columns(event, letter)
            if rows is not None and columns is not None and len(rows) and not len(columns):
                raise NotUnderstood("queries times keys summed over tokens: attention among channels")
    event.keys = {letter: _by_token(event, letter, index) for letter, index in event.keys.items()}
    digits = {}
    shared = [letter for letter in event.out if letter in event.a and letter in event.b]
    for letter in event.out:
        if letter in event.keys:
            if letter in event.a:
                raise NotUnderstood("softmax over an axis that queries and keys share")
            continue
        digits[letter] = _digits(event, letter, shared)
        if len(np.unique(digits[letter].batch)) > 1 and _only_of_keys(event, letter):
            raise NotUnderstood(
                "keys of their own for each query, as of relative positions, over values of all"
            )
    return Axes(event, digits)


def _by_token(event: Event, letter: str, index: np.ndarray) -> np.ndarray:
    """The index of each key in the order of its tokens, as for queries, if all come from one map."""
    for strand in to_linears(event.strands["k"]):
        moved = _moves(strand, event.b.index(letter)) if letter in event.b else None
        if moved is not None and len(moved[0]) == event.sizes[letter] and not len(moved[1]):
            rows = moved[0][index]
            if (rows != MISSING).all() and len(np.unique(rows)) == len(rows):
                return index[np.argsort(rows)]
            return index
    return index


def _only_of_keys(event: Event, letter: str) -> bool:
    """Whether keys, but not values, differ along a letter of the scores that queries share."""
    if (
        letter not in event.b
        or event.k.shape[event.b.index(letter)] == 1
        or event.pattern.coordinates is None
    ):
        return False
    axis = event.out.index(letter)
    own = [one for one, moving in zip(event.c, event.pattern.coordinates, strict=True) if axis in moving]
    return not any(one in event.d and event.v.shape[event.d.index(one)] > 1 for one in own)


def _digits(event: Event, letter: str, shared: list[str]) -> _Digits:
    n = event.sizes[letter]
    rows, columns = _rows_and_columns(event, letter)
    none, count = np.zeros(n, np.int64), np.arange(n)
    both = letter in shared
    lead = both or (event.batched and event.out.index(letter) < len(event.out) - 2)
    if rows is None or columns is None:  # nothing is known of where it comes from
        return _guessed(event, letter, shared, none, count, lead)
    row = np.unique(rows, return_inverse=True)[1] if len(rows) else none
    head = np.unique(columns, return_inverse=True)[1] if len(columns) else none
    column = columns if len(columns) else None
    if not lead and letter in event.a:
        return _Digits(none, head, row, column)
    return _Digits(row, head, none, column)


def _guessed(
    event: Event, letter: str, shared: list[str], none: np.ndarray, count: np.ndarray, lead: bool
) -> _Digits:
    """The axes by their order alone: of several that queries and keys share, the first is the batch and the
    others are heads. One alone counts heads."""
    if not lead and letter in event.a:
        return _Digits(none, none, count)
    if not lead:
        return _Digits(none, count, none)
    leading = [one for one in event.out if one in shared or (event.batched and one in event.out[:-2])]
    mixed = any(strand.places is None for name in "qk" for strand in to_linears(event.strands[name]))
    alone = len(leading) == 1 and len(count) > 1
    if mixed and (alone or sum(event.sizes[one] > 1 for one in leading[1:] if one not in event.keys) > 1):
        raise NotUnderstood("axes that are mixed, so that heads and windows are not told apart")
    first = letter == leading[0] and not alone
    return _Digits(count, none, none) if first else _Digits(none, count, none)


def _rows_and_columns(event: Event, letter: str) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """(rows, columns), [entries] each, of a linear map's output at which the entries of an axis stand; empty
    if all stand in the same one. (None, None) for an axis that is not known to come from a linear map."""
    for name, letters, tensor in (("q", event.a, event.q), ("k", event.b, event.k)):
        if letter not in letters or tensor.shape[letters.index(letter)] != event.sizes[letter]:
            continue
        shared = letter in event.a and letter in event.b
        several = _of_several_maps(event.strands[name], letters.index(letter)) if shared else None
        if several is not None:
            return several
        known = []
        for strand in event.strands[name]:
            if not isinstance(strand.source, (Linear, GivenTensor)):
                continue
            found = _moves(strand, letters.index(letter), shared)
            if found is None or not (len(found[0]) or len(found[1])):
                continue
            # An axis of a given tensor may be anything.
            if len(found[1]) or isinstance(strand.source, Linear):
                known.append((strand.source, *found))
        if known:
            return _filled(known)
    return None, None


def _of_several_maps(strands: Sequence[Strand], axis: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, columns), [entries] each, of an axis whose parts several maps of the same input made, such as
    heads with maps of their own; None for any other axis."""
    parts: dict[Linear, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for strand in to_linears(strands):
        moved = _moves(strand, axis)
        if strand.places is None or moved is None:
            continue
        there = ~np.isnan(strand.places.along[axis])
        rows, columns = (one if len(one) else np.zeros(len(there), np.int64) for one in moved)
        parts[strand.source] = there, rows, columns
    if len(parts) < 2 or len({id(source.x) for source in parts}) > 1:
        return None
    each = sorted(parts.values(), key=lambda one: int(np.argmax(one[0])))
    covered = np.sum([there for there, _, _ in each], axis=0)
    alike = all(
        np.array_equal(np.sort(rows[there]), np.sort(each[0][1][each[0][0]])) for there, rows, _ in each
    )
    if covered.max() > 1 or not alike:
        return None
    if (covered == 0).any():  # more maps than a tensor keeps ways back to
        alone = covered.sum() == len(each)
        return (np.zeros(0, np.int64), np.arange(len(covered))) if alone else None
    row, number, first = np.zeros(len(covered), np.int64), np.zeros(len(covered), np.int64), 0
    for there, rows, columns in each:
        row[there], number[there] = rows[there], first + columns[there]
        first = int(number.max()) + 1
    return (row if (row != row[0]).any() else np.zeros(0, np.int64)), number


def _filled(
    known: list[tuple[Linear | GivenTensor, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns by the first of several ways back; the other ways give the rows that it lacks.

    Tokens that were put one after another are counted in that order: a prefix before the text, or a text and
    a picture that have maps of their own.
    """
    source, rows, columns = known[0]
    filled, one_source = rows.copy(), True
    for other, more, beside in known[1:]:
        lacking = filled == MISSING
        if len(more) == len(filled) and not len(columns) and not len(beside) and (more[lacking] >= 0).any():
            filled[lacking] = more[lacking]
            one_source &= other is source
    if not one_source and not (filled == MISSING).any():
        filled = np.arange(len(filled))
    return np.maximum(filled, 0), np.maximum(columns, 0)


def _moves(strand: Strand, axis: int, shared: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
    """(rows, columns) of the linear map's output along an axis of the tensor, MISSING for entries that are
    not from there; or None. An axis that queries and keys share may be one of the map's `split`."""
    places = strand.places
    if places is None or places.coordinates is None:
        return None
    linear: Linear | GivenTensor = strand.source
    moving = places.coordinates[axis]
    split = linear.split if shared and isinstance(linear, Linear) else ()
    in_columns = (*linear.features, *split)
    rows = {one: values for one, values in moving.items() if one not in in_columns}
    columns = {one: values for one, values in moving.items() if one in in_columns}
    return _number(rows, linear), _number(columns, linear)


def _number(moving: dict[int, np.ndarray], linear: Linear | GivenTensor) -> np.ndarray:
    if not moving:
        return np.zeros(0, np.int64)
    number = np.zeros(1, np.int64)
    for axis in sorted(moving):
        number = number * linear.y.tensor.shape[axis] + np.maximum(moving[axis], 0)
    return np.where(np.all([values >= 0 for values in moving.values()], axis=0), number, MISSING)


def _in_order(counts: Sequence[int], columns: Sequence[np.ndarray | None]) -> np.ndarray:
    """The order of the heads, counted through several letters, by where they stand among the features."""
    total = int(np.prod(counts, dtype=int))
    at = np.unravel_index(np.arange(total), counts) if counts else ()
    if any(one is None and n > 1 for n, one in zip(counts, columns, strict=True)):
        return np.arange(total)
    place = sum((one[a] for one, a in zip(columns, at, strict=True) if one is not None), np.zeros(total))
    return np.argsort(place, kind="stable")
