"""A given matrix: captured, read from a file, written in the description or made up."""

from dataclasses import dataclass

from ..description.scene import MatrixOptions
from .points import VALUES, Stored
from .stage import Stage


@dataclass(frozen=True, eq=False)
class Given(Stage):
    """It has no operands, stands where it is used, and is there from the start."""

    group = "Matrix"

    def options(self, scene):
        return scene.matrices.get(self.name, MatrixOptions())

    def sweep(self, algorithm, sides, blocks):
        return None

    def hidden(self, evaluation, sweep):
        values = evaluation[self]
        return [Stored(VALUES, values.final, values.mask)]

    def inputs(self, evaluation, sweep):
        return {}
