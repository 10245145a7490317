"""The input of a model of transformers: one text or two, a picture, or a picture and a text."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..errors import InputError
from .labels import patches, spells_bytes, tokens_of
from .pictures import seen_picture

SOUND = ("input_features", "input_values")


@dataclass
class Inputs:
    """`arguments` of the model's forward; `tokens` and `target` as the vocabulary spells them, `picture` as
    the model sees it. Of `tokens` those that are `placeholder` stand for the patches of the picture."""

    arguments: dict
    tokens: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    token_ids: list[int] | None = None
    byte_level: bool | None = None
    picture: np.ndarray | None = None
    placeholder: str = ""

    def labelled(self, grids: Iterable[tuple[int, int]]) -> list[str]:
        """The tokens, with those that stand for patches by row and column where one of the grids fits."""
        places = [n for n, token in enumerate(self.tokens) if token == self.placeholder]
        labels = patches(len(places), grids) if places and places[-1] - places[0] < len(places) else []
        found = list(self.tokens)
        for place, text in zip(places, labels, strict=False):
            found[place] = text
        return found


def inputs_of(network: Any, load: Callable, text: str, pair: str, picture: Any, model: str) -> Inputs:
    """The Inputs of a model for a text, a picture of Pillow or None, and what its decoder wrote.

    `load(kind)` loads "AutoTokenizer", "AutoImageProcessor" or "AutoProcessor". `model` names it in messages.
    Raises InputError for input that the model cannot read, and for missing input.
    """
    takes = set(inspect.signature(network.forward).parameters)
    _check(takes, type(network).__name__, text, pair, picture, model)
    given: dict[str, Any] = {}
    tokenizer: Any = None
    found = Inputs({})
    if picture is not None:
        processor = load("AutoProcessor") if text else load("AutoImageProcessor")
        images = getattr(processor, "image_processor", processor)
        if text and hasattr(processor, "tokenizer"):
            tokenizer, found.placeholder = processor.tokenizer, str(getattr(processor, "image_token", ""))
            here = found.placeholder and found.placeholder not in text
            told = f"{found.placeholder}{text}" if here else text
            given = processor(text=[told], images=[picture], return_tensors="pt")
        else:
            given = images(images=[picture], return_tensors="pt")
        if "pixel_values" in given:
            found.picture = seen_picture(given["pixel_values"], images)
    if text and "input_ids" not in given and "input_ids" in takes:
        tokenizer = load("AutoTokenizer")
        pairs = {"text_pair": [pair]} if pair and "decoder_input_ids" not in takes else {}
        given = {**given, **tokenizer([text], **pairs, return_tensors="pt")}
    found.arguments = {name: value for name, value in given.items() if name in takes}
    if "input_ids" in found.arguments:
        found.token_ids = _ids(found.arguments["input_ids"], network, model)
        found.tokens = tokens_of(tokenizer, found.token_ids)
    if "decoder_input_ids" in takes:
        tokenizer = tokenizer or load("AutoTokenizer")
        ids = _decoder_ids(tokenizer, network.config, pair)
        found.arguments["decoder_input_ids"] = torch.tensor([ids])
        _ids(found.arguments["decoder_input_ids"], network, model)
        found.target = tokens_of(tokenizer, ids)
    found.byte_level = spells_bytes(tokenizer) if tokenizer else None
    return found


def _check(takes, name, text, pair, picture, model):
    """Raise InputError if a model lacks an input that it reads, or is given one that it does not read."""
    reads, sees, writes = (one in takes for one in ("input_ids", "pixel_values", "decoder_input_ids"))
    if not (reads or sees):
        heard = "hears sound" if takes & set(SOUND) else "reads no text and sees no picture"
        raise InputError(f"{model}: {name} {heard}; record it from Python, or with `call`")
    if sees and not reads and picture is None:
        raise InputError(f"{model}: {name} sees a picture; give one with `image`")
    if picture is not None and not sees:
        raise InputError(f"{model}: {name} sees no pictures; leave `image` out")
    if text and not reads:
        raise InputError(f"{model}: {name} reads no text; leave `texts` out" + ", or give a `pair`" * writes)
    if reads and not text and not (sees and picture is not None):
        raise InputError(f"{model}: {name} reads a text; give one in `texts`")
    if writes and not pair.strip():
        raise InputError(f"{model}: is an encoder and a decoder; give what the decoder wrote with `pair`")


def _ids(tensor, network, model):
    """The numbers of the tokens, as many as the model reads."""
    ids = tensor[0].tolist()
    config = network.config
    config = config.get_text_config() if hasattr(config, "get_text_config") else config
    most = getattr(config, "max_position_embeddings", None)
    if not ids:
        raise InputError(f"{model}: its tokenizer makes no token of the text")
    if most and len(ids) > most:
        raise InputError(f"the text has {len(ids)} tokens; {model} reads at most {most}")
    return ids


def _decoder_ids(tokenizer, config, text):
    """The decoder's input when it has written `text`: a start token, then the text without its end."""
    ids = list(tokenizer(text_target=text)["input_ids"])
    if ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    starts = (getattr(config, "decoder_start_token_id", None), tokenizer.bos_token_id, tokenizer.pad_token_id)
    return [start for start in starts if start is not None][:1] + ids
