"""The expression language: text to a tree of nodes, and back.

`out = (attn = softmax(Q @ K.T / sqrt(32))) @ V` reads as in NumPy, and results may be named in
place. Python's `ast` does the grammar; only the nodes listed here pass, and nothing is evaluated.
Several expressions may follow each other, later ones with the names of earlier ones.
The formulas of matrix entries (`i`, `j`, `h`, `w`) are the same language with other functions.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import InputError, nearest
from ..kinds.concat import Concat
from ..kinds.elementwise import masked
from ..kinds.gather import Gather
from ..kinds.heads import Heads
from ..kinds.stage import Stage, quote
from .scan import Place, rewrite

MOST_DEPTH = 60
LARGEST_NUMBER = 1e12
LARGEST_EXPONENT = 8


@dataclass(frozen=True)
class Node:
    """A part of an expression; `at` is where it stands in the text, and does not count in ==."""

    at: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Number(Node):
    value: int | float


@dataclass(frozen=True)
class Name(Node):
    name: str
    quoted: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Named(Node):
    """`(name = body)`."""

    name: str
    body: Node


@dataclass(frozen=True)
class Transpose(Node):
    body: Node


@dataclass(frozen=True)
class Negate(Node):
    body: Node


@dataclass(frozen=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Index(Node):
    """`body[rows, columns]`, each (start, stop) as in Python, None where left open."""

    body: Node
    rows: tuple
    columns: tuple


@dataclass(frozen=True)
class Call(Node):
    function: str
    arguments: tuple
    options: tuple = ()  # of (name, node), by name


@dataclass(frozen=True)
class Several(Node):
    """Expressions that follow each other."""

    statements: tuple


@dataclass(frozen=True)
class Function:
    """How a function may be called: with so many arguments and these options. `kind` makes a stage of its
    own of matrices, as `kind(name, text, operands, **options)`; without it, it is a step on one matrix."""

    least: int
    most: int
    options: tuple[str, ...] = ()
    kind: Callable[..., Stage] | None = None


@dataclass(frozen=True)
class Language:
    """What may be said: operators, and functions by name."""

    operators: frozenset[str]
    functions: dict[str, Function]
    matrices: bool  # whether .T, slices and naming make sense


_ONE = Function(1, 1)
MATRICES = Language(
    frozenset({"+", "-", "*", "/", "@", "**"}),
    {
        **dict.fromkeys(("relu", "gelu", "gelu_tanh", "sigmoid", "silu", "tanh", "exp", "sqrt"), _ONE),
        "softmax": Function(1, 1, ("axis", "mask")),
        **dict.fromkeys(("layernorm", "layernorm_all", "rmsnorm"), Function(1, 1, ("eps",))),
        "rotary": Function(1, 1, ("base", "dims", "first", "layout", "at")),
        # With one argument the last two of these are masks, which stand only as softmax's mask.
        **dict.fromkeys(("tril", "triu", "window", "padded"), Function(1, 2)),
        "masked": Function(2, 2, (), masked),
        "concat": Function(2, 64, ("axis",), Concat),
        "gather": Function(2, 2, (), Gather),
        # Over the last leading axis, of the heads.
        "sum_heads": Function(1, 1, (), partial(Heads, function="sum_heads")),
        "concat_heads": Function(1, 1, (), partial(Heads, function="concat_heads")),
    },
    True,
)
_OPERATOR_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**",
    ast.Mod: "%", ast.FloorDiv: "//", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
STRENGTH = {"+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "%": 3, "//": 3, "**": 5}


def parse(text: str, where: str = "expression", language: Any = MATRICES) -> Any:
    """The tree of `text`. Raises InputError, one line that points at the character, for anything else."""
    trees = [_parsed(one, where, language) for one in rewrite(text, where, language.matrices)]
    return trees[0] if len(trees) == 1 else Several(trees[0].at, tuple(trees))


def _parsed(rewritten, where, language):
    try:
        body = ast.parse(rewritten.text, mode="eval").body
    except SyntaxError as error:
        places = rewritten.places
        at = places[min(max((error.offset or 1) - 1, 0), len(places) - 1)]
        raise at.error("this is not an expression; expected something like out = A @ B.T") from None
    except (RecursionError, MemoryError, ValueError):
        raise InputError(f"{where}: nested too deep; the most is {MOST_DEPTH} levels") from None
    return _Reader(rewritten, language).read(body, 0)


class _Reader:
    """Turns `ast` nodes into ours; what is not listed is refused."""

    def __init__(self, rewritten, language):
        self.rewritten = rewritten
        self.language = language

    def read(self, found, depth):
        at = self.place(found)
        if depth > MOST_DEPTH:
            raise at.error(f"nested too deep; the most is {MOST_DEPTH} levels")
        inner = depth + 1
        match found:
            case ast.Constant(value=int() | float()) if not isinstance(found.value, bool):
                return Number(at, _number(found.value, at))
            case ast.Name():
                return Name(at, self.name(found.id), found.id in self.rewritten.quoted)
            case ast.NamedExpr() if self.language.matrices:
                return Named(at, self.name(found.target.id), self.read(found.value, inner))
            case ast.UnaryOp(op=ast.USub()):
                return Negate(at, self.read(found.operand, inner))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.read(found.operand, inner)
            case ast.BinOp() if _OPERATOR_SIGNS.get(type(found.op)) in self.language.operators:
                return self.binary(found, found.left, found.op, found.right, inner)
            case ast.Compare(ops=[_]) if _OPERATOR_SIGNS.get(type(found.ops[0])) in self.language.operators:
                return self.binary(found, found.left, found.ops[0], found.comparators[0], inner)
            case ast.Attribute(attr="T") if self.language.matrices:
                return Transpose(at, self.read(found.value, inner))
            case ast.Subscript() if self.language.matrices:
                return self.index(found, at, inner)
            case ast.Call():
                return self.call(found, at, inner)
        raise at.error(f"this is not part of the language; {self.known()}")

    def place(self, found):
        """Where a node starts; an operator's node starts with its left operand."""
        column = getattr(found, "col_offset", 0)
        return self.rewritten.places[min(column, len(self.rewritten.places) - 1)]

    def name(self, stand_in):
        return self.rewritten.names[stand_in]

    def known(self):
        operators = " ".join(sorted(self.language.operators))
        return f"expected one of {operators} or a function: {', '.join(self.language.functions)}"

    def binary(self, found, left, operator, right, depth):
        operator = _OPERATOR_SIGNS[type(operator)]
        node = Binary(self.place(found), operator, self.read(left, depth), self.read(right, depth))
        if operator == "**" and self.language.matrices:
            _exponent(node.right)
        return node

    def index(self, found, at, depth):
        ranges = found.slice.elts if isinstance(found.slice, ast.Tuple) else [found.slice]
        if len(ranges) > 2:
            raise at.error("a matrix has two axes; expected [rows, columns]")
        ranges = [self.range(r, at) for r in ranges] + [(None, None)] * (2 - len(ranges))
        return Index(at, self.read(found.value, depth), *ranges)

    def range(self, found, at):
        """(start, stop); a single number n is the range of that one row or column."""
        if isinstance(found, ast.Slice) and found.step is None:
            return (_whole(found.lower, at), _whole(found.upper, at))
        if not isinstance(found, ast.Slice):
            n = _whole(found, at)
            return (n, n + 1 if n != -1 else None)
        raise at.error("an index is written start:stop, like A[0:4, :]; steps are not known")

    def call(self, found, at, depth):
        # The scanner has seen to it that what is called is a bare name.
        function = self.name(found.func.id)
        if function not in self.language.functions:
            hint = nearest(function, self.language.functions, "known functions")
            raise at.error(f'unknown function "{function}"; {hint}')
        known = self.language.functions[function]
        least, most = known.least, known.most
        if any(isinstance(a, ast.Starred) for a in found.args) or not least <= len(found.args) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise at.error(f"{function}(...) takes {wanted} arguments, found {len(found.args)}")
        options: list = []
        for keyword in found.keywords:
            option = self.name(keyword.arg)
            if option not in known.options:
                hint = nearest(option, known.options, f"options of {function}")
                raise self.place(keyword).error(f'{function}(...) has no option "{option}"; {hint}')
            if option in dict(options):
                raise self.place(keyword).error(f'option "{option}" is given twice')
            options.append((option, self.read(keyword.value, depth)))
        arguments = tuple(self.read(a, depth) for a in found.args)
        return Call(at, function, arguments, tuple(sorted(options, key=lambda o: o[0])))


def _number(value, at):
    if not abs(value) <= LARGEST_NUMBER:  # also refuses an overflow to infinity
        raise at.error(f"the number is too large; the most is {LARGEST_NUMBER:g}")
    return value


def _exponent(node):
    number = node.body if isinstance(node, Negate) else node
    if not isinstance(number, Number) or number.value > LARGEST_EXPONENT:
        raise node.at.error(f"expected a number up to {LARGEST_EXPONENT} as the power")


def _whole(found, at):
    """The whole number of an index, or None where it is left open."""
    match found:
        case None:
            return None
        case ast.Constant(value=int() as n) if n <= LARGEST_NUMBER:
            return n
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as n)) if n <= LARGEST_NUMBER:
            return -n
    raise at.error("expected whole numbers in the index, like A[0:4, :]")


def text_of(node: Any) -> str:
    """The canonical text of a tree: the fewest brackets, and a named part by its name."""
    return _write(node, 0)


def _write(node, strength):
    text, own = _text(node)
    return f"({text})" if own < strength else text


def _text(node):
    """The text of a node and how strongly it holds together (higher binds tighter)."""
    match node:
        case Number():
            return str(node.value), 7
        case Name():
            # A quoted k is a matrix, a bare one may be the inner dimension: the text keeps them apart.
            return (f"`{node.name}`" if node.quoted and node.name == "k" else quote(node.name)), 7
        case Named():
            return quote(node.name), 7
        case Transpose():
            return _write(node.body, 6) + ".T", 6
        case Negate():
            return "-" + _write(node.body, 4), 4
        case Binary(operator="**"):
            return f"{_write(node.left, 6)}**{_write(node.right, 4)}", 5
        case Binary():
            own = STRENGTH.get(node.operator, 1)
            return f"{_write(node.left, own)} {node.operator} {_write(node.right, own + 1)}", own
        case Index():
            return f"{_write(node.body, 6)}[{_range(node.rows)}, {_range(node.columns)}]", 6
        case Call():
            inner = [_write(a, 0) for a in node.arguments]
            inner += [f"{name}={_write(value, 0)}" for name, value in node.options]
            return f"{node.function}({', '.join(inner)})", 6
        case Several():
            return "; ".join(_write(one, 0) for one in node.statements), 0
    raise TypeError(node)


def _range(ends):
    return ":".join("" if end is None else str(end) for end in ends)
