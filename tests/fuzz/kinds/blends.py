"""Built .blend files with bytes changed: packed ones, and as they are without packing."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import odd
from case import Case

BASE = "MATRIX_CINEMA_FUZZ_BLEND"  # in the environment: the file that is changed
BUILD = (
    "import sys, bpy; from matrix_cinema.cli.commands import run; run(sys.argv[1:4] + [sys.argv[4]]);"
    "bpy.ops.wm.open_mainfile(filepath=sys.argv[4]);"
    "bpy.ops.wm.save_as_mainfile(filepath=sys.argv[4] + '.plain', compress=False)"
)


def prepare(folder: Path) -> None:
    """Build what is changed, for all processes that are begun from here."""
    folder.mkdir(parents=True, exist_ok=True)
    scene, blend = folder / "base.toml", (folder / "base.blend").absolute()
    scene.write_text('expression = "A @ A"\nmatrices.A = { init = "rows", shape = [2, 2] }\n')
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        [sys.executable, "-c", BUILD, "build", scene, "-o", blend], timeout=300, check=False, **quiet
    )
    os.environ[BASE] = str(blend)


def make(rng: Random) -> Case:
    path = os.environ.get(BASE, "") + rng.choice(("", ".plain"))
    data = Path(path).read_bytes() if Path(path).is_file() else b"BLENDER-v405REND" + bytes(64)
    way = rng.random()
    if way < 0.7:
        data = odd.damaged(rng, data)
    elif way < 0.8:
        data = data[: rng.randrange(len(data))]
    elif way < 0.95:  # texts in it that are read: the description, what objects are
        old = rng.choice((b"matrix_cinema", b"mc_kind", b"mc_name", b"mc_shape", b"expression", b"product"))
        data = data.replace(old, rng.randbytes(len(old)))
    command = rng.choice((["inspect", "x.blend"], ["verify", "x.blend"]))
    return Case("blends", {"x.blend": data}, command)
