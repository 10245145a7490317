"""What was added to the scores, told apart: which keys a query may attend to, and a bias.

Masks come as bool, as large negative numbers that are added or filled in, or as infinities; here
they are all the same, and get a name where they have one.
"""

import numpy as np
import torch

MASKED = -1e3  # a logit this far below the row's largest has no weight in any float type


def from_mask(call, index, rows, columns):
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
    values = mask.cpu().double().numpy()
    allowed = values > MASKED
    bias = np.where(allowed, values, 0.0)
    return (None if allowed.all() else allowed), (bias if bias.any() else None)


def from_logits(logits, q, k, scale, softcap):
    """(allowed, bias, sinks, noise of the bias) that explain the logits of attention written by hand."""
    logits, q, k = (t.double().numpy() for t in (logits, q, k))
    k = np.repeat(k, len(q) // len(k), axis=0)
    sinks = ()
    if logits.shape[-1] > k.shape[1]:
        sink, logits = logits[..., -1:], logits[..., :-1]
        if (sink != sink[:, :1]).any():  # one for each query: taken off its row, which is the same softmax
            logits, sink = logits - sink, np.zeros_like(sink)
        sinks = tuple(float(s) for s in sink[:, 0, 0])
    expected = q @ k.swapaxes(-1, -2) * scale
    size = max(float(np.abs(expected).max()), 1e-30)
    if softcap:
        expected = softcap * np.tanh(expected / softcap)
    allowed = logits > np.maximum(logits.max(axis=-1, keepdims=True), -1e30) + MASKED
    bias = np.where(allowed, logits - expected, 0.0)
    noise = 64 * float(np.finfo(np.float32).eps) * size
    bias = bias if np.abs(bias).max() > noise else None
    allowed = allowed[:1] if (allowed == allowed[:1]).all() else allowed
    return (None if allowed.all() else allowed), bias, sinks, noise


def named(allowed, rows, columns):
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


def compressed_mask(mask):
    """With each axis along which nothing changes kept once."""
    for axis in range(mask.ndim):
        if (mask == mask.take([0], axis)).all():
            mask = mask.take([0], axis)
    return mask


def compressed_bias(bias, allowed, noise):
    """The same for heads and queries, where masked entries fit anything and noise is no change."""
    bias = bias if allowed is None else np.where(allowed, bias, np.nan)
    for axis in (0, 1):
        least, most = np.fmin.reduce(bias, axis, keepdims=True), np.fmax.reduce(bias, axis, keepdims=True)
        if not (most - least > 2 * noise).any():
            bias = (least + most) / 2
    return np.nan_to_num(bias, nan=0.0)
