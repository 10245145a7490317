"""Light, ground, background and render settings of a style, sized to the scene."""

from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ..description.style import Style
from ..errors import InputError
from ..look.lights import RIGS, lamps_of
from ..look.srgb import linear
from ..staging.camera.framing import View
from . import compat, tags
from .materials.ground import ground_material
from .materials.haze import haze_material
from .nodes.formula import Formula

ENVIRONMENT = "Matrix Cinema environment"
# Of the background: where it is lightest, in the picture from below, its height to width, and its end.
LIGHTEST, FLATNESS, DARKEST = 0.46, 1.15, 0.72
HAZE_REACH, HAZE_DENSITY = 1.6, 0.4  # sizes of the scene; of light that is lost in one, at a haze of 1
SUN = (-0.45, 0.75, 0.48)  # where it stands: to the camera's right, up, towards it


def load_environment(p: Any) -> bpy.types.Image | None:
    """The plan's environment as a packed picture, or None. Raises InputError for what is no picture."""
    if p.environment is None:
        return None
    try:
        image = bpy.data.images.load(str(p.environment.absolute()))
    except RuntimeError as error:
        raise InputError(f"style: environment: {p.environment}: {str(error).strip()}") from None
    if not image.size[0]:
        bpy.data.images.remove(image)
        raise InputError(f"style: environment: {p.environment}: Blender cannot read this picture")
    image.name = ENVIRONMENT
    image.pack()
    image.filepath = ""
    return image


def light(
    p: Any,
    view: View,
    stands: np.ndarray,
    corners: np.ndarray,
    environment: bpy.types.Image | None,
    collection: bpy.types.Collection,
    target: bpy.types.Scene,
) -> None:
    """Set up everything of the style that is not an element or a letter, around `corners` (n, 3), in the
    directions of a view; the camera stands at that or at another, `stands` (3,)."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, size = 0.5 * (low + high), float(np.linalg.norm(high - low))
    world(p.style, view, environment, target)
    floor = None
    if p.style.ground != "none" and stands[2] > low[2]:  # from below it would hide everything
        floor = ground(p.style, middle, low[2] - 0.6, size, collection)
    if not p.style.flat:
        lamps(p, view, middle, size, floor, collection)
        if p.style.haze:
            haze(p.style, middle, size, collection)
    settings(p, target)


def world(style: Style, view: View, environment: bpy.types.Image | None, target: bpy.types.Scene) -> None:
    """The background that the camera sees, and the light from all around."""
    rig = RIGS[style.light]
    target.world = bpy.data.worlds.new(f"Matrix Cinema {'flat' if style.flat else style.light} world")
    tree = compat.node_tree(target.world)
    tree.nodes.clear()
    f = Formula(tree)
    strength = style.world * rig.world * style.light_strength
    if environment is not None:
        turned = f.node(
            "ShaderNodeMapping",
            {
                "Vector": f.node("ShaderNodeTexCoord")["Generated"],
                "Rotation": (0.0, 0.0, np.radians(style.environment_turn)),
            },
        )[0]
        around = f.node("ShaderNodeTexEnvironment", {"Vector": turned}, image=environment)[0]
    elif rig.sky:
        around, strength = compat.sky(f, _direction(SUN, view)), 0.12 * strength
    else:
        # Lighter above than below, so that a mirror shows where up is.
        height = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["Generated"]})[2]
        around, strength = (0.75, 0.83, 1.0, 1.0), (height * 0.4 + 1.0) * (0.25 * strength)
    lighting = f.node("ShaderNodeBackground", {"Color": around, "Strength": strength})[0]
    seen = f.node("ShaderNodeBackground", {"Color": _backdrop(f, style), "Strength": 1.0})[0]
    to_camera = f.node("ShaderNodeLightPath")["Is Camera Ray"]
    f.node(
        "ShaderNodeOutputWorld",
        {"Surface": f.node("ShaderNodeMixShader", {0: to_camera, 1: lighting, 2: seen})[0]},
    )
    f.finish()


def _backdrop(f, style):
    """The background, with the style's `backdrop` around the middle of the picture."""
    edge, middle = ((*linear(color), 1.0) for color in (style.background, style.backdrop))
    if edge == middle:
        return edge
    place = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["Window"]})
    across, up = place[0] - 0.5, (place[1] - LIGHTEST) * FLATNESS
    far = f.clamp(f.real("SQRT", across * across + up * up) / DARKEST)
    far = far * far * (3.0 - 2.0 * far)
    return f.node("ShaderNodeMix", {0: far, 1: middle, 2: edge}, data_type="RGBA")[0]


def backdrop_at(style: Style, x: Any, y: Any) -> Any:
    """The colour of the background at places of the picture, 0 to 1 across and up: linear RGB, (n, 3)."""
    far = np.clip(np.hypot(x - 0.5, (y - LIGHTEST) * FLATNESS) / DARKEST, 0.0, 1.0)[:, None]
    far = far * far * (3.0 - 2.0 * far)
    return np.array(linear(style.backdrop)) * (1.0 - far) + np.array(linear(style.background)) * far


def _direction(place, view):
    """A place in the camera's directions (right, up, towards it) as one of the scene; up is the scene's."""
    right, up, back = place
    return right * view.right + up * np.array([0.0, 0, 1]) - back * view.forward


def lamps(
    p: Any, view: View, middle: np.ndarray, size: float, floor: float, collection: bpy.types.Collection
) -> None:
    """The lamps of the style's rig, and the scene's own, around the scene, which is `size` across."""
    style, rig = p.style, RIGS[p.style.light]
    if rig.sky:
        data = bpy.data.lights.new("Sun", "SUN")
        data.angle, data.color, data.energy = np.radians(3.0), (1.0, 0.95, 0.87), 3.4 * style.light_strength
        _lamp("Sun", data, middle + _direction(SUN, view) * size, middle, collection)
    for one in lamps_of(rig, p.scene.light):
        data = bpy.data.lights.new(one.name, "AREA")
        data.shape = "RECTANGLE" if one.height else "DISK"
        data.size, data.size_y = one.width * size, (one.height or one.width) * size
        data.color = one.color
        # An area light's watts grow with the square of its distance for the same brightness.
        data.energy = 11.0 * one.strength * style.light_strength * size**2
        lamp = _lamp(one.name, data, middle + _direction(one.place, view) * size, middle, collection)
        if one.place[2] < 0 and floor is not None and style.gloss:
            _spare(lamp, floor)


def _spare(lamp, floor):
    """Keep a lamp behind the scene from the floor, which would mirror it to the camera as a spot."""
    linked = bpy.data.collections.new(f"Matrix Cinema not {lamp.name}")
    linked.objects.link(floor)
    linked.collection_objects[0].light_linking.link_state = "EXCLUDE"
    lamp.light_linking.receiver_collection = linked


def _lamp(name, data, place, middle, collection):
    lamp = bpy.data.objects.new(name, data)
    lamp.location = place
    lamp.rotation_euler = (Vector(middle) - lamp.location).to_track_quat("-Z", "Y").to_euler()
    lamp.visible_camera = False
    collection.objects.link(lamp)
    return lamp


def haze(style: Style, middle: np.ndarray, size: float, collection: bpy.types.Collection) -> None:
    """Thin haze around the scene, in which lamps are seen; a look across the scene loses at most a third."""
    mesh = bpy.data.meshes.new("Haze")
    reach = HAZE_REACH * size
    corners = [middle + reach * np.array([x, y, z]) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh.from_pydata([tuple(corner) for corner in corners], [], faces)
    cloud = bpy.data.objects.new("Haze", mesh)
    cloud[tags.KIND] = "haze"
    cloud.display_type = "BOUNDS"
    mesh.materials.append(haze_material(HAZE_DENSITY * style.haze / size))
    collection.objects.link(cloud)


def ground(
    style: Style, middle: np.ndarray, height: float, size: float, collection: bpy.types.Collection
) -> Any:
    """A floor to the horizon, or one that shows nothing but the shadows on it."""
    import bmesh

    mesh = bpy.data.meshes.new("Ground")
    shell = bmesh.new()
    bmesh.ops.create_circle(shell, cap_ends=True, radius=size * 12, segments=96)
    shell.to_mesh(mesh)
    shell.free()
    floor = bpy.data.objects.new("Ground", mesh)
    floor[tags.KIND] = "ground"
    floor.location = (middle[0], middle[1], height)
    # What catches shadows on the background has to be whole.
    floor.is_shadow_catcher = style.ground == "shadow"
    fading = 0.0 if floor.is_shadow_catcher else size
    material = ground_material(style.ground_color, style.gloss, fading, floor.is_shadow_catcher)
    mesh.materials.append(material)
    collection.objects.link(floor)
    return floor


def settings(p: Any, target: bpy.types.Scene) -> None:
    """Resolution, sampling and colour management."""
    options, render, style = p.scene.render, target.render, p.style
    render.resolution_x, render.resolution_y, render.resolution_percentage = (
        options.width,
        options.height,
        100,
    )
    render.engine = "CYCLES" if options.engine == "cycles" else compat.eevee()
    if render.engine == "CYCLES":
        target.cycles.samples = options.samples
        target.cycles.use_denoising = not style.flat
        # Of points smaller than a pixel the normals are noise, and a filtered albedo is one smeared colour:
        # without the two, a cloud's pattern is nearer to that of many samples (docs/performance.md).
        target.cycles.denoising_prefilter = "NONE" if p.as_points else "FAST"
        target.cycles.denoising_input_passes = "RGB_ALBEDO" if p.as_points else "RGB_ALBEDO_NORMAL"
        target.cycles.max_bounces = 4
        # Gloss that mirrors lamps onto the floor is noise in a picture of few samples.
        target.cycles.caustics_reflective = target.cycles.caustics_refractive = style.caustics
        # A look through a cuboid passes many products, each with a front and a back.
        target.cycles.transparent_max_bounces = 8 if style.interior == "solid" else 128
        # Three lamps need no light tree; thousands of glowing elements make it cost half the time.
        target.cycles.use_light_tree = False
    target.view_settings.view_transform = style.view_transform
    if style.contrast == "none":
        target.view_settings.look = "None"
    else:
        prefix = "AgX - " if style.view_transform == "AgX" else ""
        target.view_settings.look = f"{prefix}{style.contrast.replace('_', ' ').title()} Contrast"
    target.view_settings.exposure = style.exposure
