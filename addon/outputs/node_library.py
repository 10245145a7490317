"""Our node groups as assets, for a person to use in other node trees.

They are written to a .blend. Their inputs are grouped in panels, and each has a tooltip. The groups of a
build are not changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..blender.nodes import PREFIX, node_group
from ..blender.rebuild import apart
from .files import written_whole

FILE, CATALOGS = "matrix_cinema_nodes.blend", "blender_assets.cats.txt"
CATALOG = "6a1f2a0e-4c0e-5d57-9b5e-6d6174726978"  # any fixed UUID
# The groups that are useful alone, and their purpose.
OFFERED = {
    "Matrix": "Draw a matrix: the object's points, row by row, each with its `value`",
    "Product": "Draw the products in the cuboid of a matmul, by the position of its sweep",
    "Sums": "Store the sums of a matmul after every few steps along k, for a Result",
    "Result": "Draw the result of a matmul, with its partial sums by the position of its sweep",
    "Bars": "Draw the products that add up to one entry of a matmul as bars",
    "elements": "Draw points as elements, sized by the square root of a magnitude",
    "magnitude": "Where the magnitude of a value lies between two others, 0 to 1",
    "tone": "Where a value lies in its colour map, 0 to 1",
    "visit": "How far a sweep has visited a product: 0 before its step, 1 after it",
}
# Panels, and the beginnings of the names of their inputs.
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
# Steps from one entry to the next, so that elements are visible at once; a build sets its own steps.
STEP_VECTORS = {
    "Row Step": (0.0, 0.0, -1.0),
    "Column Step": (1.0, 0.0, 0.0),
    "Step i": (0.0, 0.0, -1.0),
    "Step j": (1.0, 0.0, 0.0),
    "Step k": (0.0, 1.0, 0.0),
}
# Tooltips for inputs that have none in the groups.
HINTS = {
    "Geometry": "The points that are read",
    "Rows": "Rows of the left matrix",
    "Columns": "Columns of the matrix",
    "Inner": "Columns of the left matrix, which are the rows of the right one",
    "Left": "The object whose points have the left matrix as `value`",
    "Right": "The object whose points have the right matrix as `value`",
    "Sums": "The object with the group Sums",
    "Stride": "Steps of the sweep from one of these to the next",
    "Block": "Number of entries after which the sweep begins again",
    "Steps": "How many steps the sweep has",
    "Consumer Steps": "How many steps the sweep of the product that uses this matrix has",
    "Min Size": "Size of the element nearest to zero, relative to the largest",
    "Material": "The material of the elements",
    "Entry": "Which entry",
    "Position": "The place of each point",
    "Points": "The points to be drawn",
    "Value": "The value",
    "Magnitude": "Where the magnitude lies in its range, 0 to 1",
    "Nonzero": "Whether the value is not zero",
    "Present": "Whether the element is there",
    "Weight": "How far the element is there, 0 to 1",
    "Zero Size": "Size of a zero; 0: absent",
    "Scale": "Width of the largest element, in entries",
    "Span": "Length and width of an element",
    "Element": "The object to instance; it has radius 1",
    "As Points": "Draw as spheres, not as instances",
    "Low": "Magnitude of the smallest element",
    "High": "Magnitude of the largest element and end of the colour map",
    "Zero": "Place of zero in the colour map: 0.5 when signed",
    "Sweep": "How many steps have been visited",
    "i": "The row",
    "j": "The column",
    "k": "Which of the products that add up",
}


def write_library(folder: Path) -> Path:
    """Write the groups to a .blend in a folder, with a catalog beside it. Returns the path of the .blend. The
    open file stays as it is. Raises JobError if the disk refuses."""
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
    """A block with new copies of the offered groups, under their own names. They are removed at its end."""
    own = [tree for tree in bpy.data.node_groups if tree.library is None and tree.name.startswith(PREFIX)]
    names = {tree: tree.name for tree in own}
    for n, tree in enumerate(names):
        tree.name = f"mc {n}"
    try:
        with apart("node_groups", lambda: [*map(node_group, OFFERED)]) as made:
            yield {name: made[PREFIX + name] for name in OFFERED}
    finally:
        for tree, name in names.items():
            tree.name = name


def _dress(tree: bpy.types.NodeTree, about: str) -> None:
    """Make a group an asset, with tooltips and panels for its inputs."""
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
    """The panel of an input: the panel with the longest beginning of its name."""
    fitting = [(len(one), title) for title, every in PANELS.items() for one in every if name.startswith(one)]
    return max(fitting)[1] if fitting else None


def _found(words: dict[str, str], name: str) -> str | None:
    """The entry in `words` for an input: for its whole name, or for the longest beginning of it."""
    fitting = [one for one in words if name == one or name.startswith(f"{one} ")]
    return words[max(fitting, key=len)] if fitting else None
