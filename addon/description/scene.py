"""The scene description: what to draw, how it looks, how it moves, how it is rendered.

A TOML file, the side panel and these dataclasses are the same description. It is parsed strictly: an unknown
key is an error that names the nearest known key. Writing and reading it again gives an equal description, and
a built .blend contains it as JSON. This module opens no data that a scene names; `matrices` does.
"""

import dataclasses
import functools
import json
import math
import os
import string
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, nearest
from ..formats.text_tables import DECIMALS, NAMED_PARTS
from ..formats.toml_file import read_table
from .device import device_of
from .frame_rate import LEAST_RATE, MOST_RATE, frame_rate, rate_of
from .light import Light
from .option import COLORS, FILM, NOTHING, SETTINGS, SIZES, option
from .style import Color, Silent, Style

ANIMATIONS = ("none", "dotprod", "dotprod_columns", "axpy", "vmprod", "mvprod", "vvprod", "scalar")
FUSIONS = ("none", "sync", "async")
EASINGS = ("linear", "smooth")
SCHEMES = ("auto", "stage", "blocks", "zigzag", "wheel", "custom", "flat")
POLARITIES = ("negative", "positive")
LEFTS, RIGHTS, RESULTS = ("left", "right"), ("top", "bottom"), ("front", "back")
BESIDES = ("right", "front", "back")
HOW_OFTEN_DRAWN = ("always", "once", "never")  # at how many of its places a matrix is drawn
PLACES_OF_SUMS = ("auto", "beside", "in place")  # where a result stands that is made entry by entry
SHAPES = ("cube", "sphere", "object")
SENSITIVITIES = ("global", "semilocal", "local", "superlocal")
POOLINGS = ("max", "mean", "rms")
SWITCHES = ("auto", "on", "off")  # "auto" is on in small scenes
VIEWS = (
    "auto",
    "stage",
    "three_quarter",
    "hero",
    "isometric",
    "front",
    "back",
    "left",
    "right",
    "top",
    "bottom",
    "inside",
    "inside_left",
    "mm",
    "free",
)
WITHIN = ("inside", "inside_left")  # views from inside a cuboid
PROJECTIONS = ("perspective", "orthographic", "oblique")
MOVES = ("none", "orbit", "push_in", "crane", "follow", "visit")
ENGINES = ("cycles", "eevee")
LONGEST_JSON = 2**25  # letters of a description in a .blend
MOST_BEATS, LONGEST_CAPTION = 100, 400  # beats of a film, letters of a caption


def beat_view(text: str) -> str:
    """The view of a beat in its standard form: a name, or azimuth and elevation in degrees, "-60, 28". Raises
    InputError."""
    known = [view for view in VIEWS if view not in ("auto", "free", *WITHIN)]
    if text in ("", *known):
        return text
    try:
        azimuth, elevation = (float(part) for part in text.split(","))
    except ValueError:
        hint = nearest(text[:40], known, "views")
        raise InputError(
            f'"{text[:40]}" is not a view; {hint}, or give azimuth and elevation, such as "-60, 28"'
        ) from None
    if not (abs(azimuth) <= 360 and abs(elevation) <= 90):
        raise InputError(f'"{text[:40]}": the azimuth must be -360 to 360 degrees, the elevation -90 to 90')
    return text


def _caption(text: str) -> str:
    if len(text) > LONGEST_CAPTION:
        raise InputError(f"{len(text):,} letters are too many for a caption; the most is {LONGEST_CAPTION}")
    return text


@dataclass(frozen=True)
class Beat:
    """One beat of a film: what it says, what it shows, what is made in it.

    `say` is the caption. In it, {attn[it, animal]:.2f} becomes that number of the data, and {{ a brace.
    `show` names what the camera looks at, separated by ","; empty means everything. `run` names what is made
    in this beat: "attn" makes a result, "attn sums" only its sums, "attn epilogue" only its epilogue.
    `spotlight` points at entries that stand out in this beat. `why` names an entry that is explained by the
    products that add up to it. `present` names the matrix that steps out to be read. `view` is a named view,
    or azimuth and elevation in degrees; empty chooses a view from which the shown matrices can be read.
    `seconds` 0 means as long as the caption and the sweeps need.
    """

    say: str = option("", read=_caption)
    show: str = ""
    run: str = ""
    spotlight: str = ""
    why: str = ""
    present: str = ""
    view: str = option("", read=beat_view)
    seconds: float = option(0.0, low=0.0, high=3600.0)


@dataclass(frozen=True)
class CaptureOptions:
    """The attention capture from which matrices take a bare `tensor`.

    `layer` is a number, or a name such as "decoder.3.cross". To show several side by side, give `layers` or
    `heads` instead of `layer` or `head`: a list of numbers, or "all". `passes` are the passes of the model in
    which the layer is shown.
    """

    file: str = ""
    layer: int | str = option(0, low=0)
    head: int = option(0, low=0)
    layers: tuple[int, ...] | str = option((), choices=("all",), low=0)
    passes: tuple[int, ...] | str = option((), choices=("all",), low=0)
    heads: tuple[int, ...] | str = option((), choices=("all",), low=0)


@dataclass(frozen=True)
class MatrixOptions:
    """Where one matrix of the expression comes from, and what its axes mean.

    A matrix has exactly one source: `tensor` (of `file`, or of the scene's capture); `file` alone, NPY or CSV
    (`decimal` and `names` tell how to read a CSV that is not clear, see formats.text_tables); `values`; or
    `init` with a `shape`. Up to two leading axes may come before rows and columns; `leading_axes` names them,
    by default "layer" and "head".

    Of a file's array, `index` first takes entries of the leading axes. Then `axis_order` reorders the
    remaining axes, by their numbers from 0. Then `slices` takes a part of each, such as "2:5" or ":". In an
    `additive_mask`, entries of at most -1e4 do not exist; None lets the expression decide (algebra.additive).

    A matrix that several results use stands at each of them. With `drawn` "once" it stands only at the first
    one that the layout places, and links lead from there; with "never" it is left out of the picture.
    """

    file: str = ""
    tensor: str = ""
    index: tuple[int, ...] = ()
    axis_order: tuple[int, ...] = option((), low=0)
    slices: tuple[str, ...] = ()
    additive_mask: bool | None = None
    decimal: str = option("", choices=DECIMALS)
    names: str = option("", choices=NAMED_PARTS)
    values: tuple[tuple[float, ...], ...] = option((), infinite=True)
    init: str = ""
    shape: tuple[int, ...] = ()
    min: float = -1.0
    max: float = 1.0
    dropout: float = option(0.0, low=0.0, high=1.0, of="the entries")
    seed: int = option(0, low=0)
    label: str = option("", changes=FILM)
    leading_axes: tuple[str, ...] = ()
    row_axis: str = option("", changes=FILM)
    column_axis: str = option("", changes=FILM)
    row_labels: tuple[str, ...] = option((), changes=FILM)
    column_labels: tuple[str, ...] = option((), changes=FILM)
    drawn: str = option("always", choices=HOW_OFTEN_DRAWN)
    color_map: str = option("", changes=COLORS)
    pooling: str = ""
    pooling_rule: str = option("", choices=("",) + POOLINGS)


@dataclass(frozen=True)
class ProductOptions:
    """Options of one matmul, named by its result, that differ from the scene's.

    The animation "inherit" takes the animation of the product that uses this result. `epilogue` names one of
    mm's epilogues; the expression can say the same. `interior` says whether the products in the cuboid are
    drawn; None decides by their number (staging.budget). A result that others use may be `drawn` "once", as a
    given matrix (MatrixOptions).
    """

    epilogue: str = ""
    animation: str = option("", choices=("", "inherit") + ANIMATIONS)
    i_blocks: int = option(1, low=1, high=64)
    j_blocks: int = option(1, low=1, high=64)
    k_blocks: int = option(1, low=1, high=64)
    polarity: str = option("", choices=("",) + POLARITIES)
    left_placement: str = option("", choices=("",) + LEFTS)
    right_placement: str = option("", choices=("",) + RIGHTS)
    interior: bool | None = None
    drawn: str = option("always", choices=HOW_OFTEN_DRAWN[:2])
    label: str = option("", changes=FILM)
    color_map: str = option("", changes=COLORS)
    pooling: str = ""
    pooling_rule: str = option("", choices=("",) + POOLINGS)


@dataclass(frozen=True)
class Animation:
    """How the sweeps are timed. Times are seconds; `sweep_seconds` is for each product.

    `steps_per_second` above 0 replaces `sweep_seconds`. `total_seconds` above 0 stretches the whole film to
    that length. `sheet_seconds` is the time for each result that is no product, such as a sum or a gate. With
    `loop_seconds` above 0, the film ends by undoing everything in that time, so that its last frame leads
    into its first. `dwell` is the part of each step in which the film rests, so that the step can be read.
    `fuse` lets a product step together with a child whose planes are parallel to its own
    (staging.timing.timeline). `hide_inputs` leaves the given matrices out of the picture.
    """

    algorithm: str = option("vvprod", choices=ANIMATIONS)
    fuse: str = option("none", choices=FUSIONS)
    hide_inputs: bool = False
    easing: str = option("linear", choices=EASINGS, changes=FILM)
    dwell: float = option(0.0, low=0.0, high=0.95, of="each step's time", changes=FILM)
    sweep_seconds: float = option(1.5, low=0.0, high=3600.0, changes=FILM)
    steps_per_second: float = option(0.0, low=0.0, high=1e6, changes=FILM)
    total_seconds: float = option(0.0, low=0.0, high=36000.0, changes=FILM)
    sheet_seconds: float = option(0.75, low=0.0, high=3600.0, changes=FILM)
    epilogue_seconds: float = option(0.5, low=0.0, high=3600.0, changes=FILM)
    pause_seconds: float = option(0.0, low=0.0, high=3600.0, changes=FILM)
    hold_seconds: float = option(0.75, low=0.0, high=3600.0, changes=FILM)
    loop_seconds: float = option(0.0, low=0.0, high=3600.0, changes=FILM)
    trail: float = option(0.0, low=0.0, high=1e6)


@dataclass(frozen=True)
class Layout:
    """How the cuboids are joined, in units of one row or column.

    The result of a product stands on the face of the product that uses it. In mm's schemes, the placements
    are those of the root. In the scheme "custom" each product may have placements of its own; without them it
    turns as in "blocks".

    Results that stand side by side, such as heads, begin a new row after `row_length` (0: never). Each stands
    `beside` the one before: to its right, or before or behind it for a camera at the side; `spacing` adds
    entries between them. `star_room` adds room between the scene's star and the product that uses it, for
    labels. An axis of more than `longest` units is drawn so long, and each bead stands for several entries
    (0: never); axes of the star are not shortened. With `sums` "in place" a product that is there only to be
    added to, scaled or cut is not drawn: its sum stands in its place. "beside" draws both. The scheme "auto"
    chooses all of this so that the star can be read.
    """

    scheme: str = option("auto", choices=SCHEMES)
    gap: float = option(2.0, low=1.0, high=64.0)
    polarity: str = option("negative", choices=POLARITIES)
    left_placement: str = option("left", choices=LEFTS)
    right_placement: str = option("top", choices=RIGHTS)
    result_placement: str = option("front", choices=RESULTS)
    scatter: float = option(0.0, low=0.0, high=128.0)
    molecule: int = option(1, low=1, high=64)
    blast: float = option(0.0, low=-2.0, high=2.0)
    row_length: int = option(0, low=0, high=4096)
    star_room: float = option(0.0, low=0.0, high=64.0)
    longest: int = option(0, low=0, high=100_000)
    beside: str = option("right", choices=BESIDES)
    spacing: float = option(0.0, low=0.0, high=256.0)
    sums: str = option("auto", choices=PLACES_OF_SUMS)


@dataclass(frozen=True)
class Look:
    """The look of a scene. `style` is the name of a style, or a style file. An empty string keeps the style's
    own value; the table [style] changes further values of the style."""

    style: str = "studio_light"
    color_map: str = option("", changes=COLORS)
    probability_map: str = option("", changes=COLORS)
    sensitivity: str = option("local", choices=SENSITIVITIES)
    shape: str = option("", choices=("",) + SHAPES)
    object: str = ""
    element_scale: float = option(1.0, low=0.01, high=4.0, changes=SIZES)
    min_size: float = option(0.12, low=0.001, high=1.0)  # above 0, so that only zeros vanish
    clip: float = option(100.0, low=50.0, high=100.0)
    product_clip: float = option(99.7, low=50.0, high=100.0)
    product_threshold: float = option(0.0, low=0.0, high=1.0, of="the magnitude at full colour")
    product_scale: float = option(0.7, low=0.01, high=4.0, changes=SIZES)
    settled_scale: float = option(0.3, low=0.0, high=1.0)
    instance_budget: int = option(200_000, low=0)
    pooling: str = "auto"  # "auto", "off", or rows and columns of a bead, "4x4"
    pooling_rule: str = option("max", choices=POOLINGS)
    labels: bool = option(True, changes=FILM)
    links: str = option("auto", choices=("auto", "off"), changes=FILM)
    numbers: str = option("auto", choices=SWITCHES)
    beams: str = option("auto", choices=SWITCHES)
    row_guides: float = option(0.0, low=0.0, high=1.0, changes=FILM)  # brightness; mm's is 0.6
    center_names: float = option(0.0, low=0.0, high=64.0, changes=FILM)  # size; mm's is 6
    highlight: str = option("", changes=FILM)  # such as "attn[it, animal]; Q[it]"
    flow_guides: float = option(0.0, low=0.0, high=1.0, changes=FILM)  # length; mm's is 0.5
    formula: bool = option(True, changes=FILM)
    font: str = ""
    legend: bool = option(True, changes=FILM)
    title: bool = option(True, changes=FILM)


@dataclass(frozen=True)
class Camera:
    """The camera: its view, its subject and its move.

    `view` is a named view, or "free" with `azimuth` and `elevation` in degrees. `subject` is the name of a
    matrix, or of a result followed by " products" for its cuboid; empty means everything. `lens` is in
    millimetres; 0, and an empty `projection`, are those of the view. `margin` is a fraction of the frame.
    `turns` is the number of turns of the move "orbit". `depth_of_field` goes from 0 (none) to 1.
    """

    view: str = option("auto", choices=VIEWS, changes=FILM)
    azimuth: float = option(30.0, low=-360.0, high=360.0, changes=FILM)
    elevation: float = option(25.0, low=-90.0, high=90.0, changes=FILM)
    projection: str = option("", choices=("",) + PROJECTIONS, changes=FILM)
    subject: str = option("", changes=FILM)
    lens: float = option(0.0, low=0.0, high=400.0, changes=FILM)
    margin: float = option(0.04, low=0.0, high=0.4, of="the frame", changes=FILM)
    move: str = option("none", choices=MOVES, changes=FILM)
    turns: float = option(1.0, low=-100.0, high=100.0, changes=FILM)
    depth_of_field: float = option(0.0, low=0.0, high=1.0, changes=FILM)


@dataclass(frozen=True)
class Render:
    """Defaults of `render`. `still` is the moment of the still: 0 is the start; at 1 all is finished and
    nothing hides the star any more. `transparent` pictures have no background. `device` is the device that
    Cycles renders on (description.device)."""

    width: int = option(1280, low=16, high=16384, changes=FILM)
    height: int = option(720, low=16, high=16384, changes=FILM)
    film_width: int = option(640, low=16, high=16384, changes=NOTHING)
    film_height: int = option(360, low=16, high=16384, changes=NOTHING)
    samples: int = option(64, low=1, high=65536, changes=SETTINGS)
    film_samples: int = option(32, low=1, high=65536, changes=NOTHING)
    # A number or "24000/1001"; see `rate`.
    fps: float = option(24.0, low=LEAST_RATE, high=MOST_RATE, read=rate_of, changes=FILM)
    engine: str = option("cycles", choices=ENGINES, changes=SETTINGS)
    device: str = option("auto", read=device_of, changes=NOTHING)
    still: float = option(1.0, low=0.0, high=1.0, of="the film's length", changes=NOTHING)
    transparent: bool = option(False, changes=NOTHING)

    def still_frame(self, first: int, done: int) -> int:
        """The frame of the still, in a film that begins at frame `first` and is finished at frame `done`."""
        return round(first + self.still * (done - first))

    @property
    def rate(self) -> float:
        """The exact frames per second, as Blender has them: 24000/1001 for an `fps` of 23.976."""
        fps, base = frame_rate(self.fps)
        return fps / base


@dataclass(frozen=True)
class Cards:
    """The cards of a film, in the style and type of the scene.

    The card `title` comes before the scene, with the scene's title and a `subtitle`. The card `end` comes
    after it, with the `source` of the data and a `credit`. Each is shown for its seconds. By default a film
    has no cards; stills never show them."""

    title: bool = option(False, changes=FILM)
    end: bool = option(False, changes=FILM)
    subtitle: str = option("", changes=FILM)
    source: str = option("", changes=FILM)
    credit: str = option("", changes=FILM)
    title_seconds: float = option(3.0, low=0.1, high=60.0, changes=FILM)
    end_seconds: float = option(4.0, low=0.1, high=60.0, changes=FILM)


@dataclass(frozen=True)
class Scene:
    """A whole scene.

    `star` is the matrix that the picture is about; several are separated by ";"; "none" is none, and ""
    chooses (staging.star). `spotlight` points at entries that stand out while all else steps back, such as
    "attn[it, animal]" (staging.selections). `beats` is a list of the film's beats; "auto" writes them from
    the expression and its numbers, and "off" runs one sweep after the other (staging.beats). `readout` names
    matrices that are also shown flat beside the scene, as a list, or as a text with ; between them; "auto"
    shows the star if it cannot be read in the scene, and "off" shows none. `why` explains one entry of a
    product, such as "attn[it, animal]": the products that add up to it stand beside the scene as bars.
    Relative file names start at `folder`, which is not written into the description."""

    expression: str = ""
    title: str = option("", changes=FILM)
    caption: str = option("", changes=FILM)
    star: str = ""
    spotlight: str = ""
    why: str = option("", changes=FILM)
    beats: tuple[Beat, ...] | str = option("off", choices=("auto", "off"), changes=FILM)
    readout: tuple[str, ...] | str = option("auto", changes=FILM)
    capture: CaptureOptions = CaptureOptions()
    matrices: dict[str, MatrixOptions] = option({})
    products: dict[str, ProductOptions] = option({})
    animation: Animation = Animation()
    cards: Cards = Cards()
    layout: Layout = Layout()
    look: Look = Look()
    style: Style = Style()
    light: Light = Light()
    camera: Camera = Camera()
    render: Render = Render()
    folder: str = "."

    def with_beats(self) -> "Scene":
        """This scene with beats: its own, or else automatic ones."""
        return dataclasses.replace(self, beats="auto") if self.beats in ("off", ()) else self


def load_scene(path: str | os.PathLike[str]) -> Scene:
    """Read a scene file. Raises InputError for a file that is missing, not TOML or not a scene."""
    path = Path(path)
    scene = from_dict(Scene, read_table(path, "scene"), str(path))
    return dataclasses.replace(scene, folder=str(path.resolve().parent))


def checked(scene: Scene) -> Scene:
    """A description that was made in Python, checked as a scene file is: names, types, choices and limits.
    Lists and arrays in it become tuples. Raises InputError."""
    return dataclasses.replace(from_dict(Scene, to_dict(scene), "scene"), folder=scene.folder)


def from_json(text: str, where: str = "scene") -> Scene:
    """The scene in a text that `to_json` wrote. Raises InputError."""
    if len(text) > LONGEST_JSON:
        raise InputError(f"{where}: {len(text):,} letters are too many; the most is {LONGEST_JSON:,}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    return from_dict(Scene, data, where)


def to_json(scene: Scene) -> str:
    """The description as JSON, without defaults. Floats keep every digit."""
    return json.dumps(to_dict(scene), ensure_ascii=False)


def to_dict(value: Any) -> dict[str, Any]:
    """A description as plain tables, without the fields that have their defaults."""
    out = {}
    for f in fields_of(value).values():
        item = getattr(value, f.name)
        item = item.tolist() if hasattr(item, "tolist") else item  # an array of a description made in Python
        factory: Any = f.default_factory
        default = f.default if f.default is not dataclasses.MISSING else factory()
        if item == default:
            continue
        if isinstance(item, dict):
            out[f.name] = {key: _plain(entry) for key, entry in item.items()}
        elif dataclasses.is_dataclass(item):
            out[f.name] = to_dict(item)
        elif Color in typing.get_args(f.type):
            out[f.name] = _hex(item)
        else:
            out[f.name] = _plain(item)
    return out


def _hex(color):
    """A colour as "#rrggbb" if that is exact, else as three numbers."""
    channels = [round(channel * 255) for channel in color]
    exact = tuple(channel / 255 for channel in channels) == color
    return "#" + bytes(channels).hex() if exact else list(color)


def _plain(item):
    if dataclasses.is_dataclass(item):
        return to_dict(item)
    return [_plain(x) for x in item] if isinstance(item, (tuple, list)) else item


def to_toml(scene: Scene) -> str:
    """The description as a TOML scene file, which `load_scene` reads back to an equal scene."""
    lines = []

    def table(data, path):
        for key, value in data.items():
            if not isinstance(value, dict) and not _is_tables(value):
                lines.append(f"{_toml_key(key)} = {_toml_value(value)}")
        for key, value in data.items():
            inner = path + (_toml_key(key),)
            if isinstance(value, dict):
                if not value or any(not isinstance(v, dict) for v in value.values()):
                    lines.extend(["", f"[{'.'.join(inner)}]"])
                table(value, inner)
            elif _is_tables(value):
                for one in value:
                    lines.extend(["", f"[[{'.'.join(inner)}]]"])
                    table(one, inner)

    table(to_dict(scene), ())
    return "\n".join(lines).strip() + "\n"


def _is_tables(value):
    """Whether a value is a list of tables, such as beats; each table gets a section of its own."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _toml_key(key):
    bare = key.replace("_", "a").replace("-", "a")
    return key if bare.isascii() and bare.isalnum() else _toml_value(key)


def _toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    return repr(value)


def from_dict(cls: Any, data: object, where: str) -> Any:
    """Build the dataclass `cls` from a table. Raises InputError for unknown names and for wrong types,
    choices or limits; `where` begins the error."""
    if not isinstance(data, dict):
        keys = ", ".join([f.name for f in dataclasses.fields(cls)][:5])
        raise InputError(
            f"{where}: expected a table, found {_kind(data)}; some of its keys are {keys}; "
            f"in Python it is {cls.__name__}(…)"
        )
    hints = _hints(cls)
    fields, values = fields_of(cls), {}
    for key, item in data.items():
        if key not in fields:
            raise InputError(f'{where}: unknown key "{key}"; {nearest(key, fields, "known keys")}')
        if (read := fields[key].metadata.get("read")) and isinstance(item, str):
            try:
                item = read(item)
            except InputError as error:
                raise InputError(f"{where}: {key}: {error}") from None
        values[key] = _convert(hints[key], item, f"{where}: {key}")
        _check(fields[key].metadata, values[key], f"{where}: {key}")
    return cls(**values)


def fields_of(cls: Any) -> dict[str, dataclasses.Field]:
    """The fields of a dataclass, or of an instance, that stand in a file, by name."""
    return {f.name: f for f in dataclasses.fields(cls) if f.name != "folder"}


def kinds_of(hint: Any) -> list[Any]:
    """The types that a value may have in a file: of a union, those that a file can say."""
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return [hint]
    return [one for one in typing.get_args(hint) if one not in (types.NoneType, Silent)]


@functools.lru_cache
def _hints(cls):
    return typing.get_type_hints(cls)


def _convert(hint, item, where):
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, item, where)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # a list or else a text; or a value or what no file has
        return _convert(kinds_of(hint)[-1 if isinstance(item, str) else 0], item, where)
    if hint == Color:
        return _color(item, where)
    if origin is dict:
        if not isinstance(item, dict):
            raise InputError(f"{where}: expected a table, found {_kind(item)}")
        return {key: from_dict(arguments[1], value, f"{where}.{key}") for key, value in item.items()}
    if origin is tuple:
        if not isinstance(item, (list, tuple)):
            raise InputError(f"{where}: expected a list, found {_kind(item)}")
        return tuple(_convert(arguments[0], x, f"{where}[{n}]") for n, x in enumerate(item))
    if isinstance(item, int) and abs(item) >= 2**63:
        raise InputError(f"{where}: the number is too large")
    if hint is float and isinstance(item, int) and not isinstance(item, bool):
        item = float(item)
    if not isinstance(item, hint) or (isinstance(item, bool) and hint is not bool):
        raise InputError(f"{where}: expected {_TYPE_NAMES[hint]}, found {_kind(item)}")
    return item


def _color(item, where):
    """A colour, written "#rrggbb" or as three numbers from 0 to 1."""
    if isinstance(item, str):
        digits = item.removeprefix("#")
        if len(digits) != 6 or len(item) != 7 or not all(c in string.hexdigits for c in digits):
            raise InputError(f'{where}: "{item[:40]}" is not a colour such as "#ff8800"')
        return tuple(channel / 255 for channel in bytes.fromhex(digits))
    color = _convert(tuple[float, ...], item, where)
    if len(color) != 3 or not all(0 <= channel <= 1 for channel in color):
        raise InputError(f'{where}: a colour is "#rrggbb" or three numbers from 0 to 1')
    return color


_TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _kind(item):
    if isinstance(item, dict):
        return "a table"
    if isinstance(item, (list, tuple)):
        return "a list"
    return f"{_TYPE_NAMES.get(type(item), type(item).__name__)} ({str(item)[:40]!r})"


def _check(metadata, value, where):
    choices, low, high, infinite = (metadata.get(k) for k in ("choices", "low", "high", "infinite"))
    if isinstance(value, tuple):  # every item of a list has to keep the limits
        if len(value) > MOST_BEATS and isinstance(value[0], Beat):
            raise InputError(f"{where}: {len(value):,} are too many; the most is {MOST_BEATS}")
        for n, one in enumerate(value):
            _check({"low": low, "high": high, "infinite": infinite}, one, f"{where}[{n}]")
        return
    if isinstance(value, float) and not math.isfinite(value) and not (infinite and math.isinf(value)):
        raise InputError(f"{where}: {value} is not a finite number")
    if choices and value not in choices:
        hint = nearest(value, [c for c in choices if c], "known ones")
        raise InputError(f'{where}: unknown "{value}"; {hint}')
    if isinstance(value, str):
        return
    of = f" of {metadata['of']}" if metadata.get("of") else ""
    if low is not None and value < low:
        raise InputError(f"{where}: {value} is too small; the least is {low}{of}")
    if high is not None and value > high:
        raise InputError(f"{where}: {value} is too large; the most is {high}{of}")
