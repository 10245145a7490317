"""What is set in the panel takes effect in the built scene by itself.

What only sets again what stands does so at once, in the step that can be undone with the change. All else is
built after a pause, in a step of its own. Where that would take long it waits for the button.
"""

import time

import bpy

from ..blender import tags, update
from ..errors import InputError
from . import built, fields, properties
from .properties import settings_of

PAUSE = 0.8  # seconds without another change, after which the scene is built anew
AGAIN = 0.5  # seconds until it is tried again, where something else is under way
MOST_ELEMENTS = 500_000  # of a scene in which anything takes effect by itself
MOST_SECONDS = 10.0  # of the last build, up to which another one begins by itself

_due: dict[int, float] = {}  # when to build a scene, by its session_uid
_seconds: dict[int, float] = {}  # that a scene's last build took
_announced = False  # whether the window says that a build begins


def changed(scene: bpy.types.Scene) -> None:
    """A person has changed the panel of a scene."""
    settings = settings_of(scene)
    if not settings.live or waits(scene) or not tags.is_built(scene) or not _same_file(settings):
        return
    shown = built.description(scene)
    if shown is None:
        return
    try:
        wanted = properties.drafted(settings, shown)
        is_of_same = settings.built_from == properties.origin(settings)
        if is_of_same and (set_again := update.in_place(shown, wanted, scene)):
            set_again()
            properties.is_shown(scene)
            settings.problem = ""
            _due.pop(scene.session_uid, None)
            return
    except InputError as error:
        settings.problem = str(error)
        return
    settings.problem = ""
    if _seconds.get(scene.session_uid, 0.0) > MOST_SECONDS:
        return
    _due[scene.session_uid] = time.monotonic() + PAUSE
    if not bpy.app.timers.is_registered(_build_due):
        bpy.app.timers.register(_build_due, first_interval=PAUSE)


def waits(scene: bpy.types.Scene) -> str:
    """Why what is set waits for the button, in a sentence; "" where it does not."""
    if built.elements(scene) > MOST_ELEMENTS:
        return f"More than {MOST_ELEMENTS:,} elements: what you set waits for the button."
    return ""


def is_due(scene: bpy.types.Scene) -> bool:
    """Whether a scene is about to be built anew by itself."""
    return scene.session_uid in _due


def note(scene: bpy.types.Scene) -> str:
    """What the panel says of changes that do not take effect at once, or ""."""
    seconds = _seconds.get(scene.session_uid, 0.0)
    if is_due(scene):
        return "Building…"
    if seconds > MOST_SECONDS and properties.is_pending(scene):
        return f"The last build took {seconds:.0f} s: what is pending waits for the button."
    return waits(scene)


def took(scene: bpy.types.Scene, seconds: float) -> None:
    """Remember how long a build of a scene took."""
    _seconds[scene.session_uid] = seconds


def _same_file(settings):
    """Whether the panel is about the file that is built, of which another head may be chosen."""
    return settings.built_from == settings.file or settings.built_from.startswith(f"{settings.file} ")


def _build_due() -> float | None:
    """Build a scene when its time has come. A timer: returns the seconds until it is to run again."""
    global _announced
    scene = next((one for one in bpy.data.scenes if one.session_uid in _due), None)
    window = scene and _window_of(scene)
    if scene is None or (window is None and not bpy.app.background):
        _due.clear()
        return None
    left = _due[scene.session_uid] - time.monotonic()
    if left > 0.0:
        return left
    if _is_busy(window):
        return AGAIN
    if not _announced:  # the next time round it has been drawn
        _announced = True
        _announce(f"Matrix Cinema builds {scene.name}…")
        return 0.05
    _announced = False
    del _due[scene.session_uid]
    _build(scene, window)
    _announce(None)
    return 0.0 if _due else None


def _build(scene, window):
    settings = settings_of(scene)
    settings.problem = ""
    with bpy.context.temp_override(window=window, scene=scene):
        try:
            bpy.ops.matrix_cinema.build("EXEC_DEFAULT", True, changes_only=True)
        except RuntimeError as error:  # what the operator reports
            settings.problem = str(error).removeprefix("Error: ").strip()


def _window_of(scene):
    return next((one for one in bpy.context.window_manager.windows if one.scene == scene), None)


def _is_busy(window):
    """Whether something is under way in which nothing may be built: a render, or editing of an object."""
    if bpy.app.is_job_running("RENDER"):
        return True
    active = window and window.view_layer.objects.active
    return bool(active and active.mode != "OBJECT")


def _announce(text):
    for workspace in bpy.data.workspaces:
        workspace.status_text_set(text)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


def register() -> None:
    fields.listeners.append(changed)


def unregister() -> None:
    fields.listeners.remove(changed)
    _due.clear()
    if bpy.app.timers.is_registered(_build_due):
        bpy.app.timers.unregister(_build_due)
