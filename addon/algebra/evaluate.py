"""Stages to numbers, in float64: the raw value of every stage, and the value after its epilogue.

An entry that a mask removes is absent, not zero: it holds 0.0, takes no part in a softmax or a
norm, stays removed through later steps, and enters a product as nothing.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from ..errors import InputError, nearest
from .epilogue import apply
from .expression import Node
from .stages import Concat, Elementwise, Leaf, Product, Slice, Stage, leaf_names, stages_of


@dataclass(frozen=True)
class Result:
    """A stage's values: `raw` before and `final` after the epilogue, both float64 (rows, columns).

    `mask` is True where an entry of `final` exists; None when all do.
    """

    raw: np.ndarray
    final: np.ndarray
    mask: np.ndarray | None = None

    @property
    def shape(self):
        return self.final.shape

    @property
    def T(self):
        return Result(self.raw.T, self.final.T, None if self.mask is None else self.mask.T)


@dataclass(frozen=True)
class Evaluation:
    """The results of all stages of `root`, by name."""

    root: Stage
    results: dict[str, Result]

    def __getitem__(self, stage):
        """The result of a stage, or of a name."""
        return self.results[stage if isinstance(stage, str) else stage.name]

    def operand(self, operand):
        """The result of an operand, as it enters: transposed when the operand says so."""
        result = self[operand.stage]
        return result.T if operand.transposed else result


def evaluate(root, leaves):
    """Evaluate every stage. `leaves` gives each given matrix by name, 2-D and finite.

    Raises InputError when a matrix is missing, shapes do not fit (with both shapes and the
    sub-expression), or a value is not finite (with the sub-expression, row and column).
    """
    arrays = {}
    for name in leaf_names(root):
        array = np.asarray(_leaf(leaves, name))
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            found = f"{array.dtype} of shape {array.shape}"
            raise InputError(f"{name}: expected a matrix of real numbers, found {found}")
        arrays[name] = array.astype(np.float64)
    inner = _inner_dimensions(root, shapes(root, {name: a.shape for name, a in arrays.items()}))
    evaluation = Evaluation(root, {})
    with np.errstate(all="ignore"):  # what is not finite is reported by name instead
        for stage in stages_of(root):
            evaluation.results[stage.name] = _evaluate(stage, evaluation, arrays, inner)
    return evaluation


def shapes(root, leaf_shapes):
    """The (rows, columns) of every stage by name, from those of the leaves alone. Raises InputError."""
    found = {}
    for stage in stages_of(root):
        if isinstance(stage, Leaf):
            shape = tuple(int(n) for n in _leaf(leaf_shapes, stage.name))
            if len(shape) != 2 or min(shape) < 1:
                raise InputError(f"{stage.name}: expected a shape of rows and columns, found {shape}")
        else:
            sides = [_turned(found[o.stage.name], o) for o in stage.operands]
            shape = _shape(stage, sides)
        found[stage.name] = shape
    _inner_dimensions(root, found)
    return found


def _leaf(leaves, name):
    if name not in leaves:
        hint = nearest(name, leaves, "given matrices")
        raise InputError(f'matrix "{name}" of the expression is not given; {hint}')
    return leaves[name]


def _turned(shape, operand):
    return shape[::-1] if operand.transposed else shape


def _shape(stage, sides):
    match stage:
        case Product():
            (rows, inner), (inner_right, columns) = sides
            if inner != inner_right:
                raise InputError(_does_not_multiply(stage, *sides))
            return (rows, columns)
        case Elementwise(operator="copy"):
            return sides[0]
        case Elementwise():
            a = sides[0]
            for b in sides[1:]:
                if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
                    raise InputError(
                        f"{stage.text}: {a} and {b} do not fit for {stage.operator}; expected equal shapes, "
                        "or one row or one column that is repeated"
                    )
                a = tuple(max(m, n) for m, n in zip(a, b, strict=True))
            return a
        case Concat():
            across = 1 - stage.axis
            if len({side[across] for side in sides}) > 1:
                what = "columns" if stage.axis == 0 else "rows"
                listed = ", ".join(str(side) for side in sides)
                raise InputError(f"{stage.text}: shapes {listed}; expected the same number of {what}")
            total = sum(side[stage.axis] for side in sides)
            return (total, sides[0][1]) if stage.axis == 0 else (sides[0][0], total)
        case Slice():
            lengths = []
            for what, ends, n in zip(("rows", "columns"), (stage.rows, stage.columns), sides[0], strict=True):
                start, stop = bounds(ends, n)
                if not 0 <= start < stop <= n:
                    asked = ":".join("" if end is None else str(end) for end in ends)
                    raise InputError(
                        f"{stage.text}: {what} {asked} of {stage.operand.text}, which has {n}; "
                        f"expected a range in 0:{n}"
                    )
                lengths.append(stop - start)
            return tuple(lengths)


def bounds(ends, n):
    """(start, stop) of a slice of n rows or columns, from its ends as in Python; not yet checked."""
    start, stop = 0 if ends[0] is None else ends[0], n if ends[1] is None else ends[1]
    return (start + n if start < 0 else start), (stop + n if stop < 0 else stop)


def _does_not_multiply(stage, left, right):
    message = (
        f"{stage.left.text} @ {stage.right.text}: {left} times {right} does not multiply: "
        f"the inner dimensions {left[1]} and {right[0]} differ"
    )
    if left[1] == right[1]:
        return f"{message}; {stage.right.flipped.text} has shape {right[::-1]}"
    if left[0] == right[0]:
        return f"{message}; {stage.left.flipped.text} has shape {left[::-1]}"
    return message


def _inner_dimensions(root, found):
    """The inner dimension that `k` means in the epilogue of each stage, by name; None without one."""
    inner = {}
    for stage in stages_of(root):
        if isinstance(stage, Product):
            rows, columns = found[stage.left.stage.name]
            inner[stage.name] = rows if stage.left.transposed else columns
        else:
            below = {inner[o.stage.name] for o in stage.operands} - {None}
            inner[stage.name] = below.pop() if len(below) == 1 else None
        for step in stage.epilogue:
            for argument in step.arguments:
                if isinstance(argument, Node) and inner[stage.name] is None:
                    raise argument.at.error(
                        f"k is the inner dimension of a matrix product, but there is not one such product in "
                        f"{stage.text}; a matrix of that name is written `k`, in backquotes"
                    )
    return inner


def _evaluate(stage, evaluation, arrays, inner):
    if isinstance(stage, Leaf):
        values = arrays[stage.name]
        _finite(values, stage.text)
        return Result(values, values)
    sides = [evaluation.operand(o) for o in stage.operands]
    raw, mask = _raw(stage, sides)
    _finite(raw, _raw_text(stage))
    final = raw
    for step in stage.epilogue:
        final, mask = apply(step, final, mask, inner[stage.name])
    _finite(final, stage.text)
    return Result(raw, final, None if mask is None or mask.all() else mask)


def _raw(stage, sides):
    """The values of a stage before its epilogue, and which of them exist."""
    values, masks = [s.final for s in sides], [s.mask for s in sides]
    match stage:
        case Product():
            return values[0] @ values[1], None
        case Slice():
            window = tuple(
                slice(*bounds(ends, n))
                for ends, n in zip((stage.rows, stage.columns), values[0].shape, strict=True)
            )
            return values[0][window], None if masks[0] is None else masks[0][window]
        case Concat():
            if all(m is None for m in masks):
                return np.concatenate(values, stage.axis), None
            existing = np.concatenate([_existing(s) for s in sides], stage.axis)
            return np.concatenate(values, stage.axis), existing
        case Elementwise(operator="copy"):
            return values[0], masks[0]
    if stage.operator == "masked":
        mask = _existing(sides[0]) & _existing(sides[1]) & (values[1] != 0)
        return np.where(mask, values[0], 0.0), mask
    raw = reduce(_OPERATORS[stage.operator], values)
    # A sum exists where either side does; a product or a quotient where both do.
    join = np.logical_or if stage.operator in "+-" else np.logical_and
    if all(m is None for m in masks):
        return raw, None
    mask = reduce(join, [_existing(s) for s in sides])
    return np.where(mask, raw, 0.0), None if mask.all() else mask


_OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def _existing(result):
    return np.ones(result.shape, bool) if result.mask is None else result.mask


def _raw_text(stage):
    """What to call a stage's values before the epilogue."""
    if isinstance(stage, Product):
        return f"{stage.left.text} @ {stage.right.text}"
    return stage.text


def _finite(values, text):
    """Raises InputError naming the first entry of `text` that is not finite."""
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"{text}: {values[row, column]} at row {row}, column {column}; every value must be finite"
        )
