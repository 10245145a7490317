"""Makes a moving picture of finished frames: Blender reads and encodes them, and `animated` joins them."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

from ..blender.image_pixels import colors_of
from ..errors import InputError, JobError
from ..formats.reading import opened
from . import animated, marks
from .files import written_whole
from .picture_files import loaded
from .png_file import read_png
from .progress import Listener, Tracker
from .silence import blender_silenced
from .temporary import temporary_folder

QUALITY = 85  # of each frame of a WebP, up to 100


def moving_picture(
    pictures: Sequence[Path], film: Path, rate: Fraction, mark: str, progress: Listener
) -> None:
    """Write PNG files of one size to a .apng, .webp or .gif with the mark, `rate` of them a second.

    Raises InputError for a file that is no whole PNG, and JobError if the disk refuses.
    """
    tracker, suffix = Tracker("encoding", len(pictures), progress), film.suffix.lower()
    if suffix == ".apng":
        data = animated.apng(pictures, rate)
    elif suffix == ".gif":
        data = animated.gif([pixels for _, pixels in _read(pictures, tracker)], rate)
    else:
        data = _webp(pictures, rate, tracker)
    with written_whole(film) as part:
        part.write_bytes(data)
        if not marks.seal(part, mark):
            raise JobError(f"{film}: the film was cut short; the disk may be full")
    tracker.finish()


def _read(pictures: Sequence[Path], tracker: Tracker) -> Iterator[tuple[bpy.types.Image, np.ndarray]]:
    """Each picture in Blender, and its pixels: (height, width, 3) of 8 bits."""
    for n, path in enumerate(pictures):
        tracker.update(n)
        if read_png(path) is None:
            raise InputError(f"{path}: is no whole PNG")
        with loaded(path) as image:
            yield image, colors_of(image)


def _webp(pictures, rate, tracker):
    first = read_png(pictures[0])
    stills, alpha = [], first is not None and first.chunks[0][1][9] == 6  # colour type: RGB with alpha
    with temporary_folder() as folder:
        for image, pixels in _read(pictures, tracker):
            place = folder / "frame.webp"
            image.file_format = "WEBP"
            with blender_silenced():
                image.save(filepath=str(place), quality=QUALITY)
            with opened(place) as file:
                stills.append(file.read())
            size = pixels.shape[1], pixels.shape[0]
    return animated.webp(stills, size, rate, alpha)
