"""Colour maps as committed tables: perceptually uniform and safe for colour-blind readers.

A map is 256 sRGB colours. A signed map has zero in the middle, an unsigned one at its start.
`scripts/make_color_maps.py` writes the tables, with the licence of each. mm's maps may be called with
settings of their own (`mm_colors`).
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
    if (own := parsed(name)) is not None:
        return mm_table(*own)
    maps = color_maps()
    if name not in maps:
        raise InputError(f'{where}: unknown colour map "{name}"; {nearest(name, maps, "known maps")}')
    return np.frombuffer(bytes.fromhex("".join(maps[name]["colors"])), np.uint8).reshape(256, 3)


def zero_of(name: str) -> float:
    """The place of zero in the map: 0.5 for a signed map, 0 for an unsigned one."""
    own = parsed(name)
    name = own[0] if own else name
    return 0.5 if color_maps()[name]["use"] == "signed" else 0.0
