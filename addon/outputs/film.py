"""Makes a film: its frames are rendered beside it, kept, then encoded by Blender's own FFmpeg.

Encoding goes through a sequencer scene that is thrown away. Its colour management is Standard, so
the pictures, which are finished already, are not tone-mapped a second time.
"""

import contextlib
from pathlib import Path

import bpy

from ..errors import JobError
from . import files as outputs
from . import marks
from .frames import COMMON, frame_path, handler_of, render_frames
from .interrupt import leave_if_interrupted, leaving_at_once
from .progress import Progress
from .silence import blender_silenced, last_error

# suffix: (container, codec, whether it keeps transparency), as Blender names them. MP4 is 4:2:0; ProRes
# is 4444 where it keeps transparency, else 422 HQ; VP9 in WebM is what browsers play with transparency.
CODECS = {
    ".mp4": ("MPEG4", "H264", False),
    ".mov": ("QUICKTIME", "PRORES", True),
    ".webm": ("WEBM", "WEBM", True),
}


def frames_folder(film):
    """Where the frames of a film are kept: film.mp4 has film.frames beside it."""
    return Path(film).with_suffix(".frames")


def render_film(scene, film, frames, settings, frames_mark, mark, manner=COMMON):
    """Render the missing ones of `frames` (a range of frame numbers) and encode all to `film`.

    The width and height of the settings must be even. The suffix decides what is made, at the scene's
    frames per second: see `CODECS`. Returns how many frames were rendered.
    """
    outputs.require_file_place(film)
    folder = frames_folder(film)
    rendered = render_frames(scene, folder, frames, settings, frames_mark, manner)
    encode(
        [frame_path(folder, n) for n in frames],
        film,
        scene.render.fps,
        scene.render.fps_base,
        mark,
        manner,
        transparent=settings.transparent,
    )
    return rendered


def encode(pictures, film, fps, fps_base, mark, manner=COMMON, *, transparent=False):
    """Encode PNG files of one even size to `film`, `fps / fps_base` pictures a second."""
    film = Path(film)
    progress = Progress("encoding", len(pictures), style=manner.progress)
    written = 0

    def count(*_):
        nonlocal written
        leave_if_interrupted()
        written += 1
        progress.update(written)

    with contextlib.ExitStack() as stack:
        if manner.owns_process:
            stack.enter_context(
                leaving_at_once(
                    lambda: (
                        f"interrupted: all frames are kept in {pictures[0].parent}; "
                        "run the same command again to go on"
                    )
                )
            )
        scene = stack.enter_context(_sequence(pictures, fps, fps_base, film.suffix.lower(), transparent))
        part = stack.enter_context(outputs.written_whole(film))
        log = stack.enter_context(blender_silenced())
        stack.enter_context(handler_of(bpy.app.handlers.render_write, count))
        scene.render.filepath = outputs.for_blender(part)
        try:
            bpy.ops.render.render(animation=True, scene=scene.name)
        except RuntimeError as error:
            said = str(error).strip().replace("\n", "; ") or last_error(log)
            raise JobError(f"{film}: Blender could not encode it ({said})") from None
        if not part.exists() or written < len(pictures):
            raise JobError(
                f"{film}: only {written} of {len(pictures)} frames were encoded "
                f"({last_error(log) or 'no reason given'})"
            )
        if not marks.seal(part, mark):
            raise JobError(f"{film}: the film was cut short; the disk may be full")
    progress.finish()


@contextlib.contextmanager
def _sequence(pictures, fps, fps_base, suffix, transparent):
    """A scene that shows the pictures one after the other and is removed afterwards."""
    scene = bpy.data.scenes.new("Matrix Cinema film")
    try:
        folder = outputs.full_path(pictures[0].parent)
        picture = bpy.data.images.load(str(folder / pictures[0].name))
        width, height = picture.size
        bpy.data.images.remove(picture)
        render = scene.render
        render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
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
        container, codec, _ = CODECS[suffix]
        render.ffmpeg.format, render.ffmpeg.codec = container, codec
        if codec == "PRORES":
            render.ffmpeg.ffmpeg_prores_profile = "4444" if transparent else "422_HQ"
        render.image_settings.color_mode = "RGBA" if transparent else "RGB"
        render.ffmpeg.constant_rate_factor = "HIGH"
        render.ffmpeg.ffmpeg_preset = "GOOD"
        render.ffmpeg.gopsize = 12
        render.ffmpeg.audio_codec = "NONE"
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
