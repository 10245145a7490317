"""Our node groups as assets, for a person to use in other node trees.

They are written to a .blend. Their inputs are grouped in panels, and each has a tooltip. The groups of a
build are not changed.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..blender.nodes import PREFIX, node_group
from ..blender.rebuild import apart
from .files import written_whole

FILE, CATALOGS = "matrix_cinema_nodes.blend", "blender_assets.cats.txt"
CATALOG = "6a1f2a0e-4c0e-5d57-9b5e-6d6174726978"  # any fixed UUID
ASSET_TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
OFFERED, PANELS = ASSET_TEXTS["offered"], ASSET_TEXTS["panels"]
STEP_VECTORS, HINTS = ASSET_TEXTS["step_vectors"], ASSET_TEXTS["hints"]


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
