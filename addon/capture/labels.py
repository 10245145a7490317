"""Which tokens label which layer: by the layer's place in the model, and by the number of its tokens.

A model may read more than one thing. Texts label the layers that are not of pictures or sound; the layers of
a decoder have the decoder's text. Patches of a picture are labelled by row and column.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..attention.naming import layer_names, modality, pass_of
from ..attention.tokens import spelled_in_bytes
from ..errors import InputError

EXTRA = (0, 1, 2, 5)  # tokens before those of patches: none, [CLS], and one register or four


def texts_of(tokens: Iterable[str | bytes] | None, what: str) -> list[str]:
    """The tokens as a list of texts. Raises InputError for ids, tensors and a single text."""
    wrong = f'{what} has to be a list of texts, one a token, such as ["the", "cat"]'
    if tokens is None:
        return []
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
        raise InputError(f"{wrong}; found {type(tokens).__name__}")
    # Vocabularies of tiktoken have bytes; those that are no text are spelled as SentencePiece does.
    texts = [_spelled(one) if isinstance(one, bytes) else one for one in tokens]
    for one in texts:
        if not isinstance(one, str):
            found = f"{type(one).__name__}; of ids tokenizer.convert_ids_to_tokens(ids) gives them"
            raise InputError(f"{wrong}; found {found}")
    return [str(one) for one in texts]


def passes_of_texts(tokens: Any, what: str) -> list[list[str]]:
    """The texts of each pass; one list for all of them where only one is given."""
    if isinstance(tokens, (list, tuple)) and tokens and isinstance(tokens[0], (list, tuple)):
        return [texts_of(one, f"{what}[{n}]") for n, one in enumerate(tokens)]
    return [texts_of(tokens, what)]


def spells_bytes(tokenizer: Any) -> bool | None:
    """Whether a tokenizer of transformers spells bytes as byte-level BPE does; None where that is unknown."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        parts = json.loads(backend.to_str())
        return '"ByteLevel"' in json.dumps([parts.get("decoder"), parts.get("pre_tokenizer")])
    return True if hasattr(tokenizer, "byte_encoder") else None


def tokens_of(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """The tokens of a tokenizer of transformers with these ids, as its vocabulary spells them.

    Tokens that were added to a byte-level vocabulary are spelled in bytes like the others: one such as "é"
    would else be taken for a byte.
    """
    tokens = list(tokenizer.convert_ids_to_tokens(ids))
    if not spells_bytes(tokenizer):
        return tokens
    added = tokenizer.get_added_vocab()
    return [spelled_in_bytes(one) if one in added else one for one in tokens]


def names_of(layers: Mapping) -> dict[str, str]:
    """Key -> name of the layers of a recording: those that they have, or by their modules."""
    given = {key: about.get("name", "") for key, (_, about) in layers.items()}
    if all(given.values()):
        return given
    return layer_names({key: (about["module"], about["kind"]) for key, (_, about) in layers.items()})


def labels_of(
    layers: Mapping, tokens: list[list[str]], target: list[list[str]], grids: Iterable[tuple[int, int]] = ()
) -> tuple[dict[str, tuple[list[str], list[str]]], dict[str, str], list[str]]:
    """({key: labels of queries and of keys}, {key: name}, warnings) for the layers of a recording.

    `tokens` are the texts that the model reads in each pass, `target` those of its decoder; one list for all
    passes, or one for each. `grids` are the (rows, columns) into which it has cut a picture. Layers over
    another number of tokens have no labels. Raises InputError for texts of another number of passes.
    """
    names = names_of(layers)
    passes = sorted({pass_of(name) for name in names.values()})
    for what, texts in (("tokens", tokens), ("target_tokens", target)):
        if len(texts) > 1 and len(texts) != len(passes):
            raise InputError(
                f"{what} has the texts of {len(texts)} passes; expected those of the {len(passes)} recorded"
            )
    labels: dict[str, tuple[list[str], list[str]]] = {}
    told: list[str] = []
    for n, number in enumerate(passes):
        own = {key: layers[key] for key in layers if pass_of(names[key]) == number}
        read, wrote = tokens[min(n, len(tokens) - 1)], target[min(n, len(target) - 1)]
        found, notes = _of_pass(own, names, read, wrote, grids)
        labels, told = labels | found, told + notes
    return labels, names, told


def _of_pass(
    layers: Mapping,
    names: dict[str, str],
    tokens: list[str],
    target: list[str],
    grids: Iterable[tuple[int, int]],
) -> tuple[dict[str, tuple[list[str], list[str]]], list[str]]:
    """({key: labels}, warnings) of the layers of one pass."""
    stacks = {key: names[key].partition("@")[0].removesuffix(".cross").rpartition(".")[0] for key in layers}
    several = len(set(stacks.values())) > 1
    pictures = {key for key, (_, about) in layers.items() if several and modality(about["module"])}
    decoding = {key for key in layers if key.endswith(".cross") or f"{key}.cross" in layers}
    if several:
        decoding = {key for key in layers if stacks[key] in {stacks[one] for one in decoding}}
    if target:  # of a decoder perhaps only its self-attention was chosen
        decoding |= {key for key, (_, about) in layers.items() if "decoder" in about["module"].split(".")}
    only = decoding | pictures == set(layers)  # nothing but the decoder reads a text
    labels: dict[str, tuple[list[str], list[str]]] = {}
    lacking: dict[tuple[int, int], list[str]] = {}
    for key, (arrays, _) in layers.items():
        texts = tokens, tokens
        if key in pictures:
            texts = [], []
        elif key in decoding:
            own = target or (tokens if only else [])
            texts = own, own if not key.endswith(".cross") else tokens if target else []
        counts = arrays["q"].shape[1], arrays["k"].shape[1]
        labels[key] = _fitting(texts[0], counts[0], grids), _fitting(texts[1], counts[1], grids)
        for given, count in sorted(set(zip(map(len, texts), counts, strict=True))):
            if given and given != count:
                lacking.setdefault((count, given), []).append(names[key])
    return labels, [_told(some, *counts) for counts, some in lacking.items()]


def patches(count: int, grids: Iterable[tuple[int, int]]) -> list[str]:
    """Labels of `count` tokens of a picture, "r0c0" in its upper left; [] where no grid, or more, fit.

    A class token and registers may stand before the patches: "[CLS]", "[REG1]" …
    """
    fitting = {grid for grid in grids if count - grid[0] * grid[1] in EXTRA and min(grid) > 1}
    if len(fitting) != 1:
        return []
    ((rows, columns),) = fitting
    extra = count - rows * columns
    first = [f"[REG{n}]" if n else "[CLS]" for n in range(extra)]
    return first + [f"r{row}c{column}" for row in range(rows) for column in range(columns)]


def _fitting(texts: list[str], count: int, grids: Iterable[tuple[int, int]]) -> list[str]:
    return texts if len(texts) == count else [] if texts else patches(count, grids)


def _told(names: Sequence[str], count: int, given: int) -> str:
    some = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    texts = f"{given} text{'s' * (given > 1)}"
    return f"layer{'s' * (len(names) > 1)} {some}: no labels, {texts} were given for {count} tokens"


def _spelled(token: bytes) -> str:
    text = token.decode("utf-8", "surrogateescape")
    return "".join(f"<0x{ord(c) - 0xDC00:02X}>" if "\udc80" <= c <= "\udcff" else c for c in text)
