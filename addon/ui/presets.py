"""Presets of the panels Look, Light, Layout and Camera.

They are Blender's own kind of preset: they lie with the user's other presets, and Blender's operators write,
load and remove them.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from . import fields, lamps, properties, style
from .properties import settings_of

# Settings that concern the matrices of one scene, and so belong in no preset.
OF_ONE_SCENE = {"look": {"object", "highlight"}, "camera": {"subject"}}

_held = contextlib.ExitStack()  # while a preset is loaded, the panel counts as being filled


def values_of(kind: str) -> list[str]:
    """The paths of the properties, from `settings`, that a preset of this kind contains. A property that
    fills others comes before them."""
    if kind == "light":
        own = [f"style.{name}" for group in (style.RIG_FIELDS, *style.AIR_FIELDS) for name in group]
        return [*own, *_lamps()]
    own = [f"{kind}.{name}" for name in properties.names(kind) if name not in OF_ONE_SCENE.get(kind, ())]
    return [*own, *(f"style.{name}" for name in style.STYLE_FIELDS), *_lamps()] if kind == "look" else own


def _lamps():
    names = ("on", *lamps.LAMP_FIELDS)
    return ["rig", *(f'lamps["{one.capitalize()}"].{name}' for one in lamps.LAMP_NAMES for name in names)]


def _begin(_context, _path):
    _held.enter_context(fields.filling())


def _end(context, _path):
    """After loading: report everything as a single change."""
    _held.close()
    fields.changed(settings_of(context.scene))


class _Presets(PresetPanel):
    """Blender's popover of presets. Without any, Blender's own speaks of missing paths."""

    def path_menu(self, searchpaths: Sequence[str], operator: str, **options: Any) -> None:
        if not searchpaths:
            self.layout.label(text="None yet: name what is set now")
        bpy.types.Menu.path_menu(self, iter(searchpaths), operator, **options)


def _classes(kind: str) -> Sequence[type]:
    """The popover with the presets of a kind, and the operator that adds and removes them."""
    menu, add = f"MATRIX_CINEMA_PT_{kind}_presets", f"matrix_cinema.{kind}_preset_add"
    subdir, label = f"matrix_cinema/{kind}", f"{kind.capitalize()} Presets"
    panel = {
        "bl_label": label,
        "preset_subdir": subdir,
        "preset_operator": "script.execute_preset",
        "preset_add_operator": add,
        "reset_cb": staticmethod(_begin),
        "post_cb": staticmethod(_end),
    }
    operator = {
        "__doc__": f"Keep these settings as a preset, or remove a preset: {kind}",
        "bl_idname": add,
        "bl_label": f"Add {kind.capitalize()} Preset",
        "preset_menu": menu,
        "preset_subdir": subdir,
        "preset_defines": ["settings = bpy.context.scene.matrix_cinema_panel"],
        "preset_values": [f"settings.{one}" for one in values_of(kind)],
    }
    return (
        type(menu, (_Presets, bpy.types.Panel), panel),
        type(f"MATRIX_CINEMA_OT_{kind}_preset_add", (AddPresetBase, bpy.types.Operator), operator),
    )


CLASSES = tuple(cls for kind in ("look", "light", "layout", "camera") for cls in _classes(kind))
