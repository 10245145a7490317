"""The commands: each calls a function of `api` with its arguments, and prints the result.

The console script `matrix-cinema`, Blender's `blender --command matrix_cinema …` and
`blender -b -P scripts/matrix_cinema.py -- …` all end in `run`.
"""

import contextlib
import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import api
from ..capture.pretrained import read_lines, read_text
from ..description.scene import Scene, to_toml
from ..description.source import Source, open_source, require_file
from ..errors import InputError, JobError
from ..outputs import inspection, messages
from ..outputs.files import named_place
from ..outputs.formats import FILMS, STILLS, either
from ..outputs.interrupt import STATUS as INTERRUPTED
from ..outputs.marks import read_mark
from ..outputs.messages import PROGRAM
from ..outputs.reads import require_apart
from ..picture.figure_choice import panels
from .parser import as_typed, parser
from .progress import ProgressWriter

FAILED, BAD_INPUT = 1, 2


def run(argv: Sequence[str]) -> int:
    """Carry out one command line and return its exit status. An error is written as one line.

    0 done, 1 the job failed, 2 bad input, 130 interrupted.
    """
    messages.follow(argv)
    try:
        _require_working_folder()
        arguments = parser().parse_args(argv)
        return FUNCTIONS[arguments.command](arguments) or 0
    except SystemExit as end:  # --help and --version
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt as interrupt:
        messages.say("error", str(interrupt) or "interrupted", status=INTERRUPTED)
        return INTERRUPTED
    except BrokenPipeError:  # the program that read our output, such as `head`, has ended
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except Exception as error:
        if "--traceback" in argv:
            raise
        status = BAD_INPUT if isinstance(error, InputError) else FAILED
        messages.say("error", _told(error), status=status)
        return status


def _told(error: Exception) -> str:
    if isinstance(error, (InputError, JobError)):
        return as_typed(str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return f"{type(error).__name__}: {error} (run again with --traceback to see where)"


def _require_working_folder() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise InputError(
            f"the working folder has been removed ({error.strerror}); change to another one"
        ) from None


# The commands


def render(arguments: Namespace) -> None:
    """The command `render`. The suffix of the output decides what is made, or --still, --film, --frames."""
    source = _source(arguments)
    output = _output(arguments, source)
    names = "frame frames if_device_fails purpose preview width dpi bits"
    options = _chosen(arguments, *names.split()) | _picture(arguments)
    with _progress(arguments) as progress:
        if arguments.dry_run:
            print(api.estimate(source, output, progress=progress, **options))
            return
        foreign = arguments.file_outputs
        made = api.render(source, output, file_outputs=foreign, progress=progress, **options)
    if not arguments.quiet:
        print(made)


def figure(arguments: Namespace) -> None:
    """The command `figure`."""
    shown, grid = panels(
        arguments.source,
        layers=_one_or_several(arguments, "layer"),
        heads=_one_or_several(arguments, "head"),
        frames=_one_or_several(arguments, "frame"),
        tensor=arguments.tensor or "",
        titles=arguments.titles or (),
        **_chosen(arguments, "columns", "parts", "passes", "style", "view", "subject"),
    )
    page_options = "width height dpi title own_scales transparent outlines font font_size samples"
    options = _chosen(arguments, *page_options.split())
    with _progress(arguments) as progress:
        page = api.figure(shown, arguments.output, grid=grid, progress=progress, **options)
    if not arguments.quiet:
        count = len(page.pictures)
        size = f"{page.width / 72:.4g} × {page.height / 72:.4g} in"
        print(f"{arguments.output}: {size}, {count} panel{'s' * (count > 1)}")


def storyboard(arguments: Namespace) -> None:
    """The command `storyboard`."""
    source = _source(arguments)
    if not (arguments.output or arguments.toml):
        raise InputError("storyboard: name the sheet with -o SHEET.png, or ask for the beats with --toml")
    if arguments.toml:
        print(to_toml(Scene(beats=api.beats(source).beats)), end="")
    if arguments.output:
        asked = _chosen(arguments, "size", "samples", "engine")
        count = api.storyboard(source, arguments.output, **asked, progress=_progress(arguments))
        if not arguments.quiet and not arguments.toml:
            print(f"{arguments.output}: {count} beat{'s' * (count != 1)}")


def build(arguments: Namespace) -> None:
    """The command `build`."""
    api.build(_source(arguments), arguments.output)
    print(arguments.output)


def farm(arguments: Namespace) -> None:
    """The command `farm`."""
    options = _chosen(arguments, "chunk", "flamenco") | _picture(arguments)
    print(api.farm(_source(arguments), arguments.output, **options))


def encode(arguments: Namespace) -> None:
    """The command `encode`."""
    with ProgressWriter() as progress:
        count = api.encode(
            arguments.folder, arguments.output, fps=arguments.fps, frames=arguments.frames, progress=progress
        )
    print(f"{arguments.output}: {count} frames")


def verify(arguments: Namespace) -> int:
    """The command `verify`. A capture without --layer and --head is checked against its own equations."""
    chosen = arguments.layer is not None or arguments.head is not None or arguments.parts
    whole = Path(arguments.source).suffix.lower() == ".safetensors" and not chosen
    report = api.verify(arguments.source if whole else _source(arguments), arguments.positions)
    print("\n".join(report.lines()))
    return 0 if report.ok else FAILED


def inspect(arguments: Namespace) -> None:
    """The command `inspect`. Without --layer and --head it describes a whole capture, or draws it with
    --sheet. With --with it describes the scene that is made of the capture."""
    path = require_file(arguments.source)
    is_capture = path.suffix.lower() == ".safetensors"
    if arguments.sheet:
        if arguments.parts:
            raise InputError("`parts`: a sheet shows only the patterns of the heads")
        if not is_capture:
            raise InputError(f"--sheet: {path} is not an attention capture")
        chosen = {"layer": arguments.layer, "head": arguments.head, "style": arguments.style or "paper"}
        count = api.sheet(path, arguments.sheet, **chosen)
        print(f"{arguments.sheet}: the patterns of {count} head{'s' * (count > 1)}")
    elif is_capture and not arguments.parts and not arguments.passes:
        print(api.inspect(path, layer=arguments.layer, head=arguments.head))
    else:
        print(api.inspect(_source(arguments)))


def capture(arguments: Namespace) -> None:
    """The command `capture`. It is the only command that needs torch; it does not need Blender."""
    _require_no_download(arguments.model)
    files = arguments.tokens or ()
    read = filter(None, (arguments.text_file, *files))
    require_apart([arguments.output], read)
    texts = arguments.texts if arguments.text_file is None else [read_text(arguments.text_file)]
    with ProgressWriter() as progress:
        made = api.capture(
            arguments.output,
            model=arguments.model,
            call=arguments.call,
            origin=arguments.origin,
            texts=texts or (),
            image=arguments.image,
            pair=arguments.pair,
            tokens=[read_lines(path) if arguments.origin and len(files) < 3 else path for path in files],
            layers=arguments.layers,
            heads=arguments.heads,
            progress=progress,
        )
    for line in made.warnings:
        messages.say("warning", line)
    layers, size = len(made.capture.layers), made.path.stat().st_size
    tokens = max(layer.sizes["Q"] for layer in made.capture.layers.values())
    told = f"{layers} layer{'s' * (layers != 1)}, {tokens} token{'s' * (tokens != 1)}, {size / 1000:,.0f} kB"
    print(f"{made.path}: {told}; {PROGRAM} inspect {made.path} tells its heads")


def _require_no_download(model: str | None) -> None:
    """In Blender itself, raise InputError for a model that is no folder: transformers might download it, and
    the extension has no permission for the network."""
    bpy = sys.modules.get("bpy")
    if model and bpy is not None and not bpy.app.module and not os.path.isdir(model):
        raise InputError(
            f"--model: {model} is not a folder; in Blender nothing is downloaded, so give the model's folder"
        )


def presets(_: Namespace) -> None:
    """The command `presets`."""
    print("\n".join(inspection.preset_lines()))


def schema(_: Namespace) -> None:
    """The command `schema`."""
    print(json.dumps(api.schema(), indent=1, ensure_ascii=False))


def devices(_: Namespace) -> None:
    """The command `devices`."""
    print("\n".join(api.devices()))


_ALL = (render, figure, storyboard, build, farm, encode, verify, inspect, capture, presets, schema, devices)
FUNCTIONS: dict[str, Callable[[Namespace], int | None]] = {one.__name__: one for one in _ALL}


# Shared by several commands


def _chosen(arguments: Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(arguments, name, None) for name in names}


def _one_or_several(arguments: Namespace, one: str) -> list[Any]:
    """The values of an option that has a singular and a plural form, such as --head and --heads."""
    alone, several = getattr(arguments, one), getattr(arguments, f"{one}s")
    if alone is not None and several is not None:
        raise InputError(f"give --{one} or --{one}s, not both")
    return several or [] if alone is None else [alone]


def _source(arguments: Namespace) -> Source:
    names = ("layer", "head", "parts", "passes", "style", "view", "subject", "move")
    return open_source(arguments.source, **_chosen(arguments, *names), cards=_cards(arguments))


def _cards(arguments: Namespace) -> dict[str, str | bool]:
    """The fields of the film's cards that the arguments set. A text for a card also turns that card on."""
    said = {"subtitle": "subtitle", "source": "source_text", "credit": "credit"}
    texts = {
        name: text for name, dest in said.items() if (text := getattr(arguments, dest, None)) is not None
    }
    title = getattr(arguments, "title_card", False) or "subtitle" in texts
    end = getattr(arguments, "end_card", False) or "source" in texts or "credit" in texts
    return {**({"title": True} if title else {}), **({"end": True} if end else {}), **texts}


def _picture(arguments: Namespace) -> dict[str, Any]:
    return _chosen(arguments, "size", "samples", "engine", "transparent", "device")


def _output(arguments: Namespace, source: Source) -> Path:
    """The path of the render's output. Raises InputError if its suffix contradicts --still or --film."""
    asked = "still" if arguments.still else "film" if arguments.film else None
    if arguments.output is not None:
        output = named_place(arguments.output)
    else:
        suffix = ".mp4" if asked == "film" else ".frames" if arguments.frames and not asked else ".png"
        suffix = ".preview.mp4" if arguments.preview else ".mp4" if arguments.purpose else suffix
        output = Path(source.file.stem + suffix)
        if output.is_file() and not read_mark(output):
            raise InputError(f"{output}: exists, and this program did not make it; name the output with -o")
    suffixes = FILMS if asked == "film" else STILLS
    if asked and output.suffix.lower() not in suffixes:
        raise InputError(f"{output}: with --{asked} the suffix must be {either(suffixes)}")
    return output


def _progress(arguments: Namespace) -> ProgressWriter:
    return ProgressWriter("quiet" if arguments.quiet else "json" if arguments.json_progress else "auto")
