"""Scene files: small scenes with any settings, right and wrong, and the examples, changed in places."""

import dataclasses
import functools
import tomllib
import types
import typing
from random import Random
from typing import Any

import odd
from case import EXAMPLES, ROOT, Case
from matrix_cinema.description.scene import Scene
from matrix_cinema.description.style import Color, Style

# Expressions, and shapes that fit them.
EXPRESSIONS = (
    ("A", {"A": (2, 3)}),
    ("C = A @ B", {"A": (3, 4), "B": (4, 2)}),
    ("out = (attn = softmax(Q @ K.T / sqrt(k))) @ V", {"Q": (4, 3), "K": (4, 3), "V": (4, 2)}),
    ("attn = softmax(tril(Q @ K.T)); out = attn @ V", {"Q": (2, 4, 3), "K": (2, 4, 3), "V": (2, 4, 2)}),
    ("sum_heads((z = A @ B) @ W) + r", {"A": (2, 3, 3), "B": (2, 3, 2), "W": (2, 2, 4), "r": (3, 4)}),
    ("gelu(x @ U + b) @ D + x", {"x": (3, 2), "U": (2, 4), "b": (1, 4), "D": (4, 2)}),
    ("(A @ B) * (C @ D)", {"A": (2, 2), "B": (2, 3), "C": (2, 4), "D": (4, 3)}),
    ("A @ B @ C @ D", {"A": (2, 3), "B": (3, 2), "C": (2, 4), "D": (4, 1)}),
    ("layernorm(concat(A, B)[:, 1:3]) - rmsnorm(C)", {"A": (3, 2), "B": (3, 2), "C": (3, 2)}),
)
INITIALISERS = (
    "eye", "uniform", "normal", "normal(0, 2)", "rows", "cols", "row_major", "gaussian", "tril_mask",
    "diff", "i_stripes(2)", "orthogonal", "low_rank(1)", "sinusoidal", "one_hot", "banded(1)", "toeplitz",
    "he", "xavier", "expr: i * w + j", "expr: where(i > j, random(), 0)", "expr: sin(i / 3) ** 2",
)  # fmt: skip
# What texts in the settings may say; any other text is odd.
WORDS = {
    "color_map": ("vik", "mm", "inferno", "two_inks", "mm(0.5, 0.1, 0, 0, 1)", "mm(nan)"),
    "pooling": ("auto", "off", "1x1", "2x2", "1x4", "9x9"),
    "subject": ("A", "C", "out", "out products", "C products", "attn"),
    "style": ("paper", "print", "mm", "glass", "glow", "studio_light"),
    "epilogue": ("none", "relu", "softmax", "x/sqrt(k)", "softmax(tril(x/8))"),
    "animation": ("inherit", "axpy"),
    "highlight": (
        "A",
        "C[0, 1]",
        "out[1:, :]; Q",
        'attn["a", 0]',
        "A[9]",
        "A[",
        ";;",
        "A[0:1",
        '"',
        "A[a#2]",
    ),
    "layers": ("all",),
    "heads": ("all",),
    "fps": ("24000/1001", "30/1", "0/1"),
}
WORDS |= {key: WORDS["color_map"] for key in ("probability_map", "signed_map", "unsigned_map")}
SELDOM = ("object", "font", "environment", "file", "tensor", "init", "values", "shape", "index", "slices")


def make(rng: Random) -> Case:
    table = rng.choice(examples()) if rng.random() < 0.15 else scene(rng)
    if rng.random() < 0.3:
        table = odd.changed(rng, table)
    if rng.random() < 0.03:
        table = huge(rng, table)
    data = odd.toml(table, rng).encode("utf-8", "replace")
    if rng.random() < 0.04:
        data = odd.damaged(rng, data)
    return Case("scenes", {"s.toml": data}, ["inspect", "s.toml"], composed=rng.random() < 0.25)


def huge(rng: Random, table: dict[str, Any]) -> dict[str, Any]:
    """The scene with something in it that is far too large."""
    text = rng.choice(("word ", "x", "A;", "中", "e\u0301", "A[0];")) * rng.choice((2_000, 20_000, 100_000))
    sizes = (1, 2, 3, 64, 500, 3_000, 8_192, 65_536, 2**20, 2**26, 2**40)
    table |= {key: {} for key in ("matrices", "look") if not isinstance(table.get(key), dict)}
    matrices = {name: item for name, item in table["matrices"].items() if isinstance(item, dict)}
    match rng.randrange(5):
        case 0 | 1:  # the same sizes for all, so that they may fit
            shape = [rng.choice(sizes) for _ in range(rng.choice((2, 2, 3, 4)))]
            for one in matrices.values():
                one.pop("values", None)
                one |= {
                    "init": rng.choice(INITIALISERS),
                    "shape": shape if rng.random() < 0.9 else shape[::-1],
                }
        case 2:
            rng.choice((table, table["look"], *matrices.values()))[
                rng.choice(("title", "caption", "label", "row_axis", "highlight", "expression", "subject"))
            ] = text
        case 3:
            for one in matrices.values():
                one["row_labels"] = [text[: rng.choice((10, 1_000, 100_000))]] * rng.choice((2, 3, 50))
        case 4:
            for name in [f"M{n}" for n in range(rng.choice((10, 100, 400)))]:
                table["matrices"][name] = {"init": "eye", "shape": [2, 2]}
            table["expression"] = f" {rng.choice('@+;')} ".join(table["matrices"])
    return table


def scene(rng: Random) -> dict[str, Any]:
    """A small scene whose settings are mostly allowed, at their limits above all."""
    expression, shapes = rng.choice(EXPRESSIONS)
    table: dict[str, Any] = {"expression": expression}
    table["matrices"] = {name: matrix(rng, shape) for name, shape in shapes.items()}
    for part, kind in tables().items():
        if rng.random() < 0.35:
            table[part] = settings(rng, kind)
    if rng.random() < 0.3:
        results = [word.strip(" (") for word in expression.replace(";", "=").split("=")[:-1]]
        own = typing.get_args(typing.get_type_hints(Scene)["products"])[1]
        table["products"] = {name.split("(")[-1]: settings(rng, own) for name in results}
    for key in ("title", "caption"):
        if rng.random() < 0.2:
            table[key] = odd.text(rng)
    return table


def matrix(rng: Random, shape: tuple[int, ...]) -> dict[str, Any]:
    """A made-up or written matrix of this shape."""
    if len(shape) == 2 and rng.random() < 0.2:
        scale = rng.choice((1.0, 1e-6, 1e6, 1e-30, 1e30, 0.0))
        table = {"values": [[scale * rng.uniform(-1, 1) for _ in range(shape[1])] for _ in range(shape[0])]}
    else:
        table = {"init": rng.choice(INITIALISERS), "shape": list(shape)}
    for key, size in (("row_labels", shape[-2]), ("column_labels", shape[-1])):
        if rng.random() < 0.15:
            table[key] = [odd.text(rng) for _ in range(size)]
    for key in ("label", "row_axis", "column_axis"):
        if rng.random() < 0.1:
            table[key] = odd.text(rng)
    if rng.random() < 0.1:
        table["seed"] = rng.choice((0, 1, 2**31, 2**63 - 1))
    return table


def settings(rng: Random, kind: type) -> dict[str, Any]:
    """A few fields of a part of a description."""
    hints = typing.get_type_hints(kind)
    fields = [f for f in dataclasses.fields(kind) if f.name != "folder"]
    chosen = rng.sample(fields, min(len(fields), rng.randint(1, 4)))
    chosen = [f for f in chosen if f.name not in SELDOM or rng.random() < 0.1]
    return {f.name: setting(rng, f.name, hints[f.name], f.metadata) for f in chosen}


def setting(rng: Random, name: str, hint: Any, limits: typing.Mapping) -> Any:
    """A value that a field allows, at its limits above all, or now and then an odd one."""
    if rng.random() < 0.03:
        return odd.value(rng)
    if isinstance(hint, types.UnionType):
        hint = rng.choice([one for one in typing.get_args(hint) if one is not types.NoneType])
    low, high = limits.get("low"), limits.get("high")
    if limits.get("choices") and hint is str:
        return rng.choice(limits["choices"])
    if hint == Color:
        return rng.choice(("#ff8800", "#000000", [0.0, 0.5, 1.0], [1, 1, 1]))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return [setting(rng, name, inner, limits) for _ in range(rng.randrange(4))]
    if hint is bool:
        return rng.random() < 0.5
    if hint in (int, float) and low is not None:
        high = max(low, 64) if high is None else high
        number = rng.choice((low, high, low + (high - low) / 3, min(high, low + 1), rng.uniform(low, high)))
        return hint(number)
    if hint in (int, float):
        return odd.number(rng) if rng.random() < 0.1 else hint(rng.choice((0, 1, -1, 0.5, 3)))
    return rng.choice(WORDS[name]) if name in WORDS and rng.random() < 0.95 else odd.text(rng)


def tables() -> dict[str, type]:
    """The parts of a description that are tables of settings."""
    hints = typing.get_type_hints(Scene)
    return {name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)} | {"style": Style}


@functools.cache
def examples() -> tuple[dict, ...]:
    """The smaller examples, their files named from wherever they lie."""
    found = []
    for path in sorted((ROOT / "examples").rglob("*.toml")):
        if path.parent.name in ("scale", "article_trained"):
            continue
        table = tomllib.loads(path.read_text())
        for holder in (table.get("capture", {}), *table.get("matrices", {}).values()):
            if holder.get("file"):
                file = (path.parent / holder["file"]).resolve().relative_to(ROOT / "examples")
                holder["file"] = f"{EXAMPLES}/{file.as_posix()}"
        found.append(table)
    return tuple(found)
