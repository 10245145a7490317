"""An expression as the stages that are drawn: given matrices, products, elementwise results.

A matmul and the scalar operations and functions directly around it are one stage: the raw sums,
and the epilogue steps that finish them. One name is one matrix: whatever is named, or written
twice in the same words, is one stage that later stages share.
"""

import dataclasses
import math
import operator
from dataclasses import dataclass, field

from ..attention.rotary import LAYOUTS
from .expression import (
    Binary,
    Call,
    Index,
    Name,
    Named,
    Negate,
    Node,
    Number,
    Several,
    Transpose,
    quote,
    text_of,
)

NORMS = ("layernorm", "layernorm_all", "rmsnorm")
MASKS = ("tril", "triu", "window", "padded")
INNER = "k"  # the bare name that stands for a product's inner dimension
_DEFAULT_EPS = 1e-5
# operator -> step for (matrix, number) and for (number, matrix)
_SCALAR_STEPS = {"*": "multiply", "/": "divide", "+": "add", "-": "subtract", "**": "power"}
_REVERSED_STEPS = {"*": "multiply", "/": "divide_into", "+": "add", "-": "subtract_from"}


@dataclass(frozen=True)
class Step:
    """One unary step on a whole matrix. Entries that a mask has removed stay removed.

    `arguments` by `function`; a number is a float, or a node in `k` (see `number_of`):
      multiply, divide, add, subtract, power (number): x·s, x/s, x+s, x−s, x**s
      divide_into, subtract_from (number): s/x, s−x;  negate ()
      relu, gelu, gelu_tanh, sigmoid, silu, tanh, exp, sqrt ()
      softmax (axis): −1 over each row, 0 over each column
      layernorm, layernorm_all, rmsnorm (eps): per row, the whole matrix, per row
      rotary (base, dims, first, layout): row i turned by its position first + i; dims 0: all columns
      tril, triu (d): keep column ≤ row + d, column ≥ row + d
      window (n): keep row − n < column ≤ row;  padded (n): keep the first n columns
    """

    function: str
    arguments: tuple = ()


@dataclass(frozen=True, eq=False)
class Stage:
    """A matrix of the scene. `name` is its only name; `text` the expression that makes it.

    Stages compare by identity: within one tree, the same name is the same object. Where the expression
    makes one for each head, `of` is the name there, and `title` says which one it is (see stacks).
    """

    name: str
    text: str
    of: str = field(default="", kw_only=True)
    title: str = field(default="", kw_only=True)


@dataclass(frozen=True, eq=False)
class Leaf(Stage):
    """A given matrix."""

    @property
    def operands(self):
        return ()

    @property
    def epilogue(self):
        return ()


@dataclass(frozen=True)
class Operand:
    """A stage as it enters another one, transposed or not."""

    stage: Stage
    transposed: bool = False

    @property
    def text(self):
        """How to write it in a message: by name, or else in full."""
        named = isinstance(self.stage, Leaf) or self.stage.name != self.stage.text
        text = quote(self.stage.name) if named else f"({self.stage.text})"
        return text + (".T" if self.transposed else "")

    @property
    def flipped(self):
        return Operand(self.stage, not self.transposed)


@dataclass(frozen=True, eq=False)
class Product(Stage):
    """left @ right, then the epilogue."""

    left: Operand
    right: Operand
    epilogue: tuple[Step, ...] = ()

    @property
    def operands(self):
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class Elementwise(Stage):
    """Sheets that meet and become one, then the epilogue. `operator` is + - * / of two operands, or the
    + of more of them.

    A side of one row or one column is repeated, as in NumPy. The operator "masked" keeps the entries of
    the first operand where the second is not 0; the others are absent. The operator "copy" has one
    operand: the sheet itself, for a function of a given or named matrix.
    """

    operator: str
    operands: tuple[Operand, ...]
    epilogue: tuple[Step, ...] = ()


@dataclass(frozen=True, eq=False)
class Concat(Stage):
    """Matrices put together: `axis` 0 below each other, 1 side by side. Then the epilogue."""

    axis: int
    operands: tuple[Operand, ...]
    epilogue: tuple[Step, ...] = ()


@dataclass(frozen=True, eq=False)
class Slice(Stage):
    """Some rows and columns, each (start, stop) as in Python, None where open. Then the epilogue."""

    operand: Operand
    rows: tuple
    columns: tuple
    epilogue: tuple[Step, ...] = ()

    @property
    def operands(self):
        return (self.operand,)


@dataclass(frozen=True, eq=False)
class Heads(Stage):
    """One matrix of those of all heads: `function` is "sum_heads" or "concat_heads". It stands only in
    an expression that is not spread yet (see stacks): for given heads it is a sum or a concatenation."""

    function: str
    operand: Operand
    epilogue: tuple[Step, ...] = ()

    @property
    def operands(self):
        return (self.operand,)


@dataclass(frozen=True, eq=False)
class Grid(Stage):
    """Results that stand side by side in `rows`, as the root of an expression that has more than one.
    It is no matrix and is not drawn."""

    rows: tuple[tuple[Stage, ...], ...]

    def cut(self, length):
        """The same results in rows of at most so many; 0: as they are."""
        if not length:
            return self
        rows = (row[n : n + length] for row in self.rows for n in range(0, len(row), length))
        return dataclasses.replace(self, rows=tuple(rows))

    @property
    def operands(self):
        return tuple(Operand(stage) for row in self.rows for stage in row)


def stage(node):
    """The root stage of a parsed expression; shared results are the same object throughout. Several
    expressions have a Grid as their root, one row of the results that no other one takes.

    Raises InputError for what parses but has no meaning: a name used for two things, a number
    where a matrix belongs, an unknown mask or axis.
    """
    lowering, made = _Lowering(), []
    for statement in node.statements if isinstance(node, Several) else (node,):
        if number_part(statement) and not isinstance(statement, Name):
            raise statement.at.error("this is a number; expected a matrix expression like out = A @ B")
        made.append(lowering.finished(statement))
    taken = {s for one in made for s in stages_of(one) if s is not one}
    roots = tuple(dict.fromkeys(one for one in made if one not in taken))
    return roots[0] if len(roots) == 1 else Grid("", text_of(node), (roots,))


def roots_of(root):
    """What stands at the end of an expression: its root, or all of those in a grid."""
    return tuple(operand.stage for operand in root.operands) if isinstance(root, Grid) else (root,)


def stages_of(root):
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


def is_sum(stage):
    """Whether a stage's values are the sums of its products, with nothing done to them."""
    return isinstance(stage, Product) and not stage.epilogue


def is_sheet(stage):
    """Whether a stage is made of its operands entry by entry, not by a matrix product."""
    return bool(stage.operands) and not isinstance(stage, Product)


def leaf_names(root):
    """The names of the given matrices, in the order in which they are first needed."""
    return tuple(s.name for s in stages_of(root) if isinstance(s, Leaf))


def number_part(node):
    """Whether a node is a number: numbers, `k` and square roots of them, combined."""
    match node:
        case Number():
            return True
        case Name():
            return node.name == INNER and not node.quoted
        case Negate():
            return number_part(node.body)
        case Binary():
            return node.operator != "@" and number_part(node.left) and number_part(node.right)
        case Call(function="sqrt"):
            return number_part(node.arguments[0])
    return False


def number_of(argument, inner):
    """The float of a step's argument, where `k` is `inner`. Raises InputError when it is not finite."""
    if not isinstance(argument, Node):
        return float(argument)
    try:
        value = _value(argument, inner)
    except (ZeroDivisionError, OverflowError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise argument.at.error(f"{text_of(argument)} is not a finite number")
    return value


def _value(node, inner):
    match node:
        case Number():
            return float(node.value)
        case Name():
            return float(inner)
        case Negate():
            return -_value(node.body, inner)
        case Call():
            return math.sqrt(_value(node.arguments[0], inner))
        case Binary():
            left, right = _value(node.left, inner), _value(node.right, inner)
            return _ARITHMETIC[node.operator](left, right)


_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": math.pow}


class _Lowering:
    def __init__(self):
        self.stages = {}  # by name
        self.matrix_k = None  # where a bare k was a matrix
        self.number_k = None  # where it was a number

    def finished(self, node):
        """The stage of a node, registered under its name."""
        if isinstance(node, Name):
            return self.given(node)
        if isinstance(node, Named):
            return self.register(self.build(node.body, node.name), node.at)
        return self.register(self.build(node, text_of(node)), node.at)

    def operand(self, node):
        if isinstance(node, Transpose):
            return self.operand(node.body).flipped
        if number_part(node) and not isinstance(node, Name):
            raise node.at.error(f"{text_of(node)} is a number; expected a matrix")
        return Operand(self.finished(node))

    def given(self, node):
        """What a name refers to: a result named before, or else a given matrix."""
        if node.name == INNER and not node.quoted:
            self.matrix_k = self.matrix_k or node.at
            self.check_k()
        if node.name not in self.stages:
            self.stages[node.name] = Leaf(node.name, text_of(node))
        return self.stages[node.name]

    def register(self, stage, at):
        known = self.stages.get(stage.name)
        if known is None:
            self.stages[stage.name] = stage
            return stage
        if isinstance(known, Leaf):
            raise at.error(f'"{stage.name}" is used as a given matrix before or inside what it names here')
        if known.text != stage.text:
            raise at.error(
                f'"{stage.name}" already names {known.text}; one name is one matrix, so choose another'
            )
        return known

    def build(self, node, name):
        """The stage of a node under `name`, not yet registered."""
        text = text_of(node)
        match node:
            case Binary(operator="@"):
                return Product(name, text, self.operand(node.left), self.operand(node.right))
            case Binary() if number_part(node.right):
                return self.with_steps(node.left, name, text, self.scalar(_SCALAR_STEPS, node, node.right))
            case Binary(operator="**"):
                raise node.right.at.error("expected a number as the power")
            case Binary() if number_part(node.left):
                return self.with_steps(node.right, name, text, self.scalar(_REVERSED_STEPS, node, node.left))
            case Binary():
                operands = (self.operand(node.left), self.operand(node.right))
                return Elementwise(name, text, node.operator, operands)
            case Negate():
                return self.with_steps(node.body, name, text, (Step("negate"),))
            case Call(function="masked"):
                return Elementwise(name, text, "masked", tuple(self.operand(a) for a in node.arguments))
            case Call(function="concat"):
                operands = tuple(self.operand(a) for a in node.arguments)
                return Concat(name, text, _axis(node), operands)
            case Call(function="sum_heads" | "concat_heads"):
                return Heads(name, text, node.function, self.operand(node.arguments[0]))
            case Call():
                return self.with_steps(node.arguments[0], name, text, _function_steps(node))
            case Index():
                return Slice(name, text, self.operand(node.body), node.rows, node.columns)
        return Elementwise(name, text, "copy", (self.operand(node),))

    def with_steps(self, body, name, text, steps):
        """The stage of `body` with more steps; a matrix with a name of its own is copied first."""
        if isinstance(body, (Name, Named, Transpose)) or number_part(body):
            inner = Elementwise(name, text, "copy", (self.operand(body),))
        else:
            inner = self.build(body, name)
        return dataclasses.replace(inner, text=text, epilogue=inner.epilogue + steps)

    def scalar(self, steps, node, number):
        if _bare_k(number):
            self.number_k = self.number_k or number.at
            self.check_k()
        argument = number if _uses_k(number) else number_of(number, None)
        return (Step(steps[node.operator], (argument,)),)

    def check_k(self):
        if self.matrix_k and self.number_k:
            raise self.matrix_k.error(
                "k is a matrix here but the inner dimension elsewhere; write the matrix as `k`, in backquotes"
            )


def _uses_k(number):
    match number:
        case Name():
            return True
        case Negate():
            return _uses_k(number.body)
        case Binary():
            return _uses_k(number.left) or _uses_k(number.right)
        case Call():
            return _uses_k(number.arguments[0])
    return False


def _bare_k(number):
    """Whether k stands outside sqrt(k), where it could as well be meant as a matrix."""
    match number:
        case Binary():
            return _bare_k(number.left) or _bare_k(number.right)
        case Negate():
            return _bare_k(number.body)
    return isinstance(number, Name)


def _function_steps(call):
    name, rest, options = call.function, call.arguments[1:], dict(call.options)
    if name == "softmax":
        return _mask_steps(options.get("mask")) + (Step(name, (_axis(call),)),)
    if name in NORMS:
        return (Step(name, (_small_number(options["eps"]) if "eps" in options else _DEFAULT_EPS,)),)
    if name == "rotary":
        return (Step(name, _rotary_arguments(options)),)
    if name in ("tril", "triu"):
        return (Step(name, (_whole(rest[0]) if rest else 0,)),)
    if name in ("window", "padded"):
        if not rest:
            raise call.at.error(f"expected {name}(matrix, n), or mask={name}(n) in softmax")
        return (Step(name, (_count(rest[0]),)),)
    return (Step(name),)


def _rotary_arguments(options):
    base, layout = options.get("base"), options.get("layout")
    if base is not None and not (isinstance(base, Number) and base.value > 0):
        raise base.at.error("expected a number above 0, like 10000")
    if layout is not None and not (isinstance(layout, Name) and layout.name in LAYOUTS):
        raise layout.at.error(f"unknown layout; expected {' or '.join(LAYOUTS)}")
    dims = _count(options["dims"]) if "dims" in options else 0
    if dims % 2:
        raise options["dims"].at.error("expected an even number of columns")
    first = _whole(options["first"]) if "first" in options else 0
    return (float(base.value) if base else 10000.0, dims, first, layout.name if layout else LAYOUTS[0])


def _mask_steps(mask):
    match mask:
        case None:
            return ()
        case Name(name="causal"):
            return (Step("tril", (0,)),)
        case Call(function="window" | "padded", arguments=(n,)):
            return (Step(mask.function, (_count(n),)),)
    raise mask.at.error(
        "unknown mask; expected causal, window(n) or padded(n); a matrix M as in softmax(masked(x, M))"
    )


def _axis(call):
    """The axis of softmax (−1 or 0) or of concat (1 or 0)."""
    last = 1 if call.function == "concat" else -1
    node = dict(call.options).get("axis")
    if node is None:
        return last
    axis = _whole(node)
    if axis not in (-1, 0, 1):
        raise node.at.error("expected axis=-1 (along each row) or axis=0 (down each column)")
    return 0 if axis == 0 else last


def _whole(node):
    sign, number = (-1, node.body) if isinstance(node, Negate) else (1, node)
    if not isinstance(number, Number) or not isinstance(number.value, int):
        raise node.at.error("expected a whole number")
    return sign * number.value


def _count(node):
    n = _whole(node)
    if n < 1:
        raise node.at.error("expected a whole number from 1")
    return n


def _small_number(node):
    if not isinstance(node, Number) or not 0 <= node.value <= 1:
        raise node.at.error("expected a number from 0 to 1, like 1e-5")
    return float(node.value)
