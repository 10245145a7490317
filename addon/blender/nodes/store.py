"""A file with the node groups that this process has made.

To make the groups takes more than a second, because Blender goes through the whole tree for every new link.
To read them from the file takes a fortieth of that.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import bpy

from .. import tags

_seen: dict[str, set[str]] = {}  # file -> names of the groups that are in it, or cannot be


def _file():
    return str(Path(bpy.app.tempdir) / "matrix_cinema_node_groups.blend")


def keep(groups: Mapping[str, bpy.types.NodeTree]) -> None:
    """Write the groups of a build, by name, if some of them are new and there is a place for the file."""
    new = groups.keys() - _seen.get(_file(), set())
    if not new:
        return
    # A group that refers to another datablock, such as a font, would bring a second copy of that.
    users = bpy.data.user_map()
    owners = {
        one for block, those in users.items() if not isinstance(block, bpy.types.NodeTree) for one in those
    }
    stored = {tree for tree in groups.values() if tree not in owners}
    with contextlib.suppress(OSError, RuntimeError):
        bpy.data.libraries.write(_file(), stored)
        _seen[_file()] = set(groups)


def read() -> dict[str, bpy.types.NodeTree]:
    """All groups in the file, by name, as new datablocks of the current Blender file."""
    if _file() not in _seen:
        return {}
    before = set(bpy.data.libraries)
    try:
        with bpy.data.libraries.load(_file()) as (there, wanted):
            names = list(there.node_groups)
            wanted.node_groups = list(names)
    except OSError:  # someone has emptied the temporary folder
        del _seen[_file()]
        return {}
    for library in set(bpy.data.libraries) - before:
        bpy.data.libraries.remove(library)
    return {tags.unnumbered(name): tree for name, tree in zip(names, _own(wanted.node_groups), strict=True)}


def _own(read):
    """Copies of the groups that were read: the originals would remember the file that they come from."""
    copies = [tree.copy() for tree in read]
    for tree, copy in zip(read, copies, strict=True):
        name = tags.unnumbered(tree.name)
        tree.user_remap(copy)
        tree.name = "read"
        copy.name = name
    bpy.data.batch_remove(read)
    return copies
