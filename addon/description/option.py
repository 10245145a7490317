"""Options: for each field of a description, the values that it allows and what a change of it changes."""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

# What a built scene has to update after a change of a field.
NOTHING = "nothing"  # nothing in a built scene depends on the field; each render reads it anew
SETTINGS = "settings"  # of rendering, in the Blender scene
LIGHT = "light"  # the world, and the lamps that are there already
SIZES = "sizes"  # of the elements
MATERIALS = "materials"  # of the elements
COLORS = "colours"  # which colour maps are used
FILM = "film"  # camera, light, text, frames around entries, keys. Values stay, and matrices where possible
DRAWING = "drawing"  # all that is drawn. Values, the place of the camera and text stay
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

    `choices` are the allowed texts; `low` and `high` the limits of a number. If the value may also be given
    as a text, `read(text)` makes the value. `infinite` allows infinite numbers. `of` completes the limits in
    errors, such as "the frame" in "the most is 0.4 of the frame". `changes` is one of the words above.
    Without it everything is built anew, which is always right."""
    metadata = dict(choices=choices, low=low, high=high, read=read, infinite=infinite, of=of, changes=changes)
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)
