"""The plane of the picture before a camera: an empty in which lengths are heights of the frame, from its
lower left corner. It moves with the camera, and with the frame of one without perspective."""

import bpy
import numpy as np

from ..staging.camera.framing import View

DISTANCE = 1.0  # from the camera, unless its focus is to be on the plane


def picture_plane(
    camera: bpy.types.Object, view: View, collection: bpy.types.Collection, distance: float = DISTANCE
) -> tuple[bpy.types.Object, np.ndarray]:
    """(the plane of a camera that sees a View, the camera's place in its space (3,)). It lies in focus where
    the camera blurs what does not."""
    half = np.array([view.half_width, view.half_height])
    holder = camera
    data = camera.data
    if view.orthographic:
        if data.dof.use_dof:
            distance = data.dof.focus_distance if data.dof.focus_object is None else camera.location.z
        holder, half = _scaled_by(camera, data, "ortho_scale", (0, 1), collection), half / (2 * half.max())
        unit = 2 * half[1]
        height = distance  # its depth does not scale
    else:
        if data.dof.use_dof and data.dof.focus_object is None:
            distance = data.dof.focus_distance
        elif data.dof.use_dof:
            holder = _scaled_by(camera, camera, "location[2]", (0, 1, 2), collection)
        half, unit = half * distance, 2 * half[1] * distance
        height = distance / unit
    plane = bpy.data.objects.new("Picture", None)
    collection.objects.link(plane)
    plane.parent, plane.empty_display_size = holder, 0.1
    plane.location, plane.scale = (-half[0], -half[1], -distance), (unit, unit, unit)
    return plane, np.array([half[0] / unit, half[1] / unit, height])


def _scaled_by(camera, owner, path, axes, collection):
    """An empty at the camera whose size along some axes follows a property: by plain drivers."""
    ob = bpy.data.objects.new("Picture Scale", None)
    collection.objects.link(ob)
    ob.parent, ob.empty_display_size = camera, 0.1
    for axis in axes:
        driver = ob.driver_add("scale", axis).driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        if isinstance(owner, bpy.types.Camera):
            target.id_type = "CAMERA"
        target.id, target.data_path = owner, path
    return ob
