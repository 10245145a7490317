"""Live update: a change in the panel takes effect in the built scene by itself.

A change that only sets values takes effect at once, in the same undo step. After any other change the scene
is built again after a pause, which Esc ends, in an undo step of its own. Undo and redo pass over the state
between the change and its build. If all is to be drawn anew and that would take long, it waits for the
button.
"""

import contextlib
import time
from collections.abc import Callable

import bpy

from ..blender import tags, update
from ..description.scene import to_json
from ..errors import InputError
from ..outputs.silence import reported
from . import build_operator, built, fields, properties
from .properties import settings_of
from .translations import report

PAUSE = 0.8  # seconds without another change, after which the scene is built anew
AGAIN = 0.5  # seconds until the next try, while Blender is busy
MOST_ELEMENTS = 500_000  # in a scene that is updated by itself
MOST_SECONDS = 10.0  # for the last build; after a longer one, the next waits for the button

_due: dict[int, float] = {}  # session_uid of a scene -> when to build it
_between: set[tuple[int, str, str]] = set()  # what `_state` says of scenes after a change, before its build


def changed(scene: bpy.types.Scene) -> None:
    """A listener: a person has changed the panel of a scene."""
    settings = settings_of(scene)
    if not settings.live or waits(scene) or not tags.is_built(scene) or not _same_file(settings):
        return
    shown = built.description(scene)
    if shown is None:
        return
    try:
        wanted = properties.drafted(settings, shown)
        is_of_same = settings.built_from == properties.origin(settings)
        set_again = is_of_same and update.in_place(shown, wanted, scene)
        if set_again and not bpy.app.is_job_running("RENDER"):  # a render reads what would go
            set_again()
            properties.is_shown(scene)
            settings.problem = ""
            _due.pop(scene.session_uid, None)
            return
    except InputError as error:
        settings.problem = str(error)
        return
    settings.problem = ""
    if _is_slow(scene) and not (is_of_same and update.makes_only_film_anew(shown, wanted)):
        _due.pop(scene.session_uid, None)
        return
    _due[scene.session_uid] = time.monotonic() + PAUSE
    _between.add(_state(scene, shown))
    if not bpy.app.timers.is_registered(_build_due):
        bpy.app.timers.register(_build_due, first_interval=0.0)


def waits(scene: bpy.types.Scene) -> str:
    """The reason why changes wait for the button, as a sentence; "" if they do not wait."""
    if built.elements(scene) > MOST_ELEMENTS:
        return report("More than {n:,} elements: what you set waits for the button.", n=MOST_ELEMENTS)
    return ""


def is_due(scene: bpy.types.Scene) -> bool:
    """Whether a scene will soon be built again by itself."""
    return scene.session_uid in _due


def note(scene: bpy.types.Scene) -> str:
    """The panel's note about changes that do not take effect at once, or ""."""
    if is_due(scene) or build_operator.is_running:
        return report("Building…")
    if _is_slow(scene) and properties.is_pending(scene):
        seconds = build_operator.seconds[scene.session_uid]
        return report(
            "The last build took {seconds:.0f} s: what is pending waits for the button.", seconds=seconds
        )
    return waits(scene)


def _is_slow(scene):
    """Whether it took so long to draw all of a scene that this waits for the button."""
    return build_operator.seconds.get(scene.session_uid, 0.0) > MOST_SECONDS


def _same_file(settings):
    """Whether the panel shows the file that is built, perhaps with another head."""
    return settings.built_from == settings.file or settings.built_from.startswith(f"{settings.file} ")


def _build_due() -> float | None:
    """A timer: build the scenes that are due. Returns the seconds until the next call."""
    scene = next((one for one in bpy.data.scenes if one.session_uid in _due), None)
    window = scene and _window_of(scene)
    if scene is None or (window is None and not bpy.app.background):
        _due.clear()
        return None
    left = _due[scene.session_uid] - time.monotonic()
    if left > 0.0:
        if not MATRIX_CINEMA_OT_wait.is_running and not bpy.app.background:
            with bpy.context.temp_override(window=window):
                bpy.ops.matrix_cinema.wait("INVOKE_DEFAULT")
        return left
    if _is_busy(window):
        return AGAIN
    del _due[scene.session_uid]
    _build(scene, window)
    return 0.0 if _due else None


def _build(scene, window):
    settings = settings_of(scene)
    settings.problem = ""
    with bpy.context.temp_override(window=window, scene=scene):
        try:
            bpy.ops.matrix_cinema.build("INVOKE_DEFAULT", True, changes_only=True, film_only=_is_slow(scene))
        except RuntimeError as error:  # what the operator reports
            settings.problem = reported(error)


class MATRIX_CINEMA_OT_wait(bpy.types.Operator):
    """Wait for the build of what was changed. Esc stops it; anything else goes on meanwhile"""

    bl_idname = "matrix_cinema.wait"
    bl_label = "Wait"
    bl_options = {"INTERNAL"}

    is_running = False

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        MATRIX_CINEMA_OT_wait.is_running = True
        build_operator.show_status(report("Matrix Cinema builds what was changed; Esc stops it"))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if _due and event.type != "ESC":
            return {"PASS_THROUGH"}
        is_stopped = bool(_due)
        for scene in (one for one in bpy.data.scenes if is_due(one)):
            stays(scene)
        _due.clear()
        self.cancel(context)
        if is_stopped:
            self.report({"INFO"}, report("Stopped; what was built stays"))
        return {"CANCELLED"} if is_stopped else {"CANCELLED", "PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Also called by Blender when it ends or opens another file."""
        MATRIX_CINEMA_OT_wait.is_running = False
        if not build_operator.is_running:
            build_operator.show_status(None)


# Undo


def stays(scene: bpy.types.Scene) -> None:
    """What was changed in a scene is not built, because Esc stopped that: undo and redo stop there again."""
    shown = scene.session_uid, built.description_text(scene)
    _between.difference_update([state for state in _between if state[:2] == shown])


_RENEWING = (bpy.app.handlers.load_post, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post)


def _state(scene, shown):
    """A scene's description and the draft in its panel."""
    draft = to_json(properties.drafted(settings_of(scene), shown))
    return scene.session_uid, built.description_text(scene), draft


def _is_between(scene):
    """Whether a scene is at a change whose build came by itself."""
    shown = built.description(scene)
    with contextlib.suppress(InputError):
        return bool(shown and _between and _state(scene, shown) in _between)
    return False


@bpy.app.handlers.persistent
def _renewed(*_):
    tags.renew_lists()


@bpy.app.handlers.persistent
def _undone(*_):
    _go_on(bpy.ops.ed.undo)


@bpy.app.handlers.persistent
def _redone(*_):
    _go_on(bpy.ops.ed.redo)


def _go_on(step: Callable[[], object]) -> None:
    """After an undo or a redo, take another such step where the scene is between a change and its build."""
    _due.clear()
    bpy.app.timers.register(lambda: pass_over(step))


def pass_over(step: Callable[[], object]) -> None:
    """A timer, because nothing may be undone in the middle of an undo."""
    window = next((one for one in bpy.context.window_manager.windows if _is_between(one.scene)), None)
    if window:
        with bpy.context.temp_override(window=window), contextlib.suppress(RuntimeError):
            step()


def _window_of(scene):
    return next((one for one in bpy.context.window_manager.windows if one.scene == scene), None)


def _is_busy(window):
    """Whether Blender is busy, so that nothing may be built: it builds or renders, or an object is being
    edited."""
    if build_operator.is_running or bpy.app.is_job_running("RENDER"):
        return True
    active = window and window.view_layer.objects.active
    return bool(active and active.mode != "OBJECT")


CLASSES = (MATRIX_CINEMA_OT_wait,)


def register() -> None:
    fields.listeners.append(changed)
    build_operator.when_stopped.append(stays)
    for handlers in _RENEWING:
        handlers.append(_renewed)
    bpy.app.handlers.undo_post.append(_undone)
    bpy.app.handlers.redo_post.append(_redone)


def unregister() -> None:
    bpy.app.handlers.redo_post.remove(_redone)
    bpy.app.handlers.undo_post.remove(_undone)
    for handlers in _RENEWING:
        handlers.remove(_renewed)
    build_operator.when_stopped.remove(stays)
    fields.listeners.remove(changed)
    _due.clear()
    _between.clear()
    if bpy.app.timers.is_registered(_build_due):
        bpy.app.timers.unregister(_build_due)
