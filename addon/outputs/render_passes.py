"""OpenEXR stills: the light of the picture and, as passes of their own, the values that were drawn.

The pass `value` holds each element's value where it is seen, in full single precision, and the pass
`element` is 1 there; on an edge both are the mean over the pixel, so that value / element is the value.
Materials write them (see `blender.materials.elements`); here a scene is told to keep them.
"""

import contextlib
from collections.abc import Iterator

import bpy

from ..blender.materials.elements import ELEMENT_PASS, VALUE_PASS


@contextlib.contextmanager
def value_passes(scene: bpy.types.Scene) -> Iterator[None]:
    """The scene with both passes in every view layer, within the block."""
    added = []
    try:
        for layer in scene.view_layers:
            for name in (VALUE_PASS, ELEMENT_PASS):
                if name not in layer.aovs:
                    one = layer.aovs.add()
                    one.name, one.type = name, "VALUE"
                    added.append((layer, name))
        yield
    finally:
        for layer, name in added:
            layer.aovs.remove(layer.aovs[name])
