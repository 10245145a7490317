"""Which element of the batch the entries of a tensor belong to.

The batch is the first axis of what the outermost module is given, or the second if the first counts tokens.
What is made of it is followed through every function. After a function that is not known to keep elements in
their order, a tensor is lost: its strand has no places. What it is added to is lost, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import getitem
from typing import Any

import numpy as np
import torch

from .attention import FUSED
from .axes import Axes
from .entry_places import Places
from .origins import Contraction, Origins, Strand
from .products import PRODUCT_CALLS, UNSEEN_MAPS, NotUnderstood, contraction_of
from .strand_rules import (
    DROPOUTS,
    FRESH,
    REARRANGED,
    SAME,
    VIEW_CALLS,
    Known,
    follow_part,
    follow_view,
    region_of,
)
from .tensors import Keeper, TorchCall, Unwatchable, check_watchable, tensors_in

# Functions that move entries along one axis, and the place of that axis among their arguments.
ALONG = {
    "gather": 1, "take_along_dim": 2, "scatter": 1, "scatter_add": 1, "scatter_reduce": 1, "index_add": 1,
    "index_fill": 1, "sort": 1, "topk": 2,
}  # fmt: skip
# Functions that leave the entries along each axis in their order, or take those of some axes together.
KEEPING = set("""
    _grouped_mm abs adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d add
    addcmul all amax amin aminmax and any avg_pool1d avg_pool2d avg_pool3d batch_norm bitwise_and
    bitwise_not bitwise_or bitwise_xor bool bucketize ceil celu clamp clamp_max clamp_min conj
    constant_pad_nd conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d copy cos
    cosine_similarity cumprod cumsum div elu embedding eq erf erfc exp exp2 expm1 fft_fft fft_fftn
    fft_ifft fft_irfft fft_rfft fill floor floor_divide floordiv fmax fmin ge gelu glu grid_sample
    group_norm gt hardshrink hardsigmoid hardswish hardtanh instance_norm interpolate invert isfinite isin
    isinf isnan layer_norm le leaky_relu lerp linalg_solve_triangular linalg_vector_norm log log10 log1p
    log2 log_sigmoid log_softmax logaddexp logical_and logical_not logical_or logical_xor logit logsigmoid
    logsumexp long lt masked_fill masked_scatter max max_pool1d max_pool2d max_pool3d maximum mean min
    minimum mish mod mul native_layer_norm ne neg norm normalize one_hot or pad pairwise_distance
    pixel_shuffle pixel_unshuffle polar pow prelu prod quantize_per_tensor rdiv reciprocal relu relu6
    remainder rms_norm round rpow rsqrt rsub selu sgn sigmoid sign silu sin sinc softmax softmin softplus
    softshrink softsign sqrt square squeeze std sub sum tan tanh tanhshrink threshold tril triu trunc
    upsample var vector_norm view_as_real where xlogy xor zero
""".split()) | SAME | DROPOUTS | set(ALONG)  # fmt: skip
# Of these a result of the same shape has its elements where the one tensor has them that was given.
SAME_ORDER = KEEPING - set(ALONG) - set(REARRANGED) - PRODUCT_CALLS - {"copy", "masked_scatter"}


@dataclass(frozen=True)
class BatchAxis:
    """An axis, of this size, of the tensors that the model is given."""

    axis: int
    size: int


class Elements:
    """What is known of the tensors of a run."""

    def __init__(self, keeper: Keeper):
        self._origins = Origins()
        self._known = Known(self._origins, keeper)
        self._axes: dict[tuple[int, int], BatchAxis] = {}
        self._left = False  # whether numbers left torch, and may have come back

    def of(self, tensor: Any) -> tuple[Strand, ...]:
        """The strands of a tensor that lead to axes of what the model was given."""
        return () if self._left else self._origins.of(tensor)

    def alias(self, tensor: torch.Tensor, of: torch.Tensor) -> None:
        """Treat a tensor as another one."""
        self._origins.set(tensor, self._origins.of(of))

    def given(self, tensors: Iterable[torch.Tensor]) -> None:
        """The outermost module was given these."""
        tensors = [one for one in tensors if one.dim()]
        alone = all(one.shape[0] == 1 for one in tensors)
        for tensor in tensors:
            try:
                check_watchable(tensor)
            except Unwatchable:
                continue
            sizes = [(axis, n) for axis, n in enumerate(tensor.shape[:2]) if n > 1 or alone > axis]
            sources = [(axis, self._axes.setdefault((axis, n), BatchAxis(axis, n))) for axis, n in sizes]
            shape = tuple(tensor.shape)
            self._origins.set(tensor, [Strand(source, _along(shape, axis)) for axis, source in sources])

    def follow(self, call: TorchCall, result: Any) -> None:
        """Tell of the results of a call what follows from its arguments."""
        origins, name = self._origins, call.name
        given = [one for one in call.tensors if origins.of(one)]
        if not given:
            return
        if len(given) == 1 and name in SAME_ORDER and getattr(result, "shape", None) == given[0].shape:
            origins.set(result, origins.of(given[0]))  # as below, which takes longer
            return
        results = tensors_in(result)
        if name == "numpy":
            self._left |= call.first.is_floating_point()
        elif name == "setitem":
            part = call.args[2] if len(call.args) > 2 else None
            if _is_mask(call.args[1]) and self._puts_back(call.args[0], call.args[1], part):
                return
            follow_part(origins, call.args[0], part, name, region_of(call.args[0], call.args[1]))
            results.append(call.args[0])
        elif name in VIEW_CALLS:
            follow_view(origins, call, result)
        elif name not in FRESH:
            for one in results:
                origins.set(one, _settled(list(self._strands(call, one)), name in PRODUCT_CALLS))
            return
        for one in results:  # what is not from there at all is not lost
            own = [s for s in origins.of(one) if s.places is not None or not _has_other(origins, call)]
            origins.set(one, _settled(own))

    def _puts_back(self, whole: torch.Tensor, mask: torch.Tensor, part: Any) -> bool:
        """Whether what is written at a mask is of the elements that stand there."""
        before = {s.source: s.places for s in self._origins.of(whole) if s.places is not None}
        there = {one: was.through(getitem, (whole, mask), {}, whole)[0] for one, was in before.items()}
        return all(_both(there.get(s.source), s.places) is not None for s in self._origins.of(part))

    def _strands(self, call: TorchCall, result: torch.Tensor) -> Iterator[Strand]:
        name, shape = call.name, tuple(result.shape)
        if name in REARRANGED and name not in ("pad", "view_as_real"):
            yield from REARRANGED[name](self._known, call, shape)
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
        tensors = call.tensors
        if name in FUSED:
            tensors = tensors[:3]
        elif name in ("copy", "masked_scatter"):
            tensors = tensors[1:] if name == "copy" else tensors[:1]
        keeps = name in KEEPING or name in PRODUCT_CALLS or name in FUSED
        keeps &= getattr(call.function, "namespace", "aten") in ("aten", "prims")
        keeps |= UNSEEN_MAPS.search(name) is not None
        for tensor in tensors:
            spread = len(tensors) > 1 and tensor.numel() < result.numel()  # as masks and biases are
            for strand in self._origins.of(tensor):
                lost = strand.places is None or not keeps or _is_along(strand.places, call)
                if lost and not spread:
                    yield Strand(strand.source, None)
                if lost:
                    continue
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
                if strand.places is None:
                    yield strand
                    continue
                kept = _multiplied(strand.places, letters, contraction.out, shape)
                if kept is not None:
                    yield Strand(strand.source, kept)
        added = contraction.added
        for strand in self._origins.of(added[0]) if added else ():
            places = strand.places and strand.places.broadcast(shape)
            if places is not None:
                yield Strand(strand.source, places)


@lru_cache(maxsize=512)
def _multiplied(places: Places, letters: str, out: str, shape: tuple[int, ...]) -> Places | None:
    """The places of an operand in a product; None if it sums elements."""
    along = dict(zip(letters, places.along, strict=True))
    summed = [one for letter, one in along.items() if letter not in out]
    if any(_moves(one) for one in summed):
        return None
    own = (np.broadcast_to(along.get(letter, np.zeros(1)), n) for letter, n in zip(out, shape, strict=True))
    return _shared(places.shape, tuple(own), places.start + sum(_first(one) for one in summed))


def _is_mask(key: Any) -> bool:
    return isinstance(key, torch.Tensor) and key.dtype == torch.bool and key.dim() > 0


def _settled(strands: Sequence[Strand], product: bool = False) -> list[Strand]:
    """One strand for each source: what several ways back say together. One without places says that it is
    lost, and so do two that contradict each other, but for a product: of queries and keys of any two tokens.
    """
    together: dict[Any, list[Places | None]] = {}
    for one in strands:
        together.setdefault(one.source, []).append(one.places)
    settled = [(source, each, reduce(_both, each)) for source, each in together.items()]
    return [Strand(s, both) for s, each, both in settled if both is not None or None in each or not product]


def _has_other(origins: Origins, call: TorchCall) -> bool:
    """Whether entries of what a view is taken of are from elsewhere, and only those may be taken."""
    places = (one.places for one in origins.of(call.first))
    return any(one is not None and not one.whole for one in places)


def elements_of(axes: Axes, of_tokens: set[BatchAxis]) -> tuple[int, np.ndarray] | None:
    """(size of the batch, the element to which each attention of the Axes belongs, NaN for one of which that
    is not known); None where nothing is known.

    The batch is an axis of what the model was given that does not run along tokens; one that tells the
    attentions apart goes before one that all share, and the first axis before the second. `of_tokens` are
    second axes that ran along tokens before, to which those of this attention are added: the next tokens of
    decoding are all made of one entry of theirs.
    """
    event = axes.event
    found: dict[BatchAxis, list[np.ndarray]] = {}
    lost = set()
    for name, letters in (("q", event.a), ("k", event.b)):
        for strand in event.strands[name]:
            if not isinstance(strand.source, BatchAxis):
                continue
            if strand.places is None:
                lost.add(strand.source)
                continue
            if strand.source.axis == 1 and _runs_along_tokens(axes, letters, strand.places):
                of_tokens.add(strand.source)
            each = _of_each(axes, letters, strand.places)
            found.setdefault(strand.source, []).append(np.array([np.nan]) if each is None else each)
    together = {s: _of_both(*each) for s, each in found.items() if s not in lost | of_tokens}
    told = {source: each for source, each in together.items() if not np.isnan(each).all()}
    if not told:
        return None
    source = min(told, key=lambda one: (np.nanmin(told[one]) == np.nanmax(told[one]), one.axis, -one.size))
    return source.size, told[source]


def are_copies(axes: Axes, numbers: np.ndarray) -> bool:
    """Whether several of the attentions have queries of the same tokens, which run along the second axis."""
    for strand in axes.event.strands["q"]:
        if isinstance(strand.source, BatchAxis) and strand.source.axis == 1 and strand.places is not None:
            each = _of_each(axes, axes.event.a, strand.places, along_tokens=True)
            if each is not None:
                at = np.broadcast_to(each, axes.elements)[numbers]
                return len(np.unique(at)) < len(at)
    return False


def _runs_along_tokens(axes: Axes, letters: str, places: Places) -> bool:
    along = dict(zip(letters, places.along, strict=True))
    return any(
        _moves(along[letter]) and len(np.unique(own.batch)) == 1
        for letter, own in axes.digits.items()
        if letter in along
    )


def _of_both(one: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """The element of each attention, by its queries and by its keys. Where an element has attentions of which
    both tell, as of the copies of a text with and without a picture, the others are not of it."""
    if other is None:
        return one
    either, both = np.where(np.isnan(one), other, one), np.where(np.isnan(one + other), np.nan, one)
    known = np.isin(either, both[~np.isnan(both)])
    return np.where(known, both, either)


def _of_each(axes: Axes, letters: str, places: Places, along_tokens: bool = False) -> np.ndarray | None:
    """The element of each attention, as `places` have it of an operand; for tokens, that of its first. None
    if tokens or heads of one attention are of several."""
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
        if (least < most).any() and not along_tokens:
            return None
        total = total + least.reshape([-1 if m == n else 1 for m in range(len(axes.digits))])
    return total.reshape(-1)


def _kept(places: Places, call: TorchCall, shape: tuple[int, ...]) -> Places | None:
    """After a function that takes entries along some axes together, or pairs tensors entry by entry. None if
    it takes elements together."""
    own, dims = list(places.along), call.argument(1, "dim")
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


def _is_along(places: Places, call: TorchCall) -> bool:
    """Whether a function moves entries along an axis of the elements."""
    moved = call.argument(ALONG[call.name], "dim", -1) if call.name in ALONG else None
    return moved is not None and bool(places.along) and _moves(places.along[moved])


def _both(one: Places | None, other: Places | None) -> Places | None:
    """What two Places of one tensor say together; None if they contradict each other, or one says nothing.

    Along one axis each may know entries that the other does not.
    """
    if one is other:
        return one
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
