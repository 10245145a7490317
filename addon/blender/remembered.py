"""Remembers what we set on a datablock. So we know what a person has changed on it since, and keep it.

After a build each datablock of ours carries SET, as JSON: the `values` that we set, by key, and a digest of
each curve and driver. If the block differs now, a person changed it. A key is a path from the block, or
"input " and the name of an input of our modifier.
"""

import contextlib
import hashlib
import json
import math
from collections.abc import Collection, Iterator
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from . import compat, curves, tags
from .objects import MODIFIER
from .property_paths import owner_of, put

AT_MODIFIER = f'modifiers["{MODIFIER}"]'
SHOWN = (f"{AT_MODIFIER}.show_viewport", f"{AT_MODIFIER}.show_render")
_INPUT_PREFIX = "input "
_MOVED = None  # in place of a number that is animated or driven, which says nothing
PIXELS = 1 << 16  # pictures with more are not looked at
OBJECT_DATA = (bpy.types.Camera, bpy.types.Curve, bpy.types.Light, bpy.types.Mesh)
LENS_SHIFTS = ("shift_x", "shift_y")  # of a camera's lens

WORDS = {"render.resolution_x": "width", "render.resolution_y": "height"}
SCENE_PATHS: tuple[str, ...] = (
    ("render.engine", "render.resolution_x", "render.resolution_y", "render.resolution_percentage")
    + ("render.fps", "render.fps_base", "frame_start", "frame_end")
    + ("cycles.samples", "cycles.filter_width", "cycles.use_denoising", "cycles.denoising_prefilter")
    + ("cycles.denoising_input_passes", "cycles.max_bounces", "cycles.transparent_max_bounces")
    + ("cycles.caustics_reflective", "cycles.caustics_refractive", "cycles.use_light_tree")
    + ("view_settings.view_transform", "view_settings.look", "view_settings.exposure")
)

# The properties that a build may set, by type of datablock. "materials" are those of its slots.
PATHS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (
        bpy.types.Object,
        ("data", "parent", "matrix_parent_inverse", "location", "rotation_euler", "scale", "color")
        + ("hide_viewport", "hide_render", "display_type", "empty_display_type", "empty_display_size")
        + ("visible_camera", "visible_diffuse", "visible_glossy", "visible_transmission", "visible_shadow")
        + ("is_shadow_catcher", "light_linking.receiver_collection"),
    ),
    (
        bpy.types.Camera,
        ("type", "lens", "ortho_scale", *LENS_SHIFTS, "clip_start", "clip_end")
        + ("dof.use_dof", "dof.focus_object", "dof.focus_distance", "dof.aperture_fstop"),
    ),
    (bpy.types.Light, ("color", "energy")),
    (bpy.types.AreaLight, ("shape", "size", "size_y")),
    (bpy.types.SunLight, ("angle",)),
    (
        bpy.types.TextCurve,
        ("body", "size", "align_x", "font", "resolution_u", "bevel_depth", "bevel_resolution", "materials"),
    ),
    (bpy.types.Mesh, ("materials",)),
    (bpy.types.Material, ("diffuse_color",)),  # what solid shading shows
    (bpy.types.Scene, SCENE_PATHS),
)


# -- what there is --------------------------------------------------------------------------------------


def settings(block: bpy.types.ID) -> dict[str, Any]:
    """The present values of the properties that a build may set on a datablock, by key: plain values, tuples,
    datablocks."""
    modifier, inputs = modifier_of(block), _inputs(block)
    values = {key: _plain(compat.value_at(modifier, one)) for key, one in inputs.items()}
    return {key: _read(block, key) for key in _keys(block)} | values


def all_settings(scene: bpy.types.Scene) -> dict[str, Any]:
    """As `settings`, for a scene, and with the properties of Cycles even if it is rendered with another
    engine."""
    return {path: _plain(getattr(*owner_of(scene, path))) for path in SCENE_PATHS if _has(scene, path)}


def _inputs(block):
    """The identifiers of the inputs of our modifier, by key. They are all searched for at once."""
    modifier = modifier_of(block)
    names = compat.input_identifiers(modifier) if modifier else {}
    return {_INPUT_PREFIX + name: identifier for name, identifier in names.items()}


def _keys(block):
    """The paths from the block; see `_inputs` for the other keys."""
    for kind, paths in PATHS:
        if isinstance(block, kind):
            yield from (path for path in paths if _has(block, path) and not _is_idle(block, path))
    if modifier_of(block):
        yield from SHOWN
    if isinstance(block, bpy.types.Material | bpy.types.World) and block.node_tree:
        yield from _tree_keys(block.node_tree)


def _is_idle(block, path):
    """Whether a path of a scene is one of Cycles, and the scene is rendered with another engine."""
    return path.startswith("cycles.") and block.render.engine != "CYCLES"


def _tree_keys(tree):
    for node in tree.nodes:
        at = f'node_tree.nodes["{bpy.utils.escape_identifier(node.name)}"]'
        for n, socket in enumerate(node.inputs):
            if not socket.is_linked and hasattr(socket, "default_value"):
                yield f"{at}.inputs[{n}].default_value"
        if node.bl_idname in ("ShaderNodeValue", "ShaderNodeRGB"):
            yield f"{at}.outputs[0].default_value"
        if hasattr(node, "image"):
            yield f"{at}.image"


def words(key: str) -> str:
    """A key as a person would say it: "width", "input Min Size", "samples", "Background Strength"."""
    if "nodes[" in key:
        return key.split('"')[1]
    return WORDS.get(key, key.rpartition(".")[2].replace("_", " "))


def is_input(key: str) -> bool:
    """Whether a key is that of an input of our modifier."""
    return key.startswith(_INPUT_PREFIX)


def modifier_of(block: bpy.types.ID) -> bpy.types.Modifier | None:
    """Our modifier of an object, if it has one with its nodes."""
    modifier = block.modifiers.get(MODIFIER) if isinstance(block, tags.OBJECT) else None
    return modifier if modifier and getattr(modifier, "node_group", None) else None


def _has(block, path):
    owner, name = owner_of(block, path)
    return owner is not None and hasattr(owner, name)


def _read(block, key):
    if key == "materials":
        return tuple(block.materials)
    return _plain(getattr(*owner_of(block, key)))


def _plain(value):
    """A value as a plain one, a tuple, or a datablock."""
    if isinstance(value, bpy.types.ID | str) or not hasattr(value, "__len__"):
        return value
    return tuple(tuple(one) if hasattr(one, "__len__") else one for one in value)


def write(block: bpy.types.ID, key: str, value: Any) -> bool:
    """Set a property that `settings` reads. Returns whether it could be set; a block that a person changed
    may lack it."""
    try:
        if is_input(key):
            compat.set_input(modifier_of(block), key.removeprefix(_INPUT_PREFIX), value)
        elif key == "materials":
            for n, material in enumerate(value[: len(block.materials)]):
                block.materials[n] = material
        else:
            rows = isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple)
            put(block, key, Matrix(value) if rows else value)  # rows alone are taken for columns
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


# -- what is remembered --------------------------------------------------------------------------------


def remember(block: bpy.types.ID, ours: Collection[bpy.types.ID] | None = None) -> None:
    """Remember the present state of a datablock as what we set. `ours` are our datablocks, if known."""
    keep(block, memory(block, ours))


def keep(block: bpy.types.ID, told: dict[str, Any]) -> None:
    """Let a datablock carry a `memory`."""
    block[tags.SET] = json.dumps(told, separators=(",", ":"), sort_keys=True)


def memory(block: bpy.types.ID, ours: Collection[bpy.types.ID] | None = None) -> dict[str, Any]:
    """What `remember` writes: {"values": {key: …}, "motion": {place: digest}[, "tree": digest]}."""
    told = {"values": _told_values(block, owned_by_any() if ours is None else ours)}
    told["motion"] = curves.motion(block)
    if isinstance(block, bpy.types.Object) and block.constraints:
        told["constraints"] = [one.name for one in block.constraints]
    if digest := shape(block):
        told["shape"] = digest
    return told


def owned_by_any() -> set[bpy.types.ID]:
    """The datablocks of ours of all scenes in the file."""
    return {block for scene in bpy.data.scenes for block in [scene, *tags.owned(scene), *tags.resting(scene)]}


def remembered(block: bpy.types.ID) -> dict[str, Any]:
    """The memory of a datablock; empty if it has none that can be read, because a file may say anything."""
    told = tags.told(block, tags.SET, {})
    return told if all(isinstance(told.get(key, {}), dict) for key in ("values", "motion")) else {}


def forget(block: bpy.types.ID, ours: Collection[bpy.types.ID] | None = None) -> None:
    """Forget what a person has changed, so that the next build sets all of it. Their own constraints stay
    theirs. `ours` as in `remember`."""
    own = remembered(block).get("constraints", [])
    keep(block, memory(block, ours) | {"constraints": own})


def _told_values(block, ours, values=None):
    moving: dict = {}
    for path, index in curves.moving(block):
        moving.setdefault(path, set()).add(index)
    values = settings(block) if values is None else values
    paths = _paths(block, values)
    return {key: _told(value, moving.get(paths[key], ()), ours) for key, value in values.items()}


def _paths(block, keys):
    """The data paths of keys, by key."""
    modifier, inputs = modifier_of(block), _inputs(block)
    return {key: compat.path_at(modifier, inputs[key]) if key in inputs else key for key in keys}


def _told(value, moving, ours):
    """A value as JSON holds it; a datablock of ours by the name that it was built with."""
    if isinstance(value, tuple):
        return [_MOVED if n in moving else _told(one, (), ours) for n, one in enumerate(value)]
    if moving:
        return _MOVED
    if isinstance(value, bpy.types.ID):
        name = value.get(tags.TAG) if value in ours else None
        return {"ours": tags.unnumbered(str(name))} if name else {"own": value.name_full}
    return "nothing" if value is None else value


def _same(a, b):
    if a is _MOVED or b is _MOVED:
        return True
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _is_zoomed(key, now, then):
    """Whether the shift of a lens is the remembered one, scaled for another focal length, so that the middle
    of the picture is the same."""
    shift, before, lens = numbers = then[key], then.get("lens"), now["lens"]
    if not before or not all(isinstance(one, float) for one in numbers):  # a file may say anything
        return False
    return math.isclose(now[key], shift * lens / before, rel_tol=1e-5)


def _lost(now, then, ours):
    """Whether a value is empty because the datablock of ours that it referred to has gone: nobody set
    that."""
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return all(_same(a, b) or _lost(a, b, ours) for a, b in zip(now, then, strict=True))
    if now != "nothing" or not isinstance(then, dict) or "ours" not in then:
        return False
    # The data of an object has its name, and is there when the object has gone.
    left = (one for one in ours if not isinstance(one, OBJECT_DATA))
    return not any(tags.built_as(one) == then["ours"] for one in left)


# -- what a person changed ------------------------------------------------------------------------------


def changed(block: bpy.types.ID, ours: Collection[bpy.types.ID] | None = None) -> set[str]:
    """The keys of the properties that a person has changed on a datablock since it was built: those that they
    set, and those from which they removed our keys or our driver. Empty for a block without a memory. `ours`
    as in `remember`."""
    ours = owned_by_any() if ours is None else ours
    before = remembered(block)
    return _theirs(block, ours, before, _told_values(block, ours)) if before else set()


def _theirs(block, ours, before, now):
    then = before.get("values", {})
    theirs = {key for key, told in now.items() if key in then and not _same(told, then[key])}
    theirs -= {key for key in theirs.intersection(LENS_SHIFTS) if _is_zoomed(key, now, then)}
    theirs = {key for key in theirs if not _lost(now[key], then[key], ours)}
    gone = before.get("motion", {}).keys() - curves.motion(block).keys()
    places = {curves.everywhere(path): key for key, path in _paths(block, now).items()} if gone else {}
    for place in gone:
        path = place.split(" ", 2)[2].rpartition(" ")[0]
        path = path if place.split(" ")[1] == "0" else f"node_tree.{path}"
        theirs |= {places[path]} if path in places else set()
    return theirs


def is_changed(block: bpy.types.ID, ours: Collection[bpy.types.ID] | None = None) -> bool:
    """Whether a person has changed anything on a datablock of ours: a value, its motion, its nodes."""
    return is_keyed(block) or is_reshaped(block) or bool(changed(block, ours))


def is_keyed(block: bpy.types.ID) -> bool:
    """Whether a person has changed the keys or drivers of a datablock of ours."""
    before = remembered(block)
    return bool(before) and before.get("motion", {}) != curves.motion(block)


@contextlib.contextmanager
def setting(*blocks: bpy.types.ID) -> Iterator[None]:
    """A block that sets our values on datablocks, as a build would. At its end they are remembered, and the
    changes of a person are set again. After an error neither happens."""
    ours = owned_by_any()
    before = []
    for one in blocks:
        values, then = settings(one), remembered(one)
        told = _told_values(one, ours, values)
        before.append((one, _theirs(one, ours, then, told) if then else set(), values, told, then))
    yield
    for block, theirs, values, told, then in before:
        now = memory(block, ours)
        for key in theirs & now["values"].keys():
            if _same(now["values"][key], told[key]):  # not set: ours still is what it was
                now["values"][key] = then["values"][key]
            elif now.get("shape") == then.get("shape"):
                write(block, key, values[key])
        keep(block, now)


def is_reshaped(block: bpy.types.ID) -> bool:
    """Whether a person has changed the nodes of a material or a world, or painted a picture of ours."""
    before = remembered(block)
    return bool(before) and before.get("shape", "") != shape(block)


def reset(block: bpy.types.ID) -> list[str]:
    """Set our values again where a person has changed them. Returns the keys for which this is not possible,
    because a datablock is no longer in the file; a build makes it anew."""
    ours, then, failed = owned_by_any(), remembered(block).get("values", {}), []
    named = {tags.built_as(one): one for one in ours if tags.TAG in one}
    keys = changed(block, ours)
    if "lens" in keys:  # it is shifted in proportion to its length
        keys |= then.keys() & LENS_SHIFTS
    for key in sorted(keys):
        value = then.get(key)
        if isinstance(value, dict):
            value = named.get(str(value.get("ours")))
        elif value == "nothing":
            value = None
        if isinstance(value, list) and any(isinstance(one, dict | None) for one in value):
            failed.append(key)
        elif not write(block, key, value):
            failed.append(key)
    return failed


# -- what has a shape -----------------------------------------------------------------------------------


def shape(block: bpy.types.ID) -> str:
    """A digest of the shape of a datablock: the nodes of a material or a world and their links, or the pixels
    of a small picture. Empty for others."""
    if isinstance(block, bpy.types.Material | bpy.types.World) and block.node_tree:
        return _digest(json.dumps([*map(_node, block.node_tree.nodes), *map(_link, block.node_tree.links)]))
    if isinstance(block, bpy.types.Image) and 0 < block.size[0] * block.size[1] <= PIXELS:
        pixels = np.empty(len(block.pixels), np.float32)
        block.pixels.foreach_get(pixels)
        return _digest(repr(tuple(block.size)), pixels.tobytes())
    return ""


def _digest(*parts):
    whole = b"/".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.blake2s(whole, digest_size=8).hexdigest()


def _node(node):
    common = bpy.types.ShaderNode.bl_rna.properties.keys()
    kinds = ("BOOLEAN", "INT", "FLOAT", "ENUM", "STRING")
    own = [p for p in node.bl_rna.properties if p.identifier not in common and p.type in kinds]
    told = [
        (p.identifier, str(getattr(node, p.identifier))) for p in own if not getattr(p, "is_array", False)
    ]
    return [node.bl_idname, node.name, node.mute, told]


def _link(link):
    ends = (link.from_node.name, link.from_socket.identifier, link.to_node.name, link.to_socket.identifier)
    return [*ends, link.is_muted]
