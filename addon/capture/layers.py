"""From attentions that ran to the layers of a capture: heads, masks, positions, projections.

One batch element is taken; repeated key/value heads are kept once; what was added to the scores
is told apart into a named mask and a bias; steps of a decoding with a cache are joined into one
layer. Each layer is then recomputed from exactly what will be written, and the error noted.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ..files.capture import attend
from .positions import position_of
from .projections import find_projections

MASKED = -1e3  # a logit this far below the row's largest has no weight in any float type


@dataclass(eq=False)
class Seen:
    """One layer as it will be written, in NumPy; q, k, v, z are [heads, tokens, width].

    `allowed` and `bias` are [heads or 1, queries, keys] or None; `found` has the projections.
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
    found: dict
    tensors: dict


def see(call, index):
    """The layer that a call shows of batch element `index`."""
    batch = call.q.shape[0]
    q, z = call.q[index], call.z[index]
    k, v = (t[index if t.shape[0] > 1 else 0] for t in (call.k, call.v))
    k, v = _ungroup(k, v, q.shape[0])
    found = find_projections(q, k, v, call.before, call.paths, batch, index)
    scale = call.scale
    if "Q" in found and found["Q"].how == "value":
        q, scale = _unscaled(q, scale, found["Q"].factor)
    if "K" in found and found["K"].how == "value":
        k, scale = _unscaled(k, scale, found["K"].factor)

    if call.tap == "sdpa":
        allowed, bias = _from_mask(call, index, q.shape[1], k.shape[1])
        sinks = ()
    else:
        allowed, bias, sinks = _from_logits(call.logits[index], q, k, scale, call.softcap)

    tensors = {}
    for name, projection in found.items():
        tensors[f"W_{name}"] = _numpy(projection.weight)
        if projection.bias is not None:
            tensors[f"b_{name}"] = _numpy(projection.bias)
        if projection.how == "length":
            tensors[f"{name.lower()}_pre"] = _numpy(projection.pre)
    kind = "self"
    if "Q" in found:
        tensors["x"] = _numpy(found["Q"].x)
    if "Q" in found and "K" in found and not _same(found["Q"].x, found["K"].x):
        kind = "cross"
        tensors["x_k"] = _numpy(found["K"].x)
    if call.output is not None:
        heads, width = z.shape[0], z.shape[-1]
        tensors["W_O"] = _numpy(call.output.weight.reshape(heads, width, -1))
        if call.output.bias is not None:
            tensors["b_O"] = _numpy(call.output.bias)
        out = _element(call.output.y, batch, index, z.shape[1])
        if out is not None:
            tensors["attn_out"] = _numpy(out)
    if call.residual is not None:
        residual = _element(call.residual, batch, index, z.shape[1])
        if residual is not None:
            tensors["resid_pre"] = _numpy(residual)
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
        found=found,
        tensors=tensors,
    )


def joins(before, after):
    """Whether `after` goes on where `before` ended, as a step of decoding with a cache does."""
    known, new = before.k.shape[1], after.k.shape[1]
    grown = after.q.shape[1] if before.kind == "self" else 0
    return (
        before.module == after.module
        and new == known + grown
        and before.k.shape[0] == after.k.shape[0]
        and np.array_equal(before.k, after.k[:, :known])
        and np.array_equal(before.v, after.v[:, :known])
    )


def join(before, after):
    """Both as one layer: the rows of `after` below those of `before`, over the keys of `after`."""
    columns = after.k.shape[1]
    if before.allowed is None and before.k.shape[1] == columns and after.allowed is None:
        allowed = None
    else:
        allowed = np.concatenate(
            [_widened(_full(seen.allowed, seen, True), columns) for seen in (before, after)], axis=1
        )
    bias = None
    if before.bias is not None or after.bias is not None:
        bias = np.concatenate(
            [_widened(_full(seen.bias, seen, 0.0), columns) for seen in (before, after)], axis=1
        )
    tensors = dict(before.tensors)
    for name, axis in (("x", 0), ("resid_pre", 0), ("attn_out", 0), ("q_pre", 1)):
        if name in tensors and name in after.tensors:
            tensors[name] = np.concatenate([tensors[name], after.tensors[name]], axis)
    if "k_pre" in tensors and "k_pre" in after.tensors and before.kind == "self":
        tensors["k_pre"] = np.concatenate([tensors["k_pre"], after.tensors["k_pre"]], 1)
    joined = Seen(
        **(vars(before) | {"k": after.k, "v": after.v, "allowed": allowed, "bias": bias, "tensors": tensors})
    )
    joined.q = np.concatenate([before.q, after.q], axis=1)
    joined.z = np.concatenate([before.z, after.z], axis=1)
    return joined


def written(seen, heads):
    """(tensors, description) of a layer with only the query heads `heads`, or all for None."""
    n_q, n_kv = seen.q.shape[0], seen.k.shape[0]
    heads = list(range(n_q)) if heads is None else list(heads)
    kv_heads = sorted({head // (n_q // n_kv) for head in heads})
    rows, columns = seen.q.shape[1], seen.k.shape[1]

    allowed = None if seen.allowed is None else np.broadcast_to(seen.allowed, (n_q, rows, columns))
    z = seen.z if allowed is None else np.where(allowed.any(-1)[..., None], seen.z, 0)
    tensors = {"q": seen.q[heads], "k": seen.k[kv_heads], "v": seen.v[kv_heads], "z": z[heads]}
    for name, array in seen.tensors.items():
        if name in ("W_Q", "b_Q", "q_pre", "W_O"):
            array = array[heads]
        elif name in ("W_K", "b_K", "k_pre", "W_V", "b_V"):
            array = array[kv_heads]
        tensors[name] = array
    for name, size in (("x", rows), ("x_k", columns), ("resid_pre", rows), ("attn_out", rows)):
        if name in tensors and tensors[name].shape[0] != size:
            del tensors[name]
    for name, size in (("q_pre", rows), ("k_pre", columns)):
        if name in tensors and tensors[name].shape[1] != size:
            del tensors[name]

    mask = _mask_named(seen.allowed, rows, columns)
    if mask["kind"] in ("padding", "custom"):
        kept = allowed[heads]
        tensors["mask"] = _compressed(kept, 0)
    if seen.bias is not None:
        bias = np.broadcast_to(seen.bias, (n_q, rows, columns))[heads]
        tensors["bias"] = _compressed(bias.astype(seen.q.dtype), 1e-6 * float(np.abs(bias).max()))
        if mask["kind"] == "none":
            mask = {"kind": "bias"}

    error = 0.0
    for n, head in enumerate(heads):
        group = kv_heads.index(head // (n_q // n_kv))
        bias = tensors.get("bias")
        if bias is not None:
            bias = np.broadcast_to(bias, (len(heads), rows, columns))[n].astype(np.float64)
        q, k, v = (tensors[t][at].astype(np.float64) for t, at in (("q", n), ("k", group), ("v", group)))
        sink = seen.sinks[head] if seen.sinks else None
        masked = None if allowed is None else allowed[head]
        made = attend(q, k, v, seen.scale, seen.softcap, bias, masked, sink)[-1]
        error = max(error, float(np.abs(made - tensors["z"][n]).max()))

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
        "max_abs_error": error,
    }
    if len(heads) < n_q:
        description |= {"heads": heads, "kv_heads": kv_heads}
    if seen.softcap:
        description["softcap"] = seen.softcap
    if seen.sinks:
        description["sinks"] = list(seen.sinks)
    described = {name: projection.how for name, projection in seen.found.items()}
    if described:
        description["projections_found_by"] = described
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}, description


def _from_mask(call, index, rows, columns):
    """(allowed, bias) from what `scaled_dot_product_attention` was given."""
    if call.mask is None:
        if not call.is_causal:
            return None, None
        return np.tri(rows, columns, dtype=bool)[None], None  # aligned at the top left, as torch does
    mask = call.mask
    while mask.dim() < 4:
        mask = mask[None]
    mask = mask[index if mask.shape[0] > 1 else 0]
    mask = mask.expand(mask.shape[0], rows, columns)
    if mask.dtype == torch.bool:
        return mask.cpu().numpy(), None
    values = mask.double().cpu().numpy()
    allowed = values > MASKED
    bias = np.where(allowed, values, 0.0)
    return (None if allowed.all() else allowed), (bias if bias.any() else None)


def _from_logits(logits, q, k, scale, softcap):
    """(allowed, bias, sinks) that explain the logits of attention written by hand."""
    logits = logits.double().cpu().numpy()
    q, k = q.double().cpu().numpy(), k.double().cpu().numpy()
    k = np.repeat(k, len(q) // len(k), axis=0)
    sinks = ()
    if logits.shape[-1] > k.shape[1]:
        sinks = tuple(float(s) for s in logits[:, 0, -1])
        logits = logits[..., :-1]
    expected = q @ k.swapaxes(-1, -2) * scale
    size = max(float(np.abs(expected).max()), 1e-30)
    if softcap:
        expected = softcap * np.tanh(expected / softcap)
    allowed = logits > np.maximum(logits.max(axis=-1, keepdims=True), -1e30) + MASKED
    bias = np.where(allowed, logits - expected, 0.0)
    noise = 64 * float(np.finfo(np.float32).eps) * size
    return (None if allowed.all() else allowed), (bias if np.abs(bias).max() > noise else None), sinks


def _mask_named(allowed, rows, columns):
    """The mask's name in the capture's metadata."""
    if allowed is None or allowed.all():
        return {"kind": "none"}
    ahead = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    for offset in dict.fromkeys((0, columns - rows)):
        shift = {"offset": offset} if offset else {}
        if offset >= 0 and (allowed == (ahead <= offset)).all():
            return {"kind": "causal"} | shift
        window = int(allowed[0, -1].sum())
        if offset >= 0 and (allowed == ((ahead <= offset) & (ahead > offset - window))).all():
            return {"kind": "window", "size": window} | shift
    if (allowed == allowed[:1, :1]).all():
        return {"kind": "padding"}
    return {"kind": "custom"}


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


def _element(y, batch, index, tokens):
    """One batch element of a linear map's output, [tokens, width], or None."""
    if y.dim() == 3 and y.shape[0] == batch and y.shape[1] == tokens:
        return y[index]
    if y.dim() == 3 and y.shape[1] == batch and y.shape[0] == tokens:
        return y[:, index]
    if y.dim() == 2 and batch == 1 and y.shape[0] == tokens:
        return y
    return None


def _same(a, b):
    return a.shape == b.shape and (a.data_ptr() == b.data_ptr() or torch.equal(a, b))


def _full(array, seen, fill):
    shape = (seen.q.shape[0], seen.q.shape[1], seen.k.shape[1])
    return np.full(shape, fill) if array is None else np.broadcast_to(array, shape)


def _widened(array, columns):
    """More columns for keys that did not exist yet: not allowed, or a bias of nothing."""
    return np.pad(array, ((0, 0), (0, 0), (0, columns - array.shape[2])))


def _compressed(array, tolerance):
    """With each axis along which nothing changes kept once."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if array.dtype == bool and (array == first).all():
            array = first
        elif array.dtype != bool and np.abs(array - first).max() <= tolerance:
            array = first
    return array


def _numpy(tensor):
    tensor = tensor.detach().cpu()
    return (tensor if tensor.dtype == torch.float64 else tensor.float()).numpy()
