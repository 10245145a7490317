"""Which keys each query may attend to: the name of a mask, and arrays no larger than they have to be."""

from typing import Any

import numpy as np

from ..attention.attend import causal_mask


def named(allowed: np.ndarray | None, rows: int, columns: int) -> dict[str, Any]:
    """The name in the capture of a mask [heads or 1, queries or 1, keys or 1], or None for no mask."""
    if allowed is None or allowed.all():
        return {"kind": "none"}
    allowed = np.broadcast_to(allowed, (len(allowed), rows, columns))
    for offset in dict.fromkeys((0, columns - rows)):
        shift = {"offset": offset} if offset else {}
        window = int(allowed[0, -1].sum())
        for name in ({"kind": "causal"}, {"kind": "window", "size": window}):
            if offset >= 0 and (allowed == array_of(name | shift, rows, columns)).all():
                return name | shift
    if (allowed == allowed[:1, :1]).all():
        return {"kind": "padding"}
    return {"kind": "custom"}


def array_of(mask: dict[str, Any], rows: int, columns: int) -> np.ndarray | None:
    """The mask of a name alone, [1, queries, keys], True where a query may attend; None where all may."""
    if mask["kind"] == "none":
        return None
    return causal_mask(rows, columns, mask.get("offset", 0), mask.get("size", 0))[None]


def compressed(array: np.ndarray) -> np.ndarray:
    """The array with one entry along each axis along which nothing changes."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if (array == first).all():
            array = first
    return array


def compressed_bias(bias: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """The same for heads and queries of a bias. Masked entries count as equal to anything."""
    bias = bias if allowed is None else np.where(allowed, bias, np.nan)
    for axis in (0, 1):
        least, most = np.fmin.reduce(bias, axis, keepdims=True), np.fmax.reduce(bias, axis, keepdims=True)
        if not (most > least).any():
            bias = most
    return np.nan_to_num(bias, nan=0.0)


class Shared:
    """Keeps one of equal arrays, such as the masks of a model's layers."""

    def __init__(self):
        self._known: list[np.ndarray] = []

    def __call__(self, array: np.ndarray | None) -> np.ndarray | None:
        """The array, or an equal one from before."""
        if array is None:
            return None
        for known in self._known:
            if known.dtype == array.dtype and np.array_equal(known, array):
                return known
        self._known = [array, *self._known[:7]]
        return array
