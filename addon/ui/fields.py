"""Properties made from the dataclasses of a description, and values from these properties."""

import contextlib
import dataclasses
import typing
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from ..description.style import Color
from ..description.words import words_of
from .wording import AUTOMATIC, choice_of, choices_of, identifier

STILL: set = set()  # options of a property without keyframes, which would have no effect
listeners: list[
    Callable[[bpy.types.Scene], None]
] = []  # called when a person has changed the panel of a scene
_filling = False


def changed(group: Any, _context: Any = None) -> None:
    """Every property calls this after a change. It calls the listeners, but not while the panel is being
    filled (`filling`)."""
    if not _filling:
        for listener in listeners:
            listener(group.id_data)


@contextlib.contextmanager
def filling() -> Iterator[None]:
    """A block in which code fills the panel; changes in it are not reported as changes by a person."""
    global _filling
    before, _filling = _filling, True
    try:
        yield
    finally:
        _filling = before


def setting(kind: Any, name: str, description: str, **options: Any) -> Any:
    """A property of the panel. It takes no keyframes, and the listeners are called after a change."""
    return kind(**{"name": name, "description": description, "options": STILL, "update": changed} | options)


def group(name: str, cls: Any, names: Collection[str] | None = None, like: Any = None, **more: Any) -> Any:
    """A property group with the fields of a dataclass, or only those in `names`; see `field_property`. `more`
    maps the name of a field to further options of its property."""
    made = type(f"MATRIX_CINEMA_PG_{name}", (bpy.types.PropertyGroup,), {})
    names = [f.name for f in dataclasses.fields(cls) if names is None or f.name in names]
    made.__annotations__ = {one: field_property(cls, one, like, **more.get(one, {})) for one in names}
    begins = {name: words_of(cls, name)[2].get(AUTOMATIC) for name in names}
    made.__annotations__ |= {switch_of(name): _switch(name, start) for name, start in begins.items() if start}
    return made


def switch_of(name: str) -> str:
    """The property that says whether a number is chosen by itself, which it is at 0; few have one."""
    return f"{AUTOMATIC}_{name}"


def _switch(name, start):
    return bpy.props.BoolProperty(
        name="Automatic",
        description="Chosen by itself; without, the number is yours",
        options=STILL,
        get=lambda group: not getattr(group, name),
        set=lambda group, on: setattr(group, name, 0.0 if on else start),
    )


def searched(names: Callable[[Any, bpy.types.Context], Iterable[str]]) -> Callable:
    """The search of a text property: those of `names(group, context)` that contain the typed text."""
    return lambda group, context, text: [one for one in names(group, context) if text.lower() in one.lower()]


def choices(cls: Any, name: str) -> tuple[tuple[str, str, str], ...]:
    """(identifier, label, tooltip) of each choice of a field, by its name."""
    return choices_of(cls, cls.__dataclass_fields__[name])


def field_property(cls: Any, name: str, like: Any = None, **more: Any) -> Any:
    """The property for a field of a dataclass. Its default is the class's, or the value of `like`. `more` are
    further options of the property."""
    field, default = cls.__dataclass_fields__[name], getattr(like or cls, name)
    label, tooltip, options = words_of(cls, name)
    options.pop(AUTOMATIC, None)
    kinds = {bool: bpy.props.BoolProperty, str: bpy.props.StringProperty, int: bpy.props.IntProperty}
    kind: Any = kinds.get(type(default), bpy.props.FloatProperty)
    own: dict[str, Any] = {}
    if known := choices_of(cls, field):
        kind, default, own = bpy.props.EnumProperty, identifier(default), {"items": known}
    elif Color in typing.get_args(field.type):
        kind, own = bpy.props.FloatVectorProperty, {"subtype": "COLOR_GAMMA", "min": 0.0, "max": 1.0}
    limits = {"min": field.metadata.get("low"), "max": field.metadata.get("high")}
    own |= {key: limit for key, limit in limits.items() if limit is not None}
    return setting(kind, label, tooltip, default=default, **own | options | more)


def show(group: Any, table: Any, names: Iterable[str]) -> None:
    """Set the properties of a group to these fields of a table of a description."""
    cls: Any = type(table)
    for f in dataclasses.fields(cls):
        if f.name in names:
            value = getattr(table, f.name)
            try:
                setattr(group, f.name, identifier(value) if choices_of(cls, f) else value)
            except (TypeError, ValueError):  # such as a style of a newer version: the property stays
                group.property_unset(f.name)


def taken(group: Any, table: Any, names: Iterable[str]) -> Any:
    """A table with these fields as the properties have them. A field that nobody changed keeps its value to
    the last digit."""
    found = {
        f.name: _value(group, type(table), f, getattr(table, f.name))
        for f in dataclasses.fields(table)
        if f.name in names
    }
    return dataclasses.replace(table, **found)


def _value(group, cls, field, before):
    if not group.is_property_set(field.name):
        return before
    value = getattr(group, field.name)
    if isinstance(before, float):
        return before if same(value, before) else plain(value)
    return choice_of(field, value) if choices_of(cls, field) else value


def same(value: Any, other: Any) -> bool:
    """Whether a property has the value `other`, in single precision."""
    if isinstance(other, str):
        return value == other
    return bool((np.float32(value) == np.float32(other)).all())


def plain(value: Any) -> Any:
    """The value of a property as a description writes it, with no more digits than it has."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float(str(np.float32(value)))
    return tuple(round(255 * min(max(channel, 0.0), 1.0)) / 255 for channel in value)
