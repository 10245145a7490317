"""Guides as light meshes with colours of their own; they take no part in the light of the scene."""

from typing import Any

import bpy
import numpy as np

from ..look.srgb import linear
from ..staging.guides import LEFT_COLOR, RIGHT_COLOR, flow_guides, row_guides
from ..staging.highlights import highlights, spotlight_frames
from . import tags
from .objects import show
from .shapes import BOX_CORNERS, BOX_FACES, guide

LINE_THICKNESS, FRAME = 0.04, 0.1  # of a line, and of one around what is pointed out, in entries


def write_guides(p: Any, collection: bpy.types.Collection) -> None:
    """Write the guides and highlights that the description's look asks for."""
    look, gap = p.scene.look, p.scene.layout.gap
    for one in highlights(p):
        ob = _framed(p, one, FRAME, collection)
        if p.beats and one.name in p.timeline.moves:  # what is framed is there
            show(ob, (p.timeline.moves[one.name].finished, p.timeline.last_frame + 1.0))
    for one, shine in spotlight_frames(p):
        ob = _framed(p, one, FRAME if one.pointed else LINE_THICKNESS, collection)
        show(ob, shine.full(p))
    if look.row_guides:
        grey = (look.row_guides,) * 3 + (1.0,)
        for rows in row_guides(p.arrangement):
            points, faces = _boxes(rows.lines)
            points = [*points, *rows.corners.reshape(-1, 3)]
            triangles = np.arange(3 * len(rows.corners)).reshape(-1, 3) + len(faces) // 6 * 8
            colors = [grey] * len(points)
            _guide(f"{rows.name} rows", rows.name, points, [*faces, *triangles], colors, collection)
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


def _boxes(lines, thickness=LINE_THICKNESS):
    """Thin boxes along lines (n, 2, 3) that are parallel to the axes: points (8 n, 3) and faces (6 n, 4)."""
    low, high = lines.min(axis=1) - thickness / 2, lines.max(axis=1) + thickness / 2
    points = low[:, None] + BOX_CORNERS * (high - low)[:, None]
    faces = BOX_FACES + 8 * np.arange(len(lines))[:, None, None]
    return points.reshape(-1, 3), faces.reshape(-1, 4)


def _guide(title, name, points, faces, colors, collection):
    """A shape of these points, each with its colour, that belongs to the matrix `name`."""
    ob = guide(title, points, faces, colors, collection)
    ob[tags.KIND], ob[tags.NAME] = "guide", name
    return ob
