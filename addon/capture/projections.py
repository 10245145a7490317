"""Finds the linear maps that made the queries, keys and values by their origins, and compares what they gave.

That may be the head vectors themselves, or a constant times them ("value"). It may have their lengths,
because a rotary embedding turned them ("length"). Or something else made them from it, such as a norm or a
temperature of each head ("path"). Saving checks that x · W + b is what the map gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ..formats.capture_checks import spread
from .entry_places import MISSING, Places
from .origins import ActivationProduct, Linear, Strand, to_linears
from .tensors import Held, same_place

# Of the largest magnitude.
PROJECTION_TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}
# Tokens that are computed anew for comparison: all of so many, and of more a sample that is spread over all.
MOST_COMPARED_ROWS = 64
SAMPLED_ROWS = 32


class NotShown(Exception):
    """A projection that cannot be shown to be right; the text says why."""


@dataclass(eq=False)
class Projection:
    """x @ weight + bias = pre, for one of Q, K, V of one batch element, in NumPy.

    x [tokens, inputs], weight [heads, inputs, width], bias [heads, width] or None, pre [heads, tokens,
    width]. `how`: "value" (the head vectors are `factor` times pre), "length" (they are pre rotated, and
    `factor` times as long), "path" (something else lies between). `seen` [tokens of the attention]: which
    of them x has. `factors`: A [inputs, rank] and B [heads, rank, width] of a weight of low rank, or of
    what was added to it.
    """

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    pre: np.ndarray
    how: str
    factor: float
    seen: np.ndarray
    factors: tuple[np.ndarray, np.ndarray] | None = None
    added: bool = False

    def of(self, heads: Sequence[int]) -> "Projection":
        """Of some heads."""
        factors = self.factors and (self.factors[0], self.factors[1][heads])
        bias = None if self.bias is None else self.bias[heads]
        return replace(self, weight=self.weight[heads], bias=bias, pre=self.pre[heads], factors=factors)


def alike(one: Projection, other: Projection) -> bool:
    """Whether projections are of the same x, in the same way, so that they are one of more heads."""
    return (
        one.how == other.how
        and one.factor == other.factor
        and one.factors is other.factors is None
        and (one.bias is None) == (other.bias is None)
        and np.array_equal(one.seen, other.seen)
        and np.array_equal(one.x, other.x)
    )


def side_by_side(projections: Sequence[Projection]) -> Projection:
    """The projection of the heads of several that are alike."""
    first = projections[0]
    arrays = {n: np.concatenate([getattr(one, n) for one in projections]) for n in ("weight", "pre")}
    bias = None if first.bias is None else np.concatenate([one.bias for one in projections])
    return replace(first, **arrays, bias=bias)


def find_projection(
    target: np.ndarray,
    strands: tuple[Strand, ...],
    index: Sequence[np.ndarray],
    dtype: str,
    inputs: "ProjectedInputs",
) -> Projection:
    """The linear map that made `target` [heads, tokens, width]. Raises NotShown.

    `index` says where its entries stand in the tensor whose `strands` these are: an array [heads, tokens,
    width] for each axis, broadcastable. `inputs` has those of the other projections of the layer.
    """
    pieces, others = [], []
    # The newest first: a cache of keys leads to the maps of all steps.
    for strand in sorted(to_linears(strands), key=lambda one: (-one.source.serial, not one.exact)):
        found = None if strand.places is None else _rows_and_columns(strand, index, target.shape)
        if found is not None and strand.source.whole:
            pieces.append((strand, *found))
        elif found is None or _one_by_one(found[0]):
            others.append(strand.source)
    if not pieces:
        raise NotShown(_why_none(strands))
    pieces = _of_one_map(pieces)
    full = sorted((one for one in pieces if (one[2] != MISSING).all()), key=_plainness)
    on_its_path = []
    for chosen in [[one] for one in full] or [_covering(pieces)]:
        steps = {step.name for strand, _, _ in chosen for step in strand.steps}
        made = _compared(_projection(chosen, target, inputs), target, dtype, steps)
        if made.how != "value" and any(_repeat(columns) for _, _, columns in chosen):
            continue
        if made.how != "path":
            return made
        on_its_path.append((made, chosen[0]))
    if not on_its_path:
        raise NotShown("columns of its linear map are mixed")
    known = {strand.source for strand, _, _ in pieces}
    others += [strand.source for strand in strands if isinstance(strand.source, ActivationProduct)]
    return _only(on_its_path, [one for one in others if one not in known])


def _repeat(columns: np.ndarray) -> bool:
    """Whether a head takes a column of the map twice, in columns [heads, width]."""
    steps = np.diff(np.sort(columns, axis=1), axis=1)
    return bool(((steps == 0) & (np.sort(columns, axis=1)[:, 1:] != MISSING)).any())


def _plainness(piece: tuple) -> tuple:
    """The order in which pieces are tried: of two that a rotation makes of one map, first the one with the
    columns of each head in the order of the map."""
    strand, _, columns = piece
    return -strand.source.serial, not strand.exact, bool((np.diff(columns, axis=1) < 0).any())


def _only(found: list, others: Sequence[Linear | ActivationProduct]) -> Projection:
    """The projection of the newest map, of several with something on their path, each with its piece.

    Raises NotShown if another map makes the same tokens with it, as gates do, and LoRA in training. So may
    one of the `others`: maps whose weights or tokens are not known, and products of two activations; but not
    one that takes what the newest map gave. A map with a single row for all tokens, such as that of a
    condition, does not count.
    """
    each = [one for one in found if _one_by_one(one[1][1])] or found
    projection, (strand, rows, _) = each[0]
    beside = [
        other.source
        for _, (other, its_rows, _) in each[1:]
        if other.source is not strand.source and ((rows != MISSING) & (its_rows != MISSING)).any()
    ]
    beside += [one for one in others if not _made_by(one, strand.source)]
    if beside:
        names = " and ".join(one.module or "the model" for one in (beside[0], strand.source))
        raise NotShown(f"two linear maps make it together: {names}")
    return projection


def _made_by(other: Linear | ActivationProduct, source: Linear) -> bool:
    """Whether a map or a product takes what a map gave, as a convolution over neighbouring keys does."""
    return any(one.source is source for one in to_linears(other.made_of))


def _one_by_one(rows: np.ndarray) -> bool:
    """Whether tokens have rows of their own, where there are several."""
    there = rows[rows != MISSING]
    return len(there) < 2 or len(np.unique(there)) > 1


def matrix(linear: Linear) -> torch.Tensor:
    """The weight as a matrix [inputs, features]."""
    if linear.base is not None or linear.factors is not None:
        low = None if linear.factors is None else linear.factors[0] @ linear.factors[1]
        return low if linear.base is None else matrix(linear.base) + low
    inputs = [linear.a[axis] for axis in linear.inputs]
    features = [linear.out[axis] for axis in linear.features]
    order = [linear.b.index(letter) for letter in inputs + features]
    rest = [axis for axis in range(len(linear.b)) if axis not in order]  # of length 1
    assert linear.weight is not None  # of a map that is `whole`
    weight = linear.weight.tensor.permute(*order, *rest)
    return weight.reshape(int(np.prod(weight.shape[: len(inputs)])), -1)


def in_rows(linear: Linear, of_x: bool) -> torch.Tensor:
    """x as a matrix [rows, inputs], or y as [rows, features], in one order of rows."""
    letters, tensor = (linear.a, linear.x.tensor) if of_x else (linear.out, linear.y.tensor)
    rows = [letter for letter in linear.out if letter in linear.a]
    rest = [letter for letter in letters if letter not in rows]
    moved = tensor.permute(*(letters.index(letter) for letter in rows + rest))
    return moved.reshape(int(np.prod(moved.shape[: len(rows)])), -1)


def merged(linear: Linear) -> Linear:
    """The linear map from before a bottleneck: two maps with nothing between are one of low rank."""
    for strand in linear.made_of:
        before = strand.source
        if not (isinstance(before, Linear) and before.whole and strand.is_whole):
            continue
        if before.base is not None or before.factors is not None or linear.factors is not None:
            continue
        first, second = matrix(before), matrix(linear) * strand.factor
        if second.shape[0] != first.shape[1] or second.shape[0] >= min(first.shape[0], second.shape[1]):
            continue
        bias = None if before.bias is None else before.bias.tensor.reshape(-1) @ second
        own = None if linear.bias is None else linear.bias.tensor.reshape(-1)
        bias = own if bias is None else bias if own is None else bias + own
        return _as_factors(before, linear, (first, second), bias)
    return linear


def _as_factors(before: Linear, linear: Linear, factors: tuple, bias: torch.Tensor | None) -> Linear:
    letters = dict(zip(linear.a, before.out, strict=True))
    rows = "".join(letters.get(letter, letter) for letter in linear.out)
    return Linear(
        linear.serial, linear.module, before.x, linear.weight, None if bias is None else Held(bias), linear.y,
        before.a, linear.b, rows, before.made_of, None, factors,
    )  # fmt: skip


def _rows_and_columns(
    strand: Strand, index: Sequence[np.ndarray], shape: tuple[int, ...]
) -> list[np.ndarray] | None:
    """(rows [tokens], columns [heads, width]) of the map's output that the target's entries are, or None."""
    parts = _separate(strand.known_places, index, shape)
    if parts is None:
        return None
    base, (heads, tokens, width) = parts
    linear: Linear = strand.source
    y = linear.y.tensor.shape
    rows = [axis for axis in range(len(y)) if axis not in linear.features]
    own = [_number(base + tokens, y, rows, linear.features)]
    own += [_number(base + heads[:, None] + width[None, :], y, linear.features, rows)]
    known = [one for one in own if one is not None]
    return known if len(known) == 2 else None


def _separate(
    places: Places, index: Sequence[np.ndarray], shape: tuple[int, ...]
) -> tuple[float, list[np.ndarray]] | None:
    """Places as a number and what is added for each head, token and place in the width."""
    parts = [np.zeros(n) for n in shape]
    base = places.start
    for along, at in zip(places.along, index, strict=True):
        values = along[np.minimum(at, len(along) - 1)]
        there = np.argwhere(~np.isnan(values))
        if not len(there):
            return None
        first = tuple(there[0])
        base += values[first]
        total = np.zeros(values.shape)
        for axis in range(3):
            line = values[tuple(slice(None) if n == axis else first[n] for n in range(3))] - values[first]
            if values.shape[axis] > 1:
                parts[axis] = parts[axis] + line
                total = total + line.reshape([-1 if n == axis else 1 for n in range(3)])
        if not np.array_equal(total[~np.isnan(total)], (values - values[first])[~np.isnan(total)]):
            return None
    return base, parts


def _number(
    flat: np.ndarray, shape: tuple[int, ...], axes: Sequence[int], still: Sequence[int]
) -> np.ndarray | None:
    """The number of each entry counted through some axes, MISSING for NaN; None if other axes move too."""
    there = ~np.isnan(flat)
    whole = np.where(there, flat, flat[there].flat[0] if there.any() else 0).astype(np.int64)
    if whole.min() < 0 or whole.max() >= np.prod(shape):
        return None
    at = np.unravel_index(whole, shape)
    if any((at[axis] != at[axis].flat[0]).any() for axis in still):
        return None
    number = np.zeros(flat.shape, np.int64)
    for axis in axes:
        number = number * shape[axis] + at[axis]
    return np.where(there, number, MISSING)


def _covering(pieces: list) -> list:
    """Pieces that make up the whole width together, such as those of keys without and with positions."""
    chosen, covered = [], None
    for piece in pieces:
        there = piece[2] != MISSING
        if covered is None or not (there & covered).any():
            chosen.append(piece)
            covered = there if covered is None else covered | there
    if covered is None or not covered.all():
        raise NotShown("a part of its width comes from elsewhere")
    if any(not np.array_equal(one[1] == MISSING, chosen[0][1] == MISSING) for one in chosen):
        raise NotShown("parts of its width were seen for other tokens")
    return chosen


def _of_one_map(pieces: list) -> list:
    """Pieces of one linear map as one: columns, or tokens, of which some were rotated and some were not."""
    found: list[tuple[Strand, np.ndarray, np.ndarray]] = []
    for strand, rows, columns in pieces:
        for n, (other, known_rows, known_columns) in enumerate(found):
            alike = [np.array_equal(known_rows, rows), np.array_equal(known_columns, columns)]
            if other.source is not strand.source or not any(alike):
                continue
            if all(alike):
                break
            known, new = (known_columns, columns) if alike[0] else (known_rows, rows)
            if ((known != MISSING) & (new != MISSING)).any():
                continue
            if alike[0] and np.isin(new[new != MISSING], known).any():
                continue  # of a pair that a rotation mixes, one column twice
            together = np.where(known == MISSING, new, known)
            inexact = other if not other.exact else strand
            found[n] = (inexact, rows, together) if alike[0] else (inexact, together, columns)
            break
        else:
            found.append((strand, rows, columns))
    return found


class ProjectedInputs:
    """The inputs of a layer's projections, in NumPy; projections with the same input share one copy."""

    def __init__(self):
        self._copies: list[tuple[torch.Tensor, np.ndarray, np.ndarray]] = []

    def of(self, linear: Linear, rows: np.ndarray) -> np.ndarray:
        """Some rows of the input of a linear map, [rows, inputs]."""
        own = in_rows(linear, True)
        for other, known, copy in self._copies:
            if same_place(own, other) and own.data_ptr() == other.data_ptr() and np.array_equal(known, rows):
                return copy
        self._copies.append((own, rows, numpy_of(chosen_rows(own, rows))))
        return self._copies[-1][2]


def _projection(pieces: list, target: np.ndarray, inputs: ProjectedInputs) -> Projection:
    """The projection that the pieces are together: those of several inputs stand one below the other."""
    seen = pieces[0][1] != MISSING
    xs: list[np.ndarray] = []
    weights, factor = [], pieces[0][0].factor
    heads, width = target.shape[0], target.shape[2]
    bias = np.zeros((heads, width))
    pre: Any = 0.0
    has_bias, low, added = False, None, False
    for strand, rows, columns in pieces:
        linear = merged(strand.source)
        there = columns != MISSING
        own = np.where(there, columns, 0)
        of_heads = (-1, heads, width)
        y = _columns(chosen_rows(in_rows(strand.source, False), rows[seen]), own).reshape(of_heads)
        part = in_numpy(y.permute(1, 0, 2))
        if len(pieces) > 1:
            pre = pre + part * there[:, None]
        else:  # nearly always the very numbers of the target
            pre = target if np.array_equal(part, target) else part.copy()
        x = inputs.of(linear, rows[seen])
        weight = numpy_of(_columns(matrix(linear), own).reshape(of_heads).permute(1, 0, 2))
        weight = weight if there.all() else weight * there[:, None]
        same = next((n for n, one in enumerate(xs) if one is x), None)
        if same is None:
            xs.append(x)
            weights.append(weight)
        else:  # heads that are maps of their own
            weights[same] = weights[same] + weight
        if linear.bias is not None:
            has_bias = True
            bias += np.where(there, numpy_of(linear.bias.tensor).reshape(-1)[own], 0)
        if linear.factors is not None and len(pieces) == 1:
            a, b = (numpy_of(one) for one in linear.factors)
            low, added = (a, np.ascontiguousarray(b[:, own].transpose(1, 0, 2))), linear.base is not None
    return Projection(
        xs[0] if len(xs) == 1 else np.concatenate(xs, axis=1),
        weights[0] if len(xs) == 1 else np.concatenate(weights, axis=1),
        bias.astype(weights[0].dtype) if has_bias else None,
        pre,
        "value" if all(strand.exact for strand, _, _ in pieces) else "length",
        factor,
        seen,
        low,
        added,
    )  # fmt: skip


def chosen_rows(matrix: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
    """Some rows of a matrix; it is not copied for all of them."""
    if len(rows) == len(matrix) and (rows == np.arange(len(rows))).all():
        return matrix
    return matrix[torch.from_numpy(rows)]


def _columns(matrix: torch.Tensor, columns: np.ndarray) -> torch.Tensor:
    flat = columns.reshape(-1)
    if (flat == np.arange(flat[0], flat[0] + len(flat))).all():
        return matrix[:, flat[0] : flat[0] + len(flat)]
    return matrix[:, torch.from_numpy(flat)]


def _with_bias(projection: Projection, target: np.ndarray, tolerance: float) -> None:
    """The projection with its bias: numbers that were added to all tokens alike after the map are a part of
    it."""
    difference = target / projection.factor - projection.pre
    bias = difference.mean(axis=1)
    if not close(projection.pre + bias[:, None], target / projection.factor, tolerance):
        return
    projection.bias = bias if projection.bias is None else projection.bias + bias
    projection.pre = projection.pre + bias[:, None]
    projection.how = "value"


def _compared(projection: Projection, target: np.ndarray, dtype: str, steps: set[str]) -> Projection:
    """The projection, with its `how`, by what it gave and what the heads took."""
    tolerance = PROJECTION_TOLERANCE.get(dtype, 2e-5)
    part = target if projection.seen.all() else target[:, projection.seen]
    if projection.how == "length" and set(steps) <= {"add", "sub"} and len(projection.x) > 2:
        _with_bias(projection, part, tolerance)
    scaled = projection.pre if projection.factor == 1 else projection.pre * projection.factor
    if projection.how == "value" and not close(scaled, part, tolerance):
        projection.how = "path"
    if projection.how == "length" and len(projection.x) > 1 and close(projection.pre, part, tolerance):
        projection.how = "value"  # what lay between did nothing
    if projection.how == "length":
        pre, post = (np.linalg.norm(one.astype(np.float64), axis=-1) for one in (projection.pre, part))
        power = float((pre * pre).sum())
        factor = float((pre * post).sum() / power) if power else 0.0
        projection.factor = 1.0 if abs(factor - 1) < max(1e-6, 0.1 * tolerance) else factor
        if factor <= 0 or not close(pre * factor, post, tolerance):
            projection.how, projection.factor = "path", 1.0
    return projection


def sample(rows: int) -> np.ndarray | slice:
    """The rows that are computed anew: all of a few, else SAMPLED_ROWS spread over them."""
    return spread(rows, MOST_COMPARED_ROWS if rows <= MOST_COMPARED_ROWS else SAMPLED_ROWS)


def close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Equal to within `tolerance` of the largest magnitude."""
    if a.shape != b.shape:
        return False
    if a is b or not a.size or np.array_equal(a, b):  # the usual case, and the cheapest to see
        return True
    return bool(np.abs(a - b).max() <= tolerance * max(float(np.abs(a).max()), float(np.abs(b).max())))


def numpy_of(tensor: torch.Tensor) -> np.ndarray:
    """A copy in NumPy, in float64 for float64 and else in float32."""
    return in_numpy(tensor).copy()


def in_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The numbers in NumPy as in `numpy_of`, not copied where they are of that type already."""
    tensor = tensor.detach().cpu()
    return (tensor if tensor.dtype == torch.float64 else tensor.float()).numpy()


def _why_none(strands: tuple[Strand, ...]) -> str:
    linears = to_linears(strands)
    if not linears:
        return "it comes from no linear map that was seen"
    if not any(strand.source.whole for strand in linears):
        return "it comes from a map that is no product with one matrix, as a convolution or a quantised map"
    if any(strand.source.split for strand in linears):
        return "one linear map makes the part of each head by itself"
    names = [step.name for strand in linears for step in strand.steps]
    return f"{names[-1] if names else 'something'} lies between it and its linear map, which mixes its axes"
