"""A stage is a matrix of an expression, given or made. Its class is its kind.

A kind says everything in which it differs from other kinds: the shape and the values of a stage, its place,
its steps, its labels and scales, and how it is drawn. `Stage` lists what a kind has to say; "it" there is the
stage. A new kind is a file here, a file of node groups that draw it, and a line in the grammar
(`algebra.expression`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..description.scene import Animation, MatrixOptions, ProductOptions, Scene
from .places import Arranging, Face, Part
from .points import Hidden, Inputs, Points
from .sweep import Sweep
from .values import Evaluation, Values

Shape = tuple[int, int]  # rows and columns


@dataclass(frozen=True)
class Step:
    """One unary step on a whole matrix. Entries that a mask has removed stay removed.

    `arguments` by `function`; a number is a float, or a node in `k` (see `algebra.lowering.number_of`):
      multiply, divide, add, subtract, power (number): x·s, x/s, x+s, x−s, x**s
      divide_into, subtract_from (number): s/x, s−x;  negate ()
      relu, gelu, gelu_tanh, sigmoid, silu, tanh, exp, sqrt ()
      softmax (axis): −1 over each row, 0 over each column
      layernorm, layernorm_all, rmsnorm (eps): per row, the whole matrix, per row
      rotary (base, dims, first, layout, at): row i turned by its position first + i, in dims columns from
        at on; dims 0: all of these
      tril, triu (d): keep column ≤ row + d, column ≥ row + d
      window (n): keep row − n < column ≤ row;  padded (n): keep the first n columns
    """

    function: str
    arguments: tuple = ()


@dataclass(frozen=True)
class Operand:
    """A stage as another one takes it, transposed or not: as it "enters"."""

    stage: Stage
    transposed: bool = False

    @property
    def text(self) -> str:
        """What a message calls it: its name, or else all of its expression."""
        named = not self.stage.operands or self.stage.name != self.stage.text
        text = quote(self.stage.name) if named else f"({self.stage.text})"
        return text + (".T" if self.transposed else "")

    @property
    def flipped(self) -> Operand:
        return Operand(self.stage, not self.transposed)

    def turned(self, pair: tuple) -> tuple:
        """A property of the stage's rows and one of its columns, exchanged if the stage enters transposed."""
        return pair[::-1] if self.transposed else pair


@dataclass(frozen=True, eq=False)
class Stage:
    """What all kinds have in common, and what each has to say.

    `name` is its only name. `text` is the expression that makes it of its `operands`; a given matrix has
    none. The steps of its `epilogue` follow. If a name of the expression becomes a stage for each head, `of`
    is that name, and `title` says which head this stage is (see `algebra.stacks`).

    Stages compare by identity: within one tree, the same name is the same object.
    """

    name: str
    text: str
    operands: tuple[Operand, ...] = ()
    epilogue: tuple[Step, ...] = ()
    of: str = field(default="", kw_only=True)
    title: str = field(default="", kw_only=True)

    group: ClassVar[str]  # the node group that draws its matrix
    has_interior: ClassVar[bool] = False  # whether products are drawn in a cuboid before its matrix
    # Whether it joins the stages of all heads. Then what it makes of them is drawn in its place.
    over_heads: ClassVar[bool] = False

    @property
    def commutes(self) -> bool:
        """Whether its operands may change places."""
        return False

    @property
    def sign(self) -> str:
        """The sign to write between its operands, so that they read as on paper."""
        return ""

    def options(self, scene: Scene) -> MatrixOptions | ProductOptions:
        """What a scene says of it."""
        return scene.products.get(self.name, ProductOptions())

    # Values

    def shape(self, sides: Sequence[Shape]) -> Shape:
        """Its shape, from those of its operands as they enter. Raises InputError where they do not fit."""
        raise NotImplementedError

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        """Its values before the epilogue, float64 (rows, columns), and which of them exist (None: all).
        Raises InputError for values that it cannot use."""
        raise NotImplementedError

    @property
    def raw_text(self) -> str:
        """What to call its values before the epilogue, in a message."""
        return self.text

    def inner(self, sides: Sequence[Shape]) -> int | None:
        """The inner dimension that `k` means in its epilogue; None where it has none of its own."""
        return None

    def ranges(self, sides: Sequence[Values]) -> list[float]:
        """The largest magnitudes among the numbers that are computed on the way to its raw values."""
        return []

    def so_far(self, evaluation: Evaluation, sweep: Sweep, position: float) -> tuple[np.ndarray, Callable]:
        """Its raw values, (rows, columns), at a position of its sweep, in steps; and a function that returns
        how much of each entry is visited there, 0 to 1."""
        raise NotImplementedError

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        """The operands whose entries it takes over as they are, before the epilogue. If these are
        probabilities or an additive mask, so are its own."""
        return ()

    # Place, time and words

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        """Which dimensions of this stage the rows and the columns of its n-th operand are, as the operand
        enters: "i" the rows, "j" the columns, "k" the inner dimension of a product, "" none of them."""
        raise NotImplementedError

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        """The planes and cuboids of its operands and of all that makes them, if this stage stands on `face`.
        The stage is an argument at the `side`, "left" or "right", of a cuboid whose Turn is `parent`; the
        root has the parent None."""
        raise NotImplementedError

    def sweep(self, algorithm: str, sides: Sequence[Shape], blocks: Sequence[int]) -> Sweep | None:
        """Its Sweep by the animation `algorithm`, with the dimensions i, k and j cut into `blocks` parts;
        None where it is there from the start. Raises InputError for an unknown animation and for too many
        steps."""
        raise NotImplementedError

    def seconds(self, steps: int, animation: Animation) -> float:
        """How many seconds a sweep of so many steps takes, by a scene's [animation]."""
        raise NotImplementedError

    def handed_on(
        self, sides: Sequence[tuple], shapes: Sequence[Shape], part: Callable, nothing: object
    ) -> tuple:
        """A property of its rows and one of its columns, such as labels, taken over from its operands.

        `sides` has the (rows, columns) property of each operand as it enters; `nothing` stands for an unknown
        one. `part(property, ends)` is what a slice keeps of a property.
        """
        by_axis: dict = {}
        for n, side in enumerate(sides):
            for axis, known in zip(self.axes(n, shapes), side, strict=True):
                if axis and known:
                    by_axis.setdefault(axis, known)
        return tuple(by_axis.get(axis, nothing) for axis in "ij")

    def lit_by(self, n: int) -> Points | None:
        """Hidden points, one for each entry of the n-th operand in stored order. Their attribute `lit` says
        whether the stage is using the entry now. None if `axes` say that already."""
        return None

    @property
    def made_by(self) -> str:
        """A word or a sign for the operation that makes it, for a stage without a name."""
        return type(self).__name__.lower()

    # Drawing

    @property
    def is_computed(self) -> bool:
        """Whether the nodes compute its finished values. Otherwise the file stores them."""
        return False

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        """The hidden objects whose points draw it, first the one with its finished values."""
        raise NotImplementedError

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        """The inputs of its node group for its operands and its steps."""
        raise NotImplementedError

    # What all kinds have in common

    @property
    def rows_of_results(self) -> tuple[tuple[Stage, ...], ...]:
        """As the root of an expression: its results, in the rows in which they stand side by side."""
        return ((self,),)


@dataclass(frozen=True, eq=False)
class SideBySide(Stage):
    """The root of an expression with several results, which stand side by side in rows. It is no matrix and
    is not drawn."""

    rows_of_results: tuple[tuple[Stage, ...], ...] = field(default=(), kw_only=True)


def side_by_side(text: str, rows: Sequence[Sequence[Stage]], length: int = 0) -> Stage:
    """The root of these rows of results; with a `length`, of rows cut to at most so many. The root of one
    result is that result."""
    if length:
        rows = [row[n : n + length] for row in rows for n in range(0, len(row), length)]
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0]
    return SideBySide("", text, rows_of_results=tuple(map(tuple, rows)))


def roots_of(root: Stage) -> tuple[Stage, ...]:
    """The results of an expression: the root itself, or those that stand side by side in it."""
    return tuple(stage for row in root.rows_of_results for stage in row)


def stages_of(root: Stage) -> tuple[Stage, ...]:
    """Every stage of the tree that is a matrix, children first (left to right), each once."""
    by_name = {}

    def visit(stage):
        if stage.name not in by_name:
            for operand in stage.operands:
                visit(operand.stage)
            by_name[stage.name] = stage

    for result in roots_of(root):
        visit(result)
    return tuple(by_name.values())


def leaf_names(root: Stage) -> tuple[str, ...]:
    """The names of the given matrices, in the order in which they are first needed."""
    return tuple(stage.name for stage in stages_of(root) if not stage.operands)


def quote(name: str) -> str:
    """A name as it is written in an expression."""
    return name if name.isidentifier() else f"`{name}`"
