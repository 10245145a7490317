"""Render the picture at the top of README.md, and the sheet of its film's beats in docs/films.md.

Development only (needs Pillow); some minutes on two cores. The other pictures are made by make_gallery.py,
contact_sheet.py and make_styles.py.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import stills
from PIL import Image
from stills import ROOT

SCENE = ROOT / "examples" / "attention_head.toml"
SIZE, SAMPLES = (1280, 720), 64


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        still, sheet = Path(folder) / "still.png", Path(folder) / "sheet.png"
        stills.render(SCENE, still, SIZE, SAMPLES, check=True)
        stills.save(Image.open(still).convert("RGB"), ROOT / "docs" / "attention_head.jpg")
        command = [sys.executable, ROOT / "scripts" / "matrix_cinema.py", "storyboard", SCENE, "-o", sheet]
        command += ["--samples", str(SAMPLES)]
        subprocess.run(command, cwd=ROOT, check=True)
        stills.save(Image.open(sheet).convert("RGB"), ROOT / "docs" / "beats.jpg")


if __name__ == "__main__":
    main()
