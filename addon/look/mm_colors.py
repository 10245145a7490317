"""mm's own colours, from its formulas: hue by sign, lightness by the square root of the magnitude.

    hue = zero_hue + sign · hue_gap + hue_spread · sign · v   (mod 1)
    lightness = min_light + (max_light - min_light) · √v,   saturation 1

v is the magnitude, from 0 to 1. The name of a map with other settings than mm's own has these in it, as in
"mm(0.75, 0.75, 0.03, 0.2, 0.9)".
"""

import colorsys
import math
import re

import numpy as np

HUE_SETTINGS = ("zero_hue", "hue_gap", "hue_spread", "min_light", "max_light")
DEFAULTS = (0.77, 0.74, 0.04, 0.4, 0.7)
MAP_WORDS = {"mm": "signed", "mm_positive": "unsigned"}
_NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
_CALLED = re.compile(rf"(mm|mm_positive)\(({_NUMBER}(?:, {_NUMBER}){{4}})\)")


def mm_color(sign: float, v: float, settings: tuple[float, ...] = DEFAULTS) -> tuple[float, float, float]:
    """sRGB, 0 to 1, of a value of this sign (-1.0 or 1.0) and magnitude v, 0 to 1."""
    zero_hue, hue_gap, hue_spread, min_light, max_light = settings
    hue = (zero_hue + sign * hue_gap + hue_spread * sign * v) % 1.0
    return colorsys.hls_to_rgb(hue, min_light + (max_light - min_light) * math.sqrt(v), 1.0)


def mm_table(name: str, settings: tuple[float, ...] = DEFAULTS) -> np.ndarray:
    """The 256 colours, (256, 3) uint8, of "mm" from -1 to 1, or of "mm_positive" from 0 to 1."""
    places = [n / 255.0 for n in range(256)]
    if MAP_WORDS[name] == "signed":
        colors = [mm_color(1.0 if x > 0.5 else -1.0, abs(2.0 * x - 1.0), settings) for x in places]
    else:
        colors = [mm_color(1.0, x, settings) for x in places]
    return np.array([[round(255.0 * c) for c in color] for color in colors], np.uint8)


def called(name: str, settings: tuple[float, ...]) -> str:
    """The name of the map `name` with these settings; that of a map other than mm's stays."""
    if name not in MAP_WORDS or settings == DEFAULTS:
        return name
    return f"{name}({', '.join(repr(float(x)) for x in settings)})"


def parsed(name: str) -> tuple[str, tuple[float, ...]] | None:
    """("mm" or "mm_positive", settings) of a name that `called` made; None for any other, and for settings
    above 1."""
    match = _CALLED.fullmatch(name)
    if match is None:
        return None
    settings = tuple(float(x) for x in match[2].split(", "))
    return (match[1], settings) if max(settings) <= 1.0 else None
