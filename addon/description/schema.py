"""The JSON Schema of scene files, with which an editor completes and checks them.

It is made of the description's dataclasses: their types, the limits and choices of their options, and their
words. https://json-schema.org/draft-07
"""

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from .scene import MOST_BEATS, Beat, Scene, fields_of, kinds_of
from .style import Color
from .words import words_of

DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest one that editors of TOML know
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_COLOR = [
    {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
    {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 3, "maxItems": 3},
]


def scene_schema(names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The schema of a scene file. `names` are known names by field, such as those of styles, which an editor
    offers beside any other text."""
    return {"$schema": DRAFT, "title": "A scene of Matrix Cinema", **_table(Scene, names)}


def _table(cls, names):
    """The schema of a dataclass."""
    hints = typing.get_type_hints(cls)
    properties = {name: _field(cls, f, hints[name], names) for name, f in fields_of(cls).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _field(cls, field, hint, names):
    """The schema of a field of a dataclass."""
    told: dict[str, Any] = {"description": words_of(cls, field.name)[1]}
    if isinstance(field.default, (str, int, float)):
        told["default"] = field.default
    allowed = field.metadata
    if allowed.get("read") and hint is not str:
        hint = hint | str
    if str in kinds_of(hint) and (known := names.get(field.name)):
        return told | {"anyOf": [{"enum": list(known)}, {"type": "string"}]}
    ways = [one for part in kinds_of(hint) for one in _ways(part, allowed, names)]
    return told | (ways[0] if len(ways) == 1 else {"anyOf": ways})


def _ways(hint, allowed, names):
    """The schemas of one type; a colour has two."""
    if hint == Color:
        return _COLOR
    if dataclasses.is_dataclass(hint):
        return [_table(typing.get_origin(hint) or hint, names)]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is dict:
        return [{"type": "object", "additionalProperties": _table(inner[1], names)}]
    if origin is tuple:
        limits = {"low": allowed.get("low"), "high": allowed.get("high")}
        most = {"maxItems": MOST_BEATS} if inner[0] is Beat else {}
        return [{"type": "array", "items": _ways(inner[0], limits, names)[0], **most}]
    made: dict[str, Any] = {"type": _TYPES[hint]}
    if hint is str:
        made |= {"enum": list(allowed["choices"])} if allowed.get("choices") else {}
    elif hint is not bool:
        ends = {"minimum": allowed.get("low"), "maximum": allowed.get("high")}
        made |= {key: limit for key, limit in ends.items() if limit is not None}
    return [made]
