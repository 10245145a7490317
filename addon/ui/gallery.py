"""The examples of Matrix Cinema, in menus by group, and in a gallery with a search field."""

from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from ..blender import tags
from . import source
from .fields import STILL
from .properties import settings_of

GALLERY_COLUMNS, GALLERY_WIDTH = 4, 26  # the width is in heights of a button
SLOW = "Scale"  # the group whose scenes take long to build: opening one only chooses it
EVERY_GROUP, MAIN = "All", "Main"

_previews: Any = None


def picture_of(path: Path) -> int:
    """The icon number of an example's small picture, or 0 if it has none."""
    small = source.thumbnail_of(path)
    if _previews is None or small is None:
        return 0
    name = str(small)
    if name not in _previews:
        _previews.load(name, name, "IMAGE")
    return _previews[name].icon_id


def found(text: str, group: str = EVERY_GROUP) -> list[tuple[str, str, Path]]:
    """(group, name, path) of the examples in a group that have every word of a text in name or group."""
    words = text.lower().split()
    return [
        (folder, name, path)
        for folder, scenes in source.examples().items()
        for name, path in scenes
        if group in (EVERY_GROUP, folder or MAIN)
        and all(word in f"{folder} {name}".lower() for word in words)
    ]


class MATRIX_CINEMA_OT_open_example(bpy.types.Operator):
    """Choose this example; Build then makes it"""

    bl_idname = "matrix_cinema.open_example"
    bl_label = "Example"
    bl_options = {"UNDO", "INTERNAL"}

    path: bpy.props.StringProperty(subtype="FILE_PATH")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context.scene)
        settings.file = self.path
        if settings.problem:
            self.report({"ERROR"}, settings.problem)
            return {"CANCELLED"}
        return {"FINISHED"}


def _button(layout, scene, folder, name, path, icon_value=0):
    """A button that opens an example: in a new scene, or where there is something built or it takes long to
    build, into the panel."""
    if folder == SLOW or (scene is not None and tags.is_built(scene)):
        layout.operator("matrix_cinema.open_example", text=name, icon_value=icon_value).path = str(path)
        return
    layout.operator_context = "EXEC_DEFAULT"
    opened = layout.operator("matrix_cinema.import_file", text=name, icon_value=icon_value)
    opened.filepath, opened.place = str(path), "SCENE"


class MATRIX_CINEMA_PT_gallery(bpy.types.Panel):
    """The examples as pictures"""

    bl_label = "Examples"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = GALLERY_WIDTH

    def draw(self, context: bpy.types.Context) -> None:
        layout, manager = self.layout, context.window_manager
        row = layout.row()
        row.prop(manager, "matrix_cinema_search", text="", icon="VIEWZOOM", placeholder="Search")
        row.prop(manager, "matrix_cinema_group", text="")
        grid = layout.grid_flow(row_major=True, columns=GALLERY_COLUMNS, even_columns=True, even_rows=True)
        for folder, name, path in found(manager.matrix_cinema_search, manager.matrix_cinema_group):
            cell = grid.column(align=True)
            cell.template_icon(picture_of(path), scale=4.5)
            _button(cell, context.scene, folder, name, path)


class MATRIX_CINEMA_MT_examples(bpy.types.Menu):
    """The examples, by group"""

    bl_label = "Examples"

    def draw(self, _context: bpy.types.Context) -> None:
        for folder in source.examples():
            self.layout.menu(_menu_of(folder))


def _menu_of(folder):
    return f"MATRIX_CINEMA_MT_examples_{''.join(c if c.isalnum() else '_' for c in folder.lower() or 'main')}"


def _group(folder):
    """The menu of the examples in a folder."""

    def draw(self, context):
        for name, path in source.examples()[folder]:
            _button(self.layout, context.scene, folder, name, path, picture_of(path))

    words = {"bl_label": folder or MAIN, "draw": draw, "__doc__": f"Examples: {folder or MAIN}"}
    return type(_menu_of(folder), (bpy.types.Menu,), words)


GROUP_ITEMS = [(one, one, "") for one in (EVERY_GROUP, *(folder or MAIN for folder in source.examples()))]
CLASSES = (
    MATRIX_CINEMA_OT_open_example,
    *(_group(folder) for folder in source.examples()),
    MATRIX_CINEMA_MT_examples,
    MATRIX_CINEMA_PT_gallery,
)


def register() -> None:
    global _previews
    _previews = bpy.utils.previews.new()
    bpy.types.WindowManager.matrix_cinema_search = bpy.props.StringProperty(
        name="Search",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
        description="Words in the name or group of an example",
    )
    bpy.types.WindowManager.matrix_cinema_group = bpy.props.EnumProperty(
        name="Group", options=STILL | {"SKIP_SAVE"}, items=GROUP_ITEMS, description="Which examples are shown"
    )


def unregister() -> None:
    global _previews
    del bpy.types.WindowManager.matrix_cinema_group, bpy.types.WindowManager.matrix_cinema_search
    bpy.utils.previews.remove(_previews)
    _previews = None
