"""Write addon/look/color_maps.json: 256 sRGB colours of each map we ship, with its licence.

Development only (needs the `cmap` package); the extension reads the JSON.
"""

import json
from pathlib import Path

import cmap

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


def table(name):
    lut = (cmap.Colormap(name).lut(256)[:, :3] * 255.0).round().astype(int)
    colors = [f"{r:02x}{g:02x}{b:02x}" for r, g, b in lut]
    return [" ".join(colors[row:row + 16]) for row in range(0, 256, 16)]


def main():
    out = {name: {"use": use, "credit": credit, "colors": table(source)}
           for name, (source, use, credit) in MAPS.items()}
    path = Path(__file__).resolve().parent.parent / "addon" / "look" / "color_maps.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
