"""The values in a node tree, set again without touching its nodes: so nothing has to be compiled anew."""

from collections.abc import Callable
from typing import Any

import bpy

from .nodes.formula import Field, Formula, Outputs, socket_of
from .property_paths import same

Write = Callable[[Formula], None]


def set_values(tree: bpy.types.NodeTree, old: Write, new: Write) -> None:
    """Set the values in which the tree of `new` differs from that of `old`, which wrote this tree. A value
    that is no longer as it was written stays. If the nodes are not those of both, a person changed the tree,
    and all of it stays."""
    try:
        before, after = Read(tree).values(old), Read(tree).values(new)
    except DiffersError:
        return
    for socket, was, wanted in ((a, b, d) for (a, b), (_, d) in zip(before, after, strict=True)):
        if not same(was, wanted) and same(socket.default_value, was):
            socket.default_value = wanted


class DiffersError(Exception):
    """A formula would write another tree."""


class Read(Formula):
    """A formula that writes nothing, but compares itself with the tree that it wrote, node by node."""

    def __init__(self, tree: bpy.types.NodeTree):
        super().__init__(self)
        self.nodes, self.links = self, self  # of which it asks for new ones
        self._nodes = iter(tree.nodes)
        self._values: list[tuple[Any, Any]] = []
        self._sources = {link.to_socket: link.from_socket for link in tree.links}

    def values(self, write: Write) -> list[tuple[Any, Any]]:
        """The constants that are written: (socket, value). Raises DiffersError for another tree."""
        write(self)
        if next(self._nodes, None) is not None:
            raise DiffersError
        return self._values

    def new(self, *asked: Any) -> Any:
        """The next node of the tree, which has to be of this kind; or nothing, for a link that is there."""
        if len(asked) == 1:
            node = next(self._nodes, None)
            if node is None or node.bl_idname != asked[0]:
                raise DiffersError
            return node
        source, socket = asked
        if self._sources.get(socket) != source:
            raise DiffersError
        return None

    def node(self, kind: str, inputs: Any = None, **options: Any) -> Any:
        node = self.new(kind)
        if any(getattr(node, key) != value for key, value in options.items()):
            raise DiffersError
        for key, value in (inputs or {}).items():
            self._connect(socket_of(node.inputs, key), value)
        return Outputs(self, node)

    def _connect(self, socket, value):
        if isinstance(value, Field):
            self.new(value.socket, socket)
        elif socket in self._sources:
            raise DiffersError
        else:
            self._values.append((socket, value))

    def finish(self) -> Any:
        return self
