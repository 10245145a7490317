"""Render the film at the top of README.md into docs/ as an animated WebP.

Development only (needs Pillow); some minutes on two cores. What is rendered already is kept in
build/pictures, so that an interrupted run goes on where it stopped. The other pictures are made by
contact_sheet.py and make_styles.py.
"""

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "pictures"
SCENE = ROOT / "examples" / "attention_head.toml"
LIMIT = 390_000  # bytes


def render(*arguments):
    command = [Path(sys.executable).parent / "matrix-cinema", "render", SCENE, *map(str, arguments)]
    subprocess.run(command, check=True, cwd=ROOT)


def save(image, path, qualities, **options):
    """Write at the best of these qualities that keeps the file under the limit."""
    for quality in qualities:
        image.save(path, quality=quality, **options)
        if path.stat().st_size < LIMIT:
            return
    raise SystemExit(f"{path} does not get under {LIMIT} bytes")


def film():
    film = BUILD / "film.mp4"
    render("-o", film)
    paths = sorted(film.with_suffix(".frames").glob("*.png"))[::2]
    frames = [Image.open(path).convert("RGB") for path in paths]
    save(
        frames[0],
        ROOT / "docs" / "attention_head.webp",
        range(80, 10, -6),
        save_all=True,
        append_images=frames[1:],
        duration=[83] * (len(frames) - 1) + [1500],
        loop=0,
        method=4,
    )


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    film()
