"""The differences between Blender 4.5, 5.0 and 5.2, all in one place.

Features are detected, never version numbers, so that a release in between behaves like the one it
resembles.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import addon_utils
import bpy
import numpy as np

from ..errors import InputError
from .nodes.formula import Field


def input_identifier(modifier: bpy.types.Modifier, name: str) -> str:
    """The socket identifier of the input `name` of a geometry-nodes modifier; KeyError when there is none."""
    for item in modifier.node_group.interface.items_tree:
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.name == name:
            return item.identifier
    raise KeyError(f'{modifier.node_group.name} has no input "{name}"')


def input_identifiers(modifier: bpy.types.Modifier) -> dict[str, str]:
    """The socket identifiers of all inputs of a geometry-nodes modifier that have a value, by name."""
    return {
        item.name: item.identifier
        for item in reversed(modifier.node_group.interface.items_tree)  # of one name the first, as above
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.socket_type != "NodeSocketGeometry"
    }


def input_path(modifier: bpy.types.Modifier, name: str) -> str:
    """The data path, from the object, of a modifier input: for keyframes and drivers."""
    return path_at(modifier, input_identifier(modifier, name))


def path_at(modifier: bpy.types.Modifier, identifier: str) -> str:
    """As `input_path`, for the input with this identifier."""
    if hasattr(modifier, "properties"):  # 5.2
        return f'modifiers["{modifier.name}"].properties.inputs.{identifier}.value'
    return f'modifiers["{modifier.name}"]["{identifier}"]'


def set_input(modifier: bpy.types.Modifier, name: str, value: Any) -> None:
    """Set a modifier input by its name. The object still has to be tagged: see `update`."""
    identifier = input_identifier(modifier, name)
    if hasattr(modifier, "properties"):
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value


def get_input(modifier: bpy.types.Modifier, name: str) -> Any:
    """The value of a modifier input by its name."""
    return value_at(modifier, input_identifier(modifier, name))


def value_at(modifier: bpy.types.Modifier, identifier: str) -> Any:
    """The value of the modifier input with this identifier."""
    if hasattr(modifier, "properties"):
        return getattr(modifier.properties.inputs, identifier).value
    return modifier[identifier]


# Interpolation between keys, and the easing at both ends, as Blender numbers them.
STEP, LINEAR, SINE = 0, 1, 12
IN_OUT = 3


def curve_with(datablock: Any, path: str, index: int, count: int) -> bpy.types.FCurve:
    """The curve that animates a property, made when there is none, with so many keys to be set."""
    animation = datablock.animation_data or datablock.animation_data_create()
    if animation.action is None:
        animation.action = bpy.data.actions.new(datablock.name)
    curve = animation.action.fcurve_ensure_for_datablock(datablock, path, index=index)
    curve.keyframe_points.clear()
    curve.keyframe_points.add(count)
    return curve


def set_keyframes(
    datablock: Any,
    path: str,
    keys: Sequence[tuple[float, Any]],
    *,
    index: int = 0,
    smooth: bool = False,
    stepped: bool = False,
) -> Any:
    """Replace the curve of `path` by straight lines through `keys`, pairs of (frame, value). `smooth` lines
    are slow at both ends. With `stepped`, each value is held until the next. Returns the curve."""
    curve = curve_with(datablock, path, index, len(keys))
    points = curve.keyframe_points
    points.foreach_set("co", [number for key in keys for number in key])
    points.foreach_set("interpolation", [STEP if stepped else SINE if smooth else LINEAR] * len(keys))
    points.foreach_set("easing", [IN_OUT] * len(keys))
    curve.update()
    return curve


def set_curve(
    datablock: Any, path: str, index: int, frames: Sequence[float], values: Sequence[float], slopes: Any
) -> Any:
    """Animate one number of a property along cubics through `values` at `frames`, changing by `slopes` per
    frame there: keys with handles, as a person would set them."""
    curve = curve_with(datablock, path, index, len(frames))
    points = curve.keyframe_points
    for n, (point, frame, value, slope) in enumerate(zip(points, frames, values, slopes, strict=True)):
        # Handles at a third of the way make time run evenly along the curve.
        before = (frame - frames[n - 1]) / 3 if n else 1.0
        after = (frames[n + 1] - frame) / 3 if n + 1 < len(frames) else 1.0
        point.co = frame, value
        point.interpolation = "BEZIER"
        point.handle_left_type = point.handle_right_type = "FREE"
        point.handle_left = frame - before, value - slope * before
        point.handle_right = frame + after, value + slope * after
    curve.update()
    return curve


def channelbags(datablock: Any) -> Iterator[Any]:
    """The containers of the F-curves that animate a datablock."""
    animation = getattr(datablock, "animation_data", None)
    if animation is None or animation.action is None or animation.action_slot is None:
        return
    for layer in animation.action.layers:
        for strip in layer.strips:
            if bag := strip.channelbag(animation.action_slot):
                yield bag


def find_curve(datablock: Any, path: str, index: int = 0) -> Any:
    """The F-curve that animates `path` of this datablock, or None."""
    found = (bag.fcurves.find(path, index=index) for bag in channelbags(datablock))
    return next(filter(None, found), None)


def node_tree(owner: Any) -> bpy.types.NodeTree:
    """The node tree of a material, world or light, made when it is not there yet (before 5.0)."""
    if owner.node_tree is None:
        owner.use_nodes = True
    return owner.node_tree


def centred_text(g: Any, text: Any, size: Any) -> Any:
    """A node that turns a string into curves, centred on the origin; alignment became sockets in 5.2."""
    node = g.tree.nodes.new("GeometryNodeStringToCurves")
    g.tree.links.new(text.socket, node.inputs["String"])
    g.tree.links.new(size.socket, node.inputs["Size"])
    if hasattr(node, "align_x"):
        node.align_x, node.align_y = "CENTER", "MIDDLE"
    else:
        node.inputs["Align X"].default_value, node.inputs["Align Y"].default_value = "Center", "Middle"
    return Field(g, node.outputs["Curve Instances"])


def sky(f: Any, sun: np.ndarray) -> Any:
    """A clear sky's colour, without the sun's disc, which stands at `sun` (x, y, z)."""
    node = f.tree.nodes.new("ShaderNodeTexSky")
    kinds = node.bl_rna.properties["sky_type"].enum_items
    node.sky_type = "NISHITA" if "NISHITA" in kinds else "MULTIPLE_SCATTERING"  # its name from 5.0
    node.sun_disc = False
    x, y, z = sun
    node.sun_elevation, node.sun_rotation = math.atan2(z, math.hypot(x, y)), math.atan2(x, y)
    return Field(f, node.outputs["Color"])


def engine(name: str) -> str:
    """Blender's identifier of the engine "cycles" or "eevee". Cycles is an add-on: without a window it is
    switched on, and in a window, where that is the user's choice, InputError says that it is off."""
    if name == "eevee":
        return eevee()
    if not hasattr(bpy.types.Scene, "cycles") and bpy.app.background:
        addon_utils.enable("cycles", default_set=False)
    if not hasattr(bpy.types.Scene, "cycles"):
        raise InputError(
            "Cycles is switched off in this Blender: switch it on in Preferences, Add-ons, or choose the "
            "engine EEVEE"
        )
    return "CYCLES"


def eevee() -> str:
    """EEVEE's engine identifier."""
    engines = bpy.types.RenderSettings.bl_rna.properties["engine"].enum_items
    return "BLENDER_EEVEE_NEXT" if "BLENDER_EEVEE_NEXT" in engines else "BLENDER_EEVEE"
