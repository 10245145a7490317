"""The lamps in the panel: key, fill and rim light of the rig, with the changes that a person made.

The chosen rig fills these properties; a description keeps only the differences from it.
"""

import dataclasses
import math
from typing import Any

import bpy

from ..description.light import LampOptions, Light
from ..look.lights import RIGS, direction, lamps_of, place_at
from ..look.srgb import encoded
from . import fields, style

LAMP_NAMES = tuple(f.name for f in dataclasses.fields(Light))
LAMP_FIELDS = tuple(f.name for f in dataclasses.fields(LampOptions))


def fill(settings: Any, light: Light, rig: str) -> None:
    """Show the lamps of a description whose style has this rig."""
    settings.lamps.clear()
    shining = {lamp.name for lamp in lamps_of(RIGS[rig], light)}
    for name in LAMP_NAMES:
        item, said, own = settings.lamps.add(), getattr(light, name), _own(name, rig)
        item.name = name.capitalize()
        item.on = item.name in shining and said.strength != 0.0
        said = dataclasses.replace(said, strength=said.strength or None)  # if off, what it would have
        for field in LAMP_FIELDS:
            value = getattr(said, field)
            setattr(item, field, getattr(own, field) if value is None else value)
    settings.rig = rig


def chosen(settings: Any, before: Light) -> Light:
    """The lamps that the panel changes, compared with its rig; `before` are the lamps of the scene until
    now."""
    if not settings.lamps:
        return before
    found = {
        name: _said(item, name, settings.rig, getattr(before, name))
        for name, item in zip(LAMP_NAMES, settings.lamps, strict=True)
    }
    return Light(**found)


def follow(scene: bpy.types.Scene) -> None:
    """Show the lamps of the rig of the panel's style, and keep what was changed of them."""
    settings = scene.matrix_cinema_panel
    if settings.lamps and settings.rig != settings.style.light:
        with fields.filling():
            fill(settings, chosen(settings, Light()), settings.style.light)


def _said(item, name, rig, before):
    there = item.name in {lamp.name for lamp in RIGS[rig].lamps}
    if not item.on:
        return dataclasses.replace(before, strength=0.0) if there or before != LampOptions() else before
    own = _own(name, rig)
    said = {
        key: style.changed_to(getattr(item, key), getattr(before, key), getattr(own, key))
        for key in LAMP_FIELDS
    }
    if not there and said["strength"] is None:  # once one of its values is set, the lamp appears
        said["strength"] = own.strength
    return LampOptions(**said)


def _own(name, rig):
    """What the rig says of a lamp; the studio if the rig lacks it."""
    lamps = {lamp.name.lower(): lamp for lamp in (*RIGS["studio"].lamps, *RIGS[rig].lamps)}
    azimuth, elevation = map(math.degrees, direction(lamps[name].place))
    return LampOptions(
        lamps[name].strength, encoded(lamps[name].color), lamps[name].width, azimuth, elevation
    )


def _direction(item):
    """The direction of a lamp, relative to the camera: right, up, towards the camera."""
    return place_at(math.radians(item.azimuth), math.radians(item.elevation))


def _turn(item, direction):
    right, up, back = direction
    with fields.filling():
        item.azimuth = math.degrees(math.atan2(right, back))
    item.elevation = math.degrees(math.asin(min(max(up, -1.0), 1.0)))


LAMP_GROUP = fields.group("lamp", LampOptions, like=LampOptions(1.0, (1.0, 1.0, 1.0), 0.5, 0.0, 0.0))
LAMP_GROUP.__annotations__ |= {
    "on": fields.setting(bpy.props.BoolProperty, "On", "Whether it shines", default=True),
    "direction": bpy.props.FloatVectorProperty(
        name="Direction",
        description="Direction of the lamp as the camera sees it: drag the ball",
        subtype="DIRECTION",
        options=fields.STILL,
        get=_direction,
        set=_turn,
    ),
}
PROPERTIES = {
    "lamps": bpy.props.CollectionProperty(type=LAMP_GROUP, description="Key, fill and rim light"),
    "lamp": bpy.props.IntProperty(min=0, options={"SKIP_SAVE"}, description="The lamp that is shown"),
    "rig": bpy.props.StringProperty(options=fields.STILL, description="The rig whose lamps are shown"),
}
CLASSES = (LAMP_GROUP,)


def register() -> None:
    fields.listeners.insert(0, follow)  # first, before the change takes effect


def unregister() -> None:
    fields.listeners.remove(follow)
