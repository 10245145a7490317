"""Attention patterns as transformers returns them, of one pass or of `generate`, as one array a layer.

`model(…).attentions` is a tuple of layers, `model.generate(…).attentions` a tuple of steps, each a tuple of
layers. Steps are joined as if all tokens had been read at once.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import InputError

NO_WEIGHTS = (
    "the model ran an attention that gives no weights, such as sdpa or flash; load it with "
    'attn_implementation="eager" and call it with output_attentions=True'
)


def stacks_of(attentions: Any) -> dict[str, object]:
    """The attentions of a model's output by stack: "encoder", "decoder" and "cross", or "" if there is only
    one stack. Raises InputError for an output without attentions."""
    if not isinstance(attentions, Mapping):
        return {"": attentions}
    kinds = {"": "attentions"} | {stack: f"{stack}_attentions" for stack in ("encoder", "decoder", "cross")}
    stacks = {stack: attentions.get(key) for stack, key in kinds.items()}
    stacks = {stack: given for stack, given in stacks.items() if given is not None and len(given)}
    if not stacks:
        raise InputError(f"attentions is an output of a model that has none: {NO_WEIGHTS}")
    return stacks


def steps_of(attentions: Any) -> dict[int, list]:
    """The patterns of each layer by its number: a list of one array or tensor for each step. A single pass is
    one step. Layers without attention, which some models have between the others, are left out.

    Raises InputError if there are no patterns.
    """
    steps = [] if attentions is None else list(attentions)
    if not any(_is_step(step) for step in steps):
        steps = [steps]
    if len({len(step) for step in steps}) > 1:
        raise InputError(
            f"attentions: steps have {sorted({len(step) for step in steps})} layers; "
            "expected the same number in each"
        )
    layers = {
        n: list(patterns)
        for n, patterns in enumerate(zip(*steps, strict=True))
        if any(pattern is not None for pattern in patterns)
    }
    if not layers:
        raise InputError(f"attentions is empty: {NO_WEIGHTS}")
    return layers


def _is_step(entry):
    """Whether an entry of attentions holds the layers of a step, and is not the pattern of a layer."""
    return isinstance(entry, Sequence) and all(one is None or hasattr(one, "shape") for one in entry)


def joined(steps: Sequence[np.ndarray], where: str) -> np.ndarray:
    """The patterns [heads, queries, keys] of the steps of `generate`, joined into one pattern.

    In a self-attention the number of keys grows from step to step; a query's weights for later keys are 0. If
    all keys are there from the first step, as in a cross-attention or a static cache, only the queries are
    joined. Keys of a static cache that no token has filled are left out.
    """
    if len(steps) == 1:
        return steps[0]
    if len({len(step) for step in steps}) > 1:
        raise InputError(
            f"{where}: its steps have {sorted({len(s) for s in steps})} heads; "
            "expected the same number in each"
        )
    if all(after.shape[1] == before.shape[1] + 1 for before, after in pairwise(steps)):  # without a cache
        return steps[-1]
    queries, keys = steps[0].shape[1:]
    slides = 1 < queries == keys and _is_causal(steps[0])  # the cache keeps only the latest keys
    if len({step.shape[2] for step in steps}) == 1 and not slides:
        pattern = np.concatenate(steps, axis=1)
        if not _is_causal(pattern):
            return pattern
        if pattern.shape[1] > keys:
            raise InputError(
                f"{where}: its static cache slides, so which keys are which is lost; use the default cache"
            )
        return pattern[:, :, : pattern.shape[1]]
    before = read = keys - queries  # tokens that were read before the first step
    ends = [read := read + step.shape[1] for step in steps]
    pattern = np.zeros((len(steps[0]), read - before, read), steps[0].dtype)
    for n, (step, end) in enumerate(zip(steps, ends, strict=True)):
        _, queries, keys = step.shape
        if keys > end:
            raise InputError(f"{where}: step {n} has {keys} keys, but {end} tokens were read by then")
        pattern[:, end - queries - before : end - before, end - keys : end] = step
    return pattern


def _is_causal(pattern):
    return not np.triu(pattern, 1).any()
