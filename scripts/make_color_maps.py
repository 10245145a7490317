"""Write addon/look/color_maps.json: 256 sRGB colours of each map we ship, with its licence.

Development only (needs the `cmap` package); the extension reads the JSON.
"""

import colorsys
import json
import math
from pathlib import Path

# name here: (name in cmap, what it is for, credit)
MAPS = {
    "berlin": ("crameri:berlin", "signed", "Fabio Crameri, Scientific colour maps (MIT)"),
    "managua": ("crameri:managua", "signed", "Fabio Crameri, Scientific colour maps (MIT)"),
    "vik": ("crameri:vik", "signed", "Fabio Crameri, Scientific colour maps (MIT)"),
    "batlow": ("crameri:batlow", "unsigned", "Fabio Crameri, Scientific colour maps (MIT)"),
    "lajolla": ("crameri:lajolla", "unsigned", "Fabio Crameri, Scientific colour maps (MIT)"),
    "oslo_r": ("crameri:oslo_r", "unsigned", "Fabio Crameri, Scientific colour maps (MIT)"),
    "inferno": ("matplotlib:inferno", "unsigned", "N. Smith and S. van der Walt, matplotlib (CC0)"),
    "viridis": ("viridis", "unsigned", "N. Smith and S. van der Walt, matplotlib (CC0)"),
}


# mm's colours at its default settings; v is the magnitude, 0 to 1.
ZERO_HUE, HUE_GAP, HUE_SPREAD, MIN_LIGHT, MAX_LIGHT = 0.77, 0.74, 0.04, 0.4, 0.7


def mm_color(sign, v):
    """sRGB, 0 to 1, of a value of magnitude v: its hue by sign, its lightness by the square root of v."""
    hue = (ZERO_HUE + sign * HUE_GAP + HUE_SPREAD * sign * v) % 1.0
    return colorsys.hls_to_rgb(hue, MIN_LIGHT + (MAX_LIGHT - MIN_LIGHT) * math.sqrt(v), 1.0)


def mm_maps():
    """mm's own map, signed and for values that are never negative; 0 itself is not drawn."""
    places = [n / 255.0 for n in range(256)]
    signed = [mm_color(1.0 if x > 0.5 else -1.0, abs(2.0 * x - 1.0)) for x in places]
    credit = "colours of Basil Hosmer's mm, from its formulas"
    for name, use, colors in (
        ("mm", "signed", signed),
        ("mm_positive", "unsigned", [mm_color(1.0, x) for x in places]),
    ):
        rounded = [[round(255.0 * c) for c in color] for color in colors]
        yield name, {"use": use, "credit": credit, "colors": table(rounded)}


def lut_of(name):
    import cmap

    return (cmap.Colormap(name).lut(256)[:, :3] * 255.0).round().astype(int)


def table(lut):
    """256 colours as 16 lines of hexadecimal numbers."""
    colors = [f"{r:02x}{g:02x}{b:02x}" for r, g, b in lut]
    return [" ".join(colors[row:row + 16]) for row in range(0, 256, 16)]


def main():
    out = {name: {"use": use, "credit": credit, "colors": table(lut_of(source))}
           for name, (source, use, credit) in MAPS.items()}
    out |= mm_maps()
    path = Path(__file__).resolve().parent.parent / "addon" / "look" / "color_maps.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
