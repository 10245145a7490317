"""What stands as SCENE on a command line: a scene file, a capture with its head, or a built .blend."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, nearest
from ..formats.reading import opened
from .from_capture import scene_from_capture
from .scene import Scene, load_scene

EXPECTED = "give a scene file (.toml), an attention capture (.safetensors) or a built .blend"
# How a .blend begins: plain, packed by Zstandard, or, until Blender 3.0, by gzip.
_BLEND = (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")


@dataclass(frozen=True)
class Source:
    """A file to draw from. A .blend has no description here: it carries its own."""

    path: Path
    description: Scene | None

    @property
    def is_blend(self):
        return self.description is None


def open_source(
    path, *, layer=None, head=None, parts=(), passes=(), style=None, view=None, subject=None, move=None
):
    """The source at `path`; what else is given replaces what the scene says.

    A capture needs `layer` (number or name, as text); without `head` all its heads are drawn. `parts` and
    `passes` are those of `from_capture`. Raises InputError.
    """
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


def require_file(path):
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
