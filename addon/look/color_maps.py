"""Colour maps as committed tables: perceptually uniform and safe for colour-blind readers.

A map is 256 sRGB colours. A signed map has zero in the middle, an unsigned one at its start.
`scripts/make_color_maps.py` writes the tables, with the licence of each. mm's maps may be called with
settings of their own (`mm_colors`).
"""

import functools
import json
from pathlib import Path

import numpy as np

from ..errors import InputError, nearest
from .mm_colors import mm_table, parsed


@functools.cache
def color_maps():
    """name -> {"use": "signed" or "unsigned", "credit": str, "colors": rows of hex}."""
    return json.loads((Path(__file__).parent / "color_maps.json").read_text())


def color_map(name, where="color_map"):
    """The table of a map: (256, 3) uint8, sRGB. Raises InputError for an unknown name."""
    if parsed(name):
        return mm_table(*parsed(name))
    maps = color_maps()
    if name not in maps:
        raise InputError(f'{where}: unknown colour map "{name}"; {nearest(name, maps, "known maps")}')
    return np.frombuffer(bytes.fromhex("".join(maps[name]["colors"])), np.uint8).reshape(256, 3)


def zero_of(name):
    """The place of zero in the map: 0.5 for a signed map, 0 for an unsigned one."""
    name = parsed(name)[0] if parsed(name) else name
    return 0.5 if color_maps()[name]["use"] == "signed" else 0.0
