"""The expression language: text becomes a tree of nodes, and a tree becomes text.

`out = (attn = softmax(Q @ K.T / sqrt(32))) @ V` reads as in NumPy, and a result may be named in place.
Several expressions may follow each other; a later one may use the names of the earlier ones. Operators bind
as in Python. Nothing is evaluated.

Formulas for the entries of a matrix (`formulas`) are the same language with other functions.
"""

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
from .scan import CLOSES, OPERAND, Lexeme, Place, lexemes

MOST_DEPTH, MOST_BRACKETS = 60, 40
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
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
STRENGTH = dict.fromkeys(_COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "%": 3, "//": 3, "**": 5}
_NO_EXPRESSION = "this is not an expression; expected something like out = A @ B.T"


def parse(text: str, where: str = "expression", language: Language = MATRICES) -> Any:
    """The tree of `text`. Raises InputError for a text that is not in the language; the error begins with
    `where` and points at the character."""
    try:
        trees = [_Parser(tokens, language).statement() for tokens in lexemes(text, where, language.matrices)]
    except RecursionError:
        raise InputError(f"{where}: nested too deep; the most is {MOST_DEPTH} levels") from None
    return trees[0] if len(trees) == 1 else Several(trees[0].at, tuple(trees))


class _Parser:
    """Reads the tokens of one expression, from the first to the last."""

    def __init__(self, tokens: list[Lexeme], language: Language):
        self.tokens, self.language = tokens, language
        self.n = 0  # the number of the token that comes next
        self.open: list[Lexeme] = []  # brackets that are not closed yet

    @property
    def now(self):
        return self.tokens[self.n]

    def comes(self, *signs):
        return self.now.kind == "sign" and self.now.text in signs

    def names(self, *signs):
        """Whether a name comes next, and one of these signs after it."""
        return self.now.is_name and self.tokens[self.n + 1].text in signs

    def take(self):
        self.n += 1
        return self.tokens[self.n - 1]

    # Each of these reads a part of the expression

    def statement(self):
        node = self.entry()
        if self.now.kind != "end":
            raise self.wrong("an operator")
        _require_shallow(node, 0)
        return node

    def entry(self):
        """An expression that may be named: at the start, or right after a bracket or comma."""
        at = self.now.at
        if self.names("=", ":="):
            name = self.take().name
            self.take()
            return Named(at, name, self.expression())
        return self.expression()

    def expression(self, least=0):
        """Operands with operators that are stronger than `least` between them."""
        at, node, compared = self.now.at, self.factor(), False
        while self.now.kind == "sign" and STRENGTH.get(self.now.text, 0) > least:
            operator = self.take().text
            right = self.expression(STRENGTH[operator])
            if operator not in self.language.operators or (compared and operator in _COMPARISONS):
                raise at.error(f"this is not part of the language; {self.known()}")
            node, compared = Binary(at, operator, node, right), operator in _COMPARISONS
        return node

    def factor(self):
        """An operand with its power and the signs before it. A power is stronger than a sign at its left."""
        signs = []
        while self.comes("-", "+"):
            signs.append(self.take())
        at, node = self.now.at, self.operand()
        if self.comes("**"):
            self.take()
            node = Binary(at, "**", node, self.factor())
            if self.language.matrices:
                _exponent(node.right)
        for sign in reversed(signs):
            node = Negate(sign.at, node) if sign.text == "-" else node
        return node

    def operand(self):
        at, node = self.now.at, self.atom()
        while self.comes(".", "["):
            if self.comes("["):
                node = Index(at, node, *self.index(at))
                continue
            if (self.tokens[self.n + 1].kind, self.tokens[self.n + 1].text) != ("name", "T"):
                raise self.wrong("an operator")
            self.n += 2
            node = Transpose(at, node)
        return node

    def atom(self):
        token = self.now
        if self.comes("("):
            return self.within(self.entry)
        if token.kind == "number":
            return Number(token.at, _number(self.take()))
        if not token.is_name:
            raise self.wrong(OPERAND)
        self.take()
        if token.kind == "name" and self.comes("("):
            return self.call(token)
        return Name(token.at, token.name, token.kind == "quoted")

    def within(self, read):
        """What `read` reads between brackets."""
        self.open.append(self.take())
        if len(self.open) > MOST_BRACKETS:
            raise self.open[-1].at.error(f"nested too deep; the most is {MOST_BRACKETS} brackets")
        found = read()
        if not self.comes(CLOSES[self.open[-1].text]):
            raise self.wrong("an operator")
        self.open.pop()
        self.take()
        return found

    def index(self, at):
        """The ranges of rows and columns between square brackets."""
        ranges = self.within(lambda: self.separated(lambda: self.range(at)))
        if len(ranges) > 2:
            raise at.error("a matrix has two axes; expected [rows, columns]")
        return ranges + [(None, None)] * (2 - len(ranges))

    def range(self, at):
        """(start, stop); a single number n is the range of that one row or column."""
        ends = [self.end(at)]
        while self.comes(":") and len(ends) < 3:
            self.take()
            ends.append(self.end(at))
        if ends == [None]:
            raise self.wrong(OPERAND)
        if ends[2:] not in ([], [None]):
            raise at.error("an index is written start:stop, like A[0:4, :]; steps are not known")
        return (ends[0], ends[1]) if len(ends) > 1 else (ends[0], ends[0] + 1 if ends[0] != -1 else None)

    def end(self, at):
        """An end of a range, None where it is left open."""
        return None if self.comes(":", ",", "]") else _whole(self.expression(), at)

    def separated(self, read):
        """What `read` reads again and again, with commas between; the last range of an index may have one."""
        found = [read()]
        while self.comes(","):
            self.take()
            if self.comes("]"):
                break
            found.append(read())
        return found

    def call(self, function):
        """A call of the function whose name was just read."""
        name, arguments = function.name, []
        options: dict = {}

        def argument():
            at = self.now.at
            if not self.names("="):
                if options:
                    raise at.error(_NO_EXPRESSION)
                arguments.append(self.entry())
                return
            option = self.take().name
            if option in options:
                raise at.error(f'option "{option}" is given twice')
            self.take()
            options[option] = at, self.expression()

        self.within(lambda: self.comes(")") or self.separated(argument))
        if name not in self.language.functions:
            hint = nearest(name, self.language.functions, "known functions")
            raise function.at.error(f'unknown function "{name}"; {hint}')
        known = self.language.functions[name]
        least, most = known.least, known.most
        if not least <= len(arguments) <= most:
            wanted = (
                f"{least} to {most} arguments" if least < most else f"{least} argument{'s' * (least > 1)}"
            )
            raise function.at.error(f"{name}(...) takes {wanted}, found {len(arguments)}")
        for option, (at, _) in options.items():
            if option not in known.options:
                hint = nearest(option, known.options, f"options of {name}")
                raise at.error(f'{name}(...) has no option "{option}"; {hint}')
        values = tuple(sorted((option, value) for option, (_, value) in options.items()))
        return Call(function.at, name, tuple(arguments), values)

    # Errors

    def known(self):
        operators = " ".join(sorted(self.language.operators))
        return f"expected one of {operators} or a function: {', '.join(self.language.functions)}"

    def wrong(self, expected):
        """The error for the token that comes next, where this was `expected`."""
        token, inside = self.now, self.open[-1].text if self.open else ""
        closing = CLOSES.get(inside)
        match token.text:
            case "" if inside:
                token = self.open[-1]
                said = f'this bracket is not closed; expected "{closing}" before the end'
            case "":
                said = f"expected {expected}, found the end"
            case ")" | "]" as text if text != closing:
                said = f'"{text}" closes nothing that is open'
            case "=" | ":=":
                said = (
                    'a name is given at the start or right after "(", like out = A @ B or (attn = Q @ K) @ V'
                )
            case ":" if inside != "[":
                said = '":" belongs only inside an index, like A[0:4, :]'
            case ";":
                said = f'";" ends an expression; expected "{closing}" before it'
            case text if text.startswith("."):
                said = "expected .T (the transpose); a name with a dot in it is written in backquotes"
            case text if token.kind == "sign" and text != closing:
                said = f'expected {expected}, found "{text}"'
            case text:
                said = f'expected {expected} before "{text}"'
        return token.at.error(said)


def _require_shallow(node, depth):
    if depth > MOST_DEPTH:
        raise node.at.error(f"nested too deep; the most is {MOST_DEPTH} levels")
    for part in parts_of(node):
        _require_shallow(part, depth + 1)


def _number(token):
    value = int(token.text) if token.text.isdecimal() else float(token.text)
    if token.text.isdecimal() and value and token.text[0] == "0":
        raise token.at.error(_NO_EXPRESSION)
    if not abs(value) <= LARGEST_NUMBER:  # also refuses an overflow to infinity
        raise token.at.error(f"the number is too large; the most is {LARGEST_NUMBER:g}")
    return value


def _exponent(node):
    number = node.body if isinstance(node, Negate) else node
    if not isinstance(number, Number) or number.value > LARGEST_EXPONENT:
        raise node.at.error(f"expected a number up to {LARGEST_EXPONENT} as the power")


def _whole(node, at):
    """The whole number of an index."""
    sign, number = (-1, node.body) if isinstance(node, Negate) else (1, node)
    if not isinstance(number, Number) or not isinstance(number.value, int):
        raise at.error("expected whole numbers in the index, like A[0:4, :]")
    return sign * number.value


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
