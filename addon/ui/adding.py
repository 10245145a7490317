"""Add › Matrix Cinema and File › Import: adds something from a menu, a file or a drop.

It is built as a Blender scene of its own, complete with camera and light. Either that scene is shown, or the
user's scene gets an instance of its collections at the 3D cursor, and is not changed otherwise.
"""

import dataclasses
from pathlib import Path

import bpy
import numpy as np

from ..algebra.initialise import INITIALISERS
from ..blender import tags
from ..blender.read import elements, evaluated_scene
from ..description.from_files import arrays_in, holds_capture, scene_of_arrays
from ..description.scene import Animation, Look, MatrixOptions, Scene
from ..errors import InputError
from ..kinds.stage import leaf_names
from ..staging.plan import root_of
from . import fields, preferences, properties, source
from .building import build_new, built_report
from .translations import report
from .viewports import show_camera

SHOWN_ROOMS = ("Matrices", "Products", "Lettering")  # our collections that are instanced in another scene
ARRAYS = ".npz;.npy;.csv;.tsv"
OPENED = f".toml;.safetensors;{ARRAYS}"
_LARGEST = 9  # the largest whole number in a textbook product


def stand_at(scene: bpy.types.Scene, shown: bpy.types.Scene, size: float) -> bpy.types.Object:
    """An empty at the 3D cursor of `scene`, not linked yet, that instances what is drawn in another one, its
    longest side `size` units long; its middle stands on the cursor."""
    low, high = _extent(shown)
    parts = bpy.data.collections.new(shown.name)
    rooms = {one.get(tags.TAG): one for one in shown.collection.children_recursive if one.get(tags.TAG)}
    for name in SHOWN_ROOMS:
        parts.children.link(next(one for tag, one in rooms.items() if tag.partition(".")[0] == name))
    parts.instance_offset = (*(low + high)[:2] / 2, low[2])
    stand = bpy.data.objects.new(shown.name, None)
    stand.instance_type, stand.instance_collection = "COLLECTION", parts
    stand.empty_display_size = 0.5 * float((high - low).max())
    stand.location = scene.cursor.location
    stand.scale = (size / float((high - low).max() or 1.0),) * 3
    return stand


def _extent(shown):
    """The lowest and the highest corner of everything drawn, (3,) each."""
    depsgraph = evaluated_scene(shown)
    places = [
        elements(ob, depsgraph)["position"]
        for ob in shown.objects
        if ob.get(tags.KIND) in ("matrix", "product")
    ]
    every = np.concatenate([*places, np.zeros((0, 3))])
    return (every.min(axis=0) - 0.5, every.max(axis=0) + 0.5) if len(every) else (-np.ones(3), np.ones(3))


PLACES = (
    ("CURSOR", "At the 3D Cursor", "In this scene, for you to light and film; nothing else in it changes"),
    ("SCENE", "In a New Scene", "In a Blender scene of its own, with camera, light and type"),
)


class _Adds:
    """An operator that adds something. `described` gives its description, name and file."""

    bl_options = {"REGISTER", "UNDO"}

    place: bpy.props.EnumProperty(name="Place", items=PLACES, description="Where it is added")
    size: bpy.props.FloatProperty(
        name="Size", default=4.0, min=0.001, soft_max=100.0, unit="LENGTH",
        description="Length of its longest side at the 3D cursor",
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.scene is not None and context.mode == "OBJECT":
            return True
        cls.poll_message_set(report("Leave edit mode first"))
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        begun = context.scene
        try:
            description, name, file = self.described()
            if self.place == "CURSOR":
                if begun.library:
                    raise InputError(f"{begun.name} is linked from another file; add it in a new scene")
                description = _for_another(description, begun)
            made = build_new(description, name, **_chosen(description, file))
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        told = built_report(made)
        if self.place == "CURSOR":
            self._stand(context, made)
            told += ". " + report("Material Preview shows its colors. N opens the tab with its own scene")
        elif context.window:
            context.window.scene = made
            show_camera(context.window, made)
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def _stand(self, context, made):
        scene = context.scene
        stand = stand_at(scene, made, self.size)
        own = not (context.collection.library or context.collection.override_library)
        (context.collection if own else scene.collection).objects.link(stand)
        for ob in context.selected_objects:
            ob.select_set(False)
        context.view_layer.objects.active = stand
        stand.select_set(True)
        if scene.frame_current < made[tags.DONE] <= scene.frame_end:
            scene.frame_set(int(made[tags.DONE]))  # the frame at which everything is made and visible

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        self.draw_own(layout)
        layout.prop(self, "place")
        if self.place == "CURSOR":
            layout.prop(self, "size")


def _chosen(description, file):
    """The panel's settings for the origin of a description: its file, and in a capture also layer and
    head."""
    if not source.is_capture(file):
        return {"file": file}
    capture = description.capture
    layer = source.opened(properties.absolute(file)).layer(capture.layer).name
    return {"file": file, "layer": layer, "head": properties.ALL if capture.heads else str(capture.head)}


def _for_another(description, scene):
    """The description for an instance in `scene`, which has its own camera: without text before the camera,
    and with the frame rate of `scene`."""
    look = dataclasses.replace(description.look, title=False, formula=False, legend=False)
    render = dataclasses.replace(description.render, fps=scene.render.fps / scene.render.fps_base)
    return dataclasses.replace(description, look=look, render=render, readout="off", beats="off", why="")


class MATRIX_CINEMA_OT_add_product(_Adds, bpy.types.Operator):
    """Add a small product of whole numbers, with every number visible"""

    bl_idname = "matrix_cinema.add_product"
    bl_label = "Textbook Product"

    rows: bpy.props.IntProperty(name="Rows", default=2, min=1, max=64, description="Rows of the left matrix")
    inner: bpy.props.IntProperty(
        name="Inner",
        default=3,
        min=1,
        max=64,
        description="Columns of the left matrix, rows of the right one",
    )
    columns: bpy.props.IntProperty(
        name="Columns", default=2, min=1, max=64, description="Columns of the right matrix"
    )
    seed: bpy.props.IntProperty(name="Seed", min=0, max=10_000, description="Other numbers")
    order: bpy.props.EnumProperty(
        name="Order",
        items=fields.choices(Animation, "algorithm"),
        default="dotprod",
        description="The order in which the products are visited",
    )

    def described(self) -> tuple[Scene, str, str]:
        random = np.random.default_rng(self.seed)
        left, right = (self.rows, self.inner), (self.inner, self.columns)
        values = [random.integers(1, _LARGEST, shape, endpoint=True) for shape in (left, right)]
        typed = [MatrixOptions(values=tuple(tuple(map(float, row)) for row in one)) for one in values]
        description = Scene(
            expression="C = A @ B",
            title=f"{self.rows} × {self.inner} times {self.inner} × {self.columns}",
            matrices={"A": typed[0], "B": typed[1]},
            animation=Animation(algorithm=self.order, sweep_seconds=4.0, hold_seconds=1.0),
            look=Look(element_scale=0.85),
        )
        return preferences.preferred(description), "Textbook product", ""

    def draw_own(self, layout: bpy.types.UILayout) -> None:
        column = layout.column(align=True)
        for name in ("rows", "inner", "columns"):
            column.prop(self, name)
        layout.prop(self, "order")
        layout.prop(self, "seed")


class MATRIX_CINEMA_OT_add_expression(_Adds, bpy.types.Operator):
    """Add the matrices of an expression, with made-up numbers; change everything else in the panel"""

    bl_idname = "matrix_cinema.add_expression"
    bl_label = "Expression"

    expression: bpy.props.StringProperty(
        name="Expression",
        default="out = (attn = softmax(Q @ K.T)) @ V",
        description="An expression, such as out = (attn = softmax(Q @ K.T)) @ V",
    )
    entries: bpy.props.IntProperty(
        name="Rows and Columns", default=6, min=1, max=256, description="Size of each given matrix"
    )
    init: bpy.props.EnumProperty(
        name="Made Of",
        items=[(name, name.replace("_", " ").title(), "") for name in INITIALISERS],
        default="normal",
        description="The initialiser of the given matrices",
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self, width=420)

    def described(self) -> tuple[Scene, str, str]:
        given = leaf_names(root_of(Scene(expression=self.expression)))
        shape = (self.entries, self.entries)
        matrices = {name: MatrixOptions(init=self.init, shape=shape) for name in given}
        description = Scene(expression=self.expression, matrices=matrices)
        return preferences.preferred(description), self.expression.strip()[:40], ""

    def draw_own(self, layout: bpy.types.UILayout) -> None:
        layout.prop(self, "expression")
        layout.prop(self, "entries")
        layout.prop(self, "init")


def _arrays(asked, _context, text):
    try:
        return [name for name in arrays_in(properties.absolute(asked.filepath)) if text in name]
    except InputError:
        return []


class MATRIX_CINEMA_OT_import_file(_Adds, bpy.types.Operator):
    """Open a scene (.toml), a head of an attention capture (.safetensors), or arrays (.npz, .npy, .csv):
    of several files that are chosen together the product, in their order"""

    bl_idname = "matrix_cinema.import_file"
    bl_label = "Import Matrix Cinema"

    place: bpy.props.EnumProperty(
        name="Place", items=PLACES, default="SCENE", description="Where it is added"
    )
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in OPENED.split(";")), options={"HIDDEN", "SKIP_SAVE"}
    )
    layer: bpy.props.EnumProperty(
        name="Layer",
        items=lambda asked, _: properties.layer_items(asked.filepath),
        options={"SKIP_SAVE"},
        description="Layer of the captured model",
    )
    head: bpy.props.EnumProperty(
        name="Head",
        items=lambda asked, _: properties.head_items(asked.filepath, asked.layer),
        options={"SKIP_SAVE"},
        description="Attention head of that layer",
    )
    tensor: bpy.props.StringProperty(
        name="Array",
        search=_arrays,
        options={"SKIP_SAVE"},
        description="Name of the array in the file; empty: the first",
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if self.filepath or self.files:  # dropped
            return self.execute(context)
        self.filepath = preferences.folder("captures")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def described(self) -> tuple[Scene, str, str]:
        paths = self._paths()
        if not paths:
            raise InputError("choose a file")
        first, name = paths[0], source.title_of(paths[0].stem)
        if len(paths) > 1 or not _is_film(first):
            return preferences.preferred(scene_of_arrays(paths, self.tensor)), name, ""
        head = None if self.head == properties.ALL else int(self.head or 0)
        description = source.read(first, self.layer, head)
        if source.is_capture(first):
            description = preferences.preferred(description)
        return description, name, str(first)

    def _paths(self):
        names = [one.name for one in self.files if one.name]
        folder = properties.absolute(self.directory)
        return [folder / name for name in names] or [properties.absolute(self.filepath)] * bool(self.filepath)

    def draw_own(self, layout: bpy.types.UILayout) -> None:
        if properties.layer_items(self.filepath):
            layout.prop(self, "layer")
            layout.prop(self, "head")
        elif Path(self.filepath).suffix.lower() in (".npz", ".safetensors"):
            layout.prop(self, "tensor")


def _is_film(path):
    """Whether a file is a scene or a capture, which say themselves what to draw."""
    try:
        return path.suffix.lower() == ".toml" or holds_capture(path)
    except InputError:
        return True  # opening it as a capture will report the error


class MATRIX_CINEMA_FH_file(bpy.types.FileHandler):
    """Files that are dropped into a viewport or the outliner"""

    bl_idname = "MATRIX_CINEMA_FH_file"
    bl_label = "Matrix Cinema"
    bl_import_operator = "matrix_cinema.import_file"
    bl_file_extensions = OPENED

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return bool(context.area and context.area.type in ("VIEW_3D", "OUTLINER"))


class MATRIX_CINEMA_MT_add(bpy.types.Menu):
    """What Matrix Cinema adds at the 3D cursor, and its examples"""

    bl_label = "Matrix Cinema"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        layout.operator("matrix_cinema.add_product", icon="MESH_GRID")
        layout.operator("matrix_cinema.add_expression", text="Expression...", icon="SCRIPT")
        capture = layout.operator(
            "matrix_cinema.import_file", text="Head from a Capture...", icon="FILEBROWSER"
        )
        capture.filter_glob, capture.place = "*.safetensors", "CURSOR"
        if source.examples():
            layout.separator()
            layout.menu("MATRIX_CINEMA_MT_examples", icon="BOOKMARKS")


def _in_add_menu(menu, _context):
    menu.layout.separator()
    menu.layout.menu("MATRIX_CINEMA_MT_add", icon="MESH_GRID")


def _in_import_menu(menu, _context):
    menu.layout.operator("matrix_cinema.import_file", text="Matrix Cinema (.toml, .safetensors, .npz, .npy)")


CLASSES = (
    MATRIX_CINEMA_OT_add_product,
    MATRIX_CINEMA_OT_add_expression,
    MATRIX_CINEMA_OT_import_file,
    MATRIX_CINEMA_FH_file,
    MATRIX_CINEMA_MT_add,
)
MENUS = ((bpy.types.VIEW3D_MT_add, _in_add_menu), (bpy.types.TOPBAR_MT_file_import, _in_import_menu))
