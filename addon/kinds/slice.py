"""Some rows and columns of a matrix: A[0:4, :]."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from .sheet import Sheet
from .stage import Operand, Shape
from .values import Values

Ends = tuple[int | None, int | None]  # start and stop as in Python, None where open


@dataclass(frozen=True, eq=False)
class Slice(Sheet):
    """The `rows` and `columns` of its one operand that an index names. Then the epilogue."""

    rows: Ends = field(kw_only=True)
    columns: Ends = field(kw_only=True)

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        return self.operands

    def shape(self, sides: Sequence[Shape]) -> Shape:
        lengths = []
        for what, ends, n in zip(("rows", "columns"), (self.rows, self.columns), sides[0], strict=True):
            start, stop = bounds(ends, n)
            if not 0 <= start < stop <= n:
                raise InputError(
                    f"{self.text}: {what} {range_text(ends)} of {self.operands[0].text}, which has {n}; "
                    f"expected a range in 0:{n}"
                )
            lengths.append(stop - start)
        return lengths[0], lengths[1]

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        (side,) = sides
        rows, columns = side.shape
        window = slice(*bounds(self.rows, rows)), slice(*bounds(self.columns, columns))
        return side.final[window], None if side.mask is None else side.mask[window]

    def start(self, sides: Sequence[Shape]) -> tuple[int, int]:
        rows, columns = sides[0]
        return bounds(self.rows, rows)[0], bounds(self.columns, columns)[0]

    def handed_on(
        self, sides: Sequence[tuple], shapes: Sequence[Shape], part: Callable, nothing: object
    ) -> tuple:
        rows, columns = sides[0]
        return part(rows, self.rows), part(columns, self.columns)


def range_text(ends: Ends) -> str:
    """The ends of a slice as they are written in an index: "0:4", ":4"."""
    return ":".join("" if end is None else str(end) for end in ends)


def bounds(ends: Ends, n: int) -> tuple[int, int]:
    """(start, stop) of a slice of n rows or columns, counted from the first; they may lie outside of 0 to
    n."""
    start, stop = 0 if ends[0] is None else ends[0], n if ends[1] is None else ends[1]
    return (start + n if start < 0 else start), (stop + n if stop < 0 else stop)
