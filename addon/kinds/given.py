"""A given matrix: captured, read from a file, written in the description or made up."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..description.scene import MatrixOptions, Scene
from .points import VALUES, Hidden, Inputs, Stored
from .stage import Shape, Stage
from .sweep import Sweep
from .values import Evaluation


@dataclass(frozen=True, eq=False)
class Given(Stage):
    """A matrix without operands. It stands where it is used, and is there from the start."""

    group = "Matrix"

    def options(self, scene: Scene) -> MatrixOptions:
        return scene.matrices.get(self.name, MatrixOptions())

    def sweep(self, algorithm: str, sides: Sequence[Shape], blocks: Sequence[int]) -> Sweep | None:
        return None

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        values = evaluation[self]
        return [Stored(VALUES, values.final, values.mask)]

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        return {}
