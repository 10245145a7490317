"""Writes a recording as a capture file, with its labels, and without tensors that were not shown to be
right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import InputError
from ..formats.capture_checks import checks_of
from ..formats.capture_file import PICTURE, check_capture, write_capture
from .labels import labels_of, passes_of_texts
from .pictures import as_picture

Texts = Sequence[str] | Sequence[Sequence[str]] | None
Layers = Mapping[str, tuple[dict[str, np.ndarray], dict[str, Any]]]
# The tensors that are left out together with one that does not hold.
TOGETHER = {
    **{f"W_{n}": (f"W_{n}", f"b_{n}", f"A_{n}", f"B_{n}", f"{n.lower()}_pre") for n in "QKVO"},
    "added": ("added", "stream", "added_gain", "added_offset"),
}


@dataclass(frozen=True)
class Said:
    """The description of a recording that a person gives, as the arguments of `Recording.save`."""

    tokens: Texts
    target_tokens: Texts
    text: str | Sequence[str]
    token_ids: Iterable[int] | None
    model: Mapping[str, Any] | None
    made_by: Mapping[str, Any] | None
    byte_level: bool | None
    patches: tuple[int, int] | None
    picture: Any


def save(
    path: str | Path,
    recorded: Layers,
    left_out: Sequence[dict[str, Any]],
    grids: set[tuple[int, int]],
    said: Said,
) -> list[str]:
    """Write the capture file. Returns warnings, each a line. Raises InputError."""
    _require_kinds(said)
    tokens = passes_of_texts(said.tokens, "tokens")
    target = passes_of_texts(said.target_tokens, "target_tokens")
    labels, names, told = labels_of(
        recorded, tokens, target, {(said.patches[0], said.patches[1])} if said.patches else grids
    )
    first, several = tokens[0], any("@" in name for name in names.values())
    tensors: dict[str, np.ndarray] = {}
    layers: dict[str, dict[str, Any]] = {}
    for key, (arrays, description) in recorded.items():
        queries, keys = labels[key]
        layers[key] = description | ({"tokens_q": queries} if queries != first else {})
        layers[key] |= {"tokens_k": keys} if keys != first or keys != queries else {}
        layers[key] |= {"name": names[key]} if several else {}
        tensors |= {f"L{key}.{name}": array for name, array in arrays.items()}
    if said.picture is not None:
        tensors[PICTURE] = as_picture(said.picture)
    metadata = _metadata(said, first) | {"layers": layers}
    if left_out:
        metadata["left_out"] = list(left_out)
    tensors, metadata, wrong = _held(tensors, metadata)
    write_capture(path, tensors, metadata)
    return told + wrong


def _require_kinds(said: Said) -> None:
    """Raises InputError for a model, a text or patches of another kind."""
    if said.model is not None and not isinstance(said.model, Mapping):
        raise InputError(f'model has to be a dictionary such as {{"name": "my model"}}; found {said.model!r}')
    texts = [said.text] if isinstance(said.text, str) else said.text
    if not isinstance(texts, Sequence) or not all(isinstance(one, str) for one in texts):
        raise InputError(f"text has to be a text, or a list of one for each pass; found {said.text!r}")
    patches = said.patches
    if patches is not None and not (
        isinstance(patches, Sequence)
        and len(patches) == 2
        and all(isinstance(n, (int, np.integer)) for n in patches)
    ):
        raise InputError(f"patches has to be (rows, columns), such as (7, 7); found {patches!r}")


def _metadata(said: Said, tokens: list[str]) -> dict[str, Any]:
    """The file's metadata, without that of the layers."""
    texts = [said.text] if isinstance(said.text, str) else list(said.text)
    metadata: dict[str, Any] = {"tokens_q": tokens, "tokens_k": tokens, "text": texts[0] if texts else ""}
    if len(texts) > 1:
        metadata["passes"] = [{"text": one} for one in texts]
    if said.byte_level is not None:
        metadata["byte_level"] = bool(said.byte_level)
    if said.token_ids is not None:
        metadata["token_ids"] = [int(n) for n in said.token_ids]
    made_by = {"torch": torch.__version__} | dict(said.made_by or {})
    return metadata | {"model": dict(said.model or {}), "made_by": made_by}


def _held(tensors: dict, metadata: dict) -> tuple[dict, dict, list[str]]:
    """(tensors, metadata, messages about left-out tensors) without tensors that do not fit together or do not
    hold.

    Raises InputError when no layer is left.
    """
    kept = {name: one for name, one in tensors.items() if "." not in name}
    layers, wrong, left_out = {}, [], list(metadata.get("left_out", ()))
    for key, described in metadata["layers"].items():
        own = {name: one for name, one in tensors.items() if name.rpartition(".")[0] == f"L{key}"}
        try:
            own, described, told = _true(key, own, described, metadata)
        except InputError as error:
            wrong.append(f"left out: {error}")
            left_out.append({"module": described["module"], "what": "layer", "why": str(error), "times": 1})
            continue
        wrong += told
        layers[key] = described
        kept |= own
    if not layers:
        raise InputError(wrong[0].removeprefix("left out: "))
    return kept, metadata | {"layers": layers} | ({"left_out": left_out} if left_out else {}), wrong


def _true(key: str, tensors: dict, described: dict, metadata: dict) -> tuple[dict, dict, list[str]]:
    """One layer without the tensors that are not as the equations of the format have them."""
    capture = check_capture(f"layer {key}", tensors, metadata | {"layers": {key: described}})
    (layer,) = capture.layers.values()
    lacking, told = dict(described.get("not_written", {})), []
    for check in checks_of(capture, layer, attention=False):
        if check.ok:
            continue
        for name in TOGETHER.get(check.tensor, (check.tensor,)):
            tensors = {full: one for full, one in tensors.items() if full != f"L{key}.{name}"}
        lacking[check.tensor] = f"{check.equation} is missed by {check.error:.1e} of its largest"
        told.append(f"layer {key}: {check.tensor} is left out: {lacking[check.tensor]}")
    found = {
        n: how for n, how in described.get("projections_found_by", {}).items() if f"L{key}.W_{n}" in tensors
    }
    described = {n: one for n, one in described.items() if n != "projections_found_by"}
    described |= {"projections_found_by": found} if found else {}
    return tensors, described | ({"not_written": lacking} if lacking else {}), told
