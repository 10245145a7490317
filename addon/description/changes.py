"""What differs between two descriptions, and what that changes in a built scene.

Each field says in its `option` what it changes; one that says nothing changes everything.
"""

import dataclasses
from typing import Any

from .option import EVERYTHING
from .scene import Scene


def changes(before: Scene, after: Scene) -> frozenset[str]:
    """What has to be updated in a scene built from `before` so that it is as one built from `after`: words of
    `option`, such as "light". Where the files of a description are does not count."""
    return frozenset(differing(before, after).values())


def differing(before: Any, after: Any, path: str = "") -> dict[str, str]:
    """The fields in which two tables of a description differ, such as "light.key.size", with what each
    changes."""
    found: dict[str, str] = {}
    for f in dataclasses.fields(before):
        old, new = getattr(before, f.name), getattr(after, f.name)
        if dataclasses.is_dataclass(old):
            found |= differing(old, new, f"{path}{f.name}.")
        elif isinstance(old, dict) and old.keys() == new.keys():
            for name in old:
                found |= differing(old[name], new[name], f"{path}{f.name}.{name}.")
        elif old != new and f.name != "folder":
            found[path + f.name] = f.metadata.get("changes", EVERYTHING)
    return found
