"""The side panel, and Blender's own way to the command line: `blender --command matrix_cinema …`."""

import atexit

import bpy

from . import (
    adding,
    gallery,
    hand_camera,
    job,
    lamps,
    light_panel,
    live,
    native_film,
    object_menu,
    operators,
    panels,
    picking,
    preferences,
    presets,
    properties,
    reset,
)

_command = None


def register() -> None:
    global _command
    preferences.register()
    properties.register()
    lamps.register()
    live.register()
    operators.register()
    native_film.register()
    gallery.register()
    picking.register()
    presets.register()
    panels.register()
    hand_camera.register()
    light_panel.register()
    adding.register()
    object_menu.register()
    reset.register()
    _command = bpy.utils.register_cli_command(job.COMMAND, _run)
    if bpy.app.module:  # 4.5 as a Python module crashes when it ends with classes registered
        atexit.register(unregister)


def unregister() -> None:
    global _command
    atexit.unregister(unregister)
    bpy.utils.unregister_cli_command(_command)
    _command = None
    reset.unregister()
    object_menu.unregister()
    adding.unregister()
    hand_camera.unregister()
    light_panel.unregister()
    panels.unregister()
    presets.unregister()
    picking.unregister()
    gallery.unregister()
    native_film.unregister()
    operators.unregister()
    live.unregister()
    lamps.unregister()
    properties.unregister()
    preferences.unregister()


def _run(words):
    from ..cli.start import start

    return start(words)
