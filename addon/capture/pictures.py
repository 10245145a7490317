"""What a model sees of a picture: the grid into which it is cut, and the picture itself, made small."""

import contextlib

import numpy as np
import torch

from ..errors import InputError

LARGEST = 256  # of a kept picture's sides, in pixels


@contextlib.contextmanager
def seen_grids(model: torch.nn.Module, grids: set[tuple[int, int]]):
    """While active, every (rows, columns) that a 2-D convolution of the model gives is added to `grids`."""

    def see(module, args, result):
        if isinstance(result, torch.Tensor) and result.dim() in (3, 4):
            grids.add(tuple(result.shape[-2:]))

    hooks = [m.register_forward_hook(see) for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def as_picture(picture: np.ndarray) -> np.ndarray:
    """A picture [height, width, 3] in uint8 as a capture keeps it: no side longer than LARGEST, by means.

    Raises InputError for anything else.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        found = f"{picture.dtype} {list(picture.shape)}"
        raise InputError(f"picture has to be uint8 [height, width, 3]; found {found}")
    most = LARGEST / max(LARGEST, *picture.shape[:2])
    for axis in (0, 1):
        length = picture.shape[axis]
        short = max(1, round(length * most))
        if short < length:
            edges = np.arange(short + 1) * length // short
            sums = np.add.reduceat(picture.astype(np.float64), edges[:-1], axis)
            counts = np.diff(edges).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
            picture = np.rint(sums / counts).astype(np.uint8)
    return picture
