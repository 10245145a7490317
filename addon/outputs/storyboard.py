"""The storyboard of a film: a sheet with a small frame of each beat, and of its cards before and after
them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..blender import stored
from ..blender.update import update
from ..description.source import Source
from ..staging.plan import Plan
from . import frames
from .files import written_whole
from .frames_folder import frame_path
from .picture_files import stored_pixels
from .png_file import raster_png
from .progress import Listener
from .rendering import Asked, drawn_source
from .temporary import temporary_folder

FRAMES_A_ROW = 3
FRAME_GAP = 6  # pixels between frames
GREY = 128  # brightness between frames


def draw_storyboard(source: Source, output: Path, asked: Asked, progress: Listener) -> int:
    """Draw the storyboard of a source to a PNG file; a source without beats gets automatic ones. Returns the
    number of beats. Raises InputError and JobError."""
    if source.description is not None:
        source = replace(source, description=source.description.with_beats())
    scene, _, settings, checked = drawn_source(source, asked, "still")
    if checked is None:
        own = stored.described(scene)
        if own.with_beats() != own:
            update(own.with_beats(), scene)
        checked = stored.plan_of(scene)
    numbers = told_frames(checked)
    with temporary_folder() as folder:
        frames.render_frames(scene, folder / "frames", sorted(set(numbers)), settings, "storyboard", progress)
        pictures = [stored_pixels(frame_path(folder / "frames", number)) for number in numbers]
    with written_whole(output) as part:
        part.write_bytes(raster_png(sheet_of(pictures)))
    return len(checked.beats)


def told_frames(p: Plan) -> list[int]:
    """The frames that the storyboard of a film shows: the middle of the title card, the frame of each beat at
    which everything in it is there, and the middle of the end card."""
    film = p.timeline
    before = [(1 + film.begins) // 2] if film.before else []
    after = [(film.ends + 1 + film.last_frame) // 2] if film.after else []
    return [*before, *(beat.told_at for beat in p.beats), *after]


def sheet_of(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """One picture of several of one size (height, width, 4) uint8, arranged in rows."""
    high, wide, _ = pictures[0].shape
    columns = min(FRAMES_A_ROW, len(pictures))
    rows = -(-len(pictures) // columns)
    size = rows * (high + FRAME_GAP) - FRAME_GAP, columns * (wide + FRAME_GAP) - FRAME_GAP
    sheet = np.full((*size, 4), (GREY, GREY, GREY, 255), np.uint8)
    for n, picture in enumerate(pictures):
        y, x = n // columns * (high + FRAME_GAP), n % columns * (wide + FRAME_GAP)
        sheet[y : y + high, x : x + wide] = picture
    return sheet
