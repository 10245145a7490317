"""Rows of a table, chosen by number: an embedding lookup."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .places import Arranging, Face
from .points import Computed, Hidden, Inputs, Points
from .sheet import Sheet
from .stage import Operand, Shape
from .sweep import Sweep
from .values import Evaluation, Values


@dataclass(frozen=True, eq=False)
class Gather(Sheet):
    """Two operands: a table, and a column of numbers. Row i of the result is the row of the table whose
    number, from 0, is entry i of the column. Then the epilogue."""

    group = "Gather"

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        return self.operands[:1]

    def shape(self, sides: Sequence[Shape]) -> Shape:
        (_, columns), (rows, width) = sides
        if width != 1:
            numbers = self.operands[1]
            hint = f"; {numbers.flipped.text} has shape {(width, rows)}" if rows == 1 else ""
            raise InputError(
                f"{self.text}: {numbers.text} has shape {(rows, width)}; expected one column of numbers{hint}"
            )
        return rows, columns

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        table, numbers = sides
        chosen, most = numbers.final[:, 0], table.shape[0] - 1
        wrong = np.flatnonzero((chosen != np.round(chosen)) | (chosen < 0) | (chosen > most))
        if len(wrong):
            raise InputError(
                f"{self.text}: {chosen[wrong[0]]:g} at row {wrong[0]} of {self.operands[1].text} is no row "
                f"of {self.operands[0].text}; expected whole numbers from 0 to {most}"
            )
        rows = chosen.astype(int)
        if table.mask is None and numbers.mask is None:
            return table.final[rows], None
        mask = table.existing[rows] & numbers.existing
        return np.where(mask, table.final[rows], 0.0), mask

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        return (("", "j"), ("i", ""))[n]

    def moves_along(self, n: int, face: Face, layout: Arranging) -> int:
        """The table stands above the result, which has its columns. The numbers stand at the left of their
        rows."""
        return 1 - n if face.operand.transposed else n

    def lit_by(self, n: int) -> Points | None:
        return Points(self.name, "lookup") if n == 0 else None

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        table, numbers = self.operands
        inputs: Inputs = {
            "Columns": evaluation[table.stage].shape[1],
            "Rows": evaluation[table.stage].shape[0],
            "Transposed": table.transposed,
            "Count": evaluation[self].shape[0],
            "Numbers": Points(numbers.stage.name),
            "Steps": sweep.steps,
        }
        inputs |= sweep.inputs("i", "i") | sweep.inputs("j", "j")
        return [*super().hidden(evaluation, sweep), Computed("lookup", "Lookup", inputs, follows_sweep=True)]

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        table, numbers = self.operands
        row, column = evaluation.strides(table)
        columns = evaluation[self].shape[1]
        inputs: Inputs = {"Columns": columns, **sweep.inputs("i", "i"), **sweep.inputs("j", "j")}
        inputs |= {"Table": Points(table.stage.name), "Table Row": row, "Table Column": column}
        return inputs | {"Numbers": Points(numbers.stage.name)}
