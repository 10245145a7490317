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


def is_kept(name: str) -> bool:
    """Whether a group of this name is in the file, or cannot be."""
    return name in _seen.get(_file(), ())


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
        # Groups that are appended remember the file they come from; linked ones that become local do not.
        with bpy.data.libraries.load(_file(), link=True) as (there, wanted):
            names = list(there.node_groups)
            wanted.node_groups = list(names)
    except OSError:  # someone has emptied the temporary folder
        del _seen[_file()]
        return {}
    trees = dict(zip(map(tags.unnumbered, names), wanted.node_groups, strict=True))
    for tree in _users_first(list(trees.values())):
        tree.make_local()
        tree.name = tags.unnumbered(tree.name)
    for library in set(bpy.data.libraries) - before:
        bpy.data.libraries.remove(library)
    return trees


def _users_first(trees):
    """The groups, each after those that use it: of a linked group that becomes local while linked ones still
    use it, Blender makes a copy."""
    found: dict[bpy.types.NodeTree, None] = {}  # an ordered set: what is used before what uses it

    def visit(tree):
        for node in tree.nodes:
            if (used := getattr(node, "node_tree", None)) and used not in found:
                visit(used)
        found[tree] = None

    for tree in trees:
        if tree not in found:
            visit(tree)
    return reversed(found)
