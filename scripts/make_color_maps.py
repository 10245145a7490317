"""Write addon/look/color_maps.json: 256 sRGB colours of each map we ship, with its licence.

Development only (needs the `cmap` package); the extension reads the JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from addon.look.mm_colors import NAMES, mm_table  # noqa: E402

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


# Printing inks, sRGB: a tint of one is what its halftone dots and the white paper between them make.
BLUE, VERMILION, BLACK = (11, 83, 148), (191, 54, 12), (20, 20, 20)
FAINTEST = 95  # lightness of the faintest tint, which can still be told from paper
DIMMEST = 22  # lightness of the dimmest light, which can still be told from a dark studio
# Lamps, sRGB: on black, what is less is the same lamp dimmed, so that what overlaps adds up.
AZURE, AMBER = (40, 120, 255), (255, 112, 20)
# Bluish green, which is told from both blue and orange by those who see red and green alike (Okabe and Ito
# 2008): from pale to dark, and as a lamp that gets brighter. Probabilities have it, and nothing else does.
JADE = ((240, 246, 243), (164, 217, 196), (82, 177, 141), (14, 126, 95), (0, 77, 60), (0, 42, 34))
JADE_LAMP = (120, 255, 205)
# The part of vik, on either side of its middle, whose ends are not yet dark: they stay colours in shadow.
BRIGHT = 0.62


def mm_maps():
    """mm's own map, signed and for values that are never negative; 0 itself is not drawn."""
    credit = "colours of Basil Hosmer's mm, from its formulas"
    for name, use in NAMES.items():
        yield name, {"use": use, "credit": credit, "colors": table(mm_table(name))}


def ink_maps():
    """Maps of tints of one ink on white paper, and of two."""
    credit = "tints of printing inks, computed by scripts/make_color_maps.py (CC0)"
    signed = np.concatenate([tints(BLUE, 128)[::-1], tints(VERMILION, 128)])
    for name, use, colors in (("two_inks", "signed", signed), ("one_ink", "unsigned", tints(BLACK, 256))):
        yield name, {"use": use, "credit": credit, "colors": table(colors)}


def light_map():
    """A map of two lamps, each from dark to its full brightness in even steps of lightness."""
    credit = "dimmed lamps, computed by scripts/make_color_maps.py (CC0)"
    sides = []
    for lamp in (AZURE, AMBER):
        linear = decoded(np.array(lamp) / 255)
        part = luminance(np.linspace(0, lightness(linear), 128)) / (linear @ LUMINANCE)
        sides.append((255 * encoded(part[:, None] * linear)).round().astype(int))
    return {"use": "signed", "credit": credit, "colors": table(np.concatenate([sides[0][::-1], sides[1]]))}


def jade_maps():
    """Maps for probabilities: on a light ground from pale to dark, on a dark one from dark to bright."""
    credit = "one bluish green, computed by scripts/make_color_maps.py (CC0)"
    lamp = decoded(np.array(JADE_LAMP) / 255)
    part = luminance(np.linspace(DIMMEST, lightness(lamp), 256)) / (lamp @ LUMINANCE)
    dimmed = (255 * encoded(part[:, None] * lamp)).round().astype(int)
    for name, colors in (("jade", even_ramp(JADE, 256)), ("jade_lamp", dimmed)):
        yield name, {"use": "unsigned", "credit": credit, "colors": table(colors)}


def even_ramp(anchors, count):
    """`count` colours along anchors (sRGB, 0 to 255), in even steps of lightness: (count, 3)."""
    fine = np.linspace(0, len(anchors) - 1, 4096)
    colors = np.stack(
        [np.interp(fine, range(len(anchors)), channel) for channel in zip(*anchors, strict=True)], axis=1
    )
    light = np.array([lightness(color) for color in decoded(colors / 255)])
    at = np.interp(-np.linspace(light[0], light[-1], count), -light, fine)
    return np.stack([np.interp(at, fine, channel) for channel in colors.T], axis=1).round().astype(int)


def bright_map(lut):
    """The middle of a signed map (256, 3), stretched to the whole of one."""
    place = 127.5 + (np.arange(256) - 127.5) * BRIGHT
    colors = np.stack([np.interp(place, np.arange(256), lut[:, n]) for n in range(3)], axis=1)
    credit = "the middle of vik, of Fabio Crameri's Scientific colour maps (MIT)"
    return {"use": "signed", "credit": credit, "colors": table(colors.round().astype(int))}


def tints(ink, count):
    """`count` tints of an ink (sRGB, 0 to 255), from the faintest on, in even steps of lightness: (count, 3).

    A halftone's reflectance is the mean of ink and paper by area (Murray-Davies), in linear light; the
    area is found for lightness L* (CIE 15) down to that of the ink.
    """
    linear = decoded(np.array(ink) / 255)
    reflectance = luminance(np.linspace(FAINTEST, lightness(linear), count))
    area = (1 - reflectance) / (1 - linear @ LUMINANCE)
    mixed = (1 - area)[:, None] + area[:, None] * linear
    return (255 * encoded(mixed)).round().astype(int)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def lightness(linear):
    y = float(linear @ LUMINANCE)
    return 116 * y ** (1 / 3) - 16 if y > 216 / 24389 else y * 24389 / 27


def luminance(light):
    """The Y of a lightness L*, which `lightness` turns back."""
    return np.where(light > 8, ((light + 16) / 116) ** 3, light * 27 / 24389)


def decoded(c):
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def encoded(c):
    return np.where(c <= 0.0031308, c * 12.92, 1.055 * np.clip(c, 0, 1) ** (1 / 2.4) - 0.055)


def lut_of(name):
    import cmap

    return (cmap.Colormap(name).lut(256)[:, :3] * 255.0).round().astype(int)


def table(lut):
    """256 colours as 16 lines of hexadecimal numbers."""
    colors = [f"{r:02x}{g:02x}{b:02x}" for r, g, b in lut]
    return [" ".join(colors[row : row + 16]) for row in range(0, 256, 16)]


def main():
    out = {
        name: {"use": use, "credit": credit, "colors": table(lut_of(source))}
        for name, (source, use, credit) in MAPS.items()
    }
    out["vik_bright"] = bright_map(lut_of(MAPS["vik"][0]))
    out["two_lights"] = light_map()
    out |= ink_maps()
    out |= jade_maps()
    out |= mm_maps()
    path = ROOT / "addon" / "look" / "color_maps.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
