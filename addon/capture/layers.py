"""From attentions that ran to the layers of a capture: heads, masks, positions, projections.

One batch element is taken; repeated key/value heads are kept once. Each layer is recomputed from
exactly what will be written, and the error noted.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from ..attention.attend import attend
from . import masks
from .origins import Linear
from .positions import position_of
from .projections import find_projections


@dataclass(eq=False)
class Seen:
    """One layer as it will be written, in NumPy; q, k, v, z are [heads, tokens, width].

    `allowed` and `bias` are [heads or 1, queries, keys] or None, the bias exact to within `noise`;
    `found` has the projections, `output` the linear map after the heads, `tensors` what else is
    written. `parts` counts the layers, this the last, that are heads of one.
    """

    module: str
    tap: str
    kind: str
    dtype: str
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    z: np.ndarray
    scale: float
    softcap: float
    sinks: tuple
    allowed: np.ndarray | None
    bias: np.ndarray | None
    noise: float
    found: dict
    output: Linear | None
    parts: int
    tensors: dict


def see(call, index):
    """The layer that a call shows of batch element `index`."""
    q, k, v, found = _projected(call, index)
    if "Q" not in found and call.q.shape[2] > 1:
        turned = _unpacked(call)
        q_turned, k_turned, v_turned, found_turned = _projected(turned, index)
        if "Q" in found_turned:
            call, q, k, v, found = turned, q_turned, k_turned, v_turned, found_turned
    z, scale = call.z[index], call.scale
    if "Q" in found and found["Q"].how == "value":
        q, scale = _unscaled(q, scale, found["Q"].factor)
    if "K" in found and found["K"].how == "value":
        k, scale = _unscaled(k, scale, found["K"].factor)

    if call.tap == "sdpa":
        allowed, bias = masks.from_mask(call, index, q.shape[1], k.shape[1])
        sinks, noise = (), 0.0
    else:
        allowed, bias, sinks, noise = masks.from_logits(call.logits[index], q, k, scale, call.softcap)

    tensors = {}
    for name, projection in found.items():
        if projection.how == "length":
            tensors[f"{name.lower()}_pre"] = _numpy(projection.pre)
    kind = "self" if q.shape[1] == k.shape[1] else "cross"
    if "Q" in found:
        tensors["x"] = _numpy(found["Q"].x)
    if "Q" in found and "K" in found:
        if _same(found["Q"].x, found["K"].x):
            kind = "self"
        else:
            tensors["x_k"] = _numpy(found["K"].x)
            kind = "cross" if found["Q"].how != "path" else kind
    if call.output is not None:
        tensors["attn_out"] = _numpy(_element(call, call.output.y, index, call.tokens_first))
    if call.added is not None and call.added[0].numel() == call.output.y.numel():  # no tokens were dropped
        own, residual = call.added
        tokens_first = _tokens_first(call, own, index)
        # A norm or a factor may stand between; then the sum of both would be no tensor of the model.
        if _close(_numpy(_element(call, own, index, tokens_first)), tensors["attn_out"]):
            tensors["resid_pre"] = _numpy(_element(call, residual, index, tokens_first))
    return Seen(
        module=call.module,
        tap=call.tap,
        kind=kind,
        dtype=str(call.q.dtype).removeprefix("torch."),
        q=_numpy(q),
        k=_numpy(k),
        v=_numpy(v),
        z=_numpy(z),
        scale=scale,
        softcap=call.softcap,
        sinks=sinks,
        allowed=allowed,
        bias=bias,
        noise=noise,
        found=found,
        output=call.output,
        parts=call.parts,
        tensors=tensors,
    )


def written(seen, heads):
    """(tensors, description) of a layer with only the query heads `heads`, or all for None."""
    n_q, n_kv = seen.q.shape[0], seen.k.shape[0]
    heads = list(range(n_q)) if heads is None else sorted(set(heads))
    kv_heads = sorted({head // (n_q // n_kv) for head in heads})
    shape = (n_q, seen.q.shape[1], seen.k.shape[1])
    allowed = None if seen.allowed is None else np.broadcast_to(seen.allowed, shape)[heads]

    tensors = _activations(seen, heads, kv_heads) | _weights(seen, heads, kv_heads)
    left_out = _without_what_is_not_true(seen, tensors)
    if allowed is not None:
        # A query that may attend to nothing gives what its library makes of that, even NaN; here zeros.
        tensors["z"] = np.where(allowed.any(-1)[..., None], tensors["z"], 0)
    mask = masks.named(seen.allowed, *shape[1:])
    if mask["kind"] in ("padding", "custom"):
        tensors["mask"] = masks.compressed_mask(allowed)
    if seen.bias is not None:
        bias = np.broadcast_to(seen.bias, shape)[heads]
        tensors["bias"] = masks.compressed_bias(bias, allowed, seen.noise).astype(seen.q.dtype)
        mask = {"kind": "bias"} if mask["kind"] == "none" else mask

    description = {
        "module": seen.module,
        "kind": seen.kind,
        "n_q_heads": n_q,
        "n_kv_heads": n_kv,
        "head_dim": seen.q.shape[-1],
        "scale": seen.scale,
        "mask": mask,
        "position": position_of(seen),
        "dtype": seen.dtype,
        "tap": seen.tap,
        "max_abs_error": _error(seen, tensors, allowed, heads, kv_heads),
    }
    if len(heads) < n_q:
        description |= {"heads": heads, "kv_heads": kv_heads}
    if seen.softcap:
        description["softcap"] = seen.softcap
    if seen.sinks:
        description["sinks"] = list(seen.sinks)
    if seen.found:
        found_by = {name: found.how for name, found in seen.found.items() if f"W_{name}" in tensors}
        description["projections_found_by"] = found_by
    if left_out:
        description["left_out"] = left_out
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}, description


def _activations(seen, heads, kv_heads):
    """What was computed, of these heads; without what was seen for only some of the tokens."""
    rows, columns = seen.q.shape[1], seen.k.shape[1]
    tensors = {"q": seen.q[heads], "k": seen.k[kv_heads], "v": seen.v[kv_heads], "z": seen.z[heads]}
    for name, array in seen.tensors.items():
        array = array[{"q_pre": heads, "k_pre": kv_heads}.get(name, slice(None))]
        if array.shape[-2] == (columns if name in ("x_k", "k_pre") else rows):
            tensors[name] = array
    return tensors


def _weights(seen, heads, kv_heads):
    """The projections of these heads."""
    tensors = {}
    for name, projection in seen.found.items():
        own = heads if name == "Q" else kv_heads
        tensors[f"W_{name}"] = _numpy(projection.weight(own))
        if projection.full_bias is not None:
            tensors[f"b_{name}"] = _numpy(projection.bias(own))
    n_q, width = seen.z.shape[0], seen.z.shape[-1]
    if seen.output is not None and seen.output.weight.shape[0] == n_q * width:
        tensors["W_O"] = _numpy(seen.output.weight.reshape(n_q, width, -1)[heads])
        if seen.output.bias is not None:
            tensors["b_O"] = _numpy(seen.output.bias)
    return tensors


def _without_what_is_not_true(seen, tensors):
    """Take out the projections that do not give what they are said to give; name -> why."""
    left_out = {}
    for name, projection in seen.found.items():
        if projection.how == "path":
            continue  # something unknown lies between
        target = tensors.get(f"{name.lower()}_pre" if projection.how == "length" else name.lower())
        x = tensors.get("x_k" if name != "Q" and "x_k" in tensors else "x")
        if target is not None and x is not None and x.shape[-1] == tensors[f"W_{name}"].shape[1]:
            made = x @ tensors[f"W_{name}"]
            if f"b_{name}" in tensors:
                made = made + tensors[f"b_{name}"][:, None]
            rows = made.shape[1]
            places = (target[:, :rows], target[:, -rows:])  # learned keys stand after, a cache's before
            if any(part.shape == made.shape and _close(made, part) for part in places):
                continue
        left_out[f"W_{name}"] = f"the input times W_{name} is not {name.lower()}"
        del tensors[f"W_{name}"]
        tensors.pop(f"b_{name}", None)
    return left_out


def _close(a, b):
    """Equal to what rounding does, half precision apart."""
    return bool(np.abs(a - b).max() <= 1e-4 * max(np.abs(a).max(), np.abs(b).max()))


def _error(seen, tensors, allowed, heads, kv_heads):
    """The largest difference between z and what the tensors to be written give."""
    group = seen.q.shape[0] // seen.k.shape[0]
    shape = (len(heads), seen.q.shape[1], seen.k.shape[1])
    bias = np.broadcast_to(tensors["bias"], shape) if "bias" in tensors else None
    errors = [0.0]
    for n, head in enumerate(heads):
        at = kv_heads.index(head // group)
        q, k, v = (tensors[t][i].astype(np.float64) for t, i in (("q", n), ("k", at), ("v", at)))
        z = attend(
            *(q, k, v, seen.scale, seen.softcap),
            bias=None if bias is None else bias[n].astype(np.float64),
            allowed=None if allowed is None else allowed[n],
            sink=seen.sinks[head] if seen.sinks else None,
        )[-1]
        errors.append(float(np.abs(z - tensors["z"][n]).max()))
    return max(errors)


def _projected(call, index):
    """(q, k, v, projections) of one batch element, every key/value head once."""
    batch = call.q.shape[0]
    q = call.q[index]
    k, v = (t[index if t.shape[0] > 1 else 0] for t in (call.k, call.v))
    k, v = _ungroup(k, v, q.shape[0])
    return q, k, v, find_projections(q, k, v, call.before, call.paths, batch, index)


def _unpacked(call):
    """A call with one query, whose heads of one group were laid out like tokens, with them as heads.

    Libraries do this when decoding with grouped queries, to spare repeating keys and values.
    """

    def turned(tensor):
        return tensor if tensor is None or tensor.dim() < 4 else tensor.flatten(1, 2)[:, :, None]

    mask = call.mask
    if mask is not None and mask.dim() == 4 and mask.shape[1] > 1:
        mask = turned(mask)
    return replace(call, q=turned(call.q), z=turned(call.z), logits=turned(call.logits), mask=mask)


def _ungroup(k, v, heads):
    """Keys and values with every repeated head once."""
    for group in range(heads, 1, -1):
        if k.shape[0] != heads or v.shape[0] != heads or heads % group:
            continue
        kk, vv = (t.unflatten(0, (heads // group, group)) for t in (k, v))
        if torch.equal(kk, kk[:, :1].expand_as(kk)) and torch.equal(vv, vv[:, :1].expand_as(vv)):
            return kk[:, 0], vv[:, 0]
    return k, v


def _unscaled(tensor, scale, factor):
    """Queries or keys that were scaled before the product, with the scale back where it belongs."""
    if factor == 1:
        return tensor, scale
    scale *= factor
    usual = tensor.shape[-1] ** -0.5
    return tensor / factor, usual if abs(scale / usual - 1) < 1e-6 else scale


def _element(call, tensor, index, tokens_first):
    """One batch element of what left the attention, [tokens, width]."""
    batch, _, tokens, _ = call.z.shape
    if tokens_first:
        return tensor.reshape(tokens, batch, -1)[:, index]
    return tensor.reshape(batch, tokens, -1)[index]


def _tokens_first(call, own, index):
    """How the axes of the attention's output lie where it is added to the residual stream."""
    out = _element(call, call.output.y, index, call.tokens_first)
    for tokens_first in (call.tokens_first, not call.tokens_first):
        if torch.equal(_element(call, own, index, tokens_first), out):
            return tokens_first
    return call.tokens_first  # a norm stands between, which keeps the axes


def _same(a, b):
    return a.shape == b.shape and (a.data_ptr() == b.data_ptr() or torch.equal(a, b))


def _numpy(tensor):
    tensor = tensor.detach().cpu()
    return (tensor if tensor.dtype == torch.float64 else tensor.float()).numpy().copy()
