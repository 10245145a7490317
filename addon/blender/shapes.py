"""Shapes that take no part in the light of the scene: lines, cards, the bars and dots of a legend."""

from typing import Any

import bpy
import numpy as np

from .materials.lines import guide_material
from .objects import new_object

# Corners of a box as low (0) or high (1) on each axis, and its faces.
BOX_CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
BOX_FACES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


def shape(
    title: str, points: Any, faces: Any, material: bpy.types.Material, collection: bpy.types.Collection
) -> bpy.types.Object:
    """An object that is a mesh of `points` (n, 3) and `faces`, the numbers of their points."""
    mesh = bpy.data.meshes.new(title)
    mesh.from_pydata([tuple(map(float, p)) for p in points], [], [tuple(map(int, face)) for face in faces])
    mesh.materials.append(material)
    ob = new_object(title, mesh, collection)
    unlit(ob)
    return ob


def guide(
    title: str, points: Any, faces: Any, colors: Any, collection: bpy.types.Collection, solid: bool = True
) -> bpy.types.Object:
    """A shape each of whose points has a colour of its own: linear RGB and opacity, (n, 4). The background
    behind type is not `solid`."""
    ob = shape(title, points, faces, guide_material(solid), collection)
    colored = ob.data.attributes.new("guide", "FLOAT_COLOR", "POINT")
    colored.data.foreach_set("color", np.ravel(colors))
    return ob


def rectangles(boxes: Any, depths: Any = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The points (4 n, 3) and the faces (n, 4) of upright rectangles: boxes (left, low, right, high), and how
    far each lies along z."""
    left, low, right, high = np.asarray(boxes, float).reshape(-1, 4).T
    z = np.broadcast_to(depths, left.shape)
    corners = [(left, low, z), (right, low, z), (right, high, z), (left, high, z)]
    points = np.stack([np.stack(corner, axis=1) for corner in corners], axis=1).reshape(-1, 3)
    return points, np.arange(len(points)).reshape(-1, 4)


def grid(xs: Any, ys: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x (n,), y (n,), faces (m, 4)): the points of a grid with columns at `xs` and rows at `ys`, row by row,
    and its cells."""
    x, y = (places.ravel() for places in np.meshgrid(xs, ys))
    across = len(xs)
    low = np.arange(len(x)).reshape(-1, across)[:-1, :-1].ravel()  # the lower left point of each cell
    return x, y, np.stack([low, low + 1, low + across + 1, low + across], axis=1)


def unlit(ob: bpy.types.Object) -> None:
    """Let an object take no part in the light of the scene."""
    ob.visible_shadow = ob.visible_diffuse = ob.visible_glossy = ob.visible_transmission = False
