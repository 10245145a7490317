"""The view of a camera of a Blender scene, whoever has placed it."""

from collections.abc import Callable

import bpy
import numpy as np

from ..errors import InputError
from ..staging.camera.framing import View


def view_of(target: bpy.types.Scene) -> View:
    """The View of a scene's camera at its current frame. Raises InputError for a scene without one, and for a
    panorama, which is no picture of straight lines."""
    camera = target.camera
    if camera is None or camera.type != "CAMERA":
        raise InputError(f'scene "{target.name}": has no camera to lay out for')
    if camera.data.type not in ("PERSP", "ORTHO"):
        raise InputError(
            f'camera "{camera.name}": is a panorama; labels need a perspective or orthographic one'
        )
    layer = target.view_layers[0]
    layer.update()
    own = camera.evaluated_get(layer.depsgraph)
    corners = np.array(own.data.view_frame(scene=target))
    axes = np.array(own.matrix_world, float)[:3, :3].T
    right, up, back = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    depth = 1.0 if own.data.type == "ORTHO" else -corners[0, 2]
    low, high = corners[:, :2].min(axis=0) / depth, corners[:, :2].max(axis=0) / depth
    half, middle = 0.5 * (high - low), 0.5 * (high + low)
    position = np.array(own.matrix_world.translation, float)
    centre = (float(middle[0] / half[0]), float(middle[1] / half[1]))
    return View(position, right, up, -back, float(half[0]), float(half[1]), own.data.type == "ORTHO", centre)


def views_of(target: bpy.types.Scene) -> tuple[Callable[[float], View], bool]:
    """(a function from a frame to the view of a scene's camera, whether the camera moves). For a moving
    camera, the scene is set to each requested frame, and back."""
    now = view_of(target)
    if not moves(target.camera):
        return lambda _: now, False
    known: dict[float, View] = {float(target.frame_current): now}

    def at(frame: float) -> View:
        if frame not in known:
            before = target.frame_current, target.frame_subframe
            target.frame_set(int(frame // 1), subframe=frame % 1)
            known[frame] = view_of(target)
            target.frame_set(before[0], subframe=before[1])
        return known[frame]

    return at, True


def moves(camera: bpy.types.Object) -> bool:
    """Whether something may move a camera in the course of a film."""
    ob = camera
    while ob is not None:
        own = ob.animation_data
        if ob.constraints or (own and (own.action or own.drivers or own.nla_tracks)):
            return True
        ob = ob.parent
    own = camera.data.animation_data
    return bool(own and (own.action or own.drivers))
