"""The extension's preferences for this machine: the device for scenes that name none, the folders for files,
and the look of scenes that no scene file describes."""

import dataclasses
from pathlib import Path
from typing import Any

import bpy

from ..description.device import FALLBACKS
from ..description.scene import Look, Scene
from ..errors import JobError
from ..outputs import devices, node_library
from .fields import choices, searched
from .translations import report

# As Blender lists the add-on: bl_ext.<repository>.matrix_cinema.
ADDON = __package__.partition(".addon.")[0]


# The names of this machine's devices, as for `--device`.
DEVICE_SEARCH = searched(lambda *_: devices.names())


class MATRIX_CINEMA_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    device: bpy.props.StringProperty(
        name="Device",
        default="auto",
        search=DEVICE_SEARCH,
        description="The device for scenes that say auto: auto, cpu, optix, or cards such as cuda:0,1",
    )
    fallback: bpy.props.EnumProperty(
        name="If It Fails",
        items=[
            (FALLBACKS[0], "Go On with the CPU", "If a card is missing or fails, the CPU renders the rest"),
            (FALLBACKS[1], "Stop", "If a card is missing or fails, the job ends; finished frames stay"),
        ],
        description="What a render does if its card fails",
    )

    style: bpy.props.EnumProperty(
        name="Style",
        items=choices(Look, "style"),
        default=Look.style,
        description="Style for scenes without a scene file: captures, arrays, expressions",
    )
    instance_budget: bpy.props.IntProperty(
        name="Element Budget",
        default=Look.instance_budget,
        min=0,
        step=1000,
        description="The most elements drawn as meshes in scenes without a scene file; more elements "
        "are drawn as spheres, which need far less memory",
    )
    captures: bpy.props.StringProperty(
        name="Captures",
        subtype="DIR_PATH",
        description="Folder that is opened for scenes and captures; empty: the last folder used",
    )
    results: bpy.props.StringProperty(
        name="Results",
        subtype="DIR_PATH",
        description="Folder that is opened for stills, figures and films; empty: the last folder used",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        for heading, names in (
            (report("Rendering"), ("device", "fallback")),
            (report("What Is New"), ("style", "instance_budget")),
            (report("Folders"), ("captures", "results")),
        ):
            column = layout.column(heading=heading)
            for name in names:
                column.prop(self, name)
        layout.operator("matrix_cinema.node_library", icon="ASSET_MANAGER")


class MATRIX_CINEMA_OT_node_library(bpy.types.Operator):
    """Write the node groups of Matrix Cinema as assets, and add their folder to the asset libraries. They
    then appear in the asset browser and in the menu Add of geometry nodes"""

    bl_idname = "matrix_cinema.node_library"
    bl_label = "Node Groups as Assets"

    folder: bpy.props.StringProperty(
        name="Folder",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
        description="Folder to write them to; empty: the user's folder of the extension",
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = Path(bpy.path.abspath(self.folder) if self.folder else _own_folder())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place = node_library.write_library(folder)
        except (JobError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        libraries = context.preferences.filepaths.asset_libraries
        if not any(Path(one.path) == folder for one in libraries):
            libraries.new(name="Matrix Cinema", directory=str(folder))
        self.report({"INFO"}, report("Saved {place}", place=place))
        return {"FINISHED"}


def _own_folder():
    """The user's folder of the extension; if the package is no extension, a folder beside the user's
    scripts."""
    if ADDON.startswith("bl_ext."):
        return bpy.utils.extension_path_user(ADDON, path="assets", create=True)
    return bpy.utils.user_resource("DATAFILES", path="matrix_cinema", create=True)


def own() -> Any:
    """The preferences, or None if the package is not enabled as an add-on."""
    addon = bpy.context.preferences.addons.get(ADDON)
    return addon and addon.preferences


def preferred(scene: Scene) -> Scene:
    """A description without a scene file, with the preferred style and budget."""
    chosen = own()
    if chosen is None:
        return scene
    look = dataclasses.replace(scene.look, style=chosen.style, instance_budget=chosen.instance_budget)
    return dataclasses.replace(scene, look=look)


def folder(name: str) -> str:
    """The preferred folder for "captures" or "results", with a slash at its end, or "" if none is chosen."""
    chosen = getattr(own(), name, "")
    return bpy.path.abspath(chosen).rstrip("/\\") + "/" if chosen else ""


def device_options(device: str) -> dict[str, str]:
    """The options of a command for a scene's device; for "auto", the device of the preferences."""
    chosen = own()
    if chosen is None:
        return {"device": device}
    return {"device": chosen.device if device == "auto" else device, "if-device-fails": chosen.fallback}


CLASSES = (MATRIX_CINEMA_OT_node_library, MATRIX_CINEMA_AP_preferences)
