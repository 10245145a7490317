"""Picking an element in a viewport: the panel, and a label beside the element, say what it is.

The picked element is remembered by names and numbers, so that it stays valid after an undo or a rebuild.
"""

from typing import Any

import blf
import bpy
import gpu
from bpy_extras.view3d_utils import location_3d_to_region_2d
from gpu_extras.batch import batch_for_shader

from ..blender import picking
from ..blender.picking import Hit, Told
from ..errors import InputError, JobError
from . import built
from .properties import settings_of
from .translations import report
from .viewports import redraw

MOST_LIVE = 300_000  # elements of an object that are searched while the mouse moves
PADDING, OFFSET = 8, 18  # pixels around the label's text, and from the element to it
TEXT_COLOR, HEAD_COLOR = (0.82, 0.82, 0.82, 1.0), (1.0, 1.0, 1.0, 1.0)
GROUND = (0.08, 0.08, 0.09, 0.88)

POINTED_OUT = (
    ("spotlight", "Spotlight", "The element and what makes it stand out; all else steps back"),
    ("why", "Why", "Show the products that add up to the element"),
    ("subject", "Look At", "The camera frames the matrix of the element"),
)

_picked: Hit | None = None
_hovered: Hit | None = None
_stood_in = ""  # the description of its scene when it was last found
_said: tuple[Any, Told | None] = (None, None)


def picked() -> Hit | None:
    """The picked element, where it stands now, or None. A scene that has another description by now may have
    it elsewhere, or not at all."""
    if _picked and (now := _description(_picked)) and now != _stood_in:
        pick(picking.found_again(bpy.context.evaluated_depsgraph_get(), _picked))
    return _picked


def pick(found: Hit | None) -> None:
    """Remember an element as the picked one; None picks nothing."""
    global _picked, _hovered, _stood_in
    _picked, _hovered, _stood_in = found, None, _description(found)


def _description(found):
    """The description of the scene of an element, "" without one."""
    scene = found and bpy.data.scenes.get(found.scene)
    return built.description_text(scene) if scene else ""


def said(found: Hit | None) -> Told | None:
    """The text about an element, computed once for each frame; None if the element is gone."""
    global _said
    scene = found and bpy.data.scenes.get(found.scene)
    if not scene:
        return None
    key = found, scene.frame_current_final, scene.get(picking.tags.DESCRIPTION)
    if _said[0] != key:
        try:
            _said = key, picking.told(found)
        except (InputError, JobError) as error:
            _said = key, Told(found.name, (str(error),))
    return _said[1]


def can_open() -> bool:
    """Whether the picked element is an entry of a product, or one of its products."""
    scene = _picked and bpy.data.scenes.get(_picked.scene)
    return bool(scene and any(ob[picking.tags.NAME] == _picked.name for ob in built.products(scene)))


class MATRIX_CINEMA_OT_pick(bpy.types.Operator):
    """Click an element in the viewport to see its entry, its tokens and how it is made"""

    bl_idname = "matrix_cinema.pick"
    bl_label = "Pick Element"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.window is not None and context.area is not None and context.area.type == "VIEW_3D"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window.cursor_modal_set("EYEDROPPER")
        context.workspace.status_text_set(report("Click an element; Esc or right click: leave it"))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        global _hovered
        if event.type in ("ESC", "RIGHTMOUSE"):
            return self._end(context, {"CANCELLED"})
        place = _viewport_at(context.window, event.mouse_x, event.mouse_y)
        if place is None:
            return {"PASS_THROUGH"}
        if event.type == "MOUSEMOVE":
            region, view, at = place
            _hovered = _under(context, region, view, at, MOST_LIVE)
            redraw(context.window_manager)
        elif event.type == "LEFTMOUSE" and event.value == "PRESS":
            pick(_under(context, *place))
            return self._end(context, {"FINISHED"} if _picked else {"CANCELLED"})
        return {"PASS_THROUGH"}

    def _end(self, context, status):
        global _hovered
        _hovered = None
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
        redraw(context.window_manager)
        return status


def _viewport_at(window, x, y):
    """(region, its view, the point in it) of the 3D viewport at a point of a window, or None if another
    region covers it there."""
    for area in window.screen.areas:
        if area.type != "VIEW_3D":
            continue
        inside = [
            region
            for region in area.regions
            if region.x <= x < region.x + region.width and region.y <= y < region.y + region.height
        ]
        if inside and all(region.type in ("WINDOW", "HUD") for region in inside):
            region = next(region for region in inside if region.type == "WINDOW")
            return region, area.spaces.active.region_3d, (x - region.x, y - region.y)
    return None


def _under(
    context: bpy.types.Context, region: Any, view: Any, place: tuple[float, float], most: int | None = None
) -> picking.Hit | None:
    size = region.width, region.height
    return picking.hit(context.evaluated_depsgraph_get(), view.perspective_matrix, size, place, most)


class MATRIX_CINEMA_OT_unpick(bpy.types.Operator):
    """Remove the label of the picked element"""

    bl_idname = "matrix_cinema.unpick"
    bl_label = "Leave It"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        pick(None)
        redraw(context.window_manager)
        return {"FINISHED"}


class MATRIX_CINEMA_OT_point_out(bpy.types.Operator):
    """Use the picked element in a setting of the panel"""

    bl_idname = "matrix_cinema.point_out"
    bl_label = "Point Out"
    bl_options = {"UNDO", "INTERNAL"}

    setting: bpy.props.EnumProperty(
        name="How", items=POINTED_OUT, description="The setting that gets the picked element"
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _picked is not None and _picked.scene in bpy.data.scenes

    @classmethod
    def description(cls, _context: bpy.types.Context, asked: Any) -> str:
        return next(about for setting, _, about in POINTED_OUT if setting == asked.setting)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        settings = settings_of(bpy.data.scenes[_picked.scene])
        i, j = _picked.entry[:2]
        if self.setting == "subject":
            settings.camera.subject = _picked.name
        else:
            setattr(settings, self.setting, f"{_picked.name}[{i}, {j}]")
        return {"FINISHED"}


# The label


def _draw_label():
    """Draw the label of the element under the mouse, or else of the picked element."""
    found = _hovered or picked()
    context = bpy.context
    told = said(found)
    if told is None or not _shows(context.scene, found):
        return
    place = location_3d_to_region_2d(context.region, context.region_data, found.position)
    if place is not None:
        _box(place, told, context.region, context.preferences.system.ui_scale)


def _shows(scene, found):
    """Whether a scene is the scene of an element, or instances it."""
    stands = (built.shown_by(ob) for ob in built.stands_in(scene))
    return scene.name == found.scene or any(one.name == found.scene for one in stands)


def _box(place, told, region, scale):
    """Draw a dark box with the text `told`, to the right of a point, inside its region."""
    blf.size(0, 12 * scale)
    texts = [told.head, *told.lines]
    height = 16 * scale
    width = max(blf.dimensions(0, text)[0] for text in texts) + 2 * PADDING
    tall = len(texts) * height + 2 * PADDING
    x = place.x + OFFSET if place.x + OFFSET + width < region.width else place.x - OFFSET - width
    y = min(max(place.y - tall / 2, 4), region.height - tall - 4)
    corners = [(x, y), (x + width, y), (x + width, y + tall), (x, y + tall)]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("color", GROUND)
    batch_for_shader(shader, "TRI_FAN", {"pos": corners}).draw(shader)
    near = x if x > place.x else x + width
    shader.uniform_float("color", HEAD_COLOR)
    batch_for_shader(shader, "LINES", {"pos": [tuple(place), (near, y + tall / 2)]}).draw(shader)
    gpu.state.blend_set("NONE")
    for n, text in enumerate(texts):
        blf.color(0, *(TEXT_COLOR if n else HEAD_COLOR))
        blf.position(0, x + PADDING, y + tall - PADDING - (n + 0.8) * height, 0)
        blf.draw(0, text)


CLASSES = (MATRIX_CINEMA_OT_pick, MATRIX_CINEMA_OT_unpick, MATRIX_CINEMA_OT_point_out)
_handler: Any = None


def register() -> None:
    global _handler
    if not bpy.app.background:
        _handler = bpy.types.SpaceView3D.draw_handler_add(_draw_label, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handler
    if _handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handler, "WINDOW")
        _handler = None
    pick(None)
