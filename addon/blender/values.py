"""Properties of Blender's by their paths from an owner, such as "cycles.samples" of a scene.

An update sets those that its change changes, and of these what still is as it was set before: anything else
is the user's.
"""

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]  # by path


def put(owner: Any, path: str, value: Any) -> None:
    """Set a property."""
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    setattr(owner, name, value)


def take(owner: Any, path: str) -> Any:
    """What a property is."""
    for part in path.split("."):
        owner = getattr(owner, part)
    return owner


def set_changed(owner: Any, old: Values, new: Values) -> None:
    """Set the properties that differ in the two, unless they are not as they were set before."""
    for path, value in new.items():
        if path not in old or (not same(old[path], value) and same(take(owner, path), old[path])):
            put(owner, path, value)


def same(value: Any, other: Any) -> bool:
    """Whether two values of a property are the same in single precision."""
    if isinstance(other, str) or other is None:
        return bool(value == other)
    pairs = zip(_numbers(value), _numbers(other), strict=True)
    return all(abs(one - another) <= 1e-7 + 1e-5 * abs(another) for one, another in pairs)


def _numbers(value):
    return tuple(value) if hasattr(value, "__len__") else (value,)
