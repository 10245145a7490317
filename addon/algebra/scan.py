"""Text becomes tokens, and tokens become text that Python's `ast` parses.

The language is Python's expression grammar with three additions. A result may be named in place, `out = (attn
= Q @ K) @ V`. A name may stand in backquotes or quotes. Several expressions may follow each other. These are
rewritten here, token by token. An error says at which character it is and what was expected there.
"""

import re
from dataclasses import dataclass

from ..errors import InputError

LONGEST_EXPRESSION = 4000
MOST_EXPRESSION_TOKENS = 1000
MOST_BRACKETS = 40
LONGEST_MATRIX_NAME = 120

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<quoted>`[^`]*`|"[^"]*"|'[^']*')
      | (?P<sign>\*\*|//|<=|>=|==|!=|:=|[-+*/@%<>=()\[\],:.;])""",
    re.VERBOSE,
)
_ONLY_MATRICES = {"=", ":=", ".", "[", "]", ":", ";"}
_CLOSES = {"(": ")", "call": ")", "[": "]"}
_OPENS = {"(", "["}
_OPERAND = 'a name, a number or "("'
_DOT = "expected .T (the transpose); a name with a dot in it is written in backquotes"


@dataclass(frozen=True)
class Place:
    """A character of a text that a person wrote, to point at. `where` says what the text is."""

    text: str
    position: int
    where: str

    def error(self, message: str) -> InputError:
        """An InputError about this place, with the text around it and a mark before the character."""
        start, stop = max(0, self.position - 24), self.position + 24
        before = ("…" if start else "") + self.text[start : self.position]
        after = self.text[self.position : stop] + ("…" if stop < len(self.text) else "")
        excerpt = "".join(c if c.isprintable() else " " for c in f"{before}»{after}")
        return InputError(f'{self.where}, character {self.position + 1} (at » in "{excerpt}"): {message}')


@dataclass(frozen=True)
class Lexeme:
    kind: str
    text: str
    at: Place


@dataclass(frozen=True)
class Rewritten:
    """ASCII `text` for `ast`. Its character n came from `places[n]`.

    A name is an identifier of ours in it, its stand-in. `names` maps each stand-in to the name; `quoted` has
    the stand-ins of names that were written in quotes.
    """

    text: str
    places: tuple
    names: dict
    quoted: frozenset


def rewrite(text: str, where: str, matrices: bool = True) -> list[Rewritten]:
    """`text` as Python would write it: one Rewritten for each expression in it.

    `matrices` allows .T, indices, naming and several expressions. Raises InputError for a text that breaks
    the grammar.
    """
    tokens = _tokens(text, where)
    if not matrices:
        for token in tokens:
            if token.text in _ONLY_MATRICES:
                raise token.at.error(f'unexpected "{token.text}"; expected an operator')
    statements = _statements(tokens) if matrices else [tokens]
    return [_rewritten(statement, Place(text, _end_of(statement), where)) for statement in statements]


def _statements(tokens):
    """The tokens of each expression. A semicolon ends an expression. So does the end of a line, outside of
    brackets, with an operand before it and an operand after it."""
    depth = 0
    statements: list[list[Lexeme]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        depth += (token.text in _OPENS) - (token.text in _CLOSES.values())
        opened = depth - (token.text in _OPENS)
        between = before and token.at.text[before.at.position + len(before.text) : token.at.position]
        if token.text == ";" and depth == 0:
            if statements[-1]:
                statements.append([])
            continue
        starts = token.kind != "sign" or token.text == "("
        if statements[-1] and opened == 0 and starts and "\n" in between and _ends_operand(before):
            statements.append([])
        statements[-1].append(token)
    if not statements[-1]:
        statements.pop()
    if not statements:
        raise tokens[0].at.error(f"expected {_OPERAND}")
    return statements


def _ends_operand(token):
    return token.kind != "sign" or token.text in _CLOSES.values()


def _end_of(tokens):
    return tokens[-1].at.position + len(tokens[-1].text)


def _rewritten(tokens, end):
    roles = _Grammar(tokens, end).roles()
    parts, places = [], []
    names: dict = {}
    quoted: set = set()

    def put(piece, at):
        parts.append(piece)
        places.extend([at] * len(piece))

    put("(", tokens[0].at)
    for token, role in zip(tokens, roles, strict=True):
        piece = token.text
        if role in ("name", "option"):
            # Stand-ins keep Python from seeing keywords, non-ASCII letters and odd characters.
            stand_in = f"n{len(names)}"
            names[stand_in] = piece[1:-1] if token.kind == "quoted" else piece
            if token.kind == "quoted":
                quoted.add(stand_in)
            piece = stand_in
        elif role == "naming":
            piece = ":="
        put(piece + " ", token.at)
    put(")", end)
    return Rewritten("".join(parts), tuple(places), names, frozenset(quoted))


def _tokens(text, where):
    if not isinstance(text, str):
        raise InputError(f"{where}: expected text, found {type(text).__name__}")
    if len(text) > LONGEST_EXPRESSION:
        raise InputError(f"{where}: {len(text)} characters long; the most is {LONGEST_EXPRESSION}")
    tokens, position = [], 0
    while position < len(text):
        at = Place(text, position, where)
        match = _TOKEN.match(text, position)
        if not match:
            raise at.error(_unexpected(text[position]))
        position = match.end()
        kind, piece = match.lastgroup, match.group()
        if kind == "space":
            continue
        if kind == "quoted" and (not piece[1:-1].strip() or "`" in piece[1:-1] or not piece.isprintable()):
            raise at.error("expected a name between the quotes, without line breaks or backquotes")
        if kind in ("name", "quoted") and len(piece) > LONGEST_MATRIX_NAME:
            raise at.error(f"a name of {len(piece)} characters; the most is {LONGEST_MATRIX_NAME}")
        tokens.append(Lexeme(str(kind), piece, at))
        if len(tokens) > MOST_EXPRESSION_TOKENS:
            raise at.error(f"too long: more than {MOST_EXPRESSION_TOKENS} names, numbers and operators")
    if not tokens:
        raise InputError(f"{where}: empty; expected something like out = A @ B")
    return tokens


def _unexpected(character):
    if not character.isprintable():
        character = ascii(character)[1:-1]
    if character in "`\"'":
        return f"the quote {character} is not closed"
    if character in "!#$%^&":
        return f'unexpected "{character}"; a name with it is written in backquotes, like `W{character}1`'
    return f'unexpected "{character}"; expected {_OPERAND}, or an operator'


class _Grammar:
    """Walks the tokens once, knowing which bracket is open and whether an operand comes next.

    That is enough to find the role of every token, and to say what was expected instead. A role is
    "name", "option" (of a call), "attribute" (the T of .T), "naming" (the = of a named result), or "".
    """

    def __init__(self, tokens, end):
        self.tokens = tokens
        self.end = end
        self.brackets = []  # (kind, place): "(" groups, "call" encloses arguments, "[" an index
        self.operand_next = True
        self.found_roles = []  # of the tokens so far

    def roles(self):
        for n, token in enumerate(self.tokens):
            read = (
                _Grammar.operand if token.kind != "sign" else self._SIGNS.get(token.text, _Grammar.operator)
            )
            self.found_roles.append(read(self, n, token) or "")
        if self.brackets:
            kind, at = self.brackets[-1]
            raise at.error(f'this bracket is not closed; expected "{_CLOSES[kind]}" before the end')
        if self.operand_next:
            raise self.end.error(f"expected {_OPERAND}, found the end")
        return self.found_roles

    @property
    def inside(self):
        return self.brackets[-1][0] if self.brackets else ""

    def sign_before(self, n, *signs):
        return n > 0 and self.tokens[n - 1].kind == "sign" and self.tokens[n - 1].text in signs

    def unexpected(self, token):
        expected = _OPERAND if self.operand_next else "an operator"
        return token.at.error(f'expected {expected}, found "{token.text}"')

    def operand(self, n, token):
        if not self.operand_next:
            if token.kind == "number" and token.text.startswith("."):
                raise token.at.error(_DOT)
            raise token.at.error(f'expected an operator before "{token.text}"')
        self.operand_next = False
        if self.sign_before(n, "."):
            return "attribute"
        return "" if token.kind == "number" else "name"

    def operator(self, n, token):
        if self.operand_next and token.text not in "+-":
            raise self.unexpected(token)
        self.operand_next = True

    def opening(self, n, token):
        kind = token.text
        if kind == "(" and not self.operand_next:
            # Only a bare name is called.
            if self.tokens[n - 1].kind != "name" or self.found_roles[-1] != "name":
                raise self.unexpected(token)
            kind = "call"
        elif kind == "[" and self.operand_next:
            raise self.unexpected(token)
        self.brackets.append((kind, token.at))
        if len(self.brackets) > MOST_BRACKETS:
            raise token.at.error(f"nested too deep; the most is {MOST_BRACKETS} brackets")
        self.operand_next = True

    def closing(self, n, token):
        if not self.brackets or _CLOSES[self.inside] != token.text:
            raise token.at.error(f'"{token.text}" closes nothing that is open')
        no_arguments = self.inside == "call" and self.sign_before(n, "(")
        if self.operand_next and self.inside != "[" and not no_arguments:
            raise token.at.error(f'expected {_OPERAND} before "{token.text}"')
        self.brackets.pop()
        self.operand_next = False

    def comma(self, n, token):
        if self.inside not in ("call", "[") or (self.operand_next and self.inside == "call"):
            raise self.unexpected(token)
        self.operand_next = True

    def colon(self, n, token):
        if self.inside != "[":
            raise token.at.error('":" belongs only inside an index, like A[0:4, :]')
        self.operand_next = True

    def naming(self, n, token):
        after_name = n > 0 and self.tokens[n - 1].kind in ("name", "quoted") and not self.operand_next
        if self.inside == "[" or not after_name or not (n == 1 or self.sign_before(n - 1, "(", ",")):
            raise token.at.error(
                'a name is given at the start or right after "(", like out = A @ B or (attn = Q @ K) @ V'
            )
        self.operand_next = True
        if self.inside == "call" and token.text == "=":
            self.found_roles[-1] = "option"
            return ""
        return "naming"

    def dot(self, n, token):
        following = self.tokens[n + 1] if n + 1 < len(self.tokens) else None
        if self.operand_next or following is None or (following.kind, following.text) != ("name", "T"):
            raise token.at.error(_DOT)
        self.operand_next = True

    def semicolon(self, n, token):
        raise token.at.error(f'";" ends an expression; expected "{_CLOSES[self.inside]}" before it')

    _SIGNS = {
        "(": opening, "[": opening, ")": closing, "]": closing,
        ",": comma, ":": colon, "=": naming, ":=": naming, ".": dot, ";": semicolon,
    }  # fmt: skip
