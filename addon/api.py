"""The jobs of this package, a function for each: for Python, notebooks, the command line and the panel.

    import matrix_cinema as mc
    mc.render("examples/attention_head.toml", "head.png")

Nothing here prints. Long jobs call `progress` with how far they are (`outputs.progress`). Every function
raises InputError for input that it cannot use, and JobError if the work fails. The message is one line that
says what is wrong. Blender and torch are loaded by the jobs that need them. Jobs that render, verify or write
a .blend replace the open Blender file by an empty one. If it has unsaved changes, they raise InputError.

A `source` is a description (`Scene`), the name of a scene file, or the name of a built .blend. `load` makes a
description from a capture, or from a scene file with changes.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from .capture.own_code import capture_call
from .capture.pretrained import capture_text
from .description.device import device_of, kind_and_cards
from .description.frame_rate import frame_rate
from .description.scene import Scene
from .description.source import Choice, Source, as_source, open_source, require_file
from .errors import InputError, require_known
from .formats.capture_file import Capture, open_capture
from .formats.imports import import_file
from .look.color_maps import color_maps
from .look.styles import STYLES
from .outputs.captured import CaptureReport, capture_lines, verified
from .outputs.contact_sheet import draw_sheet
from .outputs.farm import BLEND, FRAME_DIGITS, FRAMES, JOB_FILES, require_job_place, write_job
from .outputs.files import named_place, require_file_place, require_folder_place
from .outputs.flamenco import require_url, submit
from .outputs.formats import FILMS, either, kind_of, require_suffix
from .outputs.frames_folder import farm_note, finished, read_job, write_frames_job
from .outputs.inspection import Inspection, built_lines, plan_lines
from .outputs.loading import load_blender
from .outputs.progress import Listener, Tracker, tell, unheard
from .outputs.reads import files_of, files_read, require_apart
from .outputs.temporary import temporary_folder
from .picture.figure_page import FigurePage, PanelGrid, Shown
from .staging.plan import plan

if TYPE_CHECKING:
    import bpy

    from .blender.verify import Report
    from .outputs.estimate import Estimate
    from .outputs.rendering import Rendered

Drawable = Source | Scene | str | os.PathLike[str]
Name = str | os.PathLike[str]


class PictureOptions(TypedDict, total=False):
    """Options of pictures, in place of the scene's own: `size` in pixels, `samples` per pixel, `engine`
    ("cycles", "eevee"), `transparent`, and the `device` for Cycles (description.device)."""

    size: tuple[int, int] | None
    samples: int | None
    engine: str | None
    transparent: bool
    device: str | None


class RenderOptions(PictureOptions, total=False):
    """Options of `render`. `frame` is the frame of a still, by default the scene's own. `frames` are the
    first and the last frame of a film, by default all. If a card is missing or fails, `if_device_fails` says
    whether the job goes on with the "cpu" or is to "stop". `purpose` chooses the size and encoding of a film
    (outputs.film_presets). A `preview` is a small film with few samples and fewer frames. A still may have a
    `width` in print, such as "84mm", its `dpi` (600), and 16 `bits` a channel."""

    frame: int | None
    frames: tuple[int, int] | None
    if_device_fails: str
    purpose: str | None
    preview: bool
    width: str | None
    dpi: int | None
    bits: int


class FigureOptions(TypedDict, total=False):
    """Options of `figure`; `outputs.figure` has the defaults."""

    width: str
    height: str | None
    dpi: int
    grid: PanelGrid | None
    title: bool
    own_scales: bool
    transparent: bool
    outlines: bool
    font: str
    font_size: float
    samples: int | None


def load(path: Name, **choice: Unpack[Choice]) -> Scene:
    """The description in a scene file, or that of a layer or head of a capture.

    From a capture, choose with `layer` (a number, or a name such as "decoder.3.cross"), `head` and `passes`.
    `parts` shows more of a head: "steps", "projections", "output", "residual". `style`, `view`, `subject`,
    `move` and `cards`, such as {"title": True, "subtitle": "…"}, replace the scene's own.
    """
    return _description(open_source(path, **choice))


def build(
    source: Drawable, output: Name | None = None, *, target: "bpy.types.Scene | None" = None
) -> "bpy.types.Scene":
    """Build a scene in Blender and return it: a film, with its camera and its light.

    Without `output`, it is built into the Blender scene `target` of the open file, by default the current
    one. An earlier build there is replaced, anything else stays. With `output`, it is built in an empty file
    that is saved as that .blend. A built .blend, opened as a Source with other values in `instead`, is drawn
    again and saved.
    """
    source, otherwise = as_source(source), "give another style, view, subject or move"
    if output is None:
        description = _description(source, otherwise)
        load_blender()
        from .blender.update import build as build_into

        return build_into(description, target)
    if target is not None:
        raise InputError("build: give a target in the open file, or an output, not both")
    place = Path(output)
    require_suffix(place, (".blend",))
    require_file_place(place)
    require_apart([place], files_read(source))
    checked = None if source.instead else plan(_description(source, otherwise))
    load_blender(replacing=True)
    from .outputs import blend_file

    if checked is None:
        scene = blend_file.open_built(source, file_outputs=True)
    else:
        scene = blend_file.draw_alone(checked)
    blend_file.save_blend(place)
    return scene


def render(
    source: Drawable,
    output: Name,
    *,
    file_outputs: bool = False,
    progress: Listener = unheard,
    **options: Unpack[RenderOptions],
) -> "Rendered":
    """Render a still, a film or numbered frames, as the suffix of `output` says (`outputs.formats`).

    If the very same job has made the output before, it is kept, and so are the frames of an interrupted film.
    With `file_outputs`, a .blend that was not built here may write other files too."""
    source, output = as_source(source), named_place(output)
    kind = _kind_asked(output, options)
    (require_folder_place if kind == "frames" else require_file_place)(output)
    load_blender(replacing=True)
    from .outputs.rendering import Asked, render_source

    return render_source(source, output, kind, Asked(**options), file_outputs, progress)


def _kind_asked(output: Path, options: RenderOptions) -> str:
    """The kind of render for `output`, see `outputs.formats.kind_of`. Raises InputError for options of
    another kind."""
    _require_options(options, RenderOptions, "render")
    kind = kind_of(output)
    if kind == "still" and options.get("frames"):
        raise InputError(f"{output}: `frames` needs a folder or a .mp4; a still takes `frame`")
    if kind != "still" and options.get("frame") is not None:
        raise InputError(f"{output}: `frame` is for a still; a film takes `frames`")
    if kind != "film" and options.get("purpose"):
        raise InputError(f"{output}: `purpose` is only for films; the suffix of a film is {either(FILMS)}")
    printed = options.get("width") or options.get("dpi") or options.get("bits", 8) != 8
    if output.suffix.lower() != ".png" and printed:
        raise InputError(f"{output}: `width`, `dpi` and `bits` are only for a .png")
    return kind


def _require_options(options: Mapping[str, Any], kind: type, job: str) -> None:
    """Raise TypeError for an option that a job does not have; those of `load` are named."""
    known = kind.__annotations__
    for name in options:
        if name in Choice.__annotations__ and name not in known:
            raise TypeError(f'{job}: "{name}" is an option of load: {job}(load(source, {name}=…), …)')
    require_known(options, known, job)


def estimate(
    source: Drawable, output: Name, *, progress: Listener = unheard, **options: Unpack[RenderOptions]
) -> "Estimate":
    """Estimate the same call of `render`: frames, elements, memory, and time, for which one tile of one frame
    is rendered. Nothing is written. Raises InputError, also for a .blend that was not built here."""
    source, output = as_source(source), named_place(output)
    kind = _kind_asked(output, options)
    load_blender(replacing=True)
    from .outputs.rendering import Asked, estimate_source

    return estimate_source(source, output, kind, Asked(**options), progress)


def film(
    source: Drawable,
    output: Name,
    *,
    frames: tuple[int, int] | None = None,
    progress: Listener = unheard,
    **options: Unpack[PictureOptions],
) -> "Rendered":
    """Render a film to a file of one of the suffixes `outputs.formats.FILMS`; its frames are kept beside it.
    See `render`."""
    require_suffix(Path(output), FILMS)
    return render(source, output, frames=frames, progress=progress, **options)


@dataclass(frozen=True)
class Still:
    """A picture in memory, as the bytes of a PNG. A notebook shows it."""

    png: bytes
    frame: int

    def _repr_png_(self) -> bytes:
        return self.png


def still(
    source: Drawable,
    *,
    frame: int | None = None,
    progress: Listener = unheard,
    **options: Unpack[PictureOptions],
) -> Still:
    """Render one picture and return it, for a notebook to show. See `render`."""
    with temporary_folder() as folder:
        place = folder / "still.png"
        made = render(source, place, frame=frame, progress=progress, **options)
        return Still(place.read_bytes(), made.frames[0])


def figure(
    scenes: Drawable | Shown | Sequence[Drawable | Shown],
    output: Name,
    *,
    progress: Listener = unheard,
    **options: Unpack[FigureOptions],
) -> FigurePage:
    """Make a figure for a paper: one or several scenes rendered to exact dots, with all text as type.

    Each of the `scenes` is a panel; a `Shown` also has a frame and a title. `panels` makes them from layers,
    heads and frames. `output` ends in .pdf, .svg or .png. `width` (3.3in) and `height` (by default that of
    the content) are lengths such as "3.3in", "84mm" or "1980px". Pictures have `dpi` (600) dots an inch and
    the `samples` of their scene. `grid` arranges the panels, by default in one row. `title` writes the
    scene's title. With `own_scales` each panel has its own scales and legend. Type has `font_size` (8)
    points; `font` is a family or a .ttf file. With `outlines`, an SVG has its type as shapes. A scene in a
    lit style is drawn in "paper", unless its `Shown` is `styled`.
    """
    _require_options(options, FigureOptions, "figure")
    several = [scenes] if isinstance(scenes, (Source, Scene, Shown, str, os.PathLike)) else scenes
    shown = [_shown(one) for one in several]
    if not shown:
        raise InputError("a figure needs at least one scene")
    read = [path for one in shown for path in (*filter(None, [one.file]), *files_of(one.scene))]
    require_apart([output], [*read, *filter(None, [options.get("font")])])
    load_blender(replacing=True)
    from .outputs.figure import figure as make

    return make(shown, Path(output), progress=progress, **options)


def _shown(one: Drawable | Shown) -> Shown:
    if isinstance(one, Shown):
        return one
    source = as_source(one)
    return Shown(source.description or Scene(), file=source.path, instead=source.instead)


@dataclass(frozen=True)
class FarmJob:
    """A folder with a film as a job of so many `tasks`; its README.txt says how to go on. `seen` is the page
    of the farm to which it was submitted, "" if it was not."""

    folder: Path
    frames: int
    tasks: int
    seen: str = ""

    def __str__(self) -> str:
        readme = self.folder / "README.txt"
        next = f"it is at {self.seen}" if self.seen else f"{readme} tells how to go on"
        return f"{self.folder}: {self.frames} frames in {self.tasks} tasks; {next}"


def farm(
    source: Drawable,
    folder: Name,
    *,
    chunk: int = 10,
    flamenco: str | None = None,
    **options: Unpack[PictureOptions],
) -> FarmJob:
    """Write a film as a job for a render farm, with `chunk` frames in a task: see docs/farm.md. `device` is
    the kind of card of the workers, by default the scene's, else "cpu". With the address of a Flamenco
    Manager as `flamenco`, the job is submitted there; nothing else here uses a network."""
    source, folder = as_source(source), named_place(folder)
    _require_options(options, PictureOptions, "farm")
    require_apart((folder / name for name in JOB_FILES), files_read(source))
    require_job_place(folder)
    if chunk < 1:
        raise InputError(f"chunk {chunk}: a task needs at least 1 frame")
    if flamenco is not None:
        require_url(flamenco)
    if device := options.get("device") or (source.description and source.description.render.device):
        _kind_of_workers(device)
    load_blender(replacing=True)
    from .outputs import blend_file, frames, rendering

    scene, description, settings, _ = rendering.drawn_source(source, rendering.Asked(**options), "film")
    kind = _kind_of_workers(settings.device)
    job = frames.job_of(scene, settings, rendering.mark_of(source, settings))
    with frames.film_scene(scene, settings, f"//{FRAMES}/" + "#" * FRAME_DIGITS, farm_note(job)):
        blend_file.save_blend(folder / BLEND)
    write_frames_job(folder / FRAMES, job)
    cards = "CPU" if kind == "auto" else kind.upper()
    write_job(folder, description.title, job, chunk, device=cards, transparent=settings.transparent)
    seen = submit(flamenco, folder, description.title, job, chunk, scene.name) if flamenco else ""
    return FarmJob(folder, job.count, -(-job.count // chunk), seen)


def _kind_of_workers(device: str) -> str:
    """The kind of a device for all workers of a farm. Raises InputError if the text names cards by
    numbers."""
    kind, cards = kind_and_cards(device_of(device))
    if cards:
        raise InputError(f"device {device}: a job uses all cards of a worker; give only their kind, {kind}")
    return kind


def beats(source: Drawable) -> Scene:
    """The description with the beats of its film as a list, to be edited. A description without beats gets
    automatic ones, written from the expression and its numbers."""
    source = as_source(source)
    if source.description is not None:
        planned = plan(source.description.with_beats())
    else:
        load_blender(replacing=True)
        from .blender import stored
        from .outputs.blend_file import open_built

        scene = open_built(source)
        planned = stored.plan_of(scene, stored.described(scene).with_beats())
    return replace(planned.description, beats=tuple(one.beat for one in planned.beats))


def storyboard(
    source: Drawable,
    output: Name,
    *,
    size: tuple[int, int] = (512, 288),
    samples: int = 4,
    engine: str | None = None,
    progress: Listener = unheard,
) -> int:
    """Draw a sheet with one frame of each beat of a film and its caption, as a PNG file. Returns the number
    of beats. See `beats`."""
    source, place = as_source(source), Path(output)
    require_suffix(place, (".png",))
    require_file_place(place)
    require_apart([place], files_read(source))
    load_blender(replacing=True)
    from .outputs import rendering
    from .outputs.storyboard import draw_storyboard

    return draw_storyboard(source, place, rendering.Asked(size, samples, engine), progress)


def devices() -> list[str]:
    """The devices that Cycles can render on, a line for each, and those that "auto" takes."""
    load_blender()
    from .outputs.devices import lines

    return lines()


def schema() -> dict[str, Any]:
    """The JSON Schema of scene files, for editors: what a file may have, and what each key means."""
    from .description.schema import scene_schema

    maps = list(color_maps())
    fields = ("color_map", "probability_map", "signed_map", "unsigned_map")
    return scene_schema({"style": list(STYLES)} | dict.fromkeys(fields, maps))


def encode(
    folder: Name,
    output: Name,
    *,
    fps: float | None = None,
    frames: tuple[int, int] | None = None,
    progress: Listener = unheard,
) -> int:
    """Make a film of the numbered frames in a folder, of all or of `frames` (first, last). Returns their
    number.

    `fps` are frames a second, by default those of the folder's film, else 24.
    """
    folder, output = Path(folder), Path(output)
    suffix = require_suffix(output, FILMS)
    require_file_place(output)
    pictures = finished(folder, *(frames or ()))
    require_apart([output], pictures)
    job = read_job(folder)
    rate = (job.fps, job.fps_base) if job and fps is None else frame_rate(fps or 24)
    load_blender()
    from .outputs import film_file, marks

    mark, alpha = marks.derived_mark("", "encode"), FILMS[suffix].keeps_alpha
    film_file.encode(pictures, output, *rate, mark, progress, transparent=alpha)
    return len(pictures)


def verify(
    source: "Drawable | bpy.types.Scene", frames: Sequence[float] | None = None
) -> "Report | CaptureReport":
    """Compare the drawn numbers with a float64 evaluation, at `frames` (fractions allowed) or at chosen ones.

    `source` may also be a built Blender scene. For a description, the stored matrices are also compared with
    their sources. A capture file is checked against its own equations, without Blender.
    """
    if isinstance(source, (str, os.PathLike)) and Path(source).suffix.lower() == ".safetensors":
        return verified(open_capture(require_file(source)))
    opened = as_source(source) if isinstance(source, (Source, Scene, str, os.PathLike)) else None
    checked = plan(opened.description) if opened and opened.description else None
    load_blender(replacing=opened is not None)
    from .blender.verify import verify as compare
    from .outputs import blend_file

    if opened is None:
        return compare(source, frames)
    if checked is None:
        return compare(blend_file.open_built(opened), frames)
    given = {name: matrix.values for name, matrix in checked.matrices.items()}
    return compare(blend_file.draw_alone(checked), frames, given)


def inspect(source: Drawable, *, layer: int | str | None = None, head: int | None = None) -> Inspection:
    """The contents of a capture, a scene or a built .blend; `str` of the result is a text with tables.

    `layer` and `head` choose from a capture. To describe the scene of a head, `load` it first.
    """
    if isinstance(source, (str, os.PathLike)):
        path = require_file(source)
        if path.suffix.lower() == ".safetensors":
            found = open_capture(path)
            return Inspection(found, capture_lines(found, layer, head))
    opened = as_source(source)
    if opened.description is not None:
        planned = plan(opened.description)
        return Inspection(planned, plan_lines(planned))
    load_blender(replacing=True)
    from .blender.read import drawn
    from .outputs.blend_file import open_built

    there = drawn(open_built(opened))
    return Inspection(there, built_lines(there))


def sheet(
    capture: Name,
    output: Name,
    *,
    layer: int | str | None = None,
    head: int | None = None,
    style: str = "paper",
) -> int:
    """Draw the patterns of a capture's heads, of all or of those chosen, as PNG, PDF or SVG. Returns the
    number of heads."""
    path = require_file(capture)
    require_apart([output], [path])
    return draw_sheet(open_capture(path), Path(output), layer=layer, head=head, look=style)


@dataclass(frozen=True)
class Captured:
    """A capture file that was written; `warnings` say what is missing or not exact."""

    path: Path
    capture: Capture
    warnings: tuple[str, ...]


def capture(
    output: Name,
    *,
    model: Name | None = None,
    call: str | None = None,
    origin: Name | None = None,
    texts: Sequence[str] = (),
    image: Name | None = None,
    pair: str = "",
    tokens: Sequence[Sequence[str]] = (),
    layers: Sequence[int | str] | None = None,
    heads: Sequence[int] | None = None,
    progress: Listener = unheard,
) -> Captured:
    """Write the capture file `output` from exactly one of `model`, `call` and `origin`.

    `model` is a folder, or a name that transformers knows. It reads each of the `texts` in a pass of its own,
    sees an `image`, or both. `pair` is the text that the decoder of an encoder-decoder wrote, or else a
    second text. `call` is a function of your own, "FILE.py:FUNCTION", which is run. `origin` is an .npz or
    .safetensors file that another tool has saved; `tokens` has one list of its texts, or two: the encoder's
    and the decoder's. `layers` and `heads` choose what is recorded. To record a model in Python, use
    `record`.
    """
    place, given = Path(output), {"model": model, "call": call, "origin": origin}
    require_suffix(place, (".safetensors",))
    require_file_place(place)
    if sum(value is not None for value in given.values()) != 1:
        raise InputError("a capture needs exactly one of `model`, `call` and `origin`")
    _require_options_of_capture(
        given, {"pair": pair, "image": image, "layers": layers, "heads": heads, "tokens": tokens}
    )
    if model is not None and not texts and image is None:
        raise InputError("`model` needs `texts`, which the model reads, or `image`, which it sees")
    called = call and call.rpartition(":")[0]
    require_apart([place], [path for path in (origin, model, image, called) if path])
    if origin is not None:
        own = list(tokens)[::-1]
        told = import_file(
            require_file(origin), place, tokens=own[0] if len(own) == 1 else own, text=" ".join(texts)
        )
    else:
        tracker = Tracker("capture", 1.0, progress)
        chosen: dict[str, Any] = {"layers": layers, "heads": heads, "progress": tracker.update}
        if model is None:
            assert call is not None
            tell(progress, f"note: {call} is code of yours, which is run")
            told = capture_call(call, place, texts=texts or ("",), **chosen)
        else:
            told = capture_text(model, texts or ("",), place, pair=pair, image=image, **chosen)
        tracker.finish()
    return Captured(place, open_capture(place), tuple(told))


OPTIONS_OF_CAPTURE = {
    "pair": ("model",),
    "image": ("model",),
    "layers": ("model", "call"),
    "heads": ("model", "call"),
    "tokens": ("origin",),
}


def _require_options_of_capture(given: Mapping[str, object], options: Mapping[str, Any]) -> None:
    """Refuse options that do not belong to the origin of the capture."""
    for option, owners in OPTIONS_OF_CAPTURE.items():
        if options[option] and not any(given[owner] is not None for owner in owners):
            raise InputError(f"`{option}` is for {' and '.join(f'`{owner}`' for owner in owners)}")
    if len(options["tokens"]) > 2:
        raise InputError("`tokens` takes one, or two: the encoder's and the decoder's")


def _description(source: Source, instead: str = "give a scene file") -> Scene:
    """The description of a source that is not built yet."""
    if source.description is None:
        raise InputError(f"{source.path}: is built already; {instead}")
    return source.description
