"""The parser of the command line: a function for each command says what it takes."""

import argparse
from typing import NoReturn

from .. import __version__
from ..description.device import DEVICE_KINDS, FALLBACKS
from ..description.from_capture import HEAD_PARTS
from ..description.scene import ENGINES, MOVES, VIEWS
from ..errors import InputError
from ..outputs.film_presets import PRESETS
from ..outputs.loading import load_blender
from ..outputs.messages import PROGRAM
from . import arguments


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line like all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; {self.prog} --help tells more")


class _Version(argparse.Action):
    """Tells both versions, so fails where Blender cannot be loaded: `make env` asks this."""

    def __init__(self, option_strings, dest, help):
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser, *_):
        print(f"{PROGRAM} {__version__}, Blender {load_blender().app.version_string}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `command` to its name."""
    top = _Parser(prog=PROGRAM, description="Matrix products inside neural networks, as pictures and films.")
    top.add_argument("--version", action=_Version, help="this version and that of Blender")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (about, fill) in COMMANDS.items():
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(command=name)
        one.add_argument("--traceback", action="store_true", help="show where an error comes from")
        fill(one)
    return top


# What several commands take


def _source(one, also="", many=False):
    about = "a scene file (.toml) or an attention capture (.safetensors)" + also
    one.add_argument("source", metavar="SCENE", nargs="+" if many else None, help=about)
    one.add_argument("--layer", help="layer of the capture")
    one.add_argument("--head", type=int, help="head of the capture")
    several = 'passes of the model that stand side by side, or "all"'
    one.add_argument("--passes", metavar="0-3", type=arguments.passes, default=(), help=several)
    known = f"show of the capture besides: {', '.join(HEAD_PARTS)}"
    one.add_argument(
        "--with", metavar="PART,PART", dest="parts", type=arguments.parts, default=(), help=known
    )


def _look(one, moves=True):
    one.add_argument("--style", metavar="NAME", help="instead of the scene's style")
    one.add_argument("--view", metavar="NAME", choices=VIEWS, help="instead of the scene's camera view")
    one.add_argument("--subject", metavar="NAME", help='what the camera frames: a matrix, or "NAME products"')
    if moves:
        one.add_argument("--move", metavar="NAME", choices=MOVES, help="how the camera moves in the film")


def _cards(one):
    one.add_argument("--title-card", action="store_true", help="begin the film with the scene's title")
    one.add_argument("--subtitle", metavar="TEXT", help="under that title; asks for the card by itself")
    one.add_argument("--end-card", action="store_true", help="end the film with source and credit")
    of = "of the data, on the end card; asks for the card by itself"
    one.add_argument("--source", metavar="TEXT", dest="source_text", help=of)
    one.add_argument("--credit", metavar="TEXT", dest="credit", help="on the end card, likewise")


def _picture(one, transparent):
    one.add_argument("--size", metavar="WxH", type=arguments.size, help="in pixels")
    one.add_argument("--samples", metavar="N", type=arguments.samples, help="per pixel")
    one.add_argument("--transparent", action="store_true", help=transparent)
    one.add_argument("--engine", choices=ENGINES)
    _device(one)


def _device(one):
    kinds = f"what Cycles renders on: {', '.join(DEVICE_KINDS)}, or some cards, cuda:0,1"
    one.add_argument("--device", metavar="NAME", type=arguments.device, help=kinds)


def _progress(one):
    one.add_argument("--json-progress", action="store_true", help="progress as JSON, one object a line")
    one.add_argument("--quiet", action="store_true", help="write nothing but errors")


# The commands


def _render(one):
    _source(one, ", or a built .blend")
    output = (
        "a .png for a still, an .exr for one with the values as a pass, a .mp4, .mov or .webm for a film, "
        "else a folder for frames"
    )
    one.add_argument("-o", "--output", metavar="OUT", help=output)
    kind = one.add_mutually_exclusive_group()
    kind.add_argument("--still", action="store_true", help="one picture (the default)")
    kind.add_argument("--film", action="store_true", help="an MP4; its frames are kept beside it")
    one.add_argument("--frames", metavar="A-B", type=arguments.frames, help="only these frames of the film")
    one.add_argument("--frame", metavar="N", type=int, help="the frame of the still")
    _picture(one, "without background; films as .mov or .webm")
    failing = "go on with the CPU where a card is missing or fails (the default), or stop"
    one.add_argument("--if-device-fails", choices=FALLBACKS, default=FALLBACKS[0], help=failing)
    uses = f"size, encoding and what is put beside a film: {', '.join(PRESETS)}"
    one.add_argument("--for", metavar="USE", dest="purpose", choices=PRESETS, help=uses)
    small = "the film small, with few samples and fewer frames"
    one.add_argument("--preview", action="store_true", help=small)
    dry = "tell frames, elements, memory and time, by one tile of one frame, and render nothing else"
    one.add_argument("--dry-run", action="store_true", help=dry)
    one.add_argument("--width", metavar="LENGTH", help="of a still in print, such as 84mm")
    one.add_argument("--dpi", metavar="N", type=arguments.dpi, help="dots per inch of that (600)")
    deep = "of a channel of a .png: 8 or 16"
    one.add_argument("--bits", metavar="N", type=int, choices=(8, 16), default=8, help=deep)
    _cards(one)
    foreign = "let a .blend write all that it writes, wherever it does"
    one.add_argument("--file-outputs", action="store_true", help=foreign)
    _look(one)
    _progress(one)


def _figure(one):
    _source(one, ", or a built .blend", many=True)
    one.add_argument("-o", "--output", metavar="FIG.pdf|svg|png", required=True)
    width = "such as 84mm or 240pt; 3.3in by default"
    one.add_argument("--width", metavar="LENGTH", default="3.3in", help=width)
    one.add_argument("--height", metavar="LENGTH", help="instead of that of the content")
    dots = "dots per inch of the picture (600)"
    one.add_argument("--dpi", metavar="N", type=arguments.dpi, default=600, help=dots)
    rows = "a row of panels for each layer"
    one.add_argument("--layers", metavar="0,3,5", type=arguments.layers, help=rows)
    one.add_argument("--heads", metavar="0-11", type=arguments.numbers, help="a panel for each head")
    one.add_argument("--tensor", metavar="NAME", help="show a tensor of the capture alone: pattern")
    one.add_argument("--frame", metavar="N", type=int, help="of the film, instead of the scene's still")
    one.add_argument("--frames", metavar="20,60", type=arguments.numbers, help="a panel for each frame")
    one.add_argument("--columns", metavar="N", type=int, choices=range(1, 65), help="panels side by side")
    one.add_argument("--titles", metavar="TEXT", nargs="+", help="of the panels, one for each")
    scales = "a scale and a legend for each panel, instead of one for all"
    one.add_argument("--own-scales", action="store_true", help=scales)
    one.add_argument("--title", action="store_true", help="write the scene's title and caption")
    one.add_argument("--transparent", action="store_true", help="no background")
    one.add_argument("--font", metavar="NAME", default="", help="a family or a .ttf file (Blender's Inter)")
    one.add_argument("--font-size", metavar="PT", type=arguments.points, default=7.0, help="of names (7)")
    one.add_argument("--outlines", action="store_true", help="type as shapes in an SVG")
    one.add_argument("--samples", metavar="N", type=arguments.samples, help="per dot")
    _look(one, moves=False)
    _progress(one)


def _build(one):
    _source(one, ", or a built .blend")
    one.add_argument("-o", "--output", metavar="X.blend", required=True)
    _look(one)
    _cards(one)


def _farm(one):
    _source(one, ", or a built .blend")
    one.add_argument("-o", "--output", metavar="FOLDER", required=True)
    one.add_argument("--chunk", metavar="N", type=arguments.chunk, default=10, help="frames of one task (10)")
    manager = "submit the job to this Flamenco Manager, such as http://manager:8080"
    one.add_argument("--flamenco", metavar="URL", help=manager)
    _picture(one, "frames without background")
    _look(one)
    _cards(one)


def _encode(one):
    one.add_argument("folder", metavar="FOLDER", help="with 0001.png, 0002.png …")
    alpha = ".mov and .webm keep frames without background"
    one.add_argument("-o", "--output", metavar="X.mp4", required=True, help=alpha)
    rate = "frames per second, also 23.976 or 24000/1001; else the film's own"
    one.add_argument("--fps", metavar="N", type=arguments.fps, help=rate)
    some = "only these; else every frame of the film"
    one.add_argument("--frames", metavar="A-B", type=arguments.frames, help=some)


def _storyboard(one):
    _source(one, ", or a built .blend")
    one.add_argument("-o", "--output", metavar="SHEET.png", help="the sheet; else only what --toml prints")
    written = "print the beats as they stand in a scene file, to be edited"
    one.add_argument("--toml", action="store_true", help=written)
    one.add_argument(
        "--size", metavar="WxH", type=arguments.size, default=(512, 288), help="of a frame (512x288)"
    )
    one.add_argument("--samples", metavar="N", type=arguments.samples, default=4, help="per pixel (4)")
    one.add_argument("--engine", choices=ENGINES)
    _look(one, moves=False)
    _progress(one)


def _verify(one):
    _source(one, ", or a built .blend")
    chosen = "frames to look at, fractions allowed, instead of the chosen ones"
    one.add_argument("--positions", metavar="FRAME", type=float, nargs="+", help=chosen)


def _inspect(one):
    _source(one, ", or a built .blend")
    sheet = "draw the patterns of a capture's heads, as PNG, PDF or SVG"
    one.add_argument("--sheet", metavar="OUT.png", help=sheet)
    one.add_argument("--style", metavar="NAME", help="of the sheet; paper unless said otherwise")


def _capture(one):
    origin = one.add_mutually_exclusive_group(required=True)
    model = "a folder with config.json and weights, or a name that transformers knows"
    origin.add_argument("--model", metavar="FOLDER-OR-NAME", help=model)
    call = "run a function of your own, and record what runs in it; it is given --text if it takes one"
    origin.add_argument("--call", metavar="FILE.py:FUNCTION", help=call)
    saved = (
        "an .npz or .safetensors file with queries, keys and values, with attention patterns, or with a "
        "TransformerLens cache"
    )
    origin.add_argument("--from", metavar="FILE", dest="origin", help=saved)
    tokens = "of an import: a UTF-8 file with one token a line; two of an encoder and its decoder"
    one.add_argument("--tokens", metavar="FILE", nargs="+", help=tokens)
    words = one.add_mutually_exclusive_group()
    text = "what the model reads; given again, it reads that in a pass of its own"
    words.add_argument("--text", action="append", help=text)
    words.add_argument("--text-file", metavar="FILE", help="the same from a UTF-8 file")
    one.add_argument("--image", metavar="FILE", help="what the model sees: a PNG or JPEG file")
    pair = "what the decoder of an encoder-decoder wrote; else a second text"
    one.add_argument("--pair", metavar="TEXT", default="", help=pair)
    layers = "only these layers"
    one.add_argument("--layers", metavar="0,3,decoder.5", type=arguments.layers, help=layers)
    one.add_argument("--heads", metavar="0-3", type=arguments.numbers, help="only these heads")
    one.add_argument("-o", "--output", metavar="X.safetensors", required=True)


def _nothing(_):
    pass


COMMANDS = {
    "render": ("Render a still, a film or numbered frames.", _render),
    "figure": ("Make a figure for a paper: picture, labels as type, true size.", _figure),
    "storyboard": ("Draw one frame of each beat of a film, with what it says, on a sheet.", _storyboard),
    "build": ("Build the Blender file of a scene.", _build),
    "farm": ("Write a film as a job for a render farm: Open Job Description, or a script.", _farm),
    "encode": ("Make a film of frames that a farm rendered.", _encode),
    "verify": ("Compare what is drawn, or what a capture holds, with a float64 evaluation.", _verify),
    "inspect": ("Tell what is in a capture, a scene or a built .blend.", _inspect),
    "capture": (
        "Record the attention of a transformers model while it reads a text, or import what another tool has "
        "saved.",
        _capture,
    ),
    "presets": ("List styles, views, colour maps and animations.", _nothing),
    "devices": ("List what Cycles can render on.", _nothing),
}
