"""Measures what pooling keeps of large matrices, prints the table of docs/pooling.md, and makes its picture.

    python scripts/measure_pooling.py [--samples 32]

Each matrix is rendered at 1280 × 720, pooled by each rule and not at all. Each picture is compared with the
heat map of the matrix, which shows the matrix as flat cells in the colours of the map. The same camera sees
the heat map, and it is averaged over the area of each pixel in linear light. Development only; needs Blender
as a module and Pillow.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path = [entry for entry in sys.path if Path(entry).resolve() != ROOT / "scripts"]  # has a matrix_cinema

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from matrix_cinema.blender.build import draw  # noqa: E402
from matrix_cinema.description.scene import Scene, from_dict, load_scene, to_toml  # noqa: E402
from matrix_cinema.look.color_maps import color_map  # noqa: E402
from matrix_cinema.look.srgb import linear_light  # noqa: E402
from matrix_cinema.picture.drawing import film_of  # noqa: E402
from matrix_cinema.staging.camera.views import bare_view  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402
from matrix_cinema.staging.pooling import pitches  # noqa: E402
from PIL import Image  # noqa: E402

WIDTH, HEIGHT = 1280, 720
FINE = 6  # samples of the heat map along each side of a pixel
COARSE = 8  # pixels along each side of the squares over which pictures are averaged
MARGINS = {"filling the picture": 0.04, "as in a whole head": 0.36}
RULES = {
    "off": {"pooling": "off"},
    "max": {"pooling_rule": "max"},
    "mean": {"pooling_rule": "mean"},
    "rms": {"pooling_rule": "rms"},
}
BARE = {"labels": False, "legend": False, "title": False, "formula": False}
LONG = ROOT / "examples" / "attention" / "10_long_context.toml"
HEAD = ROOT / "examples" / "article" / "14_attention_head.toml"
WINDMILL = (390, 20, 960, 674)  # where that scene is, in pixels
LIMIT = 390_000  # bytes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=32)
    samples = parser.parse_args().samples
    print(f"{'matrix':16} pixels {'rule':5} {'bead':>8}  each pixel  8 × 8  contrast")
    with tempfile.TemporaryDirectory() as folder:
        folder, shown = Path(folder), {}
        pattern = plan(load_scene(LONG)).evaluation["attn"].final
        np.save(folder / "pattern.npy", pattern)
        matrices = {
            "noise 256 × 768": {"init": "gaussian", "shape": [256, 768]},
            "rank 4 256 × 768": {"init": "low_rank(4)", "shape": [256, 768]},
            "head 512 × 512": {"file": str(folder / "pattern.npy")},
        }
        for name, matrix in matrices.items():
            for margin in MARGINS.values():
                for rule, picture in compared(name, matrix, margin, samples, folder):
                    shown[name, margin, rule] = picture
        head = load_scene(HEAD)
        for rule, pooling in (("off", "off"), ("max", "auto")):
            look = dataclasses.replace(head.look, pooling=pooling, **BARE, center_names=0.0)
            path = folder / "head.toml"
            path.write_text(to_toml(dataclasses.replace(head, look=look)), encoding="utf-8")
            shown["article", rule] = rendered(path, samples)
        side_by_side(shown)


def compared(name, matrix, margin, samples, folder):
    """(rule, picture) of a matrix by each rule; prints a line for each."""
    heat = inside = None
    for rule, look in RULES.items():
        scene = of_one(matrix, look, margin)
        p = plan(scene)
        if heat is None:
            bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
            draw(film_of(p))
            heat, inside = heat_map(p, bpy.context.scene.camera)
            few = coarse(inside[..., None].astype(float))[..., 0] == 1.0
        path = folder / "scene.toml"
        path.write_text(to_toml(scene), encoding="utf-8")
        picture = rendered(path, samples)
        light, pool = linear_light(picture), p.pools[0]
        pitch = min(pitches(p.arrangement.planes[0], bare_view(p.scene, p.arrangement), (WIDTH, HEIGHT)))
        near, far = correlation(light, heat, inside), correlation(coarse(light), coarse(heat), few)
        contrast = light[inside].std() / heat[inside].std()
        bead = f"{pool.rows} × {pool.columns}"
        numbers = f"{near:11.2f} {far:6.2f} {contrast:9.2f}"
        print(f"{name:16} {pitch:6.2f} {rule:5} {bead:>8} {numbers}", flush=True)
        yield rule, picture


def of_one(matrix, look, margin):
    """A scene of one matrix in mm's style with nothing written."""
    whole = {"expression": "M", "matrices": {"M": matrix}, "camera": {"margin": margin}}
    whole["look"] = {"style": "mm"} | BARE | look
    return from_dict(Scene, whole | {"render": {"width": WIDTH, "height": HEIGHT}}, "scene")


def rendered(path, samples):
    """What Matrix Cinema renders of a scene file, as the sRGB of its picture: (HEIGHT, WIDTH, 3), 0 to 1."""
    command = [sys.executable, ROOT / "scripts" / "matrix_cinema.py", "render", path]
    command += ["-o", path.with_suffix(".png"), "--size", f"{WIDTH}x{HEIGHT}", "--samples", samples]
    command += ["--quiet"]
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)
    return np.asarray(Image.open(path.with_suffix(".png")).convert("RGB")) / 255


def heat_map(p, camera):
    """The matrix as flat cells, averaged over each pixel in linear light; and which pixels are all of it."""
    (plane,) = p.arrangement.planes
    scale, values = p.final["M"], p.evaluation["M"].final
    tones = scale.zero + (1 - scale.zero) * values / scale.high
    cells = linear_light(color_map(scale.color_map) / 255)[np.round(255 * np.clip(tones, 0, 1)).astype(int)]
    corner = np.array(camera.data.view_frame(scene=bpy.context.scene))[0]
    turn, start = np.array(camera.matrix_world)[:3, :3], np.array(camera.matrix_world)[:3, 3]
    u = 2 * (np.arange(WIDTH * FINE) + 0.5) / (WIDTH * FINE) - 1
    v = 1 - 2 * (np.arange(HEIGHT * FINE) + 0.5) / (HEIGHT * FINE)
    heat, inside = np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH))
    for line in range(HEIGHT):
        x, y = np.meshgrid(u, v[line * FINE : (line + 1) * FINE])
        rays = np.stack([x * corner[0], y * corner[1], np.full_like(x, corner[2])], axis=-1) @ turn.T
        reach = ((plane.origin - start) @ plane.outward) / (rays @ plane.outward)
        hit = start + rays * reach[..., None] - plane.origin
        i, j = np.round(hit @ plane.row).astype(int), np.round(hit @ plane.column).astype(int)
        within = (i >= 0) & (i < plane.rows) & (j >= 0) & (j < plane.columns)
        colors = cells[np.clip(i, 0, plane.rows - 1), np.clip(j, 0, plane.columns - 1)] * within[..., None]
        heat[line] = colors.reshape(FINE, WIDTH, FINE, 3).mean(axis=(0, 2))
        inside[line] = within.reshape(FINE, WIDTH, FINE).mean(axis=(0, 2))
    return heat, inside == 1.0


def correlation(a, b, inside):
    """The correlation of two pictures (h, w, 3) where they show the matrix; each channel less its mean."""
    a, b = ((x[inside] - x[inside].mean(axis=0)).ravel() for x in (a, b))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def coarse(image):
    """Averages over squares of pixels."""
    return image.reshape(HEIGHT // COARSE, COARSE, WIDTH // COARSE, COARSE, -1).mean(axis=(1, 3))


def side_by_side(shown):
    """docs/pooling.jpg: at the left without pooling, at the right the largest of each block."""
    left, top, right, bottom = WINDMILL
    rows = [[shown["article", rule][top:bottom, left:right] for rule in ("off", "max")]]
    wide, high = right - left, 315
    for name in ("noise 256 × 768", "head 512 × 512"):
        margin = MARGINS["filling the picture" if name.startswith("noise") else "as in a whole head"]
        y, x = (HEIGHT - high) // 2, (WIDTH - wide) // 2
        rows.append([shown[name, margin, rule][y : y + high, x : x + wide] for rule in ("off", "max")])
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    image = Image.fromarray(np.uint8(sheet * 255 + 0.5))
    path = ROOT / "docs" / "pooling.jpg"
    for quality in range(92, 30, -4):
        image.save(path, quality=quality)
        if path.stat().st_size < LIMIT:
            return


if __name__ == "__main__":
    main()
