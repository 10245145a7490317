"""The panel's properties: the fields of a description, and its file.

The property groups are made from the description's dataclasses. They are a draft. The built scene has its own
description, in the custom property `matrix_cinema`; a build replaces that by the draft.
"""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import bpy

from ..blender.build import own_meshes
from ..blender.stored import described
from ..description.from_capture import HEAD_PARTS
from ..description.scene import Animation, Camera, Cards, Layout, Look, Render, Scene
from ..errors import InputError
from ..look.styles import STYLES
from . import built, fields, lamps, matrices, preferences, source, style
from .translations import report

TABLES = {
    "look": Look,
    "camera": Camera,
    "animation": Animation,
    "cards": Cards,
    "layout": Layout,
    "render": Render,
}
TEXT_FIELDS = ("expression", "title", "caption", "star", "spotlight", "why")


def names(table: str) -> Any:
    """The fields of a table of the description, in its order."""
    return [f.name for f in dataclasses.fields(TABLES[table])]


# The draft


def settings_of(scene: bpy.types.Scene) -> Any:
    """The panel's properties of a Blender scene."""
    return scene.matrix_cinema_panel


def description(scene: bpy.types.Scene) -> Scene:
    """The draft in the panel of this Blender scene, as a description; a stale panel is filled first. Raises
    InputError."""
    refill()
    return drafted(settings_of(scene), base(scene))


def base(scene: bpy.types.Scene) -> Scene:
    """The description that the draft began with: that of the chosen file, or else of the built scene. Raises
    InputError."""
    settings = settings_of(scene)
    is_built = bool(built.description_text(scene))
    if settings.file and not (is_built and _is_gone(settings)):
        return read_chosen(settings)
    if not is_built:
        raise InputError("choose a scene file or an attention capture first")
    return described(scene)


def read_chosen(settings: Any) -> Scene:
    """The description in the chosen file, or of the chosen head. Raises InputError."""
    layer, head = chosen_head(settings)
    return source.read(absolute(settings.file), layer, head, sorted(settings.parts))


def drafted(settings: Any, begun: Scene) -> Scene:
    """The description `begun` with all settings of the panel."""
    tables = {}
    for name in TABLES:
        tables[name] = fields.taken(getattr(settings, name), getattr(begun, name), names(name))
    tables["style"] = style.chosen(settings.style, tables["look"].style, begun.style)
    tables["light"] = lamps.chosen(settings, begun.light)
    texts = {name: getattr(settings, name) for name in TEXT_FIELDS}
    if settings.readout != readout_text(begun):
        texts["readout"] = settings.readout or "auto"
    return dataclasses.replace(begun, **tables, **texts, **matrices.chosen(settings, begun))


def fill(settings: Any, scene: Scene, text: str = "") -> None:
    """Show a description in the panel. `text` is its JSON if it is the description of the built scene."""
    with fields.filling():
        _show_texts(settings, scene)
        for name in TABLES:
            fields.show(getattr(settings, name), getattr(scene, name), names(name))
        matrices.fill(settings, scene)
        style.fill(settings.style, scene)
        lamps.fill(settings, scene.light, settings.style.light)
    if text:
        settings.filled_from = _digest(text)


def _show_texts(settings, scene):
    for name in TEXT_FIELDS:
        setattr(settings, name, getattr(scene, name))
    settings.readout = readout_text(scene)


def readout_text(scene: Scene) -> str:
    """The readouts of a description as a text of one line."""
    return scene.readout if isinstance(scene.readout, str) else "; ".join(scene.readout)


# Draft and built scene


def is_pending(scene: bpy.types.Scene) -> bool:
    """Whether the draft differs from the built scene."""
    settings, shown = settings_of(scene), built.description(scene)
    if shown is None:
        return False
    return settings.built_from != origin(settings) or _seen(drafted(settings, shown)) != _seen(shown)


def _seen(scene):
    """A description without fields that every render reads anew, such as the samples."""
    render = Render(width=scene.render.width, height=scene.render.height, fps=scene.render.fps)
    return dataclasses.replace(scene, render=render)


def _is_gone(settings):
    """Whether the file that the scene was built from is missing; the scene has its own copy of everything."""
    from_it = settings.built_from == settings.file or settings.built_from.startswith(f"{settings.file} ")
    return from_it and not absolute(settings.file).exists()


def origin(settings: Any) -> Any:
    """The file, layer, head and parts that the draft began with."""
    if _is_gone(settings):
        return settings.built_from
    layer, head = chosen_head(settings)
    return " ".join([settings.file, layer, str(head), *sorted(settings.parts)]) if layer else settings.file


def is_stale(scene: bpy.types.Scene) -> bool:
    """Whether the scene was built or loaded without the panel, so that the panel shows something else."""
    text = built.description_text(scene)
    return bool(text) and settings_of(scene).filled_from != _digest(text)


@bpy.app.handlers.persistent
def refill(*_: Any) -> None:
    """Fill the panel of every scene that is stale from the scene's own description: when a file was loaded,
    before an operator reads the panel, and by a timer, because drawing a panel may not change properties."""
    for scene in bpy.data.scenes:
        if is_stale(scene):
            shown = built.description(scene)
            if shown is not None:
                fill(settings_of(scene), shown)
            is_shown(scene)


def is_shown(scene: bpy.types.Scene) -> None:
    """Remember that the panel shows the scene's own description."""
    settings_of(scene).filled_from = _digest(built.description_text(scene))


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


# The capture's menus


def absolute(path: str) -> Path:
    """The absolute path of a path in the panel, which may be relative to the .blend."""
    return Path(bpy.path.abspath(path))


def chosen_head(settings: Any) -> tuple[str, int | None]:
    """(name of the chosen layer, number of the head or None for all heads); ("", 0) without a capture."""
    if not layer_items(settings.file):
        return "", 0
    return settings.layer, None if settings.head == ALL else int(settings.head or 0)


def layer_items(path: str) -> Any:
    """The layers of a capture as items of a menu; none for another file. Blender keeps no reference to the
    texts of a menu, so `_kept` does."""
    if not source.is_capture(path):
        return _NOTHING
    try:
        layers = source.opened(absolute(path)).layers.values()
    except InputError:
        return _NOTHING

    def told(one):
        return report("Layer {name}: {n} heads, mask: {mask}", name=one.name, n=len(one.heads), mask=one.mask)

    return _kept(tuple((one.name, one.name, told(one), n) for n, one in enumerate(layers)))


def head_items(path: str, layer: str) -> Any:
    """The heads of a layer of a capture as items of a menu."""
    if not layer_items(path):
        return _NOTHING
    try:
        found = source.opened(absolute(path)).layer(layer)
    except InputError:
        return _NOTHING
    heads = tuple(
        (str(head), str(head), report("Query head {head} of layer {layer}", head=head, layer=found.name), n)
        for n, head in enumerate(found.heads)
    )
    return _kept((*heads, (ALL, report("All"), report("All heads of the layer, side by side"), len(heads))))


ALL = "all"
_NOTHING = ()
_menus: dict = {}


def _kept(items):
    """The same tuple for the same items, for as long as Python runs."""
    return _menus.setdefault(items, items) or _NOTHING


def _file_chosen(settings, _context):
    settings.problem = ""
    try:
        if source.is_capture(settings.file):
            source.opened(absolute(settings.file))  # raises an InputError that says what is wrong
            settings.layer = layer_items(settings.file)[0][0]
            settings.head = head_items(settings.file, settings.layer)[0][0]
        if settings.file:
            scene = read_chosen(settings)
            matrices.forget(settings)
            fill(settings, preferences.preferred(scene) if source.is_capture(settings.file) else scene)
    except InputError as error:
        settings.problem = str(error)


def _layer_chosen(settings, _context):
    if settings.head not in [item[0] for item in head_items(settings.file, settings.layer)]:
        settings.head = head_items(settings.file, settings.layer)[0][0]
    _head_chosen(settings, _context)


def _head_chosen(settings, _context):
    """After a change of the head: show its title and its mask; the look stays."""
    settings.problem = ""
    try:
        scene = read_chosen(settings)
    except InputError as error:
        settings.problem = str(error)
    else:
        with fields.filling():
            _show_texts(settings, scene)
            matrices.fill(settings, scene, matrices_only=True)
        fields.changed(settings)


def _style_chosen(look, _context):
    """After a change of the style: show its parts, and drop the changes to the style before."""
    if look.style in STYLES:
        with fields.filling():
            style.show(look.id_data.matrix_cinema_panel.style, STYLES[look.style])
    fields.changed(look)


def _expression_changed(settings, _context):
    with fields.filling():
        matrices.follow(settings)
    fields.changed(settings)


# The classes

MESH_SEARCH = fields.searched(lambda *_: [ob.name for ob in own_meshes()])
SUBJECT_SEARCH = fields.searched(lambda _, context: built.subjects(context.scene))
MORE: dict[str, dict[str, Any]] = {
    "expression": {"update": _expression_changed},
    "look": {"style": {"update": _style_chosen}, "object": {"search": MESH_SEARCH}},
    "camera": {"subject": {"search": SUBJECT_SEARCH}},
    "render": {"device": {"search": preferences.DEVICE_SEARCH}},
}
GROUPS = {name: fields.group(name, cls, **MORE.get(name, {})) for name, cls in TABLES.items()}
GROUPS["style"] = style.GROUP


class MATRIX_CINEMA_PG_panel(bpy.types.PropertyGroup):
    file: bpy.props.StringProperty(
        name="File",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        update=_file_chosen,
        description="A scene file (.toml) or an attention capture (.safetensors)",
    )
    layer: fields.setting(
        bpy.props.EnumProperty,
        "Layer",
        "Layer of the captured model",
        items=lambda settings, _: layer_items(settings.file),
        update=_layer_chosen,
    )
    head: fields.setting(
        bpy.props.EnumProperty,
        "Head",
        "Attention head of that layer",
        items=lambda settings, _: head_items(settings.file, settings.layer),
        update=_head_chosen,
    )
    parts: bpy.props.EnumProperty(
        name="With",
        options={"ENUM_FLAG"},
        update=_head_chosen,
        description="Additional parts of the head to show",
        items=tuple(
            (name, name.capitalize(), about.capitalize(), 2**n)
            for n, (name, about) in enumerate(HEAD_PARTS.items())
        ),
    )
    problem: bpy.props.StringProperty(options=fields.STILL, description="The error in the chosen file")
    output: bpy.props.StringProperty(
        name="Output",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        description="The file for stills, films and figures. The suffix chooses the format, such as .exr or "
        ".webm; without a suffix they are .png, .mp4 and .svg",
    )
    live: bpy.props.BoolProperty(
        name="Live",
        default=True,
        options=fields.STILL,
        description="Changes in the panel take effect in the built scene by themselves: light, sizes, "
        "materials and colour maps at once, all else after a short pause",
    )
    built_from: bpy.props.StringProperty(
        options=fields.STILL, description="The file, layer, head and parts of the built scene"
    )
    filled_from: bpy.props.StringProperty(
        options=fields.STILL, description="Digest of the description shown in the panel"
    )


MATRIX_CINEMA_PG_panel.__annotations__ |= (
    {name: fields.field_property(Scene, name, **MORE.get(name, {})) for name in (*TEXT_FIELDS, "readout")}
    | {name: bpy.props.PointerProperty(type=group) for name, group in GROUPS.items()}
    | matrices.PROPERTIES
    | lamps.PROPERTIES
)
CLASSES = (*GROUPS.values(), MATRIX_CINEMA_PG_panel)


def register() -> None:
    bpy.types.Scene.matrix_cinema_panel = bpy.props.PointerProperty(type=MATRIX_CINEMA_PG_panel)
    bpy.app.handlers.load_post.append(refill)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(refill)
    if bpy.app.timers.is_registered(refill):
        bpy.app.timers.unregister(refill)
    del bpy.types.Scene.matrix_cinema_panel
