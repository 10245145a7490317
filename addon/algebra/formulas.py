"""Formulas for the entries of a matrix, like `-2 * (trunc(i / 8) % 2) + 1`.

The same parser as for expressions, with other names: i and j are an entry's row and column from 0, h and w
the numbers of rows and columns. Each part of a formula is computed for all entries at once, in float64.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .expression import Binary, Call, Function, Language, Name, Negate, Number, parse, parts_of

_FORMULA_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "%": np.mod,  # the sign of the divisor, as in Python
    "//": np.floor_divide,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, np.abs),
    "sign": (1, np.sign),
    "floor": (1, np.floor),
    "ceil": (1, np.ceil),
    "trunc": (1, np.trunc),
    "round": (1, np.rint),
    "sqrt": (1, np.sqrt),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tan": (1, np.tan),
    "tanh": (1, np.tanh),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
    "where": (3, lambda condition, yes, no: np.where(condition != 0, yes, no)),
}
MOST_FORMULA_WORK = 2**29  # parts of a formula times entries of the matrix: some seconds
FORMULAS = Language(
    frozenset(_FORMULA_OPERATORS),
    {name: Function(count, count) for name, (count, _) in _FUNCTIONS.items()} | {"random": Function(0, 0)},
    False,
)


def evaluate_formula(
    text: str, shape: tuple[int, int], random: np.random.Generator, where: str = "formula"
) -> np.ndarray:
    """The matrix of a formula, float64 of `shape` (rows, columns).

    A comparison is 1 or 0. `random()` in the formula draws from [0, 1) with the Generator `random`. Raises
    InputError for a text that is no formula, for more work than MOST_FORMULA_WORK, and for an entry that is
    not finite; `where` begins the error.
    """
    height, width = shape
    names = {
        "i": np.arange(height, dtype=np.float64)[:, None],
        "j": np.arange(width, dtype=np.float64)[None, :],
        "h": float(height),
        "w": float(width),
        "pi": math.pi,
    }

    def value(node):
        match node:
            case Number():
                return float(node.value)
            case Name():
                if node.name not in names:
                    hint = nearest(node.name, names, "known names")
                    raise node.at.error(f'unknown name "{node.name}"; {hint}')
                return names[node.name]
            case Negate():
                return np.negative(value(node.body))
            case Binary():
                return _FORMULA_OPERATORS[node.operator](value(node.left), value(node.right)) * 1.0
            case Call(function="random"):
                return random.random(shape)
            case Call():
                return _FUNCTIONS[node.function][1](*[value(a) for a in node.arguments])

    tree = parse(text, where, FORMULAS)
    work = _size(tree) * height * width
    if work > MOST_FORMULA_WORK:
        raise InputError(
            f"{where}: {_size(tree)} numbers, names and operations on {height} x {width} entries are too "
            f"many; the most is {MOST_FORMULA_WORK // (height * width)}"
        )
    with np.errstate(all="ignore"):  # what is not finite is reported below
        entries = np.broadcast_to(np.asarray(value(tree), np.float64), shape).copy()
    if not np.isfinite(entries).all():
        i, j = np.argwhere(~np.isfinite(entries))[0]
        raise InputError(f"{where}: {entries[i, j]} at i = {i}, j = {j}; every value must be finite")
    return entries


def _size(node):
    """How many numbers, names and operations a formula has."""
    return 1 + sum(map(_size, parts_of(node)))
