"""Matrices put together: one below the other, or side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from .places import Arranging, Face, Part, beyond
from .sheet import Sheet
from .stage import Operand, Shape
from .values import Values


@dataclass(frozen=True, eq=False)
class Concat(Sheet):
    """Matrices put together: with `axis` 0 one below the other, with 1 side by side. Then the epilogue."""

    axis: int = field(default=1, kw_only=True)

    stores_parts = True  # the nodes take two operands that line up, not several in a row

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        return self.operands

    @property
    def made_by(self) -> str:
        return "concat"

    def shape(self, sides: Sequence[Shape]) -> Shape:
        across = 1 - self.axis
        if len({side[across] for side in sides}) > 1:
            what = "columns" if self.axis == 0 else "rows"
            listed = ", ".join(str(side) for side in sides)
            raise InputError(f"{self.text}: shapes {listed}; expected the same number of {what}")
        total = sum(side[self.axis] for side in sides)
        return (total, sides[0][1]) if self.axis == 0 else (sides[0][0], total)

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        raw = np.concatenate([side.final for side in sides], self.axis)
        if all(side.mask is None for side in sides):
            return raw, None
        return raw, np.concatenate([side.existing for side in sides], self.axis)

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        return ("", "j") if self.axis == 0 else ("i", "")

    def handed_on(
        self, sides: Sequence[tuple], shapes: Sequence[Shape], part: Callable, nothing: object
    ) -> tuple:
        """Along the axis on which the parts are put together: the labels of all parts, if any part has
        labels; or the name or picture that the parts share."""
        handed = list(super().handed_on(sides, shapes, part, nothing))
        along = [side[self.axis] for side in sides]
        if nothing == () and any(along):
            counts = [shape[self.axis] for shape in shapes]
            handed[self.axis] = tuple(
                label
                for labels, count in zip(along, counts, strict=True)
                for label in labels or ("",) * count
            )
        elif any(along):
            first, *others = filter(None, along)
            handed[self.axis] = first if all(other == first for other in others) else nothing
        return tuple(handed)

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        """Each part beside the rows or columns that it becomes."""
        parts: list = []
        behind: list = []  # the parts of an operand that gives way: it is not seen
        start = face.origin
        axis = self.axis != face.operand.transposed
        step, _ = (face.i, face.j)[axis]
        for n, operand in enumerate(self.operands):
            family = layout.stand(self.beside(n, face, layout, start), parent, side)
            if layout.gives_way(operand.stage):
                behind = family
            else:
                parts += beyond(family, step, parts, layout.gap, by_need=True)
            start = start + step * layout.shape(operand)[self.axis]
        return [*behind, *(beyond(parts, face.free[not axis], [face.plane()], layout.gap) if parts else ())]
