"""The plane of the picture before a camera: an empty in which lengths are heights of the frame, from its
lower left corner. It moves with the camera, and scales with the frame of a camera without perspective."""

from collections.abc import Sequence

import bpy
import numpy as np

from ..staging.camera.framing import View
from ..staging.camera.views import INSIDE
from ..staging.plan import Plan
from .objects import empty

DISTANCE = 1.0  # from the camera, unless its focus is to be on the plane
NEAR_DISTANCE = 0.4  # where elements are as near as that
BEHIND_CLIP = 1.1  # times the distance at which a camera begins to show things


def clear_distance(p: Plan, camera: bpy.types.Object, view: View) -> float:
    """The distance at which text stands before a camera that sees a View of a plan, so that the text hides
    the scene."""
    near = p.scene.camera.view in INSIDE
    if not view.orthographic:
        near = near or float(view.seen(p.arrangement.corners())[2].min()) < DISTANCE
    return max(NEAR_DISTANCE if near else DISTANCE, BEHIND_CLIP * camera.data.clip_start)


def picture_plane(
    camera: bpy.types.Object,
    view: View,
    collection: bpy.types.Collection,
    distance: float = DISTANCE,
    in_focus: bool = True,
) -> tuple[bpy.types.Object, np.ndarray]:
    """(the plane of a camera that sees a View, the camera's place in the space of the plane (3,)). If
    `in_focus`, a camera that blurs is focused on the plane."""
    half, middle = np.array([view.half_width, view.half_height]), np.array(view.centre)
    holder = camera
    data = camera.data
    in_focus = in_focus and data.dof.use_dof
    if view.orthographic:
        if in_focus:
            distance = _focused(camera)
        holder, half = (
            scaled_by(camera, data, "ortho_scale", (0, 1), collection),
            half / frame_scale(camera, view),
        )
        unit = 2 * half[1]
        height = distance  # its depth does not scale
    else:
        if in_focus and data.dof.focus_object is not None and looks_along_its_parent(camera):
            holder = scaled_by(camera, camera, "location[2]", (0, 1, 2), collection)
        elif in_focus:
            distance = _focused(camera)
        half, unit = half * distance, 2 * half[1] * distance
        height = distance / unit
    plane = empty("Picture", 0.1, collection, holder)
    corner = half * (middle - 1.0)
    plane.location, plane.scale = (*corner, -distance), (unit, unit, unit)
    return plane, np.array([*-corner / unit, height])


def frame_scale(camera: bpy.types.Object, view: View) -> float:
    """The `ortho_scale` with which a camera without perspective sees a View."""
    sides = {"HORIZONTAL": view.half_width, "VERTICAL": view.half_height}
    return 2.0 * sides.get(camera.data.sensor_fit, max(view.half_width, view.half_height))


def looks_along_its_parent(camera: bpy.types.Object) -> bool:
    """Whether a camera stands as a shot places it: before its target, at a distance that may change."""
    turned = max(abs(angle) for angle in camera.rotation_euler)
    return camera.parent is not None and turned < 1e-6 < camera.location.z


def _focused(camera):
    """The distance at which a camera is focused."""
    focus = camera.data.dof.focus_object
    if focus is None:
        return camera.data.dof.focus_distance
    if looks_along_its_parent(camera):
        return camera.location.z
    return max(-(camera.matrix_world.inverted() @ focus.matrix_world.translation).z, 0.1)


def scaled_by(
    camera: bpy.types.Object,
    owner: bpy.types.ID,
    path: str,
    axes: Sequence[int],
    collection: bpy.types.Collection,
    name: str = "Picture Scale",
) -> bpy.types.Object:
    """An empty at a camera. Plain drivers let its size along some axes follow a property of `owner`."""
    ob = empty(name, 0.1, collection, camera)
    for axis in axes:
        driver = ob.driver_add("scale", axis).driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        if isinstance(owner, bpy.types.Camera):
            target.id_type = "CAMERA"
        target.id, target.data_path = owner, path
    return ob
