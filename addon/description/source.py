"""What stands as SCENE on a command line: a scene file, a capture with its head, or a built .blend."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, nearest
from ..formats.reading import opened
from .from_capture import scene_from_capture
from .scene import Scene, checked, load_scene

EXPECTED = "give a scene file (.toml), an attention capture (.safetensors) or a built .blend"
# How a .blend begins: plain, packed by Zstandard, or, until Blender 3.0, by gzip.
_BLEND = (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")


@dataclass(frozen=True)
class Source:
    """What is to be drawn: a file (`path`), its description, or both. A .blend has no description here: it
    carries its own. What was made in Python has no file."""

    path: Path | None
    description: Scene | None

    @property
    def file(self) -> Path:
        """The file, of a source that has one: every .blend does."""
        if self.path is None:
            raise InputError("the scene was made in Python and has no file")
        return self.path

    @property
    def is_blend(self) -> bool:
        return self.description is None


def open_source(
    path: str | os.PathLike[str],
    *,
    layer: int | str | None = None,
    head: int | None = None,
    parts: Sequence[str] = (),
    passes: Sequence[int] | str = (),
    style: str | None = None,
    view: str | None = None,
    subject: str | None = None,
    move: str | None = None,
) -> Source:
    """The source at `path`; what else is given replaces what the scene says.

    A capture needs `layer` (its number or name); without `head` all its heads are drawn. `parts` and
    `passes` are those of `from_capture`. Raises InputError.
    """
    layer = None if layer is None else str(layer)
    path = require_file(path)
    suffix = path.suffix.lower()
    if parts and suffix != ".safetensors":
        raise InputError(f"--with: {path} says itself what it shows; it is for captures")
    if passes and suffix != ".safetensors":
        raise InputError(f"--passes: {path} says itself what it shows; it is for captures")
    if suffix == ".blend":
        for option, value in (
            ("layer", layer),
            ("head", head),
            ("style", style),
            ("view", view),
            ("subject", subject),
            ("move", move),
        ):
            if value is not None:
                raise InputError(f"--{option}: {path} is built already; give its scene file instead")
        _require_blend(path)
        return Source(path, None)
    if suffix == ".safetensors":
        if layer is None:
            raise InputError(
                f"{path}: say which with --layer and --head, or all heads of a layer without "
                f"--head; inspect {path} lists them"
            )
        description = scene_from_capture(path, layer, head, parts, passes)
    elif suffix == ".toml":
        description = _with_head(load_scene(path), layer, head, path)
    else:
        raise InputError(f'{path}: unknown kind of file "{suffix}"; {EXPECTED}')
    if style is not None:
        description = _replaced(description, "look", style=style)
    camera = {"view": view, "subject": subject, "move": move}
    camera = {name: value for name, value in camera.items() if value is not None}
    description = _replaced(description, "camera", **camera)
    return Source(path, description)


def require_file(path: str | os.PathLike[str]) -> Path:
    """`path` as a Path. Raises InputError when no file is there, with the nearest name that is."""
    path = Path(path)
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder; {EXPECTED}")
    if not os.path.exists(path):  # also where the name is too long for one
        try:
            names = [entry.name for entry in path.parent.iterdir()]
        except OSError:
            names = []
        hint = nearest(path.name, names, "")
        raise InputError(f"{path}: no such file" + (f"; {hint}" if hint.startswith("did you mean") else ""))
    return path


def as_source(source: Source | Scene | str | os.PathLike[str]) -> Source:
    """What may stand for a source: a Source, a description made in Python, which is checked, or a file's
    name. Raises InputError."""
    if isinstance(source, Source):
        return source
    return Source(None, checked(source)) if isinstance(source, Scene) else open_source(source)


def _with_head(description, layer, head, path):
    for option, value in (("layer", layer), ("head", head)):
        if value is None:
            continue
        if not description.capture.file:
            raise InputError(f"--{option}: {path} takes nothing from a capture")
        if option == "layer":
            value = int(value) if value.isdecimal() else value
        description = _replaced(description, "capture", **{option: value, f"{option}s": ()})
    return description


def _replaced(description, part, **changes):
    changed = dataclasses.replace(getattr(description, part), **changes)
    return dataclasses.replace(description, **{part: changed})


def _require_blend(path):
    with opened(path) as file:
        if not file.read(7).startswith(_BLEND):
            raise InputError(f"{path}: is not a Blender file")
