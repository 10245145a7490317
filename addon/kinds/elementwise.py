"""Sums, gates and other operations of matrices entry by entry, and functions of one matrix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from ..errors import InputError
from .sheet import Sheet
from .stage import Operand, Shape
from .values import Values

SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_ENTRY_OPERATORS: dict[str, Callable] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


@dataclass(frozen=True, eq=False)
class Elementwise(Sheet):
    """`operator` on each entry of the operands. Then the epilogue.

    The operators + - * / take two operands, + takes more too. A single row or column is repeated, as in
    NumPy. The operator "masked" keeps the entries of the first operand where the second is not 0; the others
    do not exist. The operator "copy" takes one operand as it is, for a function of a given or named matrix.
    """

    operator: str = field(kw_only=True)

    @property
    def commutes(self) -> bool:
        return self.operator in ("+", "*")

    @property
    def sign(self) -> str:
        return SIGNS.get(self.operator, "")

    @property
    def made_by(self) -> str:
        return "sum" if len(self.operands) > 2 else self.sign or self.operator

    @property
    def operation(self) -> str:
        return self.operator

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        return self.operands[:1] if self.operator in ("copy", "masked") else ()

    def shape(self, sides: Sequence[Shape]) -> Shape:
        a = sides[0]
        for b in sides[1:]:
            if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
                raise InputError(
                    f"{self.text}: {a} and {b} do not fit for {self.operator}; expected equal shapes, "
                    "or one row or one column that is repeated"
                    + "; a matrix product is written @"
                    * (self.operator == "*")
                )
            a = max(a[0], b[0]), max(a[1], b[1])
        return a

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        values, masks = [side.final for side in sides], [side.mask for side in sides]
        if self.operator == "copy":
            return values[0], masks[0]
        if self.operator == "masked":
            mask = sides[0].existing & sides[1].existing & (values[1] != 0)
            return np.where(mask, values[0], 0.0), mask
        raw = reduce(_ENTRY_OPERATORS[self.operator], values)
        if all(mask is None for mask in masks):
            return raw, None
        # An entry of a sum exists if one of its terms exists and no additive mask removes it. An entry of a
        # product or a quotient exists if the entries of both operands exist.
        removing = [side.existing for side in sides if side.additive]
        terms = [side.existing for side in sides if not side.additive]
        if self.operator in "+-" and terms:
            terms = [reduce(np.logical_or, terms)]
        mask = reduce(np.logical_and, [*terms, *removing])
        return np.where(mask, raw, 0.0), None if mask.all() else mask


def masked(name: str, text: str, operands: tuple[Operand, ...]) -> Elementwise:
    """`masked(x, M)`: the entries of x where M is not 0."""
    return Elementwise(name, text, operands, operator="masked")
