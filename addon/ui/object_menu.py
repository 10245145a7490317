"""Our entries in the context menu of an object that we built, or that instances a scene that we built."""

from typing import Any

import bpy

from ..blender import tags
from ..blender.picking import PICKABLE
from ..staging.camera.views import PRODUCTS_SUFFIX
from . import built
from .properties import settings_of
from .translations import report
from .viewports import show_camera
from .wording import DEFAULT

ENTRIES = (
    ("SUBJECT", "Look At This", "The camera frames this and focuses on it"),
    ("STAR", "Make This the Star", "The picture is about this matrix: it faces the camera"),
    ("SHOW", "Show Its Products", "The products in its cuboid are drawn"),
    ("HIDE", "Hide Its Products", "Its products are summed, but not drawn"),
)


class MATRIX_CINEMA_OT_open_scene(bpy.types.Operator):
    """Open the scene that this object instances, to change it in the panel"""

    bl_idname = "matrix_cinema.open_scene"
    bl_label = "Open Its Scene"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.object and context.window and built.shown_by(context.object))

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = built.shown_by(context.object)
        context.window.scene = scene
        show_camera(context.window, scene)
        return {"FINISHED"}


class MATRIX_CINEMA_OT_of_object(bpy.types.Operator):
    """Change a setting of this matrix in the panel"""

    bl_idname = "matrix_cinema.of_object"
    bl_label = "Set of This Matrix"
    bl_options = {"UNDO", "INTERNAL"}

    what: bpy.props.EnumProperty(name="What", items=ENTRIES, description="What is set")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_ours(context.object) and bool(built.description_text(context.scene))

    @classmethod
    def description(cls, _context: bpy.types.Context, asked: Any) -> str:
        return next(about for what, _, about in ENTRIES if what == asked.what)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, ob = settings_of(context.scene), context.object
        name = ob[tags.NAME]
        if self.what == "SUBJECT":
            settings.camera.subject = name + PRODUCTS_SUFFIX * (ob[tags.KIND] == "product")
        elif self.what == "STAR":
            settings.star = name.partition("[")[0]
        else:
            item = settings.products.get(name.partition("[")[0])
            if item is None:
                self.report({"ERROR"}, report("{name} is not among the panel's results", name=name))
                return {"CANCELLED"}
            item.interior = "on" if self.what == "SHOW" else "off"
        return {"FINISHED"}


def is_ours(ob: bpy.types.Object | None) -> bool:
    """Whether an object is a matrix, a product or a readout that was built here."""
    return ob is not None and ob.get(tags.KIND) in PICKABLE and isinstance(ob.get(tags.NAME), str)


def draw_entries(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Add our entries to the menu if they fit the active object."""
    layout, ob = menu.layout, context.object
    if ob is None:
        return
    if built.shown_by(ob):
        layout.separator()
        layout.operator("matrix_cinema.open_scene", icon="SCENE_DATA")
        layout.operator("matrix_cinema.pick", icon="EYEDROPPER")
    elif is_ours(ob) and built.description_text(context.scene):
        layout.separator()
        layout.label(text=ob[tags.NAME], icon="MESH_GRID", translate=False)
        layout.operator("matrix_cinema.pick", icon="EYEDROPPER")
        offered = _offered(context.scene, ob)
        for what, text, _ in ENTRIES:
            if what in offered:
                layout.operator("matrix_cinema.of_object", text=text).what = what


def _offered(scene, ob):
    """The settings that fit an object."""
    item = settings_of(scene).products.get(ob[tags.NAME].partition("[")[0])
    if item is None or not item.is_product:
        return "SUBJECT", "STAR"
    drawn = any(one[tags.NAME] == ob[tags.NAME] and not one.hide_render for one in built.products(scene))
    hidden = item.interior == "off" if item.interior != DEFAULT else not drawn
    return "SUBJECT", "STAR", "SHOW" if hidden else "HIDE"


CLASSES = (MATRIX_CINEMA_OT_open_scene, MATRIX_CINEMA_OT_of_object)
MENUS = ((bpy.types.VIEW3D_MT_object_context_menu, draw_entries),)
