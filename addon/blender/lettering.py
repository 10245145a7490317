"""Type: labels in the scene that face the camera, and an overlay of title and legend before it.

Labels turn about their own middles as the camera goes round them, so they stay clear of what they stand
beside. The overlay is parented to the camera, so it stays put while the camera moves; it neither
casts shadows nor shows in reflections.
"""

import bpy
import numpy as np
from mathutils import Matrix

from ..staging import captions
from ..staging.framing import axes
from ..staging.shots import Mark
from ..staging.views import INSIDE, direction_of
from .materials import color_bar_material, plain_material

OVERLAY_DISTANCE = 1.0
INSIDE_DISTANCE = 0.4  # where elements are as near as that


def write_labels(p, collection, target):
    """Write names and token labels into the scene; returns their Marks.

    Has to be done before there is anything large in `target`, because measuring type evaluates it.
    """
    if not p.scene.look.labels:
        return []
    direction = direction_of(p)
    right, up, _ = axes(direction)
    strong = plain_material("Matrix Cinema type", p.style.text)
    soft = plain_material("Matrix Cinema soft type", _between(p.style.text, p.style.background, 0.42))
    labels = captions.names(p, direction)
    for axis in captions.tokens(p, direction):
        labels += axis.labels
    written = []
    for label in labels:
        ob = text(label.text, label.size, "CENTER", soft if label.kind == "detail" else strong, collection)
        ob["mc_kind"], ob["mc_label"] = "label", label.kind
        written.append(ob)
    target.view_layers[0].update()  # bound boxes are known from here on
    marks, name = [], None
    for label, ob in zip(labels, written, strict=True):
        start, bottom, end, top = measure(ob)
        middle = label.position + right * {"LEFT": -start, "CENTER": 0.0, "RIGHT": -end}[label.align]
        ob.matrix_world = _facing(right, up, middle)
        if label.kind == "name":
            name = ob, middle
        elif label.kind == "detail":  # keeps its place under its name, whichever way that turns
            _hang(ob, *name, middle, right, up)
        if label.transposed:
            raised = text("T", 0.55 * label.size, "LEFT", strong, collection)
            place = middle + right * (end + 0.05 * label.size) + up * 0.5 * label.size
            _hang(raised, ob, middle, place, right, up)
            end, top = end + 0.4 * label.size, max(top, 0.95 * label.size)
        marks.append(Mark(middle, (start, bottom, end, top), label.owner))
    return marks


def face_camera(camera, collection):
    """Let the labels of `collection` turn with the camera: a plain constraint each, without any script."""
    for ob in collection.objects:
        if ob.get("mc_kind") == "label" and ob.parent is None:
            ob.constraints.new("COPY_ROTATION").target = camera


def _hang(ob, parent, origin, place, right, up):
    """Parent a text to another, whose `origin` and axes are given, so that it stands at `place`."""
    ob.parent = parent
    ob.rotation_euler = (0.0, 0.0, 0.0)
    ob.location = ((place - origin) @ right, (place - origin) @ up, 0.0)


def text(body, size, align, material, collection):
    """A line of text in the typeface that every Blender has, with its fallbacks for rare glyphs."""
    curve = bpy.data.curves.new(f"label {body[:50]}", "FONT")
    curve.body, curve.size, curve.align_x = body, size, align
    curve.resolution_u = 4
    curve.materials.append(material)
    ob = bpy.data.objects.new(f"label {body[:50]}", curve)
    _unlit(ob)
    collection.objects.link(ob)
    return ob


def _unlit(ob):
    """Type takes no part in the light of the scene."""
    ob.visible_shadow = ob.visible_diffuse = ob.visible_glossy = ob.visible_transmission = False


def measure(ob):
    """Left, bottom, right and top of an evaluated text object, from its origin, in its own units."""
    box = np.array(ob.bound_box)[:, :2]
    return (*box.min(axis=0), *box.max(axis=0))


def _facing(right, up, location):
    m = np.eye(4)
    m[:3, 0], m[:3, 1], m[:3, 2], m[:3, 3] = right, up, np.cross(right, up), location
    return Matrix(m.tolist())


def _between(a, b, t):
    return tuple(x * (1 - t) + y * t for x, y in zip(a, b, strict=True))


def write_overlay(p, view, overlay, collection, target):
    """Write the title and the legend onto the picture, before the camera."""
    strong = plain_material("Matrix Cinema overlay", p.style.text)
    soft = plain_material("Matrix Cinema soft overlay", _between(p.style.text, p.style.background, 0.35))
    parent, size = target.camera, np.array([view.half_width, view.half_height])
    distance = INSIDE_DISTANCE if p.scene.camera.view in INSIDE else OVERLAY_DISTANCE
    if view.orthographic:
        parent, size = _scaled_with(target.camera, collection), size / target.camera.data.ortho_scale
    else:
        size = size * distance
    unit = 2 * size[1]  # the height of the frame
    written = [
        (line, text(line.text, line.size * unit, line.align, soft if line.soft else strong, collection))
        for line in overlay.lines
    ]
    written += [(s, _strip(s.color_map, s.width * unit, s.height * unit, collection)) for s in overlay.strips]
    for item, ob in written:
        ob.parent = parent
        ob.location = (item.x * unit - size[0], item.y * unit - size[1], -distance)
        ob["mc_kind"] = "overlay"


def _scaled_with(camera, collection):
    """An empty before an orthographic camera whose size follows the camera's scale: a plain driver."""
    ob = bpy.data.objects.new("Overlay", None)
    collection.objects.link(ob)
    ob.parent = camera
    for axis in (0, 1):
        driver = ob.driver_add("scale", axis).driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        target.id_type, target.id, target.data_path = "CAMERA", camera.data, "ortho_scale"
    return ob


def _strip(color_map, width, height, collection):
    """A plane of the colour map, origin at its lower left corner."""
    mesh = bpy.data.meshes.new(f"legend {color_map}")
    mesh.from_pydata([(0, 0, 0), (width, 0, 0), (width, height, 0), (0, height, 0)], [], [(0, 1, 2, 3)])
    uv = mesh.uv_layers.new()
    uv.data.foreach_set("uv", [0, 0, 1, 0, 1, 1, 0, 1])
    mesh.materials.append(color_bar_material(color_map))
    ob = bpy.data.objects.new(f"legend {color_map}", mesh)
    _unlit(ob)
    collection.objects.link(ob)
    return ob
