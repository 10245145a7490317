"""The button Build. In a window it works in steps, so that Esc stops it until it draws; what was built before
stays whole."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..blender import tags, update
from ..errors import InputError
from . import building, built, properties, source
from .properties import settings_of
from .translations import report
from .viewports import show_camera, viewports

INTERVAL = 0.02  # seconds between two steps, in which Blender draws its window and takes keys

seconds: dict[int, float] = {}  # session_uid of a scene -> how long it took when all of it was last drawn
is_running = False  # whether a build takes its steps in a window
when_stopped: list[Callable[[bpy.types.Scene], None]] = []  # called with a scene whose build Esc stopped


class MATRIX_CINEMA_OT_build(bpy.types.Operator):
    """Build the scene that the panel describes. A scene that was built here before is built again; any other
    scene stays as it is, and a new scene is made beside it"""

    bl_idname = "matrix_cinema.build"
    bl_label = "Build"
    bl_options = {"UNDO"}

    changes_only: bpy.props.BoolProperty(
        options={"HIDDEN", "SKIP_SAVE"}, description="Build only what the changes in the panel need"
    )
    film_only: bpy.props.BoolProperty(
        options={"HIDDEN", "SKIP_SAVE"},
        description="Build nothing if the changes need more than another film",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        scene = context.scene
        if is_running:
            cls.poll_message_set(report("A scene is being built"))
        elif scene and (settings_of(scene).file or built.description_text(scene)):
            return True
        else:
            cls.poll_message_set(report("Choose a scene file or an attention capture first"))
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._begin(context)
        while (result := self._step(context)) is None:
            pass
        return result

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        global is_running
        if context.window is None or bpy.app.background:
            return self.execute(context)
        is_running = True
        self._begin(context)
        manager = context.window_manager
        manager.progress_begin(0, len(_told()))
        self.timer = manager.event_timer_add(INTERVAL, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC":
            self.cancel(context)
            for tell in when_stopped:
                tell(context.scene)
            self.report({"INFO"}, report("Stopped; what was built stays"))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}  # and nothing else takes the event: nothing may change meanwhile
        try:
            result = self._step(context)
        except BaseException:
            self._end(context)
            raise
        if result is None:
            show_status(_told()[self.next])
            context.window_manager.progress_update(list(_told()).index(self.next))
            return {"RUNNING_MODAL"}
        self._end(context)
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        """Also called by Blender when it ends or opens another file."""
        self.steps.close()
        self._end(context)

    def _begin(self, context):
        scene = context.scene
        make = self._built_again if tags.is_built(scene) else self._built_new
        self.steps, self.next, self.spent = make(context, scene), update.TO_PLAN, 0.0

    def _end(self, context):
        global is_running
        is_running = False
        context.window_manager.event_timer_remove(self.timer)
        context.window_manager.progress_end()
        show_status(None)

    def _step(self, context):
        """Take the next step. Returns what the operator returns after the last one, else None."""
        began = time.perf_counter()
        try:
            self.next = next(self.steps)
        except StopIteration as done:
            self.spent += time.perf_counter() - began
            if self.next == update.TO_DRAW:
                seconds[done.value.session_uid] = self.spent
            self.report({"INFO"}, building.built_report(done.value))
            return {"FINISHED"}
        except (InputError, ReferenceError) as error:  # such as of a scene that another window removed
            if self.changes_only:
                settings_of(context.scene).problem = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.spent += time.perf_counter() - began
        if self.film_only and self.next == update.TO_DRAW:
            self.steps.close()
            return {"CANCELLED"}
        return None

    def _built_new(self, context, begun):
        """Build the panel's description in a new scene, and show that scene in the window, if there is
        one."""
        settings, window = settings_of(begun), context.window
        chosen = {"file": settings.file, "output": settings.output}
        if source.is_capture(settings.file):
            chosen |= {"layer": settings.layer, "head": settings.head, "parts": settings.parts}
        description = properties.description(begun)
        target = yield from building.in_steps(description, name_of(settings), **chosen)
        if window:
            window.scene = target
            show_camera(window, target)
        return target

    def _built_again(self, context, scene):
        """Build a scene again. Its frame and its viewports stay. It is named after its file, unless a person
        has renamed it."""
        settings, wanted = settings_of(scene), properties.description(scene)
        through = [one.region_3d for _, one in viewports(context.window)]
        through = [view for view in through if view.view_perspective == "CAMERA"]
        if self.changes_only:
            yield from update.update_in_steps(wanted, scene)
        else:
            yield from update.build_in_steps(wanted, scene, keeps_frame=True)
        for view in through:  # the camera that they looked through may be gone
            view.view_perspective = "CAMERA"
        is_ours = settings.file and scene.name == scene.get(tags.TAG)
        if is_ours and tags.unnumbered(scene.name) != name_of(settings):
            scene.name = name_of(settings)
            scene[tags.TAG] = scene.name
        building.show(scene)
        return scene


def name_of(settings: Any) -> str:
    """What a scene is called that is built of the file in the panel."""
    return source.title_of(Path(settings.file).stem) or "Matrix Cinema"


def _told():
    """What the status bar says of each step."""
    return {
        update.TO_PLAN: report("Matrix Cinema works out the numbers; Esc stops it"),
        update.TO_COMPOSE: report("Matrix Cinema sets up camera and labels; Esc stops it"),
        update.TO_GROUPS: report("Matrix Cinema makes its node groups; Esc stops it"),
        update.TO_FILM: report("Matrix Cinema makes the film…"),
        update.TO_DRAW: report("Matrix Cinema draws the scene…"),
    }


def show_status(text: str | None) -> None:
    """Let the status bar say a text; None: what it says else."""
    for workspace in bpy.data.workspaces:
        workspace.status_text_set(text)


CLASSES = (MATRIX_CINEMA_OT_build,)
