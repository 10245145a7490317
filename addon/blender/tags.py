"""What in a Blender file is ours: the names of all properties that we leave there, what a rebuild removes.

A datablock of ours carries TAG, the name that it was built with. A copy that a person makes of it carries the
tag too, for Blender copies properties. What tells the two apart are two lists of pointers. Blender keeps them
right when things are renamed, saved or undone, and no copy can enter them: a scene lists the PARTS of its
build, and a palette that nothing refers to lists the SCENES that were built in this file. So a duplicate, a
linked or full copy of a scene, and what was appended are the user's, like all that has no tag.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator

import bpy

# Of an object that is drawn
KIND = "mc_kind"  # "matrix", "product", "readout", "guide", "number", "label", "leader", "overlay", …
NAME = "mc_name"  # in the expression
SHAPE = "mc_shape"  # [rows, columns], of a product [rows, inner, columns]
STEPS = "mc_steps"  # of a product's sweep
POOL, POOL_RULE = "mc_pool", "mc_pool_rule"  # entries of one bead, [down, across], and what it shows of them
SHA256 = "mc_sha256"  # of a stored matrix
LABEL = "mc_label"  # what kind of label
# Of a scene
DESCRIPTION = "matrix_cinema"  # as JSON
DONE = "mc_done"  # the frame at which all is finished
ELEMENTS = "mc_elements"  # drawn at once, at most
AXES = "mc_axes"  # that lead those of rows and columns, by matrix, as JSON
PARTS = "mc_parts"  # every datablock of its build
# Of any datablock
TAG = "mc_tag"  # the name that it was built with
SCENES = "mc_scenes"  # of the palette LIST: the scenes that were built in this file

LIST = "Matrix Cinema scenes"
SOURCE, SCENE = "source", "scene"  # kinds of what is not drawn: an object that others read, our collection
# What no build makes or uses, and from 5.2 all datablocks once more.
_OTHERS = ("all_ids", "brushes", "libraries", "palettes", "screens", "window_managers", "workspaces")
_NUMBERED = re.compile(r"\.\d{3,}$")

_build = None  # the one that is running


def parts(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """What a scene was built of and still is in the file; of a copied scene, what its copies are.

    This is for reading: only what `owned` returns may be changed.
    """
    return _listed(scene, PARTS)


def owned(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The datablocks that a rebuild of this scene replaces; none when it is no scene that was built here."""
    return parts(scene) if is_built(scene) else []


def is_built(scene: bpy.types.Scene) -> bool:
    """Whether this very scene was built in this file, and is not a copy of one that was."""
    return any(scene in _listed(palette, SCENES) for palette in bpy.data.palettes)


def _listed(owner, name):
    group = owner.get(name)
    values = group.values() if hasattr(group, "values") else ()
    return [block for block in values if isinstance(block, bpy.types.ID)]


def _write(owner, name, blocks):
    owner[name] = {str(n): block for n, block in enumerate(blocks)}
    if not blocks:
        del owner[name]


def once(kind: str, name: str, make: Callable[[str], bpy.types.ID]) -> bpy.types.ID:
    """The datablock of `bpy.data.<kind>` that `make(name)` makes when it is first asked for in a build.

    One of the user's that has this name is never taken. Outside of a build one is found by its name.
    """
    if _build is None:
        return getattr(bpy.data, kind).get(name) or make(name)
    if (kind, name) not in _build.shared:
        _build.shared[kind, name] = make(name)
    return _build.shared[kind, name]


def room(name: str, parent: bpy.types.Collection, hidden: bool = False) -> bpy.types.Collection:
    """The collection of an earlier build that was made as `name`, wherever it was moved in the scene, with
    what else was put there; or a new one in `parent`."""
    found = _build.rooms.pop(name, None)
    if found is None:
        found = bpy.data.collections.new(name)
        found.hide_render = found.hide_viewport = hidden
        parent.children.link(found)
    _build.kept.append(found)
    return found


@contextlib.contextmanager
def rebuilding(scene: bpy.types.Scene) -> Iterator[None]:
    """Within the block a scene is built; what is made there is ours and takes the place of the earlier build.

    What is the user's stays, wherever it is, and goes on to refer to the objects that it referred to. What
    of ours it uses stays with it and is the user's from then on. After an error all is as before.
    """
    global _build
    _build = _Build(scene)
    try:
        yield
    except BaseException:
        _build.undo()
        raise
    else:
        _build.replace()
    finally:
        _build = None


class _Build:
    """A build that is running: what there was before, and what it shares."""

    def __init__(self, scene):
        self.scene, self.world, self.camera = scene, scene.world, scene.camera
        self.before = set(_everything())
        self.shared, self.kept = {}, []
        self.old = owned(scene)
        inside = set(scene.collection.children_recursive)
        self.rooms = {block.get(TAG): block for block in self.old if block in inside}
        # The new ones get the names of the old ones.
        self.names = {block: block.name for block in self.old if block not in inside}
        for n, block in enumerate(self.names):
            block.name = f"mc {n}"

    def made(self):
        return [block for block in _everything() if block not in self.before]

    def undo(self):
        bpy.data.batch_remove(self.made())
        self.scene.world, self.scene.camera = self.world, self.camera
        for block, name in self.names.items():
            block.name = name

    def replace(self):
        self.old = [block for block in self.old if block not in self.kept]
        used = [block for block in self.before.difference(self.old) if block.users and not block.library]
        if self.old:  # a world or a camera that the user has chosen since stays
            for name in ("world", "camera"):
                chosen = getattr(self, name)
                if chosen is not None and chosen not in self.old:
                    setattr(self.scene, name, chosen)
        if self.scene.world in self.old:
            self.scene.world = None
        _remove_unused(self.made())
        made = list(dict.fromkeys([*self.kept, *self.made()]))
        for block in made:
            if block not in self.before:
                block[TAG] = block.name
        drawn = [block for block in self.old if isinstance(block, bpy.types.Object) and not _is_source(block)]
        _list(self.scene, made, drawn)
        for collection in [one for one in {*self.kept, *self.old} if isinstance(one, bpy.types.Collection)]:
            for ob in [ob for ob in collection.objects if ob in self.old]:
                collection.objects.unlink(ob)
        _hand_over(drawn, made)
        empty = [one for one in self.rooms.values() if not _holds_others(one, self.old)]
        gone = {*drawn, *empty}
        rest = [block for block in self.old if block not in gone]
        bpy.data.batch_remove(gone)
        for block in _remove_unused(rest):  # the user's from now on
            block.name = self.names.get(block, block.name)
            del block[TAG]
        for block in used:
            if block.users == 0:  # nothing but ours used it: it stays in the file
                block.use_fake_user = True


def _everything():
    for kind in bpy.data.bl_rna.properties:
        if kind.type == "COLLECTION" and kind.identifier not in _OTHERS:
            for block in getattr(bpy.data, kind.identifier):
                if getattr(block, "filepath", "") != "<builtin>":  # Blender's own font
                    yield block


def _is_source(block):
    return block.get(KIND) == SOURCE


def _list(scene, made, drawn):
    """Let a scene list what was made, and so every linked copy of it, which lists what was `drawn` before."""
    drawn = set(drawn)
    copies = [other for other in bpy.data.scenes if not drawn.isdisjoint(parts(other))]
    for one in {scene, *copies}:
        _write(one, PARTS, made)
    palette = bpy.data.palettes.get(LIST) or bpy.data.palettes.new(LIST)
    palette.use_fake_user, palette[TAG] = True, LIST
    scenes = [one for one in _listed(palette, SCENES) if one != scene] + [scene] * bool(made)
    _write(palette, SCENES, scenes)
    if not scenes:
        bpy.data.palettes.remove(palette)


def _hand_over(old, made):
    """Let what refers to an old object (as a parent, as a target, as a camera) refer to the new one that has
    its name; what had a parent that is gone stays where it is."""
    ours, heirs = {*old, *made}, {}
    for block in made:
        if isinstance(block, bpy.types.Object):
            heirs.setdefault(_known_as(block), []).append(block)
    for ob, users in bpy.data.user_map(subset=old).items() if old else ():
        same = heirs.get(_known_as(ob))
        heir = same.pop(0) if same else None
        if not any(_refers_to(ob, user) for user in users - ours):
            continue
        if heir:
            ob.user_remap(heir)
        else:
            for child in ob.children:
                if child not in ours:
                    place = child.matrix_world.copy()
                    child.parent = None
                    child.matrix_world = place


def _refers_to(ob, user):
    """Whether a user of an object means the object itself, and not only shows it, as every scene does."""
    if not isinstance(user, bpy.types.Scene):
        return True
    return ob == user.camera or any(ob == marker.camera for marker in user.timeline_markers)


def _known_as(block):
    return block.get(KIND), _NUMBERED.sub("", str(block.get(TAG)))


def _remove_unused(blocks: Iterable[bpy.types.ID]) -> list[bpy.types.ID]:
    """Remove those of the datablocks that nothing uses, or nothing but others of them; returns the rest."""
    blocks = list(blocks)
    while unused := [block for block in blocks if block.users == 0 and not _holds_others(block, blocks)]:
        blocks = [block for block in blocks if block not in unused]
        bpy.data.batch_remove(unused)
    return blocks


def _holds_others(block, blocks):
    """Whether it is a collection in which there is something else than these datablocks."""
    return isinstance(block, bpy.types.Collection) and not set(block.all_objects).issubset(blocks)
