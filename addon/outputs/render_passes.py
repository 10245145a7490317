"""OpenEXR stills have the drawn values as passes, beside the light of the picture.

Where an element is visible, the pass `value` has its value in single precision, and the pass `element` is 1.
On an edge both are means over the pixel, so that value / element is the value. Materials write the passes
(`blender.materials.elements`); this module switches them on in a scene.
"""

import contextlib
from collections.abc import Iterator

import bpy

from ..blender.materials.elements import ELEMENT_PASS, VALUE_PASS


@contextlib.contextmanager
def value_passes(scene: bpy.types.Scene) -> Iterator[None]:
    """A block in which every view layer of the scene has both passes."""
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
