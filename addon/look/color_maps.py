"""Colour maps as committed tables: perceptually uniform and safe for colour-blind readers.

A map is 256 sRGB colours. A signed map has zero in the middle, an unsigned one at its start.
`scripts/make_color_maps.py` writes the tables, with the licence of each. The names of mm's maps may have
settings in them (`mm_colors`); these maps are computed.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .mm_colors import mm_table, parsed


@functools.cache
def color_maps() -> dict[str, dict[str, Any]]:
    """name -> {"use": "signed" or "unsigned", "credit": str, "colors": rows of hex}."""
    return json.loads((Path(__file__).parent / "color_maps.json").read_text())


def color_map(name: str, where: str = "color_map") -> np.ndarray:
    """The table of a map: (256, 3) uint8, sRGB. Raises InputError for an unknown name."""
    if (with_settings := parsed(name)) is not None:
        return mm_table(*with_settings)
    maps = color_maps()
    if name not in maps:
        raise InputError(f'{where}: unknown colour map "{name}"; {nearest(name, maps, "known maps")}')
    return np.frombuffer(bytes.fromhex("".join(maps[name]["colors"])), np.uint8).reshape(256, 3)


def zero_of(name: str) -> float:
    """The place of zero in a known map, in parts of its length: 0.5 for a signed map, 0 for an unsigned
    one."""
    with_settings = parsed(name)
    name = with_settings[0] if with_settings else name
    return 0.5 if color_maps()[name]["use"] == "signed" else 0.0
