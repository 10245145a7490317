"""Build scenes and compare what is drawn with float64, at a few frames of each; prints a table.

    python scripts/verify_examples.py [FOLDER or SCENE...] [--frames 5] [--most 200000000]

Without arguments, all scenes of examples/. Each is verified by a process of its own, so that memory is
given back between them. `--most` leaves out scenes with more products than that.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = f"{'scene':36} matrices {'products':>12} {'elements':>10} largest error  seconds    GB"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", type=Path, nargs="*", help="folders of scene files, or scene files")
    parser.add_argument("--frames", type=int, default=5, help="frames compared in each scene")
    parser.add_argument("--most", type=int, default=10**12, help="products of a scene, at most")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(verified(options.one, options.frames, options.most)))
        sys.stdout.flush()
        os._exit(0)  # Blender 4.5's module hangs at Python's own exit
    failed = 0
    print(HEAD, flush=True)
    for scene in scenes_of(options.scenes or [ROOT / "examples"]):
        command = [sys.executable, __file__, "--one", scene, "--frames", options.frames]
        command = [str(part) for part in [*command, "--most", options.most]]
        done = subprocess.run(command, capture_output=True, text=True)
        text = line_of(scene, done)
        failed += "FAILED" in text
        print(text, flush=True)
    print(f"{failed} scenes failed")
    return 1 if failed else 0


def scenes_of(places):
    """All scene files of the folders and below, in the order of their names."""
    for place in places:
        yield from sorted(place.rglob("*.toml")) if place.is_dir() else [place]


def line_of(scene, done):
    """A row of the table from the output of the process that verified a scene."""
    name = f"{scene.parent.name}/{scene.stem}"[:36]
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        return f"{name:36} FAILED {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
    if "skipped" in found:
        return f"{name:36} left out: {found['skipped']:,} products"
    state = "" if found["ok"] else "  FAILED " + found["note"]
    return (
        f"{name:36} {found['matrices']:8} {found['products']:12,} {found['elements']:10,} "
        f"{found['error']:13.1e} {found['seconds']:8.1f} {found['memory']:5.1f}{state}"
    )


def verified(path, frames, most):
    """Build one scene and verify it at `frames` of its telling frames, evenly chosen."""
    from matrix_cinema import load_package  # the script; load_package gives its name to the package

    load_package()
    import resource

    import bpy
    import numpy as np
    from matrix_cinema.blender.build import draw
    from matrix_cinema.blender.verify import telling_frames, verify
    from matrix_cinema.description.scene import load_scene
    from matrix_cinema.picture.drawing import film_of
    from matrix_cinema.staging.budget import count_elements
    from matrix_cinema.staging.plan import plan

    start = time.perf_counter()
    p = plan(load_scene(path))
    products = sum(c.size for c in p.arrangement.cuboids)
    if products > most:
        return {"skipped": products}
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = draw(film_of(p))
    moments = telling_frames(scene)
    chosen = sorted({moments[round(n)] for n in np.linspace(0, len(moments) - 1, frames)})
    report = verify(scene, frames=chosen, given={name: m.values for name, m in p.matrices.items()})
    bad = [row for row in report.rows if not row.ok]
    return {
        "matrices": len(p.arrangement.planes),
        "products": products,
        "elements": count_elements(p.arrangement, p.interiors, p.pools),
        "error": max(row.error for row in report.rows),
        "seconds": time.perf_counter() - start,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "ok": report.ok,
        "note": f"{bad[0].kind} {bad[0].name} at frame {bad[0].frame:.2f}: {bad[0].note}" if bad else "",
    }


if __name__ == "__main__":
    sys.exit(main())
