"""Reset: buttons that give ours back where a person changed it, and say what they discard."""

import bpy

from ..blender import given_back, tags
from ..errors import InputError


class MATRIX_CINEMA_OT_reset_object(bpy.types.Operator):
    """Give the active object and its data back what Matrix Cinema set there"""

    bl_idname = "matrix_cinema.reset_object"
    bl_label = "Reset Object"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.object and context.object in tags.owned(context.scene))

    def execute(self, context: bpy.types.Context) -> set[str]:
        discarded = given_back.reset_object(context.scene, context.object)
        self.report({"INFO"}, "; ".join(discarded) or "Nothing was changed here")
        return {"FINISHED"}


class MATRIX_CINEMA_OT_reset_scene(bpy.types.Operator):
    """Build the scene again as if nobody had changed anything of it by hand; your own objects stay"""

    bl_idname = "matrix_cinema.reset_scene"
    bl_label = "Reset All"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and tags.is_built(context.scene))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self, width=400)

    def draw(self, context: bpy.types.Context) -> None:
        lines = given_back.changes(context.scene)
        self.layout.label(text="This discards:" if lines else "Nothing was changed by hand")
        for line in lines[:12]:
            self.layout.label(text=line)
        if len(lines) > 12:
            self.layout.label(text=f"and {len(lines) - 12} more")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            discarded = given_back.reset_scene(context.scene)
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Given back: {len(discarded)} things")
        return {"FINISHED"}


CLASSES = (MATRIX_CINEMA_OT_reset_object, MATRIX_CINEMA_OT_reset_scene)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
