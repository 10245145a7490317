"""The pixels of picture files, as Blender reads them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np

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


def pixels_of(image: bpy.types.Image) -> np.ndarray:
    """What an image shows: (height, width, 4) in float32, row 0 at the top."""
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(height, width, 4)[::-1]
