"""Text to tokens, and tokens to text that Python's `ast` takes.

The language is Python's expression grammar but for two things: a result may be named in place,
`out = (attn = Q @ K) @ V`, and a name may stand in backquotes or quotes. Both are rewritten here,
token by token, and every error says at which character it is and what was expected there.
"""

import re
from dataclasses import dataclass

from ..errors import InputError

MAX_LENGTH = 4000
MAX_TOKENS = 1000
MAX_BRACKETS = 40
MAX_NAME = 120

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<quoted>`[^`]*`|"[^"]*"|'[^']*')
      | (?P<sign>\*\*|//|<=|>=|==|!=|:=|[-+*/@%<>=()\[\],:.])""",
    re.VERBOSE,
)
_ONLY_MATRICES = {"=", ":=", ".", "[", "]", ":"}
_CLOSES = {"(": ")", "call": ")", "[": "]"}
_OPERAND = 'a name, a number or "("'


@dataclass(frozen=True)
class Place:
    """A character of a source text, to point at. `where` says what the text is."""

    text: str
    position: int
    where: str

    def error(self, message):
        """An InputError about this place, with the text around it and a mark before the character."""
        start, stop = max(0, self.position - 24), self.position + 24
        before = ("…" if start else "") + self.text[start : self.position]
        after = self.text[self.position : stop] + ("…" if stop < len(self.text) else "")
        excerpt = "".join(c if c.isprintable() else " " for c in f"{before}»{after}")
        return InputError(f'{self.where}, character {self.position + 1} (at » in "{excerpt}"): {message}')


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: Place


@dataclass(frozen=True)
class Rewritten:
    """ASCII `text` for `ast`; `places[n]` is where its character n came from.

    `names` maps each stand-in identifier to the name it stands for; `quoted` holds those that
    were written in quotes.
    """

    text: str
    places: tuple
    names: dict
    quoted: frozenset


def rewrite(text, where, matrices=True):
    """`text` as Python would write it. Raises InputError for what is not the language's grammar.

    `matrices` allows .T, indices and naming.
    """
    tokens = _tokens(text, where)
    if not matrices:
        for token in tokens:
            if token.text in _ONLY_MATRICES:
                raise token.at.error(f'unexpected "{token.text}"; expected an operator')
    roles = _check(tokens, Place(text, len(text), where))
    parts, places, names, quoted = [], [], {}, set()

    def put(piece, at):
        parts.append(piece)
        places.extend([at] * len(piece))

    put("(", Place(text, 0, where))
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
    put(")", Place(text, len(text), where))
    return Rewritten("".join(parts), tuple(places), names, frozenset(quoted))


def _tokens(text, where):
    if not isinstance(text, str):
        raise InputError(f"{where}: expected text, found {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise InputError(f"{where}: {len(text)} characters long; the most is {MAX_LENGTH}")
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
        if kind in ("name", "quoted") and len(piece) > MAX_NAME:
            raise at.error(f"a name of {len(piece)} characters; the most is {MAX_NAME}")
        tokens.append(Token(kind, piece, at))
        if len(tokens) > MAX_TOKENS:
            raise at.error(f"too long: more than {MAX_TOKENS} names, numbers and operators")
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


def _expected(operand_next):
    return _OPERAND if operand_next else "an operator"


def _two_operands(tokens, n):
    found = tokens[n].text
    if tokens[n].kind == "number" and found.startswith("."):
        return "expected .T (the transpose); a name with a dot in it is written in backquotes"
    return f'expected an operator before "{found}"'


def _can_name(tokens, n):
    """Whether the = at `n` follows a name at the start, or right after a bracket or a comma."""
    if tokens[n - 1].kind not in ("name", "quoted"):
        return False
    return n == 1 or (tokens[n - 2].kind == "sign" and tokens[n - 2].text in ("(", ","))


def _check(tokens, end):
    """The role of each token: "name", "naming" (the = of a named result) or "" for all others.

    Walks once, knowing only whether an operand or an operator comes next and which bracket is open.
    """
    roles = []
    open_brackets = []  # (kind, place): "(" groups, "call" encloses arguments, "[" an index
    operand_next = True
    for n, token in enumerate(tokens):
        text, previous = token.text, tokens[n - 1] if n else None
        inside = open_brackets[-1][0] if open_brackets else ""
        role = ""
        if token.kind in ("name", "quoted", "number"):
            if not operand_next:
                raise token.at.error(_two_operands(tokens, n))
            if previous and previous.kind == "sign" and previous.text == ".":
                role = "attribute"
            elif token.kind != "number":
                role = "name"
            operand_next = False
        elif text in ("(", "["):
            called = text == "(" and not operand_next and previous.kind == "name" and roles[-1] == "name"
            if (text == "[") == operand_next and not called:
                raise token.at.error(f'expected {_expected(operand_next)}, found "{text}"')
            open_brackets.append(("call" if called else text, token.at))
            if len(open_brackets) > MAX_BRACKETS:
                raise token.at.error(f"nested too deep; the most is {MAX_BRACKETS} brackets")
            operand_next = True
        elif text in (")", "]"):
            if not open_brackets or _CLOSES[inside] != text:
                raise token.at.error(f'"{text}" closes nothing that is open')
            if operand_next and inside != "[" and (inside == "(" or previous.text != "("):
                raise token.at.error(f'expected {_OPERAND} before "{text}"')
            open_brackets.pop()
            operand_next = False
        elif text == ",":
            if inside not in ("call", "[") or (operand_next and inside == "call"):
                raise token.at.error(f'expected {_expected(operand_next)}, found ","')
            operand_next = True
        elif text == ":":
            if inside != "[":
                raise token.at.error('":" belongs only inside an index, like A[0:4, :]')
            operand_next = True
        elif text in ("=", ":="):
            if inside == "[" or operand_next or not _can_name(tokens, n):
                raise token.at.error(
                    'a name is given at the start or right after "(", like out = A @ B or (attn = Q @ K) @ V'
                )
            role = "" if inside == "call" and text == "=" else "naming"
            if not role:
                roles[-1] = "option"
            operand_next = True
        elif text == ".":
            following = tokens[n + 1] if n + 1 < len(tokens) else None
            if operand_next or following is None or following.text != "T" or following.kind != "name":
                raise token.at.error(
                    "expected .T (the transpose); a name with a dot in it is written in backquotes"
                )
            operand_next = True
        else:
            if operand_next and text not in "+-":
                raise token.at.error(f'expected {_OPERAND}, found "{text}"')
            operand_next = True
        roles.append(role)
    if open_brackets:
        kind, at = open_brackets[-1]
        raise at.error(f'this bracket is not closed; expected "{_CLOSES[kind]}" before the end')
    if operand_next:
        raise end.error(f"expected {_OPERAND}, found the end")
    return roles
