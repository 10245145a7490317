"""Blender's properties by their paths from a datablock, such as "cycles.samples" of a scene.

An update sets the properties that its change concerns, but only those that are still as they were set before.
Any other value is the user's.
"""

from collections.abc import Mapping
from typing import Any

import bpy

Values = Mapping[str, Any]  # by path


def owner_of(block: bpy.types.ID, path: str) -> tuple[Any, str]:
    """The owner of the property at the end of a path, and the property's name; None if the datablock has no
    such path."""
    head, _, name = path.rpartition(".")
    try:
        return (block.path_resolve(head) if head else block), name
    except ValueError:
        return None, name


def put(block: bpy.types.ID, path: str, value: Any) -> None:
    """Set a property."""
    setattr(*owner_of(block, path), value)


def set_changed(block: bpy.types.ID, old: Values, new: Values) -> None:
    """Set the properties that differ between the two, if they are still as they were set before."""
    for path, value in new.items():
        if path in old and same(old[path], value):
            continue
        if path not in old or same(getattr(*owner_of(block, path)), old[path]):
            put(block, path, value)


def same(value: Any, other: Any) -> bool:
    """Whether two values of a property are the same in single precision."""
    if isinstance(other, str) or other is None:
        return bool(value == other)
    pairs = zip(_numbers(value), _numbers(other), strict=True)
    return all(abs(one - another) <= 1e-7 + 1e-5 * abs(another) for one, another in pairs)


def _numbers(value):
    return tuple(value) if hasattr(value, "__len__") else (value,)
