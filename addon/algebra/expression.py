"""The expression language: text becomes a tree of nodes, and a tree becomes text.

`out = (attn = softmax(Q @ K.T / sqrt(32))) @ V` reads as in NumPy, and a result may be named in place.
Several expressions may follow each other; a later one may use the names of the earlier ones. `scan` rewrites
the text as Python, Python's `ast` parses it, and only the nodes listed here pass. Nothing is evaluated.

Formulas for the entries of a matrix (`formulas`) are the same language with other functions.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from ..errors import InputError, nearest
from ..kinds.concat import Concat
from ..kinds.elementwise import masked
from ..kinds.gather import Gather
from ..kinds.heads import Heads
from ..kinds.slice import range_text
from ..kinds.stage import Stage, quote
from .scan import Place, rewrite

MOST_DEPTH = 60
LARGEST_NUMBER = 1e12
LARGEST_EXPONENT = 8


@dataclass(frozen=True)
class Node:
    """A part of an expression. `at` is its place in the text; nodes at different places may be equal."""

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
    options: tuple = ()  # (name, node) of each, sorted by name


@dataclass(frozen=True)
class Several(Node):
    """Expressions that follow each other."""

    statements: tuple


def parts_of(node: Node) -> Iterator[Node]:
    """The nodes directly under a node."""

    def within(value):
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                yield from within(part)

    return within(tuple(getattr(node, name) for name in _parts(node)))


def with_parts(node: Any, change: Callable[[Node], Node]) -> Any:
    """The node with each of the nodes directly under it changed."""

    def changed(value):
        if isinstance(value, tuple):
            return tuple(map(changed, value))
        return change(value) if isinstance(value, Node) else value

    return replace(node, **{name: changed(getattr(node, name)) for name in _parts(node)})


def _parts(node):
    """The names of the fields of a node that may hold nodes."""
    return [f.name for f in fields(node) if f.compare]


@dataclass(frozen=True)
class Function:
    """How a function may be called: with `least` to `most` arguments and these options.

    With a `kind`, a call makes a stage of its own, `kind(name, text, operands, **options)`. Without one, a
    call is a step on one matrix.
    """

    least: int
    most: int
    options: tuple[str, ...] = ()
    kind: Callable[..., Stage] | None = None


@dataclass(frozen=True)
class Language:
    """What a text may use: operators, and functions by name."""

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
        # window and padded with one argument are masks, which only softmax's option `mask` takes.
        **dict.fromkeys(("tril", "triu", "window", "padded"), Function(1, 2)),
        "masked": Function(2, 2, (), masked),
        "concat": Function(2, 64, ("axis",), Concat),
        "gather": Function(2, 2, (), Gather),
        # These work along the last leading axis, that of the heads.
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


def parse(text: str, where: str = "expression", language: Language = MATRICES) -> Any:
    """The tree of `text`. Raises InputError for a text that is not in the language; the error begins with
    `where` and points at the character."""
    statements = rewrite(text, where, language.matrices)
    trees = [_parsed(statement, where, language) for statement in statements]
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
    """Turns nodes of Python's `ast` into ours, and refuses those that are not listed."""

    def __init__(self, rewritten, language):
        self.rewritten = rewritten
        self.language = language

    def read(self, tree, depth):
        at = self.place(tree)
        if depth > MOST_DEPTH:
            raise at.error(f"nested too deep; the most is {MOST_DEPTH} levels")
        inner = depth + 1
        match tree:
            case ast.Constant(value=int() | float()) if not isinstance(tree.value, bool):
                return Number(at, _number(tree.value, at))
            case ast.Name():
                return Name(at, self.name(tree.id), tree.id in self.rewritten.quoted)
            case ast.NamedExpr() if self.language.matrices:
                return Named(at, self.name(tree.target.id), self.read(tree.value, inner))
            case ast.UnaryOp(op=ast.USub()):
                return Negate(at, self.read(tree.operand, inner))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.read(tree.operand, inner)
            case ast.BinOp() if _OPERATOR_SIGNS.get(type(tree.op)) in self.language.operators:
                return self.binary(tree, tree.left, tree.op, tree.right, inner)
            case ast.Compare(ops=[_]) if _OPERATOR_SIGNS.get(type(tree.ops[0])) in self.language.operators:
                return self.binary(tree, tree.left, tree.ops[0], tree.comparators[0], inner)
            case ast.Attribute(attr="T") if self.language.matrices:
                return Transpose(at, self.read(tree.value, inner))
            case ast.Subscript() if self.language.matrices:
                return self.index(tree, at, inner)
            case ast.Call():
                return self.call(tree, at, inner)
        raise at.error(f"this is not part of the language; {self.known()}")

    def place(self, tree):
        """Where a node of `ast` starts; an operator's starts with its left operand."""
        column = getattr(tree, "col_offset", 0)
        return self.rewritten.places[min(column, len(self.rewritten.places) - 1)]

    def name(self, stand_in):
        return self.rewritten.names[stand_in]

    def known(self):
        operators = " ".join(sorted(self.language.operators))
        return f"expected one of {operators} or a function: {', '.join(self.language.functions)}"

    def binary(self, tree, left, operator, right, depth):
        operator = _OPERATOR_SIGNS[type(operator)]
        node = Binary(self.place(tree), operator, self.read(left, depth), self.read(right, depth))
        if operator == "**" and self.language.matrices:
            _exponent(node.right)
        return node

    def index(self, tree, at, depth):
        ranges = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        if len(ranges) > 2:
            raise at.error("a matrix has two axes; expected [rows, columns]")
        ranges = [self.range(r, at) for r in ranges] + [(None, None)] * (2 - len(ranges))
        return Index(at, self.read(tree.value, depth), *ranges)

    def range(self, tree, at):
        """(start, stop); a single number n is the range of that one row or column."""
        if isinstance(tree, ast.Slice) and tree.step is None:
            return (_whole(tree.lower, at), _whole(tree.upper, at))
        if not isinstance(tree, ast.Slice):
            n = _whole(tree, at)
            return (n, n + 1 if n != -1 else None)
        raise at.error("an index is written start:stop, like A[0:4, :]; steps are not known")

    def call(self, tree, at, depth):
        # The scanner has made sure that only a bare name is called.
        function = self.name(tree.func.id)
        if function not in self.language.functions:
            hint = nearest(function, self.language.functions, "known functions")
            raise at.error(f'unknown function "{function}"; {hint}')
        known = self.language.functions[function]
        least, most = known.least, known.most
        if any(isinstance(a, ast.Starred) for a in tree.args) or not least <= len(tree.args) <= most:
            wanted = (
                f"{least} to {most} arguments" if least < most else f"{least} argument{'s' * (least > 1)}"
            )
            raise at.error(f"{function}(...) takes {wanted}, found {len(tree.args)}")
        options: list = []
        for keyword in tree.keywords:
            option = self.name(keyword.arg)
            if option not in known.options:
                hint = nearest(option, known.options, f"options of {function}")
                raise self.place(keyword).error(f'{function}(...) has no option "{option}"; {hint}')
            if option in dict(options):
                raise self.place(keyword).error(f'option "{option}" is given twice')
            options.append((option, self.read(keyword.value, depth)))
        arguments = tuple(self.read(a, depth) for a in tree.args)
        return Call(at, function, arguments, tuple(sorted(options, key=lambda o: o[0])))


def _number(value, at):
    if not abs(value) <= LARGEST_NUMBER:  # also refuses an overflow to infinity
        raise at.error(f"the number is too large; the most is {LARGEST_NUMBER:g}")
    return value


def _exponent(node):
    number = node.body if isinstance(node, Negate) else node
    if not isinstance(number, Number) or number.value > LARGEST_EXPONENT:
        raise node.at.error(f"expected a number up to {LARGEST_EXPONENT} as the power")


def _whole(tree, at):
    """The whole number of an index, or None where it is left open."""
    match tree:
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
    text, holds = _text(node)
    return f"({text})" if holds < strength else text


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
            holds = STRENGTH.get(node.operator, 1)
            return f"{_write(node.left, holds)} {node.operator} {_write(node.right, holds + 1)}", holds
        case Index():
            return f"{_write(node.body, 6)}[{range_text(node.rows)}, {range_text(node.columns)}]", 6
        case Call():
            inner = [_write(a, 0) for a in node.arguments]
            inner += [f"{name}={_write(value, 0)}" for name, value in node.options]
            return f"{node.function}({', '.join(inner)})", 6
        case Several():
            return "; ".join(_write(statement, 0) for statement in node.statements), 0
    raise TypeError(node)
