"""What a function of torch makes of the strands of its arguments."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from .origins import ActivationProduct, Change, Origins, Strand
from .places import Places, joined
from .tensors import Keeper, TorchFunction, Unwatchable, argument, number_of

VIEWS = {
    "view", "reshape", "transpose", "permute", "movedim", "T", "mT", "H", "mH", "t", "adjoint", "flatten",
    "unflatten", "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to", "view_as", "reshape_as",
    "getitem", "select", "narrow", "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit",
    "dsplit",
    "unbind", "unsafe_chunk", "unsafe_split", "diagonal", "unfold", "as_strided", "ravel", "atleast_2d",
    "atleast_3d", "swapdims", "slice",
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


def follow(
    origins: Origins,
    keeper: Keeper,
    call: Callable,
    function: TorchFunction,
    args: tuple,
    kwargs: dict,
    result: Any,
) -> None:
    """Gives the results of a call the strands that its arguments lead them to."""
    if function.name in FRESH:
        return
    if function.name in VIEWS:
        _follow_view(origins, call, function, args, kwargs, result)
        return
    if function.name == "setitem":
        _follow_part(
            origins, args[0], args[2] if len(args) > 2 else None, "setitem", _region(args[0], args[1])
        )
        return
    results = result if isinstance(result, (tuple, list)) else (result,)
    for one in results:
        if not isinstance(one, torch.Tensor):
            continue
        if not (one.is_floating_point() or one.is_complex()):
            origins.forget(one)
            continue
        origins.set(one, _strands(origins, keeper, function, args, kwargs, one))
        if function.in_place and one._base is not None:
            _follow_part(origins, one._base, one, function.name, _region_of_view(one))


def _follow_view(origins, call, function, args, kwargs, result):
    tensor = args[0] if args else next(iter(kwargs.values()))
    results = result if isinstance(result, (tuple, list)) else [result]
    results = [one for one in results if isinstance(one, torch.Tensor)]
    found = [[] for _ in results]
    for strand in origins.of(tensor):
        moved = [None] * len(results)
        if strand.places is not None:
            try:
                moved = strand.places.through(call, args, kwargs, tensor)
            except (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError):
                pass
            if function.name == "getitem" and moved == [None]:
                moved = [_indexed(strand.places, args[1])]
        for one, places, own in zip(results, moved, found, strict=False):
            fits = places is not None and places.own_shape == tuple(one.shape)
            own.append(replace(strand, places=places if fits else None))
    for one, own in zip(results, found, strict=True):
        origins.set(one, own)


def _indexed(places: Places, key: Any) -> Places | None:
    """After tensor[:, …, list of numbers], which copies. None for any other key."""
    key = key if isinstance(key, tuple) else (key,)
    before = [n for n, k in enumerate(key) if k is Ellipsis]
    skipped = len(places.along) - len(key) + 1 if before else 0
    chosen = []
    for n, k in enumerate(key):
        if isinstance(k, (torch.Tensor, list, np.ndarray)):
            chosen.append((n + (skipped - 1 if before and n > before[0] else 0), k))
        elif k is not Ellipsis and k != slice(None):
            return None
    if len(chosen) != 1:
        return None
    ((axis, numbers),) = chosen
    numbers = np.asarray(numbers.tolist() if isinstance(numbers, torch.Tensor) else numbers)
    if numbers.ndim != 1 or not len(numbers):
        return None
    return places.replaced(axis, places.along[axis][numbers])


def _follow_part(origins, whole, part, name, region):
    """Where a part of a tensor was overwritten: what was written stands in the `region`, None for unknown.

    The way of scores of which a part was overwritten is known no longer.
    """
    strands = []
    for own, strand in [(False, one) for one in origins.of(whole)] + [
        (True, one) for one in origins.of(part)
    ]:
        known = (
            region is not None
            and strand.places is not None
            and not isinstance(strand.source, ActivationProduct)
        )
        if not known:
            strands.append(strand.then(Change(name), None))
            continue
        places = strand.places.written_into(region) if own else strand.places.without(region)
        if places is None:
            strands.append(strand.then(Change(name), None))
        elif not all(np.isnan(one).all() for one in places.along[:1]):
            strands.append(replace(strand, places=places))
    origins.set(whole, strands)


def _region(whole: torch.Tensor, key: Any) -> Places | None:
    """The part whole[key] of a tensor, where that is a view."""
    try:
        return Places.of(whole.shape).through(operator.getitem, (whole, key), {}, whole)[0]
    except (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError):
        return None


def _region_of_view(view: torch.Tensor) -> Places | None:
    """The part of its base that a view is."""
    base = view._base
    if not base.is_contiguous():
        return None
    probe = torch.empty(base.shape, device="meta")
    offset = view.storage_offset() - base.storage_offset()
    return Places.of(base.shape).viewed(probe.as_strided(view.shape, view.stride(), offset))


def _strands(origins, keeper, function, args, kwargs, result) -> Iterable[Strand]:
    """The strands of one result of a function that is no view."""
    name, shape = function.name, tuple(result.shape)
    if name in _REARRANGED:
        return _REARRANGED[name](origins, keeper, args, kwargs, shape)
    if name in DROPOUTS and not _drops(args, kwargs):
        name = "identity"
    found = []
    tensors = [*_flat(args), *_flat(kwargs.values())]
    if name == "copy":
        name, tensors = "identity", tensors[1:]
    for at, tensor in enumerate(tensors):
        for strand in origins.of(tensor):
            places = None if strand.places is None else strand.places.broadcast(shape)
            if name in SAME:
                step, factor = None, 1.0
            elif isinstance(strand.source, ActivationProduct):
                step, factor = _step(keeper, origins, name, args, kwargs, tensor, strand, shape), 1.0
            else:
                step, factor = _simple_step(function.name, args, kwargs, at)
            if isinstance(step, Strand):
                found.append(step)
                continue
            steps = strand.steps if step is None else (*strand.steps, step)
            found.append(Strand(strand.source, places, strand.factor * factor, steps))
    return found


def _flat(values) -> list:
    found = []
    for value in values:
        found += _flat(value) if isinstance(value, (tuple, list)) else [value]
    return [one for one in found if isinstance(one, torch.Tensor)]


def _drops(args, kwargs) -> bool:
    p, training = argument(args, kwargs, 1, "p", 0.5), argument(args, kwargs, 2, "training", True)
    return bool(p) and training is not False


def _simple_step(name, args, kwargs, at) -> tuple[Change | None, float]:
    """The step on a strand of which only constant factors are kept apart."""
    if name in ("mul", "div", "neg"):
        if name == "neg":
            return None, -1.0
        other = argument(args, kwargs, 1, "other")
        number = number_of(other) if at == 0 else number_of(args[0]) if name == "mul" else None
        if number is not None and (name == "mul" or number) and not kwargs.get("rounding_mode"):
            return None, number if name == "mul" else 1 / number
    return Change(name), 1.0


def _step(keeper, origins, name, args, kwargs, tensor, strand, shape):
    """The step on a strand of scores, as exactly as is known. None for none, a Strand for a changed one."""
    places = None if strand.places is None else strand.places.broadcast(shape)
    first = args[0] if args else next(iter(kwargs.values()), None)
    try:
        if name in _KNOWN:
            return _KNOWN[name](keeper, origins, args, kwargs, tensor is first, strand, places)
    except Unwatchable:
        pass
    return Change(name, places=places)


def _value(keeper, value):
    """An operand as a number, or held."""
    number = None if isinstance(value, torch.Tensor) and value.dim() > 0 else number_of(value)
    if number is None and isinstance(value, np.ndarray):
        return keeper.hold(torch.from_numpy(value))
    return keeper.hold(value) if number is None else number


def _times(keeper, origins, args, kwargs, is_first, strand, places):
    other = argument(args, kwargs, 1, "other") if is_first else args[0]
    return Change("mul", "times", _value(keeper, other), places=places)


def _over(keeper, origins, args, kwargs, is_first, strand, places):
    other = argument(args, kwargs, 1, "other")
    if not is_first or argument(args, kwargs, 2, "rounding_mode"):
        return Change("div", places=places)
    softmax = _by_hand(origins, strand, other, places)
    return softmax or Change("div", "over", _value(keeper, other), places=places)


def _by_hand(origins, strand, total, places):
    """exp(scores) over their sum is their softmax."""
    if not strand.steps or strand.steps[-1].kind != "exp":
        return None
    for other in origins.of(total):
        if other.source is strand.source and len(other.steps) == len(strand.steps) + 1:
            summed, same = other.steps[-1], other.steps[:-2] == strand.steps[:-1]
            if summed.kind == "sum" and other.steps[-2].kind == "exp" and same:
                step = Change("exp / sum", "softmax", summed.value, places=places)
                return Strand(strand.source, places, strand.factor, (*strand.steps[:-1], step))
    return None


def _plus(keeper, origins, args, kwargs, is_first, strand, places):
    other = argument(args, kwargs, 1, "other") if is_first else args[0]
    alpha = float(kwargs.get("alpha", 1))
    if not is_first and alpha != 1:
        return Change("add", places=places)
    value = _value(keeper, other)
    return Change("add", "plus", (value, alpha), places=places)


def _minus(keeper, origins, args, kwargs, is_first, strand, places):
    other = argument(args, kwargs, 1, "other") if is_first else args[0]
    if kwargs.get("alpha", 1) != 1:
        return Change("sub", places=places)
    if is_first:
        return Change("sub", "plus", (_value(keeper, other), -1.0), places=places)
    turned = Change("sub", "times", -1.0, places=places)
    plus = Change("sub", "plus", (_value(keeper, other), 1.0), places=places)
    return Strand(strand.source, places, strand.factor, (*strand.steps, turned, plus))


def _fill(keeper, origins, args, kwargs, is_first, strand, places):
    mask, value = argument(args, kwargs, 1, "mask"), argument(args, kwargs, 2, "value")
    if not is_first:
        return Change("masked_fill", places=places)
    return Change("masked_fill", "fill", _value(keeper, value), keeper.hold(mask), places)


def _where(keeper, origins, args, kwargs, is_first, strand, places):
    condition = argument(args, kwargs, 0, "condition")
    yes, no = argument(args, kwargs, 1, "input"), argument(args, kwargs, 2, "other")
    if "self" in kwargs:
        yes = kwargs["self"]
    if (
        not isinstance(condition, torch.Tensor) or condition.dtype != torch.bool
    ):  # scores.where(condition, other)
        condition, yes, no = (
            argument(args, kwargs, 1, "condition"),
            args[0],
            argument(args, kwargs, 2, "other"),
        )
    kept = any(one.source is strand.source for one in origins.of(yes))
    both = kept and any(one.source is strand.source for one in origins.of(no))
    if both:
        return Change("where", places=places)
    kind, value = ("keep", no) if kept else ("fill", yes)
    return Change("where", kind, _value(keeper, value), keeper.hold(condition), places)


def _between(keeper, origins, args, kwargs, is_first, strand, places):
    low, high = argument(args, kwargs, 1, "min"), argument(args, kwargs, 2, "max")
    number = number_of(low)
    if high is not None or number is None:
        return Change("clamp", places=places)
    return Change("clamp", "between", number, places=places)


def _maximum(keeper, origins, args, kwargs, is_first, strand, places):
    given = [one for one in (*args, *kwargs.values()) if isinstance(one, torch.Tensor)]
    if len(given) != 2:
        return Change("max", places=None)
    number = number_of(given[1] if is_first else given[0])
    return Change("max", "between" if number is not None else "", number, places=places)


def _soft(keeper, origins, args, kwargs, is_first, strand, places):
    axis = argument(args, kwargs, 1, "dim")
    known = isinstance(axis, int) and is_first and places is not None
    axes = (axis % len(places.along),) if known else ()
    return Change("softmax", "softmax", axes, places=places)


def _total(keeper, origins, args, kwargs, is_first, strand, places):
    axis, keep = argument(args, kwargs, 1, "dim"), argument(args, kwargs, 2, "keepdim", False)
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    if not keep or strand.places is None or not all(isinstance(one, int) for one in axes):
        return Strand(strand.source, None, strand.factor, (*strand.steps, Change("sum")))
    axes = tuple(one % len(strand.places.along) for one in axes)
    return Strand(strand.source, None, strand.factor, (*strand.steps, Change("sum", "sum", axes)))


_KNOWN = {
    "mul": _times, "div": _over, "add": _plus, "sub": _minus, "rsub": lambda k, o, a, kw, first, s, p:
    _minus(k, o, a, kw, not first, s, p), "masked_fill": _fill, "where": _where, "clamp": _between,
    "clamp_min": _between, "maximum": _maximum, "max": _maximum, "softmax": _soft, "sum": _total,
    "tanh": lambda k, o, a, kw, first, s, p: Change("tanh", "tanh", places=p),
    "exp": lambda k, o, a, kw, first, s, p: Change("exp", "exp", places=p),
    "neg": lambda k, o, a, kw, first, s, p: Change("neg", "times", -1.0, places=p),
}  # fmt: skip


def _cat(origins, keeper, args, kwargs, shape):
    tensors = [t for t in argument(args, kwargs, 0, "tensors") if isinstance(t, torch.Tensor) and t.numel()]
    axis = argument(args, kwargs, 1, "dim", 0)
    return _put_together(origins, keeper, tensors, axis % len(shape), [t.shape[axis] for t in tensors])


def _stack(origins, keeper, args, kwargs, shape):
    tensors = list(argument(args, kwargs, 0, "tensors"))
    axis = argument(args, kwargs, 1, "dim", 0) % len(shape)
    return _put_together(origins, keeper, tensors, axis, [1] * len(tensors), new_axis=True)


def _put_together(origins, keeper, tensors, axis, sizes, new_axis=False):
    found = []
    for n, tensor in enumerate(tensors):
        for strand in origins.of(tensor):
            if any(one.source is strand.source and one.steps == strand.steps for one in found):
                continue
            parts = [_part(origins, strand, one, axis, new_axis) for one in tensors]
            places = None if strand.places is None else joined(parts, sizes, axis)
            steps = strand.steps
            if isinstance(strand.source, ActivationProduct):
                steps = (*steps, _beside(keeper, tensors, n, axis, strand))
            found.append(Strand(strand.source, places, strand.factor, steps))
    return found


def _part(origins, strand, tensor, axis, new_axis):
    """The places of a tensor's entries in the source of a strand, where it was changed as that one."""
    for one in origins.of(tensor):
        if one.source is strand.source and one.factor == strand.factor and one.places is not None:
            if [step.name for step in one.steps] != [step.name for step in strand.steps]:
                continue
            if not new_axis:
                return one.places
            along = (*one.places.along[:axis], np.zeros(1), *one.places.along[axis:])
            return Places(one.places.shape, along, one.places.start)
    return None


def _beside(keeper, tensors, n, axis, strand):
    """The step that puts one tensor after scores, such as a column of sinks."""
    if len(tensors) != 2 or n != 0 or strand.places is None:
        return Change("cat")
    try:
        return Change("cat", "cat", (keeper.hold(tensors[1]), axis), places=strand.places)
    except Unwatchable:
        return Change("cat")


def _each(change: Callable, name: str = ""):
    """A rearrangement of one tensor by a function of its Places, which gives None where it cannot tell.

    `name` is that of the step where it puts numbers of its own among scores.
    """

    def strands(origins, keeper, args, kwargs, shape):
        found = []
        for strand in origins.of(args[0] if args else None):
            places = None if strand.places is None else change(strand.places, args, kwargs)
            fits = places is not None and places.own_shape == shape
            steps = (
                (*strand.steps, Change(name))
                if name and isinstance(strand.source, ActivationProduct)
                else strand.steps
            )
            found.append(replace(strand, places=places if fits else None, steps=steps))
        return found

    return strands


def _rolled(places, args, kwargs):
    shifts, axes = argument(args, kwargs, 1, "shifts"), argument(args, kwargs, 2, "dims")
    shifts, axes = ((one,) if isinstance(one, int) else one for one in (shifts, axes))
    for shift, axis in zip(shifts, axes or (), strict=False):
        places = places.replaced(axis, np.roll(places.along[axis], shift))
    return places if axes else None


def _flipped(places, args, kwargs):
    axes = args[1] if len(args) == 2 and not isinstance(args[1], int) else args[1:] or kwargs["dims"]
    for axis in axes:
        places = places.replaced(axis, places.along[axis][::-1])
    return places


def _chosen(places, args, kwargs):
    axis, index = argument(args, kwargs, 1, "dim"), argument(args, kwargs, 2, "index")
    return places.replaced(axis, places.along[axis][np.asarray(index.tolist()).reshape(-1)])


def _repeated_each(places, args, kwargs):
    times, axis = argument(args, kwargs, 1, "repeats"), argument(args, kwargs, 2, "dim")
    if not isinstance(times, int) or axis is None:
        return None
    return places.replaced(axis, np.repeat(places.along[axis], times))


def _repeated(places, args, kwargs):
    times = args[1] if len(args) == 2 and not isinstance(args[1], int) else args[1:]
    times = tuple(times) or tuple(kwargs.get("dims") or kwargs.get("repeats") or ())
    along = [np.zeros(1)] * (len(times) - len(places.along)) + list(places.along)
    times = (1,) * (len(along) - len(times)) + times
    return Places(places.shape, tuple(np.tile(a, n) for a, n in zip(along, times, strict=True)), places.start)


def _padded(places, args, kwargs):
    widths, mode = argument(args, kwargs, 1, "pad"), argument(args, kwargs, 2, "mode", "constant")
    if mode != "constant" or any(width < 0 for width in widths):
        return None
    for n in range(len(widths) // 2):
        axis = len(places.along) - 1 - n
        along = np.pad(places.along[axis], (widths[2 * n], widths[2 * n + 1]), constant_values=np.nan)
        places = places.replaced(axis, along)
    return places


def _as_complex(places, args, kwargs):
    """Pairs become one number; the tensor's last axis is remembered by its first entry alone."""
    return Places(places.shape, places.along[:-1], places.start + places.along[-1][0])


def _as_real(places, args, kwargs):
    return Places(places.shape, (*places.along, np.array([0.0, 1.0])), places.start)


def _into_cache(origins, keeper, args, kwargs, shape):
    """cache.index_copy_(dim, index, new): the new ones stand at `index`, the others are older."""
    axis, index = argument(args, kwargs, 1, "dim"), argument(args, kwargs, 2, "index")
    found = []
    for strand in origins.of(argument(args, kwargs, 3, "source")):
        if strand.places is None:
            continue
        along = np.full(shape[axis], np.nan)
        along[np.asarray(index.tolist())] = strand.places.along[axis]
        found.append(Strand(strand.source, strand.places.replaced(axis, along), strand.factor, strand.steps))
    return found


_REARRANGED = {
    "cat": _cat, "stack": _stack, "roll": _each(_rolled), "flip": _each(_flipped),
    "pad": _each(_padded, "pad"),
    "index_select": _each(_chosen), "repeat_interleave": _each(_repeated_each), "repeat": _each(_repeated),
    "tile": _each(_repeated), "view_as_complex": _each(_as_complex), "view_as_real": _each(_as_real),
    "index_copy": _into_cache,
}  # fmt: skip
