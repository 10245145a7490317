"""The camera: a named view that frames everything, labels included."""

import itertools

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
    """The view from nearest by in which nothing stands under the overlay, whatever part of the frame's
    left, bottom and top that leaves free; the nearest of all where every view is covered."""
    m = p.scene.camera.margin
    frees = itertools.product(
        np.arange(0.0, 0.41, 0.04), np.arange(0.0, 0.41, 0.02), np.arange(0.0, 0.31, 0.02)
    )
    views = [
        frame(
            points,
            DIRECTIONS[p.scene.camera.view],
            p.scene.camera.lens,
            aspect,
            (m + left, m, m + low, m + top),
        )
        for left, low, top in frees
    ]
    views.sort(key=lambda view: -(view.position @ view.forward))
    for view in views:
        if not overlay.covers((view.project(points) + 1) / 2 * (aspect, 1.0)):
            return view
    return views[0]


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
