"""What all materials are made with."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import bpy
import numpy as np

from .. import compat, tags
from ..nodes.formula import Field, Formula

_asked: dict[str, Callable[[Formula], None]] | None = None


@contextlib.contextmanager
def asked() -> Iterator[dict[str, Callable[[Formula], None]]]:
    """A block in which no material is made. The dictionary gets the function that would write the nodes of
    each requested material, by the material's name."""
    global _asked
    _asked = {}
    try:
        yield _asked
    finally:
        _asked = None


def material(name: str, shade: Callable[[Formula], None], *, solid: bool = True) -> Any:
    """The material `name` of this build; `shade` writes its nodes when it is first asked for. A viewport in
    solid shading does not show what is not `solid`."""
    if _asked is not None:
        return _asked.setdefault(name, shade)

    def make(name):
        material = bpy.data.materials.new(name)
        if hasattr(material, "cycles"):  # which Blender may have switched off
            material.cycles.emission_sampling = "NONE"  # nothing that shines is a lamp
        if not solid:
            material.diffuse_color = (0.0, 0.0, 0.0, 0.0)
        tree = compat.node_tree(material)
        tree.nodes.clear()
        f = Formula(tree)
        shade(f)
        f.finish()
        return material

    return tags.once("materials", name, make)


def packed_image(name: str, rgb: np.ndarray) -> bpy.types.Image:
    """A new picture of sRGB colours, 0 to 1: [height, width, 3] from the top. It is packed into the file."""
    height, width = rgb.shape[:2]
    image = bpy.data.images.new(name, width, height, alpha=False)
    image.colorspace_settings.name = "sRGB"
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = rgb[::-1]  # Blender's rows begin at the bottom
    image.pixels.foreach_set(rgba.ravel())
    image.update()
    image.pack()
    return image


def surface(f: Formula, shader: Field, engine: str = "ALL") -> None:
    f.node("ShaderNodeOutputMaterial", {"Surface": shader}, target=engine)


def attribute(f: Formula, name: str) -> Field:
    """An attribute of the element: of the instance, or of the point when it is drawn as a point.

    Whichever of the two does not exist reads as 0.
    """
    return (
        f.node("ShaderNodeAttribute", attribute_name=name, attribute_type="INSTANCER")[2]
        + f.node("ShaderNodeAttribute", attribute_name=name, attribute_type="GEOMETRY")[2]
    )


def mix_color(f: Formula, a: Field | tuple, b: Field | tuple, t: Field | float) -> Field:
    return f.node("ShaderNodeMix", {0: t, 1: a, 2: b}, data_type="RGBA")[0]


def smooth(f: Formula, x: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, and smooth between them."""
    t = f.clamp((x - low) / (high - low))
    return t * t * (3.0 - 2.0 * t)
