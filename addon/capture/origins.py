"""Where a tensor came from: the linear maps, products and attentions that it leads back to.

A tensor has a few strands. Each strand leads back to one source, and says where the tensor's entries stand in
it and which functions changed them on the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from .entry_places import Places
from .tensors import ByTensor, Held

MOST_STRANDS = 8  # of one tensor, but for those to attentions, of which heads or queries may be many
LONGEST_STRAND = 60  # of a strand; a way that long is no step of one attention


@dataclass(frozen=True, eq=False)
class Change:
    """A function that a tensor went through which changed its numbers.

    `kind` says what it does to them, where that is known: "times", "over", "plus" (`value`), "tanh", "fill"
    (`value` where `mask`), "keep" (`value` where not `mask`), "between" (no less than `value`), "cat"
    (`value` put beside them along an axis), "exp", "sum" and "softmax" (along the axes `value`), "rounded"
    (to the type `value`, which has fewer digits); "" for anything else. `places` are those of the tensor as
    the step found it, before `other` was put beside it. `made`: whether what is added is itself made of
    queries or keys.
    """

    name: str
    kind: str = ""
    value: Any = None
    mask: Held | None = None
    places: Places | None = None
    made: bool = False

    @property
    def known_places(self) -> Places:
        """The places of a step that has them."""
        assert self.places is not None
        return self.places


@dataclass(frozen=True, eq=False)
class Strand:
    """One way back: to `source`, at `places` there, `factor` times it, then changed by `steps`."""

    source: Any
    places: Places | None
    factor: float = 1.0
    steps: tuple[Change, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the entries are those of the source, times the factor."""
        return not self.steps and self.places is not None

    @property
    def is_whole(self) -> bool:
        """Whether the tensor is its source, times the factor."""
        return not self.steps and self.places is not None and self.places.identity

    @property
    def is_reshaped(self) -> bool:
        """The same, perhaps in another shape."""
        return not self.steps and self.places is not None and self.places.in_order

    @property
    def known_places(self) -> Places:
        """The places of a strand that has them."""
        assert self.places is not None
        return self.places

    def then(self, step: Change, places: Places | None) -> "Strand":
        return replace(self, steps=(*self.steps, step), places=places)


@dataclass(eq=False)
class Contraction:
    """A product of two tensors as an einsum: a letter for each axis of left, right and result."""

    left: torch.Tensor
    right: torch.Tensor
    a: str
    b: str
    out: str
    factor: float = 1.0
    added: tuple[torch.Tensor, float] | None = None  # (what is added to the product, how many times)


@dataclass(eq=False)
class Linear:
    """A linear map that ran: y = x · weight + bias, as an einsum `a`, `b` -> `out`.

    The letters of `b` that are in `out` are its features; `bias` has the last of their axes. `made_of` are
    the strands of x, and `roots` the tensors that all of its tokens lead back to. `weight` is None if it is
    no readable matrix, as in a convolution over neighbours and in a quantised map; the map then only tells
    axes apart. If the weight has a low-rank part, `base` is the map without it and `factors` are the two
    matrices of that part. If the whole weight is of low rank, `base` is None.
    """

    serial: int
    module: str
    x: Held
    weight: Held | None
    bias: Held | None
    y: Held
    a: str
    b: str
    out: str
    made_of: tuple[Strand, ...] = ()
    base: "Linear | None" = None
    factors: tuple[torch.Tensor, torch.Tensor] | None = None
    whole: bool = True  # whether its weights tell all that it does
    # Axes of y for which x was split off the features of a wider tensor, as for one map of each head's part.
    split: tuple[int, ...] = ()
    roots: frozenset = frozenset()

    @property
    def features(self) -> tuple[int, ...]:
        """The axes of y that are features: along these the weights differ."""
        return tuple(axis for axis, letter in enumerate(self.out) if letter in self.b)

    @property
    def inputs(self) -> tuple[int, ...]:
        """The axes of x that are multiplied with the weight."""
        return tuple(axis for axis, letter in enumerate(self.a) if letter not in self.out)


@dataclass(eq=False)
class GivenTensor:
    """A tensor [batch, tokens, features] or [tokens, features] that the model was given as it is."""

    x: Held

    @property
    def y(self) -> Held:
        return self.x

    @property
    def features(self) -> tuple[int, ...]:
        return (self.x.tensor.dim() - 1,)


@dataclass(eq=False)
class Wide:
    """A tensor of this shape of which nothing else is known: embedded tokens, a residual stream, one whose
    last axis is split."""

    shape: tuple[int, ...]

    @property
    def features(self) -> tuple[int, ...]:
        return (len(self.shape) - 1,)


@dataclass(eq=False)
class ActivationProduct:
    """A product of two activations, which may be scores, with all that was known of both."""

    serial: int
    module: str
    left: Held
    right: Held
    a: str
    b: str
    out: str
    left_strands: tuple[Strand, ...]
    right_strands: tuple[Strand, ...]
    account: Any = None  # what is told of it when it is part of no attention

    @property
    def made_of(self) -> tuple[Strand, ...]:
        """The strands of both."""
        return (*self.left_strands, *self.right_strands)


@dataclass(eq=False)
class Loose:
    """A softmax of something other than a product of queries and keys. It is reported if its result weighs
    something."""

    account: Any


@dataclass(eq=False)
class Result:
    """The result of an attention; `taken` is the recorder's entry for it."""

    taken: Any


@dataclass(eq=False)
class MappedResult:
    """The result of the map after an attention; `maps` are the serial numbers of all maps that made it, once
    it is in a residual stream."""

    taken: Any
    maps: set[int] = field(default_factory=set)


class Origins:
    """The strands of the tensors that are alive."""

    def __init__(self):
        self._strands = ByTensor()

    def of(self, tensor: Any) -> tuple[Strand, ...]:
        """The strands of a tensor, () for any that leads nowhere known."""
        return self._strands.get(tensor, ())

    def set(self, tensor: torch.Tensor, strands: Iterable[Strand]) -> None:
        """Sets the strands of a tensor, the newest first, without those that say no more than another one."""
        strands = tuple(strands)
        if len(strands) == 1 and len(strands[0].steps) <= LONGEST_STRAND:
            self._strands.set(tensor, strands)
            return
        kept: list[Strand] = []
        for strand in sorted(strands, key=lambda one: -getattr(one.source, "serial", 2**62)):
            if len(strand.steps) > LONGEST_STRAND:
                continue
            twins = [one for one in kept if one.source is strand.source]
            if any(_says_no_more(strand, twin) for twin in twins):
                continue
            kept = [one for one in kept if not (one in twins and _says_no_more(one, strand))]
            kept.append(strand)
        if kept:
            results = [one for one in kept if isinstance(one.source, Result)]
            others = [one for one in kept if not isinstance(one.source, Result)]
            self._strands.set(tensor, (*results, *others[:MOST_STRANDS]))
        else:
            self._strands.forget(tensor)

    def forget(self, tensor: torch.Tensor) -> None:
        self._strands.forget(tensor)


def roots_of(strands: Iterable[Strand]) -> frozenset:
    """What no linear map lies before, of the strands that lead to all of their tokens."""
    found = [one for one in strands if isinstance(one.source, (Wide, GivenTensor))]
    return frozenset(one.source for one in found if one.places is None or one.places.whole)


def to_linears(strands: Iterable[Strand]) -> list[Strand]:
    """Those of the strands that lead to linear maps."""
    return [strand for strand in strands if isinstance(strand.source, Linear)]


def _says_no_more(one: Strand, other: Strand) -> bool:
    """Whether another strand of the same source says everything that this one says."""
    if one.places is None:
        return True
    return other.places is not None and one.exact <= other.exact and one.places.same(other.places)
