"""Two lists in the panel: the given matrices and the results of its expression, to set options of a single
one.

The lists follow the expression. A description keeps only options that were set.
"""

import dataclasses
import functools
import re
from pathlib import Path
from typing import Any

import bpy

from ..algebra.epilogue import MM_EPILOGUES
from ..algebra.initialise import INITIALISERS
from ..description.scene import MatrixOptions, ProductOptions, Scene
from ..errors import InputError
from ..kinds.stage import stages_of
from ..staging.plan import root_of
from . import fields
from .translations import report

PRODUCT = tuple(f.name for f in dataclasses.fields(ProductOptions))
# Options of every matrix.
DRAWN = ("drawn", "label", "row_axis", "column_axis", "color_map", "pooling", "pooling_rule")
MADE_UP = ("init", "min", "max", "dropout", "seed")
MATRIX = (*DRAWN, *MADE_UP, "file", "tensor")
SHELF = 64  # items that are kept for names that the expression may use again
MATRIX_AXES = 4  # most axes of a matrix: two leading axes, rows and columns
FROM_FILES = ("index", "axis_order", "slices")
SOURCES = (
    ("init", "Made Up", "Patterns, random draws and formulas"),
    ("tensor", "Capture", "A tensor of the scene's attention capture"),
    ("file", "File", "An array in a file of its own"),
    ("values", "Typed", "Numbers that are typed here or written in the scene file"),
)


# The lists


@functools.lru_cache(maxsize=16)
def _names(expression):
    """The names of the given matrices, and of the results with whether they are products; None for an
    expression that cannot be read."""
    try:
        stages = stages_of(root_of(Scene(expression=expression)))
    except InputError:
        return None
    return (
        [s.name for s in stages if not s.operands],
        {s.name: s.has_interior for s in stages if s.operands},
    )


def follow(settings: Any, _context: Any = None) -> None:
    """Let the lists have the names of the expression. Items that stay keep their options."""
    found = _names(settings.expression)
    if found is None:
        return
    captured = any(item.source == "tensor" for item in settings.matrices)
    new = _list(settings.matrices, settings.shelved_matrices, found[0])
    for item in new:  # from the capture if other matrices are, else made up
        item.source, item.tensor = ("tensor", item.name) if captured else ("init", "")
        item.init = "" if captured else "normal"
    _list(settings.products, settings.shelved_products, found[1])
    for item in settings.products:
        item.is_product = found[1][item.name]
    settings.matrix = min(settings.matrix, max(len(settings.matrices) - 1, 0))
    settings.product = min(settings.product, max(len(settings.products) - 1, 0))


def _list(items, shelf, names):
    """Let a list have items of these names, in this order. Items of other names move to a shelf, and come
    back from it with their options. Returns the items that are new."""
    for n in reversed(range(len(items))):
        if items[n].name not in names:
            _copy(items[n], shelf.get(items[n].name) or shelf.add())
            items.remove(n)
    while len(shelf) > SHELF:
        shelf.remove(0)
    new = []
    for name in names:
        if items.find(name) < 0:
            item, known = items.add(), shelf.find(name)
            item.name = name
            if known >= 0:
                _copy(shelf[known], item)
                shelf.remove(known)
            else:
                new.append(name)
    for n, name in enumerate(names):
        items.move(items.find(name), n)
    return [items[name] for name in new]


def _copy(item, other):
    """Copy all options of an item to `other`, an item of the same kind."""
    for prop in item.bl_rna.properties:
        if not prop.is_readonly:
            setattr(other, prop.identifier, getattr(item, prop.identifier))


def forget(settings: Any) -> None:
    """Empty the shelves, because the panel shows another description."""
    settings.shelved_matrices.clear()
    settings.shelved_products.clear()


def fill(settings: Any, scene: Scene, matrices_only: bool = False) -> None:
    """Show the options of a description's matrices and results. The panel has its expression already."""
    follow(settings)
    for item in settings.matrices:
        spec = _matrix_of(scene, item.name)
        fields.show(item, spec, MATRIX)
        item.source = next((kind for kind, *_ in reversed(SOURCES) if getattr(spec, kind)), "init")
        shape = spec.shape[-MATRIX_AXES:]
        item.shape = (0,) * (MATRIX_AXES - len(shape)) + tuple(min(n, 2**31 - 1) for n in shape)
        item.numbers = _written(spec.values)
    for item in () if matrices_only else settings.products:
        fields.show(item, scene.products.get(item.name, ProductOptions()), PRODUCT)


def chosen(settings: Any, begun: Scene) -> Any:
    """The tables `matrices` and `products` as the panel has them. `begun` is the description that filled the
    panel. Raises InputError."""
    if _names(settings.expression) is None or not settings.matrices:
        return {}
    matrices, products = {}, {}
    for item in settings.matrices:
        spec = _matrix_of(begun, item.name)
        made = _taken(item, spec)
        if made != spec or item.name in begun.matrices:
            matrices[item.name] = made
    for item in settings.products:
        own = fields.taken(item, begun.products.get(item.name, ProductOptions()), PRODUCT)
        if own != ProductOptions() or item.name in begun.products:
            products[item.name] = own
    return {"matrices": matrices, "products": products}


def _matrix_of(scene, name):
    """What a description says of a matrix, in words or by silence."""
    return scene.matrices.get(name, MatrixOptions(tensor=name) if scene.capture.file else MatrixOptions())


def _taken(item, spec):
    """The options of a matrix as the panel has them, with only the chosen source. `spec` are its options
    before."""
    made = fields.taken(item, spec, (*DRAWN, *MADE_UP[1:]))
    shape = tuple(item.shape)
    while len(shape) > 2 and not shape[0]:
        shape = shape[1:]
    kept = spec.values if item.numbers == _written(spec.values) else _numbers(item)
    file = bpy.path.abspath(item.file) if item.file.startswith("//") else item.file
    sources = {
        "init": {"init": item.init, "shape": shape if any(shape) else ()},
        "tensor": {"tensor": item.tensor},
        "file": {"file": file, "tensor": item.tensor},
        "values": {"values": kept},
    }
    of_file = item.source in ("file", "tensor")
    nothing = {"init": "", "shape": (), "tensor": "", "file": "", "values": ()}
    nothing |= {} if of_file else dict.fromkeys(FROM_FILES, ())
    return dataclasses.replace(made, **nothing | sources[item.source])


def _written(values):
    """Rows of numbers as one line of text, which `_numbers` reads back to the last digit."""
    return "; ".join(", ".join(repr(number) for number in row) for row in values)


def _numbers(item):
    """The rows of numbers in a matrix's line of text."""
    rows = [re.split(r"[,\s]+", row.strip()) for row in item.numbers.strip(" ;").split(";")]
    try:
        return tuple(tuple(float(number) for number in row) for row in rows if row != [""])
    except ValueError:
        raise InputError(
            f'matrix {item.name}: values: expected numbers such as "1, 0; 0, 1", a semicolon between rows'
        ) from None


def summary(item: Any) -> str:
    """The source of a matrix's numbers, in a few words."""
    if item.source == "init":
        size = " × ".join(str(n) for n in item.shape if n)
        return f"{item.init.partition(':')[0] or report('nothing')}, {size}" if size else item.init
    if item.source == "file":
        name = Path(item.file.replace("\\", "/")).name
        return f"{item.tensor}, {name}" if item.tensor else name
    return report("tensor {name}", name=item.tensor) if item.source == "tensor" else report("typed")


def made_with(item: Any) -> Any:
    """The names of the options that the initialiser of a matrix uses."""
    name = "_".join(item.init.partition("(")[0].lower().replace("_", " ").split())
    made = INITIALISERS.get(name)
    if made is None:
        return ("seed",)
    ranged = made.ranged or name == "banded"
    return ("min", "max") * ranged + ("dropout",) * made.drops + ("seed",)


def holds_several(item: Any) -> bool:
    """Whether the file of a matrix is of a kind that holds several arrays by name."""
    return item.file.lower().endswith((".npz", ".safetensors"))


def _suggested(*names):
    return {"search": fields.searched(lambda *_: names), "search_options": {"SUGGESTION"}}


# The classes

MATRIX_GROUP = fields.group(
    "matrix", MatrixOptions, MATRIX, init=_suggested(*INITIALISERS, "expr: sin(i * j)")
)
MATRIX_GROUP.__annotations__ |= {
    "source": fields.setting(
        bpy.props.EnumProperty, "From", "The source of the numbers of this matrix", items=SOURCES
    ),
    "shape": fields.setting(
        bpy.props.IntVectorProperty,
        "Shape",
        "Rows and columns; before them the sizes of leading axes such as heads, 0 for none",
        size=MATRIX_AXES,
        min=0,
        soft_max=4096,
        default=(0, 0, 8, 8),
    ),
    "numbers": fields.setting(
        bpy.props.StringProperty, "Numbers", 'The numbers, such as "1, 0; 0, 1" with a semicolon between rows'
    ),
}
PRODUCT_GROUP = fields.group("product", ProductOptions, epilogue=_suggested(*MM_EPILOGUES))
PRODUCT_GROUP.__annotations__["is_product"] = bpy.props.BoolProperty(
    options=fields.STILL, description="Whether it is a matrix product, with an interior and a sweep"
)
PROPERTIES = {
    "matrices": bpy.props.CollectionProperty(type=MATRIX_GROUP, description="The given matrices"),
    "shelved_matrices": bpy.props.CollectionProperty(
        type=MATRIX_GROUP, description="Matrices that the expression does not name at the moment"
    ),
    "shelved_products": bpy.props.CollectionProperty(
        type=PRODUCT_GROUP, description="Results that the expression does not name at the moment"
    ),
    "matrix": bpy.props.IntProperty(min=0, options={"SKIP_SAVE"}, description="The matrix that is shown"),
    "products": bpy.props.CollectionProperty(type=PRODUCT_GROUP, description="The results"),
    "product": bpy.props.IntProperty(min=0, options={"SKIP_SAVE"}, description="The result that is shown"),
}
CLASSES = (MATRIX_GROUP, PRODUCT_GROUP)
