"""What in a Blender file is ours: the names of all properties that we leave there, what a rebuild removes.

A datablock of ours carries TAG, the name that it was built with. A copy that a person makes of it carries the
tag too, for Blender copies properties. What tells the two apart are two lists of pointers. Blender keeps them
right when things are renamed, saved or undone, and no copy can enter them: a scene lists the PARTS of its
build, and a palette that nothing refers to lists the SCENES that were built in this file. So a duplicate, a
linked or full copy of a scene, and what was appended are the user's, like all that has no tag.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bpy

# Of an object that is drawn
KIND = "mc_kind"  # "matrix", "product", "readout", "guide", "number", "label", "leader", "overlay", …
NAME = "mc_name"  # in the expression
SHAPE = "mc_shape"  # [rows, columns], of a product [rows, inner, columns]
STEPS = "mc_steps"  # of a product's sweep
POOL, POOL_RULE = "mc_pool", "mc_pool_rule"  # entries of one bead, [down, across], and what it shows of them
SHA256 = "mc_sha256"  # of a stored matrix
ENTRY = "mc_entry"  # [row, column] that a "why" opens up
LABEL = "mc_label"  # what kind of label
WRITTEN = "mc_written"  # whether it is laid out for the camera, and so anew for another
# Of a scene
DESCRIPTION = "matrix_cinema"  # as JSON
DONE = "mc_done"  # the frame at which all is finished
ELEMENTS = "mc_elements"  # drawn at once, at most
LIT = "mc_lit"  # what its lamps stand around (see studio.Around)
AXES = "mc_axes"  # that lead those of rows and columns, by matrix, as JSON
GIVEN = "mc_given"  # what is told of each given matrix besides its numbers, as JSON
MARKERS = "mc_markers"  # of its beats: [[name, frame], …] as JSON
PARTS = "mc_parts"  # every datablock of its build
# Of any datablock
TAG = "mc_tag"  # the name that it was built with
SCENES = "mc_scenes"  # of the palette LIST: the scenes that were built in this file

LIST = "Matrix Cinema scenes"
SOURCE, SCENE = "source", "scene"  # kinds of what is not drawn: an object that others read, our collection
# What no build makes or uses, and from 5.2 all datablocks once more.
_OTHERS = ("all_ids", "brushes", "libraries", "palettes", "screens", "window_managers", "workspaces")
_NUMBERED = re.compile(r"\.\d{3,}$")

_build: Any = None  # the one that is running


def number(owner: bpy.types.ID, name: str, default: float) -> float:
    """A property that is a number, or the default where it is none: a file may say anything."""
    value = owner.get(name)
    return value if isinstance(value, int | float) else default


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


def standing(scene: bpy.types.Scene) -> dict[tuple[str, str], bpy.types.ID]:
    """What a rebuild of this scene replaces, by the list of bpy.data that it is in and the name that it was
    built with; of several of one name any."""
    return _by_kind(owned(scene))


@contextlib.contextmanager
def sharing(scene: bpy.types.Scene) -> Iterator[None]:
    """Within the block what a build of this scene shares is what it shared."""
    global _build
    _build = _Addition(owned(scene))
    try:
        yield
    finally:
        _build = None


def room(name: str, parent: bpy.types.Collection, hidden: bool = False) -> bpy.types.Collection:
    """The collection of an earlier build that was made as `name`, wherever it was moved in the scene, with
    what else was put there; or a new one in `parent`."""
    if name in _build.rooms:
        _build.kept.append(_build.rooms.pop(name))
        return _build.kept[-1]
    made = bpy.data.collections.new(name)
    made.hide_render = made.hide_viewport = hidden
    parent.children.link(made)
    return made


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


@contextlib.contextmanager
def adding(scene: bpy.types.Scene, instead_of: Sequence[bpy.types.Object] = ()) -> Iterator[None]:
    """Within the block something is added to a scene that was built here: it is ours from then on, with what
    the build shares. It takes the place of the objects `instead_of`, which are ours; where something of the
    user's refers to one of these, that stays and is the user's. After an error all is as before."""
    global _build
    before, old = set(_everything()), owned(scene)
    # The new ones get the names of the old ones.
    names = {one: one.name for ob in instead_of for one in (ob, ob.data) if one is not None}
    for n, block in enumerate(names):
        block.name = f"mc {n}"
    _build = _Addition(old)
    try:
        yield
    except BaseException:
        bpy.data.batch_remove([block for block in _everything() if block not in before])
        raise
    else:
        made = [block for block in _everything() if block not in before]
        left = _exchange(scene, old, instead_of, made)
        names = {block: name for block, name in names.items() if block in left}
    finally:
        _build = None
        for block, name in names.items():
            block.name = name


class _Addition:
    """What is added to a build shares its materials, pictures and node groups."""

    def __init__(self, old):
        self.shared = _by_kind(old)


def _by_kind(blocks):
    """Datablocks by the list of bpy.data that they are in and the name that they were built with."""
    kinds = {
        kind.fixed_type.identifier: kind.identifier
        for kind in bpy.data.bl_rna.properties
        if kind.type == "COLLECTION"
    }
    return {(_kind_of(block, kinds), _known_as(block)[1]): block for block in blocks}


def _kind_of(block, kinds):
    """The name of the list of bpy.data that a datablock is in."""
    return next((kinds[one.__name__] for one in type(block).__mro__ if one.__name__ in kinds), None)


def _exchange(scene, old, gone, made):
    """Let what was made stand in a scene's list, and remove the objects that are `gone` with what only they
    used. Returns those of them, and of what they use, that are still there."""
    for block in made:
        block[TAG] = block.name
    ours = {*old, *made}
    users = bpy.data.user_map(subset=list(gone)) if gone else {}
    kept = [ob for ob in gone if any(_refers_to(ob, user) for user in users[ob] - ours)]
    for ob in kept:
        del ob[TAG]
    bpy.data.batch_remove([ob for ob in gone if ob not in kept])
    left = [block for block in parts(scene) if block not in kept]
    every = [*left, *made]
    _write(scene, PARTS, [])
    while unused := [one for one in every if not _is_object(one) and not _is_room(one) and not _used([one])]:
        every = [one for one in every if one not in unused]
        bpy.data.batch_remove(unused)
    _write(scene, PARTS, every)
    return {*kept, *(ob.data for ob in kept), *every}


def _is_room(block):
    return isinstance(block, bpy.types.Collection)


class _Build:
    """A build that is running: what there was before it, what it shares and what it keeps."""

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
        used = _used([block for block in self.before.difference(self.old) if not block.library])
        self._keep_chosen()
        made = self.made()
        for block in made:
            block[TAG] = block.name
        self._list([*self.kept, *made])
        self._take_out()
        read = self._read()
        self._remove([block for block in self.old if _is_object(block) and block not in read], made)
        while unused := self._unused():
            self._remove(unused, made)
        for block in self.old:  # something of the user's uses it, so it is the user's
            block.name = self.names.get(block, block.name)
            del block[TAG]
        for block in used.difference(_used(used)):  # nothing but ours used it: it stays in the file
            block.use_fake_user = True

    def _keep_chosen(self):
        """A world or a camera that the user has chosen since the earlier build stays the scene's."""
        for name in ("world", "camera"):
            before, now = getattr(self, name), getattr(self.scene, name)
            if self.old and before is not None and before not in self.old:
                setattr(self.scene, name, before)
                if name == "world" and now != before:
                    bpy.data.worlds.remove(now)
            elif now in self.old:
                setattr(self.scene, name, None)

    def _list(self, made):
        """Let the scene list what was made, and so every linked copy of it, which shows the same objects."""
        before = {block for block in self.old if _is_object(block)}
        for scene in bpy.data.scenes:
            if scene == self.scene or not before.isdisjoint(parts(scene)):
                _write(scene, PARTS, made)
        palette = bpy.data.palettes.get(LIST) or bpy.data.palettes.new(LIST)
        palette.use_fake_user, palette[TAG] = True, LIST
        scenes = [one for one in _listed(palette, SCENES) if one != self.scene] + [self.scene] * bool(made)
        _write(palette, SCENES, scenes)
        if not scenes:
            bpy.data.palettes.remove(palette)

    def _take_out(self):
        """Take the old objects out of our collections, so that nothing is shown twice."""
        old = set(self.old)
        for collection in {*self.kept, *self.old}:
            if isinstance(collection, bpy.types.Collection):
                for ob in old.intersection(collection.objects):
                    collection.objects.unlink(ob)

    def _read(self):
        """The old objects that copies of ours read, such as a matrix's values: they go on to read them."""
        sources = [block for block in self.old if block.get(KIND) == SOURCE]
        users, old = bpy.data.user_map(subset=sources), set(self.old)
        read = {ob for ob in sources if any(TAG in user for user in users[ob] - old)}
        while more := {ob for ob in sources if ob not in read and not read.isdisjoint(users[ob])}:
            read |= more
        return read

    def _unused(self):
        """The old datablocks that nothing uses, and our collections with nothing of the user's in them."""
        used, old, rooms = _used(self.old), set(self.old), set(self.rooms.values())

        def holds_nothing(block):
            is_collection = isinstance(block, bpy.types.Collection)
            return not is_collection or old.issuperset([*block.all_objects, *block.children_recursive])

        return [one for one in self.old if (one not in used or one in rooms) and holds_nothing(one)]

    def _remove(self, blocks, made):
        kept = self._hand_over([block for block in blocks if _is_object(block)], made)
        gone = [block for block in blocks if block not in kept]
        self.old = [block for block in self.old if block not in gone]
        bpy.data.batch_remove(gone)

    def _hand_over(self, objects, made):
        """Let what refers to an old object (as a parent, as a target, as a camera) refer to the new one that
        has its name. Returns those that something of the user's refers to and that have no heir: they stay in
        the file, in no collection."""
        heirs: dict = {}
        ours, kept = {*self.old, *made}, []
        for block in filter(_is_object, made):
            heirs.setdefault(_known_as(block), []).append(block)
        users = bpy.data.user_map(subset=objects) if objects else {}
        for ob in objects:
            same = heirs.get(_known_as(ob))
            heir = same.pop(0) if same else None
            if not any(_refers_to(ob, user) for user in users[ob] - ours):
                continue
            if heir:
                ob.user_remap(heir)
            else:
                ob.use_fake_user = True
                kept.append(ob)
        return kept


def _everything():
    for kind in bpy.data.bl_rna.properties:
        if kind.type == "COLLECTION" and kind.identifier not in _OTHERS:
            for block in getattr(bpy.data, kind.identifier):
                if getattr(block, "filepath", "") != "<builtin>":  # Blender's own font
                    yield block


def _used(blocks):
    """Those of the datablocks that something uses. Blender 5.2 counts the users of what a modifier reads too
    high once a file was loaded, so they are looked for."""
    blocks = list(blocks)
    users = bpy.data.user_map(subset=blocks) if blocks else {}
    return {block for block in blocks if users[block] or block.use_fake_user or block.use_extra_user}


def _is_object(block):
    return isinstance(block, bpy.types.Object)


def _refers_to(ob, user):
    """Whether a user of an object means the object itself, and not only shows it, as every scene does."""
    if not isinstance(user, bpy.types.Scene):
        return True
    return ob == user.camera or any(ob == marker.camera for marker in user.timeline_markers)


def _known_as(block):
    return block.get(KIND), _NUMBERED.sub("", str(block.get(TAG)))
