"""The parser of the command line: a function for each command adds the options of that command."""

import argparse
import difflib
import re
from functools import cache
from typing import NoReturn

from .. import __version__
from ..description.device import DEVICE_KINDS, FALLBACKS
from ..description.from_capture import HEAD_PARTS
from ..description.scene import ENGINES, MOVES, VIEWS
from ..errors import InputError
from ..outputs.film_presets import PRESETS
from ..outputs.formats import FILMS, either
from ..outputs.loading import load_blender
from ..outputs.messages import PROGRAM
from . import arguments


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are InputErrors, and so one line each."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; {self.prog} --help tells more")

    def parse_known_args(self, args=None, namespace=None):
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:  # told here, by the parser of the command that got them
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._meant(unknown[0])}")
        return found, unknown

    def _meant(self, word):
        """A hint for an unknown option: its right spelling, or the commands that have it."""
        option = word.partition("=")[0]
        known = [name for action in self._actions for name in action.option_strings]
        if near := difflib.get_close_matches(option, known, n=1, cutoff=0.75):
            return f"; did you mean {near[0]}?"
        owners = [name for name in COMMANDS if option in _options_of(name)]
        return f"; {option} is an option of {', '.join(owners)}" if owners else ""


class _Version(argparse.Action):
    """Prints the versions of this program and of Blender. `make env` uses it to check that Blender loads."""

    def __init__(self, option_strings, dest, help):
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser, *_):
        print(f"{PROGRAM} {__version__}, Blender {load_blender().app.version_string}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `command` to its name."""
    top = _Parser(prog=PROGRAM, description="Matrix products inside neural networks, as pictures and films.")
    top.add_argument("--version", action=_Version, help="show the versions of this program and of Blender")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (about, fill) in COMMANDS.items():
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(command=name)
        one.add_argument("--traceback", action="store_true", help="show the Python traceback of an error")
        fill(one)
    return top


def as_typed(message: str) -> str:
    """A message with the words of the command line: --layer for `layer`, the keyword in Python."""
    return re.sub("`([a-z_]+)`", lambda found: _words().get(found[1], found[0]), message)


@cache
def _words():
    """The word of each option by its keyword."""
    words: dict[str, str] = {}
    for name in COMMANDS:
        words |= {keyword: word for word, keyword in _options_of(name).items()}
    return words


def _options_of(name):
    """The keyword of each option of a command, by its words; the last of several words is the long one."""
    one = argparse.ArgumentParser(add_help=False)
    COMMANDS[name][1](one)
    return {word: action.dest for action in one._actions for word in action.option_strings}


# Options that several commands have


def _source(one, many=False):
    about = "a scene file (.toml) or an attention capture (.safetensors), or a built .blend"
    one.add_argument("source", metavar="SCENE", nargs="+" if many else None, help=about)
    one.add_argument("--layer", help="layer of the capture")
    one.add_argument("--head", type=int, help="head of the capture")
    several = 'passes of the model to show side by side, or "all"'
    one.add_argument("--passes", metavar="0-3", type=arguments.passes, default=(), help=several)
    known = f"show more of the head: {', '.join(HEAD_PARTS)}"
    one.add_argument(
        "--with", metavar="PART,PART", dest="parts", type=arguments.parts, default=(), help=known
    )


def _look(one, moves=True):
    one.add_argument("--style", metavar="NAME", help="a style, instead of the scene's own")
    one.add_argument(
        "--view", metavar="NAME", choices=VIEWS, help="a camera view, instead of the scene's own"
    )
    one.add_argument("--subject", metavar="NAME", help='what the camera frames: a matrix, or "NAME products"')
    if moves:
        one.add_argument("--move", metavar="NAME", choices=MOVES, help="how the camera moves in the film")


def _cards(one):
    one.add_argument("--title-card", action="store_true", help="begin the film with the scene's title")
    one.add_argument("--subtitle", metavar="TEXT", help="a line under the title; turns the title card on")
    one.add_argument(
        "--end-card", action="store_true", help="end the film with the source of the data and a credit"
    )
    of = "the source of the data; turns the end card on"
    one.add_argument("--source", metavar="TEXT", dest="source_text", help=of)
    one.add_argument("--credit", metavar="TEXT", dest="credit", help="a credit; turns the end card on")


def _picture(one, transparent):
    one.add_argument("--size", metavar="WxH", type=arguments.size, help="size of the picture in pixels")
    one.add_argument("--samples", metavar="N", type=arguments.samples, help="samples per pixel")
    one.add_argument("--transparent", action="store_true", help=transparent)
    one.add_argument("--engine", choices=ENGINES)
    _device(one)


def _device(one):
    kinds = f"the device for Cycles: {', '.join(DEVICE_KINDS)}, or certain cards, such as cuda:0,1"
    one.add_argument("--device", metavar="NAME", type=arguments.device, help=kinds)


def _progress(one):
    one.add_argument(
        "--json-progress", action="store_true", help="write progress as JSON, one object per line"
    )
    one.add_argument("--quiet", action="store_true", help="write nothing but errors")


# The commands


def _render(one):
    _source(one)
    output = (
        "a .png for a still, an .exr for a still with the values as a pass, "
        f"{either(FILMS)} for a film, or a folder for frames"
    )
    one.add_argument("-o", "--output", metavar="OUT", help=output)
    kind = one.add_mutually_exclusive_group()
    kind.add_argument("--still", action="store_true", help="render one picture (the default)")
    kind.add_argument("--film", action="store_true", help="render an MP4 film; its frames are kept beside it")
    one.add_argument(
        "--frames", metavar="A-B", type=arguments.frames, help="render only these frames of the film"
    )
    one.add_argument("--frame", metavar="N", type=int, help="the frame that the still shows")
    _picture(one, "no background; films must be .mov, .webm, .apng or .webp")
    failing = "if a card is missing or fails: go on with the CPU (the default), or stop"
    one.add_argument("--if-device-fails", choices=FALLBACKS, default=FALLBACKS[0], help=failing)
    uses = f"size, encoding and companion files of a film: {', '.join(PRESETS)}"
    one.add_argument("--for", metavar="USE", dest="purpose", choices=PRESETS, help=uses)
    small = "render the film small, with few samples and fewer frames"
    one.add_argument("--preview", action="store_true", help=small)
    dry = "only estimate frames, elements, memory and time, by rendering one tile of one frame"
    one.add_argument("--dry-run", action="store_true", help=dry)
    one.add_argument("--width", metavar="LENGTH", help="width of a still in print, such as 84mm")
    one.add_argument("--dpi", metavar="N", type=arguments.dpi, help="dots per inch of that still (600)")
    deep = "bits of a channel of a .png: 8 or 16"
    one.add_argument("--bits", metavar="N", type=int, choices=(8, 16), default=8, help=deep)
    _cards(one)
    foreign = "let the .blend write its own files, such as those of output nodes"
    one.add_argument("--file-outputs", action="store_true", help=foreign)
    _look(one)
    _progress(one)


def _figure(one):
    _source(one, many=True)
    one.add_argument("-o", "--output", metavar="FIG.pdf|svg|png", required=True)
    width = "width of the figure, such as 84mm or 240pt (3.3in)"
    one.add_argument("--width", metavar="LENGTH", default="3.3in", help=width)
    one.add_argument(
        "--height", metavar="LENGTH", help="height of the figure, instead of that of its content"
    )
    dots = "dots per inch of the picture (600)"
    one.add_argument("--dpi", metavar="N", type=arguments.dpi, default=600, help=dots)
    rows = "a row of panels for each layer"
    one.add_argument("--layers", metavar="0,3,5", type=arguments.layers, help=rows)
    one.add_argument("--heads", metavar="0-11", type=arguments.numbers, help="a panel for each head")
    one.add_argument("--tensor", metavar="NAME", help="show only one tensor of the capture, such as pattern")
    one.add_argument(
        "--frame", metavar="N", type=int, help="a frame of the film, instead of the scene's still"
    )
    one.add_argument("--frames", metavar="20,60", type=arguments.numbers, help="a panel for each frame")
    one.add_argument("--columns", metavar="N", type=arguments.columns, help="number of panels side by side")
    one.add_argument("--titles", metavar="TEXT", nargs="+", help="titles of the panels, one for each")
    scales = "a scale and a legend for each panel, instead of one for all"
    one.add_argument("--own-scales", action="store_true", help=scales)
    one.add_argument("--title", action="store_true", help="write the scene's title and caption")
    one.add_argument("--transparent", action="store_true", help="no background")
    one.add_argument(
        "--font", metavar="NAME", default="", help="a font family or a .ttf file (Blender's Inter)"
    )
    one.add_argument(
        "--font-size", metavar="PT", type=arguments.points, default=8.0, help="size of the names (8)"
    )
    one.add_argument("--outlines", action="store_true", help="write type as shapes in an SVG")
    one.add_argument("--samples", metavar="N", type=arguments.samples, help="samples per dot")
    _look(one, moves=False)
    _progress(one)


def _build(one):
    _source(one)
    one.add_argument("-o", "--output", metavar="X.blend", required=True)
    _look(one)
    _cards(one)


def _farm(one):
    _source(one)
    one.add_argument("-o", "--output", metavar="FOLDER", required=True)
    one.add_argument(
        "--chunk", metavar="N", type=arguments.chunk, default=10, help="number of frames in a task (10)"
    )
    manager = "submit the job to this Flamenco Manager, such as http://manager:8080"
    one.add_argument("--flamenco", metavar="URL", help=manager)
    _picture(one, "render frames without background")
    _look(one)
    _cards(one)


def _encode(one):
    one.add_argument("folder", metavar="FOLDER", help="a folder with 0001.png, 0002.png …")
    alpha = "the film; .mov, .webm, .apng and .webp keep transparency"
    one.add_argument("-o", "--output", metavar="X.mp4", required=True, help=alpha)
    rate = "frames per second, also 23.976 or 24000/1001 (default: those of the film)"
    one.add_argument("--fps", metavar="N", type=arguments.fps, help=rate)
    some = "only these frames (default: all)"
    one.add_argument("--frames", metavar="A-B", type=arguments.frames, help=some)


def _storyboard(one):
    _source(one)
    one.add_argument(
        "-o", "--output", metavar="SHEET.png", help="the sheet to draw; may be left out with --toml"
    )
    written = "print the beats as text for a scene file, to be edited"
    one.add_argument("--toml", action="store_true", help=written)
    one.add_argument(
        "--size", metavar="WxH", type=arguments.size, default=(512, 288), help="size of a frame (512x288)"
    )
    one.add_argument(
        "--samples", metavar="N", type=arguments.samples, default=4, help="samples per pixel (4)"
    )
    one.add_argument("--engine", choices=ENGINES)
    _look(one, moves=False)
    _progress(one)


def _verify(one):
    _source(one)
    chosen = "frames to compare, fractions allowed (default: a few that matter)"
    one.add_argument("--positions", metavar="FRAME", type=float, nargs="+", help=chosen)


def _inspect(one):
    _source(one)
    sheet = "draw the patterns of a capture's heads, as PNG, PDF or SVG"
    one.add_argument("--sheet", metavar="OUT.png", help=sheet)
    one.add_argument("--style", metavar="NAME", help="style of the sheet (paper)")


def _capture(one):
    origin = one.add_mutually_exclusive_group(required=True)
    model = "a folder with config.json and weights, or a name that transformers knows"
    origin.add_argument("--model", metavar="FOLDER-OR-NAME", help=model)
    call = "run a function of your own and record the attention in it; it gets --text if it takes a text"
    origin.add_argument("--call", metavar="FILE.py:FUNCTION", help=call)
    saved = (
        "import an .npz or .safetensors file that has queries, keys and values, attention patterns, or a "
        "TransformerLens cache"
    )
    origin.add_argument("--from", metavar="FILE", dest="origin", help=saved)
    tokens = "for an import: a UTF-8 file with one token per line; two files for an encoder and its decoder"
    one.add_argument("--tokens", metavar="FILE", nargs="+", help=tokens)
    words = one.add_mutually_exclusive_group()
    text = "the text that the model reads; give it again for another pass of the model"
    words.add_argument("--text", dest="texts", action="append", help=text)
    words.add_argument("--text-file", metavar="FILE", help="a UTF-8 file with the text")
    one.add_argument("--image", metavar="FILE", help="the picture that the model sees: a PNG or JPEG file")
    pair = "the text that the decoder wrote, for an encoder-decoder; for other models, a second text"
    one.add_argument("--pair", metavar="TEXT", default="", help=pair)
    layers = "only these layers"
    one.add_argument("--layers", metavar="0,3,decoder.5", type=arguments.layers, help=layers)
    one.add_argument("--heads", metavar="0-3", type=arguments.numbers, help="only these heads")
    one.add_argument("-o", "--output", metavar="X.safetensors", required=True)


def _nothing(_):
    pass


COMMANDS = {
    "render": ("Render a still, a film or numbered frames.", _render),
    "figure": ("Make a figure for a paper, in its true size, with labels as type.", _figure),
    "storyboard": ("Draw a sheet with one frame of each beat of a film, and its caption.", _storyboard),
    "build": ("Build the Blender file of a scene.", _build),
    "farm": ("Write a film as a job for a render farm: Open Job Description, or a script.", _farm),
    "encode": ("Make a film of frames that a farm rendered.", _encode),
    "verify": ("Compare the drawn numbers, or the numbers of a capture, with a float64 evaluation.", _verify),
    "inspect": ("Describe a capture, a scene or a built .blend.", _inspect),
    "capture": (
        "Record the attention of a transformers model while it reads a text, or import attention that "
        "another tool has saved.",
        _capture,
    ),
    "presets": ("List styles, views, colour maps and animations.", _nothing),
    "schema": ("Print the JSON Schema of scene files, with which an editor completes them.", _nothing),
    "devices": ("List the devices that Cycles can render on.", _nothing),
}
