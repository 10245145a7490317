"""The differences between two descriptions, and what has to be updated in a built scene for them.

The `option` of each field names what a change of the field changes. A field that names nothing changes
everything.
"""

import dataclasses
from typing import Any

from .option import EVERYTHING
from .scene import Scene, fields_of


def changes(before: Scene, after: Scene) -> frozenset[str]:
    """What has to be updated to turn a scene built from `before` into one built from `after`: words of
    `option`, such as "light". The folder of a description's files is not compared."""
    return frozenset(differing(before, after).values())


def differing(before: Any, after: Any, path: str = "") -> dict[str, str]:
    """The fields in which two descriptions differ, such as "light.key.size" -> the word of `option` for
    it."""
    found: dict[str, str] = {}
    for f in fields_of(before).values():
        old, new = getattr(before, f.name), getattr(after, f.name)
        if dataclasses.is_dataclass(old):
            found |= differing(old, new, f"{path}{f.name}.")
        elif isinstance(old, dict) and old.keys() == new.keys():
            for name in old:
                found |= differing(old[name], new[name], f"{path}{f.name}.{name}.")
        elif old != new:
            found[path + f.name] = f.metadata.get("changes", EVERYTHING)
    return found
