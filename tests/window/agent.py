"""Runs inside the Blender that is being tested: answers the driver's questions from a timer.

A question is a JSON file with a verb of this module and its arguments; the answer is another one.
The agent looks and arranges the desk, but never presses a button of the panel: that is the mouse's.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import bpy

FOLDER = Path(os.environ["MATRIX_CINEMA_UI_FOLDER"])


def hello():
    """What is running here."""
    import gpu

    return {"blender": bpy.app.version_string, "renderer": gpu.platform.renderer_get()}


def open_tab(name):
    """Show a tab of the viewport's side panel; its rectangle, or None until it was drawn once."""
    _, area, region = _viewport("UI")
    area.spaces.active.show_region_ui = True
    area.tag_redraw()
    try:
        region.active_panel_category = name
    except (TypeError, AttributeError):
        return None
    return rectangle("UI") if region.active_panel_category == name and region.width > 10 else None


def rectangle(kind):
    """Left, bottom, width and height of a region of the 3D viewport, in pixels of the window."""
    _, _, region = _viewport(kind)
    return [region.x, region.y, region.width, region.height]


def under_pointer():
    """The operator or property in the side panel that the pointer is over, as Blender names it.

    Through the two entries of Blender's own right-click menu that copy a control's name.
    """
    manager = bpy.context.window_manager
    window, area, region = _viewport("UI")
    found = []
    with bpy.context.temp_override(window=window, area=area, region=region):
        for copy in (bpy.ops.ui.copy_python_command_button, bpy.ops.ui.copy_data_path_button):
            manager.clipboard = ""
            try:
                if copy.poll() and copy() == {"FINISHED"}:
                    found.append(manager.clipboard)
            except RuntimeError:
                pass
    return found


def state():
    """All that the tests want to know about the file and the panel."""
    scene = bpy.context.window_manager.windows[0].scene
    panel = scene.matrix_cinema_panel
    return {
        "scene": scene.name,
        "scenes": sorted(s.name for s in bpy.data.scenes),
        "built": "matrix_cinema" in scene,
        "frame": scene.frame_current_final,
        "file": panel.file,
        "problem": panel.problem,
        "style": panel.look.style,
        "view": panel.camera.view,
        "interiors": {item.name: item.interior for item in panel.products},
        "maps": [item.color_map for item in panel.matrices],
        "sweeps": {
            ob["mc_name"]: ob.matrix_cinema_step for ob in scene.objects if ob.get("mc_kind") == "product"
        },
        "drawn": {ob["mc_name"]: _drawn(ob) for ob in scene.objects if ob.get("mc_kind") == "product"},
        "objects": len(bpy.data.objects),
        "output": panel.output,
        "perspective": _viewport("WINDOW")[1].spaces.active.region_3d.view_perspective,
        "rendering": _part_rendered(),
        "picked": _picked(),
    }


def put(path, value):
    """Set a property of the panel that is not what the test is about, such as the samples of a film."""
    owner, _, name = path.rpartition(".")
    panel = bpy.context.window_manager.windows[0].scene.matrix_cinema_panel
    setattr(panel.path_resolve(owner) if owner else panel, name, value)


def shade(kind):
    """Set the shading of the viewport."""
    _, area, _ = _viewport("WINDOW")
    area.spaces.active.shading.type = kind


def _drawn(ob):
    """How many elements of an object are drawn at the moment."""
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    geometry = evaluated.evaluated_geometry()
    cloud = geometry.instances_pointcloud() or geometry.pointcloud
    return len(cloud.points) if cloud else 0


def _part_rendered():
    for name, module in list(sys.modules.items()):
        if name.endswith("matrix_cinema.addon.ui.job"):
            return None if module.current is None else module.current.part
    return None


def _picked():
    for name, module in list(sys.modules.items()):
        if name.endswith("matrix_cinema.addon.ui.picking"):
            return module.picked() and [module.picked().name, *module.picked().entry]
    return None


def _viewport(kind):
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    return window, area, next(region for region in area.regions if region.type == kind)


VERBS = {f.__name__: f for f in (hello, open_tab, rectangle, under_pointer, state, put, shade)}


def listen():
    """Answer the question that lies in the folder, if any. A timer."""
    question, answer = FOLDER / "question.json", FOLDER / "answer.json"
    if question.exists():
        verb, arguments = json.loads(question.read_text())
        question.unlink()
        try:
            said = {"value": VERBS[verb](*arguments)}
        except Exception:
            said = {"error": traceback.format_exc()}
        part = FOLDER / "answer.part"
        part.write_text(json.dumps(said, default=str))
        part.replace(answer)
    return 0.04


preferences = bpy.context.preferences
preferences.use_preferences_save = False
preferences.view.show_splash = False
preferences.inputs.use_mouse_continuous = False  # dragging must not warp the pointer
bpy.app.timers.register(listen, first_interval=0.2, persistent=True)
