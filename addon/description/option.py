"""How the dataclasses of a description say which values a field allows, and what a change of it changes."""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

# What a change of a field changes in a built scene.
NOTHING = "nothing"  # what is told each render anew
SETTINGS = "settings"  # of rendering, in the Blender scene
LIGHT = "light"  # the world, and the lamps that stand
SIZES = "sizes"  # of the elements
MATERIALS = "materials"  # of the elements
COLORS = "colours"  # which colour maps are used
DRAWING = "drawing"  # all that is drawn; not where the camera and what is written stand, and no value
EVERYTHING = "everything"


def option(
    default: Any,
    *,
    choices: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
    read: Callable[[str], object] | None = None,
    infinite: bool = False,
    of: str = "",
    changes: str = EVERYTHING,
) -> Any:
    """A field of a description, with the values that it allows.

    `read(text)` makes a value of a text, where a text may be given in its place. `infinite` allows infinite
    numbers. A number that is a part of something says in `of` of what, for messages. `changes` is what has
    to be updated in a built scene when the field changes: one of the words above. Where a field says nothing,
    all is built anew, which is always right."""
    metadata = dict(choices=choices, low=low, high=high, read=read, infinite=infinite, of=of, changes=changes)
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)
