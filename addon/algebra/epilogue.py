"""The steps that finish a matrix (`kinds.stage.Step`), and mm's fourteen epilogues as expressions.

A step acts on the entries that exist. An entry that a mask has removed stays removed and holds 0.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..attention.rotary import rotate
from ..errors import InputError, nearest
from ..kinds.stage import quote
from .expression import Name, Named, parse, with_parts
from .lowering import number_of

# mm's names, each the expression in x that it stands for; k is the product's inner dimension.
MM_EPILOGUES = {
    "none": "x",
    "relu": "relu(x)",
    "gelu": "gelu(x)",
    "sigmoid": "sigmoid(x)",
    "silu": "silu(x)",
    "tanh": "tanh(x)",
    "layernorm": "layernorm_all(x)",
    "softmax": "softmax(x)",
    "softmax(x/sqrt(k))": "softmax(x / sqrt(k))",
    "softmax(tril(x/sqrt(k)))": "softmax(tril(x / sqrt(k)))",
    "softmax(tril(x/8))": "softmax(tril(x / 8))",
    "x/k": "x / k",
    "x/sqrt(k)": "x / sqrt(k)",
    "x**2": "x**2",
}


def apply(
    step: Any, values: np.ndarray, mask: np.ndarray | None, inner: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The values, float64 (rows, columns), and the mask after one step, from those before it.

    The mask is True where an entry exists; None where all do. `inner` is the inner dimension that `k` means
    in the step. Raises InputError where the step does not fit the matrix.
    """
    function = step.function
    if function in _MASKS:
        i, j = np.ogrid[: values.shape[0], : values.shape[1]]
        kept = _MASKS[function](i, j, *step.arguments)
        mask = np.broadcast_to(kept, values.shape) & (True if mask is None else mask)
        return np.where(mask, values, 0.0), mask
    if function in _WITH_NUMBER:
        values = _WITH_NUMBER[function](values, number_of(step.arguments[0], inner))
    elif function in _OVER_LINES:
        values = _OVER_LINES[function](values, mask, *step.arguments)
    else:
        values = _POINTWISE[function](values)
    return (values if mask is None else np.where(mask, values, 0.0)), mask


def erf(x: np.ndarray) -> np.ndarray:
    """The error function of every entry, to the last digit or so (NumPy has none of its own)."""
    return np.frompyfunc(math.erf, 1, 1)(x).astype(np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def gelu(x: np.ndarray) -> np.ndarray:
    """x · Φ(x) with the normal distribution function Φ: Hendrycks and Gimpel 2016, section 2."""
    return x * (1.0 + erf(x / math.sqrt(2.0))) / 2.0


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """The approximation of `gelu` by tanh in the same paper, which GPT-2 uses."""
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def softmax(x: np.ndarray, mask: np.ndarray | None, axis: int) -> np.ndarray:
    """exp(x) over its sum along `axis`, of the entries that exist; a row or column without any is 0."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf, where=True if mask is None else mask)
    power = np.exp(x - np.where(np.isfinite(top), top, 0.0))
    if mask is not None:
        power = np.where(mask, power, 0.0)
    total = power.sum(axis=axis, keepdims=True)
    return power / np.where(total > 0, total, 1.0)


def layernorm(x: np.ndarray, mask: np.ndarray | None, eps: float, axis: int | None = 1) -> np.ndarray:
    """(x − mean) / √(variance + eps), with the biased variance, over each row (`axis` None: the whole
    matrix), of the entries that exist: Ba et al. 2016."""
    where = True if mask is None else mask
    count = np.maximum(np.sum(np.ones(x.shape), axis=axis, keepdims=True, where=where), 1)
    centred = x - np.sum(x, axis=axis, keepdims=True, where=where) / count
    variance = np.sum(centred**2, axis=axis, keepdims=True, where=where) / count
    return centred / np.sqrt(variance + eps)


def layernorm_all(x: np.ndarray, mask: np.ndarray | None, eps: float) -> np.ndarray:
    """`layernorm` over the whole matrix at once, which is mm's."""
    return layernorm(x, mask, eps, axis=None)


def rmsnorm(x: np.ndarray, mask: np.ndarray | None, eps: float) -> np.ndarray:
    """x / √(mean of x² + eps) over each row, of the entries that exist (Zhang and Sennrich 2019)."""
    where = True if mask is None else mask
    count = np.maximum(np.sum(np.ones(x.shape), axis=1, keepdims=True, where=where), 1)
    return x / np.sqrt(np.sum(x**2, axis=1, keepdims=True, where=where) / count + eps)


def rotary(
    x: np.ndarray, mask: np.ndarray | None, base: float, dims: int, first: int, layout: str, at: int
) -> np.ndarray:
    """The rows turned by their positions, see `attention.rotary.rotate`. With `dims` 0 all columns from `at`
    on turn. Raises InputError unless that is an even number of columns of the matrix."""
    columns = max(x.shape[1] - at, 0)
    dims = dims or columns
    if not 0 < dims <= columns or dims % 2:
        after = f" from column {at} on" if at else ""
        raise InputError(
            f"rotary: cannot turn {dims} columns{after} in pairs in a matrix of {x.shape[1]} columns; "
            f"expected an even number from 2 to {columns} as dims"
        )
    return rotate(x, base, dims, first, layout, at)


def with_epilogue(name: str, x: Any) -> Any:
    """The tree of mm's epilogue `name` applied to the tree `x`. Raises InputError for an unknown name."""
    if name not in MM_EPILOGUES:
        raise InputError(f'unknown epilogue "{name}"; {nearest(name, MM_EPILOGUES, "known epilogues")}')
    return _substitute(parse(MM_EPILOGUES[name], "epilogue"), x)


def with_epilogues(node: Any, epilogues: Mapping[str, str]) -> Any:
    """The tree with mm's epilogues applied to its named results: `epilogues` is name -> epilogue.

    Raises InputError for a name that the expression does not give, and for an unknown epilogue.
    """
    named = set()

    def applied(node):
        node = with_parts(node, applied)
        if isinstance(node, Named) and node.name in epilogues:
            named.add(node.name)
            return replace(node, body=with_epilogue(epilogues[node.name], node.body))
        return node

    node = applied(node)
    for name in epilogues:
        if name not in named:
            raise InputError(
                f'products: {name}: epilogue: the expression names no result "{name}"; '
                f"write ({quote(name)} = …) there"
            )
    return node


def _substitute(node, x):
    """The tree `node` with the tree `x` in the place of the name x."""
    if isinstance(node, Name) and node.name == "x":
        return x
    return with_parts(node, lambda part: _substitute(part, x))


_MASKS = {
    "tril": lambda i, j, d: j <= i + d,
    "triu": lambda i, j, d: j >= i + d,
    "window": lambda i, j, n: (j <= i) & (j > i - n),
    "padded": lambda i, j, n: j < n,
}
_WITH_NUMBER = {
    "multiply": lambda x, s: x * s,
    "divide": lambda x, s: x / s,
    "add": lambda x, s: x + s,
    "subtract": lambda x, s: x - s,
    "power": lambda x, s: x**s,
    "divide_into": lambda x, s: s / x,
    "subtract_from": lambda x, s: s - x,
}
_OVER_LINES: dict[str, Callable[..., np.ndarray]] = {
    "softmax": softmax,
    "layernorm": layernorm,
    "layernorm_all": layernorm_all,
    "rmsnorm": rmsnorm,
    "rotary": rotary,
}
_POINTWISE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "negate": np.negative,
    "relu": lambda x: np.maximum(x, 0.0),
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "tanh": np.tanh,
    "exp": np.exp,
    "sqrt": np.sqrt,
}
