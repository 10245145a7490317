"""Type: labels in the scene that face the camera, and an overlay of title and legend before it.

Labels turn about their own middles as the camera goes round them, so they stay clear of their neighbours. The
overlay is parented to the camera, so it stays in its place while the camera moves. It casts no shadows and
does not show in reflections.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..description.style import Color, WholeStyle
from ..errors import InputError
from ..look.drawn_order import drawn
from ..look.srgb import between, linear
from ..look.styles import soft_color
from ..staging.camera.framing import View
from ..staging.plan import Plan
from ..staging.writing.items import Bar, Dot, Text
from ..staging.writing.lettering import LATE_KINDS
from ..staging.writing.scripts import BAR_AT, BAR_WIDTH_OF_TYPE, ROOT, ROOT_SIGN
from . import compat, tags
from .materials.writing import color_bar_material, keyed_material, lit_material, plain_material
from .objects import new_object, show
from .picture_plane import clear_distance, frame_scale, scaled_by
from .shapes import grid, guide, rectangles, shape, unlit
from .studio import backdrop_at

FONT = "Matrix Cinema font"
ACCENT_ON_DARK, ACCENT_ON_LIGHT = (1.0, 0.76, 0.30), (0.80, 0.30, 0.02)  # of the part that is being computed
SHADE, SHADE_EDGE, SHADE_BEHIND = 0.8, 0.075, 1.001  # opacity, heights of the picture, distance of the type
SHADE_RAMP = np.linspace(0.0, 1.0, 7)
CALLOUT_KIND = "callout"
SOFT_KINDS = "detail", "steps", "axis"  # labels that are dimmer
DIM = 0.5  # of the way from the colour of type to the background, for the dots of the size legend
PLATE, PLATE_OPACITY = 0.22, 0.9  # room around a callout, in sizes of its type, on the background's colour
# Where the strokes of a root's sign turn, in widths of it and in sizes of type; how wide they are, in bars.
ROOT_STROKES = (0.1, 0.27, 0.53, 1.0), (0.36, 0.43, 0.0, BAR_AT)
ROOT_WIDTHS = 1.0, 1.9, 1.0
STROKE_AROUND = 0.012  # of the size of type, on a light background
LIT_FRAMES = 2.0  # frames, to either side, in which a part is lit
COMES, GOES_WITHIN = 0.15, 0.25  # seconds in which type comes and goes, at most this part of its time


def has_light_background(style: WholeStyle) -> bool:
    return sum(style.background) >= 1.5


def load_font(p: Any) -> bpy.types.VectorFont | None:
    """The plan's own font, packed into the file, once in a build, or None for Blender's. Raises InputError if
    Blender cannot read it."""
    path = p.typeface.path

    def load(name):
        try:
            font = bpy.data.fonts.load(str(Path(path).absolute()))
        except RuntimeError as error:
            raise InputError(f"look: font: {path}: {str(error).strip()}") from None
        font.user_clear()  # loading counts as a use, which would keep it in the file for ever
        font.name = name
        font.pack()
        font.filepath = ""
        return font

    return tags.once("fonts", FONT, load) if path else None


@dataclass(frozen=True)
class Writer:
    """Writes the text of a plan for a camera into a collection, in the plan's own `font` or in Blender's."""

    plan: Plan
    font: bpy.types.VectorFont | None
    camera: bpy.types.Object
    collection: bpy.types.Collection

    def text(self, body: str, size: float, align: str, material: bpy.types.Material) -> bpy.types.Object:
        """A line of text, in the own font if that has these letters. On a light background its strokes are a
        little bolder, because light that spills over their edges makes dark type look thin."""
        curve = bpy.data.curves.new(f"label {body[:50]}", "FONT")
        curve.body, curve.size, curve.align_x = drawn(body), size, align
        curve.resolution_u = 4
        if has_light_background(self.plan.style):
            curve.bevel_depth, curve.bevel_resolution = STROKE_AROUND * size, 0
        if self.font and self.plan.typeface.of(body) is self.plan.typeface:
            curve.font = self.font
        curve.materials.append(material)
        ob = new_object(f"label {body[:50]}", curve, self.collection)
        unlit(ob)
        return ob

    def line(self, line: Text, material: bpy.types.Material, unit: float = 1.0) -> bpy.types.Object:
        """As `text`, for a line of a layout whose lengths are in units of `unit`."""
        size = line.size * unit * self.plan.typeface.of(line.text).scale
        return self.text(line.text, size, line.align, material)


def write_labels(to: Writer, letters: Any, view: View, shown: Any = None) -> None:
    """Write a Lettering, laid out for `view`, into the scene. Each label turns with the camera by a plain
    constraint, without any script. Labels are `shown` from one frame until another, or always."""
    p = to.plan
    leading: dict = {}
    axes, late = np.stack([view.right, view.up]), _in_the_spotlight(p, shown)
    for label in letters.labels:
        material = _label_type(p, label.kind in SOFT_KINDS, shown)
        when = late if label.kind in LATE_KINDS else shown
        ob = to.text(label.text, label.size, "CENTER", material)
        ob[tags.KIND], ob[tags.LABEL] = "label", label.kind
        show(ob, when)
        x, y = axes @ (label.position - label.pivot) + label.middle
        ob.rotation_euler = (0.0, 0.0, label.angle)
        if label.group in leading:
            ob.parent, ob.location = leading[label.group], (x, y, 0.0)
        else:
            leading[label.group], ob.location = ob, label.pivot
            facing = ob.constraints.new("COPY_ROTATION")
            facing.target, facing.mix_mode = to.camera, "BEFORE"
        if label.plated:
            plate = _plate(label, p.style, to.collection)
            plate.parent = ob
            show(plate, when)
    for when, own in ((shown, False), (late, True)):
        strokes = [one for one in letters.strokes if (one.kind == CALLOUT_KIND) == own]
        if strokes:
            show(_strokes(strokes, _label_type(p, not own, shown), to.collection), when)


def _label_type(p, soft, shown):
    """The material of labels and leaders, made only if one of them needs it."""
    if soft:
        return _type(p, "Matrix Cinema soft type", soft_color(p.style), shown)
    return _type(p, "Matrix Cinema type", p.style.text, shown)


def _in_the_spotlight(p, shown):
    """The part of the frames `shown` in which the spotlight of their callouts is up."""
    start, end = shown or (0.0, p.timeline.last_frame + 1.0)
    shine = p.spotlight.during(start, end) if p.spotlight else None
    if shine is None:
        return shown
    return max(start, shine.rise[1]), min(end, shine.fall[0]) if shine.fall else end


def _plate(label, style, collection):
    """A rectangle of the background behind a line of type, which is centred on its object."""
    _, low, _, high = label.box
    room = PLATE * label.size
    half, low, high = 0.5 * (label.box[2] - label.box[0]) + room, low - room, high + room
    colors = [(*linear(style.backdrop), PLATE_OPACITY)] * 4
    ob = guide("plate", *rectangles((-half, low, half, high), -room), colors, collection, solid=False)
    ob[tags.KIND] = "shade"
    return ob


def _type(p, name, color, shown):
    """The material of type in a colour that is `shown` from one frame until another, or always."""
    return plain_material(name, color) if shown is None else passing_type(p, name, color, shown)


def passing_type(
    p: Any, name: str, color: Color, shown: tuple[float, float], seconds: float = COMES
) -> bpy.types.Material:
    """The material of type in a colour. It fades in at the first frame `shown` and fades out until the
    second, in so many seconds each."""
    start, end = shown
    if end > p.timeline.last_frame:  # what is there at the end stays
        end = 2.0 * end
    fade = min(seconds * p.scene.render.rate, GOES_WITHIN * (end - start))
    keys = [(start, 0.0)] if start > 1.0 else []
    keys += [(start + fade, 1.0), (end - fade, 1.0), (end, 0.0)]
    return keyed_material(f"{name} {start:g} to {shown[1]:g}", color, keys)


def _strokes(strokes, material, collection):
    """Leaders as one object of thin lines."""
    curve = bpy.data.curves.new("leaders", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", 0.5, 0
    curve.materials.append(material)
    for stroke in strokes:
        spline = curve.splines.new("POLY")
        spline.points.add(1)
        for point, place in zip(spline.points, (stroke.start, stroke.end), strict=True):
            point.co, point.radius = (*place, 1.0), stroke.width
    ob = new_object("leaders", curve, collection)
    ob[tags.KIND] = "leader"
    unlit(ob)
    return ob


def write_overlay(to: Writer, view: View, overlay: Any) -> None:
    """Write the title and the legend onto the picture, before the camera."""
    if not (overlay.texts or overlay.items or overlay.shades):
        return
    p, parent, collection = to.plan, to.camera, to.collection
    size, distance = np.array([view.half_width, view.half_height]), clear_distance(p, parent, view)
    if view.orthographic:
        size = size / frame_scale(parent, view)
        parent = scaled_by(parent, parent.data, "ortho_scale", (0, 1), collection, "Overlay")
    else:
        size = size * distance
    unit = 2 * size[1]  # the height of the frame
    corner = size * (np.array(view.centre) - 1.0)  # its lower left one
    written = []
    for line in overlay.texts:
        material = _type_of(p, line)
        is_root = line.text == ROOT_SIGN
        ob = _root(line, unit, material, collection) if is_root else to.line(line, material, unit)
        written.append((line, ob))
        _animate(line, written[-1][1])
        if line.barred:
            corners = unit * (np.array(line.bar.box) - np.tile((line.x, line.y), 2))
            written.append((line, shape("root", *rectangles(corners), material, collection)))
            _animate(line, written[-1][1])
    for item in overlay.items:
        if isinstance(item, Bar):
            written.append((item, _bar(item.color_map, item.width * unit, item.height * unit, collection)))
            show(written[-1][1], item.shown)
        elif isinstance(item, Dot):
            dim = plain_material("Matrix Cinema size legend", between(p.style.text, p.style.background, DIM))
            written.append((item, _dot(item.shape, item.width * unit, dim, collection)))
    for box, when in overlay.shadings:
        ob = _shade(box, unit, size[0] / size[1], p.style, collection)
        ob.parent, ob[tags.KIND] = parent, "shade"
        ob.location = (*corner, -SHADE_BEHIND * distance)
        show(ob, when)
    for item, ob in written:
        ob.parent = parent
        ob.location = (item.x * unit + corner[0], item.y * unit + corner[1], -distance)
        ob[tags.KIND] = "overlay"


def _root(line, unit, material, collection):
    """The sign of a root in even strokes, which end at the bar over what follows, at its line's origin.
    A typeface's own sign is often heavy, and meets no bar."""
    size = line.size / ROOT.size
    low, thin = -ROOT.raised * size, BAR_WIDTH_OF_TYPE * size
    x = line.width * np.array(ROOT_STROKES[0])
    turns = np.stack([x, low + size * np.array(ROOT_STROKES[1])], axis=1)
    quads = []
    for start, end, width in zip(turns, turns[1:], thin * np.array(ROOT_WIDTHS), strict=False):
        along = 0.5 * width * (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]])
        ends = start - along, end + along
        quads += [ends[0] - across, ends[1] - across, ends[1] + across, ends[0] + across]
    points = np.column_stack([unit * np.array(quads), np.zeros(len(quads))])
    return shape("root", points, np.arange(len(quads)).reshape(-1, 4), material, collection)


def _type_of(p, line):
    """The material of a line of the overlay. A material that no line needs is not made."""
    ink = p.style.text
    if line.kind == "told":
        return _type(p, "Matrix Cinema beat", ink, line.shown)
    if line.soft:
        return plain_material("Matrix Cinema soft overlay", soft_color(p.style))
    if line.lit is None:
        return plain_material("Matrix Cinema overlay", ink)
    accent = ACCENT_ON_LIGHT if has_light_background(p.style) else ACCENT_ON_DARK
    return lit_material(soft_color(p.style), accent)


def _shade(box, unit, aspect, style, collection):
    """A rectangle of the background around a box, in heights of the picture, behind the text there. Its edges
    are soft, except before a shadow catcher, where Cycles darkens half transparent things."""
    whole = style.ground == "catcher"
    edge = 0.4 * SHADE_EDGE if whole else SHADE_EDGE
    within = 1 - SHADE_RAMP  # how far out of the box each ring of points is
    xs, ys = (
        np.concatenate([low - edge * within, (high + edge * within)[::-1]])
        for low, high in ((box[0], box[2]), (box[1], box[3]))
    )
    alpha = SHADE_RAMP**2 * (3 - 2 * SHADE_RAMP)
    alpha = np.concatenate([alpha, alpha[::-1]])
    x, y, faces = grid(xs, ys)
    opaque = np.ones(x.shape) if whole else SHADE * np.outer(alpha, alpha).ravel()
    colors = np.column_stack([backdrop_at(style, x / aspect, y), opaque])
    points = np.column_stack([x * unit, y * unit, np.zeros(x.shape)])
    return guide("shade", points, faces, colors, collection, solid=False)


def _animate(line, ob):
    """Keys for a line that is lit or visible at times: the red of its colour, and its visibility."""
    if line.lit is not None:
        ob.color = (0.0, 0.0, 0.0, 1.0)
    if line.lit:
        keys: dict = {}
        for start, end in sorted(line.lit):
            half = min(LIT_FRAMES, 0.25 * (end - start))
            if start - half in keys:  # one after the other: it stays lit
                keys.pop(start - half)
                keys[end - half], keys[end + half] = 1.0, 0.0
            keys |= {start - half: 0.0, start + half: 1.0, end - half: 1.0, end + half: 0.0}
        compat.set_keyframes(ob, "color", sorted(keys.items()))
    show(ob, line.shown)


def _dot(form, width, material, collection):
    """A disc or a square with rounded corners, as an element of the size legend."""
    turns = np.arange(48) * np.pi / 24
    around = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    power = 1.0 if form == "sphere" else 0.3  # of a superellipse
    points = 0.5 * width * np.sign(around) * np.abs(around) ** power
    return shape("legend size", points, [range(len(points))], material, collection)


def bar_name(color_map: str) -> str:
    """The name of the bar of a colour map in the legend."""
    return f"legend {color_map}"


def _bar(color_map, width, height, collection):
    """A plane of the colour map, origin at its lower left corner."""
    box = rectangles((0, 0, width, height))
    ob = shape(bar_name(color_map), *box, color_bar_material(color_map), collection)
    ob.data.uv_layers.new().data.foreach_set("uv", [0, 0, 1, 0, 1, 1, 0, 1])
    return ob
