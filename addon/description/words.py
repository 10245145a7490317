"""What people are told of a description: label and tooltip of each field, in words.toml, by class and field.

The panel shows both. Editors show the tooltips, through the schema.
"""

import tomllib
from pathlib import Path
from typing import Any

FIELDS: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
CHOICES = FIELDS.pop("choices")
CHOICES["animation"] |= CHOICES["algorithm"]


def words_of(cls: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    """(label, tooltip, further options of Blender's property) of a field."""
    label, tooltip, *options = FIELDS[cls.__name__][name]
    return label, tooltip, dict(*options)
