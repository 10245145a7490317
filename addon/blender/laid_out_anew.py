"""Lays out labels, readouts, legend and overlay of a built scene anew for its camera, whoever turned it.
Camera, light, matrices and products stay as they are."""

import contextlib
from dataclasses import replace

import bpy
import numpy as np

from ..errors import InputError
from ..picture.drawing import Drawing
from ..picture.given_camera import seen_through
from ..staging.plan import Plan
from . import tags
from .build import COLLECTION
from .filmed import write_picture
from .read import drawn_objects
from .rebuild import adding
from .remembered import is_keyed
from .seen import view_of, views_of

MOST_ASIDE = 1e-3  # halves of the picture between where a camera has the scene and where it was drawn for
LEAST_BLUR = 0.01  # a depth of field from which on nothing is written before the scene


def lay_out(p: Plan, target: bpy.types.Scene) -> Drawing:
    """Lay out all text of the scene `target`, which was built of a plan, for its camera as it stands at the
    current frame, or moves. Returns the Drawing. Raises InputError, before anything is touched, for a scene
    without a suitable camera."""
    if not tags.is_built(target):
        raise InputError(f"{target.name}: is a copy of a built scene, whose text is yours; build it first")
    drawing = drawing_of(p, target)
    old = [ob for ob in tags.owned(target) if ob.get(tags.WRITTEN)]
    if not old and any(ob.get(tags.KIND) == "overlay" for ob in tags.owned(target)):
        raise InputError("the scene was built by an earlier version; press Build once, then lay it out")
    with adding(target, old):
        matrices, products = (
            {ob[tags.NAME]: ob for ob in drawn_objects(target, kind)} for kind in ("matrix", "product")
        )
        drawing = _of_what_is_there(drawing, matrices)
        write_picture(drawing, matrices, products, room_of(target, "Lettering"), target)
    return drawing


def lay_out_where_turned(drawing: Drawing, target: bpy.types.Scene) -> None:
    """Lay out the text of a scene that was just drawn again, if its camera sees something else than that of
    the Drawing. A person may have turned or keyed the camera, or chosen another lens, camera or size of the
    picture."""
    corners, frame = drawing.plan.arrangement.corners(), float(target.frame_current)
    with contextlib.suppress(InputError):  # such as without a camera: then nothing is laid out for it
        seen = view_of(target).project(corners)
        ours = {target.camera, target.camera.parent}.intersection(tags.owned(target))
        keyed = any(map(is_keyed, ours))
        if keyed or not np.allclose(seen, drawing.view(frame).project(corners), atol=MOST_ASIDE):
            lay_out(drawing.plan, target)


def _of_what_is_there(drawing, matrices):
    """The Drawing without readouts and presentations of matrices that a person deleted."""
    readouts = tuple(one for one in drawing.readouts if one.readout.plane.stage.name in matrices)
    names = [{block.plane.stage.name for block in one.readouts} for one in drawing.presented]
    shown = tuple(one for one, own in zip(drawing.presented, names, strict=True) if own <= matrices.keys())
    return replace(drawing, readouts=readouts, presented=shown)


def drawing_of(p: Plan, target: bpy.types.Scene) -> Drawing:
    """The Drawing of a plan for the camera of the scene that was built of it. See `lay_out`."""
    through, moves = views_of(target)
    camera = p.scene.camera
    if target.camera.data.dof.use_dof and not p.depth_of_field:
        p = replace(p, scene=replace(p.scene, camera=replace(camera, depth_of_field=LEAST_BLUR)))
    frame = float(target.frame_current)
    now = through(frame)
    return seen_through(p, through, now.half_width / now.half_height, frame, moves)


def room_of(target: bpy.types.Scene, name: str) -> bpy.types.Collection:
    """The collection of a build with this name, wherever it is now. If it is gone, the collection around
    it."""
    rooms = {tags.built_as(one): one for one in tags.owned(target) if isinstance(one, bpy.types.Collection)}
    return rooms.get(name) or rooms.get(COLLECTION) or target.collection
