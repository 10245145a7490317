"""The tree of an expression becomes stages: the root, and all stages that make it.

A product and the scalars and functions directly around it are one stage: the raw sums, and the epilogue whose
steps finish them. One name is one matrix. A matrix that is named, or written twice in the same words, is one
stage, which others share.
"""

import dataclasses
import math
import operator

from ..attention.rotary import LAYOUTS
from ..kinds.elementwise import Elementwise
from ..kinds.given import Given
from ..kinds.product import Product
from ..kinds.slice import Slice
from ..kinds.stage import Operand, Stage, Step, side_by_side, stages_of
from .expression import (
    MATRICES,
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
    parts_of,
    text_of,
)

NORMS = ("layernorm", "layernorm_all", "rmsnorm")
INNER_NAME = "k"  # the bare name that stands for a product's inner dimension
_DEFAULT_EPS = 1e-5
# operator -> the step on a matrix: with a number at its right, with a number at its left
_SCALAR_STEPS = {"*": "multiply", "/": "divide", "+": "add", "-": "subtract", "**": "power"}
_REVERSED_STEPS = {"*": "multiply", "/": "divide_into", "+": "add", "-": "subtract_from"}


def stage(node: Node) -> Stage:
    """The root stage of a parsed expression. Several expressions have one root, in which their results stand
    side by side, except those that another expression uses. One that is only a name lets the result of that
    name stand there even so.

    Raises InputError for a text that parses but has no meaning: a name used for two things, a number where a
    matrix belongs, an unknown mask or axis.
    """
    lowering, made, asked = _Lowering(), list[Stage](), set[Stage]()
    for statement in node.statements if isinstance(node, Several) else (node,):
        if number_part(statement) and not isinstance(statement, Name):
            raise statement.at.error("this is a number; expected a matrix expression like out = A @ B")
        made.append(lowering.finished(statement))
        asked |= {made[-1]} if isinstance(statement, Name) else set()
    taken = {part for result in made for part in stages_of(result) if part is not result}
    roots = tuple(dict.fromkeys(result for result in made if result in asked or result not in taken))
    return side_by_side(text_of(node), (roots,))


def number_part(node: Node) -> bool:
    """Whether a node is a number: made of numbers, a bare `k` and their square roots."""
    match node:
        case Number():
            return True
        case Name():
            return node.name == INNER_NAME and not node.quoted
        case Negate():
            return number_part(node.body)
        case Binary():
            return node.operator != "@" and number_part(node.left) and number_part(node.right)
        case Call(function="sqrt"):
            return number_part(node.arguments[0])
    return False


def number_of(argument: Node | float, inner: int | None) -> float:
    """The number that a step's argument is, where `k` is `inner`. Raises InputError where it is not
    finite."""
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
        self.matrix_k = None  # the Place where a bare k was a matrix
        self.number_k = None  # the Place where a bare k was a number

    def finished(self, node):
        """The stage of a node, under the node's name or its text."""
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
        """The stage of a name: a result named before, or else a given matrix."""
        if node.name == INNER_NAME and not node.quoted:
            self.matrix_k = self.matrix_k or node.at
            self.check_k()
        if node.name not in self.stages:
            self.stages[node.name] = Given(node.name, text_of(node))
        return self.stages[node.name]

    def register(self, stage, at):
        known = self.stages.get(stage.name)
        if known is None:
            self.stages[stage.name] = stage
            return stage
        if not known.operands:
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
                return Product(name, text, self.operands(node.left, node.right))
            case Binary() if number_part(node.right):
                return self.with_steps(node.left, name, text, self.scalar(_SCALAR_STEPS, node, node.right))
            case Binary(operator="**"):
                raise node.right.at.error("expected a number as the power")
            case Binary() if number_part(node.left):
                return self.with_steps(node.right, name, text, self.scalar(_REVERSED_STEPS, node, node.left))
            case Binary():
                return Elementwise(name, text, self.operands(node.left, node.right), operator=node.operator)
            case Negate():
                return self.with_steps(node.body, name, text, (Step("negate"),))
            case Call() if kind := MATRICES.functions[node.function].kind:
                known = MATRICES.functions[node.function].options
                options = {option: _OPTIONS[option](node) for option in known}
                return kind(name, text, self.operands(*node.arguments), **options)
            case Call():
                return self.with_steps(node.arguments[0], name, text, _function_steps(node))
            case Index():
                return Slice(name, text, self.operands(node.body), rows=node.rows, columns=node.columns)
        return self.copy(node, name, text)

    def operands(self, *nodes):
        return tuple(self.operand(node) for node in nodes)

    def copy(self, node, name, text):
        return Elementwise(name, text, self.operands(node), operator="copy")

    def with_steps(self, body, name, text, steps):
        """The stage of `body` with more steps; a matrix with a name of its own is copied first."""
        if isinstance(body, (Name, Named, Transpose)) or number_part(body):
            inner = self.copy(body, name, text)
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
    return isinstance(number, Name) or any(map(_uses_k, parts_of(number)))


def _bare_k(number):
    """Whether k stands outside of sqrt(k), where a person might mean a matrix by it."""
    if isinstance(number, Call):
        return False
    return isinstance(number, Name) or any(map(_bare_k, parts_of(number)))


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
    at = _whole(options["at"]) if "at" in options else 0
    if at < 0:
        raise options["at"].at.error("expected a column, 0 or more")
    return (float(base.value) if base else 10000.0, dims, first, layout.name if layout else LAYOUTS[0], at)


def _mask_steps(mask):
    match mask:
        case None:
            return ()
        case Name(name="causal"):
            return (Step("tril", (0,)),)
        case Call(function="window" | "padded", arguments=(n,)):
            return (Step(mask.function, (_count(n),)),)
    raise mask.at.error(
        "unknown mask; expected causal, window(n) or padded(n); for a matrix M write softmax(masked(x, M))"
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


_OPTIONS = {"axis": _axis}  # of functions that make a stage of their own


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
