"""The geometry-node groups of a scene, one in each file, and parts that several groups share.

A build makes each group once; all its objects share it. A product (i, j, k) is visited at its step, the sum
of stride · (index within the block) over its axes. It fades in while `Sweep` passes over [step, step + 1].
"""

import importlib
import pkgutil
from collections.abc import Callable

import bpy

from .. import tags
from . import store
from .formula import Group

PREFIX = "Matrix Cinema "

_groups = {}


def shared(make: Callable[[Group], bpy.types.NodeTree]) -> Callable[[], bpy.types.NodeTree]:
    """A decorator: the group is made when a build first uses it, and the whole build shares it."""
    name = PREFIX + make.__name__.replace("_", " ")

    def get():
        if tags.running is not None and not tags.shared("node_groups"):
            tags.share("node_groups", store.read())
        return tags.once("node_groups", name, lambda name: make(Group(name)))

    get.__doc__ = make.__doc__
    _groups[make.__name__] = get
    return get


def every_group() -> dict[str, Callable[[], bpy.types.NodeTree]]:
    """The functions that make the groups of this folder, by the name of the group."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f".{module.name}", __package__)
    return _groups


def node_group(name: str) -> bpy.types.NodeTree:
    """The node group of this name; see `Stage.group`."""
    return every_group()[name]()
