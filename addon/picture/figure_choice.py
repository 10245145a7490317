"""The panels of a figure that compares scenes, heads or frames, and their grid."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from ..description.from_capture import scene_of_tensor
from ..description.scene import Scene
from ..description.source import Choice, Source, open_source, require_file, with_instead
from ..errors import InputError
from ..formats.capture_file import open_capture
from .figure_page import PanelGrid, Shown


def panels(
    paths: Sequence[str | os.PathLike[str]],
    *,
    layers: Sequence[int | str] = (),
    heads: Sequence[int] = (),
    frames: Sequence[int] = (),
    tensor: str = "",
    columns: int | None = None,
    titles: Sequence[str] = (),
    **choice: Unpack[Choice],
) -> tuple[list[Shown], PanelGrid]:
    """Every scene at every layer, head and frame asked for, in this order.

    `layers` are numbers or names of layers of captures, `heads` and `frames` numbers; `tensor` shows that
    tensor of a capture alone. Several heads of one source stand as a table, layers down and heads across,
    unless `columns` are given. `titles` replace what the panels are called. Every panel has the other
    choices (`description.source`). Raises InputError.
    """
    for name, several in (("layers", layers), ("heads", heads), ("frames", frames)):
        if isinstance(several, (int, str)):
            raise InputError(f"`{name}`: {several!r} is not a list, such as [{several!r}]")
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    shown = []
    for path in paths:
        for layer in layers or (None,):
            for head in heads or (None,):
                source = _source(path, layer, head, tensor, choice)
                scene = source.description or Scene(title=Path(path).stem)  # a built .blend has its own
                for frame in frames or (None,):
                    told = _told(scene, layer, head, frame, (paths, layers, heads, frames))
                    shown.append(
                        Shown(
                            scene, frame, told, Path(path), source.instead, styled=bool(choice.get("style"))
                        )
                    )
    if titles and len(titles) != len(shown):
        raise InputError(f"`titles`: {len(titles)} titles for {len(shown)} panels")
    if titles:
        shown = [replace(one, title=title) for one, title in zip(shown, titles, strict=True)]
    count = len(heads) or 1
    if not columns and not titles and len(paths) == 1 and len(frames) < 2 and count * len(layers) > 1:
        rows = tuple(f"layer {layer}" for layer in layers) if len(layers) > 1 else ()
        return shown, PanelGrid(count, rows, tuple(f"head {head}" for head in heads) if count > 1 else ())
    return shown, PanelGrid(columns or _columns(len(shown), len(frames)))


def _columns(count, frames):
    """Frames of a scene stand side by side; else up to three panels in a row, more in a square."""
    if 1 < frames <= 4:
        return frames
    return count if count <= 3 else math.ceil(math.sqrt(count))


def _source(path, layer, head, tensor, choice):
    if not tensor:
        return open_source(path, **choice | {"layer": layer, "head": head})
    if require_file(path).suffix.lower() != ".safetensors":
        raise InputError(f"`tensor` is only for captures; the scene {path} says itself what it shows")
    if layer is None:
        raise InputError(f"{path}: say which layer with `layers`; inspect {path} lists them")
    capture = open_capture(path)
    names = *capture.names(layer), *capture.summaries(layer)
    if tensor not in names:
        raise InputError(f'`tensor`: layer {layer} of {path} has no "{tensor}"; it has {", ".join(names)}')
    scene = scene_of_tensor(path, layer, head or 0, tensor)
    instead = {name: choice[name] for name in ("style", "view") if choice.get(name)}
    return Source(Path(path), with_instead(scene, instead))


def _told(scene, layer, head, frame, asked):
    """The title of a panel: its difference from the others."""
    paths, layers, heads, frames = asked
    parts = [scene.title or scene.expression] if len(paths) > 1 else []
    parts += [f"layer {layer}"] if len(layers) > 1 else []
    parts += [f"head {head}"] if len(heads) > 1 else []
    parts += [f"frame {frame}"] if len(frames) > 1 else []
    return ", ".join(parts)
