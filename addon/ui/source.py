"""The sources of the panel: scene files, captures with layer and head, and the examples. Nothing here needs
Blender.

Files are read again only after they have changed, because menus ask for them whenever they are drawn.
"""

import dataclasses
import functools
import os
from collections.abc import Sequence
from pathlib import Path

from ..description.from_capture import scene_from_capture
from ..description.scene import Scene, load_scene
from ..errors import InputError
from ..formats.capture_file import Capture, open_capture
from ..look.color_maps import color_map
from ..look.styles import style, with_style_file

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
THUMBNAILS = EXAMPLES / "thumbnails"


def is_capture(path: str | os.PathLike[str]) -> bool:
    """Whether a path names an attention capture rather than a scene file."""
    return Path(path).suffix.lower() == ".safetensors"


def read(
    path: str | os.PathLike[str], layer: str = "", head: int | None = 0, parts: Sequence[str] = ()
) -> Scene:
    """The description in a scene file, or one of a head of a capture with `parts` (from_capture.HEAD_PARTS).

    Raises InputError, also for an unknown style or colour map, so that the panel can show every field.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".toml", ".safetensors"):
        raise InputError(f"{path}: choose a scene (.toml) or an attention capture (.safetensors)")
    scene = scene_from_capture(path, layer, head, parts) if is_capture(path) else load_scene(path)
    scene = with_style_file(scene)
    style(scene.look.style, f"{path}: look: style")
    maps = {f"look: {name}": getattr(scene.look, name) for name in ("color_map", "probability_map")}
    for name, one in (*scene.matrices.items(), *scene.products.items()):
        maps[f"{name}: color_map"] = one.color_map
    for where, name in maps.items():
        if name:
            color_map(name, f"{path}: {where}")
    return scene


def opened(path: str | os.PathLike[str]) -> Capture:
    """The capture at `path`, opened again only if the file has changed. Raises InputError."""
    try:
        status = os.stat(path)
    except OSError:
        raise InputError(f"{path}: no such file") from None
    return _opened(str(path), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=4)
def _opened(path, _modified, _size):
    return open_capture(path)


@functools.cache
def examples() -> dict[str, list[tuple[str, Path]]]:
    """The examples of the extension: folder -> ((name, path), ...), with the main folder "" first. If several
    have the same name, each name ends with the folder."""
    found: dict[str, list[tuple[str, Path]]] = {}
    seen: set[str] = set()
    for path in sorted(EXAMPLES.rglob("*.toml"), key=lambda path: (path.parent, path.name)):
        folder = title_of(path.parent.relative_to(EXAMPLES).as_posix()) if path.parent != EXAMPLES else ""
        name = title_of(path.stem)
        found.setdefault(folder, []).append((f"{name} ({folder.lower()})" if name in seen else name, path))
        seen.add(name)
    return found


def thumbnail_of(example: Path) -> Path | None:
    """The small picture of an example, or None."""
    picture = (THUMBNAILS / example.relative_to(EXAMPLES)).with_suffix(".webp")
    return picture if picture.is_file() else None


def title_of(name: str) -> str:
    """The title of a file: its name without the number that sorts it."""
    return name.lstrip("0123456789_").replace("_", " ").replace("/", ", ").capitalize() or name


def moved(scene: Scene, folder: Path) -> Scene:
    """The description to be written into `folder`, with file names that are right from there."""

    def found(name):
        if not name or Path(name).is_absolute():
            return name
        target = Path(scene.folder).resolve() / name
        try:
            return Path(os.path.relpath(target, Path(folder).resolve())).as_posix()
        except ValueError:  # a file on another drive
            return target.as_posix()

    own = scene.style
    if own.environment:
        own = dataclasses.replace(own, environment=found(own.environment))
    return dataclasses.replace(
        scene,
        style=own,
        look=dataclasses.replace(scene.look, font=found(scene.look.font)),
        capture=dataclasses.replace(scene.capture, file=found(scene.capture.file)),
        matrices={name: dataclasses.replace(m, file=found(m.file)) for name, m in scene.matrices.items()},
        folder=str(folder),
    )
