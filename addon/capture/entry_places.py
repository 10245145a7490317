"""Where the entries of a tensor stand in the tensor that it was made from.

A function that rearranges a tensor (view, transpose, slice, chunk, expand, cat …) moves whole axes. So the
place of entry (i, j, …) in the source, counted row by row, is start + along[0][i] + along[1][j] + …, and one
array of numbers for each axis is enough. An entry that is not from the source has the place NaN.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np
import torch

MISSING = -1
MOST_COPIED = 2**24  # entries of a tensor whose places are followed through a function that copies


@dataclass(frozen=True, eq=False)
class Places:
    """The places of a tensor's entries: the `shape` of its source, the `start`, and an array `along` each
    axis."""

    shape: tuple[int, ...]
    along: tuple[np.ndarray, ...]
    start: float = 0.0

    @classmethod
    def of(cls, shape: Sequence[int]) -> "Places":
        """Of the source itself; the same object for the same shape."""
        return _of_source(tuple(shape))

    @cached_property
    def _known(self) -> dict:
        """What views were found to make of it, so that all layers of a model share them."""
        return {}

    @cached_property
    def own_shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return tuple(len(one) for one in self.along)

    def same(self, other: "Places") -> bool:
        """Whether both say the same."""
        return self is other or (
            self.shape == other.shape
            and self.own_shape == other.own_shape
            and self.start == other.start
            and all(np.array_equal(a, b, True) for a, b in zip(self.along, other.along, strict=True))
        )

    @cached_property
    def identity(self) -> bool:
        """Whether the tensor has the entries of the source, in its order and shape."""
        return self.same(Places.of(self.shape))

    @cached_property
    def in_order(self) -> bool:
        """Whether the tensor has the entries of the source, in its order, perhaps in another shape."""
        return Places(self.own_shape, self.along, self.start).identity and (
            np.prod(self.own_shape) == np.prod(self.shape)
        )

    @cached_property
    def whole(self) -> bool:
        """Whether all entries are from the source."""
        return not any(np.isnan(one).any() for one in self.along)

    def broadcast(self, shape: Sequence[int]) -> "Places | None":
        """After broadcasting to `shape`; None where that cannot be."""
        if tuple(shape) == self.own_shape:
            return self
        own = (1,) * (len(shape) - len(self.along)) + self.own_shape
        if len(own) > len(shape) or any(n not in (1, m) for n, m in zip(own, shape, strict=True)):
            return None
        along = [np.zeros(1)] * (len(shape) - len(self.along)) + list(self.along)
        return Places(
            self.shape, tuple(np.broadcast_to(a, n) for a, n in zip(along, shape, strict=True)), self.start
        )

    def through(
        self, function: Callable, args: tuple, kwargs: dict, which: torch.Tensor
    ) -> list["Places | None"]:
        """The Places after a function that rearranges the entries of its argument `which`, one for each
        result.

        The function is run on a tensor without numbers; if it copies nothing, the strides of the results say
        how it rearranges. If it copies, it is run on the places themselves.
        """
        others = (*(one for one in args if one is not which), *kwargs.items())
        key = (function, repr(others)) if _plain(others) else None
        if key not in self._known:
            found = self._found(function, args, kwargs, which)
            if key is None:
                return found
            self._known[key] = found
        return self._known[key]

    def _found(
        self, function: Callable, args: tuple, kwargs: dict, which: torch.Tensor
    ) -> list["Places | None"]:
        def run(probe: torch.Tensor) -> list[torch.Tensor]:
            own = (probe if one is which else one for one in args)
            results = function(*own, **{name: probe if one is which else one for name, one in kwargs.items()})
            return list(results) if isinstance(results, (tuple, list)) else [results]

        probe = torch.empty(self.own_shape, device="meta")
        with contextlib.suppress(RuntimeError, NotImplementedError):  # what depends on numbers
            results = run(probe)
            if all(one._base is probe or one is probe for one in results):
                return [self.viewed(one) for one in results]
        if np.prod(self.own_shape) > MOST_COPIED:
            return [None]
        places = torch.from_numpy(self.start + np.asarray(reduce(np.add.outer, self.along)))
        return [_separated(self.shape, one.cpu().numpy()) for one in run(places.to(which.device))]

    def viewed(self, view: torch.Tensor) -> "Places | None":
        """Of a view of a tensor that lies as this one's does when it is contiguous."""
        own, first = self.own_shape, view.storage_offset()
        if 0 in view.shape:
            return None
        at_first = np.unravel_index(first, own)
        moves = []  # for each axis of the view: the index along each axis before
        for size, stride in zip(view.shape, view.stride(), strict=True):
            flat = first + stride * np.arange(size)
            if flat[-1] >= np.prod(own):
                return None
            moves.append(np.unravel_index(flat, own))
        start, along = self.start, [np.zeros(size) for size in view.shape]
        for axis, (values, at) in enumerate(zip(self.along, at_first, strict=True)):
            movers = [n for n, move in enumerate(moves) if (move[axis] != at).any()]
            there = values[~np.isnan(values)]
            base = values[at]
            if np.isnan(base) and (len(movers) != 1 or not len(there)):
                return None
            base = there[0] if np.isnan(base) else base
            start += base
            for n in movers:
                along[n] = along[n] + values[moves[n][axis]] - base
        moved = Places(self.shape, tuple(along), start)
        return moved if moved._agrees(view, self) else None

    def _agrees(self, view: torch.Tensor, before: "Places") -> bool:
        """Whether the last entry of a view stands where its axes, added up, say: no axis ran over another."""
        last = view.storage_offset() + sum(
            (n - 1) * s for n, s in zip(view.shape, view.stride(), strict=True)
        )
        at = np.unravel_index(last, before.own_shape)
        true = before.start + sum(a[i] for a, i in zip(before.along, at, strict=True))
        said = self.start + sum(a[-1] for a in self.along)
        return bool(np.isnan(true) or true == said)

    def replaced(self, axis: int, along: np.ndarray) -> "Places":
        """With another array for one axis."""
        axis %= len(self.along)
        return Places(self.shape, (*self.along[:axis], along, *self.along[axis + 1 :]), self.start)

    def written_into(self, region: "Places") -> "Places | None":
        """The Places of a larger tensor after this one was written into its `region`, given by the places
        there. None where the two have other axes."""
        own = self.broadcast(region.own_shape)
        if own is None or region.coordinates is None:
            return None
        along, start = [np.full(n, np.nan) for n in region.shape], own.start
        moved: set[int] = set()
        for values, moving in zip(own.along, region.coordinates, strict=True):
            if len(moving) > 1 or (not moving and len(values) != 1) or moved & set(moving):
                return None
            moved |= set(moving)
            for axis, index in moving.items():
                along[axis][index] = values
            start += 0 if moving else values[0]
        for axis in set(range(len(along))) - moved:
            along[axis][region.base[axis]] = 0
        return Places(own.shape, tuple(along), start)

    def without(self, region: "Places") -> "Places | None":
        """The Places of the tensor after its `region` was overwritten; None where the rest has no axes."""
        if region.coordinates is None:
            return None
        covered = {axis: index for moving in region.coordinates for axis, index in moving.items()}
        sizes = self.own_shape
        part = [axis for axis, n in enumerate(sizes) if len(set(covered.get(axis, [0]))) < n]
        if len(part) > 1:
            return None
        axis = part[0] if part else 0
        along = self.along[axis].copy()
        along[covered.get(axis, region.base[axis]) if part else slice(None)] = np.nan
        return self.replaced(axis, along)

    @cached_property
    def coordinates(self) -> "list[dict[int, np.ndarray]] | None":
        """For each axis of the tensor, {axis of the source: coordinates there of the entries along the
        tensor's axis}, for the source's axes along which they move.

        The tensor's other axes stand at their first entry. A coordinate is MISSING for an entry that is not
        from the source. None where axes of tensor and source do not fit together, as in a diagonal.
        """
        if self._base is None:
            return None
        found = []
        for one in self.along:
            there = ~np.isnan(one)
            flat = np.where(there, self._base + one - one[_first(one)], self._base).astype(np.int64)
            if flat.min() < 0 or flat.max() >= np.prod(self.shape):
                return None
            at = np.unravel_index(flat, self.shape)
            moving = [axis for axis, values in enumerate(at) if (values != self.base[axis]).any()]
            found.append({axis: np.where(there, at[axis], MISSING) for axis in moving})
        return found

    @cached_property
    def _base(self) -> float | None:
        firsts = [_first(one) for one in self.along]
        if any(first is None for first in firsts) or np.isnan(self.start):
            return None
        return float(self.start + sum(one[first] for one, first in zip(self.along, firsts, strict=True)))

    @cached_property
    def base(self) -> tuple[int, ...]:
        """The coordinates in the source of the tensor's first entry that is from it."""
        assert self._base is not None
        return tuple(int(n) for n in np.unravel_index(int(self._base), self.shape))

    def moved_by(self, axis: int) -> list[int]:
        """The tensor's axes that move along an axis of the source."""
        return [own for own, moving in enumerate(self.coordinates or ()) if axis in moving]

    def find(self, coordinates: Sequence[np.ndarray]) -> list[np.ndarray] | None:
        """Where entries of the source stand in the tensor: an index for each of its axes.

        `coordinates` has an array for each axis of the source; they are broadcast together. None where one of
        them is not in the tensor.
        """
        if self.coordinates is None:
            return None
        count = max((one.ndim for one in coordinates), default=0)
        # Where an axis stands still in the source: its first entry that is from there.
        found = [np.full((1,) * count, _first(one) or 0, np.int64) for one in self.along]
        still = set(range(len(self.shape)))
        for own, axes in self._groups:
            still -= set(axes)
            table = self._table(own, axes)
            if table is None:
                return None
            for axis, indexes in zip(own, table, strict=True):
                index = indexes[tuple(coordinates[one] for one in axes)]
                if (index == MISSING).any():
                    return None
                found[axis] = _collapsed(index)
        if any((coordinates[axis] != self.base[axis]).any() for axis in still):
            return None
        return found

    @cached_property
    def _groups(self) -> list[tuple[list[int], list[int]]]:
        """Axes of the tensor and of the source that move together, such as those of one that was split."""
        groups: list[tuple[list[int], set[int]]] = []
        for own, moving in enumerate(self.coordinates or ()):
            axes, owns = set(moving), [own]
            for other in [one for one in groups if axes & one[1]]:
                groups.remove(other)
                owns, axes = other[0] + owns, axes | other[1]
            if axes:
                groups.append((owns, axes))
        return [(sorted(owns), sorted(axes)) for owns, axes in groups]

    def _table(self, own: list[int], axes: list[int]) -> list[np.ndarray] | None:
        """For each of the tensor's axes of a group: its index for every place along the source's axes."""
        assert self.coordinates is not None
        there = [np.flatnonzero(~np.isnan(self.along[axis])) for axis in own]
        grid = np.meshgrid(*there, indexing="ij")
        at, inside = [], np.ones(grid[0].shape, bool)
        for axis in axes:
            place = np.full(grid[0].shape, self.base[axis])
            for one, index in zip(own, grid, strict=True):
                if axis in self.coordinates[one]:
                    place = place + self.coordinates[one][axis][index] - self.base[axis]
            at.append(place)
            inside &= (place >= 0) & (place < self.shape[axis])
        if not inside.all():  # what is added up runs over the end of an axis
            return None
        tables = []
        for index in grid:
            table = np.full([self.shape[axis] for axis in axes], MISSING)
            table[tuple(place[..., ::-1] for place in at)] = index[..., ::-1]  # of repeated entries the first
            tables.append(table)
        return tables


@lru_cache(maxsize=512)
def _of_source(shape: tuple[int, ...]) -> Places:
    steps = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    return Places(shape, tuple(np.arange(n) * float(step) for n, step in zip(shape, steps, strict=True)))


def _separated(shape: tuple[int, ...], entries: np.ndarray) -> Places | None:
    """The Places by the place of every entry. None where no array for each axis says these."""
    there = np.flatnonzero(~np.isnan(entries))
    if not entries.size:
        return Places(shape, tuple(np.zeros(n) for n in entries.shape))
    if not len(there):
        return None
    first = np.unravel_index(there[0], entries.shape)
    lines = [entries[(*first[:axis], slice(None), *first[axis + 1 :])] for axis in range(entries.ndim)]
    along, start = tuple(line - entries[first] for line in lines), float(entries[first])
    same = np.array_equal(start + np.asarray(reduce(np.add.outer, along)), entries, equal_nan=True)
    return Places(shape, along, start) if same else None


def _plain(values: Any) -> bool:
    """Whether values are only numbers, names and slices, so that their text tells them apart."""
    if isinstance(values, (tuple, list)):
        return all(map(_plain, values))
    return values is None or values is Ellipsis or isinstance(values, (int, str, slice))


def joined(parts: Sequence[Places | None], sizes: Sequence[int], axis: int) -> Places | None:
    """The Places of tensors that were put one after another along an axis, in one source. In `parts`, None
    stands for a tensor that is not from the source; `sizes` are the lengths of all tensors along the axis.
    """
    known = next(part for part in parts if part is not None)
    axis %= len(known.along)
    pieces = []
    for part, size in zip(parts, sizes, strict=True):
        if part is None:
            pieces.append(np.full(size, np.nan))
            continue
        if part.shape != known.shape or len(part.along) != len(known.along):
            return None
        for other, (a, b) in enumerate(zip(part.along, known.along, strict=True)):
            if other != axis and not np.array_equal(a, b, True):
                return None
        pieces.append(part.along[axis] + (part.start - known.start))
    return known.replaced(axis, np.concatenate(pieces))


def pick(tensor: torch.Tensor, index: Sequence[np.ndarray]) -> torch.Tensor:
    """The entries tensor[index[0], index[1], …], the arrays of one number of axes broadcast together.

    As with NumPy, but where each array counts along one axis this only moves axes, and an axis of the
    tensor of length 1 stands for any.
    """
    count = max(one.ndim for one in index)
    axes, moved = {}, tensor
    for own, one in enumerate(index):
        long = [axis for axis, n in enumerate(one.shape) if n > 1]
        if tensor.shape[own] == 1:
            long = []
        if len(long) > 1 or (long and long[0] in axes):
            arrays = [
                torch.from_numpy(np.where(n > 1, one, 0)) for one, n in zip(index, tensor.shape, strict=True)
            ]
            return tensor[tuple(array.to(tensor.device) for array in arrays)]
        if long:
            axes[long[0]] = own
        flat = np.zeros(1, np.int64) if tensor.shape[own] == 1 else one.reshape(-1)
        if len(flat) == 1:
            moved = moved.narrow(own, int(flat[0]), 1)
        elif not (len(flat) == tensor.shape[own] and (flat == np.arange(len(flat))).all()):
            moved = moved.index_select(own, torch.from_numpy(flat).to(tensor.device))
    order = [axes[axis] for axis in sorted(axes)]
    moved = moved.permute(*order, *(own for own in range(tensor.dim()) if own not in order))
    return moved.reshape(
        [moved.shape[sorted(axes).index(axis)] if axis in axes else 1 for axis in range(count)]
    )


def _collapsed(index: np.ndarray) -> np.ndarray:
    """The array with one entry along each axis along which nothing changes."""
    for axis in range(index.ndim):
        if index.shape[axis] > 1 and (index == index.take([0], axis)).all():
            index = index.take([0], axis)
    return index


def _first(along: np.ndarray) -> int | None:
    there = np.flatnonzero(~np.isnan(along))
    return int(there[0]) if len(there) else None
