"""Text becomes tokens, in one list for each expression in it.

A name may stand in backquotes or quotes. An error says at which character it is and what was expected there.
"""

import re
from dataclasses import dataclass

from ..errors import InputError

LONGEST_EXPRESSION = 4000
MOST_EXPRESSION_TOKENS = 1000
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
CLOSES = {"(": ")", "[": "]"}
# How signs of print, and of other languages, are written here.
_WRITTEN = {
    **dict.fromkeys("×·⋅", "@"),
    **dict.fromkeys("−–", "-"),
    "÷": "/",
    **dict.fromkeys("ᵀ⊤", ".T"),
    "^": ".T or ** 2",
}
OPERAND = 'a name, a number or "("'


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
    """A token: its `kind` is "number", "name", "quoted", "sign" or, after the last one, "end"."""

    kind: str
    text: str
    at: Place

    @property
    def is_name(self) -> bool:
        return self.kind in ("name", "quoted")

    @property
    def name(self) -> str:
        """The name, without its quotes."""
        return self.text[1:-1] if self.kind == "quoted" else self.text


def lexemes(text: str, where: str, matrices: bool = True) -> list[list[Lexeme]]:
    """The tokens of each expression in `text`, each with an "end".

    `matrices` allows .T, indices, naming and several expressions. Raises InputError for characters that are
    not in the language, and for a text that is too long.
    """
    tokens = _tokens(text, where)
    for token in tokens if not matrices else ():
        if token.text in _ONLY_MATRICES:
            raise token.at.error(f'unexpected "{token.text}"; expected an operator')
    statements = _statements(tokens) if matrices else [tokens]
    return [[*one, Lexeme("end", "", Place(text, _end_of(one[-1]), where))] for one in statements]


def _statements(tokens):
    """The tokens of each expression. A semicolon ends an expression. So does the end of a line, outside of
    brackets, with an operand before it and an operand after it."""
    depth = 0
    statements: list[list[Lexeme]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        depth += (token.text in CLOSES) - (token.text in CLOSES.values())
        opened = depth - (token.text in CLOSES)
        between = before and token.at.text[_end_of(before) : token.at.position]
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
        raise tokens[0].at.error(f"expected {OPERAND}")
    return statements


def _ends_operand(token):
    return token.kind != "sign" or token.text in CLOSES.values()


def _end_of(token):
    return token.at.position + len(token.text)


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
    if character in _WRITTEN:
        return f'unexpected "{character}"; write {_WRITTEN[character]}'
    if character in "!#$%&":
        return f'unexpected "{character}"; a name with it is written in backquotes, like `W{character}1`'
    return f'unexpected "{character}"; expected {OPERAND}, or an operator'
