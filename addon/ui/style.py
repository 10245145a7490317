"""The style in the panel: the parts of the chosen style, with the changes that a person made.

The menu of styles fills these properties; a description keeps only the differences from the named style.
"""

import dataclasses
from typing import Any

from ..description.scene import Scene
from ..description.style import Style, over
from ..look.styles import PLAIN, STYLES
from . import fields

# The fields that the panel shows, in groups. Other fields stand in [look], or stay as in the scene file.
RIG_FIELDS = ("light", "light_strength", "world", "environment", "environment_turn")
AIR_FIELDS = (
    ("background", "backdrop", "ground", "ground_color", "gloss", "haze"),
    ("exposure", "contrast", "view_transform"),
)
LOOK_FIELDS = (
    (
        "depth_of_field",
        "interior",
        "density",
        "roughness",
        "coat",
        "glow",
        "lit_glow",
        "front_glow",
        "bevel",
        "edges",
        "shading",
    ),
    ("zero_hue", "hue_gap", "hue_spread", "min_light", "max_light"),
)
STYLE_FIELDS = tuple(name for group in (RIG_FIELDS, *AIR_FIELDS, *LOOK_FIELDS) for name in group)


def fill(group: Any, scene: Scene) -> None:
    """Show the style of a description. Its style must be a named one, not a file."""
    show(group, over(STYLES.get(scene.look.style, PLAIN), scene.style))


def show(group: Any, style: Style) -> None:
    for name in STYLE_FIELDS:
        setattr(group, name, getattr(style, name))


def chosen(group: Any, name: str, before: Style) -> Style:
    """The changes that the panel makes to the style `name`, as a Style. `before` are the changes until
    now."""
    base = STYLES.get(name, PLAIN)
    changes = {
        field: changed_to(getattr(group, field), getattr(before, field), getattr(base, field))
        for field in STYLE_FIELDS
    }
    return dataclasses.replace(before, **changes)


def changed_to(value: Any, said: Any, own: Any) -> Any:
    """The value that a description keeps for a property: `said`, to the last digit, if it is still that; None
    if it is the style's or the rig's `own`; else the property's value."""
    if said is not None and fields.same(value, said):
        return said
    return None if fields.same(value, own) else fields.plain(value)


GROUP = fields.group("style", Style, STYLE_FIELDS, like=PLAIN)
