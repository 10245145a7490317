"""Ctrl-F12 in a built scene: Blender's own Render Animation, with the film's size and samples.

A Blender scene has a single size and number of samples. A built scene has those of the still, which F12
renders. While a film is rendered, they are replaced by those of the film, unless a person has changed them.
"""

import contextlib

import bpy

from ..outputs.frames import Settings, film_settings
from ..outputs.silence import reported
from . import built
from .properties import settings_of


class MATRIX_CINEMA_OT_render_animation(bpy.types.Operator):
    """Render all frames in Blender's own render window, with the film's size and samples"""

    bl_idname = "matrix_cinema.render_animation"
    bl_label = "Render Animation at Film Size"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and built.description(context.scene))

    def execute(self, context: bpy.types.Context) -> set[str]:
        with contextlib.ExitStack() as changes:
            _as_film(context.scene, changes)
            try:
                return bpy.ops.render.render(animation=True, scene=context.scene.name)
            except RuntimeError as error:  # such as a place where nothing can be written
                self.report({"ERROR"}, reported(error))
                return {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.changes = contextlib.ExitStack()
        _as_film(context.scene, self.changes)
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True, use_viewport=True)
        self.timer = context.window_manager.event_timer_add(0.5, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER" or bpy.app.is_job_running("RENDER"):
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self.timer)
        self.changes.close()
        return {"FINISHED"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender calls this when it ends or opens another file: the scene may be gone."""
        with contextlib.suppress(ReferenceError):
            self.changes.close()


def _as_film(scene, changes):
    """Set the film's size and samples; the stack `changes` sets the still's again when it unwinds."""
    still, asked, render = built.description(scene).render, settings_of(scene).render, scene.render
    film = film_settings(Settings(asked.film_width, asked.film_height, asked.film_samples))
    if (render.resolution_x, render.resolution_y) == (still.width, still.height):
        _put(render, "resolution_x", film.width, changes)
        _put(render, "resolution_y", film.height, changes)
    traced = render.engine == "CYCLES"
    owner, name = (scene.cycles, "samples") if traced else (scene.eevee, "taa_render_samples")
    if getattr(owner, name) == still.samples:
        _put(owner, name, film.samples, changes)


def _put(owner, name, value, changes):
    changes.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


CLASSES = (MATRIX_CINEMA_OT_render_animation,)
_keys = []


def register() -> None:
    own = bpy.context.window_manager.keyconfigs.addon
    if own is not None:  # without a window there are no key maps
        keymap = own.keymaps.new("Screen", space_type="EMPTY")
        name = MATRIX_CINEMA_OT_render_animation.bl_idname
        _keys.append((keymap, keymap.keymap_items.new(name, "F12", "PRESS", ctrl=True)))


def unregister() -> None:
    for keymap, key in _keys:
        keymap.keymap_items.remove(key)
    _keys.clear()
