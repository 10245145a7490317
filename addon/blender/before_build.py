"""Keeps the settings, the world and the camera that a user's scene had before something was built into it.
Whoever removes the build gets them back."""

import contextlib
import json
from collections.abc import Iterator

import bpy

from . import remembered, tags
from .markers import write_markers
from .rebuild import rebuilding

BLOCKS = {"world": bpy.types.World, "camera": bpy.types.Object}


@contextlib.contextmanager
def kept(scene: bpy.types.Scene) -> Iterator[None]:
    """A block in which something is built into a scene. The first time, the scene notes its settings, its
    world and its camera."""
    if tags.is_built(scene):
        yield
        return
    before, blocks = remembered.all_settings(scene), {name: getattr(scene, name) for name in BLOCKS}
    yield
    scene[tags.BEFORE] = json.dumps(before)
    for name, block in blocks.items():
        if block is not None:
            scene[f"{tags.BEFORE}_{name}"] = block
        elif f"{tags.BEFORE}_{name}" in scene:  # of the scene that this one is a copy of
            del scene[f"{tags.BEFORE}_{name}"]


def told(scene: bpy.types.Scene) -> list[str]:
    """The former settings of a built scene that differ now, a line for each, such as "width: 3840"; the world
    and the camera by their names."""
    before, now = tags.told(scene, tags.BEFORE, {}), remembered.all_settings(scene)
    lines = [
        f"{remembered.words(key)}: {before[key]}"
        for key in sorted(now)
        if before.get(key, now[key]) != now[key]
    ]
    return lines + [f"{name}: {block.name}" for name, block in _blocks(scene).items()]


def _blocks(scene):
    found = {name: scene.get(f"{tags.BEFORE}_{name}") for name in BLOCKS}
    return {name: block for name, block in found.items() if isinstance(block, BLOCKS[name])}


def remove(scene: bpy.types.Scene) -> list[str]:
    """Remove from a scene all that was built there. What is the user's stays, and so does what they have set
    since. Otherwise the scene is as it was before. Returns the settings that it got back, as `told`."""
    theirs, lines = remembered.changed(scene), told(scene)
    settings, blocks = tags.told(scene, tags.BEFORE, {}), _blocks(scene)
    with rebuilding(scene):
        pass
    write_markers([], scene)
    for key, value in settings.items():
        if key not in theirs and key in remembered.SCENE_PATHS:
            remembered.write(scene, key, value)
    for name, block in blocks.items():
        if getattr(scene, name) is None:
            setattr(scene, name, block)
    for key in [key for key in scene.keys() if key.startswith("mc_") or key == tags.DESCRIPTION]:
        del scene[key]
    return lines
