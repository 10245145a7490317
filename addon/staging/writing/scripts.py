"""Letters that stand higher or lower: the T of Kᵀ, the index of W_Q, and what is under a root."""

import re
from dataclasses import dataclass

TRANSPOSED = "ᵀ"  # as a text has it; it is set as a raised T
BAR_AT, BAR_WIDTH_OF_TYPE = 0.79, 0.055  # the bar of a root over its base line, and its width, in sizes
_INDEXED = re.compile(r"((?:[+−×÷] )?[A-Za-z]{1,3})_([A-Za-z0-9]{1,3})")
_SCRIPTS = re.compile(
    r"(?P<token>“[^”]*”?)|ᵀ|(?<![\w.])(?P<name>[A-Za-z]{1,3})_(?P<index>[A-Za-z0-9]{1,3})(?![A-Za-z0-9_])"
)


@dataclass(frozen=True)
class Script:
    """How a piece of type is set beside plain type: its `size`, how far it is `raised`, both in sizes of that
    type, and whether the bar of a root is over it."""

    size: float = 1.0
    raised: float = 0.0
    barred: bool = False


ON_THE_LINE = Script()
RAISED, LOWERED = Script(0.62, 0.36), Script(0.62, -0.16)
ROOT_SIGN = "√"
ROOT, UNDER_ROOT = Script(1.22, -0.06), Script(barred=True)


def indexed(name: str) -> tuple[str, str]:
    """(a name with its sign, its index): ("+ b", "Q") of "+ b_Q", and ("attn", "") of attn. Only a short name
    has a short index, for more is a word of several: attn_out."""
    match = _INDEXED.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def scripts_of(text: str) -> list[tuple[str, Script]]:
    """The pieces of a text, where each ᵀ is a raised T and the index of a name stands lower. A token, which
    is in quotation marks, is left as it is."""
    pieces: list[tuple[str, Script]] = []
    position = 0
    for found in _SCRIPTS.finditer(text):
        if not found["token"]:
            plain = text[position : found.start()] + (found["name"] or "")
            pieces += [(plain, ON_THE_LINE)] if plain else []
            pieces.append((found["index"], LOWERED) if found["name"] else ("T", RAISED))
            position = found.end()
    return [*pieces, *([(text[position:], ON_THE_LINE)] if text[position:] else [])]
