"""How a function of torch passes on the strands of its arguments to its results (see `origins`)."""

import contextlib
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import torch

from .entry_places import Places, joined
from .origins import ActivationProduct, Change, Linear, Origins, Strand, to_linears
from .tensors import Held, Keeper, TorchCall, Unwatchable, coarseness, number_of, tensors_in, type_name

VIEW_CALLS = {
    "view", "reshape", "transpose", "permute", "movedim", "T", "mT", "H", "mH", "t", "adjoint", "flatten",
    "unflatten", "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to", "view_as", "reshape_as",
    "getitem", "select", "narrow", "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit",
    "dsplit",
    "unbind", "unsafe_chunk", "unsafe_split", "diagonal", "unfold", "as_strided", "ravel", "atleast_2d",
    "atleast_3d", "swapdims", "slice",
    # These copy entries, too.
    "roll", "flip", "index_select", "repeat_interleave", "repeat", "tile",
}  # fmt: skip
# The same numbers, if in another type or place. What was masked may become another large number.
SAME = {
    "contiguous", "clone", "detach", "to", "float", "double", "half", "bfloat16", "type", "type_as", "cpu",
    "cuda", "data", "alias", "nan_to_num", "requires_grad", "positive", "identity", "_to_copy", "to_copy",
    "lift_fresh",
    "pos", "real", "resolve_conj", "resolve_neg",
}  # fmt: skip
DROPOUTS = {"dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"}
# Of these only shape and type are taken.
FRESH = {
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros", "new_ones",
    "new_full", "new_empty", "new_tensor", "arange", "bernoulli", "argmax", "argsort",
}  # fmt: skip


ADDED_TO_PART = "add of a part"
# What a view may raise that is not what it seems.
NO_VIEW = (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the tensors of a run: where they came from, and the numbers of those that are held."""

    origins: Origins
    keeper: Keeper

    def value(self, value: Any) -> Held | float:
        """An operand as a number, or as a tensor that is held. Raises Unwatchable."""
        number = None if isinstance(value, torch.Tensor) and value.dim() > 0 else number_of(value)
        if number is None and isinstance(value, np.ndarray):
            return self.keeper.hold(torch.from_numpy(value))
        return self.keeper.hold(value) if number is None else number


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores that a call takes, by their strand, and their `places` in its result. `first`: whether they are
    its first argument."""

    strand: Strand
    places: Places | None
    first: bool


def _is_scores(strand: Strand) -> bool:
    return isinstance(strand.source, ActivationProduct)


def follow(known: Known, call: TorchCall, result: Any) -> None:
    """Gives the results of a call the strands that follow from those of its arguments."""
    origins, args = known.origins, call.args
    if call.name in FRESH:
        return
    if call.name in VIEW_CALLS:
        follow_view(origins, call, result)
        return
    if call.name == "setitem":
        part = args[2] if len(args) > 2 else None
        follow_part(origins, args[0], part, "setitem", region_of(args[0], args[1]))
        return
    for one in result if isinstance(result, (tuple, list)) else (result,):
        if not isinstance(one, torch.Tensor):
            continue
        if not (one.is_floating_point() or one.is_complex()):
            origins.forget(one)
            continue
        origins.set(one, _strands(known, call, one))
        if call.known.in_place and one._base is not None:
            follow_part(origins, one._base, one, call.name, _region_of_view(one))


def follow_view(origins: Origins, call: TorchCall, result: Any) -> None:
    """After a function that takes entries of one tensor and changes none."""
    tensor, results = call.first, tensors_in(result)
    found: list[list[Strand]] = [[] for _ in results]
    for strand in origins.of(tensor):
        moved: list[Places | None] = [None] * len(results)
        if strand.places is not None:
            with contextlib.suppress(*NO_VIEW):
                moved = strand.places.through(call.function, call.args, call.kwargs, tensor)
        for one, places, own in zip(results, moved, found, strict=False):
            fits = places is not None and places.own_shape == tuple(one.shape)
            own.append(replace(strand, places=places if fits else None))
    for one, own in zip(results, found, strict=True):
        origins.set(one, own)


def follow_part(origins: Origins, whole: torch.Tensor, part: Any, name: str, region: Places | None) -> None:
    """The strands of a tensor of which a part was overwritten. `region` has the places of that part; None:
    unknown.

    Strands of scores of which a part was overwritten are no longer known.
    """
    strands = []
    if isinstance(part, torch.Tensor) and part._base is whole and name == "setitem":
        there = _region_of_view(part)
        if region is not None and there is not None and there.same(region):
            return  # Python's x[…] += y, of which the sum was seen before
    both = [(False, one) for one in origins.of(whole)] + [(True, one) for one in origins.of(part)]
    for own, strand in both:
        places = None
        of_scores = _is_scores(strand)
        if region is not None and strand.places is not None and not of_scores:
            places = strand.places.written_into(region) if own else strand.places.without(region)
        if places is None:
            added = _added_to_part(strand, origins.of(part), region) if of_scores and not own else None
            strands.append(added or strand.then(Change(f"{name} of a part" if of_scores else name), None))
        elif not all(np.isnan(one).all() for one in places.along[:1]):
            strands.append(replace(strand, places=places))
    origins.set(whole, strands)


def _added_to_part(scores: Strand, part: Sequence[Strand], region: Places | None) -> Strand | None:
    """Scores to a part of which something was added, as to one head; None for any other change."""
    if region is None or scores.places is None or not scores.places.identity:
        return None
    for one in part:
        last = one.steps[-1] if one.steps else None
        if one.source is not scores.source or last is None or last.kind != "plus":
            continue
        if one.steps[:-1] != scores.steps or one.places is None or not one.places.same(region):
            continue
        value, times = last.value
        value = value.tensor if isinstance(value, Held) else torch.tensor(value)
        before = scores.steps[-1] if scores.steps and scores.steps[-1].name == ADDED_TO_PART else None
        whole = torch.zeros(scores.places.own_shape) if before is None else before.value[0].tensor.clone()
        at = region.start + reduce(np.add.outer, region.along)
        whole.view(-1)[torch.from_numpy(at.astype(np.int64))] += (times * value).to(whole)
        made = last.made or (before is not None and before.made)
        step = Change(ADDED_TO_PART, "plus", (Held(whole), 1.0), places=scores.places, made=made)
        steps = scores.steps if before is None else scores.steps[:-1]
        return Strand(scores.source, scores.places, scores.factor, (*steps, step))
    return None


def region_of(whole: torch.Tensor, key: Any) -> Places | None:
    """The part whole[key] of a tensor, where that is a view."""
    try:
        return Places.of(whole.shape).through(operator.getitem, (whole, key), {}, whole)[0]
    except NO_VIEW:
        return None


def _region_of_view(view: torch.Tensor) -> Places | None:
    """The part of its base that a view is."""
    base = view._base
    if not base.is_contiguous():
        return None
    probe = torch.empty(base.shape, device="meta")
    offset = view.storage_offset() - base.storage_offset()
    return Places.of(base.shape).viewed(probe.as_strided(view.shape, view.stride(), offset))


def _strands(known: Known, call: TorchCall, result: torch.Tensor) -> Iterable[Strand]:
    """The strands of one result of a function that is no view."""
    name, shape = call.name, tuple(result.shape)
    if name in REARRANGED:
        return REARRANGED[name](known, call, shape)
    if name in DROPOUTS and not _drops(call):
        name = "identity"
    found = []
    tensors = call.tensors
    if name == "copy":
        name, tensors = "identity", tensors[1:]
    if name in SAME:  # of another tensor, as of `type_as`, only the type is taken
        tensors = tensors[:1]
    for at, tensor in enumerate(tensors):
        for strand in known.origins.of(tensor):
            if tensor.numel() == 1 < result.numel() and not _is_scores(strand):
                continue  # a number that all entries share, as the norm of weights, tells of none of them
            places = None if strand.places is None else strand.places.broadcast(shape)
            step: Change | Strand | None
            factor = 1.0
            if name in SAME:
                step = None
            elif _is_scores(strand):
                step = _step(known, call, name, Scores(strand, places, tensor is call.first))
            else:
                step, factor = _simple_step(call, at)
            if isinstance(step, Strand):
                found.append(step)
                continue
            steps = strand.steps
            if _is_scores(strand) and _rounds(tensor, result):  # before the step
                steps = (*steps, Change(type_name(result.dtype), "rounded", result.dtype, places=places))
            steps = steps if step is None else (*steps, step)
            found.append(Strand(strand.source, places, strand.factor * factor, steps))
    return found


def _rounds(tensor: torch.Tensor, result: torch.Tensor) -> bool:
    """Whether a result has fewer digits than the tensor that it was made of."""
    both = result.is_floating_point() and tensor.is_floating_point()
    return both and coarseness(result.dtype) > coarseness(tensor.dtype)


def _drops(call: TorchCall) -> bool:
    return bool(call.argument(1, "p", 0.5)) and call.argument(2, "training", True) is not False


def _simple_step(call: TorchCall, at: int) -> tuple[Change | None, float]:
    """(the change that a step makes, its factor). A constant factor is no change: None and the factor."""
    name = call.name
    if name == "neg":
        return None, -1.0
    if name in ("mul", "div"):
        other = call.argument(1, "other")
        number = number_of(other) if at == 0 else number_of(call.args[0]) if name == "mul" else None
        if number is not None and (name == "mul" or number) and not call.kwargs.get("rounding_mode"):
            return None, number if name == "mul" else 1 / number
    return Change(name), 1.0


def _step(known: Known, call: TorchCall, name: str, scores: Scores) -> Change | Strand:
    """The step on a strand of scores, as exactly as it is known; or the Strand itself, changed."""
    found = None
    if name in _KNOWN:
        with contextlib.suppress(Unwatchable):
            found = _KNOWN[name](known, call, scores)
    return found if isinstance(found, Strand) else replace(found or Change(name), places=scores.places)


def _beside_scores(call: TorchCall, scores: Scores) -> Any:
    """The other operand of a call that takes two."""
    return call.argument(1, "other") if scores.first else call.args[0]


# What a function does to scores: a change, without its places; or their strand itself, changed; or None for
# something that is not understood.
Rule = Callable[[Known, TorchCall, Scores], Change | Strand | None]


def _over(known: Known, call: TorchCall, scores: Scores) -> Change | Strand | None:
    other = call.argument(1, "other")
    if not scores.first or call.argument(2, "rounding_mode"):
        return None
    return _by_hand(known, scores, other) or Change("div", "over", known.value(other))


def _by_hand(known: Known, scores: Scores, total: Any) -> Strand | None:
    """exp(scores) over their sum is their softmax; what is added to the sum is exp of a sink. Both may be
    rounded on their way."""
    strand = scores.strand
    steps, rounded = _without_rounding(strand.steps)
    if not steps or steps[-1].kind != "exp":
        return None
    for other in known.origins.of(total):
        theirs, too = _without_rounding(other.steps)
        sink = theirs[-1] if theirs and theirs[-1].kind == "plus" else None
        theirs = theirs[: None if sink is None else -1]
        if other.source is not strand.source or [one.kind for one in theirs[-2:]] != ["exp", "sum"]:
            continue
        summed = theirs[-1]
        beside = sink and _sink_beside(sink, summed.value[0], scores)
        if theirs[:-2] == steps[:-1] and (beside or not sink):
            softmax = Change("exp / sum", "softmax", summed.value, places=scores.places)
            steps = (*steps[:-1], *([beside] if beside else ()), softmax, *dict.fromkeys(rounded + too))
            return Strand(strand.source, scores.places, strand.factor, steps)
    return None


def _sink_beside(plus: Change, axis: int, scores: Scores) -> Change | None:
    """The step that puts the logarithm of what is added to the sum beside the scores; None if it has none."""
    value, times = plus.value
    value = times * (value.tensor if isinstance(value, Held) else torch.full((1,) * (axis + 1), value))
    beside = Held(value.log()), axis
    return Change("exp / sum", "cat", beside, places=scores.places) if (value > 0).all() else None


def _without_rounding(steps: tuple[Change, ...]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """(the other steps, those that round)."""
    rounded = tuple(step for step in steps if step.kind == "rounded")
    return tuple(step for step in steps if step.kind != "rounded"), rounded


def _plus(known: Known, call: TorchCall, scores: Scores) -> Change | None:
    alpha = float(call.kwargs.get("alpha", 1))
    if not scores.first and alpha != 1:
        return None
    return _added(known, scores, _beside_scores(call, scores), "add", alpha)


def _added(known: Known, scores: Scores, other: Any, name: str, times: float) -> Change:
    return Change(name, "plus", (known.value(other), times), made=_is_made(known.origins, scores, other))


def _is_made(origins: Origins, scores: Scores, other: Any) -> bool:
    """Whether what is added to scores is itself a product, or made of the maps of their queries and keys."""
    product = scores.strand.source
    maps = {one.source for one in to_linears((*product.left_strands, *product.right_strands))}
    return any(
        isinstance(one.source, ActivationProduct)
        or one.source in maps
        or (isinstance(one.source, Linear) and any(before.source in maps for before in one.source.made_of))
        for one in origins.of(other)
    )


def _minus(known: Known, call: TorchCall, scores: Scores) -> Change | Strand | None:
    other, strand, places = _beside_scores(call, scores), scores.strand, scores.places
    if call.kwargs.get("alpha", 1) != 1:
        return None
    if scores.first:
        return _added(known, scores, other, "sub", -1.0)
    turned = Change("sub", "times", -1.0, places=places)
    plus = replace(_added(known, scores, other, "sub", 1.0), places=places)
    return Strand(strand.source, places, strand.factor, (*strand.steps, turned, plus))


def _fill(known: Known, call: TorchCall, scores: Scores) -> Change | None:
    mask, value = call.argument(1, "mask"), call.argument(2, "value")
    if not scores.first:
        return None
    return Change("masked_fill", "fill", known.value(value), known.keeper.hold(mask))


def _where(known: Known, call: TorchCall, scores: Scores) -> Change | None:
    condition, no = call.argument(0, "condition"), call.argument(2, "other")
    yes = call.kwargs.get("self", call.argument(1, "input"))
    if not isinstance(condition, torch.Tensor) or condition.dtype != torch.bool:
        condition, yes = call.argument(1, "condition"), call.args[0]  # scores.where(condition, other)
    of_scores = [any(s.source is scores.strand.source for s in known.origins.of(one)) for one in (yes, no)]
    if all(of_scores):
        return None
    kind, value = ("keep", no) if of_scores[0] else ("fill", yes)
    return Change("where", kind, known.value(value), known.keeper.hold(condition))


def _between(known: Known, call: TorchCall, scores: Scores) -> Change | None:
    number = number_of(call.argument(1, "min"))
    known_limit = call.argument(2, "max") is None and number is not None
    return Change("clamp", "between", number) if known_limit else None


def _maximum(known: Known, call: TorchCall, scores: Scores) -> Change | None:
    other = _beside_scores(call, scores)
    number = number_of(other) if isinstance(other, torch.Tensor) else None
    return Change("max", "between" if number is not None else "", number)


def _soft(known: Known, call: TorchCall, scores: Scores) -> Change:
    axis, places = call.argument(1, "dim"), scores.places
    there = isinstance(axis, int) and scores.first
    return Change("softmax", "softmax", (axis % len(places.along),) if there and places else ())


def _total(known: Known, call: TorchCall, scores: Scores) -> Strand:
    strand, axis = scores.strand, call.argument(1, "dim")
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    step = Change("sum")
    if call.argument(2, "keepdim", False) and strand.places and all(isinstance(one, int) for one in axes):
        step = Change("sum", "sum", tuple(one % len(strand.places.along) for one in axes))
    return Strand(strand.source, None, strand.factor, (*strand.steps, step))


_KNOWN: dict[str, Rule] = {
    "mul": lambda known, call, scores: Change("mul", "times", known.value(_beside_scores(call, scores))),
    "div": _over, "add": _plus, "sub": _minus, "masked_fill": _fill, "where": _where,
    "rsub": lambda known, call, scores: _minus(known, call, replace(scores, first=not scores.first)),
    "clamp": _between, "clamp_min": _between, "maximum": _maximum, "max": _maximum,
    "softmax": _soft, "sum": _total,
    "tanh": lambda known, call, scores: Change("tanh", "tanh"),
    "exp": lambda known, call, scores: Change("exp", "exp"),
    "neg": lambda known, call, scores: Change("neg", "times", -1.0),
}  # fmt: skip


def _cat(known: Known, call: TorchCall, shape: tuple[int, ...]) -> list[Strand]:
    tensors = [t for t in call.argument(0, "tensors") if isinstance(t, torch.Tensor) and t.numel()]
    axis = call.argument(1, "dim", 0)
    return _put_together(known, tensors, axis % len(shape), [t.shape[axis] for t in tensors])


def _stack(known: Known, call: TorchCall, shape: tuple[int, ...]) -> list[Strand]:
    tensors = list(call.argument(0, "tensors"))
    axis = call.argument(1, "dim", 0) % len(shape)
    return _put_together(known, tensors, axis, [1] * len(tensors), new_axis=True)


def _put_together(
    known: Known, tensors: list[torch.Tensor], axis: int, sizes: Sequence[int], new_axis: bool = False
) -> list[Strand]:
    origins = known.origins
    found: list[Strand] = []
    for n, tensor in enumerate(tensors):
        for strand in origins.of(tensor):
            if any(one.source is strand.source and one.steps == strand.steps for one in found):
                continue
            parts = _parts(origins, strand, n, tensors)
            if new_axis:
                parts = [part and _with_axis(part, axis) for part in parts]
            places = None if strand.places is None else joined(parts, sizes, axis)
            steps = strand.steps
            if _is_scores(strand):
                steps = (*steps, _beside(known.keeper, tensors, n, axis, strand))
            found.append(Strand(strand.source, places, strand.factor, steps))
    return found


def _like(origins: Origins, strand: Strand, tensor: torch.Tensor) -> list[Strand]:
    """The strands of a tensor with the source of another one, which went through the same steps."""
    names = [step.name for step in strand.steps]
    return [
        one
        for one in origins.of(tensor)
        if one.source is strand.source
        and one.factor == strand.factor
        and [step.name for step in one.steps] == names
    ]


def _parts(origins: Origins, strand: Strand, n: int, tensors: list[torch.Tensor]) -> list[Places | None]:
    """The places of each tensor's entries in the source of a strand, which is one of tensor `n`; None for a
    tensor that did not go through the strand's steps.

    A tensor may lead to the source in several ways, as both halves of a rotated vector do. Then the way of
    the same number counts, or else one that leads to other places than those of the tensors before.
    """
    at = _like(origins, strand, tensors[n]).index(strand)
    parts: list[Places | None] = [None] * len(tensors)
    parts[n] = strand.places
    for other, tensor in enumerate(tensors):
        ways = [one.places for one in _like(origins, strand, tensor) if one.places is not None]
        if other == n or not ways:
            continue
        known = [part for part in parts if part is not None] if len(ways) > 1 else []
        ways = ways[at : at + 1] + ways
        fresh = [way for way in ways if not any(way.same(part) for part in known)]
        parts[other] = (fresh or ways)[0]
    return parts


def _with_axis(places: Places, axis: int) -> Places:
    return Places(places.shape, (*places.along[:axis], np.zeros(1), *places.along[axis:]), places.start)


def _beside(keeper: Keeper, tensors: list[torch.Tensor], n: int, axis: int, strand: Strand) -> Change:
    """The step that puts one tensor beside scores, before or after them, such as a column of sinks."""
    if len(tensors) == 2 and strand.places is not None:
        with contextlib.suppress(Unwatchable):
            return Change("cat", "cat", (keeper.hold(tensors[1 - n]), axis), places=strand.places)
    return Change("cat")


Rearrangement = Callable[[Known, TorchCall, tuple[int, ...]], Iterable[Strand]]


def _each(change: Callable[[Places, TorchCall], Places | None]) -> Rearrangement:
    """A rearrangement of one tensor. A function gives the new Places from the old; None where it cannot
    tell."""

    def strands(known: Known, call: TorchCall, shape: tuple[int, ...]) -> list[Strand]:
        found = []
        for strand in known.origins.of(call.first):
            places = None if strand.places is None else change(strand.places, call)
            fits = places is not None and places.own_shape == shape
            found.append(replace(strand, places=places if fits else None))
        return found

    return strands


def _padded(places: Places, call: TorchCall) -> Places | None:
    widths, mode = call.argument(1, "pad"), call.argument(2, "mode", "constant")
    if mode != "constant" or any(width < 0 for width in widths):
        return None
    for n in range(len(widths) // 2):
        axis = len(places.along) - 1 - n
        along = np.pad(places.along[axis], (widths[2 * n], widths[2 * n + 1]), constant_values=np.nan)
        places = places.replaced(axis, along)
    return places


def _pad(known: Known, call: TorchCall, shape: tuple[int, ...]) -> list[Strand]:
    """Numbers are put beside scores: one column of them is a sink, of the value of the padding."""
    widths, value = call.argument(1, "pad"), call.argument(3, "value") or 0.0
    found = []
    for strand, before in zip(_each(_padded)(known, call, shape), known.origins.of(call.first), strict=True):
        step = Change("pad", places=before.places)
        if sum(widths) == max(widths[:2]) == 1:
            beside = Held(torch.full((1,) * len(shape), float(value))), len(shape) - 1
            step = replace(step, kind="cat", value=beside)
        found.append(strand.then(step, strand.places) if _is_scores(strand) else strand)
    return found


def _as_complex(places: Places, call: TorchCall) -> Places:
    """Pairs become one number; the tensor's last axis is remembered by its first entry alone."""
    return Places(places.shape, places.along[:-1], places.start + places.along[-1][0])


def _as_real(places: Places, call: TorchCall) -> Places:
    return Places(places.shape, (*places.along, np.array([0.0, 1.0])), places.start)


def _into_cache(known: Known, call: TorchCall, shape: tuple[int, ...]) -> list[Strand]:
    """The strands after cache.index_copy_(dim, index, new): the new entries stand at `index`, the others are
    older."""
    axis, index = call.argument(1, "dim"), call.argument(2, "index")
    found = []
    for strand in known.origins.of(call.argument(3, "source")):
        if strand.places is None:
            continue
        along = np.full(shape[axis], np.nan)
        along[np.asarray(index.tolist())] = strand.places.along[axis]
        found.append(Strand(strand.source, strand.places.replaced(axis, along), strand.factor, strand.steps))
    return found


REARRANGED: dict[str, Rearrangement] = {
    "cat": _cat, "stack": _stack, "pad": _pad, "view_as_complex": _each(_as_complex),
    "view_as_real": _each(_as_real), "index_copy": _into_cache,
}  # fmt: skip
