"""Makes capture files of attention that other tools have saved.

They may hold attention patterns alone, as transformers and bertviz do; queries, keys, values and weights by
the names of our own format; or a TransformerLens cache (`imported_names`). If a layer has queries, keys and a
pattern, scale, softcap and mask are found from them (`fitting`). The layer is then recomputed as in every
capture, and the file says with which error.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .capture_file import write_capture
from .fitting import fitted
from .imported_names import Found, by_name, known, put_stacks, without_batch
from .model_outputs import joined, stacks_of, steps_of
from .tables import SEVERAL, open_arrays


def import_attentions(
    attentions: Any,
    output: str | os.PathLike[str],
    *,
    tokens: Sequence[Any] = (),
    text: str = "",
    model: Mapping[str, object] | None = None,
    values: Sequence[Any] | None = None,
    batch: int | None = None,
) -> list[str]:
    """Write patterns as transformers gives them (`output_attentions=True`) to the capture file `output`.

    `attentions` has one array or torch tensor for each layer, [batch, heads, queries, keys] or without the
    batch. It may also be the attentions of `generate`, a tuple of layers for each step, which are joined; or
    the whole output of an encoder-decoder model, with its three kinds of attention. `values`, if given, has
    one array [heads, keys, width] for each layer. `tokens` are the texts of the tokens, or a pair: those of
    the queries (the decoder's) and those of the keys (the encoder's). They may end with the last token that
    `generate` made, which the model did not read. `batch` is the element of the batch to take. Returns
    warnings. Raises InputError for a pattern that is not a softmax.
    """
    contents, generated = Found(), False
    stacks = {}
    for stack, given in stacks_of(attentions).items():
        steps = steps_of(given)
        generated = generated or any(len(one) > 1 for one in steps.values())
        stacks[stack] = {n: _joined(one, f"attentions: layer {n}", batch) for n, one in steps.items()}
    for n, pattern in stacks.pop("", {}).items():
        contents.put(str(n), "pattern", pattern)
    put_stacks(contents, stacks)
    for n, value in enumerate(values or ()):
        contents.put(str(n), "v", without_batch(value, 3, f"values[{n}]", batch or 0))
    if generated:
        queries = [arrays["pattern"].shape[1] for arrays in contents.layers.values()]
        tokens = _read(tokens, queries[-1])
    return _write(contents, Path(output), tokens, text, model)


def import_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    tokens: Sequence[Any] = (),
    text: str = "",
) -> list[str]:
    """Make the capture file `output` of an NPZ or safetensors file with known names.

    Names: those of our format with or without `L{layer}.`, `blocks.{n}.attn.hook_q` and the like of
    TransformerLens, or patterns by any of `attentions`, `layer_0`, `arr_0`, `encoder_attentions_0`,
    `decoder_attentions`, `cross_attentions`. `scale` and `softcap` are single numbers. If the argument
    `tokens` is empty, arrays of texts named `tokens`, or `tokens_q` and `tokens_k`, are taken instead; see
    `import_attentions`. Returns warnings. Raises InputError.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in SEVERAL:
        stored = open_arrays(path)
        arrays = {name: stored[name] for name in known(stored) or stored}
    elif suffix in (".pt", ".pth", ".pkl", ".bin"):
        raise InputError(
            f"{path}: is a pickle, which could run anything; save it with "
            "numpy.savez(path, **{name: tensor.numpy() for name, tensor in cache.items()})"
        )
    else:
        raise InputError(f"{path}: import reads .npz and .safetensors")
    contents = by_name(arrays, str(path))
    if not tokens and contents.tokens:
        both = contents.tokens.get("tokens", [])
        tokens = contents.tokens.get("queries", both), contents.tokens.get("keys", both)
        tokens = tokens if any(tokens) else ()
    return _write(contents, Path(output), tokens, text, {"name": path.stem})


def _joined(steps, where, batch):
    """The pattern of a layer: from a single pass, or joined from the steps of `generate`."""
    if len(steps) > 1 and batch is None and np.ndim(steps[0]) == 4 and len(steps[0]) > 1:
        raise InputError(
            f"attentions: its batch has {len(steps[0])} elements. If each is a text, choose one with batch. "
            "If they are beams, generate with num_beams=1: beams change places from step to step"
        )
    return joined([without_batch(step, 3, where, batch or 0) for step in steps], where)


def _read(tokens, queries):
    """The tokens without the last token that `generate` made, which the model did not read."""
    if _is_pair(tokens):
        return _read(tokens[0], queries), tokens[1]
    return tokens[:-1] if len(tokens) == queries + 1 else tokens


def _write(found, output, tokens, text, model):
    if not found.layers:
        raise InputError(f"{output}: there are no layers to write")
    tokens_q, tokens_k = map(list, tokens if _is_pair(tokens) else (tokens, tokens))
    tensors: dict[str, np.ndarray] = {}
    described: dict[str, dict] = {}
    told: list[str] = []
    for key, arrays in found.layers.items():
        where = f"layer {found.names.get(key, key)}"
        kept, about, notes = fitted(arrays, where, **found.numbers.get(key, {}))
        tokens_here = _tokens_of(found.names.get(key, key), tokens_q, tokens_k, _is_pair(tokens))
        _check_tokens(where, kept, *tokens_here)
        if tokens_here != (tokens_q, tokens_k):
            about |= {"tokens_q": tokens_here[0], "tokens_k": tokens_here[1]}
        if key in found.names:
            about["name"] = found.names[key]
        described[key] = about | ({"kind": "cross"} if key.endswith(".cross") else {})
        tensors |= {f"L{key}.{name}": _plain(array) for name, array in kept.items()}
        told += notes
    metadata = {
        "tokens_q": tokens_q,
        "tokens_k": tokens_k,
        "text": text,
        "layers": described,
        "model": model or {},
        "made_by": {"tap": "import"},
    }
    metadata = {key: value for key, value in metadata.items() if value}
    write_capture(output, tensors, metadata)
    return told


def _tokens_of(name, tokens_q, tokens_k, pair):
    """The texts of a layer's queries and keys. In a pair of lists the encoder's tokens are the keys', the
    decoder's the queries'. A single list is the encoder's."""
    if name.startswith("encoder."):
        return tokens_k, tokens_k
    if name.startswith("decoder."):
        own = tokens_q if pair else []
        return own, tokens_k if name.endswith(".cross") else own
    return tokens_q, tokens_k


def _is_pair(tokens):
    return len(tokens) == 2 and not isinstance(tokens[0], str)


def _check_tokens(where, arrays, tokens_q, tokens_k):
    """Refuse tokens unless there is one for each query and each key."""
    shapes = {"queries": arrays.get("pattern", arrays.get("q")), "keys": arrays.get("k")}
    counts = {what: array.shape[1] for what, array in shapes.items() if array is not None}
    if "pattern" in arrays:
        counts["keys"] = arrays["pattern"].shape[2]
    for what, tokens in (("queries", tokens_q), ("keys", tokens_k)):
        if tokens and what in counts and len(tokens) != counts[what]:
            raise InputError(
                f"tokens: {len(tokens)} for the {counts[what]} {what} of {where}; expected the text "
                "of each token that the model read, special and generated ones included, or two lists if "
                "queries and keys are different tokens"
            )


def _plain(array):
    """The array with a dtype that a capture may have: bool, float64 or float32."""
    return array if array.dtype in (bool, np.float64) else np.asarray(array, np.float32)
