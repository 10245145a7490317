"""Summaries of attention, computed from a capture and never stored in one.

A summary describes many patterns at once, and no single head does what it shows. A mean hides heads that
disagree; rollout ignores values, projections and the steps between attentions.
"""

from typing import Any

import numpy as np

from ..errors import InputError
from .tables import by

# name -> (axes as in capture_file.TENSORS, what it is)
SUMMARIES = {
    "mean_pattern": ("QK", "the mean of the patterns of all heads of the layer"),
    "mean_over_passes": ("HQK", "the mean of a head's patterns over all passes of the capture"),
    "rollout": ("QK", "attention rollout: how much of each input is in each token after the layer"),
}


def summary(capture: Any, layer: Any, name: str, head: int | None) -> np.ndarray:
    """One of SUMMARIES as a matrix [queries, keys] in float64. Raises InputError if the capture lacks the
    patterns that it needs."""
    if name == "mean_over_passes":
        return _mean_over_passes(capture, layer, head)
    return _rollout(capture, layer) if name == "rollout" else _mean_over_heads(capture, layer)


def layers_meant(capture: Any, layer: Any, name: str) -> list[Any]:
    """The layers whose queries and keys a tensor has: of a mean over passes the layer in all passes."""
    return capture.in_passes(layer) if name == "mean_over_passes" else [layer]


def summary_title(capture: Any, layer: Any, name: str) -> str:
    """One of SUMMARIES as a person says it."""
    if name == "mean_over_passes":
        return f"mean attention of {len(capture.in_passes(layer))} passes"
    return "attention rollout" if name == "rollout" else f"mean attention of {len(layer.heads)} heads"


def _mean_over_heads(capture, layer):
    if len(layer.heads) < layer.n_q_heads:
        raise InputError(
            f"{capture.where(layer)}: a mean over heads needs all {layer.n_q_heads}; the file "
            f"has {len(layer.heads)}"
        )
    return _mean(capture.tensor(layer.name, "pattern", head) for head in layer.heads)


def _mean_over_passes(capture, layer, head):
    same = capture.in_passes(layer)
    for one in same:
        _require_size(capture, one, layer, "a mean over passes")
    return _mean(capture.tensor(one.name, "pattern", head) for one in same)


def _rollout(capture, layer):
    """Attention rollout (Abnar and Zuidema 2020, section 3): the product of (A + 1) / 2 over all layers up to
    this one, with the last layer at the left. A is the mean of a layer's heads; the identity 1 stands for the
    residual stream, which keeps half of each token."""
    before = {
        one.number: one
        for one in capture.layers.values()
        if (one.stack, one.kind, one.pass_number) == (layer.stack, "self", layer.pass_number)
    }
    lacking = [n for n in range(layer.number + 1) if n not in before]
    if layer.kind != "self" or lacking:
        reason = (
            f"layer {lacking[0]} is not in the file" if layer.kind == "self" else "it is a cross-attention"
        )
        raise InputError(f"{capture.where(layer)}: there is no rollout, {reason}")
    rolled = np.eye(layer.sizes["Q"])
    for n in range(layer.number + 1):
        _require_size(capture, before[n], layer, "a rollout")
        rolled = 0.5 * (_mean_over_heads(capture, before[n]) @ rolled + rolled)
    return rolled


def _require_size(capture, one, layer, what):
    sizes = [(of.sizes.get("Q"), of.sizes.get("K")) for of in (one, layer)]
    if sizes[0] != sizes[1] or (what == "a rollout" and len(set(sizes[0])) > 1):
        raise InputError(
            f"{capture.where(one)}: {by(sizes[0])} tokens are not the {by(sizes[1])} of layer "
            f"{layer.name}, as {what} needs"
        )


def _mean(patterns):
    total, count = 0.0, 0
    for pattern in patterns:
        total, count = total + pattern, count + 1
    return total / count
