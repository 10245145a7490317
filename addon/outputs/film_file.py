"""Makes a film: renders its frames into a folder beside it, keeps them, and encodes them with Blender's
FFmpeg.

A temporary scene with a sequencer encodes the frames. Its colour management is Standard, so that the finished
pictures are not tone-mapped a second time.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import bpy

from ..errors import InputError, JobError
from . import files as outputs
from . import marks
from .formats import FILMS
from .frames import Settings, handler_of, is_there, job_of, render_missing
from .frames_folder import at_work, film_folders, frame_path
from .interrupt import telling
from .moving_picture import moving_picture
from .mp4_notes import write_notes
from .png_file import read_png
from .progress import Listener, Tracker, tell, unheard
from .silence import blender_silenced, last_error, reported


@dataclass(frozen=True)
class Encoding:
    """How frames become a film: FFmpeg's `quality` and `speed` as Blender names them, `notes` by the names of
    mp4_notes.KEYS, and `chapters` (seconds, title) of an MP4 or MOV. A preview has only every n-th frame of
    the film; `every` is this n."""

    quality: str = "HIGH"
    speed: str = "GOOD"
    notes: Mapping[str, str] = field(default_factory=dict)
    chapters: Sequence[tuple[float, str]] = ()
    every: int = 1


USUAL = Encoding()


def render_film(
    scene: bpy.types.Scene,
    film: Path,
    frames: Sequence[int],
    settings: Settings,
    frames_mark: str,
    mark: str,
    progress: Listener = unheard,
    manner: Encoding = USUAL,
) -> int:
    """Render those of `frames` (numbers, in order) that are missing, and encode all of them to `film`.

    The width and height of the settings must be even. The suffix decides the format (`formats.FILMS`); the
    frame rate is that of the scene. Returns how many frames were rendered. Raises InputError and JobError.
    """
    outputs.require_file_place(film)
    places = film_folders(film)
    job = job_of(scene, settings, frames_mark, film.name)
    with at_work(places, job) as (folder, work):
        if folder != places[0]:
            tell(progress, f"{places[0]} has another film's frames; this one's are in {folder}")
        rendered = render_missing(scene, job, folder, work, frames, settings, progress)
        pictures = [frame_path(folder, n) for n in frames]
        lost = [n for n, path in zip(frames, pictures, strict=True) if not is_there(job, path, n)]
        if lost:
            raise JobError(f"{folder}: frame {lost[0]} has disappeared; run the same command again")
        with work.alone(f"film{film.suffix}"):
            if marks.read_mark(film) != mark:  # unless another process has just made it
                fps = scene.render.fps, scene.render.fps_base * manner.every
                encode(pictures, film, *fps, mark, work.beating(progress), settings.transparent, manner)
    return rendered


def encode(
    pictures: Sequence[Path],
    film: Path,
    fps: int,
    fps_base: float,
    mark: str,
    progress: Listener = unheard,
    transparent: bool = False,
    manner: Encoding = USUAL,
) -> None:
    """Encode PNG files of one size and one folder to `film`, `fps / fps_base` pictures a second.

    Raises InputError for a file that is no whole PNG, and for an odd size if the codec needs even numbers;
    JobError if Blender fails or the disk is full.
    """
    film = Path(film)
    suffix, picture = film.suffix.lower(), read_png(pictures[0])
    if picture is None:
        raise InputError(f"{pictures[0]}: is not a whole PNG")
    size = picture.width, picture.height
    if FILMS[suffix].even and any(n % 2 for n in size):
        raise InputError(f"{film}: frames of {size[0]} × {size[1]} pixels; {suffix} needs even numbers")
    if not FILMS[suffix].container:
        moving_picture(
            pictures, film, Fraction(fps) / Fraction(fps_base).limit_denominator(1000), mark, progress
        )
        return
    tracker, written = Tracker("encoding", len(pictures), progress), 0
    tracker.update(0)

    def count(*_):
        nonlocal written
        written += 1
        tracker.update(written)

    kept = f"all frames are kept in {pictures[0].parent}; run the same command again to go on"
    with contextlib.ExitStack() as stack:
        stack.enter_context(telling(lambda: f"interrupted: {kept}"))
        scene = stack.enter_context(_sequence(pictures, size, fps, fps_base, suffix, transparent, manner))
        part = stack.enter_context(outputs.written_whole(film))
        log = stack.enter_context(blender_silenced())
        stack.enter_context(handler_of(bpy.app.handlers.render_write, count))
        scene.render.filepath = outputs.for_blender(part)
        try:
            bpy.ops.render.render(animation=True, scene=scene.name)
        except RuntimeError as error:
            said = reported(error) or last_error(log)
            raise JobError(f"{film}: Blender could not encode it ({said})") from None
        if not part.exists() or written < len(pictures):
            raise JobError(
                f"{film}: only {written} of {len(pictures)} frames were encoded "
                f"({last_error(log) or 'no reason given'})"
            )
        noted = suffix not in (".mp4", ".mov") or write_notes(part, manner.notes, manner.chapters)
        if not noted or not marks.seal(part, mark):
            raise JobError(f"{film}: the film was cut short; the disk may be full")
    tracker.finish()


@contextlib.contextmanager
def _sequence(pictures, size, fps, fps_base, suffix, transparent, manner):
    """A block with a scene that shows the pictures one after the other."""
    scene = bpy.data.scenes.new("Matrix Cinema film")
    try:
        folder = outputs.full_path(pictures[0].parent)
        render = scene.render
        (render.resolution_x, render.resolution_y), render.resolution_percentage = size, 100
        render.fps, render.fps_base = fps, fps_base
        render.use_sequencer, render.use_compositing, render.use_file_extension = True, False, False
        scene.frame_start, scene.frame_end = 1, len(pictures)
        scene.display_settings.display_device = "sRGB"
        scene.view_settings.view_transform = "Standard"

        editor = scene.sequence_editor_create()
        strips = editor.strips if hasattr(editor, "strips") else editor.sequences
        strip = strips.new_image(
            name="frames", filepath=str(folder / pictures[0].name), channel=1, frame_start=1
        )
        for path in pictures[1:]:
            strip.elements.append(path.name)

        if hasattr(render.image_settings, "media_type"):  # from Blender 5.0
            render.image_settings.media_type = "VIDEO"
        render.image_settings.file_format = "FFMPEG"
        render.ffmpeg.format, render.ffmpeg.codec = FILMS[suffix].container, FILMS[suffix].codec
        if render.ffmpeg.codec == "PRORES":
            render.ffmpeg.ffmpeg_prores_profile = "4444" if transparent else "422_HQ"
        render.image_settings.color_mode = "RGBA" if transparent else "RGB"
        render.ffmpeg.constant_rate_factor = manner.quality
        render.ffmpeg.ffmpeg_preset = manner.speed
        render.ffmpeg.gopsize = 12
        render.ffmpeg.audio_codec = "NONE"
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
