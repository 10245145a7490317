"""Reset: what a person changed on ours is given back, one thing or all; it says what is discarded."""

import bpy

from ..picture.drawing import film_of
from . import remembered, tags
from .build import draw
from .stored import plan_of


def changes(scene: bpy.types.Scene, ob: bpy.types.Object | None = None) -> list[str]:
    """What a person has changed on an object of ours and its data, or in all of a scene: a line for each
    datablock, such as "Camera: lens"."""
    ours = remembered.owned_by_any()
    blocks = [scene, *tags.owned(scene)] if ob is None else [one for one in (ob, ob.data) if one in ours]
    lines = []
    for block in blocks:
        words = sorted(_words(key) for key in remembered.changed(block, ours))
        if not words and remembered.is_changed(block, ours):
            words = ["keys, drivers or nodes"]
        if words:
            lines.append(f"{block.name}: {', '.join(words)}")
    return lines


def _words(key):
    """A key as a person would say it: "input Min Size", "samples", "Background Strength"."""
    return key.rpartition(".")[2].replace("_", " ") if "nodes[" not in key else key.split('"')[1]


def reset_object(scene: bpy.types.Scene, ob: bpy.types.Object) -> list[str]:
    """Give back what a person has changed on an object of ours and on its data. Returns what is discarded."""
    discarded, ours = changes(scene, ob), remembered.owned_by_any()
    for block in (ob, ob.data):
        if block in ours:
            remembered.reset(block)
    ob.update_tag()
    return discarded


def reset_scene(scene: bpy.types.Scene) -> list[str]:
    """Build a scene again as if nobody had changed anything of ours, with what was deleted. Returns what is
    discarded; what is the user's own stays. Raises InputError for a scene that was not built here."""
    discarded, plan = changes(scene), plan_of(scene)
    for block in [scene, *tags.owned(scene)]:
        if tags.TAG in block and block is not scene:
            block.name = block[tags.TAG]
        if tags.SET in block:
            remembered.forget(block)
    if tags.MADE in scene:
        del scene[tags.MADE]
    draw(film_of(plan), scene)
    return discarded
