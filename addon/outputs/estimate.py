"""Estimates a render: frames, elements and memory from the plan, and the time by rendering a tile of a
frame."""

import time
from dataclasses import dataclass

import bpy

from ..blender import tags
from ..description.scene import Scene
from ..memory import available_memory
from ..staging.limits import drawn_as_points, memory_needed
from .frames import Rendering, Settings
from .progress import Listener, clock_time
from .repeated_frames import standing
from .temporary import temporary_folder

TILE_SIDE = 0.25  # side of the tile in the middle of the frame, as a part of the frame
SPECK = 0.02  # a tile so small that its time is the fixed cost of a frame


@dataclass(frozen=True)
class Estimate:
    """An estimate. Of the film's `frames`, `different` are rendered, with these `settings`. `elements` is the
    most at once; `memory` and `free` memory are in bytes. `seconds` is the time for all frames on this
    machine, `one` for a single frame."""

    frames: int
    different: int
    settings: Settings
    elements: int
    memory: int
    free: int | None
    seconds: float
    one: float

    def __str__(self) -> str:
        count = "1 frame" if self.frames == 1 else f"{self.frames} frames, of which {self.different} differ"
        free = "" if self.free is None else f" of {self.free / 1e9:.1f} GB that are free"
        size = f"{self.settings.width} × {self.settings.height} pixels, {self.settings.samples} samples"
        return (
            f"{count}; {size}; {self.elements:,} elements at most; "
            f"about {self.memory / 1e9:.2f} GB of memory beside Blender's own{free}; "
            f"about {self.one:.1f} s a frame here, {clock_time(self.seconds)} in all"
        )


def estimated(
    scene: bpy.types.Scene, description: Scene, frames: range, settings: Settings, progress: Listener
) -> Estimate:
    """The Estimate for these frames of a scene that was built from a description. The tile is the middle of
    the middle frame, where most elements are, so that the time is too long rather than too short."""
    render, middle = scene.render, frames[len(frames) // 2]
    rendering = Rendering(scene, settings, ".png", 2, progress)
    with temporary_folder() as folder, rendering.going_on(lambda: "interrupted"):
        render.use_border, times = True, []
        for n, side in enumerate((SPECK, SPECK, TILE_SIDE)):
            render.border_min_x = render.border_min_y = 0.5 - side / 2
            render.border_max_x = render.border_max_y = 0.5 + side / 2
            begun = time.perf_counter()
            rendering.picture(middle, folder / f"{n}.png", "0" * 64)
            times.append(time.perf_counter() - begun)
    _, fixed, tile = times  # the first render also loads what all share
    one = fixed + max(tile - fixed, 0.0) * (1.0 - SPECK**2) / (TILE_SIDE**2 - SPECK**2)
    different = len(frames) - len(standing(scene, frames))
    elements = int(tags.number(scene, tags.ELEMENTS, 0))
    return Estimate(
        len(frames),
        different,
        settings,
        elements,
        memory_needed(elements, drawn_as_points(elements, description.look)),
        available_memory(),
        different * one,
        one,
    )
