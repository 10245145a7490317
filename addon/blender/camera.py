"""The camera: a named view that frames everything, labels included."""

import bpy
import numpy as np
from mathutils import Matrix

from ..staging.framing import DIRECTIONS, frame


def place(p, points, overlay, collection, target):
    """Add the camera that frames `points` (n, 3) in the description's view; returns its View."""
    options, picture = p.scene.camera, p.scene.render
    view = _clear_view(p, points, overlay, picture.width / picture.height)
    data = bpy.data.cameras.new("Camera")
    data.lens = options.lens
    depths = view.seen(points)[2]
    data.clip_start, data.clip_end = 0.05, float(depths.max()) * 20
    camera = bpy.data.objects.new("Camera", data)
    camera.matrix_world = matrix_of(view)
    collection.objects.link(camera)
    target.camera = camera
    return view


def _clear_view(p, points, overlay, aspect):
    """The view with the least of the frame's top and bottom left free of which nothing stands
    under the overlay."""
    m = p.scene.camera.margin
    for free in np.arange(0.0, 0.8, 0.02):
        for bottom in np.arange(free, -0.01, -0.02):
            margins = (m, m, m + bottom, m + free - bottom)
            if margins[2] + margins[3] > 0.9:
                continue
            view = frame(points, DIRECTIONS[p.scene.camera.view], p.scene.camera.lens, aspect, margins)
            if not overlay.covers((view.project(points) + 1) / 2 * (aspect, 1.0)):
                return view
    return view


def matrix_of(view):
    """The world matrix of a camera that has this view."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = (
        view.right,
        view.up,
        -view.forward,
        view.position,
    )
    return Matrix(matrix.tolist())
