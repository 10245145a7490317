"""Setting the camera by hand: from the view of the viewport, by framing along its direction, and by focusing
on the picked element. Labels and other text are then laid out again for the camera."""

from typing import Any

import bpy
from mathutils import Vector

from ..blender import hand_camera, tags
from ..blender.laid_out_anew import lay_out
from ..blender.stored import plan_of
from ..errors import InputError
from . import built
from .panels import BuiltPanel, wrapped
from .picking import picked
from .translations import report
from .viewports import look_through


def _alone() -> Any:
    return bpy.props.BoolProperty(
        name="Stand Here",
        default=False,
        description="A camera that moves stands here for the whole film, without keys; else it gets one",
    )


class _OfTheCamera:
    """Base of the operators that change the camera of a built scene, or the text laid out for it."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        scene = context.scene
        if not (scene and built.description_text(scene)):
            cls.poll_message_set(report("Build a scene first"))
        elif not tags.is_built(scene):
            cls.poll_message_set(report("This is a copy of a built scene; build it first"))
        elif scene.camera is None:
            cls.poll_message_set(report("The scene has no camera"))
        else:
            return True
        return False

    def execute(self, context):
        scene = context.scene
        try:
            p = plan_of(scene)
            hand_camera.keep_turn(scene)
            self.change(context, p)
            told = lay_out(p, scene)
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        left_out = [note for one in told.labels for note in one.lettering.notes]
        blurred = scene.camera.data.dof.use_dof and not told.overlay.items
        left_out += [report("the lens would blur title and legend")] * blurred
        self.report(
            {"INFO"}, "; ".join(dict.fromkeys(left_out)) or report("Labels are laid out for this camera")
        )
        return {"FINISHED"}

    def change(self, context: Any, p: Any) -> None:
        pass


class MATRIX_CINEMA_OT_lay_out(_OfTheCamera, bpy.types.Operator):
    """Lay out labels, readouts, title and legend again for the camera, which stays as it is"""

    bl_idname = "matrix_cinema.lay_out"
    bl_label = "Lay Out for This Camera"


class MATRIX_CINEMA_OT_use_view(_OfTheCamera, bpy.types.Operator):
    """Move the camera to the view of this viewport, keep its lens, and lay out all text again"""

    bl_idname = "matrix_cinema.use_view"
    bl_label = "Use This View"

    alone: _alone()

    def change(self, context: bpy.types.Context, _p: Any) -> None:
        space = context.space_data
        view = getattr(space, "region_3d", None)
        if view is None or view.view_perspective == "CAMERA":
            raise InputError(
                "this viewport already looks through the camera; turn it to the view that you want"
            )
        distance = 1.0 if view.view_perspective == "ORTHO" else view.view_distance
        half = distance / view.window_matrix[0][0], distance / view.window_matrix[1][1]
        turned = view.view_rotation.to_matrix().to_4x4()
        hand_camera.look_from(context.scene, turned, view.view_location, half, alone=self.alone)
        view.view_perspective = "CAMERA"


class MATRIX_CINEMA_OT_frame(_OfTheCamera, bpy.types.Operator):
    """Move the camera nearer or further away along its direction, until its subject and the labels fill the
    picture within the margin"""

    bl_idname = "matrix_cinema.frame"
    bl_label = "Frame with Margin"

    alone: _alone()

    def change(self, context: bpy.types.Context, p: Any) -> None:
        hand_camera.frame(p, context.scene, alone=self.alone)


class MATRIX_CINEMA_OT_focus(_OfTheCamera, bpy.types.Operator):
    """Focus the camera on the picked element, or else on the active object. Title and legend are left out,
    because the lens would blur them"""

    bl_idname = "matrix_cinema.focus"
    bl_label = "Focus on Picked"

    def change(self, context: bpy.types.Context, p: Any) -> None:
        found, active = picked(), context.active_object
        if found is not None and found.scene == context.scene.name:
            point = found.position
        elif active is not None and active != context.scene.camera:
            box = [active.matrix_world @ Vector(corner) for corner in active.bound_box]
            point = sum(box, Vector()) / len(box)
        else:
            raise InputError("pick an element, or make an object active, to focus on")
        hand_camera.focus(context.scene, point, p.arrangement.corners())


class MATRIX_CINEMA_OT_look_through(bpy.types.Operator):
    """Look through the camera in this viewport, with the whole frame visible, or leave the camera again"""

    bl_idname = "matrix_cinema.look_through"
    bl_label = "Look Through"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and context.scene.camera and getattr(context.space_data, "region_3d", None))

    def execute(self, context: bpy.types.Context) -> set[str]:
        view = context.space_data.region_3d
        if view.view_perspective == "CAMERA":
            view.view_perspective = "PERSP"
        else:
            look_through(context.area, context.scene)
        return {"FINISHED"}


class MATRIX_CINEMA_PT_hand_camera(BuiltPanel, bpy.types.Panel):
    """Settings of the camera by hand"""

    bl_label = "By Hand"
    bl_parent_id = "MATRIX_CINEMA_PT_camera"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and bool(context.scene.camera and context.scene.camera.type == "CAMERA")

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, _settings: Any) -> None:
        data = context.scene.camera.data
        column = layout.column(align=True)
        column.operator("matrix_cinema.use_view", icon="VIEW_CAMERA")
        column.operator("matrix_cinema.look_through", icon="OUTLINER_OB_CAMERA")
        column.operator("matrix_cinema.frame", icon="VIEWZOOM")
        column.operator("matrix_cinema.focus", icon="EYEDROPPER")
        if getattr(context.space_data, "region_3d", None):
            layout.prop(context.space_data, "lock_camera", text="Viewport Turns Camera")
            if context.space_data.lock_camera:
                wrapped(layout, context, "Turn the view, then lay the text out:", icon="INFO")
        layout.operator("matrix_cinema.lay_out", icon="ALIGN_LEFT")
        layout.prop(data, "ortho_scale" if data.type == "ORTHO" else "lens")
        column = layout.column(align=True, heading="Blur")
        column.prop(data.dof, "use_dof", text="Depth of Field")
        if data.dof.use_dof:
            column.prop(data.dof, "aperture_fstop", text="f-Stop")


def _in_camera_menu(menu, context):
    if MATRIX_CINEMA_PT_hand_camera.poll(context):
        menu.layout.separator()
        for cls in CLASSES[:5]:
            menu.layout.operator(cls.bl_idname)


CLASSES = (
    MATRIX_CINEMA_OT_use_view,
    MATRIX_CINEMA_OT_look_through,
    MATRIX_CINEMA_OT_frame,
    MATRIX_CINEMA_OT_focus,
    MATRIX_CINEMA_OT_lay_out,
    MATRIX_CINEMA_PT_hand_camera,
)
MENUS = ((bpy.types.VIEW3D_MT_view_cameras, _in_camera_menu),)
