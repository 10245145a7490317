"""Sheets: matrices that are made of their operands entry by entry, not by a matrix product.

A sheet's operands stand beside the sheet, in its plane, a gap apart. Their rows and columns line up with
those of the sheet, as in a sum on paper. A sheet is made row by row, or column by column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..description.scene import Animation
from .places import READING, Arranging, Face, Part, beyond, is_sideways, moved
from .points import VALUES, Hidden, Inputs, Points, Stored
from .stage import Shape, Stage
from .sweep import Sweep, sweep_of
from .values import Evaluation

# The operations of the node group `Sheet` on an entry of its left operand and one of its right; "copy" takes
# the left.
SHEET_OPERATORS = ("copy", "+", "-", "*", "/", "masked")
# The animation of a sheet if the scene's goes by columns or is none; with any other, a sheet goes by rows.
SHEET_ANIMATIONS = {"none": "none", "mvprod": "mvprod", "dotprod_columns": "mvprod", "axpy": "mvprod"}


@dataclass(frozen=True, eq=False)
class Sheet(Stage):
    """What all kinds of sheets have in common."""

    group = "Sheet"

    def so_far(self, evaluation: Evaluation, sweep: Sweep, position: float) -> tuple[np.ndarray, Callable]:
        i, j = np.indices(evaluation[self].shape)
        visited = sweep.weights(position, i, j, 0)
        return visited * evaluation[self].raw, lambda: visited

    # Place and time

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        """The rows of an operand are those of the sheet if there are as many; the same holds for columns.
        Otherwise, as where a row is repeated or only some rows are taken, the axis is none of the sheet's."""
        (rows, columns), (own_rows, own_columns) = sides[n], self.shape(sides)
        return "i" if rows == own_rows else "", "j" if columns == own_columns else ""

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        parts: list = []
        behind: list = []  # the parts of an operand that gives way: the sheet stands in its place
        terms: list = []  # of a sum on a page, with all that makes them
        made = sum(layout.grows(operand.stage) for operand in self.operands)
        stacks = layout.scheme.flat and self.commutes and made > 1
        for axis, beside in self._ordered(face, layout):
            family = layout.stand(beside, parent, side)
            if layout.gives_way(beside.operand.stage):
                behind = family
                continue
            if stacks and axis == 1 and beside.operand.stage.operands:
                terms.insert(0, family)
                continue
            away = layout.gap + (layout.row_room(self) if axis == 1 and not parts else 0.0)
            parts += beyond(family, face.free[axis], [face.plane(), *parts], away)
        if terms:
            stack = _stack(terms, face.i[0], layout.apart)
            parts += beyond(
                stack, face.free[1], [face.plane(), *parts], 2.0 * layout.gap + layout.row_room(self)
            )
        return [*behind, *parts]

    def _ordered(self, face, layout):
        """[(axis, face)] of the operands, the nearest to the sheet first. An operand is moved out of the
        sheet along its axis, 0 or 1."""
        count = len(self.operands)
        order = [(self.moves_along(n, face, layout), self.beside(n, face, layout)) for n in range(count)]
        if face.free[face.wider] @ READING < 0:
            order.reverse()
        if self.commutes:  # an operand with all that makes it stands further away than one alone
            order.sort(key=lambda entry: layout.grows(entry[1].operand.stage))
        # A single row or column stands next to the sheet.
        order.sort(key=lambda entry: entry[0] == face.wider)
        return order

    def moves_along(self, n: int, face: Face, layout: Arranging) -> int:
        """The axis, 0 (its rows) or 1, at whose end the n-th operand stands. A single row or column that is
        repeated stands at the end of the rows or columns to which it is added. At a sheet of one row, the
        operands stand one under the other, entry by entry. Any other operand stands where there is more
        room."""
        shape = face.operand.turned(layout.shape(self.operands[n]))
        rulers = (face.i[1], face.j[1])
        single = [count == 1 < ruler.count for count, ruler in zip(shape, rulers, strict=True)]
        if any(single):
            return single.index(True)
        return 0 if rulers[0].count == 1 < rulers[1].count else face.wider

    def beside(self, n: int, face: Face, layout: Arranging, at: np.ndarray | None = None) -> Face:
        """The face of the n-th operand before it is moved out of the sheet. It begins at `at`, or else lies
        on the entries of the sheet that it becomes."""
        operand, plane = self.operands[n], face.plane()
        shape = face.operand.turned(layout.shape(operand))
        i, j = (
            (step, ruler if ruler.count == count else layout.ruler(count))
            for (step, ruler), count in zip((face.i, face.j), shape, strict=True)
        )
        sides = [layout.shape(other) for other in self.operands]
        row, column = self.start(sides)
        enters = operand.flipped if face.operand.transposed else operand
        transposed, axes = operand.transposed, self.axes(n, sides)
        if layout.scheme.flat and is_sideways(enters, i, j) != transposed:
            transposed, axes = not transposed, axes[::-1]
        return Face(
            enters,
            face.origin - plane.row * row - plane.column * column if at is None else at,
            i,
            j,
            behind=face.behind,
            role="operand",
            consumer=self.name,
            free=face.free,
            transposed=transposed,
            axes=axes,
            lit_by=self.lit_by(n),
        )

    def start(self, sides: Sequence[Shape]) -> tuple[int, int]:
        """The row and the column of the first operand that become the sheet's row 0 and column 0."""
        return 0, 0

    def sweep(self, algorithm: str, sides: Sequence[Shape], blocks: Sequence[int]) -> Sweep | None:
        rows, columns = self.shape(sides)
        way = SHEET_ANIMATIONS.get(algorithm, "vmprod")
        return sweep_of(way, (rows, 1, columns), (blocks[0], 1, blocks[2]))  # k plays no part in it

    def seconds(self, steps: int, animation: Animation) -> float:
        return animation.sheet_seconds

    # Drawing

    @property
    def stores_parts(self) -> bool:
        """Whether the file stores the values before the epilogue. Otherwise the nodes compute them from at
        most two operands."""
        return len(self.operands) > 2

    @property
    def operation(self) -> str:
        """Which of SHEET_OPERATORS makes the sheet of its first two operands."""
        return "copy"

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        values = evaluation[self]
        finished = Stored(VALUES, values.final, values.mask)
        return [finished, Stored("parts", values.raw)] if self.stores_parts else [finished]

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        columns = evaluation[self].shape[1]
        inputs: Inputs = {"Columns": columns, **sweep.inputs("i", "i"), **sweep.inputs("j", "j")}
        if self.stores_parts:
            parts: Inputs = {"Left": Points(self.name, "parts"), "Left Row": columns, "Left Column": 1}
            return inputs | {"Operator": SHEET_OPERATORS.index("copy")} | parts
        inputs["Operator"] = SHEET_OPERATORS.index(self.operation)
        first_row, first_column = self.start([side.shape for side in evaluation.sides(self)])
        for side, operand in zip(("Left", "Right"), self.operands, strict=False):
            rows, columns = evaluation.operand(operand).shape
            row, column = evaluation.strides(operand)
            inputs[side] = Points(operand.stage.name)
            # A single row or column is repeated.
            inputs |= {f"{side} Row": row if rows > 1 else 0, f"{side} Column": column if columns > 1 else 0}
            inputs[f"{side} Start"] = first_row * row + first_column * column
        return inputs


def _stack(terms: Sequence[Sequence[Part]], down: np.ndarray, gap: float) -> list[Part]:
    """The terms of a sum, each with all that makes it, one under the other about the middle of the first."""
    stack: list[Part] = []
    before: Sequence[Part] = ()
    for term in terms:
        before = beyond(term, down, before, gap)
        stack += before
    return moved(stack, 0.5 * (terms[0][0].origin - before[0].origin))
