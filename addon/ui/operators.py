"""The operators behind the panel's buttons. Each checks its settings, calls the functions that the command
line calls too, and reports an error in one line."""

import contextlib
from pathlib import Path
from typing import Any

import bpy

from ..description.scene import to_toml
from ..errors import InputError, JobError
from ..outputs import files as outputs
from ..outputs.formats import FILMS, STILLS
from . import built, job, preferences, properties, source
from .build_operator import MATRIX_CINEMA_OT_build, name_of
from .properties import settings_of
from .translations import report
from .viewports import redraw


class MATRIX_CINEMA_OT_reload(bpy.types.Operator):
    """Read the file again and set everything in the panel to what the file says"""

    bl_idname = "matrix_cinema.reload"
    bl_label = "Read Again"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and settings_of(context.scene).file)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context.scene)
        try:
            properties.fill(settings, properties.base(context.scene))
        except InputError as error:
            return _failed(self, error)
        settings.problem = ""
        return {"FINISHED"}


class MATRIX_CINEMA_OT_save_scene(bpy.types.Operator):
    """Save the panel's settings as a scene file, for the command line or to keep"""

    bl_idname = "matrix_cinema.save_scene"
    bl_label = "Save Scene File"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH")
    filter_glob: bpy.props.StringProperty(default="*.toml", options={"HIDDEN"})
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    poll = MATRIX_CINEMA_OT_build.poll

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = name_of(settings_of(context.scene)).lower().replace(" ", "_") + ".toml"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = properties.absolute(self.filepath.removesuffix(".toml") + ".toml")
        try:
            outputs.require_file_place(path)
            scene = source.moved(properties.description(context.scene), path.absolute().parent)
            with outputs.written_whole(path) as part:
                part.write_text(to_toml(scene), encoding="utf-8")
        except (InputError, JobError) as error:
            return _failed(self, error)
        self.report({"INFO"}, report("Saved {place}", place=path))
        return {"FINISHED"}


class _Render:
    """A still, film or figure that another Blender makes, by its `command`, while this one stays free."""

    filepath: bpy.props.StringProperty(subtype="FILE_PATH")
    check_existing: bpy.props.BoolProperty(default=False, options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        if not (context.scene and built.description_text(context.scene)):
            cls.poll_message_set(report("Build a scene first"))
        elif job.current is not None:
            cls.poll_message_set(report("Something is being rendered; wait for it or cancel it"))
        elif not bpy.app.binary_path:
            cls.poll_message_set(report("This is Blender as a Python module; use the command line"))
        elif context.window is None:
            cls.poll_message_set(report("This Blender has no window; use the command line"))
        else:
            return True
        return False

    def invoke(self, context, _event):
        settings = settings_of(context.scene)
        if settings.output:
            return self.execute(context)
        name = name_of(settings).lower().replace(" ", "_") + default_suffix(self.kind, settings)
        self.filepath = preferences.folder("results") + name
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        properties.refill()
        settings = settings_of(context.scene)
        if self.filepath:
            settings.output = self.filepath
        try:
            output = output_path(settings, self.kind)
            outputs.require_file_place(output)
            words = self.command(context.scene, settings, output)
            job.current = job.BackgroundJob(words, output)
        except (InputError, JobError, OSError, RuntimeError) as error:
            return _failed(self, error)
        window = context.window
        self.timer = context.window_manager.event_timer_add(0.25, window=window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        running = job.current
        if running is not None and running.poll():
            redraw(context.window_manager)
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self.timer)
        job.current = None
        redraw(context.window_manager)
        if running is None or running.cancelled:
            self.report({"INFO"}, report("Cancelled; what is done stays"))
            return {"CANCELLED"}
        if not running.ok:
            return _failed(self, running.reason)
        self.finish(running.output)
        self.report({"INFO"}, report("Saved {place}", place=running.output))
        return {"FINISHED"}

    def cancel(self, context):
        """Blender calls this when it ends or opens another file."""
        job.stop()

    def finish(self, output):
        pass


class MATRIX_CINEMA_OT_render_still(_Render, bpy.types.Operator):
    """Render the current frame in the background"""

    bl_idname = "matrix_cinema.render_still"
    bl_label = "Render Still"
    kind = "still"

    def command(self, scene: bpy.types.Scene, settings: Any, output: Path) -> list[str]:
        snapshot = Path(bpy.app.tempdir) / "matrix_cinema_still.blend"
        job.write_snapshot(scene, snapshot)
        options = job.picture_options("still", job.asked_of(scene, settings.render))
        return job.command("render", snapshot, output, **options, frame=scene.frame_current)


class MATRIX_CINEMA_OT_render_film(_Render, bpy.types.Operator):
    """Render all frames in the background and encode them as a film"""

    bl_idname = "matrix_cinema.render_film"
    bl_label = "Render Film"
    kind = "film"

    resume: bpy.props.BoolProperty(
        name="Resume",
        options={"SKIP_SAVE"},
        description="Go on with the unfinished film as it was begun, not with the scene as it is now",
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, asked: Any) -> str:
        return (
            report("Go on with the unfinished film, as it was begun: only the missing frames are rendered")
            if asked.resume
            else report("Render all frames in the background and make a film of them")
        )

    def command(self, scene: bpy.types.Scene, settings: Any, output: Path) -> list[str]:
        snapshot = job.snapshot_of(output)
        if not self.resume:
            job.write_snapshot(scene, snapshot)
        options = job.picture_options("film", job.asked_of(scene, settings.render))
        return job.command("render", snapshot, output, **options)

    def finish(self, output: Path) -> None:
        with contextlib.suppress(OSError):
            job.snapshot_of(output).unlink()


class MATRIX_CINEMA_OT_figure(_Render, bpy.types.Operator):
    """Make an SVG of the current frame for a paper, in the background, with labels as type. The command line
    also makes PDF and PNG"""

    bl_idname = "matrix_cinema.figure"
    bl_label = "Figure"
    kind = "figure"

    width: bpy.props.StringProperty(name="Width", default="3.3in", description="Such as 3.3in, 84mm or 240pt")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if settings_of(context.scene).output:
            return context.window_manager.invoke_props_dialog(self)
        return super().invoke(context, event)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "width")

    def command(self, scene: bpy.types.Scene, _settings: Any, output: Path) -> list[str]:
        snapshot = Path(bpy.app.tempdir) / "matrix_cinema_figure.blend"
        job.write_snapshot(scene, snapshot)
        return job.command("figure", snapshot, output, width=self.width, frame=scene.frame_current)


class MATRIX_CINEMA_OT_cancel(bpy.types.Operator):
    """Stop rendering. Finished frames of a film stay, so that the film can be resumed"""

    bl_idname = "matrix_cinema.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return job.current is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        job.current.cancel()
        redraw(context.window_manager)
        return {"FINISHED"}


# The suffixes of each kind of picture; the first one is the default.
SUFFIXES = {"still": tuple(STILLS), "film": tuple(FILMS), "figure": (".svg", ".pdf")}
KNOWN = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}


def default_suffix(kind: str, settings: Any) -> str:
    """The suffix of a still, film or figure whose name has none. An MP4 keeps no transparency, a MOV does."""
    return SUFFIXES[kind][kind == "film" and settings.render.transparent]


def output_path(settings: Any, kind: str) -> Path:
    """The path of a still, film or figure. One setting names all three; they differ by suffix. Raises
    InputError if the setting is empty or names a folder."""
    if not settings.output:
        raise InputError("choose where the output goes")
    if settings.output.startswith("//") and not bpy.data.filepath:
        raise InputError(f"{settings.output}: beside the .blend, which is not saved yet; save it first")
    path = properties.absolute(settings.output)
    if settings.output.endswith(("/", "\\")):
        raise InputError(f"{settings.output}: is a folder; give a file name in it")
    suffix = path.suffix.lower()
    name = path.name.removesuffix(path.suffix) if suffix in KNOWN else path.name
    default = default_suffix(kind, settings)
    asked = SUFFIXES[kind][SUFFIXES[kind].index(default) :]
    return path.with_name(name + (suffix if suffix in asked else default))


def _failed(operator, error):
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


CLASSES = (
    MATRIX_CINEMA_OT_reload,
    MATRIX_CINEMA_OT_save_scene,
    MATRIX_CINEMA_OT_render_still,
    MATRIX_CINEMA_OT_render_film,
    MATRIX_CINEMA_OT_figure,
    MATRIX_CINEMA_OT_cancel,
)


def unregister() -> None:
    job.stop()
