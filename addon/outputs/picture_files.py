"""Picture files, as Blender reads them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import bpy

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
