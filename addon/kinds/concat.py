"""Matrices put together, below each other or side by side."""

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
    """Matrices put together: `axis` 0 below each other, 1 side by side. Then the epilogue."""

    axis: int = field(default=1, kw_only=True)

    stores_parts = True  # the nodes know of two operands that line up, not of several in a row

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
        """Along the axis of the parts the labels of all, where any has some, and the name or the picture on
        which those agree that have one."""
        found = list(super().handed_on(sides, shapes, part, nothing))
        own = [side[self.axis] for side in sides]
        if nothing == () and any(own):
            parts = [tuple(one) or ("",) * shape[self.axis] for one, shape in zip(own, shapes, strict=True)]
            found[self.axis] = tuple(label for one in parts for label in one)
        elif any(own):
            first, *others = filter(None, own)
            found[self.axis] = first if all(one == first for one in others) else nothing
        return tuple(found)

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        """Each part beside the rows or columns that it becomes."""
        parts: list = []
        behind: list = []  # what makes an operand that stands in its own place
        at = face.origin
        axis = self.axis != face.operand.transposed
        step, _ = (face.i, face.j)[axis]
        for n, operand in enumerate(self.operands):
            family = layout.stand(self.beside(n, face, layout, at), parent, side)
            if layout.gives_way(operand.stage):
                behind = family
            else:
                parts += beyond(family, step, parts, layout.gap, by_need=True)
            at = at + step * layout.shape(operand)[self.axis]
        return [*behind, *(beyond(parts, face.free[not axis], [face.plane()], layout.gap) if parts else ())]
