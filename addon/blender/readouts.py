"""Readouts as Blender objects: a live copy of a matrix in the plane of the picture, and its text.

The matrix's own node group draws the copy from the same hidden values. Its animated inputs follow those of
the matrix, so it shows the same as the matrix at every frame.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import inf

import bpy
import numpy as np
from mathutils import Matrix

from ..look.srgb import between, linear
from ..look.styles import soft_color
from ..picture.drawing import Drawing
from ..picture.joined import POINTED, Joined, around_entries, pointed_out
from ..picture.presented import CARD_MARGIN
from ..staging.highlights import spotlight_frames
from ..staging.writing.items import Rule
from . import compat, tags
from .appearance import readout_material
from .at_rest import AT_NO_SIZE
from .materials.writing import keyed_material, plain_material
from .nodes.leader import Leader
from .objects import MODIFIER, drawn_object, empty, follow, follow_path, gaps, set_beads, set_inputs, show
from .picture_plane import DISTANCE, clear_distance, picture_plane
from .shapes import guide, rectangles, shape, unlit
from .text import Writer

PRESENTED_NEARER = 0.6  # part of the scene's nearest distance, at which presented matrices stand
SHARP = 128.0  # the f-number at which all is sharp
FLAT = 0.08  # thickness of an element, of its width
# How far lines stand behind the elements and frames before them, in heights of the picture.
BEHIND_READOUT, BEFORE_READOUT = -0.002, 0.002
# Colours of lines: how far from the background's colour to that of type.
STRONG, OUTLINE, GRID_LINES, JOINING = 0.6, 0.45, 0.13, 0.5
LINE_WIDTH, DOT_RADIUS = 0.0013, 0.0036  # width of the line to the scene, radius of the dot at its end


def write_readouts(drawing: Drawing, matrices: Mapping[str, bpy.types.Object], to: Writer) -> None:
    """Write the readouts of a drawing before its camera; `matrices` are the drawn objects by name. On the
    panel of a figure they are only cells, because the page has the lines and the type."""
    if not drawing.readouts:
        return
    p, view = drawing.plan, drawing.seen
    plane, eye = picture_plane(to.camera, view, to.collection, clear_distance(p, to.camera, view))
    for one in drawing.readouts:
        block, before = _arriving(p, one.readout), set(to.collection.objects)
        ob = _copy(p, block, matrices[block.plane.stage.name], to.collection)
        ob.parent = plane
        ob.location = (*block.origin, 0.0)
        if not block.texts:
            continue
        _lines(p, one, ob, to.collection)
        strong = plain_material("Matrix Cinema type", p.style.text)
        soft = plain_material("Matrix Cinema soft readout", soft_color(p.style))
        _type(to, block, ob, strong, soft)
        _leader(p, one, plane, eye, view.orthographic, to.collection)
        for drawn in set(to.collection.objects) - before if _arrival(p, block) > 1.0 else ():
            if drawn.type != "FONT":
                show(drawn, (_arrival(p, block), p.timeline.last_frame + 1.0))
        _spotlight(p, block, ob, to.collection)


def _arriving(p, block):
    """A readout whose type comes with its matrix."""
    start = _arrival(p, block)
    texts = [(text, text.shown or (start, p.timeline.last_frame + 1.0)) for text in block.texts]
    later = (replace(text, shown=(max(start, begin), end)) for text, (begin, end) in texts)
    return replace(block, texts=tuple(later)) if start > 1.0 else block


def _arrival(p, block):
    """The frame at which the matrix of a readout comes."""
    return p.arrivals.get(block.plane.stage.name, (1.0,))[0]


def write_presented(drawing: Drawing, matrices: Mapping[str, bpy.types.Object], to: Writer) -> None:
    """Write the presented matrices of a film's beats, each with keys for stepping out and back."""
    for shown in drawing.presented:
        view = drawing.view(shown.there)
        plane, _ = picture_plane(to.camera, view, to.collection, _before_all(drawing.plan, view))
        for block in shown.readouts:
            _present(to, block, shown, plane, matrices[block.plane.stage.name])


def sharpen(drawing: Drawing, camera: bpy.types.Object) -> None:
    """Keys for a camera's lens: presented matrices and cards stand before its focus, and must be sharp."""
    times = [(s.out, s.there, s.back, s.gone) for s in drawing.presented]
    times += [(c.start - 1.0, c.start, c.end - 1.0, c.end) for c in drawing.cards]
    if times and camera.data.dof.use_dof:
        stop = camera.data.dof.aperture_fstop
        keys = [key for at in times for key in zip(at, (stop, SHARP, SHARP, stop), strict=True)]
        compat.set_keyframes(camera.data, "dof.aperture_fstop", sorted(dict(keys).items()))


def _before_all(p, view):
    """A distance from the camera that is nearer than the whole scene, for presented matrices."""
    if view.orthographic:
        return DISTANCE
    return max(PRESENTED_NEARER * float(view.seen(p.arrangement.corners())[2].min()), 0.2)


def _present(to, block, shown, plane, matrix):
    """A readout that stands at its matrix until a constraint carries it to the plane of the picture."""
    p, name, collection = to.plan, block.plane.stage.name, to.collection
    middle = np.array([0.5 * (block.matrix[0] + block.matrix[2]), 0.5 * (block.matrix[1] + block.matrix[3])])
    root = empty(f"{name} presented", 0.05, collection)
    target = empty(f"{name} presented target", 0.05, collection, plane)
    inner = empty(f"{name} presented shown", 0.05, collection, root)
    root.matrix_world = Matrix(_standing(block).tolist())
    target.location = (*middle, 0.0)
    carried = root.constraints.new("COPY_TRANSFORMS")
    carried.name, carried.target = "Presented", target
    times = (shown.out, shown.there, shown.back, shown.gone)
    forth_and_back = list(zip(times, (0.0, 1.0, 1.0, 0.0), strict=True))
    compat.set_keyframes(root, 'constraints["Presented"].influence', forth_and_back, smooth=True)
    for axis in range(3):  # at size 0 it is invisible, with all that is in it
        keys = [(1.0, 0.0), (shown.out, 1.0), (shown.gone, 0.0)]
        compat.set_keyframes(inner, "scale", keys, index=axis, stepped=True)
    ob = _copy(p, block, matrix, collection)
    ob.parent, ob.location = inner, (*(block.origin - middle), 0.0)
    _lines(p, Joined(block, np.zeros(3), block.joint[None]), ob, collection)
    _spotlight(p, block, ob, collection, (shown.out, shown.gone))
    title = f"Matrix Cinema presented {name} {shown.out:.0f}"
    card = keyed_material(f"{title} card", p.style.backdrop, forth_and_back)
    _card(block, middle, card, inner, collection)
    late = 0.4 * (shown.there - shown.out)
    keys = [(shown.there - late, 0.0), (shown.there, 1.0), (shown.back, 1.0), (shown.back + late, 0.0)]
    soft = keyed_material(f"{title} soft type", soft_color(p.style), keys)
    _type(to, block, ob, keyed_material(f"{title} type", p.style.text, keys), soft)


def _standing(block):
    """The matrix (4, 4) that moves a block, around the middle of its matrix, to the matrix's place in the
    scene."""
    plane, (left, low, right, high) = block.plane, block.matrix
    on, down = plane.column, plane.row
    wide, tall = plane.column_ruler.length + 1.0 / plane.column_ruler.each, plane.row_ruler.length + 1.0
    sizes = wide / (right - left), tall / (high - low)
    matrix = np.eye(4)
    matrix[:3] = np.stack(
        [on * sizes[0], -down * sizes[1], np.cross(on, -down) * np.mean(sizes), plane.corners().mean(axis=0)],
        1,
    )
    return matrix


def _card(block, middle, material, parent, collection):
    """A sheet of the background under a block, which hides the scene as the block steps out."""
    left, low, right, high = np.array(block.box) + CARD_MARGIN * np.array([-1, -1, 1, 1]) - np.tile(middle, 2)
    ob = shape("card", *rectangles((left, low, right, high), 4 * BEHIND_READOUT), material, collection)
    ob[tags.KIND], ob.parent = "shade", parent


def _copy(p, block, matrix, collection):
    """The live copy of a drawn matrix, flat around the origin."""
    stage, flat = block.plane.stage, block.flat
    ob = drawn_object(f"{stage.name} readout", matrix.data, collection, matrix.modifiers[MODIFIER].node_group)
    ob[tags.KIND], ob[tags.NAME] = "readout", stage.name
    ob[tags.SHAPE] = [block.plane.rows, block.plane.columns]
    _take_inputs(ob, matrix)
    set_beads(ob, block.pool)
    set_inputs(
        ob,
        {
            "Row Step": flat.row,
            "Column Step": flat.column,
            "Material": readout_material(p, stage.name),
            "As Points": False,
            "Depth": 1.0,
            "Rest Sizes": AT_NO_SIZE,
        }
        | gaps("row", flat.row_ruler)
        | gaps("column", flat.column_ruler),
    )
    ob.scale = (1.0, 1.0, FLAT)
    unlit(ob)
    return ob


def _take_inputs(ob, matrix):
    """Give an object's modifier the inputs of a matrix's. An input follows the matrix's if that is keyed. If
    the matrix's input follows another property, it follows that property too, because a driver after a driver
    would be a frame late."""
    own, modifier = matrix.animation_data, matrix.modifiers[MODIFIER]
    driven = {curve.data_path: curve.driver.variables[0].targets[0] for curve in own.drivers} if own else {}
    for name, identifier in compat.input_identifiers(modifier).items():
        compat.set_input(ob.modifiers[MODIFIER], name, compat.value_at(modifier, identifier))
        path = compat.path_at(modifier, identifier)
        if path in driven:
            follow_path(ob, name, driven[path].id, driven[path].data_path)
        elif compat.find_curve(matrix, path):
            follow(ob, name, matrix, name)


def _lines(p, one, ob, collection):
    """The grid, the outline, the rule under the name, frames around entries that are pointed out, and the
    path of the line over other readouts."""
    block = one.readout
    path = [Rule(a, b, c, d, LINE_WIDTH) for (a, b), (c, d) in pairwise(one.path.tolist())]
    strengths = [
        STRONG,
        *[OUTLINE] * (len(block.rules) - 1),
        *[GRID_LINES] * len(block.grid),
        *[JOINING] * len(path),
    ]
    pointed = pointed_out(p, block)
    shades = [_opacity(p.style, strength) for strength in strengths]
    lines = [
        *zip((*block.rules, *block.grid, *path), shades, strict=True),
        *((rule, 1.0) for rule in pointed),
    ]
    depths = [BEHIND_READOUT] * len(strengths) + [BEFORE_READOUT] * len(pointed)
    _guide(p, "lines", lines, depths, block, ob, collection)


def _spotlight(p, block, ob, collection, during=(1.0, inf)):
    """Frames around the entries of a readout that the spotlight points at between two frames of the film."""
    spots = {}  # a matrix that is drawn twice has its frames once here
    for spot, shine in spotlight_frames(p):
        start, end = shine.full(p)
        if spot.plane.stage is block.plane.stage and start < during[1] and during[0] < end:
            spots[spot.rows, spot.columns, spot.pointed, start] = end
    for (rows, columns, pointed, start), end in spots.items():
        width = block.rules[0].width * (POINTED if pointed else 1.0)
        lines = [(replace(side, width=width), 1.0) for side in around_entries(block, rows, columns)]
        drawn = _guide(p, "spotlight", lines, [BEFORE_READOUT] * len(lines), block, ob, collection)
        show(drawn, (start, end))


def _guide(p, title, lines, depths, block, ob, collection):
    """Lines, each a Rule with its opacity, at these depths before a readout."""
    points, faces = rectangles([rule.box for rule, _ in lines], depths)
    colors = [(*linear(p.style.text), opacity) for _, opacity in lines for _ in range(4)]
    drawn = guide(f"{ob.name} {title}", points - (*block.origin, 0.0), faces, colors, collection)
    drawn[tags.KIND], drawn[tags.NAME] = "guide", block.plane.stage.name
    drawn.parent, drawn.scale = ob, (1.0, 1.0, 1.0 / FLAT)
    return drawn


def _type(to, block, ob, strong, soft):
    """The name and the labels of both axes, in these materials."""
    for line in block.texts:
        made = to.line(line, soft if line.soft else strong)
        made.parent, made.rotation_euler = ob, (0.0, 0.0, line.angle)
        made.location = (line.x - block.origin[0], line.y - block.origin[1], BEFORE_READOUT / FLAT)
        made[tags.KIND], made[tags.LABEL], made[tags.NAME] = "label", line.kind, block.plane.stage.name
        show(made, line.shown)


def _leader(p, one, plane, eye, orthographic, collection):
    """The line from a readout to an empty at its matrix."""
    name = one.readout.plane.stage.name
    target = empty(f"{name} readout target", 0.2, collection)
    target.location, target[tags.KIND] = one.anchor, tags.SOURCE
    line = drawn_object(f"{name} readout line", bpy.data.meshes.new(f"{name} line"), collection, Leader())
    line[tags.KIND], line[tags.NAME] = "leader", name
    line.parent = plane
    inputs = {"Target": target, "Start": np.array([*one.path[-1], 0.0]), "Eye": eye}
    color = plain_material("Matrix Cinema readout line", between(p.style.backdrop, p.style.text, JOINING))
    inputs |= {"Parallel": orthographic, "Width": LINE_WIDTH, "Dot": DOT_RADIUS, "Material": color}
    set_inputs(line, inputs)
    unlit(line)


def _opacity(style, strength):
    """The opacity with which a line in the colour of type looks like a colour this far between background and
    type."""
    ends = np.array([linear(style.backdrop), linear(style.text)])
    wanted = np.array(linear(between(style.backdrop, style.text, strength)))
    return float(np.mean((wanted - ends[0]) / (ends[1] - ends[0])))
