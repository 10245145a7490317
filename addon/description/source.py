"""Sources, the SCENE of a command line: a scene file, a head of a capture, or a built .blend."""

import dataclasses
import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ..errors import InputError, nearest, require_known
from ..formats.reading import opened
from .from_capture import scene_from_capture
from .scene import Scene, checked, load_scene

CAMERA = ("view", "subject", "move")  # the parts of a camera that a command can replace
EXPECTED = "give a scene file (.toml), an attention capture (.safetensors) or a built .blend"
# The first bytes of a .blend: plain, or compressed by Zstandard, or (until Blender 3.0) by gzip.
_BLEND = (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")


@dataclass(frozen=True)
class Source:
    """What is to be drawn: a file (`path`), a description, or both.

    A built .blend contains its description, so `description` is None; `instead` has the values that replace
    parts of it. A scene that was made in Python has no path."""

    path: Path | None
    description: Scene | None
    instead: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The path of the source's file. Raises InputError if it has none."""
        if self.path is None:
            raise InputError("the scene was made in Python and has no file")
        return self.path


class Choice(TypedDict, total=False):
    """The choices of `open_source`: what of a source is drawn, and how.

    A capture needs `layer`, its number or name; without `head`, all heads of the layer are drawn. `parts` and
    `passes` are as in `scene_from_capture`. The others replace what the scene says; `cards` has fields of
    Cards."""

    layer: int | str | None
    head: int | None
    parts: Sequence[str]
    passes: Sequence[int] | str
    style: str | None
    view: str | None
    subject: str | None
    move: str | None
    cards: Mapping[str, str | bool]


def open_source(path: str | os.PathLike[str], **choice: Unpack[Choice]) -> Source:
    """The source at `path`, with these choices. Raises InputError."""
    require_known(choice, Choice.__annotations__, "load")
    layer, head = choice.get("layer"), _number(choice.get("head"))
    layer = None if layer is None else str(layer)
    parts, passes = choice.get("parts") or (), choice.get("passes") or ()
    parts = (parts,) if isinstance(parts, str) else parts
    passes = (passes,) if isinstance(passes, int) else passes
    if isinstance(passes, str) and passes != "all":
        raise InputError(f'`passes`: {passes!r} are neither numbers, such as [0, 1], nor "all"')
    replacing = {name: choice.get(name) for name in ("style", *CAMERA)} | {
        "cards": choice.get("cards") or None
    }
    instead = {name: value for name, value in replacing.items() if value is not None}
    path = require_file(path)
    suffix = path.suffix.lower()
    for option, chosen in (("parts", parts), ("passes", passes)):
        if chosen and suffix != ".safetensors":
            raise InputError(f"`{option}` is only for captures; the scene {path} says itself what it shows")
    if suffix == ".blend":
        for option, value in (("layer", layer), ("head", head)):
            if value is not None:
                raise InputError(f"`{option}`: {path} is built already; give its scene file instead")
        _require_blend(path)
        return Source(path, None, instead)
    if suffix == ".safetensors":
        if layer is None:
            raise InputError(
                f"{path}: say which with `layer` and `head`, or all heads of a layer without "
                f"`head`; inspect {path} lists them"
            )
        description = scene_from_capture(path, layer, head, parts, passes)
    elif suffix == ".toml":
        description = _with_head(load_scene(path), layer, head, path)
    else:
        raise InputError(f'{path}: unknown kind of file "{suffix}"; {EXPECTED}')
    return Source(path, with_instead(description, instead))


def _number(head: Any) -> int | None:
    try:
        return None if head is None else operator.index(head)
    except TypeError:
        raise InputError(f"`head`: {head!r} is not a whole number") from None


def with_instead(description: Scene, instead: Mapping[str, Any]) -> Scene:
    """The description with what `instead` replaces: "style", "view", "subject", "move", or fields of
    "cards"."""
    look = {"style": instead["style"]} if "style" in instead else {}
    camera = {name: instead[name] for name in CAMERA if name in instead}
    for part, changes in (("look", look), ("camera", camera), ("cards", instead.get("cards", {}))):
        description = _replaced(description, part, **changes)
    return description


def require_file(path: str | os.PathLike[str]) -> Path:
    """`path` as a Path. Raises InputError if there is no such file; the error names the most similar file."""
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"a source is the name of a file, or a Scene; found {type(path).__name__}")
    path = Path(path)
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder; {EXPECTED}")
    if not os.path.exists(path):  # false also for a name that is too long
        try:
            names = [entry.name for entry in path.parent.iterdir()]
        except OSError:
            names = []
        hint = nearest(path.name, names, "")
        raise InputError(f"{path}: no such file" + (f"; {hint}" if hint.startswith("did you mean") else ""))
    return path


def as_source(source: Source | Scene | str | os.PathLike[str]) -> Source:
    """The Source that the argument means: a Source, a description made in Python (which is checked), or the
    name of a file. Raises InputError."""
    if isinstance(source, Source):
        return source
    return Source(None, checked(source)) if isinstance(source, Scene) else open_source(source)


def _with_head(description: Scene, layer: str | None, head: int | None, path: Path) -> Scene:
    """The scene with another layer or head of its capture."""
    changes: dict[str, object] = {}
    if layer is not None:
        changes |= {"layer": int(layer) if layer.isdecimal() else layer, "layers": ()}
    if head is not None:
        changes |= {"head": head, "heads": ()}
    if changes and not description.capture.file:
        raise InputError(f"`{next(iter(changes))}`: {path} has no [capture] to take a layer or head of")
    return _replaced(description, "capture", **changes)


def _replaced(description: Scene, part: str, **changes: object) -> Scene:
    changed = dataclasses.replace(getattr(description, part), **changes)
    return dataclasses.replace(description, **{part: changed})


def _require_blend(path: Path) -> None:
    with opened(path) as file:
        if not file.read(7).startswith(_BLEND):
            raise InputError(f"{path}: is not a Blender file")
