"""A build, and the fate of the datablocks of the build before it: some live on, some go, some are left to the
user."""

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import bpy

from . import curves, remembered, tags
from .heirs import Living, is_drawn, known_as, refers_to
from .nodes import store
from .resting import lay_down
from .tags import KIND, LIST, PARTS, SCENES, SOURCE, TAG, everything, listed, owned, parts, write_list


@contextlib.contextmanager
def rebuilding(scene: bpy.types.Scene) -> Iterator[None]:
    """A block in which a scene is built. The datablocks made there are ours and take the place of the earlier
    build.

    The user's own datablocks stay, wherever they are, and keep referring to the same objects. Datablocks of
    ours that they use stay with them and are the user's from then on. Changes of a person to ours stay too,
    and what they deleted stays away. After an error everything is as before.
    """
    adopt(scene)
    build = tags.running = _Build(scene)
    try:
        with remembered.setting(scene):
            yield
        build.keep_groups()
    except BaseException:
        build.undo()
        raise
    else:
        build.replace()
    finally:
        tags.running = None


def adopt(scene: bpy.types.Scene) -> None:
    """Take the copies for ours that Blender's "Make Single User" made of the data of our objects. It makes
    them because our hidden list counts as a user. So an empty scene that has a copy of the list, with copied
    settings, loses it: else it would keep earlier builds in the file."""
    for one in bpy.data.scenes:
        if PARTS in one and not one.library and not tags.is_built(one) and not {*one.objects} & {*parts(one)}:
            write_list(one, PARTS, [])
            write_list(one, tags.RESTING, [])
    own = set(owned(scene))
    objects = [ob for ob in own if _is_object(ob) and ob.data]
    copies = {ob.data for ob in objects if ob.data not in own and TAG in ob.data and not ob.data.library}
    if not copies:
        return
    used, heirs = {ob.data for ob in objects}, {}
    for copy in copies:
        alike = (one for one in own - used if type(one) is type(copy) and one.get(TAG) == copy[TAG])
        if (old := next(alike, None)) and old not in heirs and not _used_by_others(old):
            heirs[old] = copy
    for one in bpy.data.scenes:
        if not heirs.keys().isdisjoint(parts(one)):
            write_list(one, PARTS, [heirs.get(block, block) for block in parts(one)])
    for old, copy in heirs.items():
        name = old.name
        bpy.data.batch_remove([old])
        copy.name = name


def _used_by_others(block):
    """Whether anything but the lists of scenes uses a datablock."""
    return any(not isinstance(user, bpy.types.Scene) for user in bpy.data.user_map(subset=[block])[block])


def standing(scene: bpy.types.Scene) -> dict[tuple[str, str], bpy.types.ID]:
    """The datablocks that a rebuild of this scene replaces, by their list of bpy.data and the name that they
    were built with; of several with one name, any."""
    return _by_kind(owned(scene))


@contextlib.contextmanager
def sharing(scene: bpy.types.Scene) -> Iterator[None]:
    """A block in which builds share the shared datablocks of this scene."""
    tags.running = _Addition(owned(scene))
    try:
        yield
    finally:
        tags.running = None


@contextlib.contextmanager
def apart(kind: str, make: Callable[[], object]) -> Iterator[dict[str, bpy.types.ID]]:
    """A block with the shared datablocks of `bpy.data.<kind>` that `make` makes, by name. They belong to no
    scene, and are removed at its end."""
    build = tags.running = _Addition([])
    try:
        try:
            make()
            made = tags.shared(kind)
        finally:
            tags.running = None
        yield made
    finally:
        bpy.data.batch_remove(build.shared.values())


@contextlib.contextmanager
def adding(scene: bpy.types.Scene, instead_of: Sequence[bpy.types.ID] = ()) -> Iterator[None]:
    """A block in which something is added to a scene that was built here. It is ours from then on, and uses
    the shared datablocks of the build. It takes the place of our datablocks `instead_of`, objects with their
    data. Of these, those that are made again live on; others that a person changed or refers to rest. After
    an error everything is as before."""
    adopt(scene)
    before, old, rested = set(everything()), owned(scene), tags.resting(scene)
    ours = {*old, *rested}
    users_own = _used([one for one in before - ours if not one.library])
    world, camera, settings = scene.world, scene.camera, remembered.settings(scene)
    # The new ones get the names of the old ones.
    places = [*instead_of, *(ob.data for ob in instead_of if _is_object(ob))]
    moved = [action for one in places if one for action in curves.actions(one)]
    names = {one: one.name for one in (*places, *moved, *rested) if one in ours}
    for n, block in enumerate(names):
        block.name = f"mc {n}"
    tags.running = _Addition([one for one in old if one not in names])
    try:
        yield
        _keep_chosen(scene, world, camera, ours)
    except BaseException:
        bpy.data.batch_remove([block for block in everything() if block not in before])
        scene.world, scene.camera = world, camera
        _write_settings(scene, settings)
        for block, name in names.items():
            block.name = name
        raise
    else:
        _exchange(scene, old, rested, names, before)
        _keep_used(users_own)
    finally:
        tags.running = None


class _Addition:
    """An addition to a build. It shares the build's materials, pictures and node groups."""

    def __init__(self, old):
        self.shared = _by_kind(old)


def _by_kind(blocks):
    """Datablocks by the list of bpy.data that they are in and the name that they were built with."""
    kinds = {
        kind.fixed_type.identifier: kind.identifier
        for kind in bpy.data.bl_rna.properties
        if kind.type == "COLLECTION"
    }
    lists = {
        type_: next((kinds[one.__name__] for one in type_.__mro__ if one.__name__ in kinds), None)
        for type_ in {type(block) for block in blocks}
    }
    return {(lists[type(block)], tags.built_as(block)): block for block in blocks}


def _exchange(scene, old, rested, names, before):
    """Add the datablocks made since `before` to a scene's list. Of the old ones with `names`, those that were
    made again live on, and those that a person changed rest. The other objects go, with everything that only
    they used."""
    made = [block for block in everything() if block not in before]
    for block in made:
        block[TAG] = block.name
    living = Living([*names], made, names, old, rested)
    missing, replaced = _missing(scene, old), {known_as(one) for one in names if is_drawn(one)}
    away = _deleted(missing, made, living)
    stays = {key: n for key, n in _counted(scene).items() if key not in replaced}
    _count(scene, made, missing | Counter(stays))
    _keep_referred(living, [block for block in names if block not in living.names], names)
    left = {block for block in names if block not in living.names}
    rests = lay_down(left, [*old, *made], names, living.ours)
    write_list(scene, tags.RESTING, [*rests])
    gone = [ob for ob in left - rests - set(living.names) if _is_object(ob)]
    living.remove([*living.gone, *away, *gone])
    made = [block for block in everything() if block not in before and block not in rests]
    living.remember(made)
    stay = [block for block in parts(scene) if block not in rests]
    every = list(dict.fromkeys([*stay, *living.names, *made]))
    _write_parts(scene, every, left)
    living.name()
    for block in {*parts(scene), *rests}.intersection(names).difference(living.names):
        block.name = names[block]


def _write_parts(scene, blocks, left):
    """Let a scene and its linked copies, which show the same objects, list these datablocks. Unused ones are
    removed, and those that only the user's own use are theirs from now on. Objects stay, and so do
    collections that are not `left` over from the build before.
    """
    objects = {block for block in blocks if _is_object(block)}
    scenes = [one for one in bpy.data.scenes if one == scene or not objects.isdisjoint(parts(one))]
    for one in scenes:
        write_list(one, PARTS, [])
    others = {one for one in blocks if not (_is_object(one) or (_is_room(one) and one not in left))}
    while others:
        users, unused, ours = bpy.data.user_map(subset=others), others - _used(others), {*blocks, *scenes}
        theirs = {one for one in others - unused if users[one] and users[one].isdisjoint(ours)}
        if not unused | theirs:
            break
        others -= unused | theirs
        blocks = [one for one in blocks if one not in unused | theirs]
        bpy.data.batch_remove(unused)
    for one in scenes:
        write_list(one, PARTS, blocks)


def _write_settings(scene, settings):
    for key, value in settings.items():
        remembered.write(scene, key, value)


def _keep_chosen(scene, world, camera, ours):
    """A world or a camera that the user has chosen stays the scene's."""
    if world is not None and world not in ours and scene.world != world:
        made, scene.world = scene.world, world
        bpy.data.worlds.remove(made)
    if camera is not None and camera not in ours:
        scene.camera = camera


def _keep_used(blocks):
    """Datablocks of the user's that only ours used stay in the file."""
    for block in blocks.difference(_used(blocks)):
        block.use_fake_user = True


def exchange(scene: bpy.types.Scene, gone: Collection[bpy.types.ID], made: Collection[bpy.types.ID]) -> None:
    """Let datablocks that were just `made` be ours in place of others. The others go unless something uses
    them."""
    for block in made:
        block[TAG] = block.name
        remembered.remember(block)
    objects = {block for block in owned(scene) if _is_object(block)}
    for one in bpy.data.scenes:  # and linked copies, which show the same objects
        if one == scene or not objects.isdisjoint(parts(one)):
            write_list(one, PARTS, [*(block for block in parts(one) if block not in gone), *made])
    bpy.data.batch_remove([block for block in gone if not _used([block])])


def _keep_referred(living, left, names):
    """Of our datablocks that are `left`, keep those that a person let one of ours refer to, such as an added
    focus."""
    left = [block for block in left if is_drawn(block)]
    users = bpy.data.user_map(subset=left) if left else {}
    for block in left:
        if any(refers_to(block, user) for user in users[block] if user in living.staying):
            living.names[block] = names[block]


def _is_room(block):
    return isinstance(block, bpy.types.Collection)


class _Build:
    """A running build: the datablocks before it, those that it shares, and those that it keeps."""

    def __init__(self, scene):
        self.scene, self.world, self.camera = scene, scene.world, scene.camera
        self.before = set(everything())
        self.settings = remembered.settings(scene)
        self.shared, self.kept = {}, []
        self.old, self.lost = _here(scene)
        self.resting = tags.resting(scene)
        self.old += self.resting
        inside = set(scene.collection.children_recursive)
        self.rooms = {tags.built_as(block): block for block in self.old if block in inside}
        # The new ones get the names of the old ones.
        self.names = {block: block.name for block in self.old if block not in inside}
        for n, block in enumerate(self.names):
            block.name = f"mc {n}"

    def made(self, but: Collection = ()) -> list[bpy.types.ID]:
        return [block for block in everything() if block not in self.before and block not in but]

    def undo(self):
        bpy.data.batch_remove(self.made())
        self.scene.world, self.scene.camera = self.world, self.camera
        _write_settings(self.scene, self.settings)
        for block, name in self.names.items():
            block.name = name

    def keep_groups(self):
        """Keep the node groups for later builds. Groups that were read and are not used go."""
        groups = tags.shared("node_groups")
        store.keep(groups)
        while unused := [tree for tree in groups.values() if not tree.users]:
            groups = {name: tree for name, tree in groups.items() if tree not in unused}
            bpy.data.batch_remove(unused)

    def replace(self):
        self.old = [block for block in self.old if block not in self.kept]
        users_own = _used([one for one in self.before.difference(self.old) if not one.library])
        self._keep_chosen()
        made = self.made()
        for block in made:
            block[TAG] = block.name
        living = self._live_on(made)
        made = [*living.names, *self.made(living.names)]
        living.remember(made)
        self._rest(made, living.ours.union(self.kept))
        self._list([*self.kept, *made])
        self._take_out()
        read = self._read(made)
        self._remove([block for block in self.old if _is_object(block) and block not in read], made)
        while unused := self._unused(made):
            self._remove(unused, made)
        for block in self.old:  # something of the user's uses it, so it is the user's
            block.name = self.names.get(block, block.name)
            del block[TAG]
        _keep_used(users_own)

    def _live_on(self, made):
        """Let the old datablocks that were made again live on, and remove the new ones in their place."""
        used, there = _used(made), [block for block in self.old if block not in self.lost]
        living = Living(there, made, self.names, self.lost, set(self.resting))
        missing = _missing(self.scene, [block for block in there if block not in self.resting])
        gone = [*living.gone, *_deleted(missing, made, living)]
        _count(self.scene, made, missing)
        self.old = [block for block in self.old if block not in living.names]
        while gone:
            living.remove(gone)
            made = self.made(living.names)
            gone = [*used.intersection(made).difference(_used(made))]
        _keep_referred(living, self.old, self.names)
        self.old = [block for block in self.old if block not in living.names]
        living.name()
        return living

    def _rest(self, made, ours):
        """Let datablocks that this build does not draw, and that a person changed, rest until a build draws
        them again."""
        rooms = set(self.rooms.values())
        left = {block for block in self.old if block not in self.lost and block not in rooms}
        self.resting = [*lay_down(left, made, self.names, ours)] if made else []
        write_list(self.scene, tags.RESTING, self.resting)
        self.old = [block for block in self.old if block not in self.resting]
        for block in self.resting:
            block.name = self.names.get(block, block.name)

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
        """Let the scene list the new datablocks, and so every linked copy of it, which shows the same
        objects."""
        before = {block for block in self.old if _is_object(block)}
        for scene in bpy.data.scenes:
            shows_it = not made or not set(made).isdisjoint(scene.objects)
            if scene == self.scene or (shows_it and not before.isdisjoint(parts(scene))):
                write_list(scene, PARTS, made)
        palette = bpy.data.palettes.get(LIST) or bpy.data.palettes.new(LIST)
        palette.use_fake_user, palette[TAG] = True, LIST
        scenes = [one for one in listed(palette, SCENES) if one != self.scene] + [self.scene] * bool(made)
        write_list(palette, SCENES, scenes)
        if not scenes:
            bpy.data.palettes.remove(palette)

    def _take_out(self):
        """Take the old objects out of our collections, so that nothing is shown twice."""
        old = set(self.old)
        for collection in {*self.kept, *self.old}:
            if isinstance(collection, bpy.types.Collection):
                for ob in old.intersection(collection.objects):
                    collection.objects.unlink(ob)

    def _read(self, made):
        """The old objects that the user's copies of ours read, such as the values of a matrix. The copies
        keep reading them."""
        sources = [block for block in self.old if block.get(KIND) == SOURCE]
        users, ours = bpy.data.user_map(subset=sources), {*self.old, *made}
        read = {ob for ob in sources if any(TAG in user for user in users[ob] - ours)}
        while more := {ob for ob in sources if ob not in read and not read.isdisjoint(users[ob])}:
            read |= more
        return read

    def _unused(self, made):
        """The old datablocks that nothing uses, and our collections with nothing of the user's in them, to
        which nothing of theirs refers, such as a lamp that lights only what is in one."""
        used, old = _used(self.old), set(self.old)
        rooms = old.intersection(self.rooms.values())
        users = bpy.data.user_map(subset=rooms) if rooms else {}
        rooms = {one for one in rooms if not any(map(_is_object, users[one] - old))}

        def holds_nothing(block):
            is_collection = isinstance(block, bpy.types.Collection)
            ours = old if block in rooms else old.union(made, self.resting)  # what a lamp spares goes
            return not is_collection or ours.issuperset([*block.all_objects, *block.children_recursive])

        return [one for one in self.old if (one not in used or one in rooms) and holds_nothing(one)]

    def _remove(self, blocks, made):
        kept = self._hand_over([block for block in blocks if _is_object(block)], made)
        gone = [block for block in blocks if block not in kept]
        self.old = [block for block in self.old if block not in gone]
        bpy.data.batch_remove(gone)

    def _hand_over(self, objects, made):
        """Let everything that refers to an old object (as a parent, as a target, as a camera) refer to the
        new object with its name; also what lives on, where a person let it refer to hidden numbers. Returns
        the old objects that something of the user's refers to and that have no successor. They stay in the
        file, in no collection."""
        heirs: dict = {}
        old, ours, kept = set(self.old), {*self.old, *made}, []
        for block in filter(_is_object, made):
            heirs.setdefault(known_as(block), []).append(block)
        users = bpy.data.user_map(subset=objects) if objects else {}
        for ob in objects:
            same = heirs.get(known_as(ob))
            heir = same.pop(0) if same else None
            referring = {user for user in users[ob] - old if refers_to(ob, user)}
            if heir and referring:
                ob.user_remap(heir)
            elif referring - ours:
                ob.use_fake_user = True
                kept.append(ob)
        return kept


def _used(blocks):
    """Those of the datablocks that something uses. After a file was loaded, Blender 5.2 counts too many users
    of a datablock that a modifier reads, so the users are searched for."""
    blocks = list(blocks)
    users = bpy.data.user_map(subset=blocks) if blocks else {}
    return {block for block in blocks if users[block] or block.use_fake_user or block.use_extra_user}


def _is_object(block):
    return isinstance(block, tags.OBJECT)


def _here(scene):
    """The datablocks that a rebuild of a scene replaces; and those of them that a person took out of the
    scene although something still refers to them: these count as deleted. An object that they moved to
    another scene is theirs, like a copy."""
    out = {one for one in owned(scene) if is_drawn(one) and one.name not in scene.objects}
    theirs = {ob for ob in out if ob.users_scene}
    return [one for one in owned(scene) if one not in theirs], out - theirs


def _missing(scene, there):
    """How many datablocks of each name a person has deleted. After all matrices were deleted, a build begins
    anew: nothing is missing then."""
    if not any(one.get(KIND) == "matrix" for one in there):
        return Counter()
    return _counted(scene) - Counter(known_as(one) for one in there if is_drawn(one))


def _deleted(missing, made, living):
    """The new objects whose counterparts a person deleted. Those that others of ours need come back hidden,
    and so do matrices and products, because the expression has them."""
    missing, taken = Counter(missing), {new for _, new in living.pairs}
    new = [one for one in made if is_drawn(one) and one not in taken]
    users, away = bpy.data.user_map(subset=new) if new else {}, []
    for block in new:
        if missing[known_as(block)]:
            missing[known_as(block)] -= 1
            needing = [one for one in users[block] if not isinstance(one, bpy.types.Collection)]
            if block.get(KIND) in ("matrix", "product") or any(refers_to(block, one) for one in needing):
                remembered.remember(block, living.ours)  # that it is hidden is the person's
                block.hide_viewport = block.hide_render = True
            else:
                away.append(block)
    return away


def deleted(scene: bpy.types.Scene) -> list[str]:
    """The names of the things that a build made in a scene and a person has deleted since."""
    old, lost = _here(scene)
    missing = _counted(scene) - Counter(known_as(one) for one in old if is_drawn(one) and one not in lost)
    return sorted(str(key[-1]) for key in missing.elements() if len(key) > 1)


def _count(scene, made, others):
    """Remember how many datablocks of each name were made, or the counts `others` if these are larger."""
    counts = others | Counter(known_as(one) for one in made if is_drawn(one))
    _write_counts(scene, counts)


def rename_counted(scene: bpy.types.Scene, renamed: Mapping[str, str]) -> None:
    """Let datablocks that were made under these names count under others."""
    counts: Counter = Counter()
    for key, n in _counted(scene).items():
        counts[tuple(renamed.get(one, one) for one in key)] += n
    _write_counts(scene, counts)


def _write_counts(scene, counts):
    scene[tags.MADE] = json.dumps(sorted(([*key, n] for key, n in counts.items()), key=str))


def _counted(scene):
    """How many datablocks of each name the last build made."""
    try:
        return Counter({tuple(key): n for *key, n in tags.told(scene, tags.MADE, [])})
    except (TypeError, ValueError):  # a file may say anything
        return Counter()
