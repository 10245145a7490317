"""Picture files, as Blender reads them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np

from ..blender.image_pixels import pixels_of
from .files import full_path
from .silence import blender_silenced


@contextlib.contextmanager
def loaded(path: Path) -> Iterator[bpy.types.Image]:
    """A picture file in Blender, within the block."""
    with blender_silenced():
        image = bpy.data.images.load(str(full_path(path)), check_existing=False)
    try:
        yield image
    finally:
        bpy.data.images.remove(image)


def stored_pixels(path: Path) -> np.ndarray:
    """The stored pixels of a PNG: (height, width, 4) uint8, row 0 at the top."""
    with loaded(path) as image:
        image.colorspace_settings.name, image.alpha_mode = "Non-Color", "CHANNEL_PACKED"
        return np.rint(pixels_of(image) * 255).astype(np.uint8)
