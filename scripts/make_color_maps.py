"""Write addon/look/color_maps.json: 256 sRGB colours of each map we ship, with its licence.

Development only (needs the `cmap` package); the extension reads the JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from addon.look.mm_colors import MAP_WORDS, mm_table  # noqa: E402
from addon.look.srgb import linear_light  # noqa: E402

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
BLUE, ORANGE, BLACK = (0, 70, 200), (196, 84, 0), (20, 20, 20)
FAINTEST, FAINTEST_BLACK = 92, 86  # lightness of the faintest tints, which can still be told from paper
# Maps in OKLab (Ottosson 2020), as (lightness, chroma, hue in degrees). Maps of signed values run from their
# negative end over a grey zero to their positive end. Maps of probabilities are a bluish green. Those who see
# red and green alike see it as nearly grey, and blue and orange not. On a light background values get darker,
# on a dark one lighter, and a probability goes on beyond where signed values end. Zero differs from the
# background, so that it can be seen.
SIGNED_MAPS = {
    "sky_clay": ((0.57, 0.17, 258.0), 0.87, (0.61, 0.155, 52.0)),
    "ice_ember": ((0.69, 0.155, 255.0), 0.48, (0.74, 0.165, 55.0)),
    "two_lights": ((0.6, 0.19, 260.0), 0.3, (0.71, 0.17, 51.0)),  # lamps on black
}
GREEN = 165.0  # hue of probabilities
PROBABILITY_MAPS = {"jade": (0.87, 0.16, 0.07, 0.4), "jade_lamp": (0.45, 0.97, 0.11, 0.75)}


def mm_maps():
    """mm's own map, signed and for values that are never negative; 0 itself is not drawn."""
    credit = "colours of Basil Hosmer's mm, from its formulas"
    for name, use in MAP_WORDS.items():
        yield name, {"use": use, "credit": credit, "colors": table(mm_table(name))}


def ink_maps():
    """Maps of tints of one ink on white paper, and of two."""
    credit = "tints of printing inks, computed by scripts/make_color_maps.py (CC0)"
    signed = np.concatenate([tints(BLUE, 128)[::-1], tints(ORANGE, 128)])
    black = tints(BLACK, 256, FAINTEST_BLACK)
    for name, use, colors in (("two_inks", "signed", signed), ("one_ink", "unsigned", black)):
        yield name, {"use": use, "credit": credit, "colors": table(colors)}


def even_maps():
    """Maps in even steps of lightness, signed and for probabilities."""
    credit = "even steps in OKLab, computed by scripts/make_color_maps.py (CC0)"
    for name, (negative, zero, positive) in SIGNED_MAPS.items():
        sides = [
            oklch(np.linspace(zero, light, 128), np.linspace(0.0, chroma, 128), hue)
            for light, chroma, hue in (negative, positive)
        ]
        colors = np.concatenate([sides[0][::-1], sides[1]])
        yield name, {"use": "signed", "credit": credit, "colors": table(colors)}
    for name, (first, last, chroma, most) in PROBABILITY_MAPS.items():
        at = np.linspace(0.0, 1.0, 256)
        part = np.interp(at, (0.0, most, 1.0), (0.1, 1.0, 0.3))  # of the chroma, which is most in between
        colors = oklch(np.linspace(first, last, 256), chroma * part, GREEN)
        yield name, {"use": "unsigned", "credit": credit, "colors": table(colors)}


def oklch(light, chroma, hue):
    """sRGB, 0 to 255, of colours in OKLab (Ottosson 2020) of one hue in degrees: (n, 3)."""
    across = np.radians(hue)
    lab = np.stack([light, chroma * np.cos(across), chroma * np.sin(across)], axis=1)
    linear = (lab @ np.linalg.inv(OKLAB).T) ** 3 @ np.linalg.inv(CONES).T
    if linear.min() < -0.005 or linear.max() > 1.005:
        raise ValueError(f"hue {hue:g} has no such chroma on a screen")
    return (255 * encoded(np.clip(linear, 0.0, 1.0))).round().astype(int)


# From linear sRGB to cones, and from their cube roots to OKLab.
CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
OKLAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip


def tints(ink, count, faintest=FAINTEST):
    """`count` tints of an ink (sRGB, 0 to 255), from the `faintest` on, in even steps of lightness.
    (count, 3).

    A halftone reflects the mean of ink and paper by area, in linear light (Murray-Davies). The area of ink is
    found for each lightness L* (CIE 15), down to that of the ink itself.
    """
    linear = linear_light(np.array(ink) / 255)
    reflectance = luminance(np.linspace(faintest, lightness(linear), count))
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
    out |= ink_maps()
    out |= even_maps()
    out |= mm_maps()
    path = ROOT / "addon" / "look" / "color_maps.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
