"""A stage is a matrix of an expression, given or made. Its class is its kind, and says all that makes this
kind unlike others: its shape, its values, how it is placed, stepped, labelled and scaled, and what draws it.

`Stage` lists what a kind owes. To add a kind is to write a file here, a file of node groups that draw it and
a line in the grammar (`algebra.expression`).
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
    """A stage as it enters another one, transposed or not."""

    stage: Stage
    transposed: bool = False

    @property
    def text(self) -> str:
        """How to write it in a message: by name, or else in full."""
        named = not self.stage.operands or self.stage.name != self.stage.text
        text = quote(self.stage.name) if named else f"({self.stage.text})"
        return text + (".T" if self.transposed else "")

    @property
    def flipped(self) -> Operand:
        return Operand(self.stage, not self.transposed)

    def turned(self, pair: tuple) -> tuple:
        """What is of the rows and of the columns of the stage, in the order in which it enters."""
        return pair[::-1] if self.transposed else pair


@dataclass(frozen=True, eq=False)
class Stage:
    """`name` is its only name; `text` the expression that makes it of its `operands`, of which a given matrix
    has none; the steps of its `epilogue` follow.

    Stages compare by identity: within one tree, the same name is the same object. Where the expression
    makes one for each head, `of` is the name there, and `title` says which one it is (see algebra.stacks).
    """

    name: str
    text: str
    operands: tuple[Operand, ...] = ()
    epilogue: tuple[Step, ...] = ()
    of: str = field(default="", kw_only=True)
    title: str = field(default="", kw_only=True)

    group: ClassVar[str]  # the node group that draws its matrix
    has_interior: ClassVar[bool] = False  # whether products are drawn in a cuboid before its matrix
    over_heads: ClassVar[bool] = (
        False  # whether it joins the stages of all heads, and is drawn as what they make
    )

    @property
    def commutes(self) -> bool:
        """Whether its operands may change places."""
        return False

    @property
    def sign(self) -> str:
        """What is written between its operands, which then read as on paper."""
        return ""

    def options(self, scene: Scene) -> MatrixOptions | ProductOptions:
        """What a description says of it."""
        return scene.products.get(self.name, ProductOptions())

    # Values

    def shape(self, sides: Sequence[Shape]) -> Shape:
        """Its shape, from those of its operands as they enter. Raises InputError where they do not fit."""
        raise NotImplementedError

    def raw(self, sides: Sequence[Values]) -> tuple[np.ndarray, np.ndarray | None]:
        """Its values before the epilogue in float64, and which of them exist (None: all)."""
        raise NotImplementedError

    @property
    def raw_text(self) -> str:
        """What to call its values before the epilogue, in a message."""
        return self.text

    def inner(self, sides: Sequence[Shape]) -> int | None:
        """The inner dimension that `k` means in its epilogue; None where it has none of its own."""
        return None

    def ranges(self, sides: Sequence[Values]) -> list[float]:
        """The largest magnitudes that come up while its raw values are computed, beside these."""
        return []

    def so_far(self, evaluation: Evaluation, sweep: Sweep, position: float) -> tuple[np.ndarray, Callable]:
        """Its raw values, (rows, columns), when its sweep has come to a position; and a function that gives
        the part of each entry that is visited, 0 to 1."""
        raise NotImplementedError

    @property
    def unchanged(self) -> tuple[Operand, ...]:
        """The operands whose entries its own are, before the epilogue; what they are, such as probabilities,
        it is too."""
        return ()

    # Place, time and words

    def axes(self, n: int, sides: Sequence[Shape]) -> tuple[str, str]:
        """Which of its dimensions, "i" its rows, "j" its columns, "k" the inner one of a product, are the
        rows and the columns of its n-th operand as that enters; "" where they are none of them."""
        raise NotImplementedError

    def place(self, face: Face, layout: Arranging, parent: object, side: str) -> list[Part]:
        """The planes and cuboids of all that makes it, where its own plane is that of `face`. It hangs from
        the `side` of a cuboid that turns as `parent`."""
        raise NotImplementedError

    def sweep(self, algorithm: str, sides: Sequence[Shape], blocks: Sequence[int]) -> Sweep | None:
        """Its Sweep by an animation of that name, its dimensions i, k and j being cut into `blocks` parts;
        None where it is there from the start."""
        raise NotImplementedError

    def seconds(self, steps: int, animation: Animation) -> float:
        """How long a sweep of so many steps takes, by a description's [animation]."""
        raise NotImplementedError

    def handed_on(
        self, sides: Sequence[tuple], shapes: Sequence[Shape], part: Callable, nothing: object
    ) -> tuple:
        """What its operands hand on to its rows and to its columns, such as labels: `sides` has the (rows,
        columns) property of each as it enters, `part(property, ends)` is what is left of one in a slice;
        `nothing` is for what no operand knows."""
        found: dict = {}
        for n, side in enumerate(sides):
            for axis, known in zip(self.axes(n, shapes), side, strict=True):
                if axis and known:
                    found.setdefault(axis, known)
        return tuple(found.get(axis, nothing) for axis in "ij")

    def lit_by(self, n: int) -> Points | None:
        """Hidden points of its own with the attribute `lit`, one for each entry of the n-th operand as that
        is stored, which say what it is using now; None where `axes` tell that."""
        return None

    @property
    def made_by(self) -> str:
        """A word or sign for what makes it, where it has no name."""
        return type(self).__name__.lower()

    # Drawing

    @property
    def is_computed(self) -> bool:
        """Whether the nodes compute its finished values, so that the file does not store them."""
        return False

    def hidden(self, evaluation: Evaluation, sweep: Sweep) -> list[Hidden]:
        """The hidden objects whose points draw it: first the one with its finished values."""
        raise NotImplementedError

    def inputs(self, evaluation: Evaluation, sweep: Sweep) -> Inputs:
        """The inputs of its node group that say what it is made of, and in which steps."""
        raise NotImplementedError

    # What all kinds have in common

    @property
    def rows_of_results(self) -> tuple[tuple[Stage, ...], ...]:
        """The results that stand side by side, in rows, where this is the root: itself."""
        return ((self,),)


@dataclass(frozen=True, eq=False)
class SideBySide(Stage):
    """Results that stand side by side in rows, as the root of an expression that has more than one. It is no
    matrix and is not drawn."""

    rows_of_results: tuple[tuple[Stage, ...], ...] = field(default=(), kw_only=True)


def side_by_side(text: str, rows: Sequence[Sequence[Stage]], length: int = 0) -> Stage:
    """The root of these results, in rows of at most `length` (0: as they are); of one, that itself."""
    if length:
        rows = [row[n : n + length] for row in rows for n in range(0, len(row), length)]
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0]
    return SideBySide("", text, rows_of_results=tuple(map(tuple, rows)))


def roots_of(root: Stage) -> tuple[Stage, ...]:
    """What stands at the end of an expression: its root, or all of those side by side."""
    return tuple(stage for row in root.rows_of_results for stage in row)


def stages_of(root: Stage) -> tuple[Stage, ...]:
    """Every stage of the tree that is a matrix, children first (left to right), each once."""
    found = {}

    def visit(stage):
        if stage.name not in found:
            for operand in stage.operands:
                visit(operand.stage)
            found[stage.name] = stage

    for one in roots_of(root):
        visit(one)
    return tuple(found.values())


def leaf_names(root: Stage) -> tuple[str, ...]:
    """The names of the given matrices, in the order in which they are first needed."""
    return tuple(s.name for s in stages_of(root) if not s.operands)


def quote(name: str) -> str:
    """A name as it is written in an expression."""
    return name if name.isidentifier() else f"`{name}`"
