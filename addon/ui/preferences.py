"""The extension's preferences, of this machine: what renders where a scene does not say it."""

from typing import Any

import bpy

from ..description.device import FALLBACKS
from ..outputs import devices

# As Blender lists the add-on: bl_ext.<repository>.matrix_cinema.
ADDON = __package__.partition(".addon.")[0]


def device_names(_owner: object, _context: object, text: str) -> Any:
    """The devices there are, as `--device` names them, that contain what is typed."""
    return [name for name in devices.names() if text.lower() in name]


class MATRIX_CINEMA_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    device: bpy.props.StringProperty(
        name="Device",
        default="auto",
        search=device_names,
        description="What renders where a scene says auto: auto, cpu, optix, or some cards such as cuda:0,1",
    )
    fallback: bpy.props.EnumProperty(
        name="If It Fails",
        items=[
            (
                FALLBACKS[0],
                "Go On with the CPU",
                "A card that is missing or fails leaves the rest to the CPU",
            ),
            (FALLBACKS[1], "Stop", "A card that is missing or fails ends the job; the frames done stay"),
        ],
        description="What becomes of a render whose card fails",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        column.prop(self, "device")
        column.prop(self, "fallback")


def words(device: str) -> list[str]:
    """The words of a command line for a scene's device, "auto" for the preferences' own."""
    addon = bpy.context.preferences.addons.get(ADDON)
    own = addon and addon.preferences
    if own is None:
        return ["--device", device]
    return ["--device", own.device if device == "auto" else device, "--if-device-fails", own.fallback]


def register() -> None:
    bpy.utils.register_class(MATRIX_CINEMA_AP_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(MATRIX_CINEMA_AP_preferences)
