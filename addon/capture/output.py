"""Follows the result of an attention: through the map after its heads, into the residual stream."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from .entry_places import Places, pick
from .origins import Linear, Result, Strand
from .projections import chosen_rows, close, in_numpy, matrix, numpy_of

OUTPUT_EPSILONS = (1e-6, 1e-5, 1e-8, 1e-12, 1e-3, 0.0)  # that norms add to the mean square


@dataclass(eq=False)
class Output:
    """The linear map after the heads: weight [heads, width, outputs], bias [outputs] or None, y [tokens,
    outputs].

    `inputs` is how many numbers of a token the map takes, `y_index` where y stands in its output, an array
    [tokens, outputs] for each axis. `factors` of low rank: A [heads, width, rank] and B [rank, outputs].
    """

    inputs: int
    weight: np.ndarray
    bias: np.ndarray | None
    y: np.ndarray
    y_index: list[np.ndarray]
    factors: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(eq=False)
class Added:
    """What was added to the residual stream: `stream` + `value`, both [tokens, outputs].

    `kind`: "plain" (the output itself), "parallel" (with the results of other maps), or "" when the
    functions named in `steps` lie between.
    """

    stream: np.ndarray
    value: np.ndarray
    kind: str
    steps: tuple[str, ...] = ()


def results_in(strands: Sequence[Strand]) -> list[Strand]:
    """Those of the strands that lead to attentions, in the order of the features they make up."""
    found = [strand for strand in strands if isinstance(strand.source, Result)]
    return sorted(found, key=lambda one: _first_feature(one.places))


def output_of(linear: Linear, strand: Strand, entries: Sequence[np.ndarray]) -> Output | None:
    """The map that takes the result of an attention, by the strand of its input; None if it takes the result
    in another way.

    `entries` is where the attention's result stands, an array [heads, queries, width] for each axis. Its
    heads may be a part of what the map takes.
    """
    if not strand.exact or strand.factor != 1 or not linear.whole:
        return None
    at = strand.known_places.find(entries)
    if at is None:
        return None
    inputs = set(linear.inputs)
    if any(at[axis].shape[1] > 1 for axis in inputs):
        return None
    if any(at[axis].shape[0] > 1 or at[axis].shape[2] > 1 for axis in range(len(at)) if axis not in inputs):
        return None
    weight = matrix(linear)
    number = np.zeros((1, 1, 1), np.int64)
    for axis in sorted(inputs):
        number = number * linear.x.tensor.shape[axis] + at[axis]
    heads, width = number.shape[0], number.shape[2]
    own = number.reshape(heads * width)
    y = linear.y.tensor
    counted = _features(linear)
    rows = {linear.a[axis]: at[axis][0, :, 0][:, None] for axis in range(len(at)) if axis not in inputs}
    index = [counted[letter] if letter in counted else rows[letter] for letter in linear.out]
    low = None
    if linear.factors is not None:
        a, b = linear.factors
        low = numpy_of(chosen_rows(a, own)).reshape(heads, width, -1), numpy_of(b)
    return Output(
        inputs=int(np.prod([linear.x.tensor.shape[axis] for axis in inputs], dtype=np.int64)),
        weight=numpy_of(chosen_rows(weight, own)).reshape(heads, width, -1),
        bias=None if linear.bias is None else numpy_of(linear.bias.tensor).reshape(-1),
        y=numpy_of(pick(y, index)),
        y_index=index,
        factors=low,
    )


def with_same_tokens(outputs: Sequence[Output]) -> list[list[int]]:
    """Which outputs of one map are of the same tokens, by where they stand: their numbers."""
    found: dict[bytes, list[int]] = {}
    for n, one in enumerate(outputs):
        found.setdefault(b"".join(index.tobytes() for index in one.y_index), []).append(n)
    return list(found.values())


def one_below_another(outputs: Sequence[Output]) -> tuple[Output, np.ndarray] | None:
    """Outputs of one map for some tokens each, as one for all, and the order in which its tokens stand among
    theirs. None where two are of the same token."""
    index = []
    for axis in zip(*(one.y_index for one in outputs), strict=True):
        if all(np.array_equal(axis[0], one) for one in axis):
            index.append(axis[0])
        else:
            rows = [np.broadcast_to(i, (len(o.y), i.shape[1])) for i, o in zip(axis, outputs, strict=True)]
            index.append(np.concatenate(rows))
    y = np.concatenate([one.y for one in outputs])
    moving = [one[:, 0] for one in index if len(one) == len(y)]
    if not moving or len(np.unique(np.stack(moving, axis=1), axis=0)) < len(y):
        return None
    order = np.lexsort(moving[::-1])
    index = [one[order] if len(one) == len(y) else one for one in index]
    return replace(outputs[0], y=y[order], y_index=index), order


def _features(linear: Linear) -> dict[str, np.ndarray]:
    """The index of each feature axis when all are counted through, [1, outputs]."""
    letters = [linear.out[axis] for axis in linear.features]
    shape = [linear.y.tensor.shape[axis] for axis in linear.features]
    index = np.unravel_index(np.arange(int(np.prod(shape, dtype=int))), shape) if letters else ()
    return {letter: one[None, :] for letter, one in zip(letters, index, strict=True)}


def added_of(
    output: Output, strand: Strand, own: torch.Tensor, stream: torch.Tensor, other: float
) -> Added | None:
    """The Added of an output, whose strand is `own`, to the `stream`; `other` is its factor in torch.add.

    None where tokens cannot be told apart any more.
    """
    if strand.places is None:
        return None
    at = strand.places.find(output.y_index)
    if at is None:
        return None
    stream = numpy_of(pick(stream, at)).reshape(output.y.shape)
    value = in_numpy(pick(own, at)).reshape(output.y.shape)
    value = value if other == 1 else value * other
    names = tuple(dict.fromkeys(step.name for step in strand.steps))
    if close(value, output.y, 1e-5):
        return Added(stream, output.y, "plain")
    parallel = strand.factor == 1 and set(names) == {"add"}
    return Added(stream, value.copy(), "parallel" if parallel else "", names)


def between(y: np.ndarray, added: Added) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(description, tensors) of the step between an output and the tensor that was added, both [tokens,
    outputs].

    `kind` is "factor" (times `factor`), "gain" (times a number for each feature), or "rms_norm" and
    "layer_norm" (with `epsilon`, a gain, an offset), if the numbers show one of these. Else it is "other",
    with the names of the `steps`.
    """
    a, b = y.astype(np.float64), added.value.astype(np.float64)
    tokens = len(a)
    power = float((a * a).sum())
    factor = float((a * b).sum() / power) if power else 0.0
    if close(a * factor, b, 1e-5):
        return {"kind": "factor", "factor": factor}, {}
    gain = _gain(a, b)
    if tokens > 1 and close(a * gain, b, 1e-5):
        return {"kind": "gain"}, {"added_gain": gain[0].astype(y.dtype)}
    for epsilon in OUTPUT_EPSILONS if tokens > 2 else ():
        normed = a / np.sqrt((a * a).mean(axis=1, keepdims=True) + epsilon)
        gain = _gain(normed, b)
        if close(normed * gain, b, 1e-5):
            return {"kind": "rms_norm", "epsilon": epsilon}, {"added_gain": gain[0].astype(y.dtype)}
        centred = a - a.mean(axis=1, keepdims=True)
        normed = centred / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + epsilon)
        gain, offset = _line(normed, b)
        if close(normed * gain + offset, b, 1e-5):
            tensors = {"added_gain": gain[0].astype(y.dtype), "added_offset": offset[0].astype(y.dtype)}
            return {"kind": "layer_norm", "epsilon": epsilon}, tensors
    return {"kind": "other", "steps": list(added.steps)}, {}


def _gain(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The number for each feature by which a, [tokens, features], comes nearest to b, [1, features]."""
    return (a * b).sum(axis=0, keepdims=True) / np.maximum((a * a).sum(axis=0, keepdims=True), 1e-300)


def _line(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset for each feature."""
    means = a.mean(axis=0, keepdims=True), b.mean(axis=0, keepdims=True)
    gain = _gain(a - means[0], b - means[1])
    return gain, means[1] - gain * means[0]


def _first_feature(places: Places | None) -> float:
    """Where the first entry that is known stands along the last axis."""
    if places is None:
        return 0.0
    there = np.flatnonzero(~np.isnan(places.along[-1]))
    return float(there[0]) if len(there) else 0.0
