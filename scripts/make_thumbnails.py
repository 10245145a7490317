"""Renders examples/thumbnails: a small picture of every example, for the panel's gallery.

    python scripts/make_thumbnails.py [SCENE...] [--samples 8]

Without names, it renders the scenes that have no thumbnail yet. Type would be too small to be read, so it is
left out. Each scene is rendered by a process of its own, so that memory is given back. Needs Pillow.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
SIZE, QUALITY = (192, 108), 72
RENDERED = (384, 216)  # twice as large, so that edges come out smooth


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", type=Path)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return render(options.scenes[0], options.one, options.samples)
    missing = [path for path in sorted(EXAMPLES.rglob("*.toml")) if not thumbnail_of(path).exists()]
    failed = [scene for scene in options.scenes or missing if not make(scene.resolve(), options.samples)]
    for scene in failed:
        print(f"{scene}: failed")
    return 1 if failed else 0


def thumbnail_of(scene):
    """Where the picture of an example lies."""
    return EXAMPLES / "thumbnails" / scene.resolve().relative_to(EXAMPLES).with_suffix(".webp")


def make(scene, samples):
    """Whether the picture of a scene was made."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        words = [sys.executable, __file__, scene, "--one", picture, "--samples", str(samples)]
        if subprocess.run(words).returncode:
            return False
        place = thumbnail_of(scene)
        place.parent.mkdir(parents=True, exist_ok=True)
        small = Image.open(picture).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        small.save(place, quality=QUALITY, method=6)
    print(f"{place.relative_to(ROOT)}: {place.stat().st_size} bytes", flush=True)
    return True


def render(scene, picture, samples):
    """Render a scene without type to a PNG."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [path for path in sys.path if path != here]  # matrix_cinema.py there is not the package
    import matrix_cinema as mc

    asked = mc.load(scene)
    bare = dataclasses.replace(asked.look, title=False, formula=False, legend=False, labels=False)
    mc.render(dataclasses.replace(asked, look=bare), picture, size=RENDERED, samples=samples)


if __name__ == "__main__":
    sys.exit(main())
