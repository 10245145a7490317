"""What the scripts that make the pictures of the docs share. Development only (needs Pillow)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 390_000  # bytes of a picture in the docs


def render(scene, out, size, samples, *options, **more):
    """Render a scene file to a picture, by a process of its own so that memory is given back; returns the
    finished process, to which `more` goes. `size` is (width, height) in pixels."""
    command = [sys.executable, ROOT / "scripts" / "matrix_cinema.py", "render", scene, *options, "-o", out]
    command += ["--size", f"{size[0]}x{size[1]}", "--samples", samples, "--quiet"]
    return subprocess.run([str(part) for part in command], cwd=ROOT, **more)


def save(image, path):
    """Save a JPEG as well as LIMIT allows."""
    for quality in range(92, 40, -4):
        image.save(path, quality=quality, optimize=True)
        if path.stat().st_size < LIMIT:
            return
