"""The values of a stage, as its kind computes them, and of all stages of an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .stage import Operand, Stage


@dataclass(frozen=True)
class Values:
    """A stage's values: `raw` before and `final` after the epilogue, both float64 (rows, columns).

    `mask` is True where an entry of `final` exists; None when all do. `additive`: the stage is a mask that is
    added to scores. An entry that does not exist in it does not exist in a sum with it either.
    """

    raw: np.ndarray
    final: np.ndarray
    mask: np.ndarray | None = None
    additive: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.final.shape
        return rows, columns

    @property
    def T(self) -> Values:
        mask = None if self.mask is None else self.mask.T
        return Values(self.raw.T, self.final.T, mask, self.additive)

    @property
    def existing(self) -> np.ndarray:
        """Which entries exist: bool (rows, columns), even where all do."""
        return np.ones(self.shape, bool) if self.mask is None else self.mask


@dataclass(frozen=True)
class Evaluation:
    """The Values of all stages of `root`, by name."""

    root: Stage
    results: dict[str, Values]

    def __getitem__(self, stage: Stage | str) -> Values:
        """The values of a stage, or of a name."""
        return self.results[stage if isinstance(stage, str) else stage.name]

    def operand(self, operand: Operand) -> Values:
        """The values of an operand as it enters: transposed where the operand is."""
        values = self[operand.stage]
        return values.T if operand.transposed else values

    def sides(self, stage: Stage) -> list[Values]:
        """The values of all operands of a stage, as they enter."""
        return [self.operand(operand) for operand in stage.operands]

    def strides(self, operand: Operand) -> tuple[int, int]:
        """How far apart the points of an operand are: the step in point numbers from an entry to the one in
        the next row, and to the one in the next column, as the operand enters. The points of a stage are in
        row-major order."""
        rows, columns = operand.turned((self[operand.stage].shape[1], 1))
        return rows, columns
