"""The pixels of images in Blender, row 0 at the top."""

import bpy
import numpy as np


def pixels_of(image: bpy.types.Image) -> np.ndarray:
    """What an image shows: (height, width, 4) in float32."""
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(height, width, 4)[::-1]


def colors_of(image: bpy.types.Image) -> np.ndarray:
    """The colours of an image, without its opacity: (height, width, 3) in uint8."""
    return np.rint(pixels_of(image)[..., :3] * 255).astype(np.uint8)
