"""The camera as a rig: a target that is turned and moved, and the camera before it, looking at it.

Moves are a few keys with handles, which anyone can edit: of the target's place and turn, and of the camera's
distance or, without perspective, its scale.
"""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..picture.drawing import Drawing
from ..staging.camera.framing import SENSOR, View
from ..staging.camera.shot import SCALED, Shot
from . import compat
from .objects import empty, new_object

CHANNELS = (("location", 0), ("location", 1), ("location", 2), ("rotation_euler", 0), ("rotation_euler", 2))


def place(shot: Shot, collection: bpy.types.Collection, target: bpy.types.Scene) -> bpy.types.Object:
    """Add the camera of a Shot; returns it."""
    data = bpy.data.cameras.new("Camera")
    aim, camera = empty("Camera Target", 0.5, collection), new_object("Camera", data, collection)
    aim.empty_display_type, camera.parent = "SPHERE", aim
    x, y, z, tilt, turn, reach = shot.keys[0].pose
    aim.location, aim.rotation_euler = (x, y, z), (tilt, 0.0, turn)
    distance = shot.standoff if shot.optics.orthographic else reach
    camera.location = (*shot.across(reach), distance)
    if shot.optics.orthographic:
        data.type, data.ortho_scale = "ORTHO", SCALED * reach
    else:
        data.lens = shot.optics.lens
        data.shift_x, data.shift_y = np.multiply(shot.optics.skew, shot.optics.lens / SENSOR)
    data.clip_start, data.clip_end = 0.05, 20.0 * (distance + shot.size)
    if shot.blur:
        focus = aim if shot.focus is None else focus_at(shot.focus, collection)
        data.dof.use_dof, data.dof.focus_object = True, focus
        data.dof.aperture_fstop = _f_number(shot)
    _animate(shot, aim, camera)
    target.camera = camera
    return camera


def focus_at(point: Any, collection: bpy.types.Collection) -> bpy.types.Object:
    """An empty at a point (3,) on which a camera focuses, which one can move by hand."""
    focus = empty("Camera Focus", 0.5, collection)
    focus.location = point
    return focus


def _f_number(shot):
    """The focal length in metres, or 1 without perspective, over the lens's diameter."""
    return (1.0 if shot.optics.orthographic else 1e-3 * shot.optics.lens) / shot.blur


def place_of(view: View) -> Matrix:
    """The place of a camera with this view, and its rotation."""
    matrix = np.eye(4)
    matrix[:3] = np.stack([view.right, view.up, -view.forward, view.position], axis=1)
    return Matrix(matrix.tolist())


def stand(drawing: Drawing, collection: bpy.types.Collection, target: bpy.types.Scene) -> bpy.types.Object:
    """Add a camera at the place of the drawing's view, with the focus of its shot; returns it."""
    view, shot = drawing.standing, drawing.shot
    assert view is not None
    data = bpy.data.cameras.new("Camera")
    camera = new_object("Camera", data, collection)
    camera.matrix_world = place_of(view)
    longer, size = max(view.half_width, view.half_height), np.ptp(drawing.plan.arrangement.corners(), axis=0)
    data.clip_start, data.clip_end = 0.05, 10.0 * size.max()
    if view.orthographic:
        data.type, data.ortho_scale = "ORTHO", SCALED * longer
    else:
        data.lens = 0.5 * SENSOR / longer
        data.shift_x, data.shift_y = 0.5 * view.skew / longer
        data.clip_end += 10.0 * np.linalg.norm(view.position)
    if shot.blur:
        data.dof.use_dof, data.dof.aperture_fstop = True, _f_number(shot)
        sharp = shot.keys[0].pose[:3] if shot.focus is None else shot.focus
        data.dof.focus_distance = (sharp - view.position) @ view.forward
    target.camera = camera
    return camera


def carry_lights(camera: bpy.types.Object, lamps: Iterable[bpy.types.Object]) -> None:
    """An orbit is a turntable: its light goes round with the camera."""
    aim = camera.parent
    place = Matrix.Translation(aim.location) @ aim.rotation_euler.to_matrix().to_4x4()
    for lamp in lamps:
        lamp.parent, lamp.matrix_parent_inverse = aim, place.inverted()


def _animate(shot, aim, camera):
    """Keys for each of the channels that change. If one of them does, all channels that place the rig get
    keys. So a turn by hand without keys is undone as a whole at the next frame, not by halves."""
    frames = [key.frame for key in shot.keys]
    poses = np.array([key.pose for key in shot.keys])
    slopes = np.array([key.slope for key in shot.keys])
    owners: list = [(aim, *channel) for channel in CHANNELS]
    if shot.optics.orthographic:
        owners.append((camera.data, "ortho_scale", 0))
        poses[:, 5], slopes[:, 5] = SCALED * poses[:, 5], SCALED * slopes[:, 5]
    else:
        owners.append((camera, "location", 2))
        if any(shot.optics.skew):  # to stay aside of the target, it goes there as it goes back
            owners += [(camera, "location", 0), (camera, "location", 1)]
            poses = np.column_stack([poses, [shot.across(reach) for reach in poses[:, 5]]])
            slopes = np.column_stack([slopes, -np.outer(slopes[:, 5], shot.optics.skew)])
    moving = np.ptp(poses, axis=0) > 1e-9
    for n, (owner, path, index) in enumerate(owners):
        if moving[n]:
            compat.set_curve(owner, path, index, frames, poses[:, n].tolist(), slopes[:, n])
    for owner, path, index, value in channels(camera, aim) if moving.any() else ():
        if compat.find_curve(owner, path, index) is None:
            compat.set_curve(owner, path, index, (frames[0], frames[-1]), (value, value), (0.0, 0.0))


def channels(
    camera: bpy.types.Object, aim: bpy.types.Object | None
) -> list[tuple[bpy.types.Object, str, int, float]]:
    """What places a camera, with what it looks along if it is on a rig: (object, path, index, value)."""
    owners: list[tuple[bpy.types.Object, tuple[str, ...]]] = [(aim or camera, ("location", "rotation_euler"))]
    owners += [] if aim is None else [(camera, ("location",))]
    return [(ob, path, n, getattr(ob, path)[n]) for ob, paths in owners for path in paths for n in range(3)]
