"""Light, ground, background and render settings of a style, sized to the scene."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ..description.light import Light
from ..description.scene import Render
from ..description.style import WholeStyle
from ..errors import InputError
from ..look.lights import RIGS, Lamp, lamps_of
from ..look.srgb import linear
from ..staging.camera.framing import View
from . import compat, tags
from .materials.base import mix_color
from .materials.ground import ground_material
from .materials.haze import haze_material
from .nodes.formula import Formula
from .objects import new_object
from .property_paths import Values, put
from .shadow_floor import Casters, shadow_floor
from .shapes import BOX_CORNERS, BOX_FACES

SMOOTH = 64  # pixels of the map by which Cycles finds the light of a background that is a gradient
FILTER_WIDTH = 1.2  # pixels; Blender's own 1.5 makes thin type pale
ENVIRONMENT_NAME = "Matrix Cinema environment"
# Of the background: where it is lightest, in the picture from below, its height to width, and its end.
LIGHTEST, FLATNESS, DARKEST = 0.46, 1.15, 0.72
HAZE_REACH, HAZE_DENSITY = 1.6, 0.4  # sizes of the scene; of light that is lost in one, at a haze of 1
SUN = (-0.45, 0.75, 0.48)  # where it stands: to the camera's right, up, towards it


@dataclass(frozen=True)
class Around:
    """The middle (3,) and the size of the lit scene; lamps stand around it, placed in a camera's directions,
    (3,) each. A built scene keeps this, so that lamps can be set again."""

    middle: np.ndarray
    size: float
    right: np.ndarray
    forward: np.ndarray

    def keep(self, target: bpy.types.Scene) -> None:
        target[tags.LIT] = [*self.middle, self.size, *self.right, *self.forward]

    @classmethod
    def kept(cls, target: bpy.types.Scene) -> "Around | None":
        """The Around that a built scene keeps; None if an older version built it."""
        numbers = np.array(list(target.get(tags.LIT, ())), float)
        return cls(numbers[:3], float(numbers[3]), numbers[4:7], numbers[7:]) if len(numbers) == 10 else None


def load_environment(p: Any) -> bpy.types.Image | None:
    """The plan's environment as a packed picture, once in a build, or None. Raises InputError if Blender
    cannot read it."""
    path = p.environment

    def load(name):
        try:
            image = bpy.data.images.load(str(path.absolute()))
        except RuntimeError as error:
            raise InputError(f"style: environment: {path}: {str(error).strip()}") from None
        if not image.size[0]:
            bpy.data.images.remove(image)
            raise InputError(f"style: environment: {path}: Blender cannot read this picture")
        image.name = name
        image.pack()
        image.filepath = ""
        return image

    return None if path is None else tags.once("images", ENVIRONMENT_NAME, load)


def light(
    p: Any,
    view: View,
    stands: np.ndarray,
    corners: np.ndarray,
    casters: Casters,
    collection: bpy.types.Collection,
    target: bpy.types.Scene,
) -> None:
    """Set up lamps, floor, background, haze and render settings of the style around `corners` (n, 3), in the
    directions of a view. `stands` (3,) is the place of the camera. The `casters`
    throw shadows on a floor that shows nothing else."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, size = 0.5 * (low + high), float(np.linalg.norm(high - low))
    right = view.right - (view.right @ view.line) * view.line
    around = Around(middle, size, right / np.linalg.norm(right), view.line)
    around.keep(target)
    target.world = world_of(p.style, around, load_environment(p))
    floor = None
    if p.style.ground != "none" and stands[2] > low[2]:  # from below it would hide everything
        floor = ground(p.style, middle, low[2] - 0.6, size, casters, collection)
    if not p.style.flat:
        lamps(p, around, floor, collection)
        if p.style.haze:
            haze(p.style, middle, size, collection)
    for path, value in settings(p.scene.render, p.style, p.as_points).items():
        put(target, path, value)


def world_of(style: WholeStyle, around: Around, environment: bpy.types.Image | None) -> bpy.types.World:
    """A new world: the background that the camera sees, and the light from all around."""
    world = bpy.data.worlds.new(f"Matrix Cinema {'flat' if style.flat else style.light} world")
    tree = compat.node_tree(world)
    tree.nodes.clear()
    f = Formula(tree)
    write_world(f, style, around, environment)
    f.finish()
    smooth = environment is None and not RIGS[style.light].sky
    if smooth and hasattr(world, "cycles"):  # which Blender may have switched off
        # To find where it is light takes Cycles a second before each picture; a gradient needs few pixels.
        world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", SMOOTH
    return world


def write_world(f: Formula, style: WholeStyle, around: Around, environment: bpy.types.Image | None) -> None:
    """The nodes of a world."""
    rig = RIGS[style.light]
    strength = style.world * rig.world * style.light_strength
    if environment is not None:
        turned = f.node(
            "ShaderNodeMapping",
            {
                "Vector": f.node("ShaderNodeTexCoord")["Generated"],
                "Rotation": (0.0, 0.0, np.radians(style.environment_turn)),
            },
        )[0]
        color = f.node("ShaderNodeTexEnvironment", {"Vector": turned}, image=environment)[0]
    elif rig.sky:
        color, strength = compat.sky(f, _direction(SUN, around)), 0.12 * strength
    else:
        # Lighter above than below, so that a mirror shows where up is.
        height = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["Generated"]})[2]
        color, strength = (0.75, 0.83, 1.0, 1.0), (height * 0.4 + 1.0) * (0.25 * strength)
    lighting = f.node("ShaderNodeBackground", {"Color": color, "Strength": strength})[0]
    seen = f.node("ShaderNodeBackground", {"Color": _backdrop(f, style), "Strength": 1.0})[0]
    to_camera = f.node("ShaderNodeLightPath")["Is Camera Ray"]
    f.node(
        "ShaderNodeOutputWorld",
        {"Surface": f.node("ShaderNodeMixShader", {0: to_camera, 1: lighting, 2: seen})[0]},
    )


def _backdrop(f, style):
    """The background, with the style's `backdrop` around the middle of the picture."""
    edge, middle = ((*linear(color), 1.0) for color in (style.background, style.backdrop))
    if edge == middle:
        return edge
    place = f.node("ShaderNodeSeparateXYZ", {0: f.node("ShaderNodeTexCoord")["Window"]})
    across, up = place[0] - 0.5, (place[1] - LIGHTEST) * FLATNESS
    far = f.clamp(f.real("SQRT", across * across + up * up) / DARKEST)
    far = far * far * (3.0 - 2.0 * far)
    return mix_color(f, middle, edge, far)


def backdrop_at(style: WholeStyle, x: Any, y: Any) -> Any:
    """The colour of the background at places of the picture, 0 to 1 across and up, as linear RGB, (n, 3)."""
    far = np.clip(np.hypot(x - 0.5, (y - LIGHTEST) * FLATNESS) / DARKEST, 0.0, 1.0)[:, None]
    far = far * far * (3.0 - 2.0 * far)
    return np.array(linear(style.backdrop)) * (1.0 - far) + np.array(linear(style.background)) * far


def _direction(place, around):
    """A direction given along the camera's right, up and towards it, as a direction of the scene; up is the
    scene's."""
    right, up, back = place
    return right * around.right + up * np.array([0.0, 0, 1]) - back * around.forward


def lamps(p: Any, around: Around, floor: Any, collection: bpy.types.Collection) -> None:
    """The lamps of the style's rig, and the scene's own."""
    for name, (kind, values) in lamp_values(p.style, p.scene.light, around).items():
        data = bpy.data.lights.new(name, kind)
        lamp = new_object(name, data, collection)
        for path, value in values.items():
            put(lamp, path, value)
        lamp.visible_camera = False
        if floor is not None and name in spared(p.style, p.scene.light):
            _spare(lamp, floor)


def lamp_values(style: WholeStyle, light: Light, around: Around) -> dict[str, tuple[str, Values]]:
    """The kind and the values of each lamp's object, by the lamp's name."""
    found: dict[str, tuple[str, Values]] = {}
    if RIGS[style.light].sky:
        sun = {"data.angle": np.radians(3.0), "data.color": (1.0, 0.95, 0.87)}
        sun["data.energy"] = 3.4 * style.light_strength
        found["Sun"] = "SUN", sun | _stands(SUN, around)
    for one in lamps_of(RIGS[style.light], light):
        found[one.name] = "AREA", _area(one, style, around) | _stands(one.place, around)
    return found


def _area(one: Lamp, style: WholeStyle, around: Around) -> dict[str, Any]:
    return {
        "data.shape": "RECTANGLE" if one.height else "DISK",
        "data.size": one.width * around.size,
        "data.size_y": (one.height or one.width) * around.size,
        "data.color": one.color,
        # An area light's watts grow with the square of its distance for the same brightness.
        "data.energy": 11.0 * one.strength * style.light_strength * around.size**2,
    }


def _stands(place, around):
    """The matrix of a lamp: its place, turned towards the scene."""
    location = Vector(around.middle + _direction(place, around) * around.size)
    turn = (Vector(around.middle) - location).to_track_quat("-Z", "Y").to_euler()
    return {"location": tuple(location), "rotation_euler": tuple(turn)}


def spared(style: WholeStyle, light: Light) -> list[str]:
    """The names of lamps behind the scene that a glossy floor would mirror to the camera as spots."""
    return [one.name for one in lamps_of(RIGS[style.light], light) if one.place[2] < 0 and style.gloss]


def _spare(lamp, floor):
    """Keep a lamp from the floor."""
    linked = bpy.data.collections.new(f"Matrix Cinema not {lamp.name}")
    linked.objects.link(floor)
    linked.collection_objects[0].light_linking.link_state = "EXCLUDE"
    lamp.light_linking.receiver_collection = linked


def haze(style: WholeStyle, middle: np.ndarray, size: float, collection: bpy.types.Collection) -> None:
    """Thin haze around the scene, in which the light of lamps is visible. A line of sight across the scene
    loses at most a third."""
    mesh = bpy.data.meshes.new("Haze")
    reach = HAZE_REACH * size
    mesh.from_pydata((middle + reach * (2.0 * BOX_CORNERS - 1.0)).tolist(), [], BOX_FACES.tolist())
    cloud = new_object("Haze", mesh, collection)
    cloud[tags.KIND] = "haze"
    cloud.display_type = "BOUNDS"
    mesh.materials.append(haze_material(haze_density(style, size)))


def haze_density(style: WholeStyle, size: float) -> float:
    """The part of a line of sight that haze takes away in a unit of the scene."""
    return HAZE_DENSITY * style.haze / size


def ground(
    style: WholeStyle,
    middle: np.ndarray,
    height: float,
    size: float,
    casters: Casters,
    collection: bpy.types.Collection,
) -> bpy.types.Object:
    """A floor to the horizon, or one that shows only shadows: those of the `casters`, which nodes compute, or
    the shadows of everything, which Cycles catches."""
    if style.ground == "shadow":
        floor = shadow_floor(size, style.ground_color, casters, collection)
    else:
        floor = _whole_floor(style, size, collection)
    floor.location = (middle[0], middle[1], height)
    return floor


def _whole_floor(style, size, collection):
    import bmesh

    mesh = bpy.data.meshes.new("Ground")
    shell = bmesh.new()
    bmesh.ops.create_circle(shell, cap_ends=True, radius=size * 12, segments=96)
    shell.to_mesh(mesh)
    shell.free()
    floor = new_object("Ground", mesh, collection)
    floor[tags.KIND] = "ground"
    floor.is_shadow_catcher = style.ground == "catcher"
    mesh.materials.append(ground_material(style.ground_color, style.gloss, size, floor.is_shadow_catcher))
    return floor


def settings(options: Render, style: WholeStyle, as_points: bool) -> dict[str, Any]:
    """Resolution, sampling and colour management, as values of a Blender scene in the order to set them."""
    found = {
        "render.resolution_x": options.width,
        "render.resolution_y": options.height,
        "render.resolution_percentage": 100,
        "render.engine": "CYCLES" if options.engine == "cycles" else compat.eevee(),
    }
    if options.engine == "cycles":
        found |= {
            "cycles.samples": options.samples,
            "cycles.filter_width": FILTER_WIDTH,
            "cycles.use_denoising": not style.flat,
            # For points smaller than a pixel, normals are noise, and a filtered albedo is one smeared colour.
            # Without these, the pattern of a cloud is nearer to that of many samples (docs/performance.md).
            "cycles.denoising_prefilter": "NONE" if as_points else "FAST",
            "cycles.denoising_input_passes": "RGB_ALBEDO" if as_points else "RGB_ALBEDO_NORMAL",
            "cycles.max_bounces": 4,
            # Gloss that mirrors lamps onto the floor is noise in a picture of few samples.
            "cycles.caustics_reflective": style.caustics,
            "cycles.caustics_refractive": style.caustics,
            # A line of sight through a cuboid passes many products, each with a front and a back.
            "cycles.transparent_max_bounces": 8 if style.interior == "solid" else 128,
            # Three lamps need no light tree; thousands of glowing elements make it cost half the time.
            "cycles.use_light_tree": False,
        }
    prefix = "AgX - " if style.view_transform == "AgX" else ""
    contrast = f"{prefix}{style.contrast.replace('_', ' ').title()} Contrast"
    return found | {
        "view_settings.view_transform": style.view_transform,
        "view_settings.look": "None" if style.contrast == "none" else contrast,
        "view_settings.exposure": style.exposure,
    }
