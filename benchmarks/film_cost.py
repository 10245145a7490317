"""What the frames of a film cost and how good they are, style by style; and whether anything flickers.

    python benchmarks/film_cost.py costs [STYLE...]      of a frame
    python benchmarks/film_cost.py devices [STYLE...]    the same by the clock, on each device of this machine
    python benchmarks/film_cost.py quality [STYLE...]    difference of a film's frame from one of 64 samples
    python benchmarks/film_cost.py flicker [STYLE...]    difference from frame to frame where nothing moves
    python benchmarks/film_cost.py parts                 the parts of the cost model in docs/farm.md

Quality and flicker are measured on the CPU, or on the device that FILM_COST_DEVICE names, such as cuda. Cost
is processor time, so other work on the machine hardly counts. Differences are those of colours in CIELAB
(CIE 1976, D65) after a blur of 1.1 pixels: so an eye sees a picture at 40 pixels a degree. A difference of
2.3 is just noticeable. Each style has a process of its own, because a second style would find node groups
and shaders that are made already.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SCENE = ROOT / "examples" / "attention_head.toml"
WIDTH, HEIGHT = 320, 180
LARGE_SIZES = (1280, 720), (1920, 1080)  # measured by the clock; on a CPU only the first
FILM_SAMPLES, REFERENCE_SAMPLES = 16, 64
# Samples and denoisers that a film's frame may be rendered with.
WAYS = [(n, denoiser) for n in (16, 24, 32, 48, 64) for denoiser in ("FAST", "BALANCED", "HIGH")]
DEVICE = os.environ.get("FILM_COST_DEVICE", "cpu")
BLUR = 1.1  # pixels
FRAMES = 3  # in a row, in which flicker is measured
STILL = 0.1  # CIELAB by which a pixel of the reference may change where nothing moves
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375],
                   [0.2126729, 0.7151522, 0.0721750],
                   [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colors):
    """CIELAB of sRGB colours (…, 3) from 0 to 1."""
    from matrix_cinema.look.srgb import linear_light

    t = linear_light(colors) @ TO_XYZ.T / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def blurred(picture):
    """A picture (height, width, 3) after a Gaussian blur of BLUR pixels."""
    reach = int(4 * BLUR)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / BLUR) ** 2)
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in range(3)], mode="edge")
        shifted = [np.roll(padded, reach - n, axis) for n in range(len(weights))]
        summed = sum(w * s for w, s in zip(weights / weights.sum(), shifted, strict=True))
        picture = np.take(summed, range(reach, summed.shape[axis] - reach), axis)
    return picture


def seen(path):
    """What an eye makes of a picture file: CIELAB (height, width, 3)."""
    from matrix_cinema.blender.image_pixels import pixels_of
    from matrix_cinema.outputs.picture_files import loaded

    with loaded(path) as image:
        return blurred(lab(pixels_of(image)[..., :3].astype(float)))


def spread(values):
    """The mean, and the 95th and 99th percentiles."""
    return {"mean": values.mean(), "95 %": np.percentile(values, 95), "99 %": np.percentile(values, 99)}


def drawn(path, style, settings):
    """The Blender scene of a scene file in a style, alone in an empty file, and its plan."""
    from dataclasses import replace

    from matrix_cinema.description.scene import load_scene
    from matrix_cinema.outputs import blend_file
    from matrix_cinema.outputs.rendering import planned_for

    description = load_scene(path)
    if style:
        description = replace(description, look=replace(description.look, style=style))
    checked = planned_for(description, settings)
    return blend_file.draw_alone(checked), checked


def rendered(
    scene, frames, settings, *, seed=0, denoised=True, middle=False, look=seen, clock=time.process_time
):
    """(the result of `look` for each frame, seconds of each by the `clock`). The first frame takes longer,
    because it loads what all share. With `middle`, only the middle half of each side is rendered."""
    from matrix_cinema.outputs.frames import Rendering
    from matrix_cinema.outputs.progress import unheard

    scene.cycles.seed, scene.cycles.use_denoising = seed, denoised
    pictures, seconds = [], []
    rendering = Rendering(scene, settings, ".png", 2, unheard)
    with tempfile.TemporaryDirectory() as folder, rendering.going_on(lambda: ""):
        render = scene.render
        render.use_border = render.use_crop_to_border = middle
        render.border_min_x = render.border_min_y = 0.25
        render.border_max_x = render.border_max_y = 0.75
        for frame in frames:
            path, begun = Path(folder) / f"{frame}.png", clock()
            rendering.picture(frame, path, "0" * 64)
            seconds.append(clock() - begun)
            pictures.append(look(path))
    return pictures, seconds


def settings_of(samples, quality, size=(WIDTH, HEIGHT), device=DEVICE):
    from matrix_cinema.outputs.frames import Settings

    return Settings(*size, samples, quality=quality, device=device, fallback="stop")


def middle_of(checked):
    """A frame in the middle of the longest sweep."""
    moves = [move for move in checked.timeline.moves.values() if move.steps > 1]
    longest = max(moves, key=lambda move: move.swept - move.start)
    return round(0.5 * (longest.start + longest.swept))


def cost(name):
    """One style: seconds of the first frame of a film as it is rendered, and of a later one."""
    film = settings_of(FILM_SAMPLES, "HIGH")
    scene, checked = drawn(SCENE, name, film)
    at = middle_of(checked)
    first, later = rendered(scene, [at, at + 1], film)[1]
    return {"style": name, "first": first, "frame": later}


def by_the_clock(name):
    """One style: seconds of the first frame of a film and of a later one, on each device of this machine."""
    from matrix_cinema.outputs import devices

    scene, checked = drawn(SCENE, name, settings_of(FILM_SAMPLES, "HIGH", LARGE_SIZES[0]))
    at, found = middle_of(checked), {"style": name}
    for kind in dict.fromkeys(one.kind.lower() for one in devices.listed()):
        for size in LARGE_SIZES[: 1 if kind == "cpu" else None]:
            film = settings_of(FILM_SAMPLES, "HIGH", size, kind)
            seconds = rendered(scene, [at, at + 1, at + 2], film, look=Path, clock=time.perf_counter)[1]
            found[f"{kind} {size[0]} × {size[1]}"] = {"first": seconds[0], "frame": min(seconds[1:])}
    return found


def quality(name):
    """Of one style: seconds of a frame with 64 samples and the denoiser of stills, and how a film's frame
    differs from that frame. For comparison, how 64 samples of another seed differ from it. Pictures have
    twice WIDTH and HEIGHT, and only their middle is compared."""
    twice = 2 * WIDTH, 2 * HEIGHT
    scene, checked = drawn(SCENE, name, settings_of(FILM_SAMPLES, "HIGH", twice))
    at = middle_of(checked)

    def one(samples, denoiser, seed=0):
        """(what that frame looks like, seconds of it)"""
        own = settings_of(samples, denoiser, twice)
        (picture,), (long,) = rendered(scene, [at], own, seed=seed, middle=True)
        return picture, long

    best, long = one(REFERENCE_SAMPLES, "HIGH")

    def from_it(*way):
        picture, seconds = one(*way)
        return spread(np.linalg.norm(picture - best, axis=-1)) | {"seconds": seconds}

    return {
        "style": name,
        "reference": long,
        "another seed": from_it(REFERENCE_SAMPLES, "HIGH", 1),
        **{f"{samples} {denoiser}": from_it(samples, denoiser) for samples, denoiser in WAYS},
    }


def flicker(name):
    """Of one style: how much each pixel in which nothing moves changes from frame to frame. The frames follow
    one another in a sweep, before a camera that stands, and only the middle of the picture is looked at. They
    are rendered as films are, and without a denoiser. Nothing moves where a reference of 64 samples changes
    by less than STILL in all of these frames."""
    size = WIDTH, HEIGHT
    film, reference = settings_of(FILM_SAMPLES, "HIGH", size), settings_of(REFERENCE_SAMPLES, "HIGH", size)
    scene, checked = drawn(SCENE, name, film)
    at = middle_of(checked)
    frames = list(range(at, at + FRAMES))
    still = changes(rendered(scene, frames, reference, middle=True)[0]).max(axis=0) < STILL
    found = {"style": name, "nothing moves in": float(still.mean())}
    for way, denoised in (("denoised", True), ("not denoised", False)):
        change = changes(rendered(scene, frames, film, denoised=denoised, middle=True)[0])[:, still]
        found[way] = spread(change) | {"most": change.max()}
    return found


def changes(pictures):
    """How far each pixel is from itself in the frame before: (frames − 1, height, width)."""
    return np.linalg.norm(np.diff(np.stack(pictures), axis=0), axis=-1)


# A head of 512 tokens, as GPT-2 has them.
HEAD = """
expression = "out = (attn = softmax((scores = Q @ K.T) / 8, mask=causal)) @ V"
title = "A head of 512 tokens"
[matrices]
Q = {init = "gaussian", shape = [512, 64]}
K = {init = "gaussian", shape = [512, 64]}
V = {init = "gaussian", shape = [512, 64]}
"""
LARGE = (3840, 2160)
SMALLER = (16, 8)  # how much smaller the measured pictures are: the cost grows with the pixels
PICTURES = 3  # pictures as large as LARGE that are encoded


def parts():
    """Seconds of processor time of the parts of a film of that head on a farm. A process needs some until the
    job's .blend is open, and its first frame needs more than the next. A frame of any size has a cost, and 16
    samples of a million pixels add to it. Last comes the cost of a frame in the film."""
    from matrix_cinema import api
    from matrix_cinema.outputs.film_file import encode

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        scene_file, blend = Path(folder) / "head.toml", Path(folder) / "head.blend"
        scene_file.write_text(HEAD)
        api.build(scene_file, blend)
        found["blend in MB"] = blend.stat().st_size / 1e6
        opens = f"import bpy; bpy.ops.wm.open_mainfile(filepath={str(blend)!r})"
        before = os.times()
        subprocess.run([sys.executable, "-c", f"{opens}; import os; os._exit(0)"], check=True)
        after = os.times()
        found["start"] = (
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        seconds = {}
        for part in SMALLER:
            size = LARGE[0] // part, LARGE[1] // part
            film = settings_of(FILM_SAMPLES, "HIGH", size)
            scene, checked = drawn(scene_file, "", film)
            at = middle_of(checked)
            seconds[part] = rendered(scene, [at, at + 1], film)[1]
        first, *rest = seconds[SMALLER[0]]
        small, large = (float(np.mean(seconds[part][1:])) for part in SMALLER)
        pixels = [LARGE[0] * LARGE[1] / part**2 / 1e6 for part in SMALLER]
        found["sync"] = first - float(np.mean(rest))
        found["million pixels"] = (large - small) / (pixels[1] - pixels[0])
        found["any frame"] = small - found["million pixels"] * pixels[0]
        pictures = [_upscaled(scene, Path(folder) / f"{n:04d}.png", at + n) for n in range(PICTURES)]
        begun = time.process_time()
        encode(pictures, Path(folder) / "film.mp4", 24, 1.0, "0" * 64)
        found["encoded frame"] = (time.process_time() - begun) / PICTURES
    return found


def _upscaled(scene, path, frame):
    """A frame with one sample, as large as those of the film: to be encoded."""
    from matrix_cinema.outputs.frames import Rendering
    from matrix_cinema.outputs.picture_files import loaded
    from matrix_cinema.outputs.progress import unheard

    rendering = Rendering(scene, settings_of(1, "HIGH", (960, 540)), ".png", 2, unheard)
    with rendering.going_on(lambda: ""):
        rendering.picture(frame, path, "0" * 64)
    with loaded(path) as image:
        image.scale(*LARGE)
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()
    return path


def main():
    what, *names = sys.argv[1:]
    if what in ("parts", "one"):
        kind, *of = names if what == "one" else [what]
        measures = {"costs": cost, "devices": by_the_clock, "quality": quality}
        measures |= {"flicker": flicker, "parts": parts}
        print(json.dumps(measures[kind](*of), default=float), flush=True)
        os._exit(0)  # Blender 4.5's module hangs at Python's own exit
    from matrix_cinema.look.styles import STYLES

    for name in names or STYLES:
        words = [sys.executable, __file__, "one", what, name]
        print(
            subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1],
            flush=True,
        )


if __name__ == "__main__":
    main()
