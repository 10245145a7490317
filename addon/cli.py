"""The command line: one parser for three doors.

The console script `matrix-cinema`, Blender's `blender --command matrix_cinema …` and
`blender -b -P scripts/matrix_cinema.py -- …` all end in `run`. Commands are thin: they check what
was asked, call the rooms, and print. Blender is imported only by what needs it.
"""

import argparse
import contextlib
import dataclasses
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from . import __version__
from .errors import InputError, JobError, nearest
from .files.scene import ENGINES, VIEWS, Scene, from_json, load_scene
from .render.interrupt import STATUS as INTERRUPTED
from .render.interrupt import end_process, leaving_at_once
from .render.outputs import require_file_place, require_folder_place, written_whole
from .render.silence import blender_silenced

PROGRAM = "matrix-cinema"
FAILED, BAD_INPUT = 1, 2
SCENE_HELP = "a scene file (.toml) or an attention capture (.safetensors)"
# Not made here, and hardly meant as the name of a folder.
_OTHER_FILES = (".jpg", ".jpeg", ".gif", ".webp", ".exr", ".tif", ".tiff", ".mov", ".avi", ".mkv", ".webm",
                ".blend", ".toml", ".pdf", ".svg")
# What the bpy module links and a bare Debian or Ubuntu server lacks; EGL is for EEVEE.
PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libgl1 libegl1"


def main(argv=None):
    """The command as a program of its own: `run`, then the end of the process with its status.

    With Blender loaded the process is ended without Python's clean-up, in which bpy 4.5 hangs.
    """
    status = run(sys.argv[1:] if argv is None else argv, owns_process=True)
    bpy = sys.modules.get("bpy")
    if bpy is not None and bpy.app.background:
        end_process(status)
    return status


def run(argv, *, owns_process=False):
    """Carry out one command line and return its exit status; errors are told in one line.

    0 done, 1 the job failed, 2 bad input, 130 interrupted. `owns_process` lets Ctrl-C end the
    process in the middle of a frame.
    """
    try:
        arguments = parser().parse_args(argv)
        arguments.owns_process = owns_process
        with leaving_at_once(lambda: "interrupted") if owns_process else contextlib.nullcontext():
            return arguments.command(arguments) or 0
    except SystemExit as end:  # --help and --version
        return end.code or 0
    except KeyboardInterrupt as interrupt:
        _complain(str(interrupt) or "interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except Exception as error:
        if "--traceback" in argv:
            raise
        if isinstance(error, (InputError, JobError)):
            _complain(f"error: {error}")
        elif isinstance(error, MemoryError):
            _complain("error: there is not enough memory for this")
        else:
            _complain(f"error: {type(error).__name__}: {error} (run again with --traceback to see where)")
        return BAD_INPUT if isinstance(error, InputError) else FAILED


def _complain(text):
    print(f"{PROGRAM}: {' '.join(str(text).split())}", file=sys.stderr)


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

    def command(name, function, about, **options):
        one = commands.add_parser(name, help=about, description=about, **options)
        one.set_defaults(command=function)
        one.add_argument("--traceback", action="store_true", help="show where an error comes from")
        return one

    def source(one, help, description=True):
        one.add_argument("source", metavar="SCENE", help=help)
        if description:
            one.add_argument("--layer", help="layer of the capture")
            one.add_argument("--head", type=int, help="head of the capture")

    def look(one):
        one.add_argument("--style", metavar="NAME", help="instead of the scene's style")
        one.add_argument("--view", metavar="NAME", choices=VIEWS, help="instead of the scene's camera view")

    one = command("render", render, "Render a still, a film or numbered frames.")
    source(one, SCENE_HELP + ", or a built .blend")
    one.add_argument("-o", "--output", metavar="OUT",
                     help="a .png for a still, a .mp4 for a film, else a folder for frames")
    kind = one.add_mutually_exclusive_group()
    kind.add_argument("--still", action="store_true", help="one picture (the default)")
    kind.add_argument("--film", action="store_true", help="an MP4; its frames are kept beside it")
    one.add_argument("--frames", metavar="A-B", type=_frames, help="only these frames of the film")
    one.add_argument("--frame", metavar="N", type=int, help="the frame of the still")
    one.add_argument("--size", metavar="WxH", type=_size, help="in pixels")
    one.add_argument("--samples", metavar="N", type=_samples, help="per pixel")
    look(one)
    one.add_argument("--engine", choices=ENGINES)
    one.add_argument("--json-progress", action="store_true", help="progress as JSON, one object a line")
    one.add_argument("--quiet", action="store_true", help="write nothing but errors")

    one = command("build", build, "Build the Blender file of a scene.")
    source(one, SCENE_HELP)
    one.add_argument("-o", "--output", metavar="X.blend", required=True)
    look(one)

    one = command("verify", verify, "Compare what is drawn with a float64 evaluation.")
    source(one, SCENE_HELP + ", or a built .blend")
    one.add_argument("--positions", metavar="FRAME", type=float, nargs="+",
                     help="frames to look at, fractions allowed, instead of the chosen ones")

    one = command("inspect", inspect, "Tell what is in a capture, a scene or a built .blend.")
    source(one, SCENE_HELP + ", or a built .blend")

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


def _samples(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65536:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of samples from 1 to 65536')
    return int(text)


# What a command is given


@dataclass(frozen=True)
class Source:
    """What stands as SCENE on a command line; a .blend's description is known once it is open."""

    path: Path
    kind: str  # "scene", "capture" or "blend"
    description: Scene | None


def open_source(arguments):
    """The source of a command, with --layer, --head, --style and --view worked in."""
    path = Path(arguments.source)
    layer, head = arguments.layer, arguments.head
    _require_file(path)
    kind = {".toml": "scene", ".safetensors": "capture", ".blend": "blend"}.get(path.suffix.lower())
    if kind is None:
        raise InputError(f'{path}: unknown kind of file "{path.suffix}"; give {SCENE_HELP} or a .blend')
    if kind == "blend":
        for option in ("layer", "head", "style", "view"):
            if getattr(arguments, option, None) is not None:
                raise InputError(f"--{option}: {path} is built already; give its scene file instead")
        _require_blend(path)
        return Source(path, kind, None)
    if kind == "capture":
        from .files.presets import scene_from_capture

        if layer is None or head is None:
            raise InputError(f"{path}: say which head with --layer and --head; "
                             f"{PROGRAM} inspect {path} lists them")
        description = scene_from_capture(path, layer, head)
    else:
        description = load_scene(path)
        changes = {name: value for name, value in (("layer", layer), ("head", head)) if value is not None}
        if changes and not description.capture.file:
            raise InputError(f"--{next(iter(changes))}: {path} takes nothing from a capture")
        if "layer" in changes:
            changes["layer"] = _whole(layer, "--layer")
        description = dataclasses.replace(
            description, capture=dataclasses.replace(description.capture, **changes))
    return Source(path, kind, _restyled(description, arguments))


def _require_file(path):
    if not path.exists():
        raise InputError(f"{path}: no such file{_neighbour(path)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give {SCENE_HELP} or a .blend")


def _whole(text, option):
    if not text.isdecimal():
        raise InputError(f'{option}: "{text}" is not a whole number')
    return int(text)


def _restyled(description, arguments):
    look, camera = description.look, description.camera
    if getattr(arguments, "style", None) is not None:
        look = dataclasses.replace(look, style=arguments.style)
    if getattr(arguments, "view", None) is not None:
        camera = dataclasses.replace(camera, view=arguments.view)
    return dataclasses.replace(description, look=look, camera=camera)


def _neighbour(path):
    """A hint at a file of nearly this name in the same folder."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    hint = nearest(path.name, names, "")
    return f"; {hint}" if hint.startswith("did you mean") else ""


def _require_blend(path):
    try:
        with open(path, "rb") as file:
            head = file.read(7)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    # As Blender writes it: plain, or packed by Zstandard, or by gzip until 3.0.
    if not head.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")):
        raise InputError(f"{path}: is not a Blender file")


# The commands


def render(arguments):
    """The command `render`. The suffix of the output decides what is made, or --still, --film, --frames."""
    source = open_source(arguments)
    output, kind = _target(arguments, source.path)
    bpy = _blender()
    from .render import film, frames, marks

    scene = _open_blend(bpy, source.path) if source.kind == "blend" else None
    description = source.description or _described(scene) or _undescribed(scene)
    settings = _settings(arguments, description.render, kind)
    manner = frames.Manner("quiet" if arguments.quiet else "json" if arguments.json_progress else "auto",
                           arguments.owns_process)

    def say(text):
        if not arguments.quiet:
            print(text)

    # The mark of the pictures, and that of the one file that is made from them.
    made_with = (settings, bpy.app.version_string)
    mark = (marks.blend_mark(source.path, *made_with) if scene
            else marks.scene_mark(description, *made_with))
    moment = description.render.still if arguments.frame is None else arguments.frame
    own_mark = marks.derived_mark(mark, kind, moment if kind == "still" else arguments.frames)
    if kind != "frames" and own_mark in (marks.read_png_mark(output), marks.read_mp4_mark(output)):
        return say(f"{output} is up to date")

    scene = scene or _build(bpy, description, settings, arguments)
    _require_frames(arguments, scene.frame_start, scene.frame_end)
    if kind == "still":
        at = arguments.frame
        if at is None:
            at = round(scene.frame_start + moment * (scene.frame_end - scene.frame_start))
        frames.render_still(scene, output, at, settings, own_mark, manner)
        return say(f"{output}: frame {at} of {scene.frame_end}")
    first, last = arguments.frames or (scene.frame_start, scene.frame_end)
    numbers = range(first, last + 1)
    if kind == "frames":
        made = frames.render_frames(scene, output, numbers, settings, mark, manner)
    else:
        made = film.render_film(scene, output, numbers, settings, mark, own_mark, manner)
    say(f"{output}: {len(numbers)} frames, {made} rendered now")


def _target(arguments, source):
    """Where to write, and what: "still", "film" or "frames"."""
    asked = "still" if arguments.still else "film" if arguments.film else None
    if arguments.output is None:
        asked = asked or ("frames" if arguments.frames else "still")
        suffix = {"still": ".png", "film": ".mp4", "frames": ".frames"}[asked]
        output = Path(source.stem + suffix)
    else:
        output = Path(arguments.output)
    kind = {".png": "still", ".mp4": "film"}.get(output.suffix.lower(), "frames")
    if kind == "frames" and (asked or output.suffix.lower() in _OTHER_FILES):
        right = {"still": ".png", "film": ".mp4"}.get(asked, ".png for a still or .mp4 for a film")
        raise InputError(f"{output}: the suffix has to be {right}")
    if asked and asked != kind:
        raise InputError(f"{output}: the suffix says {kind}, --{asked} says {asked}")
    if kind == "still" and arguments.frames:
        raise InputError(f"{output}: --frames needs a folder or a .mp4; a still takes --frame")
    if kind != "still" and arguments.frame is not None:
        raise InputError(f"{output}: --frame is for a still; a film takes --frames A-B")
    (require_folder_place if kind == "frames" else require_file_place)(output)
    return output, kind


def _settings(arguments, defaults, kind):
    """The settings of a still, or of a film's frames, from the arguments or the scene's defaults."""
    from .render.frames import Settings, film_settings

    if kind == "still":
        size, samples = (defaults.width, defaults.height), defaults.samples
    else:
        size, samples = (defaults.film_width, defaults.film_height), defaults.film_samples
    settings = Settings(*(arguments.size or size), arguments.samples or samples,
                        arguments.engine or defaults.engine)
    return film_settings(settings) if kind == "film" else settings


def _require_frames(arguments, first, last):
    for number in (arguments.frame, *(arguments.frames or ())):
        if number is not None and not first <= number <= last:
            raise InputError(f"frame {number}: the scene has frames {first} to {last}")


def _build(bpy, description, settings, arguments):
    """The Blender scene of a description, framed for the size it will be rendered in."""
    from .blender.build import draw
    from .staging.plan import plan

    size = dataclasses.replace(description.render, width=settings.width, height=settings.height)
    checked = plan(dataclasses.replace(description, render=size))
    _require_frames(arguments, 1, checked.timeline.last_frame)
    _empty(bpy)
    return draw(checked)


def build(arguments):
    """The command `build`."""
    source = open_source(arguments)
    output = Path(arguments.output)
    if source.kind == "blend":
        raise InputError(f"{source.path}: is built already; give a scene file")
    if output.suffix != ".blend":
        raise InputError(f"{output}: the suffix has to be .blend")
    from .staging.plan import plan

    require_file_place(output)
    checked = plan(source.description)
    bpy = _blender()
    from .blender.build import draw

    _empty(bpy)
    draw(checked)
    save_blend(bpy, output)
    print(output)


def save_blend(bpy, path):
    """Save the open file, compressed, to `path`: whole or not at all."""
    with written_whole(path) as part, blender_silenced():
        try:
            bpy.ops.wm.save_as_mainfile(filepath=str(part.absolute()), compress=True, copy=True,
                                        check_existing=False)
        except RuntimeError as error:
            raise JobError(f"{path}: Blender could not save it ({str(error).strip()})") from None
        if not _ends_well(part):
            raise JobError(f"{path}: the file was cut short; the disk may be full")


def _ends_well(path):
    """Whether a compressed .blend is whole: its last bytes close the Zstandard seek table.

    Asked because Blender may report a file as saved though the disk was full.
    """
    try:
        with open(path, "rb") as file:
            file.seek(-4, os.SEEK_END)
            return file.read(4) == b"\xb1\xea\x92\x8f"
    except OSError:
        return False


def verify(arguments):
    """The command `verify`."""
    source = open_source(arguments)
    bpy = _blender()
    given = None
    if source.kind == "blend":
        scene = _built(bpy, source.path)
    else:
        from .blender.build import draw
        from .staging.plan import plan

        checked = plan(source.description)
        given = {name: matrix.values for name, matrix in checked.matrices.items()}
        _empty(bpy)
        scene = draw(checked)
    from .blender.verify import verify as compare

    report = compare(scene, arguments.positions, given)
    print("\n".join(report.lines()))
    return 0 if report.ok else FAILED


def inspect(arguments):
    """The command `inspect`. A capture without --layer and --head is told whole."""
    path = Path(arguments.source)
    if path.suffix.lower() == ".safetensors":
        from .files.capture import open_capture
        from .inspection import capture_lines

        _require_file(path)
        lines = capture_lines(open_capture(path), arguments.layer, arguments.head)
    else:
        source = open_source(arguments)
        if source.kind == "blend":
            bpy = _blender()
            from .inspection import built_lines

            lines = built_lines(_built(bpy, source.path))
        else:
            from .inspection import plan_lines
            from .staging.plan import plan

            lines = plan_lines(plan(source.description))
    print("\n".join(lines))


def presets(arguments):
    """The command `presets`."""
    from .inspection import preset_lines

    print("\n".join(preset_lines()))


# Blender


def _blender():
    """The bpy module, silenced while it loads. Raises JobError that says how to get it."""
    try:
        with blender_silenced():
            import bpy
    except ImportError as error:
        if "cannot open shared object" in str(error):
            raise JobError(f"Blender's module needs system libraries ({error}); on Debian or Ubuntu: "
                           f"apt-get install {PACKAGES}") from None
        raise JobError(f"Blender's Python module is missing ({error}); pip install bpy, or run this within "
                       "Blender: blender -b -P scripts/matrix_cinema.py -- …") from None
    return bpy


def _empty(bpy):
    """Begin with an empty file; the user's preferences and add-ons stay as they are."""
    with blender_silenced():
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _open_blend(bpy, path):
    """Open a .blend, its scripts not run, and return the scene that was built, or else its own."""
    try:
        with blender_silenced():
            bpy.ops.wm.open_mainfile(filepath=str(path.absolute()), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise InputError(f"{path}: Blender cannot open it ({str(error).strip()})") from None
    scenes = [scene for scene in bpy.data.scenes if "matrix_cinema" in scene]
    return scenes[0] if scenes and bpy.context.scene not in scenes else bpy.context.scene


def _built(bpy, path):
    """The scene of a .blend that this program built. Raises InputError for any other."""
    scene = _open_blend(bpy, path)
    if _described(scene) is None:
        raise InputError(f"{path}: holds no scene that this program built")
    return scene


def _described(scene):
    """The description that a built Blender scene carries, or None."""
    text = scene.get("matrix_cinema")
    return None if text is None else from_json(str(text), f'scene "{scene.name}"')


def _undescribed(scene):
    """Render defaults of a Blender scene that somebody else made."""
    render = scene.render
    width, height = (max(16, n * render.resolution_percentage // 100)
                     for n in (render.resolution_x, render.resolution_y))
    return Scene(render=dataclasses.replace(Scene().render, width=width, height=height,
                                            film_width=width, film_height=height))
