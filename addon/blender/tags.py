"""Which datablocks in a Blender file are ours, and the names of all properties that we leave there.

A datablock of ours carries TAG, the name that it was built with. A copy that a person makes of it has the tag
too, because Blender copies properties. Two lists of pointers tell them apart: a scene lists the PARTS of its
build, and an otherwise unused palette lists the SCENES that were built in this file. Blender keeps these
lists right when datablocks are renamed, saved or undone, and no copy can enter them. So duplicates, linked
and full copies of a scene, and appended datablocks are the user's, like everything without a tag, also where
it is listed.

After an undo, Blender 5.2 now and then has emptied a pointer to an action, though the action is there again.
So the key of each pointer says which datablock of the session it is, which no undo changes. By it,
`renew_lists` finds the datablock.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import bpy

ID, OBJECT = bpy.types.ID, bpy.types.Object  # bpy.types looks a class up anew each time, which takes long

# Of an object that is drawn
KIND = "mc_kind"  # "matrix", "product", "readout", "guide", "number", "label", "leader", "overlay", …
NAME = "mc_name"  # in the expression
SHAPE = "mc_shape"  # [rows, columns], of a product [rows, inner, columns]
STEPS = "mc_steps"  # of a product's sweep
POOL, POOL_RULE = "mc_pool", "mc_pool_rule"  # entries of one bead, [down, across], and what it shows of them
SHA256 = "mc_sha256"  # of a stored matrix
ENTRY = "mc_entry"  # [row, column] that a "why" opens up
LABEL = "mc_label"  # what kind of label
FILMED = "mc_filmed"  # whether it is of the film: see `filmed`
WRITTEN = "mc_written"  # whether it is laid out for the camera, and so anew for another
# Of a scene
DESCRIPTION = "matrix_cinema"  # as JSON
DONE = "mc_done"  # the frame at which all is finished
ELEMENTS = "mc_elements"  # drawn at once, at most
LIT = "mc_lit"  # what its lamps stand around (see studio.Around)
AXES = "mc_axes"  # leading axes by matrix, as JSON
GIVEN = "mc_given"  # what is told of each given matrix besides its numbers, as JSON
MARKERS = "mc_markers"  # of its beats: [[name, frame], …] as JSON
BEFORE = "mc_before"  # what was set before its first build, as JSON: see `before_build`
PARTS = "mc_parts"  # every datablock of its build
RESTING = "mc_resting"  # what its build does not draw and a person changed: see `resting`
MADE = "mc_made"  # how many things of each name its build made, as JSON, also those that someone deleted
# Of any datablock
TAG = "mc_tag"  # the name that it was built with
SET = "mc_set"  # what we set on it, as JSON: see `remembered`
ROOMS = "mc_rooms"  # the user's collections that a resting datablock was in
SCENES = "mc_scenes"  # of the palette LIST: the scenes that were built in this file

LIST = "Matrix Cinema scenes"
SOURCE, SCENE = "source", "scene"  # kinds that are not drawn: an object that others read, our collection

# Lists of bpy.data with datablocks that no build makes or uses; and, from 5.2, a list with all datablocks
# once more.
_OTHERS = ("all_ids", "brushes", "libraries", "palettes", "screens", "window_managers", "workspaces")
_SESSION = uuid.uuid4().hex[:16]  # of Blender: the datablocks of another have the same numbers
_NUMBERED = re.compile(r"\.\d{3,}$")

running: Any = None  # the build or addition that is, of `rebuild`


def unnumbered(name: str) -> str:
    """A name without the number that Blender gives where another has it."""
    return _NUMBERED.sub("", name)


def built_as(block: bpy.types.ID) -> str:
    """The name that a datablock was built with, without Blender's number."""
    return unnumbered(str(block.get(TAG)))


def number(owner: bpy.types.ID, name: str, default: float) -> float:
    """A property that is a number, or the default where it is none: a file may say anything."""
    value = owner.get(name)
    return value if isinstance(value, int | float) else default


def told(owner: bpy.types.ID, name: str, default: Any) -> Any:
    """A property that is JSON; or the default where it is none, or no value of the same type: a file may say
    anything."""
    try:
        said = json.loads(owner.get(name, ""))
    except (TypeError, ValueError, RecursionError):
        return default
    return said if isinstance(said, type(default)) else default


def parts(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The datablocks of a scene's build that are still in the file; for a copied scene, their copies.

    This is for reading: only what `owned` returns may be changed.
    """
    return _tagged(scene, PARTS)


def scene_of(block: bpy.types.ID) -> bpy.types.Scene | None:
    """The scene that was built of this datablock, or None."""
    return next((scene for scene in bpy.data.scenes if block in parts(scene)), None)


def owned(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The datablocks that a rebuild of this scene replaces; none for a scene that was not built here."""
    return parts(scene) if is_built(scene) else []


def resting(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The resting datablocks of earlier builds of this scene."""
    return _tagged(scene, RESTING) if is_built(scene) else []


def is_built(scene: bpy.types.Scene) -> bool:
    """Whether this very scene was built in this file, and is not a copy of one that was."""
    return any(scene in listed(palette, SCENES) for palette in bpy.data.palettes)


def listed(owner: bpy.types.ID, name: str) -> list[bpy.types.ID]:
    """The datablocks of a list that is kept as a property, each once."""
    group = owner.get(name)
    values = group.values() if hasattr(group, "values") else ()
    return list(dict.fromkeys(block for block in values if isinstance(block, ID)))


def _tagged(scene, name):
    """Those of a list that are ours: Blender's Remap Users puts any datablock in the place of one of ours."""
    return [block for block in listed(scene, name) if TAG in block]


def write_list(owner: bpy.types.ID, name: str, blocks: Sequence[bpy.types.ID]) -> None:
    """Keep a list of datablocks as a property; none, where it is empty."""
    owner[name] = {_key(block): block for block in blocks}
    if not blocks:
        del owner[name]


def renew_lists() -> None:
    """After a file was loaded, an undo or a redo: give the lists of the scenes the keys of this session, and
    fill the pointers that Blender has emptied."""
    for scene in (one for one in bpy.data.scenes if one.library is None):
        for name in (PARTS, RESTING):
            group = scene.get(name)
            entries = dict(group.items()) if hasattr(group, "items") else {}
            there = {_key(block): block for block in everything()} if None in entries.values() else {}
            blocks = [there.get(key) if block is None else block for key, block in entries.items()]
            blocks = [block for block in blocks if isinstance(block, ID)]
            if entries != {_key(block): block for block in blocks}:
                write_list(scene, name, blocks)


def _key(block):
    return f"{_SESSION} {block.session_uid}"


def everything() -> Iterator[bpy.types.ID]:
    """Every datablock in the file but Blender's own."""
    for kind in bpy.data.bl_rna.properties:
        if kind.type == "COLLECTION" and kind.identifier not in _OTHERS:
            for block in getattr(bpy.data, kind.identifier):
                if getattr(block, "filepath", "") != "<builtin>":  # Blender's own font
                    yield block


def once(kind: str, name: str, make: Callable[[str], bpy.types.ID]) -> bpy.types.ID:
    """The datablock of `bpy.data.<kind>` that `make(name)` makes when it is first asked for in a build.

    A datablock of the user's with this name is never taken. Outside of a build, the datablock is found by its
    name.
    """
    if running is None:
        return getattr(bpy.data, kind).get(name) or make(name)
    if (kind, name) not in running.shared:
        running.shared[kind, name] = make(name)
    return running.shared[kind, name]


def shared(kind: str) -> dict[str, bpy.types.ID]:
    """The datablocks of `bpy.data.<kind>` that the running build shares, by name."""
    return {name: block for (one, name), block in running.shared.items() if one == kind}


def share(kind: str, blocks: Mapping[str, bpy.types.ID]) -> None:
    """Let the running build share these datablocks of `bpy.data.<kind>`, by name."""
    running.shared |= {(kind, name): block for name, block in blocks.items()}


def room(name: str, parent: bpy.types.Collection, hidden: bool = False) -> bpy.types.Collection:
    """The collection that an earlier build made as `name`, wherever it was moved in the scene, with
    everything that was put there; or a new one in `parent`."""
    if name in running.rooms:
        running.kept.append(running.rooms.pop(name))
        return running.kept[-1]
    made = bpy.data.collections.new(name)
    made.hide_render = made.hide_viewport = hidden
    parent.children.link(made)
    return made
