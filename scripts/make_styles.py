"""Render three scenes in every style into docs/styles.jpg: a row for each style, a column for each scene.

    python scripts/make_styles.py [STYLE...]

Development only (needs Pillow); some ten minutes on two cores. What is rendered already is kept in
build/styles; the styles that are named, by default all, are looked at again.
"""

import sys
from pathlib import Path

import stills
from PIL import Image, ImageDraw, ImageFont
from stills import ROOT

BUILD = ROOT / "build" / "styles"
SCENES = ("textbook/01_two_by_three", "attention_head", "attention/06_grouped_query")
STYLES = ("studio_dark", "studio_light", "glass", "glow", "paper", "print", "mm")
SIZE, SAMPLES = (512, 288), 48
WIDTH, GAP, CAPTION = 512, 6, 22  # pixels on the sheet


def main():
    asked = sys.argv[1:] or STYLES
    BUILD.mkdir(parents=True, exist_ok=True)
    for style in asked:
        for scene in SCENES:
            stills.render(
                f"examples/{scene}.toml", picture(style, scene), SIZE, SAMPLES, "--style", style, check=True
            )
    stills.save(sheet(), ROOT / "docs" / "styles.jpg")


def picture(style, scene):
    return BUILD / f"{style} {Path(scene).name}.png"


def sheet():
    """All pictures, those that are not there yet left grey."""
    height = WIDTH * SIZE[1] // SIZE[0]
    across, down = (WIDTH + GAP) * len(SCENES) + GAP, (height + CAPTION + GAP) * len(STYLES) + GAP
    image = Image.new("RGB", (across, down), "#9a9da3")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    for row, style in enumerate(STYLES):
        y = GAP + row * (height + CAPTION + GAP)
        draw.text((GAP + 2, y), style.replace("_", " "), fill="white", font=font)
        for column, scene in enumerate(SCENES):
            if picture(style, scene).exists():
                one = Image.open(picture(style, scene)).convert("RGB").resize((WIDTH, height), Image.LANCZOS)
                image.paste(one, (GAP + column * (WIDTH + GAP), y + CAPTION))
    return image


if __name__ == "__main__":
    main()
