"""The geometry-node groups of a scene, one a file, and what several of them have in common.

A group is made once in a build and shared by all of its objects. The fields follow the design: a product (i,
j, k) is visited at step `stride · local index within its block` and fades in while `Sweep` passes over [step,
step + 1].
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
    """Make a group when it is first used in a build; all of the build shares it."""
    name = PREFIX + make.__name__.replace("_", " ")

    def get():
        if tags.running is not None and not tags.shared("node_groups"):
            tags.share("node_groups", store.read())
        return tags.once("node_groups", name, lambda name: make(Group(name)))

    get.__doc__ = make.__doc__
    _groups[make.__name__] = get
    return get


def every_group() -> dict[str, Callable[[], bpy.types.NodeTree]]:
    """What makes each of the groups in the files of this folder, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f".{module.name}", __package__)
    return _groups


def node_group(name: str) -> bpy.types.NodeTree:
    """The node group of this name, such as a kind has as its `group`."""
    return every_group()[name]()
