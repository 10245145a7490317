"""Reset: buttons that undo changes by hand, and first show what they would discard."""

from collections.abc import Sequence
from typing import Any

import bpy

from ..blender import before_build, given_back, tags
from ..errors import InputError
from . import panels
from .translations import report

MOST_DISCARDED_LINES = 12  # in the dialog that lists what is discarded


class _Reset:
    """Base of the operators that reset datablocks. They show what they would discard, and ask."""

    bl_options = {"REGISTER", "UNDO"}

    def blocks(self, context: bpy.types.Context) -> Sequence[bpy.types.ID] | None:
        """The datablocks to reset; None for all of the scene."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.lines = given_back.changes(context.scene, self.blocks(context))
        if not self.lines:
            self.report({"INFO"}, report("Nothing was changed by hand here"))
            return {"CANCELLED"}
        return context.window_manager.invoke_props_dialog(self, width=400, confirm_text="Reset")

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text="This discards what you changed by hand:")
        for line in self.lines[:MOST_DISCARDED_LINES]:
            column.label(text=line, translate=False)
        if len(self.lines) > MOST_DISCARDED_LINES:
            column.label(text="…")

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, blocks = context.scene, self.blocks(context)
        try:
            lines = given_back.reset_scene(scene) if blocks is None else given_back.reset(scene, blocks)
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, "; ".join(lines) or report("Nothing was changed by hand here"))
        return {"FINISHED"}


class MATRIX_CINEMA_OT_reset_object(_Reset, bpy.types.Operator):
    """Set the active object and its data to what Matrix Cinema made"""

    bl_idname = "matrix_cinema.reset_object"
    bl_label = "Reset Object"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.object and context.object in tags.owned(context.scene))

    def blocks(self, context: bpy.types.Context) -> Sequence[bpy.types.ID]:
        return given_back.of_object(context.scene, context.object)


class _OfBuiltScene(_Reset):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and tags.is_built(context.scene))


class MATRIX_CINEMA_OT_reset_lights(_OfBuiltScene, bpy.types.Operator):
    """Set the lamps and the world, or one lamp, to what Matrix Cinema made"""

    bl_idname = "matrix_cinema.reset_lights"
    bl_label = "Reset Lights"

    lamp: bpy.props.StringProperty(
        name="Lamp", options={"SKIP_SAVE"}, description="The lamp; empty: all lamps and the world"
    )

    def blocks(self, context: bpy.types.Context) -> Sequence[bpy.types.ID]:
        return given_back.of_lights(context.scene, self.lamp)


class MATRIX_CINEMA_OT_reset_camera(_OfBuiltScene, bpy.types.Operator):
    """Set place, lens and motion of the camera to what Matrix Cinema made"""

    bl_idname = "matrix_cinema.reset_camera"
    bl_label = "Reset Camera"

    def blocks(self, context: bpy.types.Context) -> Sequence[bpy.types.ID]:
        return given_back.of_camera(context.scene)


class MATRIX_CINEMA_OT_reset_scene(_OfBuiltScene, bpy.types.Operator):
    """Build the scene again as if nobody had changed or deleted anything of it by hand; your own objects
    stay"""

    bl_idname = "matrix_cinema.reset_scene"
    bl_label = "Reset All"

    def blocks(self, _context: bpy.types.Context) -> None:
        return None


class MATRIX_CINEMA_OT_remove(bpy.types.Operator):
    """Remove from this scene all that was built. Your own objects stay, and the scene gets back the
    settings, the world and the camera that it had before"""

    bl_idname = "matrix_cinema.remove"
    bl_label = "Remove from Scene"
    bl_options = {"REGISTER", "UNDO"}

    poll = _OfBuiltScene.poll

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        lines = before_build.remove(context.scene)
        self.report({"INFO"}, "; ".join(lines) or report("Removed what was built"))
        return {"FINISHED"}


class MATRIX_CINEMA_PT_reset(panels.BuiltPanel, bpy.types.Panel):
    bl_label = "Reset"
    bl_order = 10
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, _settings: Any) -> None:
        panels.wrapped(
            layout,
            context,
            "What you changed by hand stays when the scene is built again. "
            "Each button shows what it would discard, and asks.",
        )
        column = layout.column(align=True)
        column.operator("matrix_cinema.reset_object", icon="OBJECT_DATA")
        column.operator("matrix_cinema.reset_lights", icon="LIGHT")
        column.operator("matrix_cinema.reset_camera", icon="CAMERA_DATA")
        column.operator("matrix_cinema.reset_scene", icon="LOOP_BACK")
        layout.operator("matrix_cinema.remove", icon="TRASH")


CLASSES = (
    MATRIX_CINEMA_OT_reset_object,
    MATRIX_CINEMA_OT_reset_lights,
    MATRIX_CINEMA_OT_reset_camera,
    MATRIX_CINEMA_OT_reset_scene,
    MATRIX_CINEMA_OT_remove,
    MATRIX_CINEMA_PT_reset,
)
