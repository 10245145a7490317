"""Guides as light meshes with colours of their own; they take no part in the light of the scene."""

from typing import Any

import bpy
import numpy as np

from ..look.srgb import linear
from ..staging.guides import LEFT_COLOR, RIGHT_COLOR, flow_guides, row_guides
from ..staging.highlights import highlights, spotlight_frames
from . import tags
from .materials.lines import guide_material
from .objects import show

THICKNESS, FRAME = 0.04, 0.1  # of a line, and of one around what is pointed out, in entries
# Corners of a box as low (0) or high (1) on each axis, and its faces.
_BOX = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
_FACES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


def write_guides(p: Any, collection: bpy.types.Collection) -> None:
    """Write the guides and highlights that the description's look asks for."""
    look, gap = p.scene.look, p.scene.layout.gap
    for one in highlights(p):
        ob = _framed(p, one, FRAME, collection)
        if p.beats and one.name in p.timeline.moves:  # what is framed is there
            show(ob, (p.timeline.moves[one.name].finished, p.timeline.last_frame + 1.0))
    for one, shine in spotlight_frames(p):
        ob = _framed(p, one, FRAME if one.pointed else THICKNESS, collection)
        show(ob, (shine.rise[1], shine.fall[0] if shine.fall else p.timeline.last_frame + 1.0))
    if look.row_guides:
        grey = (look.row_guides,) * 3 + (1.0,)
        for guide in row_guides(p.arrangement):
            points, faces = _boxes(guide.lines)
            points = [*points, *guide.corners.reshape(-1, 3)]
            triangles = np.arange(3 * len(guide.corners)).reshape(-1, 3) + len(faces) // 6 * 8
            colors = [grey] * len(points)
            _guide(f"{guide.name} rows", guide.name, points, [*faces, *triangles], colors, collection)
    if look.flow_guides:
        flows = flow_guides(p.arrangement, gap, look.flow_guides)
        for flow in [flow for flow in flows if flow.name not in p.before_star]:
            points, colors = [], []
            for end, color in ((flow.left, LEFT_COLOR), (flow.right, RIGHT_COLOR)):
                points += [flow.center, flow.tip, end]
                colors += [(*linear(color), alpha) for alpha in (flow.alpha, 1.0, flow.alpha)]
            faces = [(0, 1, 2), (3, 4, 5)]
            _guide(f"{flow.name} flow", flow.name, points, faces, colors, collection)


def _framed(p, one, thickness, collection):
    points, faces = _boxes(one.lines, thickness)
    colors = [(*linear(p.style.text), 1.0)] * len(points)
    return _guide(f"{one.name} highlight", one.name, points, faces, colors, collection)


def _boxes(lines, thickness=THICKNESS):
    """Thin boxes along lines (n, 2, 3) that are parallel to the axes: points (8 n, 3) and faces (6 n, 4)."""
    low, high = lines.min(axis=1) - thickness / 2, lines.max(axis=1) + thickness / 2
    points = low[:, None] + _BOX * (high - low)[:, None]
    faces = _FACES + 8 * np.arange(len(lines))[:, None, None]
    return points.reshape(-1, 3), faces.reshape(-1, 4)


def _guide(title, name, points, faces, colors, collection):
    """A mesh of these points and faces, each point with its colour: linear RGB and opacity."""
    mesh = bpy.data.meshes.new(title)
    mesh.from_pydata([tuple(map(float, point)) for point in points], [], [tuple(map(int, f)) for f in faces])
    mesh.attributes.new("guide", "FLOAT_COLOR", "POINT").data.foreach_set("color", np.ravel(colors))
    mesh.materials.append(guide_material())
    ob = bpy.data.objects.new(title, mesh)
    ob[tags.KIND], ob[tags.NAME] = "guide", name
    ob.visible_shadow = ob.visible_diffuse = ob.visible_glossy = ob.visible_transmission = False
    collection.objects.link(ob)
    return ob
