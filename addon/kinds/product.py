"""A matmul: a cuboid of products between the left matrix, the right matrix and the result.

The three matrices stand on three faces of the cuboid. Product (i, j, k) is inside, where lines from entry (i,
k) of the left matrix, (k, j) of the right and (i, j) of the result meet. Where a result is the argument of
another product, it is drawn once and is a face of both cuboids.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..description.scene import Animation
from ..errors import InputError
from .places import Arranging, Cuboid, Face, Part, clear_of
from .points import VALUES, Computed, Hidden, Inputs, Points, Stored
from .stage import Operand, Shape, Stage
from .sweep import Sweep, sweep_of
from .unfolded import ARGUMENT_AXES, unfolded
from .values import Evaluation, Values

# A mask of one of the three matrices leaves products out. The input `Paired` of the node group says whose
# mask it is: 1 the result's, 2 the left matrix's, 3 the right one's. Here are, by that number, the two axes
# of that matrix, and then the third axis.
PAIRED = ("", "ijk", "ikj", "kji")


@dataclass(frozen=True, eq=False)
class Product(Stage):
    """left @ right, then the epilogue."""

    group = "Result"
    has_interior = True

    @property
    def left(self) -> Operand:
        return self.operands[0]

    @property
    def right(self) -> Operand:
        return self.operands[1]

    # Values

    def shape(self, sides: Sequence[Shape]) -> Shape:
        (rows, inner), (inner_right, columns) = sides
        if inner != inner_right:
            raise InputError(self._does_not_multiply(*sides))
        return (rows, columns)

    def _does_not_multiply(self, left, right):
        message = (
            f"{self.raw_text}: {left} times {right} does not multiply: "
            f"the inner dimensions {left[1]} and {right[0]} differ"
        )
        if left[1] == right[1]:
            return f"{message}; {self.right.flipped.text} has shape {right[::-1]}"
        if left[0] == right[0]:
            return f"{message}; {self.left.flipped.text} has shape {left[::-1]}"
        return message

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        return sides[0].final @ sides[1].final, None

    @property
    def raw_text(self) -> str:
        return f"{self.left.text} @ {self.right.text}"

    def inner(self, sides: Sequence[Shape]) -> int | None:
        return sides[0][1]

    def ranges(self, sides: Sequence[Values]) -> list[float]:
        left, right = (np.abs(side.final) for side in sides)
        with np.errstate(over="ignore", under="ignore"):
            return [float((left @ right).max()), float((left.max(axis=0) * right.max(axis=1)).max())]

    def so_far(self, evaluation: Evaluation, sweep: Sweep, position: float) -> tuple[np.ndarray, Callable]:
        left, right = (side.final for side in evaluation.sides(self))
        ones = np.ones_like(left), np.ones_like(right)
        return sweep.sums(position, left, right), lambda: sweep.sums(position, *ones) / left.shape[1]

    def products_made(self, evaluation: Evaluation) -> int:
        """How many products are drawn: those that no mask leaves out."""
        left, right = evaluation.sides(self)
        sizes = {"i": left.shape[0], "k": left.shape[1], "j": right.shape[1]}
        paired = self._paired(evaluation)
        if not paired:
            return math.prod(sizes.values())
        existing = evaluation[self._matrices[paired - 1].stage].existing
        return int(existing.sum()) * sizes[PAIRED[paired][2]]

    # Place and time

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        return ARGUMENT_AXES[("left", "right")[n]]

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        """The cuboid of the products whose result stands on `face`, and the parts of both arguments.

        A result that is used transposed, (A @ B).T, stands as B.T @ A.T does.
        """
        if layout.scheme.flat:
            return unfolded(self, face, layout, bool(parent))
        turn = layout.scheme.turn(self.name, parent, side, face.i[0], face.j[0], face.behind)
        z = np.cross(face.j[0], face.i[0])
        k = z if turn.positive else -z
        k_ruler = layout.ruler(layout.shape(self.left)[1], layout.parts_of(self)[1])
        # From the result to k = 0: past a gap, and past all other k where they run towards the result.
        to_first = layout.gap + (k_ruler.length if k @ face.behind < 0 else 0.0)
        origin = face.origin + face.behind * to_first
        faces = self._argument_faces(face, layout, turn, origin, (k, k_ruler))
        far = {"left": turn.right, "right": turn.bottom}
        outward, parts = {}, {}
        for at_side, argument in faces.items():
            role = argument.role
            drawn = layout.draws(self, role, far[at_side])
            outward[role] = argument.behind
            parts[role] = layout.stand(argument, turn, at_side) if drawn else []
        left, right = parts["left"], clear_of(parts["left"], parts["right"], outward["right"], layout.gap)
        (i, i_ruler), (j, j_ruler) = (face.j, face.i) if face.operand.transposed else (face.i, face.j)
        return [Cuboid(self, i_ruler, k_ruler, j_ruler, origin, i, j, k), *left, *right]

    def _argument_faces(self, face, layout, turn, origin, k_axis):
        """The faces of the two arguments by the side at which they stand, "left" and "right". Each stands at
        the side of its role. If the result is used transposed, the sides are exchanged."""
        (i, i_ruler), (j, j_ruler) = face.i, face.j
        # There is room beyond an argument's ends, away from the other argument and from the result.
        free_i, free_j = (-i if turn.bottom else i), (-j if turn.right else j)
        arguments = [("left", self.left), ("right", self.right)]
        if face.operand.transposed:
            arguments.reverse()

        def argument(role, operand, across, length, far, room=0.0, **axes):
            distance = layout.gap + layout.further(operand.stage) + room
            return Face(
                operand.flipped if face.operand.transposed else operand,
                origin + across * (length + distance if far else -distance),
                behind=across if far else -across,
                role=role,
                consumer=self.name,
                transposed=operand.transposed,
                axes=ARGUMENT_AXES[role],
                **axes,
            )

        left = {"i": face.i, "j": k_axis, "free": (free_i, face.behind)}
        right = {"i": k_axis, "j": face.j, "free": (face.behind, free_j)}
        return {
            "left": argument(*arguments[0], j, j_ruler.length, turn.right, layout.row_room(self), **left),
            "right": argument(*arguments[1], i, i_ruler.length, turn.bottom, **right),
        }

    def sweep(self, algorithm: str, sides: Sequence[Shape], blocks: Sequence[int]) -> Sweep | None:
        (rows, inner), (_, columns) = sides
        return sweep_of(algorithm, (rows, inner, columns), blocks)

    def seconds(self, steps: int, animation: Animation) -> float:
        if animation.steps_per_second:
            return steps / animation.steps_per_second
        return animation.sweep_seconds

    # Drawing

    @property
    def is_computed(self) -> bool:
        return not self.epilogue

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        values = evaluation[self]
        multiplied = self.multiplied(evaluation, sweep) | self._every(evaluation, sweep)
        sums = Computed("sums", "Sums", multiplied)
        made: list[Hidden] = [sums] if self.is_computed else [Stored(VALUES, values.final, values.mask), sums]
        paired = self._paired(evaluation)
        if paired:
            made.append(self._pairs(paired, evaluation, sweep))
        return made

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        sums = {"Sums": Points(self.name, "sums")} | self._every(evaluation, sweep)
        return self.multiplied(evaluation, sweep) | sums

    def interior_inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        """The inputs of the node group "Product", which draws its interior."""
        inputs, paired = self.multiplied(evaluation, sweep), self._paired(evaluation)
        if paired:
            inputs |= {"Pairs": Points(self.name, "pairs"), "Paired": paired}
        return inputs

    def multiplied(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        """The inputs for the two matrices and the steps of their multiplication."""
        left, right = evaluation.sides(self)
        inputs: Inputs = {"Rows": left.shape[0], "Inner": left.shape[1], "Columns": right.shape[1]}
        for side, operand in (("Left", self.left), ("Right", self.right)):
            row, column = evaluation.strides(operand)
            inputs |= {side: Points(operand.stage.name), f"{side} Row": row, f"{side} Column": column}
        for axis in "ijk":
            inputs |= sweep.inputs(axis, axis)
        return inputs

    def _every(self, evaluation, sweep):
        """The input that says after how many steps along k the sums are stored."""
        rows, columns = evaluation[self].shape
        return {"Every": sweep.stored_every(evaluation.operand(self.left).shape[1], rows * columns)}

    @property
    def _matrices(self):
        """The result and the arguments, in the order of the input `Paired`."""
        return [Operand(self), *self.operands]

    def _paired(self, evaluation):
        """Which matrix has the mask that leaves products out, see PAIRED; 0: none has."""
        masked = (n for n, one in enumerate(self._matrices, 1) if evaluation[one.stage].mask is not None)
        return next(masked, 0)

    def _pairs(self, paired, evaluation, sweep):
        """The points of the masked matrix's existing entries, by the step that uses them first."""
        masked = self._matrices[paired - 1]
        inputs = {"Columns": evaluation[masked.stage].shape[1], "Transposed": masked.transposed}
        for name, axis in zip(("first", "second"), PAIRED[paired], strict=False):
            inputs |= sweep.inputs(axis, name)
        return Computed("pairs", "Pairs", inputs, Points(masked.stage.name))
