"""Readouts as Blender objects: a live copy of a matrix in the plane of the picture, and what is written at
it.

The copy is drawn by the matrix's own node group, from the same hidden values, and its inputs that are
animated follow the matrix's: so it shows at every frame what the matrix shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import bpy
import numpy as np

from ..description.scene import POOLINGS
from ..picture.beside import Joined, pointed_out
from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.writing.items import Rule
from ..staging.writing.readout_block import Readout
from . import compat, tags
from .materials.base import linear
from .materials.elements import element_material
from .materials.lines import guide_material
from .materials.writing import plain_material
from .nodes.leader import Leader
from .objects import MODIFIER, drawn_object, follow, follow_path, gaps, set_inputs
from .picture_plane import picture_plane
from .text import text

FLAT = 0.08  # thickness of an element, of its width
BEHIND, BEFORE = -0.002, 0.002  # of lines and frames from the elements, in heights of the picture
STRONG, OUTLINE, GRID, JOINING = 0.6, 0.45, 0.13, 0.5  # of lines: from the background to the colour of type
LINE, DOT = 0.0013, 0.0036  # width of the line to the scene, radius of the dot at its end


def write_readouts(
    p: Plan,
    joined: Sequence[Joined],
    matrices: Mapping[str, bpy.types.Object],
    camera: bpy.types.Object,
    view: View,
    font: bpy.types.VectorFont | None,
    collection: bpy.types.Collection,
    *,
    written: bool = True,
) -> None:
    """Write readouts before a camera that sees a View; `matrices` are the drawn ones by name. Their type is
    left out where it is not to be `written`."""
    if not joined:
        return
    plane, eye = picture_plane(camera, view, collection)
    for one in joined:
        block = one.readout
        ob = _copy(p, block, matrices[block.plane.stage.name], collection)
        ob.parent = plane
        ob.location = (*block.origin, 0.0)
        _lines(p, one, ob, collection)
        if written:
            _type(p, block, ob, font, collection)
        _leader(p, one, plane, eye, view.orthographic, collection)


def _copy(p, block: Readout, matrix, collection):
    """The live copy of a drawn matrix, flat around the origin."""
    stage, flat = block.plane.stage, block.flat
    ob = drawn_object(f"{stage.name} readout", matrix.data, collection, matrix.modifiers[MODIFIER].node_group)
    ob[tags.KIND], ob[tags.NAME] = "readout", stage.name
    ob[tags.SHAPE] = [block.plane.rows, block.plane.columns]
    ob[tags.POOL], ob[tags.POOL_RULE] = [block.pool.rows, block.pool.columns], block.pool.rule
    final, raw = p.final[stage.name], p.raw.get(stage.name, p.final[stage.name])
    style = replace(p.style, flat=True, lit_glow=0.0)
    material = element_material(raw.color_map, final.color_map, f"{p.style_name} readout", style)
    _same(ob, matrix)
    set_inputs(
        ob,
        {
            "Row Step": flat.row,
            "Column Step": flat.column,
            "Material": material,
            "As Points": False,
            "Depth": 1.0,
        }
        | gaps("row", flat.row_ruler)
        | gaps("column", flat.column_ruler)
        | {"Pool Rows": block.pool.rows, "Pool Columns": block.pool.columns}
        | {"Pool Rule": POOLINGS.index(block.pool.rule)},
    )
    ob.scale = (1.0, 1.0, FLAT)
    _unlit(ob)
    return ob


def _same(ob, matrix):
    """Give an object's modifier the inputs of a matrix's. Those that are keyed there follow them, and those
    that follow others follow these too: a driver after a driver would be a frame late."""
    own, modifier = matrix.animation_data, matrix.modifiers[MODIFIER]
    driven = {curve.data_path: curve.driver.variables[0].targets[0] for curve in own.drivers} if own else {}
    for item in modifier.node_group.interface.items_tree:
        if item.item_type != "SOCKET" or item.in_out != "INPUT" or item.socket_type == "NodeSocketGeometry":
            continue
        compat.set_input(ob.modifiers[MODIFIER], item.name, compat.get_input(modifier, item.name))
        path = compat.input_path(modifier, item.name)
        if path in driven:
            follow_path(ob, item.name, driven[path].id, driven[path].data_path)
        elif compat.find_curve(matrix, path):
            follow(ob, item.name, matrix, item.name)


def _lines(p, one: Joined, ob, collection):
    """The grid, the outline, the rule under the name, frames around what is pointed out, and the line's path
    over other readouts."""
    block, path = one.readout, [Rule(*a, *b, LINE) for a, b in pairwise(one.path.tolist())]
    strengths = [
        STRONG,
        *[OUTLINE] * (len(block.rules) - 1),
        *[GRID] * len(block.grid),
        *[JOINING] * len(path),
    ]
    pointed = pointed_out(p, block)
    shades = [_opacity(p.style, strength) for strength in strengths]
    lines = [
        *zip((*block.rules, *block.grid, *path), shades, strict=True),
        *((rule, 1.0) for rule in pointed),
    ]
    points, faces, colors = [], [], []
    for n, (rule, strength) in enumerate(lines):
        left, low, right, high = rule.box
        z = BEFORE if n >= len(strengths) else BEHIND
        points += [(x, y, z) for x, y in ((left, low), (right, low), (right, high), (left, high))]
        faces.append(tuple(range(4 * n, 4 * n + 4)))
        colors += [(*linear(p.style.text), strength)] * 4
    mesh = bpy.data.meshes.new(f"{ob.name} lines")
    mesh.from_pydata((np.array(points) - (*block.origin, 0.0)).tolist(), [], faces)
    mesh.attributes.new("guide", "FLOAT_COLOR", "POINT").data.foreach_set("color", np.ravel(colors))
    mesh.materials.append(guide_material())
    lines = bpy.data.objects.new(mesh.name, mesh)
    lines[tags.KIND], lines[tags.NAME] = "guide", block.plane.stage.name
    lines.parent, lines.scale = ob, (1.0, 1.0, 1.0 / FLAT)
    _unlit(lines)
    collection.objects.link(lines)


def _type(p, block: Readout, ob, font, collection):
    """The name and the labels of both axes."""
    strong = plain_material("Matrix Cinema type", p.style.text)
    soft = plain_material("Matrix Cinema soft readout", _between(p.style.text, p.style.background, 0.3))
    for line in block.texts:
        face = p.typeface.of(line.text)
        made = text(line.text, line.size * face.scale, line.align, soft if line.soft else strong,
                    font if face is p.typeface else None, collection)  # fmt: skip
        made.parent, made.rotation_euler = ob, (0.0, 0.0, line.angle)
        made.location = (line.x - block.origin[0], line.y - block.origin[1], BEFORE / FLAT)
        made[tags.KIND], made[tags.LABEL], made[tags.NAME] = "label", line.kind, block.plane.stage.name


def _leader(p, one: Joined, plane, eye, orthographic, collection):
    """The line from a readout to its matrix, whose end is an empty there."""
    name = one.readout.plane.stage.name
    target = bpy.data.objects.new(f"{name} readout target", None)
    target.location, target.empty_display_size = one.anchor, 0.2
    target[tags.KIND] = tags.SOURCE
    collection.objects.link(target)
    line = drawn_object(f"{name} readout line", bpy.data.meshes.new(f"{name} line"), collection, Leader())
    line[tags.KIND], line[tags.NAME] = "leader", name
    line.parent = plane
    inputs = {"Target": target, "Start": np.array([*one.path[-1], 0.0]), "Eye": eye}
    color = plain_material("Matrix Cinema readout line", _between(p.style.backdrop, p.style.text, JOINING))
    set_inputs(line, inputs | {"Parallel": orthographic, "Width": LINE, "Dot": DOT, "Material": color})
    _unlit(line)


def _unlit(ob):
    """It takes no part in the light of the scene."""
    ob.visible_shadow = ob.visible_diffuse = ob.visible_glossy = ob.visible_transmission = False


def _opacity(style, strength):
    """How opaque a line in the colour of type is that looks so far from the background to it."""
    ends = np.array([linear(style.backdrop), linear(style.text)])
    wanted = np.array(linear(_between(style.backdrop, style.text, strength)))
    return float(np.mean((wanted - ends[0]) / (ends[1] - ends[0])))


def _between(a, b, t):
    return tuple(x * (1 - t) + y * t for x, y in zip(a, b, strict=True))
