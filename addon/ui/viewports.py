"""The 3D viewports of a window: what they look through, their tab of ours, and drawing them again."""

import math

import bpy

TAB = "Matrix Cinema"  # in the side panel
TRIED_EVERY, TRIES_OF_TAB = 0.1, 50  # seconds between tries to open it


def show_camera(window: bpy.types.Window, scene: bpy.types.Scene) -> None:
    """Let the largest 3D viewport of a window look through the camera, with the frame clear of its side
    panels, and open our tab if its side panel is closed. Other viewports stay as they are."""
    for area, space in _largest(window):
        space.shading.type = "MATERIAL"
        space.shading.use_scene_lights = space.shading.use_scene_world = True
        look_through(area, scene)
        if not space.show_region_ui:
            space.show_region_ui = True
            if not bpy.app.background:
                bpy.app.timers.register(_tab_opener(scene.name), first_interval=TRIED_EVERY)


def _tab_opener(name):
    """A timer that turns the side panel to our tab in the window of the scene of this name, and fits the
    frame beside it. Blender knows the tabs only when it has drawn the panel."""
    left = iter([TRIED_EVERY] * TRIES_OF_TAB)

    def turn():
        for window in bpy.context.window_manager.windows:
            for area, _ in _largest(window) if window.scene.name == name else ():
                panel = next(region for region in area.regions if region.type == "UI")
                try:
                    panel.active_panel_category = TAB
                except (AttributeError, TypeError):  # from an empty list of tabs
                    return next(left, None)
                if panel.active_panel_category != TAB or panel.width <= 1:
                    return next(left, None)
                look_through(area, window.scene)
        return None

    return turn


def _largest(window):
    """The largest 3D viewport of a window, if it has one."""
    return sorted(viewports(window), key=lambda one: one[0].width * one[0].height)[-1:]


def look_through(area: bpy.types.Area, scene: bpy.types.Scene) -> None:
    """Let a 3D viewport look through the camera, with all of the frame in view."""
    view = area.spaces.active.region_3d
    view.view_perspective = "CAMERA"
    _fit_frame(area, view, scene.render.resolution_x / scene.render.resolution_y)


def viewports(window: bpy.types.Window | None) -> list[tuple[bpy.types.Area, bpy.types.SpaceView3D]]:
    """The 3D viewports of a window, as (area, space)."""
    areas = window.screen.areas if window else ()
    return [(area, area.spaces.active) for area in areas if area.type == "VIEW_3D"]


def _fit_frame(area, view, aspect):
    """Zoom and shift a camera view so that the whole frame is seen between the area's panels."""
    window = next(region for region in area.regions if region.type == "WINDOW")
    left, right, low, high = 0, window.width, 0, window.height
    for region in area.regions:
        x, y = region.x - window.x, region.y - window.y
        if region.type == "TOOLS" and region.width > 1:
            left = max(left, x + region.width)
        elif region.type == "UI" and region.width > 1:
            right = min(right, x)
        elif region.type in ("HEADER", "TOOL_HEADER") and region.height > 1:
            if region.alignment == "TOP":
                high = min(high, y)
            else:
                low = max(low, y + region.height)
    if right - left < 16 or high - low < 16:
        return
    # In a camera view Blender draws the longer side of the frame `zoom` times as long as the longer
    # side of the region, where zoom = (sqrt(2) + view_camera_zoom / 50)² / 4, and shifts it by
    # 2 · zoom · view_camera_offset of the region's size.
    longer = max(window.width, window.height)
    width, height = (longer, longer / aspect) if aspect >= 1 else (longer * aspect, longer)
    zoom = 0.96 * min((right - left) / width, (high - low) / height)
    view.view_camera_zoom = min(max(50 * (2 * math.sqrt(zoom) - math.sqrt(2)), -30), 600)
    view.view_camera_offset = (
        (window.width - left - right) / 2 / window.width / (2 * zoom),
        (window.height - low - high) / 2 / window.height / (2 * zoom),
    )


def redraw(window_manager: bpy.types.WindowManager) -> None:
    """Redraw the side panels, which show progress."""
    for window in window_manager.windows:
        for area, _ in viewports(window):
            area.tag_redraw()
