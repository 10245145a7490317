"""Which element of the batch the entries of a tensor belong to.

The batch is the first axis of what the outermost module is given, or the second if the first counts tokens.
What is made of it is followed through every function. After a function that may have mixed or moved elements
in a way that is not known, nothing is known, and nothing is said.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from .attention import FUSED
from .axes import Axes
from .entry_places import Places
from .origins import Contraction, Origins, Strand
from .products import PRODUCT_CALLS, UNSEEN_MAPS, NotUnderstood, contraction_of
from .strand_rules import FRESH, REARRANGED, VIEW_CALLS, Known, follow_part, follow_view, region_of
from .tensors import Keeper, TorchCall, Unwatchable, check_watchable, tensors_in

# Functions that move entries along one axis, and the place of that axis among their arguments.
ALONG = {
    "gather": 1, "take_along_dim": 2, "scatter": 1, "scatter_add": 1, "scatter_reduce": 1, "index_add": 1,
    "index_fill": 1, "sort": 1, "msort": 9, "topk": 2,
}  # fmt: skip
# Functions that move or mix them otherwise.
MOVING = {
    "index_put", "put", "take", "index", "unique", "rot90", "fliplr", "flipud", "channel_shuffle",
    "cartesian_prod", "kron", "bilinear", "cdist", "matrix_exp", "fft", "ifft", "rfft", "irfft",
}  # fmt: skip


@dataclass(frozen=True)
class BatchAxis:
    """An axis, of this size, of the tensors that the model is given."""

    axis: int
    size: int


class Elements:
    """What is known of the tensors of a run. It costs nothing where the model is given a batch of one."""

    def __init__(self, keeper: Keeper):
        self._origins = Origins()
        self._known = Known(self._origins, keeper)
        self._axes: dict[tuple[int, int], BatchAxis] = {}
        self.several = False  # whether the model was given a batch of several

    def of(self, tensor: Any) -> tuple[Strand, ...]:
        """The strands of a tensor that lead to axes of what the model was given."""
        return self._origins.of(tensor)

    def alias(self, tensor: torch.Tensor, of: torch.Tensor) -> None:
        """Treat a tensor as another one."""
        self._origins.set(tensor, self._origins.of(of))

    def given(self, tensors: Iterable[torch.Tensor]) -> None:
        """The outermost module was given these."""
        tensors = [one for one in tensors if one.dim()]
        if all(one.shape[0] == 1 for one in tensors):
            return
        self.several = True
        for tensor in tensors:
            try:
                check_watchable(tensor)
            except Unwatchable:
                continue
            sizes = [(axis, n) for axis, n in enumerate(tensor.shape[:2]) if n > 1]
            sources = [(axis, self._axes.setdefault((axis, n), BatchAxis(axis, n))) for axis, n in sizes]
            shape = tuple(tensor.shape)
            self._origins.set(tensor, [Strand(source, _along(shape, axis)) for axis, source in sources])

    def follow(self, call: TorchCall, result: Any) -> None:
        """Tell of the results of a call what follows from its arguments."""
        origins, name = self._origins, call.name
        if not any(origins.of(one) for one in call.tensors()):
            return
        if name == "setitem":
            part = call.args[2] if len(call.args) > 2 else None
            follow_part(origins, call.args[0], part, name, region_of(call.args[0], call.args[1]))
            self._settle(call.args[0])
        elif name in VIEW_CALLS:
            follow_view(origins, call, result)
        elif name not in FRESH:
            for one in tensors_in(result):
                origins.set(one, self._strands(call, one))
        for one in tensors_in(result):
            self._settle(one)

    def _settle(self, tensor: torch.Tensor) -> None:
        """One strand for each source: what several ways back say together. They must not contradict."""
        strands = self._origins.of(tensor)
        if not any(one.steps or one.places is None for one in strands) and len(strands) < 2:
            return
        together: dict[Any, Places | None] = {}
        for one in strands:
            source = one.source
            together[source] = _both(together[source], one.places) if source in together else one.places
        self._origins.set(tensor, [Strand(s, p) for s, p in together.items() if p is not None])

    def _strands(self, call: TorchCall, result: torch.Tensor) -> Iterator[Strand]:
        name, shape = call.name, tuple(result.shape)
        if name in REARRANGED and name not in ("pad", "view_as_real"):
            yield from REARRANGED[name](self._known, call, shape)
            return
        own = getattr(call.function, "namespace", "aten") in ("aten", "prims") or UNSEEN_MAPS.search(name)
        if name in MOVING or not own:
            return
        contraction = None
        if name in PRODUCT_CALLS:
            try:
                contraction = contraction_of(call)
            except NotUnderstood:
                return
        if contraction is not None:
            yield from self._of_product(contraction, shape)
            return
        tensors = list(call.tensors())
        if name in FUSED:
            tensors = tensors[:3]
        elif name in ("copy", "masked_scatter"):
            tensors = tensors[1:] if name == "copy" else tensors[:1]
        for tensor in tensors:
            for strand in self._origins.of(tensor):
                places = strand.known_places
                if name in ("embedding", "one_hot", "view_as_real"):
                    made = Places(places.shape, (*places.along, np.zeros(shape[-1])), places.start)
                    yield Strand(strand.source, made)
                elif (kept := _kept(places, call, shape)) is not None:
                    yield Strand(strand.source, kept)

    def _of_product(self, contraction: Contraction, shape: tuple[int, ...]) -> Iterator[Strand]:
        """Entries of a product belong to the element of both operands, unless elements are summed."""
        for tensor, letters in ((contraction.left, contraction.a), (contraction.right, contraction.b)):
            for strand in self._origins.of(tensor):
                along = dict(zip(letters, strand.known_places.along, strict=True))
                if any(_moves(one) for letter, one in along.items() if letter not in contraction.out):
                    continue
                start = strand.known_places.start
                start += sum(_first(one) for letter, one in along.items() if letter not in contraction.out)
                own = tuple(
                    np.broadcast_to(along.get(letter, np.zeros(1)), n)
                    for letter, n in zip(contraction.out, shape, strict=True)
                )
                yield Strand(strand.source, _shared(strand.known_places.shape, own, start))
        added = contraction.added
        for strand in self._origins.of(added[0]) if added else ():
            places = strand.known_places.broadcast(shape)
            if places is not None:
                yield Strand(strand.source, places)


def elements_of(axes: Axes) -> tuple[int, np.ndarray] | None:
    """(size of the batch, the element to which each attention of the Axes belongs, NaN for one of which that
    is not known); None where nothing is known.

    The batch is an axis of what the model was given that does not run along tokens; one that tells the
    attentions apart goes before one that all share, and the first axis before the second.
    """
    event = axes.event
    found: dict[BatchAxis, np.ndarray] = {}
    for name, letters in (("q", event.a), ("k", event.b)):
        for strand in event.strands[name]:
            if isinstance(strand.source, BatchAxis):
                each = _of_each(axes, letters, strand.known_places)
                if each is None or strand.source not in found:
                    found[strand.source] = np.array([np.nan]) if each is None else each
                else:
                    known = found[strand.source]
                    found[strand.source] = np.where(np.isnan(known), each, known)
    told = {source: each for source, each in found.items() if not np.isnan(each).all()}
    if not told:
        return None
    source = min(told, key=lambda one: (np.nanmin(told[one]) == np.nanmax(told[one]), one.axis, -one.size))
    return source.size, told[source]


def _of_each(axes: Axes, letters: str, places: Places) -> np.ndarray | None:
    """The element of each attention, as `places` have it of an operand. None if tokens or heads of one
    attention are of several."""
    at = dict(zip(letters, places.along, strict=True))
    total = np.full((1,) * len(axes.digits), places.start)
    for letter, along in at.items():
        if letter not in axes.digits and (_moves(along) or np.isnan(along).all()):
            return None
        if letter not in axes.digits:
            total = total + _first(along)
    for n, (letter, digits) in enumerate(axes.digits.items()):
        numbers = np.unique(digits.batch, return_inverse=True)[1].reshape(-1)
        own = _of_length(at.get(letter, np.zeros(1)), len(numbers))
        if own is None:
            return None
        least, most = (np.full(numbers.max() + 1, np.nan) for _ in range(2))
        np.fmin.at(least, numbers, own)
        np.fmax.at(most, numbers, own)
        if (least < most).any():
            return None
        total = total + least.reshape([-1 if m == n else 1 for m in range(len(axes.digits))])
    return total.reshape(-1)


def _kept(places: Places, call: TorchCall, shape: tuple[int, ...]) -> Places | None:
    """After a function that takes entries along some axes together, or pairs tensors entry by entry. None if
    it takes elements together."""
    own, dims = list(places.along), call.argument(1, "dim")
    moved = call.argument(ALONG[call.name], "dim", -1) if call.name in ALONG else None
    if moved is not None and own and _moves(own[moved]):
        return None
    if len(own) > len(shape):  # without the axes that were summed
        dims = dims if isinstance(dims, (tuple, list)) else [dims]
        if not all(isinstance(one, int) for one in dims):
            return None
        gone = {one % len(own) for one in dims}
        if any(_moves(own[axis]) for axis in gone):
            return None
        start = places.start + sum(_first(own[axis]) for axis in gone)
        rest = tuple(one for axis, one in enumerate(own) if axis not in gone)
        return _shared(places.shape, rest, start) if tuple(map(len, rest)) == shape else None
    if places.own_shape == shape:
        return places
    own = [np.zeros(1)] * (len(shape) - len(own)) + own
    along = [fit for one, n in zip(own, shape, strict=True) if (fit := _of_length(one, n)) is not None]
    return _shared(places.shape, tuple(along), places.start) if len(along) == len(shape) else None


def _both(one: Places | None, other: Places | None) -> Places | None:
    """What two Places of one tensor say together; None if they contradict each other, or one says nothing.

    Along one axis each may know entries that the other does not.
    """
    if one is None or other is None or one.own_shape != other.own_shape:
        return None
    apart, along = other.start - one.start, list(one.along)
    unlike = [
        axis
        for axis, (a, b) in enumerate(zip(one.along, other.along, strict=True))
        if not np.array_equal(np.isnan(a), np.isnan(b))
    ]
    if len(unlike) > 1:
        return None
    for axis in sorted(range(len(along)), key=lambda axis: axis in unlike):
        a, b = one.along[axis], other.along[axis]
        step = (b - a)[~np.isnan(a + b)]
        first = step[0] if len(step) else -apart
        if (step != first).any():
            return None
        apart += first
        along[axis] = np.where(np.isnan(a), b - first, a)
    return _shared(one.shape, tuple(along), one.start) if apart == 0 else None


def _of_length(along: np.ndarray, n: int) -> np.ndarray | None:
    """The array for an axis of another length; None where elements would be lost."""
    if len(along) == n:
        return along
    return None if _moves(along) else np.full(n, _first(along))


def _moves(along: np.ndarray) -> bool:
    return bool(np.nanmax(along, initial=-np.inf) > np.nanmin(along, initial=np.inf))


def _first(along: np.ndarray) -> float:
    there = along[~np.isnan(along)]
    return float(there[0]) if len(there) else np.nan


def _along(shape: tuple[int, ...], axis: int) -> Places:
    """Of a tensor whose entries along an axis are those of the source."""
    own = tuple(np.arange(float(n)) if one == axis else np.zeros(n) for one, n in enumerate(shape))
    return _shared((shape[axis],), own, 0.0)


def _shared(shape: tuple[int, ...], along: tuple[np.ndarray, ...], start: float) -> Places:
    """The Places, the same object for the same numbers: it remembers what views were found to make of it."""
    kept = tuple((len(one), one.tobytes() if one.any() else b"") for one in along)
    return _known(shape, kept, start)


@lru_cache(maxsize=512)
def _known(shape: tuple[int, ...], along: tuple[tuple[int, bytes], ...], start: float) -> Places:
    return Places(shape, tuple(np.frombuffer(b) if b else np.zeros(n) for n, b in along), start)
