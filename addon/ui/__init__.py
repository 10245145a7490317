"""The side panel, and Blender's own way to the command line: `blender --command matrix_cinema …`."""

import atexit
from typing import Any

import bpy

from . import (
    adding,
    build_operator,
    gallery,
    hand_camera,
    job,
    lamps,
    light_panel,
    live,
    matrices,
    native_film,
    object_menu,
    operators,
    panels,
    picking,
    preferences,
    presets,
    properties,
    reset,
    sweep,
    translations,
)

# A module may have CLASSES for Blender to register, MENUS with the function that adds our entry to each, and
# functions `register` and `unregister` for everything else.
MODULES: tuple[Any, ...] = (
    translations, preferences, lamps, matrices, properties, sweep, build_operator, live, operators,
    native_film, gallery, picking, presets, panels, hand_camera, light_panel, adding, object_menu, reset,
)  # fmt: skip
_command = None


def register() -> None:
    global _command
    for module in MODULES:
        for cls in getattr(module, "CLASSES", ()):
            bpy.utils.register_class(cls)
        for menu, entry in getattr(module, "MENUS", ()):
            menu.append(entry)
        if hasattr(module, "register"):
            module.register()
    _command = bpy.utils.register_cli_command(job.COMMAND, _run)
    if bpy.app.module:  # as a Python module, 4.5 crashes at its end if classes are registered
        atexit.register(unregister)


def unregister() -> None:
    global _command
    atexit.unregister(unregister)
    bpy.utils.unregister_cli_command(_command)
    _command = None
    for module in reversed(MODULES):
        if hasattr(module, "unregister"):
            module.unregister()
        for menu, entry in getattr(module, "MENUS", ()):
            menu.remove(entry)
        for cls in reversed(getattr(module, "CLASSES", ())):
            bpy.utils.unregister_class(cls)


def _run(words):
    from ..cli.start import start

    return start(words)
