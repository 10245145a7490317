"""Scenes that need no scene file: one attention head of a capture, as a description."""

import math
from pathlib import Path

import numpy as np

from ..errors import InputError
from .capture import open_capture
from .matrices import tidy_tokens
from .scene import Capture, Matrix, Scene


def scene_from_capture(path, layer, head):
    """The scene of one head: scores, softmax and weighted values, with tokens and a title.

    `layer` is its number or name ("5.cross"), `head` a number. Scale, softcap, bias and mask are
    those of the capture. Raises InputError for a layer or head that is not there and for what the
    expression cannot say.
    """
    path = Path(path)
    capture = open_capture(path)
    found = capture.layer(layer)
    if head not in found.heads:
        capture.tensor(layer, "q", head)  # says which heads there are
    # A bare name is the tensor of [capture]'s layer, which is a number; cross-attention is named in full.
    prefix = "" if found.kind == "self" else f"L{found.name}."
    matrices = {
        "Q": Matrix(tensor=f"{prefix}q", row_labels=_tidied(found.tokens_q)),
        "K": Matrix(tensor=f"{prefix}k", row_labels=_tidied(found.tokens_k)),
        "V": Matrix(tensor=f"{prefix}v", row_labels=_tidied(found.tokens_k)),
    }
    if "bias" in found.shapes:
        matrices["bias"] = Matrix(tensor=f"{prefix}bias")
    for name in ("q", "k", "v"):
        if name not in found.shapes:
            raise InputError(f"layer {layer} of {path} has no {name}, which the scene needs")
    return Scene(
        expression=f"out = (attn = {_pattern(capture, found, head)}) @ V",
        title=_title(capture, found, head),
        caption=capture.text,
        capture=Capture(file=path.name, layer=int(found.name.split('.')[0]), head=head),
        matrices=matrices,
        folder=str(path.resolve().parent),
    )


def _pattern(capture, layer, head):
    """The attention pattern of a layer in the expression language."""
    logits = "Q @ K.T"
    if math.isclose(layer.scale, layer.head_dim**-0.5, rel_tol=1e-7):
        logits += f" / sqrt({layer.head_dim})"
    elif layer.scale != 1:
        logits += f" * {layer.scale!r}"
    if layer.softcap:
        logits = f"tanh({logits} / {layer.softcap!r}) * {layer.softcap!r}"
    if "bias" in layer.shapes:
        logits += " + bias"
    if layer.sinks:
        raise InputError(f"layer {layer.name} of {capture.path} has sinks, which cannot be drawn yet")
    allowed = capture.allowed(layer.name, head)
    if allowed.all():
        return f"softmax({logits})"
    # What each way of masking keeps; `ahead` is how many columns an entry is right of the diagonal.
    columns = np.broadcast_to(np.arange(allowed.shape[1]), allowed.shape)
    ahead = columns - np.arange(allowed.shape[0])[:, None]
    latest, window, length = layer.offset, max(layer.window, 1), max(int(allowed[0].sum()), 1)
    masks = {
        f"softmax({logits}, mask=causal)": ahead <= 0,
        f"softmax({logits}, mask=window({window}))": (ahead <= 0) & (ahead > -window),
        f"softmax({logits}, mask=padded({length}))": columns < length,
        f"softmax(tril({logits}, {latest}))": ahead <= latest,
        f"softmax(triu(tril({logits}, {latest}), {latest - window + 1}))": (ahead <= latest)
        & (ahead > latest - window),
    }
    for text, kept in masks.items():
        if np.array_equal(kept, allowed):
            return text
    raise InputError(
        f"layer {layer.name} of {capture.path} has a {layer.mask} mask that cannot be drawn yet; "
        "masks that can: none, causal, window, and padding at the end"
    )


def _title(capture, layer, head):
    model = str(capture.model.get("name") or capture.model.get("class") or "")
    parts = [model.rpartition("/")[2], f"layer {layer.name}", f"head {head}"]
    return " · ".join(part for part in parts if part)


def _tidied(tokens):
    """Labels only where tidying changes them; else the capture's own are used."""
    tidy = tidy_tokens(tokens)
    return tidy if tidy != tokens else ()
