"""Renders every scene of some folders small, and puts the stills on one labelled sheet.

    python scripts/contact_sheet.py SHEET.png FOLDER... [--width 320] [--samples 12] [--columns 4]

Each scene is rendered by a process of its own, so that memory is given back. Needs Pillow.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import stills
from PIL import Image, ImageDraw, ImageFont

CAPTION, MARGIN = 20, 6  # pixels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sheet", type=Path)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of scene files, or scene files")
    parser.add_argument("--width", type=int, default=320, help="of one picture, in pixels")
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--columns", type=int, default=4)
    options = parser.parse_args()
    found = [scene for folder in options.folders for scene in scenes_in(folder)]
    size = (options.width, options.width * 9 // 16)
    with tempfile.TemporaryDirectory() as folder:
        stills = [(scene, still(scene, Path(folder), size, options.samples)) for scene in found]
        sheet_of(stills, size, options.columns).save(options.sheet)
    failed = [scene for scene, picture in stills if picture is None]
    print(f"{options.sheet}: {len(found)} scenes, {len(failed)} failed")
    return 1 if failed else 0


def scenes_in(path):
    """The scene files of a folder in the order of their names, or the one scene file."""
    return sorted(path.glob("*.toml")) if path.is_dir() else [path]


def still(scene, folder, size, samples):
    """The picture of a scene, or None when it could not be rendered."""
    out = folder / f"{scene.stem}.png"
    done = stills.render(scene, out, size, samples, capture_output=True, text=True)
    print(f"{scene.name}: {'done' if done.returncode == 0 else done.stderr.strip() or 'failed'}", flush=True)
    return Image.open(out).convert("RGB") if done.returncode == 0 else None


def sheet_of(stills, size, columns):
    """All pictures in rows, each with the name of its scene under it."""
    columns = min(columns, len(stills))
    cell = (size[0] + MARGIN, size[1] + CAPTION + MARGIN)
    rows = -(-len(stills) // columns)
    sheet = Image.new("RGB", (cell[0] * columns + MARGIN, cell[1] * rows + MARGIN), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for n, (scene, picture) in enumerate(stills):
        x, y = MARGIN + n % columns * cell[0], MARGIN + n // columns * cell[1]
        if picture is None:
            draw.rectangle((x, y, x + size[0], y + size[1]), fill="lightgray")
        else:
            sheet.paste(picture, (x, y))
        draw.text((x + 2, y + size[1] + 2), scene.stem.replace("_", " "), fill="black", font=font)
    return sheet


if __name__ == "__main__":
    sys.exit(main())
