"""The command line: one parser for three doors.

The console script `matrix-cinema`, Blender's `blender --command matrix_cinema …` and
`blender -b -P scripts/matrix_cinema.py -- …` all end in `run`. Commands are thin: they check what
was asked, call the rooms, and print. Blender is imported only by what needs it.
"""

import argparse
import contextlib
import dataclasses
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..capture.own_code import capture_call
from ..capture.pretrained import capture_text, read_lines, read_text
from ..description.frame_rate import frame_rate, rate_of, rate_text
from ..description.from_capture import PARTS
from ..description.scene import ENGINES, MOVES, VIEWS
from ..description.source import open_source, require_file
from ..errors import InputError, JobError, needs_extra, not_loaded
from ..formats.capture_file import open_capture
from ..formats.imports import import_file
from ..memory import address_limit
from ..outputs import messages
from ..outputs.farm import BLEND, DIGITS, FILES, FRAMES, require_job_place, write_job
from ..outputs.files import require_file_place, require_folder_place
from ..outputs.frames_folder import film_folders, finished, read_job
from ..outputs.interrupt import STATUS as INTERRUPTED
from ..outputs.interrupt import leaving_at_once
from ..outputs.marks import read_mark
from ..outputs.messages import PROGRAM
from ..outputs.progress import Progress
from ..outputs.reads import files_of, require_apart
from ..outputs.sheet import draw_sheet
from ..outputs.silence import blender_silenced
from ..outputs.temporary import begin_in_blender
from ..staging.plan import plan
from . import inspection
from .panels import panels

FAILED, BAD_INPUT = 1, 2
_FILMS = (".mp4", ".mov", ".webm")
# Not made here, and hardly meant as the name of a folder.
_OTHER_FILES = (
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".tif",
    ".tiff",
    ".avi",
    ".mkv",
    ".blend",
    ".toml",
    ".pdf",
    ".svg",
)
# What the bpy module links and a bare Debian or Ubuntu server lacks; EGL is for EEVEE.
LEAST_ADDRESSES = 1.7e9  # bytes: 1.2 GB of Blender 4.5, 1.4 GB of Blender 5.2, once they are loaded
PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libgl1 libegl1"


def main():
    """What `cli.start.main` is, by the name that environments made before have for it."""
    from .start import main as start

    return start()


def run(argv: Sequence[str], *, owns_process: bool = False) -> int:
    """Carry out one command line and return its exit status; errors are told in one line.

    0 done, 1 the job failed, 2 bad input, 130 interrupted. `owns_process` lets Ctrl-C end the
    process in the middle of a frame.
    """
    messages.follow(argv)
    try:
        _require_working_folder()
        arguments = parser().parse_args(argv)
        arguments.owns_process = owns_process
        with leaving_at_once(lambda: "interrupted") if owns_process else contextlib.nullcontext():
            return arguments.command(arguments) or 0
    except SystemExit as end:  # --help and --version
        return end.code or 0
    except KeyboardInterrupt as interrupt:
        messages.say("error", str(interrupt) or "interrupted", status=INTERRUPTED)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except Exception as error:
        if "--traceback" in argv:
            raise
        status = BAD_INPUT if isinstance(error, InputError) else FAILED
        messages.say("error", _told(error), status=status)
        return status


def _told(error):
    if isinstance(error, (InputError, JobError)):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return f"{type(error).__name__}: {error} (run again with --traceback to see where)"


def _require_working_folder():
    try:
        os.getcwd()
    except OSError as error:
        raise InputError(
            f"the working folder has been removed ({error.strerror}); change to another one"
        ) from None


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line like all others."""

    def error(self, message):
        raise InputError(f"{message}; {self.prog} --help tells more")


class _Version(argparse.Action):
    """Tells both versions, so fails where Blender cannot be loaded: `make env` asks this."""

    def __init__(self, option_strings, dest, help):
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser, *_):
        print(f"{PROGRAM} {__version__}, Blender {_blender().app.version_string}")
        parser.exit()


def parser():
    """The parser of all commands; each sets `command` to the function that carries it out."""
    top = _Parser(prog=PROGRAM, description="Matrix products inside neural networks, as pictures and films.")
    top.add_argument("--version", action=_Version, help="this version and that of Blender")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name, function, about):
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(command=function)
        one.add_argument("--traceback", action="store_true", help="show where an error comes from")
        return one

    def source(one, also="", many=False):
        one.add_argument(
            "source",
            metavar="SCENE",
            nargs="+" if many else None,
            help="a scene file (.toml) or an attention capture (.safetensors)" + also,
        )
        one.add_argument("--layer", help="layer of the capture")
        one.add_argument("--head", type=int, help="head of the capture")
        one.add_argument(
            "--passes",
            metavar="0-3",
            type=_passes,
            default=(),
            help='passes of the model that stand side by side, or "all"',
        )
        one.add_argument(
            "--with",
            metavar="PART,PART",
            dest="parts",
            type=_parts,
            default=(),
            help=f"show of the capture besides: {', '.join(PARTS)}",
        )

    def look(one):
        one.add_argument("--style", metavar="NAME", help="instead of the scene's style")
        one.add_argument("--view", metavar="NAME", choices=VIEWS, help="instead of the scene's camera view")
        one.add_argument(
            "--subject", metavar="NAME", help='what the camera frames: a matrix, or "NAME products"'
        )
        one.add_argument("--move", metavar="NAME", choices=MOVES, help="how the camera moves in the film")

    def progress(one):
        one.add_argument("--json-progress", action="store_true", help="progress as JSON, one object a line")
        one.add_argument("--quiet", action="store_true", help="write nothing but errors")

    one = command("render", render, "Render a still, a film or numbered frames.")
    source(one, ", or a built .blend")
    one.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="a .png for a still, an .exr for one with the values as a pass, a .mp4, .mov or "
        ".webm for a film, else a folder for frames",
    )
    kind = one.add_mutually_exclusive_group()
    kind.add_argument("--still", action="store_true", help="one picture (the default)")
    kind.add_argument("--film", action="store_true", help="an MP4; its frames are kept beside it")
    one.add_argument("--frames", metavar="A-B", type=_frames, help="only these frames of the film")
    one.add_argument("--frame", metavar="N", type=int, help="the frame of the still")
    one.add_argument("--size", metavar="WxH", type=_size, help="in pixels")
    one.add_argument("--samples", metavar="N", type=_samples, help="per pixel")
    one.add_argument("--transparent", action="store_true", help="without background; films as .mov or .webm")
    one.add_argument(
        "--file-outputs", action="store_true", help="let a .blend write all that it writes, wherever it does"
    )
    look(one)
    one.add_argument("--engine", choices=ENGINES)
    progress(one)

    one = command("figure", figure, "Make a figure for a paper: picture, labels as type, true size.")
    source(one, many=True)
    one.add_argument("-o", "--output", metavar="FIG.pdf|svg|png", required=True)
    one.add_argument(
        "--width", metavar="LENGTH", default="3.3in", help="such as 84mm or 240pt; 3.3in by default"
    )
    one.add_argument("--height", metavar="LENGTH", help="instead of that of the content")
    one.add_argument("--dpi", metavar="N", type=_dpi, default=600, help="dots per inch of the picture (600)")
    one.add_argument("--layers", metavar="0,3,5", type=_layers, help="a row of panels for each layer")
    one.add_argument("--heads", metavar="0-11", type=_numbers, help="a panel for each head")
    one.add_argument("--tensor", metavar="NAME", help="show a tensor of the capture alone: pattern")
    one.add_argument("--frame", metavar="N", type=int, help="of the film, instead of the scene's still")
    one.add_argument("--frames", metavar="20,60", type=_numbers, help="a panel for each frame")
    one.add_argument("--columns", metavar="N", type=int, choices=range(1, 65), help="panels side by side")
    one.add_argument("--titles", metavar="TEXT", nargs="+", help="of the panels, one for each")
    one.add_argument(
        "--own-scales",
        action="store_true",
        help="a scale and a legend for each panel, instead of one for all",
    )
    one.add_argument("--title", action="store_true", help="write the scene's title and caption")
    one.add_argument("--transparent", action="store_true", help="no background")
    one.add_argument("--font", metavar="NAME", default="", help="a family or a .ttf file (Blender's Inter)")
    one.add_argument("--font-size", metavar="PT", type=_points, default=7.0, help="of names (7)")
    one.add_argument("--outlines", action="store_true", help="type as shapes in an SVG")
    one.add_argument("--samples", metavar="N", type=_samples, help="per dot")
    look(one)
    progress(one)

    one = command("build", build, "Build the Blender file of a scene.")
    source(one)
    one.add_argument("-o", "--output", metavar="X.blend", required=True)
    look(one)

    one = command("farm", farm, "Write a film as a job for a render farm: Open Job Description, or a script.")
    source(one)
    one.add_argument("-o", "--output", metavar="FOLDER", required=True)
    one.add_argument("--chunk", metavar="N", type=_chunk, default=10, help="frames of one task (10)")
    one.add_argument("--size", metavar="WxH", type=_size, help="in pixels")
    one.add_argument("--samples", metavar="N", type=_samples, help="per pixel")
    one.add_argument("--transparent", action="store_true", help="frames without background")
    look(one)
    one.add_argument("--engine", choices=ENGINES)

    one = command("encode", encode, "Make a film of frames that a farm rendered.")
    one.add_argument("folder", metavar="FOLDER", help="with 0001.png, 0002.png …")
    one.add_argument(
        "-o", "--output", metavar="X.mp4", required=True, help=".mov and .webm keep frames without background"
    )
    one.add_argument(
        "--fps",
        metavar="N",
        type=_fps,
        help="frames per second, also 23.976 or 24000/1001; else the film's own",
    )
    one.add_argument("--frames", metavar="A-B", type=_frames, help="only these; else every frame of the film")

    one = command("verify", verify, "Compare what is drawn with a float64 evaluation.")
    source(one, ", or a built .blend")
    one.add_argument(
        "--positions",
        metavar="FRAME",
        type=float,
        nargs="+",
        help="frames to look at, fractions allowed, instead of the chosen ones",
    )

    one = command("inspect", inspect, "Tell what is in a capture, a scene or a built .blend.")
    source(one, ", or a built .blend")
    one.add_argument(
        "--sheet", metavar="OUT.png", help="draw the patterns of a capture's heads, as PNG, PDF or SVG"
    )
    one.add_argument("--style", metavar="NAME", help="of the sheet; paper unless said otherwise")

    one = command(
        "capture",
        capture,
        "Record the attention of a transformers model while it reads a text, "
        "or import what another tool has saved.",
    )
    origin = one.add_mutually_exclusive_group(required=True)
    origin.add_argument(
        "--model",
        metavar="FOLDER-OR-NAME",
        help="a folder with config.json and weights, or a name that transformers knows",
    )
    origin.add_argument(
        "--call",
        metavar="FILE.py:FUNCTION",
        help="run a function of your own, and record what runs in it; it is given --text if it takes one",
    )
    origin.add_argument(
        "--from",
        metavar="FILE",
        dest="origin",
        help="an .npz or .safetensors file with queries, keys and values, with attention "
        "patterns, or with a TransformerLens cache",
    )
    one.add_argument(
        "--tokens",
        metavar="FILE",
        nargs="+",
        help="of an import: a UTF-8 file with one token a line; two of an encoder and its decoder",
    )
    words = one.add_mutually_exclusive_group()
    words.add_argument(
        "--text",
        action="append",
        help="what the model reads; given again, it reads that in a pass of its own",
    )
    words.add_argument("--text-file", metavar="FILE", help="the same from a UTF-8 file")
    one.add_argument("--image", metavar="FILE", help="what the model sees: a PNG or JPEG file")
    one.add_argument(
        "--pair",
        metavar="TEXT",
        default="",
        help="what the decoder of an encoder-decoder wrote; else a second text",
    )
    one.add_argument("--layers", metavar="0,3,decoder.5", type=_layers, help="only these layers")
    one.add_argument("--heads", metavar="0-3", type=_numbers, help="only these heads")
    one.add_argument("-o", "--output", metavar="X.safetensors", required=True)

    command("presets", presets, "List styles, views, colour maps and animations.")
    return top


def _size(text):
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and all(16 <= int(n) <= 16384 for n in (width, height))):
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 1280x720 (16 to 16384 each)')
    return int(width), int(height)


def _frames(text):
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f'"{text}" is not a range of frames such as 1-48')
    return int(first), int(last)


def _numbers(text):
    numbers = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= 9999):
            raise argparse.ArgumentTypeError(f'"{text}" are not numbers such as 0,3,5 or 0-3')
        numbers += range(int(first), int(last) + 1)
    return sorted(set(numbers))


def _passes(text):
    return text if text == "all" else tuple(_numbers(text))


def _layers(text):
    """Layers of a capture, by number or by name."""
    chosen = []
    for part in text.split(","):
        named = re.fullmatch(r"\s*(\w+\.[0-9]{1,6}(\.cross)?|[0-9]{1,6}\.cross)\s*", part)
        chosen += [named[1]] if named else _numbers(part)
    return chosen


def _parts(text):
    return tuple(part.strip() for part in text.split(","))


def _chunk(text):
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of frames from 1 to 10000')
    return int(text)


def _fps(text):
    try:
        return rate_of(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(error) from None


def _dpi(text):
    if not text.isdecimal() or not 36 <= int(text) <= 2400:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of dots per inch from 36 to 2400')
    return int(text)


def _points(text):
    try:
        points = float(text)
    except ValueError:
        points = 0.0
    if not 3.0 <= points <= 72.0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a size of type from 3 to 72 points')
    return points


def _samples(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65536:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of samples from 1 to 65536')
    return int(text)


# The commands


def render(arguments):
    """The command `render`. The suffix of the output decides what is made, or --still, --film, --frames."""
    source = _source(arguments)
    output, kind = _target(arguments, source.path)
    written = _written(output, kind)
    require_apart(written, [source.path, *([] if source.is_blend else files_of(source.description))])
    bpy = _blender()
    from ..blender import tags
    from ..outputs import blend_file, film, frames, marks

    asked = arguments.file_outputs
    scene = blend_file.open_blend(source.path, file_outputs=asked) if source.is_blend else None
    require_apart(written, bpy.utils.blend_paths(absolute=True) if scene else ())
    description = blend_file.described(scene) if scene else source.description
    settings = _settings(arguments, description.render, kind)
    if settings.transparent and output.suffix.lower() == ".mp4":
        raise InputError(f"{output}: an .mp4 has no transparency; give a .mov or a .webm")
    manner = _manner(arguments)

    def say(text):
        if not arguments.quiet:
            print(text)

    # The mark of every picture of this job, and that of the one file that comes of it.
    made_with = (settings, bpy.app.version_string)
    mark = marks.blend_mark(source.path, *made_with) if scene else marks.scene_mark(description, *made_with)
    moment = description.render.still if arguments.frame is None else arguments.frame
    own_mark = marks.derived_mark(mark, kind, moment if kind == "still" else arguments.frames)
    if kind != "frames" and own_mark == marks.read_mark(output):
        return say(f"{output} is up to date")

    if scene is None:
        checked = _planned_for(description, settings)
        _require_frames(arguments, 1, checked.timeline.last_frame)
        scene = _draw(checked)
    first, last = scene.frame_start, scene.frame_end
    _require_frames(arguments, first, last)
    if kind == "still":
        done = min(max(first, tags.number(scene, tags.DONE, last)), last)
        at = description.render.still_frame(first, done) if arguments.frame is None else arguments.frame
        frames.render_still(scene, output, at, settings, own_mark, manner)
        return say(f"{output}: frame {at} of {last}")
    if arguments.frames:
        first, last = arguments.frames
    numbers = range(first, last + 1)
    if kind == "frames":
        made = frames.render_frames(scene, output, numbers, settings, mark, manner)
    else:
        made = film.render_film(scene, output, numbers, settings, mark, own_mark, manner)
    say(f"{output}: {len(numbers)} frames, {made} rendered now")


def figure(arguments):
    """The command `figure`."""
    for one, several in (("layer", "layers"), ("head", "heads"), ("frame", "frames")):
        if getattr(arguments, one) is not None and getattr(arguments, several) is not None:
            raise InputError(f"--{one}: is among --{several}; give one of the two")
    layers = [str(n) for n in arguments.layers or ()] or ([arguments.layer] if arguments.layer else [])
    heads = arguments.heads or ([] if arguments.head is None else [arguments.head])
    frames = arguments.frames or ([] if arguments.frame is None else [arguments.frame])
    shown, grid = panels(
        arguments.source,
        layers=layers,
        heads=heads,
        frames=frames,
        tensor=arguments.tensor or "",
        columns=arguments.columns,
        titles=arguments.titles or (),
        parts=arguments.parts,
        passes=arguments.passes,
        style=arguments.style,
        view=arguments.view,
        subject=arguments.subject,
    )
    read = [*arguments.source, *filter(None, [arguments.font])]
    require_apart([arguments.output], [*read, *(path for one in shown for path in files_of(one.scene))])
    _blender()
    from ..outputs.figure import figure as make

    page = make(
        shown,
        arguments.output,
        width=arguments.width,
        height=arguments.height,
        dpi=arguments.dpi,
        grid=grid,
        title=arguments.title,
        own_scales=arguments.own_scales,
        transparent=arguments.transparent,
        outlines=arguments.outlines,
        font=arguments.font,
        font_size=arguments.font_size,
        samples=arguments.samples,
        manner=_manner(arguments),
    )
    if not arguments.quiet:
        print(
            f"{arguments.output}: {page.width / 72:.4g} × {page.height / 72:.4g} in, "
            f"{len(page.pictures)} panel{'s' * (len(page.pictures) > 1)}"
        )


def build(arguments):
    """The command `build`."""
    source, output = _source(arguments), Path(arguments.output)
    if source.is_blend:
        raise InputError(f"{source.path}: is built already; give a scene file")
    if output.suffix != ".blend":
        raise InputError(f"{output}: the suffix has to be .blend")
    require_file_place(output)
    require_apart([output], [source.path, *files_of(source.description)])
    checked = plan(source.description)
    _blender()
    from ..outputs.blend_file import save_blend

    _draw(checked)
    save_blend(output)
    print(output)


def farm(arguments):
    """The command `farm`."""
    source, folder = _source(arguments), Path(arguments.output)
    if source.is_blend:
        raise InputError(f"{source.path}: is built already; give a scene file")
    require_apart((folder / name for name in FILES), [source.path, *files_of(source.description)])
    require_job_place(folder)
    _blender()
    from ..outputs import blend_file, frames, marks
    from ..outputs.frames_folder import farm_note, write_frames_job

    settings = _settings(arguments, source.description.render, "film")
    checked = _planned_for(source.description, settings)
    scene = _draw(checked)
    job = frames.job_of(scene, settings, marks.scene_mark(source.description, settings))
    with frames.film_scene(scene, settings, f"//{FRAMES}/" + "#" * DIGITS, farm_note(job)):
        blend_file.save_blend(folder / BLEND)
    write_frames_job(folder / FRAMES, job)
    first, last = scene.frame_start, scene.frame_end
    fps = rate_text(checked.scene.render.fps)
    write_job(folder, checked.scene.title, first, last, arguments.chunk, fps)
    tasks = -(-(last - first + 1) // arguments.chunk)
    print(f"{folder}: {last - first + 1} frames in {tasks} tasks; {folder / 'README.txt'} tells how to go on")


def encode(arguments):
    """The command `encode`."""
    folder, output = Path(arguments.folder), Path(arguments.output)
    if output.suffix.lower() not in _FILMS:
        raise InputError(f"{output}: the suffix has to be {', '.join(_FILMS)}")
    require_file_place(output)
    pictures = finished(folder, *(arguments.frames or ()))
    require_apart([output], pictures)
    job = read_job(folder)
    rate = job and arguments.fps is None and (job.fps, job.fps_base)
    _blender()
    from ..outputs import film, frames, marks

    manner = frames.Manner("auto", arguments.owns_process)
    film.encode(
        pictures,
        output,
        *(rate or frame_rate(arguments.fps or 24)),
        marks.derived_mark("", "encode"),
        manner,
        transparent=film.CODECS[output.suffix.lower()][2],
    )
    print(f"{output}: {len(pictures)} frames")


def verify(arguments):
    """The command `verify`. Of a scene file, what is stored is held to the sources too."""
    source = _source(arguments)
    checked = None if source.is_blend else plan(source.description)
    _blender()
    from ..blender.verify import verify as compare
    from ..outputs.blend_file import open_built

    if checked is None:
        report = compare(open_built(source.path), arguments.positions)
    else:
        given = {name: matrix.values for name, matrix in checked.matrices.items()}
        report = compare(_draw(checked), arguments.positions, given)
    print("\n".join(report.lines()))
    return 0 if report.ok else FAILED


def inspect(arguments):
    """The command `inspect`. A capture without --layer and --head is told whole, or drawn by --sheet; --with
    tells the scene that is made of it."""
    path = require_file(arguments.source)
    if path.suffix.lower() == ".safetensors" and not arguments.parts and not arguments.passes:
        found = open_capture(path)
        if arguments.sheet:
            require_apart([arguments.sheet], [path])
            drawn = draw_sheet(
                found,
                Path(arguments.sheet),
                layer=arguments.layer,
                head=arguments.head,
                look=arguments.style or "paper",
            )
            lines = [f"{arguments.sheet}: the patterns of {drawn} head{'s' * (drawn > 1)}"]
        else:
            lines = inspection.capture_lines(found, arguments.layer, arguments.head)
    elif arguments.sheet:
        raise InputError(
            "--with: a sheet has the heads' patterns and nothing besides"
            if arguments.parts
            else f"--sheet: {path} is no attention capture"
        )
    else:
        source = _source(arguments)
        if source.is_blend:
            _blender()
            from ..blender.read import drawn
            from ..outputs.blend_file import open_built

            lines = inspection.built_lines(drawn(open_built(path)))
        else:
            lines = inspection.plan_lines(plan(source.description))
    print("\n".join(lines))


def capture(arguments):
    """The command `capture`. The only one that needs torch, and none of Blender."""
    output = Path(arguments.output)
    if output.suffix != ".safetensors":
        raise InputError(f"{output}: the suffix has to be .safetensors")
    require_file_place(output)
    called = arguments.call and arguments.call.rpartition(":")[0]
    named = (arguments.origin, arguments.text_file, arguments.model, arguments.image, called)
    require_apart([output], [*filter(None, named), *(arguments.tokens or ())])
    text = arguments.text if arguments.text_file is None else [read_text(arguments.text_file)]
    _require_options_of_capture(arguments, text)
    if arguments.origin:
        tokens = [read_lines(path) for path in arguments.tokens or ()][::-1]
        tokens = tokens[0] if len(tokens) == 1 else tokens
        told = import_file(require_file(arguments.origin), output, tokens=tokens, text=" ".join(text or ()))
    else:
        told = _recorded(arguments, output, text or [""])
    for line in told:
        messages.say("warning", line)
    _tell_capture(output)


def _require_options_of_capture(arguments, text):
    """Refuse options that do not belong to where the capture comes from."""
    for option, value, owners in (
        ("--pair", arguments.pair, ("model",)),
        ("--image", arguments.image, ("model",)),
        ("--layers", arguments.layers, ("model", "call")),
        ("--heads", arguments.heads, ("model", "call")),
        ("--tokens", arguments.tokens, ("origin",)),
    ):
        if value and not any(getattr(arguments, owner) for owner in owners):
            names = " and ".join("--from" if owner == "origin" else f"--{owner}" for owner in owners)
            raise InputError(f"{option} is for {names}")
    if len(arguments.tokens or ()) > 2:
        raise InputError("--tokens takes one file, or two: of the encoder and of the decoder")
    if arguments.model and text is None and not arguments.image:
        raise InputError(
            "--model needs --text or --text-file, which the model reads, or --image, which it sees"
        )


def _recorded(arguments, output, texts):
    """Record a model that reads these texts, or the user's own function; what has to be told."""
    progress = Progress("capture", 1.0)
    chosen = {"layers": arguments.layers, "heads": arguments.heads, "progress": progress.update}
    try:
        if arguments.call:
            messages.say("note", f"{arguments.call} is code of yours, which is run")
            told = capture_call(arguments.call, output, texts=texts, **chosen)
        else:
            told = capture_text(
                arguments.model, texts, output, pair=arguments.pair, image=arguments.image, **chosen
            )
        progress.finish()
    finally:
        progress.break_line()
    return told


def _tell_capture(output):
    made = open_capture(output)
    print(
        f"{output}: {len(made.layers)} layers, {len(made.tokens_q)} tokens, "
        f"{output.stat().st_size / 1000:,.0f} kB; {PROGRAM} inspect {output} tells its heads"
    )


def presets(arguments):
    """The command `presets`."""
    print("\n".join(inspection.preset_lines()))


# What they share


def _source(arguments):
    look = {name: getattr(arguments, name, None) for name in ("style", "view", "subject", "move")}
    return open_source(
        arguments.source,
        layer=arguments.layer,
        head=arguments.head,
        parts=arguments.parts,
        passes=arguments.passes,
        **look,
    )


def _target(arguments, source):
    """Where to write, and what: "still", "film" or "frames"."""
    suffixes = {"still": ".png", "film": ".mp4"}
    kinds = dict.fromkeys((".png", ".exr"), "still") | dict.fromkeys(_FILMS, "film")
    asked = "still" if arguments.still else "film" if arguments.film else None
    if arguments.output is not None:
        output = Path(arguments.output)
    else:
        output = Path(source.stem + suffixes.get(asked, ".frames" if arguments.frames else ".png"))
        if output.is_file() and not read_mark(output):
            raise InputError(f"{output}: is there and not of this program; name the output with -o")
    kind = kinds.get(output.suffix.lower(), "frames")
    if asked and asked != kind:
        known = " or ".join(suffix for suffix in kinds if kinds[suffix] == asked)
        raise InputError(f"{output}: with --{asked} the suffix has to be {known}")
    if output.suffix.lower() in _OTHER_FILES:
        raise InputError(
            f"{output}: the suffix has to be .png or .exr for a still, .mp4, .mov or .webm for a film"
        )
    if kind == "still" and arguments.frames:
        raise InputError(f"{output}: --frames needs a folder or a .mp4; a still takes --frame")
    if kind != "still" and arguments.frame is not None:
        raise InputError(f"{output}: --frame is for a still; a film takes --frames A-B")
    (require_folder_place if kind == "frames" else require_file_place)(output)
    return output, kind


def _written(output, kind):
    """The files there are that a job may replace: its output, and frames of a film."""
    folders = {"still": [], "film": film_folders(output), "frames": [output]}[kind]
    return [output, *(path for folder in folders for path in folder.glob("*.png"))]


def _settings(arguments, defaults, kind):
    """The settings of a still, or of a film's frames, from the arguments or the scene's defaults."""
    from ..outputs.frames import Settings, film_settings

    if kind == "still":
        size, samples = (defaults.width, defaults.height), defaults.samples
    else:
        size, samples = (defaults.film_width, defaults.film_height), defaults.film_samples
    settings = Settings(
        *(arguments.size or size),
        arguments.samples or samples,
        arguments.engine or defaults.engine,
        arguments.transparent or defaults.transparent,
    )
    return film_settings(settings) if kind == "film" else settings


def _planned_for(description, settings):
    """The plan of a description, framed for the size that is rendered."""
    size = dataclasses.replace(description.render, width=settings.width, height=settings.height)
    return plan(dataclasses.replace(description, render=size))


def _manner(arguments):
    from ..outputs.frames import Manner

    return Manner(
        "quiet" if arguments.quiet else "json" if arguments.json_progress else "auto", arguments.owns_process
    )


def _require_frames(arguments, first, last):
    for number in (arguments.frame, *(arguments.frames or ())):
        if number is not None and not first <= number <= last:
            raise InputError(f"frame {number}: the scene has frames {first} to {last}")


def _draw(checked):
    """The Blender scene of a checked plan, alone in an empty file."""
    from ..blender.build import draw
    from ..outputs.blend_file import begin_empty
    from ..picture.drawing import film_of

    begin_empty()
    return draw(film_of(checked))


def _blender():
    """The bpy module, silenced while it loads. Raises JobError that says how to get it."""
    _require_addresses()
    try:
        with blender_silenced():
            import bpy
    except (ImportError, MemoryError, OSError) as error:
        if "cannot open shared object" in str(error):
            lacking = (
                f"Blender's module needs system libraries ({error}); on Debian or Ubuntu: "
                f"apt-get install {PACKAGES}"
            )
            raise not_loaded(error, lacking) from None
        otherwise = (
            "on Python 3.11 or 3.13, or run this within Blender: blender -b -P scripts/matrix_cinema.py -- …"
        )
        raise needs_extra(error, "this needs Blender's Python module", "blender", otherwise) from None
    if bpy.app.background:
        begin_in_blender(bpy.app.tempdir)
    return bpy


def _require_addresses():
    """Blender crashes while it loads where `ulimit -v` leaves it too little."""
    most = address_limit()
    if "bpy" not in sys.modules and most is not None and most < LEAST_ADDRESSES:
        raise JobError(
            f"ulimit -v allows {most / 1e9:.1f} GB of memory; Blender alone takes {LEAST_ADDRESSES / 1e9:.1f}"
        )
