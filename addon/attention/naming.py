"""Names for the layers of a model: the number of the layer, and its stack where the model has several.

Both come from the dotted paths of modules, such as `encoder.block.3.layer.0.SelfAttention`. A model of one
stack has layers "0", "1" …; a model of several has "encoder.0", "decoder.0", "decoder.0.cross", "vision.3".
"""

import re
from collections.abc import Mapping

_SUFFIX = re.compile(r"_(model|tower|encoder|backbone)$")
_NAME_AND_NUMBER = re.compile(r"(.*?)(\d{1,6})?", re.DOTALL)
_IMAGE = re.compile(r"vision|visual|image|pixel|patch|video|\bvit\b", re.IGNORECASE)
_SOUND = re.compile(r"audio|speech|sound|\bwav", re.IGNORECASE)


def layer_names(layers: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """{key: name} of `layers`, {key: (module path, kind)} in the order in which they ran; a key is "3" or
    "3.cross". Where the model ran several times, names of later passes have the number of the pass: "3@1".

    A layer's number is the number by which the paths of the modules differ. Where no number differs, or two
    layers would get the same name (a module that runs several times, stages of several blocks), the key is
    the name; in a model of several stacks the number is then the layer's place in its stack.
    """
    passes = passes_of(list(layers.values()))
    first = _named(dict(list(layers.items())[: passes.count(0)]))
    names = list(first.values()) * (max(passes, default=0) + 1)
    return {
        key: f"{name}@{number}" if number else name
        for key, name, number in zip(layers, names, passes, strict=True)
    }


def _named(layers):
    """The names of the layers of one pass."""
    stacks = _stacks({key: module for key, (module, _) in layers.items()})
    groups: dict = {}
    for key, (_, kind) in layers.items():
        groups.setdefault((stacks[key], kind), []).append(key)
    several = len(set(stacks.values())) > 1
    named: dict[str, str] = {}
    for (stack, kind), keys in groups.items():
        numbers = _numbers([layers[key][0] for key in keys])
        if len(set(numbers)) < len(keys) or None in numbers:
            if not (several and stack):
                named |= {key: key for key in keys}
                continue
            numbers = list(range(len(keys)))
        for key, number in zip(keys, numbers, strict=True):
            parts = stack if several else "", str(number), "" if kind == "self" else kind
            named[key] = ".".join(filter(None, parts))
    unique = len(set(named.values())) == len(named)
    return {key: named[key] if unique else key for key in layers}


def number_of(name: str) -> int:
    """The number of a layer in its stack: 3 of "3", "decoder.3", "decoder.3.cross" and "3@2"."""
    return int(name.partition("@")[0].removesuffix(".cross").rpartition(".")[2])


def pass_of(name: str) -> int:
    """The pass of a layer's name: 2 of "decoder.3@2", 0 of "decoder.3"."""
    return int(name.partition("@")[2] or 0)


def head_name(layer: str, head: int) -> str:
    """A head in a few letters: "L5H11"; "L5×H11" of a cross-attention; "decoder L5×H11"; "P2 L5H11" of pass
    2."""
    layer, _, run = layer.partition("@")
    cross = "×" if layer.endswith(".cross") else ""
    stack, _, number = layer.removesuffix(".cross").rpartition(".")
    return " ".join(filter(None, (f"P{run}" if run else "", stack, f"L{number}{cross}H{head}")))


def modality(module: str) -> str:
    """What the tokens of a layer stand for, by the path of its module: "image", "sound", or "" if the path
    does not say."""
    if _SOUND.search(module):
        return "sound"
    return "image" if _IMAGE.search(module) else ""


def passes_of(ran: list[tuple[str, str]]) -> list[int]:
    """The number of the pass, from 0, of each (module path, kind), given in the order in which they ran.

    There are several passes if the same layers, two or more, run again and again.
    """
    for length in range(2, len(ran) // 2 + 1):
        first = ran[:length]
        again = first * (len(ran) // length) == ran
        if again and len(set(first)) == length and all(module for module, _ in first):
            return [n // length for n in range(len(ran))]
    return [0] * len(ran)


def _stacks(modules: Mapping[str, str]) -> dict[str, str]:
    """The stack of each layer: the first word before its numbers in which paths differ."""
    words = {key: _words(module) for key, module in modules.items()}
    rest = list(words.values())
    while rest and all(rest) and len({path[0] for path in rest}) == 1 and len(set(rest)) > 1:
        rest = [path[1:] for path in rest]
    first = {key: path[0] if path else "" for key, path in zip(words, rest, strict=True)}
    short = {word: _SUFFIX.sub("", word) for word in set(first.values())}
    unique = len(set(short.values())) == len(short)
    return {key: short[word] if unique else word for key, word in first.items()}


def _words(module: str) -> tuple[str, ...]:
    """The words of a path before its first number."""
    words = []
    for part in module.split("."):
        word, number = _NAME_AND_NUMBER.fullmatch(part).groups()  # type: ignore[union-attr]
        if word:
            words.append(word)
        if number:
            break
    return tuple(words)


def _numbers(modules: list[str]) -> list[int | None]:
    """The number by which each path differs from the others, or None; for a single path, its first number."""
    # First the parts of a path that are a number, then those that end in one.
    for pattern in (r"(?<![^.])\d{1,6}(?![^.])", r"\d{1,6}(?![^.])"):
        in_path = [tuple(map(int, re.findall(pattern, module))) for module in modules]
        if len({len(numbers) for numbers in in_path}) > 1 or not in_path[0]:
            continue
        varying = [n for n in range(len(in_path[0])) if len({numbers[n] for numbers in in_path}) > 1]
        if len(varying) == 1 or len(modules) == 1:
            return [numbers[varying[0] if varying else 0] for numbers in in_path]
    return [None] * len(modules)
