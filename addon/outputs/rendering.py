"""Renders a source as a still, a film or numbered frames. Files of this very job that exist already are
kept."""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import bpy

from ..blender import tags
from ..blender.stored import plan_of
from ..blender.verify import verify
from ..description.device import FALLBACKS, device_of
from ..description.scene import Render, Scene, from_dict
from ..description.source import Source
from ..errors import InputError, nearest
from ..look.color_maps import color_map
from ..look.print_gamut import unprintable
from ..picture.figure_page import length
from ..staging.plan import Plan, plan
from . import blend_file, film_file, frames, marks
from .caption_track import captions_of, with_cards
from .companions import require_place_beside, write_captions, write_poster
from .estimate import Estimate, estimated
from .film_presets import PRESETS, FilmPreset
from .formats import FILMS, either
from .frames import Settings
from .frames_folder import film_folders, frame_path
from .notes import notes_of
from .png_file import profile_chunk, size_chunk, text_chunk
from .progress import Listener, tell
from .reads import files_read, require_apart

PREVIEW_WIDTH, PREVIEW_SAMPLES, PREVIEW_FRAMES = 256, 2, 96
PRINT_DPI = 600
VERIFIED = 200_000  # the most elements that are verified for the notes of a picture


@dataclass(frozen=True)
class Asked:
    """The options of a render; None leaves a value to the scene.

    `frame` is the frame of a still, `frames` the first and the last frame of a film. `device` and
    `if_device_fails` are the device and the fallback of frames.Settings. A film may have a `purpose`
    (film_presets) or be a `preview`. A still may have a `width` in print, such as "84mm", `dpi` (600), and 16
    `bits` in a channel."""

    size: tuple[int, int] | None = None
    samples: int | None = None
    engine: str | None = None
    transparent: bool = False
    frame: int | None = None
    frames: tuple[int, int] | None = None
    device: str | None = None
    if_device_fails: str = "cpu"
    purpose: str | None = None
    preview: bool = False
    width: str | None = None
    dpi: int | None = None
    bits: int = 8

    def __post_init__(self) -> None:
        """Raises InputError for a frame that is no whole number, and frames or a size that are not two."""
        for name in ("frame", "frames", "size"):
            value = getattr(self, name)
            one = name == "frame"
            numbers = [value] if one else value
            known = isinstance(numbers, Sequence) and len(numbers) == (1 if one else 2)
            if value is not None and not (known and all(map(_is_whole, numbers))):
                raise InputError(
                    f"{name}: {value!r} is not {'a whole number' if one else 'two whole numbers'}"
                )
        for name, choices in (("bits", (8, 16)), ("if_device_fails", FALLBACKS)):
            if getattr(self, name) not in choices:
                either_one = " or ".join(map(repr, choices))
                raise InputError(f"{name}: {getattr(self, name)!r} is not {either_one}")

    @property
    def preset(self) -> FilmPreset | None:
        """The preset for the `purpose`, or None. Raises InputError for an unknown purpose."""
        if self.purpose is not None and self.purpose not in PRESETS:
            hint = nearest(self.purpose, PRESETS, "known purposes")
            raise InputError(f'unknown purpose of a film "{self.purpose}"; {hint}')
        return PRESETS[self.purpose] if self.purpose else None


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


@dataclass(frozen=True)
class Rendered:
    """The result of a render: `output` shows these `frames` of a film whose frames go up to `last`. This job
    rendered `now` of them; the others existed, or look the same as one of these. `up_to_date`: the same job
    had made the output before."""

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
        if source.instead:
            scene = blend_file.open_built(source, file_outputs=file_outputs)
        else:
            scene = blend_file.open_blend(source.file, file_outputs=file_outputs)
        require_apart(written, bpy.utils.blend_paths(absolute=True))
        description = blend_file.description_as_set(scene)
    settings = settings_of(description.render, asked, kind)
    _require_alpha(output, kind, settings)

    # The mark of every picture of this job, and the mark of the file that is made from them.
    mark = mark_of(source, settings, bpy.app.version_string)
    moment = description.render.still if asked.frame is None else asked.frame
    own_mark = marks.derived_mark(mark, kind, *_part_of_mark(asked, kind, moment))
    preset = asked.preset if kind == "film" else None
    if preset:
        require_place_beside(output, preset.captions, preset.poster)
    if kind != "frames" and own_mark == marks.read_mark(output):
        return Rendered(output, kind)

    checked: Plan | None = None
    if scene is None:
        checked = planned_for(description, settings)
        _require_frames(asked, 1, checked.timeline.last_frame)
        scene = blend_file.draw_alone(checked)
    numbers = _asked_frames(scene, description, checked, asked, kind)
    told = checked or (_plan_of_opened(scene) if kind == "film" else None)
    error = largest_error(scene) if checked else None
    notes = notes_of([description], bpy.app.version_string, error)
    if kind == "still":
        chunks = [profile_chunk(), *([size_chunk(asked.dpi or PRINT_DPI)] if asked.width else [])]
        chunks += [text_chunk(name, text) for name, text in notes.items()]
        frames.render_still(scene, output, numbers[0], settings, own_mark, progress, chunks)
        made = 1
        if asked.width and checked:
            _tell_of_print(checked, progress)
    elif kind == "frames":
        made = frames.render_frames(scene, output, numbers, settings, mark, progress)
    else:
        captions, manner = _told(notes, told, scene, numbers, preset)
        made = film_file.render_film(scene, output, numbers, settings, mark, own_mark, progress, manner)
        if preset:
            at = _still_frame(scene, description, told)
            _put_beside(output, preset, captions, at, numbers, own_mark)
    return Rendered(output, kind, numbers, scene.frame_end, made)


def estimate_source(source: Source, output: Path, kind: str, asked: Asked, progress: Listener) -> Estimate:
    """The Estimate of the same render, for which one tile of one frame is rendered. Raises InputError and
    JobError."""
    if source.description is not None:
        _require_alpha(output, kind, settings_of(source.description.render, asked, kind))
    scene, description, settings, checked = drawn_source(source, asked, kind)
    _require_alpha(output, kind, settings)
    numbers = _asked_frames(scene, description, checked, asked, kind)
    return estimated(scene, description, numbers, settings, progress)


def drawn_source(
    source: Source, asked: Asked, kind: str
) -> tuple[bpy.types.Scene, Scene, Settings, Plan | None]:
    """(Blender scene of a source, its description, settings of a "still" or of a film's frames, plan or
    None).

    The scene is drawn in an empty file, or opened; only a drawn scene has a plan. Raises InputError, also for
    a .blend that this program did not build."""
    if source.description is None:
        scene = blend_file.open_built(source)
        description = blend_file.description_as_set(scene)
        return scene, description, settings_of(description.render, asked, kind), None
    settings = settings_of(source.description.render, asked, kind)
    checked = planned_for(source.description, settings)
    return blend_file.draw_alone(checked), source.description, settings, checked


def mark_of(source: Source, *made_with: object) -> str:
    """The mark of pictures of a source that are made with these settings."""
    if source.description is None:
        return marks.blend_mark(source.file, *made_with, *sorted(source.instead.items()))
    return marks.scene_mark(source.description, *made_with)


def settings_of(defaults: Render, asked: Asked, kind: str) -> Settings:
    """The settings of a still, or of a film's frames. Raises InputError for an option that is out of its
    limits."""
    wanted = {"samples": asked.samples, "engine": asked.engine, "transparent": asked.transparent}
    if asked.size is not None:
        wanted |= dict(zip(("width", "height"), asked.size, strict=True))
    from_dict(Render, {name: value for name, value in wanted.items() if value is not None}, "render")
    preset = asked.preset
    if kind == "still":
        size, samples = _size_in_print(defaults, asked), defaults.samples
    else:
        size, samples = (defaults.film_width, defaults.film_height), defaults.film_samples
        size = (preset.width, preset.height) if preset else size
    if asked.preview:
        size, samples = _small(asked.size or size), min(samples, PREVIEW_SAMPLES)
        asked = dataclasses.replace(asked, size=None)
    width, height = asked.size or size
    settings = Settings(
        width,
        height,
        asked.samples or samples,
        asked.engine or defaults.engine,
        asked.transparent or defaults.transparent,
        bits=asked.bits,
        device=device_of(asked.device or defaults.device),
        fallback=asked.if_device_fails,
    )
    return frames.film_settings(settings) if kind == "film" else settings


def _require_alpha(output, kind, settings):
    """Raise InputError for a film without background in a format that has no transparency."""
    if settings.transparent and kind == "film" and not FILMS[output.suffix.lower()].keeps_alpha:
        alpha = either(suffix for suffix, film in FILMS.items() if film.keeps_alpha)
        raise InputError(f"{output}: {output.suffix} has no transparency; give {alpha}")


def _small(size):
    """The size of a preview: PREVIEW_WIDTH wide, unless the film is smaller already."""
    factor = min(1.0, PREVIEW_WIDTH / size[0])
    return tuple(max(16, round(n * factor)) for n in size)


def _size_in_print(defaults, asked):
    """The size in pixels of a still whose width in print is given."""
    if asked.width is None:
        return defaults.width, defaults.height
    dpi = asked.dpi or PRINT_DPI
    width = round(length(asked.width, dpi) / 72 * dpi)
    return width, round(width * defaults.height / defaults.width)


def _part_of_mark(asked, kind, moment):
    """The options that are part of the mark of one file, but not of the marks of its job's pictures."""
    if kind == "still":
        return (moment, *((asked.width, asked.dpi) if asked.width else ()))
    more = (asked.purpose, asked.preview)
    return (asked.frames, *(more if any(more) else ()))


def _plan_of_opened(scene: bpy.types.Scene) -> Plan | None:
    """The plan of an opened scene, for the captions of its film. None if this program did not build the
    scene, or if it has lost parts."""
    if tags.DESCRIPTION in scene:
        with contextlib.suppress(InputError):
            return plan_of(scene)
    return None


def largest_error(scene: bpy.types.Scene) -> float | None:
    """The largest error that `verify` finds in a scene that was just drawn, as a part of the largest
    magnitude. None if the scene has more than VERIFIED elements, or if a comparison fails."""
    if tags.number(scene, tags.ELEMENTS, 0) > VERIFIED:
        return None
    report = verify(scene)
    return max((row.error for row in report.rows), default=0.0) if report.ok else None


def _tell_of_print(checked, progress):
    """Report colours of a style that will look duller in print."""
    maps = dict.fromkeys(
        scale.color_map for scales in (checked.final, checked.products) for scale in scales.values()
    )
    for name in maps:
        colors = color_map(name) / 255
        if (count := unprintable(colors)) > len(colors) // 50:
            told = f"{100 * count // len(colors)} % of the colour map {name} will look duller in print"
            tell(progress, f"{told}, which has fewer colours than a screen")


def _told(notes, told, scene, numbers, preset):
    """What a film says in these frames: its captions, and how it is encoded."""
    first, last = numbers[0], numbers.stop - 1
    rate = scene.render.fps / scene.render.fps_base
    beats = [(beat.text, beat.start, beat.end) for beat in told.beats] if told else []
    captions = captions_of(beats, first, last, rate)
    parts = with_cards(beats, told) if told else []
    chapters = [(one.start, one.text) for one in captions_of(parts, first, last, rate)]
    manner = film_file.Encoding(notes=notes, chapters=chapters, every=numbers.step)
    if preset:
        manner = dataclasses.replace(manner, quality=preset.quality, speed=preset.speed)
    return captions, manner


def _asked_frames(scene, description, checked, asked, kind):
    """The frames of a render. A still has the one asked for, or that of the plan that was drawn; of a .blend
    the one at which it was saved. The preview of a film has at most PREVIEW_FRAMES. Raises InputError for
    frames that the scene does not have."""
    _require_frames(asked, scene.frame_start, scene.frame_end)
    if kind == "still":
        at = _still_frame(scene, description, checked) if checked else scene.frame_current
        at = min(max(at, scene.frame_start), scene.frame_end) if asked.frame is None else asked.frame
        return range(at, at + 1)
    first, last = asked.frames or (scene.frame_start, scene.frame_end)
    every = -(-(last - first + 1) // PREVIEW_FRAMES) if asked.preview else 1
    return range(first, last + 1, every)


def _still_frame(scene, description, checked):
    """The frame for the still and the poster of a film: in its scene, never on a card."""
    begins = checked.timeline.begins if checked else scene.frame_start
    return description.render.still_frame(begins, tags.number(scene, tags.DONE, scene.frame_end))


def _put_beside(output, preset, captions, at, numbers, mark):
    """Write the captions and the poster of a film. The poster is the frame in `numbers` that is nearest to
    `at`."""
    if preset.captions:
        write_captions(output, captions)
    if preset.poster:
        frame = min(numbers, key=lambda n: abs(n - at))
        folder = next((f for f in film_folders(output) if frame_path(f, frame).exists()), None)
        if folder:
            write_poster(output, frame_path(folder, frame), mark)


def planned_for(description: Scene, settings: Settings) -> Plan:
    """The plan of a description, framed for the size that is rendered. Raises InputError."""
    size = dataclasses.replace(description.render, width=settings.width, height=settings.height)
    return plan(dataclasses.replace(description, render=size))


def _written(output: Path, kind: str) -> Iterable[Path]:
    """The existing files that a job may replace: its output, and the frames of a film."""
    folders = film_folders(output) if kind == "film" else [output] if kind == "frames" else []
    return [output, *(path for folder in folders for path in folder.glob("*.png"))]


def _require_frames(asked: Asked, first: int, last: int) -> None:
    for number in (asked.frame, *(asked.frames or ())):
        if number is not None and not first <= number <= last:
            raise InputError(f"frame {number}: the scene has frames {first} to {last}")
    if asked.frames and asked.frames[0] > asked.frames[1]:
        raise InputError(f"frames {asked.frames[0]} to {asked.frames[1]}: the first is after the last")
