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
        "building": _panel_module("build_operator").is_running,
        "busy": bpy.app.is_job_running("RENDER"),
        "picked": _picked(),
        "head": [panel.layer, panel.head],
        "built_from": panel.built_from,
        "pending": _panel_module("properties").is_pending(scene),
        "instances": [ob.name for ob in scene.objects if ob.instance_type == "COLLECTION"],
        "camera": _camera(scene),
        "lamps": {
            ob.name: _rounded(ob.matrix_world.translation) for ob in scene.objects if ob.type == "LIGHT"
        },
        "labels": {ob.name: _rounded(ob.matrix_basis.translation) for ob in scene.objects if _is_label(ob)},
        "materials": sorted(one.name for one in bpy.data.materials),
    }


def told():
    """The lines that the panel says of the picked element."""
    picking = _panel_module("picking")
    said = picking.said(picking.picked())
    return said and [said.head, *said.lines]


def difference(first, second):
    """Mean and largest difference of two pictures, 0 to 1, the second one scaled to the width of the first. A
    higher one, such as a figure with its title and legend, is compared where it is most like the first."""
    import numpy as np

    found = []
    for path in (first, second):
        image = bpy.data.images.load(path)
        if found:
            across = found[0].shape[1]
            image.scale(across, round(image.size[1] * across / image.size[0]))
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        found.append(pixels.reshape(height, width, 4)[..., :3])
        bpy.data.images.remove(image)
    one, other = found
    places = range(len(other) - len(one) + 1)
    apart = min((np.abs(one - other[n : n + len(one)]) for n in places), key=np.mean)
    return [float(apart.mean()), float(apart.max())]


def save_render(path):
    """Save what Blender's own F12 has rendered."""
    bpy.data.images["Render Result"].save_render(path)


def save(path):
    """Save the file, as the file browser would."""
    window, area, region = _viewport("WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.wm.save_as_mainfile(filepath=path)


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


def _panel_module(name):
    ending = f"matrix_cinema.addon.ui.{name}"
    return next(module for full, module in list(sys.modules.items()) if full.endswith(ending))


def _part_rendered():
    job = _panel_module("job").current
    return None if job is None else job.part


def _picked():
    found = _panel_module("picking").picked()
    return found and [found.name, *found.entry]


def _camera(scene):
    if scene.camera is None:
        return None
    dof = scene.camera.data.dof
    placed = [*scene.camera.matrix_world.translation, *scene.camera.matrix_world.to_euler()]
    focus = dof.focus_object and _rounded(dof.focus_object.matrix_world.translation)
    return {"placed": _rounded(placed), "lens": scene.camera.data.lens, "blur": dof.use_dof, "focus": focus}


def _is_label(ob):
    return ob.get("mc_kind") == "label"


def _rounded(numbers):
    return [round(x, 4) for x in numbers]


def _viewport(kind):
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    return window, area, next(region for region in area.regions if region.type == kind)


ASKED = (hello, open_tab, rectangle, under_pointer, state, told, difference, save_render, save, put, shade)
VERBS = {f.__name__: f for f in ASKED}


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
    return 0.01


preferences = bpy.context.preferences
preferences.use_preferences_save = False
preferences.view.show_splash = False
preferences.view.render_display_type = "NONE"  # F12 opens no window of its own
preferences.inputs.use_mouse_continuous = False  # dragging must not warp the pointer
bpy.app.timers.register(listen, first_interval=0.2, persistent=True)
