"""The panel for light: the rig and its lamps, the surroundings, the brightness of the picture."""

from typing import Any

import bpy

from ..look.lights import RIGS
from . import built, lamps, style
from .panels import ItemList, PresetsPanel, chosen_of, fields_of
from .translations import report


class MATRIX_CINEMA_UL_lamps(ItemList, bpy.types.UIList):
    """Key, fill and rim light, each of which can be switched off"""

    def draw_row(self, layout: bpy.types.UILayout, item: Any) -> None:
        row = layout.row(align=True)
        row.prop(item, "on", text="", icon="OUTLINER_OB_LIGHT" if item.on else "LIGHT", emboss=False)
        row.label(text=item.name)
        values = row.row(align=True)
        values.active = item.on
        values.prop(item, "color", text="")
        values.prop(item, "strength", text="")


class MATRIX_CINEMA_PT_light(PresetsPanel, bpy.types.Panel):
    bl_label = "Light"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, settings: Any) -> None:
        fields_of(layout, settings.style, style.RIG_FIELDS)
        item = chosen_of(layout, "MATRIX_CINEMA_UL_lamps", settings, "lamps", "lamp")
        if item is not None:
            row = layout.row()
            row.active = item.on
            row.prop(item, "direction", text="")
            column = row.column(align=True)
            for name in lamps.LAMP_FIELDS:
                column.prop(item, name)
            if built.description_text(context.scene):
                reset = column.operator("matrix_cinema.reset_lights", text="Reset Lamp", icon="LOOP_BACK")
                reset.lamp = item.name
        own = {"Key", "Fill", "Rim"}
        others = [lamp.name for lamp in RIGS[settings.style.light].lamps if lamp.name not in own]
        if others:
            layout.label(text=report("Besides: {names}", names=", ".join(others)))
        for names in style.AIR_FIELDS:
            fields_of(layout, settings.style, names)


CLASSES = (MATRIX_CINEMA_UL_lamps, MATRIX_CINEMA_PT_light)
