"""The values in a node tree, set again without touching its nodes: so nothing has to be compiled anew."""

import bpy

from .values import same


def set_values(tree: bpy.types.NodeTree, old: bpy.types.NodeTree, new: bpy.types.NodeTree) -> None:
    """Set the values of `tree` that differ in two other trees, made for before and for now, unless they are
    no longer as in the old one. A tree of other nodes is a person's own and stays."""
    if not structure(tree) == structure(old) == structure(new):
        return
    for node, before, now in zip(tree.nodes, old.nodes, new.nodes, strict=True):
        for socket, was, wanted in zip(node.inputs, before.inputs, now.inputs, strict=True):
            value = getattr(wanted, "default_value", None)
            if (
                value is not None
                and not same(was.default_value, value)
                and same(socket.default_value, was.default_value)
            ):
                socket.default_value = value


def structure(tree: bpy.types.NodeTree) -> list[tuple]:
    """The nodes of a tree and how they are joined."""
    number = {node.name: n for n, node in enumerate(tree.nodes)}
    nodes: list[tuple] = [(node.bl_idname, getattr(node, "operation", "")) for node in tree.nodes]
    return nodes + sorted(
        (
            number[link.from_node.name],
            link.from_socket.identifier,
            number[link.to_node.name],
            link.to_socket.identifier,
        )
        for link in tree.links
    )
