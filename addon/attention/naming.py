"""What the layers of a model are called: by their number in it, and their stack where it has several.

Both are read from the dotted paths of modules, as `encoder.block.3.layer.0.SelfAttention`. A model of one
stack has layers "0", "1" …; one of several "encoder.0", "decoder.0", "decoder.0.cross", "vision.3".
"""

import re
from collections.abc import Mapping

_SUFFIX = re.compile(r"_(model|tower|encoder|backbone)$")
_NAME_AND_NUMBER = re.compile(r"(.*?)(\d{1,6})?", re.DOTALL)
_IMAGE = re.compile(r"vision|visual|image|pixel|patch|video|\bvit\b", re.IGNORECASE)
_SOUND = re.compile(r"audio|speech|sound|\bwav", re.IGNORECASE)


def layer_names(layers: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Key -> name of layers, given their key, such as "3" or "3.cross", and (module path, kind), in the order
    in which they ran. Where the model ran several times, those of later passes have the number, "3@1".

    The number is what counts the layers in the path of their modules. Where none does, or where it would
    give two layers one name (a module that runs several times, stages of several blocks), the key is the
    name, or in a model of several stacks the number is the place among the layers of the stack.
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
    """A head in a few letters: "L5H11", "L5×H11" of a cross-attention, "decoder L5×H11", "P2 L5H11"."""
    layer, _, number = layer.partition("@")
    one = f"P{number} " * bool(number)
    cross = "×" if layer.endswith(".cross") else ""
    stack, _, number = layer.removesuffix(".cross").rpartition(".")
    return f"{one}{stack} L{number}{cross}H{head}".replace("  ", " ").strip()


def modality(module: str) -> str:
    """What a layer's tokens stand for, by the path of its module: "image", "sound", or "" for anything."""
    if _SOUND.search(module):
        return "sound"
    return "image" if _IMAGE.search(module) else ""


def passes_of(ran: list[tuple[str, str]]) -> list[int]:
    """The pass to which each (module path, kind) belongs, of those that ran in this order.

    Passes are told by a model of two layers or more that runs as a whole again and again.
    """
    for length in range(2, len(ran) // 2 + 1):
        one = ran[:length]
        if len(set(one)) == length and one * (len(ran) // length) == ran and all(module for module, _ in one):
            return [n // length for n in range(len(ran))]
    return [0] * len(ran)


def _stacks(modules: Mapping[str, str]) -> dict[str, str]:
    """The stack of each layer: the first word before its numbers in which paths differ."""
    words = {key: _words(module) for key, module in modules.items()}
    every = list(words.values())
    while every and all(every) and len({one[0] for one in every}) == 1 and len(set(every)) > 1:
        every = [one[1:] for one in every]
    first = {key: one[0] if one else "" for key, one in zip(words, every, strict=True)}
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
    """The number in each path by which they differ; of one path alone its first."""
    for pattern in (r"(?<![^.])\d{1,6}(?![^.])", r"\d{1,6}(?![^.])"):  # parts that are numbers, or end so
        own = [tuple(map(int, re.findall(pattern, module))) for module in modules]
        if len({len(numbers) for numbers in own}) > 1 or not own[0]:
            continue
        varying = [n for n in range(len(own[0])) if len({numbers[n] for numbers in own}) > 1]
        if len(varying) == 1 or len(modules) == 1:
            return [numbers[varying[0] if varying else 0] for numbers in own]
    return [None] * len(modules)
