"""The choices of a field of a description in the panel: identifier, label and tooltip of each."""

import functools
from typing import Any

from ..description.scene import Look
from ..description.style import Style
from ..description.words import CHOICES
from ..look.color_maps import color_maps
from ..look.lights import RIGS
from ..look.styles import STYLES

# The identifier of the choice that a description writes as an empty string; Blender allows no empty one.
DEFAULT = "default"
# Of a number that is chosen by itself at 0: what it begins with when a person chooses it.
AUTOMATIC = "automatic"


def identifier(choice: object) -> str:
    """The identifier of a choice in Blender's property."""
    if isinstance(choice, bool):
        return "on" if choice else "off"
    return str(choice or DEFAULT)


def choice_of(field: Any, identifier: str) -> Any:
    """The choice of a description that has this identifier in Blender's property."""
    if field.type == bool | None:
        return {"on": True, "off": False}.get(identifier)
    return "" if identifier == DEFAULT else identifier


@functools.cache
def choices_of(cls: Any, field: Any) -> tuple[tuple[str, str, str], ...]:
    """(identifier, label, tooltip) of each choice of a field, or () for a field of free text."""
    if (cls, field.name) == (Look, "style"):
        return _described(STYLES)
    if (cls, field.name) == (Style, "light"):
        return _described(RIGS)
    if field.name in ("color_map", "probability_map"):
        return _color_map_choices("signed" if field.name == "color_map" else "unsigned")
    known = (None, True, False) if field.type == bool | None else field.metadata.get("choices") or ()
    words = CHOICES.get(field.name, {})
    return tuple((one, *words.get(one, (_titled(one), ""))) for one in map(identifier, known))


def _titled(name):
    return name.replace("_", " ").title()


def _described(table):
    """The entries of a table that say themselves what they are about."""
    return tuple((name, _titled(name), one.about[0].upper() + one.about[1:]) for name, one in table.items())


def _color_map_choices(use):
    """All colour maps; those for this use come first."""
    maps = color_maps()
    ordered = sorted(maps, key=lambda name: maps[name]["use"] != use)
    rows = [(name, _titled(name), f"{maps[name]['use'].title()}: {maps[name]['credit']}") for name in ordered]
    return ((DEFAULT, "Style's Own", "The map that belongs to the style"), *rows)
