"""Reset: undoes the changes of a person to our datablocks, to one or to all, and lists what it discards."""

from collections.abc import Iterable, Sequence

import bpy

from ..picture.drawing import film_of
from . import remembered, tags
from .build import draw, frame_kept
from .rebuild import deleted
from .stored import plan_of


def of_object(scene: bpy.types.Scene, ob: bpy.types.Object | None) -> list[bpy.types.ID]:
    """Those of an object and its data that are ours."""
    return _owned(scene, (ob, ob.data) if ob else ())


def of_camera(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The datablocks of the scene's camera that are ours."""
    return of_object(scene, scene.camera)


def of_lights(scene: bpy.types.Scene, name: str = "") -> list[bpy.types.ID]:
    """Our datablocks of the lamp that was built with this name; by default of all lamps, and the world."""
    lamps = [ob for ob in tags.owned(scene) if isinstance(ob, bpy.types.Object) and ob.type == "LIGHT"]
    chosen = [ob for ob in lamps if not name or tags.built_as(ob) == name]
    blocks = [block for ob in chosen for block in (ob, ob.data)]
    return _owned(scene, blocks if name else [*blocks, scene.world])


def _owned(scene: bpy.types.Scene, blocks: Iterable[bpy.types.ID | None]) -> list[bpy.types.ID]:
    ours = set(tags.owned(scene))
    return [block for block in blocks if block in ours]


def changes(scene: bpy.types.Scene, blocks: Sequence[bpy.types.ID] | None = None) -> list[str]:
    """A line for each change of a person, such as "Camera: lens": on these datablocks of ours, or on all of a
    scene, deletions included."""
    ours = remembered.owned_by_any()
    lines = []
    for block in _every(scene) if blocks is None else blocks:
        words = sorted(remembered.words(key) for key in remembered.changed(block, ours))
        if not words and remembered.is_changed(block, ours):
            words = ["keys, drivers or nodes"]
        if words:
            lines.append(f"{block.name}: {', '.join(words)}")
    return lines if blocks is not None else lines + [f"{name}: deleted" for name in deleted(scene)]


def _every(scene):
    return [scene, *tags.owned(scene), *tags.resting(scene)]


def reset(scene: bpy.types.Scene, blocks: Sequence[bpy.types.ID]) -> list[str]:
    """Undo what a person has changed on these datablocks of ours. If setting values is not enough, as with
    keys, drivers and nodes, they are built anew. Returns the discarded changes. Raises InputError."""
    discarded = changes(scene, blocks)
    left = [block for block in blocks if remembered.reset(block) or remembered.is_changed(block)]
    if left:
        _draw_anew(scene, left)
    else:
        for block in blocks:
            block.update_tag()
    return discarded


def reset_scene(scene: bpy.types.Scene) -> list[str]:
    """Build a scene again as if nobody had changed or deleted anything of ours. The user's own objects stay.
    Returns the discarded changes. Raises InputError for a scene that was not built here."""
    discarded = changes(scene)
    ours = _every(scene)
    for block in ours:
        block.name = block.get(tags.TAG, block.name)
    if tags.MADE in scene:
        del scene[tags.MADE]
    _draw_anew(scene, ours)
    return discarded


def _draw_anew(scene, blocks):
    """Draw a scene again as if nobody had changed these datablocks. The frame stays."""
    plan, ours = plan_of(scene), remembered.owned_by_any()
    for block in blocks:
        if tags.SET in block:
            remembered.forget(block, ours)
    with frame_kept(scene):
        draw(film_of(plan), scene)
