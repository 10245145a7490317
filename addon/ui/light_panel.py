"""The panel for light: the rig and its lamps, the surroundings, the brightness of the picture."""

from typing import Any

import bpy

from ..description.style import Style, over
from ..look.lights import RIGS
from ..look.styles import PLAIN, STYLES
from . import built, lamps, style
from .panels import ItemList, PresetsPanel, chosen_of, fields_of, wrapped
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
        lit = layout.column()
        if _is_flat(context.scene, settings):
            wrapped(lit, context, "This style is flat: no lamp lights it.", icon="INFO")
            lit = lit.column()
            lit.active = False
        fields_of(lit, settings.style, style.RIG_FIELDS)
        item = chosen_of(lit, "MATRIX_CINEMA_UL_lamps", settings, "lamps", "lamp")
        if item is not None:
            row = lit.row()
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
            lit.label(text=report("Besides: {names}", names=", ".join(others)))
        for names in style.AIR_FIELDS:
            fields_of(layout, settings.style, names)


def _is_flat(scene, settings):
    """Whether the style that the panel shows is drawn without light."""
    shown = built.description(scene)
    return over(STYLES.get(settings.look.style, PLAIN), shown.style if shown else Style()).flat


CLASSES = (MATRIX_CINEMA_UL_lamps, MATRIX_CINEMA_PT_light)
