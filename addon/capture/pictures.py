"""What a model sees of a picture: the grid of patches into which it is cut, and a small copy of the
picture."""

import contextlib
import os
import warnings
from typing import Any

import numpy as np
import torch

from ..errors import InputError, needs_extra
from ..formats.reading import read_bounded

LARGEST = 256  # of a kept picture's sides, in pixels
MOST_BYTES = 2**26  # of a picture's file
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # with which PNG and JPEG begin


@contextlib.contextmanager
def seen_grids(grids: set[tuple[int, int]]) -> Any:
    """While active, every (rows, columns) that a 2-D convolution gives is added to `grids`."""

    def see(module, args, result):
        if isinstance(module, torch.nn.Conv2d) and isinstance(result, torch.Tensor) and result.dim() > 2:
            grids.add(tuple(result.shape[-2:]))

    hook = torch.nn.modules.module.register_module_forward_hook(see)
    try:
        yield
    finally:
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


def read_picture(path: str | os.PathLike[str]) -> Any:
    """The picture in a PNG or JPEG file, as Pillow has it, in RGB. Raises InputError; JobError without it."""
    data = read_bounded(path, MOST_BYTES, "picture")
    if not data.startswith(SIGNATURES):
        raise InputError(f"{path}: is no PNG or JPEG file")
    try:
        from PIL import ImageFile, ImageOps
    except ImportError as error:
        raise needs_extra(error, "reading a picture needs Pillow", "images") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # as of a picture that unpacks to far too much
            parser = ImageFile.Parser()
            parser.feed(data)
            return ImageOps.exif_transpose(parser.close()).convert("RGB")
    except Exception as error:  # Pillow has many errors for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: cannot be read as a picture ({reason})") from None


def seen_picture(values: torch.Tensor, processor: Any) -> np.ndarray | None:
    """What a model sees of a picture, uint8 [height, width, 3]: `values` [1, 3, height, width] before an
    image processor of transformers normalized them. None for values of another form."""
    if values.dim() != 4 or values.shape[1] != 3:
        return None
    colors = values[0].permute(1, 2, 0).double().numpy()
    if getattr(processor, "do_normalize", False):
        colors = colors * np.array(processor.image_std) + np.array(processor.image_mean)
    if getattr(processor, "do_rescale", True):
        colors = colors / getattr(processor, "rescale_factor", 1 / 255)
    return np.clip(np.rint(colors), 0, 255).astype(np.uint8)
