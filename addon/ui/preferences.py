"""The extension's preferences, of this machine: what renders where a scene does not say it, where files are
looked for and written, and how that looks which no scene file describes."""

import dataclasses
from pathlib import Path
from typing import Any

import bpy

from ..description.device import FALLBACKS
from ..description.scene import Look, Scene
from ..errors import JobError
from ..outputs import devices, node_library
from .fields import choices

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

    style: bpy.props.EnumProperty(
        name="Style",
        items=choices(Look, "style"),
        default=Look.style,
        description="Style of what no scene file describes: captures, arrays, expressions",
    )
    instance_budget: bpy.props.IntProperty(
        name="Element Budget",
        default=Look.instance_budget,
        min=0,
        step=1000,
        description="Up to so many elements of what no scene file describes each one is a mesh; above it "
        "they are spheres, which need far less memory",
    )
    captures: bpy.props.StringProperty(
        name="Captures",
        subtype="DIR_PATH",
        description="Folder in which scenes and captures are looked for first; empty: the last one used",
    )
    results: bpy.props.StringProperty(
        name="Results",
        subtype="DIR_PATH",
        description="Folder that is offered for stills, figures and films; empty: the last one used",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        for heading, names in (
            ("Rendering", ("device", "fallback")),
            ("What Is New", ("style", "instance_budget")),
            ("Folders", ("captures", "results")),
        ):
            column = layout.column(heading=heading)
            for name in names:
                column.prop(self, name)
        layout.operator("matrix_cinema.node_library", icon="ASSET_MANAGER")


class MATRIX_CINEMA_OT_node_library(bpy.types.Operator):
    """Write the node groups of Matrix Cinema as assets, and add their folder to the asset libraries: they are
    in the asset browser and in the menu Add of geometry nodes then"""

    bl_idname = "matrix_cinema.node_library"
    bl_label = "Node Groups as Assets"

    folder: bpy.props.StringProperty(
        name="Folder",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
        description="Where they are written; empty: the extension's own folder of the user",
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
        self.report({"INFO"}, f"Saved {place}")
        return {"FINISHED"}


def _own_folder():
    """The folder that Blender keeps for an extension, or beside the user's scripts, where it is none."""
    if ADDON.startswith("bl_ext."):
        return bpy.utils.extension_path_user(ADDON, path="assets", create=True)
    return bpy.utils.user_resource("DATAFILES", path="matrix_cinema", create=True)


def own() -> Any:
    """The preferences, or None where the package is no add-on of this Blender."""
    addon = bpy.context.preferences.addons.get(ADDON)
    return addon and addon.preferences


def preferred(scene: Scene) -> Scene:
    """A description that no file has written, in the preferred style and with the preferred budget."""
    chosen = own()
    if chosen is None:
        return scene
    look = dataclasses.replace(scene.look, style=chosen.style, instance_budget=chosen.instance_budget)
    return dataclasses.replace(scene, look=look)


def folder(name: str) -> str:
    """The folder "captures" or "results" with a slash at its end, or "" where none is chosen."""
    chosen = getattr(own(), name, "")
    return bpy.path.abspath(chosen).rstrip("/\\") + "/" if chosen else ""


def words(device: str) -> list[str]:
    """The words of a command line for a scene's device, "auto" for the preferences' own."""
    chosen = own()
    if chosen is None:
        return ["--device", device]
    return ["--device", chosen.device if device == "auto" else device, "--if-device-fails", chosen.fallback]


CLASSES = (MATRIX_CINEMA_OT_node_library, MATRIX_CINEMA_AP_preferences)
