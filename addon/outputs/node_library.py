"""Our node groups as assets, to be used by hand in other node trees: a .blend of them, whose inputs stand in
panels and all say what they are for. A build's own groups are not touched."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..blender import tags
from ..blender.nodes import PREFIX, node_group
from ..blender.rebuild import apart
from .files import written_whole

FILE, CATALOGS = "matrix_cinema_nodes.blend", "blender_assets.cats.txt"
CATALOG = "6a1f2a0e-4c0e-5d57-9b5e-6d6174726978"  # any fixed UUID
# The groups that make sense alone, and what each is for.
OFFERED = {
    "Matrix": "Draw a matrix: the object's points, row by row, each with its `value`",
    "Product": "Draw the products in the cuboid of a matmul, by the position of its sweep",
    "Sums": "Keep what a matmul has added up after every few steps along k, for a Result",
    "Result": "Draw the result of a matmul, with its partial sums by the position of its sweep",
    "Bars": "Draw the products that add up to one entry of a matmul as bars",
    "elements": "Draw points as elements, sized by the square root of a magnitude",
    "magnitude": "Where the size of a value lies between two others, 0 to 1",
    "tone": "Where a value lies in its colour map, 0 to 1",
    "visit": "How far a sweep has visited a product: 0 before its step, 1 after it",
}
# Panels, and by which beginnings of their names inputs belong to one.
PANELS = {
    "Sweep": (
        "Sweep",
        "Steps",
        "Trail",
        "Settle",
        "Finish",
        "Weight",
        "Every",
        "Consumer",
        "Rest",
        "At Rest",
    ),
    "Order": ("Stride", "Block"),
    "Numbers": ("Rows", "Columns", "Inner", "Left", "Right", "Sums", "Masked", "Pairs", "Entry"),
    "Place": ("Step", "Row Step", "Column Step", "Gap", "Pool", "Depth", "Position", "Span", "Pitch", "Unit"),
    "Size and Colour": ("Low", "High", "Zero", "Sum ", "Final ", "Min Size", "Zero Size", "Scale", "Element")
    + ("As Points", "Material", "Threshold", "Magnitude"),
    "Spotlight": ("Spot", "Dim", "Lit", "Left Spots", "Right Spots"),
}
# Steps from one entry to the next that let elements be seen at once; a build sets its own.
STEP_VECTORS = {
    "Row Step": (0.0, 0.0, -1.0),
    "Column Step": (1.0, 0.0, 0.0),
    "Step i": (0.0, 0.0, -1.0),
    "Step j": (1.0, 0.0, 0.0),
    "Step k": (0.0, 1.0, 0.0),
}
# What the groups themselves leave unsaid.
HINTS = {
    "Geometry": "The points that are read",
    "Rows": "Rows of the left matrix",
    "Columns": "Columns of the matrix",
    "Inner": "Columns of the left matrix, which are the rows of the right one",
    "Left": "The object whose points have the left matrix as `value`",
    "Right": "The object whose points have the right matrix as `value`",
    "Sums": "The object with the group Sums",
    "Stride": "Steps of the sweep from one of these to the next",
    "Block": "After how many of these the sweep begins anew",
    "Steps": "How many steps the sweep has",
    "Consumer Steps": "How many steps the sweep has that uses this matrix",
    "Min Size": "Size of the element nearest to zero, relative to the largest",
    "Material": "What the elements are made of",
    "Entry": "Which entry",
    "Position": "Where each point stands",
    "Points": "The points to be drawn",
    "Value": "The value",
    "Magnitude": "Where its size lies in its range, 0 to 1",
    "Nonzero": "Whether it is not zero",
    "Present": "Whether it is there",
    "Weight": "How far it is there, 0 to 1",
    "Zero Size": "Size of a zero; 0: absent",
    "Scale": "Width of the largest element, in entries",
    "Span": "Length and width of an element",
    "Element": "What to instance; of radius 1",
    "As Points": "Draw as spheres, not as instances",
    "Low": "Magnitude of the smallest element",
    "High": "Magnitude of the largest element and end of the colour map",
    "Zero": "Place of zero in the colour map: 0.5 when signed",
    "Sweep": "How many steps have been visited",
    "i": "The row",
    "j": "The column",
    "k": "Which product of those that add up",
}


def write_library(folder: Path) -> Path:
    """Write the groups into a .blend in a folder, with a catalog beside it; returns that file. What is open
    in Blender stays as it is. Raises JobError where it cannot be written."""
    place = folder / FILE
    with _fresh_groups() as groups, written_whole(place) as part:
        for name, tree in groups.items():
            _dress(tree, OFFERED[name])
        bpy.data.libraries.write(str(part), set(groups.values()), fake_user=True, compress=True)
    with written_whole(folder / CATALOGS) as part:
        part.write_text(f"VERSION 1\n\n{CATALOG}:Matrix Cinema:Matrix Cinema\n", encoding="utf-8")
    return place


@contextmanager
def _fresh_groups() -> Iterator[dict[str, bpy.types.NodeTree]]:
    """Within the block the offered groups, made anew under their own names; they go with its end."""
    own = [tree for tree in bpy.data.node_groups if tree.library is None and tree.name.startswith(PREFIX)]
    names = {tree: tree.name for tree in own}
    for n, tree in enumerate(names):
        tree.name = f"mc {n}"
    with apart():
        try:
            yield {name: node_group(name) for name in OFFERED}
        finally:
            bpy.data.batch_remove(list(tags.shared("node_groups").values()))
            for tree, name in names.items():
                tree.name = name


def _dress(tree: bpy.types.NodeTree, about: str) -> None:
    """Make a group an asset whose inputs say what they are for and stand in panels."""
    items = [one for one in tree.interface.items_tree if one.item_type == "SOCKET"]
    sockets = [one for one in items if one.in_out == "INPUT"]
    flat = any(one.socket_type == "NodeSocketGeometry" for one in sockets)
    for socket in sockets:
        socket.description = socket.description or _found(HINTS, socket.name) or ""
        if socket.name in STEP_VECTORS:
            socket.default_value = STEP_VECTORS[socket.name]
    for title in PANELS:
        inside = [one for one in sockets if _panel_of(one.name) == title]
        if inside and len(inside) < len(sockets):
            panel = tree.interface.new_panel(title, default_closed=title in ("Order", "Spotlight"))
            for n, socket in enumerate(inside):
                tree.interface.move_to_parent(socket, panel, n)
    tree.is_modifier = flat
    tree.description = about
    tree.asset_mark()
    tree.asset_data.description, tree.asset_data.author = about, "Matrix Cinema"
    tree.asset_data.catalog_id = CATALOG
    tree.asset_data.tags.new("matrix")


def _panel_of(name: str) -> str | None:
    """The panel of an input: the one with the longest beginning of its name."""
    fitting = [(len(one), title) for title, every in PANELS.items() for one in every if name.startswith(one)]
    return max(fitting)[1] if fitting else None


def _found(words: dict[str, str], name: str) -> str | None:
    """What is said of an input: of its whole name, or of the longest beginning of it."""
    fitting = [one for one in words if name == one or name.startswith(f"{one} ")]
    return words[max(fitting, key=len)] if fitting else None
