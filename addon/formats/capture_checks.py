"""Checks of a capture: each equation that its tensors should satisfy is computed again.

The checks show that the tensors of the file fit together. That they are the model's own numbers was checked
during the recording.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .capture_file import Capture
from .capture_layer import Layer

MOST_CHECKED_ROWS = 256  # tokens for which a projection is computed again, spread evenly over all tokens
HALF_TOLERANCE = {"float16": 8e-3, "bfloat16": 6e-2}  # errors, as parts of the largest magnitude
FLOAT32_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Check:
    """One equation of a layer, such as `x W_Q + b_Q = q`.

    `error` is the largest error over all heads, as a fraction of the largest magnitude. `tensor` names the
    tensor that is wrong if the equation does not hold."""

    layer: str
    equation: str
    tensor: str
    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.error <= self.tolerance


def checks_of(capture: Capture, layer: Layer, attention: bool = True) -> Iterator[Check]:
    """The checked equations of one layer; without that of the attention if `attention` is False.

    Raises InputError for numbers that are not finite."""
    tolerance = HALF_TOLERANCE.get(layer.dtype, FLOAT32_TOLERANCE)
    if attention and {"q", "k", "v", "z"} <= set(layer.shapes):
        recorded = layer.max_abs_error or 0.0
        error, size = 0.0, 0.0
        for head in layer.heads:
            error = max(error, capture.recompute(layer.name, head).errors["z"])
            size = max(size, float(np.abs(capture.tensor(layer.name, "z", head)).max()))
        # Dropout and half precision changed the model's own result; the recording reported by how much.
        yield Check(layer.name, "pattern v = z", "z", _share(max(error - recorded, 0), size), tolerance)
    for name in "QKV":
        if f"W_{name}" in layer.shapes:
            yield _projection(capture, layer, name, tolerance)
            if layer.found_by.get(name) == "length" and f"{name.lower()}_pre" in layer.shapes:
                yield _lengths(capture, layer, name, 10 * tolerance)
    if {"W_O", "attn_out", "z"} <= set(layer.shapes) and len(layer.heads) == layer.n_q_heads:
        yield _output(capture, layer, 10 * tolerance)
    if {"stream", "added", "attn_out"} <= set(layer.shapes):
        yield from _added(capture, layer, tolerance)


def not_written(capture: Capture, layer: Layer) -> dict[str, str]:
    """Tensors that the recording left out because it could not show that they are right: name -> reason."""
    told = capture.metadata["layers"][layer.key].get("not_written")
    return {str(name): str(why) for name, why in told.items()} if isinstance(told, dict) else {}


def left_out(capture: Capture) -> list[str]:
    """One line for each attention that ran during the recording but is not in the capture."""
    told = capture.metadata.get("left_out")
    lines = []
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            times = (
                f" ({one['times']} times)" if isinstance(one.get("times"), int) and one["times"] > 1 else ""
            )
            what, module = one.get("what", "attention"), one.get("module") or "the model"
            lines.append(f"{what} in {module}{times}: {one.get('why', '')}")
    return lines


def input_of(layer: Layer, name: str) -> str:
    """The name of the tensor that the projection `name`, Q, K or V, is applied to."""
    known = {"Q": ("x",), "K": ("x_k", "x"), "V": ("x_v", "x_k", "x")}[name]
    return next((one for one in known if one in layer.shapes), known[-1])


def _projection(capture: Capture, layer: Layer, name: str, tolerance: float) -> Check:
    own, source = name.lower(), input_of(layer, name)
    wanted = f"{own}_pre" if f"{own}_pre" in layer.shapes else own
    bias = f"b_{name}" in layer.shapes
    equation = f"{source} W_{name}{f' + b_{name}' * bias} = {wanted}"
    if source not in layer.shapes:
        return Check(layer.name, equation, f"W_{name}", np.inf, tolerance)
    x = capture.tensor(layer.name, source)
    rows = spread(len(x), MOST_CHECKED_ROWS)
    found = {}
    for head in layer.heads if name == "Q" else _one_of_each_group(layer):
        made = x[rows] @ capture.tensor(layer.name, f"W_{name}", head)
        made = made + capture.tensor(layer.name, f"b_{name}", head) if bias else made
        found[head] = made, capture.tensor(layer.name, wanted, head)[rows]
    return Check(layer.name, equation, f"W_{name}", _largest(found.values()), tolerance)


def _lengths(capture: Capture, layer: Layer, name: str, tolerance: float) -> Check:
    """A rotation keeps lengths: queries or keys are as long before their rotary positions as after them, up
    to one common factor.

    The rotation itself cannot be checked: the file does not say at which position a padded text begins.
    """
    own, lengths = name.lower(), []
    for head in layer.heads if name == "Q" else _one_of_each_group(layer):
        pair = (capture.tensor(layer.name, tensor, head) for tensor in (f"{own}_pre", own))
        lengths.append([np.linalg.norm(one, axis=1) for one in pair])
    before, after = (np.concatenate(each) for each in zip(*lengths, strict=True))
    power = float(before @ before)
    factor = float(before @ after) / power if power else 0.0
    equation = f"lengths of {own}_pre and {own}"
    return Check(layer.name, equation, f"{own}_pre", _largest([(factor * before, after)]), tolerance)


def _output(capture: Capture, layer: Layer, tolerance: float) -> Check:
    wanted = capture.tensor(layer.name, "attn_out")
    rows = spread(len(wanted), MOST_CHECKED_ROWS)
    made, attends = np.zeros_like(wanted[rows]), np.zeros(len(wanted[rows]), bool)
    for head in layer.heads:
        z = capture.tensor(layer.name, "z", head)[rows]
        made += z @ capture.tensor(layer.name, "W_O", head)
        attends |= z.any(axis=1)
    bias = "b_O" in layer.shapes
    if bias:
        made += capture.tensor(layer.name, "b_O")
    equation = f"sum of z W_O{' + b_O' * bias} = attn_out"
    # A query that may attend to nothing has zeros for z; each library then outputs something else.
    pair = made[attends], wanted[rows][attends]
    return Check(layer.name, equation, "W_O", _largest([pair]), tolerance)


def _added(capture: Capture, layer: Layer, tolerance: float) -> Iterator[Check]:
    """Check that `added`, which was added to the residual stream, is `attn_out` after the layer's last
    step."""
    a, b = capture.tensor(layer.name, "attn_out"), capture.tensor(layer.name, "added")
    kind = layer.residual["kind"]
    if kind in ("rms_norm", "layer_norm"):
        a = a - a.mean(axis=1, keepdims=True) * (kind == "layer_norm")
        a = a / np.sqrt((a * a).mean(axis=1, keepdims=True) + layer.residual["epsilon"])
    elif kind == "factor":
        a = a * layer.residual["factor"]
    elif kind != "gain":
        return
    if "added_gain" in layer.shapes:
        a = a * capture.tensor(layer.name, "added_gain")
    if "added_offset" in layer.shapes:
        a = a + capture.tensor(layer.name, "added_offset")
    yield Check(layer.name, f"{kind} of attn_out = added", "added", _largest([(a, b)]), tolerance)


def _one_of_each_group(layer: Layer) -> list[int]:
    """For each stored key/value head, the first query head that uses it."""
    first = {layer.kv_head(head): head for head in reversed(layer.heads)}
    return [first[kv_head] for kv_head in sorted(first)]


def spread(count: int, most: int) -> np.ndarray | slice:
    """All of `count` rows, or `most` of them, spread evenly."""
    return slice(None) if count <= most else np.linspace(0, count - 1, most).astype(int)


def _largest(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """The largest difference in the pairs (made, wanted), as a fraction of the largest magnitude wanted."""
    pairs = list(pairs)
    error = max(float(np.abs(made - wanted[: len(made)]).max(initial=0.0)) for made, wanted in pairs)
    return _share(error, max(float(np.abs(wanted).max(initial=0.0)) for _, wanted in pairs))


def _share(error: float, size: float) -> float:
    return error / size if size else error
