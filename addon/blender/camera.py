"""The camera: a named view that frames everything, labels included."""

import bpy
import numpy as np
from mathutils import Matrix

from ..staging.framing import DIRECTIONS, frame


def place(p, points, collection, target):
    """Add the camera that frames `points` (n, 3) in the description's view; returns its View."""
    options, picture = p.scene.camera, p.scene.render
    m = options.margin
    bottom = m + (0.06 if p.scene.look.legend else 0.0)
    top = m + (0.10 if p.scene.look.title and p.scene.title else 0.0)
    view = frame(
        points, DIRECTIONS[options.view], options.lens, picture.width / picture.height, (m, m, bottom, top)
    )
    data = bpy.data.cameras.new("Camera")
    data.lens = options.lens
    depths = view.seen(points)[2]
    data.clip_start, data.clip_end = 0.05, float(depths.max()) * 20
    camera = bpy.data.objects.new("Camera", data)
    camera.matrix_world = matrix_of(view)
    collection.objects.link(camera)
    target.camera = camera
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
