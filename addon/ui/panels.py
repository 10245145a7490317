"""The tab "Matrix Cinema" in the side panel of the 3D viewport: one panel for each part of the work, in the
order of the work."""

import os
import textwrap
from collections.abc import Iterable
from typing import Any

import bpy

from ..blender import tags
from ..blender.objects import as_points
from ..blender.older import gained
from ..errors import InputError
from . import built, fields, job, live, matrices, operators, picking, properties, source, style, sweep
from .properties import settings_of
from .translations import report
from .viewports import TAB
from .wording import DEFAULT


class _Panel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB

    def draw(self, context):
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        self.draw_settings(layout, context, settings_of(context.scene))


class ChosenPanel(_Panel):
    """A panel that is shown only if a description is chosen."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        scene = context.scene
        return bool(scene and (settings_of(scene).file or built.description_text(scene)))


class PresetsPanel(ChosenPanel):
    """A panel whose settings can be kept as a preset; see ui.presets."""

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        self.layout.emboss = "NONE"
        self.layout.popover(panel=f"{type(self).__name__}_presets", icon="PRESET", text="")


class BuiltPanel(_Panel):
    """A panel that is shown only in a built scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene and built.description_text(context.scene))


class ItemList:
    """A list; `draw_row` draws each item as a row."""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        item: Any,
        _icon: Any,
        _active_data: Any,
        _active_property: Any,
    ) -> None:
        self.draw_row(layout, item)


class MATRIX_CINEMA_MT_render(bpy.types.Menu):
    """What Matrix Cinema can render; in this menu, F3 finds the operators"""

    bl_label = "Matrix Cinema"

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.operator("matrix_cinema.build", icon="MOD_BUILD")
        self.layout.operator("matrix_cinema.render_still", icon="RENDER_STILL")
        self.layout.operator("matrix_cinema.figure", icon="FILE_IMAGE")
        self.layout.operator("matrix_cinema.render_film", icon="RENDER_ANIMATION")
        self.layout.operator("matrix_cinema.render_animation")


def _in_render_menu(menu, _context):
    menu.layout.separator()
    menu.layout.menu("MATRIX_CINEMA_MT_render")


class MATRIX_CINEMA_PT_source(_Panel, bpy.types.Panel):
    bl_label = "Source"
    bl_order = 0

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, settings: Any) -> None:
        scene = context.scene
        if properties.is_stale(scene) and not bpy.app.timers.is_registered(properties.refill):
            bpy.app.timers.register(properties.refill)
        is_built = bool(built.description_text(scene))

        if context.object is not None and built.shown_by(context.object):
            text = report("Open {name}", name=context.object.name)
            layout.operator("matrix_cinema.open_scene", text=text, icon="SCENE_DATA")
        if not settings.file and not is_built:
            wrapped(
                layout,
                context,
                "Open a scene (.toml) or an attention capture (.safetensors), or begin with an example."
                if source.examples()
                else "Open a scene (.toml) or an attention capture (.safetensors).",
            )
        column = layout.column(align=True)
        row = column.row(align=True)
        row.use_property_split = False
        row.prop(settings, "file", text="", placeholder="Scene or capture")
        if settings.file:
            row.operator("matrix_cinema.reload", text="", icon="FILE_REFRESH")
        if source.examples():
            column.popover("MATRIX_CINEMA_PT_gallery", text="Examples", icon="BOOKMARKS")
        layer, _ = properties.chosen_head(settings)
        if layer:
            column = layout.column(align=True)
            column.prop(settings, "layer")
            column.prop(settings, "head")
            layout.column(align=True).prop(settings, "parts")
        if settings.problem:
            wrapped(layout, context, settings.problem, icon="ERROR", alert=True)
        if not is_built and (settings.problem and not layer or not settings.file):
            return
        column = layout.column(align=True)
        for name in (*properties.TEXT_FIELDS, "readout"):
            column.prop(settings, name)
        row = layout.row()
        row.scale_y = 1.5
        row.operator("matrix_cinema.build", text=_build_text(scene), icon="MOD_BUILD")
        if tags.is_built(scene):
            row.prop(settings, "live", text="", icon="PLAY", toggle=True)
            if settings.live and (note := live.note(scene)):
                wrapped(layout, context, note, icon="TIME")
        elif is_built:  # a copy, or a linked scene
            wrapped(
                layout,
                context,
                "A copy of a built scene is yours and stays as it is: Build makes a new scene beside it.",
                icon="INFO",
            )
        layout.operator("matrix_cinema.save_scene", text="Save Scene File...", icon="FILE_TICK")


class MATRIX_CINEMA_UL_matrices(ItemList, bpy.types.UIList):
    """The given matrices and where their numbers come from"""

    def draw_row(self, layout: bpy.types.UILayout, item: Any) -> None:
        split = layout.split(factor=0.35)
        split.label(text=item.name, translate=False)
        origin = split.row()
        origin.active, origin.alignment = False, "RIGHT"
        origin.label(text=matrices.summary(item), translate=False)


class MATRIX_CINEMA_UL_results(ItemList, bpy.types.UIList):
    """The results; a product's interior is shown or hidden here"""

    def draw_row(self, layout: bpy.types.UILayout, item: Any) -> None:
        row = layout.row()
        row.label(text=item.label or item.name, translate=False)
        if item.is_product:
            eye = row.row()
            eye.active = item.interior != DEFAULT
            eye.prop(
                item,
                "interior",
                icon_only=True,
                emboss=False,
                icon="HIDE_ON" if item.interior == "off" else "HIDE_OFF",
            )


class MATRIX_CINEMA_PT_matrices(ChosenPanel, bpy.types.Panel):
    bl_label = "Matrices"
    bl_order = 1
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        item = chosen_of(layout, "MATRIX_CINEMA_UL_matrices", settings, "matrices", "matrix")
        if item is None:
            return
        column = layout.column(align=True)
        column.prop(item, "source")
        if item.source == "init":
            column.prop(item, "init")
            row = column.row(align=True)
            row.prop(item, "shape", index=2)
            row.prop(item, "shape", index=3, text="")
            for n, name in enumerate((report("Layers"), report("Heads"))):
                if item.shape[n]:
                    column.prop(item, "shape", index=n, text=name)
            for name in matrices.made_with(item):
                column.prop(item, name)
        elif item.source == "values":
            column.prop(item, "numbers")
        else:
            if item.source == "file":
                column.prop(item, "file")
            if item.source == "tensor" or matrices.holds_several(item):
                column.prop(item, "tensor")
        column = layout.column(align=True)
        column.prop(item, "label", placeholder=item.name)
        column.prop(item, "row_axis", placeholder="Unnamed")
        column.prop(item, "column_axis", placeholder="Unnamed")
        _drawn_as(layout, item)


class MATRIX_CINEMA_PT_results(ChosenPanel, bpy.types.Panel):
    bl_label = "Results"
    bl_order = 2
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        item = chosen_of(layout, "MATRIX_CINEMA_UL_results", settings, "products", "product")
        if item is None:
            return
        if item.is_product:
            layout.prop(item, "interior")
        layout.prop(item, "label", placeholder=item.name)
        _drawn_as(layout, item)
        if item.is_product:
            layout.prop(item, "epilogue", placeholder="The expression's")
            fields_of(layout, item, ("animation", "i_blocks", "j_blocks", "k_blocks"))
            if settings.layout.scheme == "custom":
                fields_of(layout, item, ("polarity", "left_placement", "right_placement"))


class MATRIX_CINEMA_PT_look(PresetsPanel, bpy.types.Panel):
    bl_label = "Look"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        look = settings.look
        colors = ("style", "color_map", "probability_map", "sensitivity", "clip", "product_clip")
        sizes = ("element_scale", "min_size", "product_scale", "product_threshold", "settled_scale")
        shown = ("title", "formula", "labels", "legend")
        fields_of(layout, look, colors)
        column = layout.column(align=True)
        column.prop(look, "shape")
        if look.shape == "object":
            column.prop(look, "object")
        fields_of(layout, look, sizes)
        drawn = {"shape", "object", *colors, *sizes, *shown}
        fields_of(layout, look, [name for name in properties.names("look") if name not in drawn])
        fields_of(layout, look, shown, heading="Show")


class MATRIX_CINEMA_PT_style(ChosenPanel, bpy.types.Panel):
    bl_label = "Style"
    bl_parent_id = "MATRIX_CINEMA_PT_look"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        for names in style.LOOK_FIELDS:
            fields_of(layout, settings.style, names)


class MATRIX_CINEMA_PT_layout(PresetsPanel, bpy.types.Panel):
    bl_label = "Layout"
    bl_order = 4
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        first = ("scheme", "gap")
        fields_of(layout, settings.layout, first)
        if settings.layout.scheme != "stage":
            rest = [name for name in properties.names("layout") if name not in first]
            fields_of(layout, settings.layout, rest)


class MATRIX_CINEMA_PT_camera(PresetsPanel, bpy.types.Panel):
    bl_label = "Camera"
    bl_order = 5
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        camera = settings.camera
        column = layout.column(align=True)
        column.prop(camera, "view")
        if camera.view == "free":
            column.prop(camera, "azimuth")
            column.prop(camera, "elevation")
        first = ("view", "azimuth", "elevation", "move", "turns")
        fields_of(layout, camera, [name for name in properties.names("camera") if name not in first])
        column = layout.column(align=True)
        column.prop(camera, "move")
        if camera.move == "orbit":
            column.prop(camera, "turns")


class MATRIX_CINEMA_PT_animation(ChosenPanel, bpy.types.Panel):
    bl_label = "Animation"
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        names = properties.names("animation")
        times = [name for name in names if name.endswith("_seconds") or name == "steps_per_second"]
        fields_of(layout, settings.animation, [name for name in names if name not in times])
        fields_of(layout, settings.animation, times)
        layout.prop(settings.render, "fps")


class MATRIX_CINEMA_PT_cards(ChosenPanel, bpy.types.Panel):
    bl_label = "Cards"
    bl_parent_id = "MATRIX_CINEMA_PT_animation"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, _context: bpy.types.Context, settings: Any) -> None:
        cards = settings.cards
        fields_of(layout, cards, ("title",))
        if cards.title:
            fields_of(layout, cards, ("subtitle", "title_seconds"))
        fields_of(layout, cards, ("end",))
        if cards.end:
            fields_of(layout, cards, ("source", "credit", "end_seconds"))


class MATRIX_CINEMA_PT_sweep(BuiltPanel, bpy.types.Panel):
    bl_label = "Sweep"
    bl_order = 7

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, _settings: Any) -> None:
        scene = context.scene
        layout.use_property_split = False
        for ob in sweep.products(scene):
            rows, inner, columns = ob[tags.SHAPE]
            column = layout.column(align=True)
            row = column.row()
            row.label(text=ob[tags.NAME])
            shape = row.row()
            shape.alignment = "RIGHT"
            shape.active = False
            steps = report("{steps} steps", steps=sweep.steps_of(ob))
            shape.label(text=f"{rows} × {inner} × {columns}, {steps}")
            if sweep.is_swept(ob):
                split = column.split(factor=0.6, align=True)
                split.prop(ob, "matrix_cinema_sweep", text="", slider=True)
                split.prop(ob, "matrix_cinema_step")
            else:
                column.label(text="All at once, no sweep")
        row = layout.row(align=True)
        row.operator("screen.frame_jump", text="", icon="REW").end = False
        playing = context.screen is not None and context.screen.is_animation_playing
        row.operator("screen.animation_play", text="", icon="PAUSE" if playing else "PLAY")
        row.operator("screen.frame_jump", text="", icon="FF").end = True
        row.prop(scene, "frame_current", text="Frame")


class MATRIX_CINEMA_PT_element(_Panel, bpy.types.Panel):
    bl_label = "Element"
    bl_order = 8

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Shown if there is something to pick: in a built scene, and in a scene that instances one."""
        scene = context.scene
        return bool(scene and (built.description_text(scene) or built.stands_in(scene)))

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, _settings: Any) -> None:
        row = layout.row(align=True)
        row.operator("matrix_cinema.pick", icon="EYEDROPPER")
        told = picking.said(picking.picked())
        if told is None:
            return
        row.operator("matrix_cinema.unpick", text="", icon="X")
        wrapped(layout, context, told.head)
        for line in told.lines:
            wrapped(layout, context, line)
        row = layout.row(align=True)
        row.operator("matrix_cinema.point_out", text="Spotlight").setting = "spotlight"
        if picking.can_open():
            row.operator("matrix_cinema.point_out", text="Why").setting = "why"
        row.operator("matrix_cinema.point_out", text="Look At").setting = "subject"


class MATRIX_CINEMA_PT_render(BuiltPanel, bpy.types.Panel):
    bl_label = "Render"
    bl_order = 9

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, settings: Any) -> None:
        render = settings.render
        if job.current is not None:
            layout.progress(factor=job.current.part, text=job.current.text)
            layout.label(text=job.current.output.name)
            layout.operator("matrix_cinema.cancel", icon="X")
            return
        layout.prop(settings, "output", placeholder="Asked for later")
        layout.prop(render, "engine")
        if render.engine == "cycles":
            layout.prop(render, "device")
        layout.prop(render, "transparent")
        column = layout.column(align=True)
        row = column.row(align=True)
        row.prop(render, "width")
        row.prop(render, "height", text="")
        column.prop(render, "samples")
        row = layout.row(align=True)
        row.operator("matrix_cinema.render_still", icon="RENDER_STILL")
        _open_button(row, settings, "still", "IMAGE_DATA")
        row = layout.row(align=True)
        row.operator("matrix_cinema.figure", icon="FILE_IMAGE")
        _open_button(row, settings, "figure", "IMAGE_DATA")
        column = layout.column(align=True)
        row = column.row(align=True)
        row.prop(render, "film_width")
        row.prop(render, "film_height", text="")
        column.prop(render, "film_samples")
        row = layout.row(align=True)
        if _unfinished(settings):
            row.operator("matrix_cinema.render_film", text="Resume Film", icon="PLAY").resume = True
            row.operator("matrix_cinema.render_film", text="Start Over").resume = False
        else:
            row.operator("matrix_cinema.render_film", icon="RENDER_ANIMATION").resume = False
            _open_button(row, settings, "film", "FILE_MOVIE")


class MATRIX_CINEMA_PT_info(BuiltPanel, bpy.types.Panel):
    bl_label = "Info"
    bl_order = 11

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context, _settings: Any) -> None:
        scene = context.scene
        points, shown = as_points(built.products(scene)), built.description(scene)
        render = scene.render
        seconds = (scene.frame_end - scene.frame_start + 1) * render.fps_base / render.fps
        column = layout.column(align=True)
        for name, text in (
            (report("Elements"), report("{n:,} at most", n=built.elements(scene))),
            (report("Drawn as"), report("points") if points else report("meshes")),
            (report("Memory"), report("about {size}", size=_bytes(built.memory(scene)))),
            (report("Length"), report("{n} frames, {seconds:.1f} s", n=scene.frame_end, seconds=seconds)),
        ):
            row = column.split(factor=0.35)
            label = row.row()
            label.active = False
            label.label(text=name)
            row.label(text=text)
        if shown is not None:
            budget = f"{shown.look.instance_budget:,}"
            wrapped(
                layout,
                context,
                report("More than the budget of {budget}: spheres, light in memory.", budget=budget)
                if points
                else report("Within the budget of {budget}: full meshes.", budget=budget),
            )
        hidden = [ob[tags.NAME] for ob in built.products(scene) if ob.hide_render]
        if hidden:
            wrapped(
                layout,
                context,
                report(
                    "Products summed but not drawn: those of {names}. Results has a switch for each.",
                    names=", ".join(hidden),
                ),
            )
        for told in gained(scene):
            wrapped(layout, context, report("Built by an earlier version. {told}.", told=told))


def _build_text(scene):
    if not tags.is_built(scene):
        return "Build"
    return report("Rebuild with Changes") if properties.is_pending(scene) else report("Rebuild")


def chosen_of(layout: bpy.types.UILayout, kind: str, settings: Any, listed: str, chosen: str) -> Any:
    """Draw a list. Returns its chosen item, or None if the list is empty."""
    items, n = getattr(settings, listed), getattr(settings, chosen)
    rows = min(max(len(items), 2), 6)
    layout.template_list(kind, "", settings, listed, settings, chosen, rows=rows, maxrows=rows)
    return items[n] if n < len(items) else None


def _drawn_as(layout, item):
    """The look of a single matrix or result, where it differs from the others."""
    column = layout.column(align=True)
    column.prop(item, "drawn")
    column.prop(item, "color_map")
    column.prop(item, "pooling", placeholder="As everywhere")
    column.prop(item, "pooling_rule")


def fields_of(layout: bpy.types.UILayout, group: Any, names: Iterable[str], heading: str = "") -> None:
    """Draw fields of the description, one below the other."""
    column = layout.column(align=True, heading=heading)
    for name in names:
        switch = fields.switch_of(name)
        if not hasattr(group, switch):
            column.prop(group, name)
        elif getattr(group, switch):
            row = column.row(align=True, heading=group.bl_rna.properties[name].name)
            row.prop(group, switch, toggle=True)
        else:
            row = column.row(align=True)
            row.prop(group, name)
            row.prop(group, switch, text="", icon="LOOP_BACK", toggle=True)


def _unfinished(settings):
    """Whether there is an unfinished film of this name to resume."""
    output = _output(settings, "film")
    return output is not None and os.path.exists(job.snapshot_of(output))


def _open_button(row, settings, kind, icon):
    """A button that opens the rendered file, if there is one."""
    output = _output(settings, kind)
    if output is not None and os.path.exists(output):
        row.operator("wm.path_open", text="", icon=icon).filepath = str(output)


def _output(settings, kind):
    try:
        return operators.output_path(settings, kind)
    except InputError:
        return None


def _bytes(size):
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def wrapped(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", alert: bool = False
) -> None:
    """Draw a text in the language of the interface, in as many lines as the panel's width needs."""
    text = bpy.app.translations.pgettext_iface(text)
    width = context.region.width if context.region else 300
    scale = context.preferences.system.ui_scale or 1.0  # 0 without a window
    letters = max(16, int((width / scale - 50) / 6.4))
    column = layout.column(align=True)
    column.alert = alert
    column.scale_y = 0.8
    for line in textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1" if icon != "NONE" else icon


CLASSES = (
    MATRIX_CINEMA_MT_render,
    MATRIX_CINEMA_UL_matrices,
    MATRIX_CINEMA_UL_results,
    MATRIX_CINEMA_PT_source,
    MATRIX_CINEMA_PT_matrices,
    MATRIX_CINEMA_PT_results,
    MATRIX_CINEMA_PT_look,
    MATRIX_CINEMA_PT_style,
    MATRIX_CINEMA_PT_layout,
    MATRIX_CINEMA_PT_camera,
    MATRIX_CINEMA_PT_animation,
    MATRIX_CINEMA_PT_cards,
    MATRIX_CINEMA_PT_sweep,
    MATRIX_CINEMA_PT_element,
    MATRIX_CINEMA_PT_render,
    MATRIX_CINEMA_PT_info,
)
MENUS = ((bpy.types.TOPBAR_MT_render, _in_render_menu),)
