"""Renders stills and numbered frames of a Blender scene. Each file is whole or not there.

A frame with the mark of this job is kept, so that an interrupted film goes on where it stopped, and several
processes can share the frames of a film. After a job, the scene has its own settings again.
"""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..blender import compat, tags
from ..blender.shadow_floor import shows_shadows
from ..errors import InputError, JobError
from ..formats.reading import opened
from . import devices, marks
from . import files as outputs
from .claims import SILENCE, Work, was_taken_over
from .formats import STILLS
from .frames_folder import Job, at_work, frame_mark, frame_path
from .interrupt import telling
from .progress import Listener, Tracker, clock_time, tell, unheard
from .render_passes import value_passes
from .repeated_frames import standing
from .silence import blender_silenced, last_error, reported
from .temporary import trouble_in

_TILES = re.compile(r"Rendered (\d+)/(\d+) Tiles")
Chunks = Sequence[tuple[bytes, bytes]]
LONG_SILENCE = 120.0  # seconds of silence of another machine, after which the user is told
_SAMPLE = re.compile(r"Sample (\d+)/(\d+)")


@dataclass(frozen=True)
class Settings:
    """How pictures are rendered: size in pixels, samples per pixel, "cycles" or "eevee".

    `transparent` leaves out the background, and of a floor everything but the shadows. `device` is the device
    for Cycles (description.device). If it fails, the `fallback` "cpu" goes on with the CPU, and "stop" ends
    the job. Device and fallback are not part of the mark, because they change only the noise of the picture.
    A PNG has 8 or 16 `bits` in a channel."""

    width: int
    height: int
    samples: int
    engine: str = "cycles"
    transparent: bool = False
    bits: int = 8
    device: str = field(default="auto", repr=False)
    fallback: str = field(default="cpu", repr=False)


def render_still(
    scene: bpy.types.Scene,
    path: Path,
    frame: int,
    settings: Settings,
    mark: str,
    progress: Listener = unheard,
    chunks: Chunks = (),
) -> None:
    """Render one frame to `path`, a PNG, or an OpenEXR with the values as passes, and put the mark into it. A
    PNG also gets these `chunks` (png_file).

    Raises InputError if `path` cannot be written, and JobError if Blender fails.
    """
    outputs.require_file_place(path)
    rendering = Rendering(scene, settings, Path(path).suffix, 1, progress)
    with rendering.going_on(lambda: f"interrupted: {path} was not written"):
        rendering.picture(frame, Path(path), mark, chunks)


def job_of(scene: bpy.types.Scene, settings: Settings, mark: str, film: str = "") -> Job:
    """The Job for all frames of a scene. `film` is the name of the film that they are for, if any."""
    render = scene.render
    size = settings.width, settings.height
    return Job(mark, scene.frame_start, scene.frame_end, *size, render.fps, render.fps_base, film)


def render_frames(
    scene: bpy.types.Scene,
    folder: Path,
    frames: Sequence[int],
    settings: Settings,
    mark: str,
    progress: Listener = unheard,
) -> int:
    """Render those of `frames` that are missing, to 0001.png, 0002.png … in `folder`.

    A frame is missing if its file is absent, damaged, or has the mark of another job. Returns how many frames
    this process rendered. Frames that look the same are copied, and other processes may render the rest.
    Raises InputError if the folder cannot be written, and JobError if Blender fails or the disk is full;
    finished frames stay.
    """
    outputs.require_folder_place(folder)
    job = job_of(scene, settings, mark)
    with at_work([folder], job) as (folder, work):
        return render_missing(scene, job, folder, work, frames, settings, progress)


def render_missing(
    scene: bpy.types.Scene,
    job: Job,
    folder: Path,
    work: Work,
    frames: Sequence[int],
    settings: Settings,
    progress: Listener = unheard,
) -> int:
    """Render those of a job's `frames` that are missing, see `render_frames`. This process must be at work in
    the folder already."""
    places = {n: frame_path(folder, n) for n in frames}
    left = [n for n in frames if not is_there(job, places[n], n)]
    _tell_of_others(folder, [places[n] for n in left], progress)
    like = standing(scene, sorted(frames))  # equal frames are rendered once
    made, rendering = 0, Rendering(scene, settings, ".png", len(frames), progress, len(frames) - len(left))

    def interrupted():
        kept = sum(is_there(job, places[n], n) for n in frames)
        return (
            f"interrupted: {kept} of {len(frames)} frames are kept in {folder}; "
            "run the same command again to go on"
        )

    def render(n):
        """Render frame n. Returns whether it is done, by this process or another."""
        nonlocal made
        first = like.get(n)
        if first is not None and not is_there(job, places[first], first):
            return False  # another process renders it
        with work.claimed(f"{n:04d}") as mine:
            if is_there(job, places[n], n):
                rendering.found()
            elif mine:
                if was_taken_over(mine):
                    tell(progress, f"the process that rendered frame {n} has gone; it is rendered here")
                if first is None:
                    rendering.picture(n, places[n], frame_mark(job, n))
                    made += 1
                else:
                    rendering.copy(places[first], places[n], frame_mark(job, n))
            else:
                return False
        return True

    with rendering.going_on(interrupted, work.beat) if left else contextlib.nullcontext():
        while left:
            if not any([render(n) for n in left]):
                rendering.wait(len(left), work.silence())
                work.wait()
            left = [n for n in left if not is_there(job, places[n], n)]
    return made


def is_there(job: Job, path: Path, frame: int) -> bool:
    """Whether a frame of a job is done: a whole picture with its mark."""
    return marks.read_mark(path) == frame_mark(job, frame)


def _tell_of_others(folder, paths, progress):
    there = [path for path in paths if path.exists()]
    damaged = sum(not marks.read_mark(path) for path in there)
    for count, what in ((len(there) - damaged, "of another job"), (damaged, "damaged")):
        if count:
            tell(progress, f"{folder}: {count} frames there are {what} and are rendered anew")


class RenderError(JobError):
    """Blender could not render a picture."""


class Rendering:
    """The rendering of several pictures of a scene: their settings and their progress."""

    def __init__(
        self,
        scene: bpy.types.Scene,
        settings: Settings,
        suffix: str,
        total: int,
        listener: Listener,
        done: int = 0,
    ) -> None:
        """`total` pictures with this suffix, of which `done` exist already. Raises InputError and
        JobError."""
        if scene.camera is None:
            raise InputError(f'scene "{scene.name}": has no camera to render through')
        self.scene, self.settings, self.suffix, self.listener = scene, settings, suffix.lower(), listener
        self.total, self.done, self.note = total, done, ""
        self.progress = Tracker("rendering", total, listener, done)
        self._refused: Exception | None = None
        self.engine = compat.engine(settings.engine)
        self.cards: list = []
        if self.engine == "CYCLES":
            self.cards, said = devices.chosen(settings.device, settings.fallback)
            if said:
                tell(listener, said)

    @contextlib.contextmanager
    def going_on(
        self, interrupted: Callable[[], str], beat: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """A block in which Blender is set up for the pictures. `beat` is called now and then. An interrupt
        writes the message of `interrupted`."""
        _tell_limits(self.scene, self.engine, self.suffix, self.listener)

        def show(statistics, *_):
            beat()
            try:
                self.progress.update(self.done + frame_part(str(statistics)), self.note)
            except Exception as error:  # Blender would print it and go on
                self._refused = error

        with (
            telling(interrupted),
            _applied(self.scene, self.settings, self.cards, self.suffix, self.total > 1),
            _off_in_the_window(self.scene),
            handler_of(bpy.app.handlers.render_stats, show),
        ):
            yield
        self.progress.finish()

    def picture(self, frame: int, path: Path, mark: str, chunks: Chunks = ()) -> None:
        """Render one frame to a file. An error that the listener raises is raised after the frame."""
        self.note = f"frame {frame}"
        self.progress.update(self.done, self.note)
        try:
            _render_one(self.scene, frame, path, mark, chunks)
        except RenderError as error:
            if not self.cards:
                raise
            tell(self.listener, devices.fall_back(self.scene, self.cards, error, self.settings.fallback))
            self.cards = []
            _render_one(self.scene, frame, path, mark, chunks)
        self.done += 1
        if self._refused:
            raise self._refused

    def copy(self, same: Path, path: Path, mark: str) -> None:
        """Copy the picture `same`, because this frame looks the same."""
        with outputs.written_whole(path) as part, opened(same) as file:
            part.write_bytes(file.read())
            if not marks.seal(part, mark):
                raise JobError(f"{same}: has disappeared; run the same command again")
        self.done += 1

    def found(self) -> None:
        """Count a frame that another process has rendered."""
        self.done += 1
        self.progress.update(self.done, self.note)

    def wait(self, left: int, silence: float) -> None:
        """Report that other processes render the frames that are `left`; one of them has been silent for
        `silence` seconds."""
        note = f"{left} frames are with other processes"
        if silence > LONG_SILENCE:
            taken = f"its frames are taken at {clock_time(SILENCE)}"
            note += f"; one has given no sign for {clock_time(silence)}, {taken}"
        self.progress.update(self.done, note)


def _tell_limits(scene, engine, suffix, listener):
    if engine == "CYCLES" and scene.cycles.use_denoising and not has_denoiser():
        tell(listener, "this Blender was built without a denoiser; more samples make up for it")
    if engine != "CYCLES" and suffix == ".exr":
        tell(listener, "EEVEE keeps three digits of the pass value, and 65,504 at most; Cycles keeps all")


def frame_part(statistics: str) -> float:
    """The part of a frame that is done, 0 to 0.99, read from Blender's line of statistics."""
    tiles, sample = _TILES.search(statistics), _SAMPLE.search(statistics)
    part = int(sample[1]) / max(1, int(sample[2])) if sample else 0.0
    if tiles:
        part = (int(tiles[1]) + part) / max(1, int(tiles[2]))
    return 0.99 * min(part, 1.0)


def _render_one(scene, frame, path, mark, chunks):
    scene.frame_set(frame)
    with outputs.written_whole(path) as part, blender_silenced() as log:
        scene.render.filepath = outputs.for_blender(part)
        try:
            bpy.ops.render.render(write_still=True, scene=scene.name)
        except RuntimeError as error:
            said = reported(error) or last_error(log)
            where = f", in {bpy.app.tempdir}" if "tile" in said else ""
            told = trouble_in(bpy.app.tempdir) or f"Blender could not render it ({said}{where})"
            raise RenderError(f"frame {frame}: {told}") from None
        if not part.exists():
            said = last_error(log) or "no reason given"
            raise RenderError(f"frame {frame}: Blender wrote no picture ({said})")
        if not marks.seal(part, mark, chunks):
            raise JobError(f"{path}: the picture was cut short; the disk may be full")


@contextlib.contextmanager
def handler_of(handlers: list[Callable[..., object]], function: Callable[..., object]) -> Iterator[None]:
    """A block in which `function` is one of Blender's `handlers`."""
    handlers.append(function)
    try:
        yield
    finally:
        handlers.remove(function)


@contextlib.contextmanager
def temporarily(changes: Iterable[tuple[Any, str, Any]]) -> Iterator[None]:
    """A block in which properties have other values: (owner, name, value) of each, set in this order."""
    before = []
    try:
        for owner, name, value in changes:
            before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


@contextlib.contextmanager
def _applied(scene, settings, cards, suffix, many):
    """A block in which the scene has these settings, for files with this suffix."""
    frame = scene.frame_current
    try:
        with value_passes(scene) if suffix == ".exr" else contextlib.nullcontext():
            with temporarily(_changes(scene, settings, cards, suffix, many)):
                yield
    finally:
        scene.frame_set(frame)


def _changes(scene, settings, cards, suffix, many):
    """What these settings change in a scene, in the order to set it: (owner, name, value)."""
    render, engine = scene.render, compat.engine(settings.engine)
    yield render, "engine", engine
    yield render, "resolution_x", settings.width
    yield render, "resolution_y", settings.height
    yield render, "resolution_percentage", 100
    yield render, "use_border", False
    yield render, "filepath", render.filepath
    yield render, "use_file_extension", False
    yield render, "use_overwrite", True
    yield render, "use_placeholder", False
    yield render, "use_sequencer", False
    yield render, "use_multiview", False  # stereo pictures would make a file for each eye
    yield render, "use_persistent_data", many
    if settings.transparent:
        yield render, "film_transparent", True
        for ob in scene.objects:
            if ob.get(tags.KIND) == "card":
                yield ob, "is_holdout", True
            if ob.get(tags.KIND) == "ground" and not shows_shadows(ob):
                # EEVEE has no shadow catcher.
                yield ob, "is_shadow_catcher" if engine == "CYCLES" else "hide_render", True
    form, image = STILLS[suffix], render.image_settings
    if hasattr(image, "media_type"):
        yield image, "media_type", form.media
    yield image, "file_format", form.file_format
    yield image, "color_mode", "RGBA" if render.film_transparent else "RGB"
    yield image, "color_depth", str(settings.bits) if suffix == ".png" else form.bits
    if suffix == ".exr":
        yield image, "exr_codec", "ZIP"
    if engine == "CYCLES":
        yield scene.cycles, "samples", settings.samples
        yield scene.cycles, "denoising_quality", "HIGH"  # a lower one saves next to nothing
        yield from devices.changes(scene, cards, settings.width, settings.height)
        if not has_denoiser():
            yield scene.cycles, "use_denoising", False
    else:
        yield scene.eevee, "taa_render_samples", settings.samples


@contextlib.contextmanager
def film_scene(scene: bpy.types.Scene, settings: Settings, output: str, note: str) -> Iterator[None]:
    """A block in which the scene is ready to be saved for a farm: stock Blender then renders it to the
    numbered frames `output`, and writes `note` into every frame.

    If the settings name cards, Blender renders on those that its own preferences choose; without cards it
    uses the CPU.
    """
    render = scene.render
    changes = [(render, "filepath", output), (render, "use_file_extension", True)]
    changes += [(render, "use_stamp_note", True), (render, "stamp_note_text", note)]
    changes += [(render, "use_stamp_frame", True)]
    if settings.device not in ("auto", "cpu"):
        changes += [(scene.cycles, "device", "GPU"), (scene.cycles, "denoising_use_gpu", True)]
    with _applied(scene, settings, [], ".png", many=True), temporarily(changes):
        yield


def _off_in_the_window(scene):
    """A block without the window's copy of the evaluated scene, because a render makes a copy of its own."""
    drawn = [ob for ob in scene.objects if ob.get(tags.KIND, tags.SOURCE) != tags.SOURCE]
    shown = [modifier for ob in drawn for modifier in ob.modifiers if modifier.show_viewport]
    return temporarily((modifier, "show_viewport", False) for modifier in shown)


def has_denoiser() -> bool:
    """Whether this Blender was built with OpenImageDenoise. Debian's Blender was not."""
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", True))


def film_settings(settings: Settings) -> Settings:
    """The settings with an even width and height, which H.264 needs."""
    return dataclasses.replace(
        settings, width=settings.width + settings.width % 2, height=settings.height + settings.height % 2
    )
