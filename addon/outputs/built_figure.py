"""A built .blend as a panel of a figure, with its own camera, lamps, world and frame.

Labels and other text are removed from the scene, because the page has them as type. Readouts stay in the
picture.
"""

import bpy
import numpy as np

from ..blender import tags
from ..blender.read import SIZES_OF, elements
from ..blender.seen import view_of
from ..blender.stored import plan_of
from ..description.source import Source
from ..errors import InputError
from ..picture.figure_page import Cell, Shown
from ..staging.camera.framing import View
from .blend_file import open_built

LETTERING = ("label", "leader", "overlay", "shade", "card")


def is_built(shown: Shown) -> bool:
    """Whether a panel is that of a built .blend."""
    return shown.file is not None and shown.file.suffix.lower() == ".blend"


def built_cell(shown: Shown) -> Cell:
    """Open a built .blend. Returns its Cell of the figure. Raises InputError."""
    source = Source(shown.file, None, shown.instead)
    scene = open_built(source)
    frame = scene.frame_current if shown.frame is None else shown.frame
    if not scene.frame_start <= frame <= scene.frame_end:
        raise InputError(f"frame {frame}: the scene has frames {scene.frame_start} to {scene.frame_end}")
    scene.frame_set(frame)
    seen = view_of(scene)
    return Cell(plan_of(scene), frame, shown.title, seen, source, _kept(scene, seen))


def bare_scene(source: Source) -> bpy.types.Scene:
    """Open a built .blend again. Returns its scene, without the text that the page has as type."""
    scene = open_built(source)
    for ob in tags.parts(scene):
        if isinstance(ob, bpy.types.Object) and ob.get(tags.KIND) in LETTERING and not _is_beside(ob):
            for collection in ob.users_collection:
                collection.objects.unlink(ob)
    return scene


def _kept(scene: bpy.types.Scene, seen: View) -> np.ndarray:
    """The boxes of readouts and other things that stay beside the scene: (n, 4), in fractions of the
    picture's width and height."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found: dict = {}
    for ob in tags.parts(scene):
        drawn = isinstance(ob, bpy.types.Object) and ob.parent and not ob.hide_render
        if drawn and ob.type != "EMPTY" and ob.get(tags.KIND) != "leader" and _is_beside(ob):
            if len(points := _points(ob, depsgraph)):
                found.setdefault((ob.parent, ob.get(tags.NAME)), []).append(points)
    places = [(seen.project(np.concatenate(points)) + 1) / 2 for points in found.values()]
    return np.array([[*place.min(axis=0), *place.max(axis=0)] for place in places if len(place)]).reshape(
        -1, 4
    )


def _points(ob, depsgraph):
    """The places of an object's elements, or else the corners of its box, in the world: (n, 3)."""
    if ob.get(tags.KIND) in SIZES_OF:
        return elements(ob, depsgraph)["position"]
    own = ob.evaluated_get(depsgraph)
    world = np.array(own.matrix_world, float)
    return np.array([tuple(corner) for corner in own.bound_box]) @ world[:3, :3].T + world[:3, 3]


def _is_beside(ob):
    """Whether an object belongs to a readout, a presented matrix, or the bars of a why."""
    return (
        tags.NAME in ob or ob.get(tags.LABEL) == "why" or "presented" in (ob.parent.name if ob.parent else "")
    )
