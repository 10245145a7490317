"""Expressions and formulas: by the grammar, of things that do not belong together, with letters changed."""

from random import Random

import odd
from case import Case

NAMES = (
    "A", "B", "C", "x", "k", "Q", "out", "T", "softmax", "`a b`", '"q"', "é", "A1", "_", "lambda", "None",
)  # fmt: skip
FUNCTIONS = (
    "relu", "gelu", "gelu_tanh", "sigmoid", "silu", "tanh", "exp", "sqrt", "softmax", "layernorm",
    "layernorm_all", "rmsnorm", "rotary", "tril", "triu", "window", "padded", "masked", "concat",
    "sum_heads", "concat_heads", "nothing",
)  # fmt: skip
OPTIONS = (
    "axis=0", "axis=-1", "axis=1", "axis=9", "mask=causal", "mask=window(2)", "mask=padded(1)", "eps=1e-5",
    "eps=-1", "base=100", "dims=2", "dims=3", "first=-7", "layout=pairs", "layout=none", "mask=A", "x=1",
)  # fmt: skip
NUMBERS = (
    "0", "1", "2", "-1", "0.5", "1e-9", "1e12", "1e13", "1e400", "k", "sqrt(k)", "sqrt(32)", "00", "1_0",
    ".5", "5.",
)  # fmt: skip
PIECES = (
    *NAMES, *NUMBERS, "@", "+", "-", "*", "/", "**", "(", ")", "[", "]", ",", ":", "=", ":=", ".T", ".",
    ";", "\n", "==", "if", "for", "#", "\\", "'", "`", "\u00a0", "±", "0:1", "...",
)  # fmt: skip
GRID = ("i", "j", "h", "w", "pi", "random()", "A")
ON_GRIDS = (
    "abs", "sign", "floor", "ceil", "trunc", "round", "sqrt", "exp", "log", "sin", "cos", "tan", "tanh",
    "min", "max", "where", "eval",
)  # fmt: skip


def make(rng: Random) -> Case:
    if rng.random() < 0.25:
        return formula(rng)
    text = expression(rng, rng.randrange(1, 5))
    if rng.random() < 0.3:
        text = f"out = {text}"
    if rng.random() < 0.15:
        text += rng.choice(("; ", "\n")) + expression(rng, 2)
    if rng.random() < 0.25:
        text = shuffled(rng, text)
    shape = rng.choice(("[3, 3]", "[3, 3]", "[3, 3]", "[2, 3]", "[2, 3, 3]", "[1, 3]", "[3, 1]"))
    matrices = [
        f'matrices.{name} = {{ init = "normal", shape = {shape} }}' for name in "ABCxQk" if name in text
    ]
    return case(rng, "expression = " + odd.written(text), matrices)


def formula(rng: Random) -> Case:
    text = on_grids(rng, rng.randrange(1, 6))
    if rng.random() < 0.25:
        text = shuffled(rng, text)
    return case(
        rng, 'expression = "A"', [f"matrices.A = {odd.written({'init': f'expr: {text}', 'shape': [3, 4]})}"]
    )


def case(rng: Random, *lines) -> Case:
    data = "\n".join([lines[0], *lines[1]]).encode("utf-8", "replace")
    return Case("expressions", {"s.toml": data}, ["inspect", "s.toml"], composed=rng.random() < 0.2)


def expression(rng: Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(NAMES[:4] if rng.random() < 0.9 else NAMES)
    inner = expression(rng, depth - 1)
    match rng.randrange(10):
        case 0 | 1 | 2:
            return f"{inner} {rng.choice('@@@+-*/')} {expression(rng, depth - 1)}"
        case 3:
            return f"({inner}){rng.choice(('.T', '[0:2, :]', '[1]', '[-1:, 0:1]', '[9:, :]', '.T.T'))}"
        case 4 | 5:
            options = [inner]
            options += [expression(rng, depth - 1)] if rng.random() < 0.2 else []
            options += [rng.choice(NUMBERS)] if rng.random() < 0.15 else []
            options += [rng.choice(OPTIONS)] if rng.random() < 0.3 else []
            return f"{rng.choice(FUNCTIONS)}({', '.join(options)})"
        case 6:
            return f"({inner}) {rng.choice(('*', '/', '+', '-', '**'))} {rng.choice(NUMBERS)}"
        case 7:
            return f"{rng.choice(NUMBERS)} {rng.choice(('*', '/', '+', '-'))} ({inner})"
        case 8:
            return f"({rng.choice(('y', 'z', 'attn', 'A'))} = {inner})"
    return f"-({inner})"


def on_grids(rng: Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(GRID if rng.random() < 0.6 else NUMBERS)
    count = rng.choice((1, 1, 2, 3))
    match rng.randrange(3):
        case 0:
            return f"{rng.choice(ON_GRIDS)}({', '.join(on_grids(rng, depth - 1) for _ in range(count))})"
        case 1:
            sign = rng.choice(("+", "-", "*", "/", "**", "%", "//", "<", ">=", "==", "!="))
            return f"({on_grids(rng, depth - 1)} {sign} {on_grids(rng, depth - 1)})"
    return f"-{on_grids(rng, depth - 1)}"


def shuffled(rng: Random, text: str) -> str:
    """The text with pieces put in, taken out, or repeated until it is long."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        match rng.randrange(4):
            case 0:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randint(1, 3) :]
            case 2:
                text = text[:at] + rng.choice(odd.TEXTS[:24]) + text[at:]
            case 3:
                text = text[:at] + rng.choice(PIECES) * rng.choice((2, 50, 2000)) + text[at:]
    return text
