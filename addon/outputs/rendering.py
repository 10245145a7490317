"""A source becomes a still, a film or numbered frames. What is there of them and of this very job is kept."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..blender import tags
from ..description.device import device_of
from ..description.scene import Render, Scene, from_dict
from ..description.source import Source
from ..errors import InputError
from ..staging.plan import Plan, plan
from . import blend_file, film, frames, marks
from .formats import FILMS
from .frames import Settings
from .frames_folder import film_folders
from .progress import Listener
from .reads import files_read, require_apart


@dataclass(frozen=True)
class Asked:
    """What a caller asks of pictures beside their scene; None leaves it to the scene. `frame` is that of a
    still, `frames` the first and the last one of a film; `device` and `fallback` are those of
    frames.Settings."""

    size: tuple[int, int] | None = None
    samples: int | None = None
    engine: str | None = None
    transparent: bool = False
    frame: int | None = None
    frames: tuple[int, int] | None = None
    device: str | None = None
    fallback: str = "cpu"


@dataclass(frozen=True)
class Rendered:
    """`output` shows these `frames` of a film that has the frames up to `last`; `now` of them were rendered
    by this job, the others were there. It is `up_to_date` when the very same job had made it before."""

    output: Path
    kind: str
    frames: range = range(0)
    last: int = 0
    now: int = 0

    @property
    def up_to_date(self) -> bool:
        return not self.frames

    def __str__(self) -> str:
        if self.up_to_date:
            return f"{self.output} is up to date"
        if self.kind == "still":
            return f"{self.output}: frame {self.frames[0]} of {self.last}"
        return f"{self.output}: {len(self.frames)} frames, {self.now} rendered now"


def render_source(
    source: Source, output: Path, kind: str, asked: Asked, file_outputs: bool, progress: Listener
) -> Rendered:
    """Render a source to a "still", a "film" or "frames", see `api.render`. Raises InputError and
    JobError."""
    written = _written(output, kind)
    require_apart(written, files_read(source))
    scene, description = None, source.description
    if description is None:
        scene = blend_file.open_blend(source.file, file_outputs=file_outputs)
        require_apart(written, bpy.utils.blend_paths(absolute=True))
        description = blend_file.described(scene)
    settings = settings_of(description.render, asked, kind)
    if settings.transparent and kind == "film" and not FILMS[output.suffix.lower()].keeps_alpha:
        raise InputError(f"{output}: an .mp4 has no transparency; give a .mov or a .webm")

    # The mark of every picture of this job, and that of the one file that comes of it.
    made_with = (settings, bpy.app.version_string)
    mark = marks.blend_mark(source.file, *made_with) if scene else marks.scene_mark(description, *made_with)
    moment = description.render.still if asked.frame is None else asked.frame
    own_mark = marks.derived_mark(mark, kind, moment if kind == "still" else asked.frames)
    if kind != "frames" and own_mark == marks.read_mark(output):
        return Rendered(output, kind)

    if scene is None:
        checked = planned_for(description, settings)
        _require_frames(asked, 1, checked.timeline.last_frame)
        scene = blend_file.draw_alone(checked)
    first, last = scene.frame_start, scene.frame_end
    _require_frames(asked, first, last)
    if kind == "still":
        done = min(max(first, tags.number(scene, tags.DONE, last)), last)
        at = description.render.still_frame(first, done) if asked.frame is None else asked.frame
        frames.render_still(scene, output, at, settings, own_mark, progress)
        return Rendered(output, kind, range(at, at + 1), last, 1)
    first, last = asked.frames or (first, last)
    numbers = range(first, last + 1)
    if kind == "frames":
        made = frames.render_frames(scene, output, numbers, settings, mark, progress)
    else:
        made = film.render_film(scene, output, numbers, settings, mark, own_mark, progress)
    return Rendered(output, kind, numbers, scene.frame_end, made)


def settings_of(defaults: Render, asked: Asked, kind: str) -> Settings:
    """The settings of a still, or of a film's frames. Raises InputError for what is asked beyond the
    limits."""
    wanted = {"samples": asked.samples, "engine": asked.engine, "transparent": asked.transparent}
    if asked.size is not None:
        wanted |= dict(zip(("width", "height"), asked.size, strict=True))
    from_dict(Render, {name: value for name, value in wanted.items() if value is not None}, "render")
    if kind == "still":
        size, samples = (defaults.width, defaults.height), defaults.samples
    else:
        size, samples = (defaults.film_width, defaults.film_height), defaults.film_samples
    settings = Settings(
        *(asked.size or size),
        asked.samples or samples,
        asked.engine or defaults.engine,
        asked.transparent or defaults.transparent,
        "HIGH" if kind == "still" else "FAST",
        device_of(asked.device or defaults.device),
        asked.fallback,
    )
    return frames.film_settings(settings) if kind == "film" else settings


def planned_for(description: Scene, settings: Settings) -> Plan:
    """The plan of a description, framed for the size that is rendered. Raises InputError."""
    size = dataclasses.replace(description.render, width=settings.width, height=settings.height)
    return plan(dataclasses.replace(description, render=size))


def _written(output: Path, kind: str) -> Iterable[Path]:
    """The files there are that a job may replace: its output, and frames of a film."""
    folders = {"still": [], "film": film_folders(output), "frames": [output]}[kind]
    return [output, *(path for folder in folders for path in folder.glob("*.png"))]


def _require_frames(asked: Asked, first: int, last: int) -> None:
    for number in (asked.frame, *(asked.frames or ())):
        if number is not None and not first <= number <= last:
            raise InputError(f"frame {number}: the scene has frames {first} to {last}")
    if asked.frames and asked.frames[0] > asked.frames[1]:
        raise InputError(f"frames {asked.frames[0]} to {asked.frames[1]}: the first is after the last")
