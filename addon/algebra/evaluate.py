"""Stages become numbers, in float64: the raw values of every stage, and the values after its epilogue.

An entry that a mask removes is absent, not zero. It holds 0.0, takes no part in a softmax or a norm, stays
removed through later steps, and adds nothing to a product.
"""

from collections.abc import Mapping

import numpy as np

from ..errors import InputError, nearest
from ..kinds.stage import Shape, Stage, leaf_names, stages_of
from ..kinds.values import Evaluation, Values
from .epilogue import apply
from .expression import Node


def evaluate(
    root: Stage, leaves: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray] | None = None
) -> Evaluation:
    """The Values of every stage under `root`.

    `leaves` has each given matrix by name, real and finite, (rows, columns). For those that are additive
    masks, `masks` says which entries exist: bool, of the matrix's shape.

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
    inner = _inner_dimensions(root, shapes(root, {name: (len(a), a.shape[1]) for name, a in arrays.items()}))
    evaluation = Evaluation(root, {})
    with np.errstate(all="ignore"):  # what is not finite is reported by name instead
        for stage in stages_of(root):
            evaluation.results[stage.name] = _evaluate(stage, evaluation, arrays, masks or {}, inner)
    return evaluation


def shapes(root: Stage, leaf_shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The (rows, columns) of every stage by name, from those of the given matrices alone. Raises InputError
    where they do not fit."""
    known: dict = {}
    for stage in stages_of(root):
        if stage.operands:
            known[stage.name] = stage.shape(sides_of(stage, known))
            continue
        shape = tuple(int(n) for n in _leaf(leaf_shapes, stage.name))
        if len(shape) != 2 or min(shape) < 1:
            raise InputError(f"{stage.name}: expected a shape of rows and columns, found {shape}")
        known[stage.name] = shape
    _inner_dimensions(root, known)
    return known


def sides_of(stage: Stage, shapes: Mapping[str, Shape]) -> list[Shape]:
    """The shapes of a stage's operands, as the stage takes them, from the shapes of all stages by name."""
    return [operand.turned(shapes[operand.stage.name]) for operand in stage.operands]


def _leaf(leaves, name):
    if name not in leaves:
        hint = nearest(name, leaves, "given matrices")
        raise InputError(f'matrix "{name}" of the expression is not given; {hint}')
    return leaves[name]


def _inner_dimensions(root, shapes):
    """The number that `k` stands for in the epilogue of each stage, by name. It is the inner dimension of the
    stage's own product, or the one that its operands agree on; None if there is none. Raises InputError if an
    epilogue needs one."""
    inner: dict = {}
    for stage in stages_of(root):
        below = {inner[operand.stage.name] for operand in stage.operands} - {None}
        passed_on = below.pop() if len(below) == 1 else None
        inner[stage.name] = stage.inner(sides_of(stage, shapes)) or passed_on
        for step in stage.epilogue:
            for argument in step.arguments:
                if isinstance(argument, Node) and inner[stage.name] is None:
                    raise argument.at.error(
                        f"k is the inner dimension of a matrix product, but there is not one such product in "
                        f"{stage.text}; a matrix of that name is written `k`, in backquotes"
                    )
    return inner


def _evaluate(stage, evaluation, arrays, masks, inner):
    if not stage.operands:
        values, mask = arrays[stage.name], masks.get(stage.name)
        _finite(values, stage.text)
        return Values(values, values, mask, mask is not None)
    raw, mask = stage.raw(evaluation.sides(stage))
    _finite(raw, stage.raw_text)
    final = raw
    for step in stage.epilogue:
        final, mask = apply(step, final, mask, inner[stage.name])
    _finite(final, stage.text)
    unchanged = () if stage.epilogue else stage.unchanged
    additive = bool(unchanged) and all(evaluation[operand.stage].additive for operand in unchanged)
    return Values(raw, final, None if mask is None or mask.all() else mask, additive)


def _finite(values, text):
    """Raises InputError for the first of the values that is not finite; `text` says what they are."""
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"{text}: {values[row, column]} at row {row}, column {column}; every value must be finite"
        )
