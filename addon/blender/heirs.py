"""Our datablocks live on: a rebuild makes everything anew, and an old datablock that was made again takes
over the new properties that nobody changed.

So everything that a person attached to an object of ours stays with it: parents, constraints, modifiers,
collections, whether it is selected or hidden. Hidden objects with numbers do not live on, because copies that
a person made read them. Meshes, node groups and the like do not either.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import bpy

from . import curves, remembered, tags

_TABLED = (bpy.types.Camera, bpy.types.Light, bpy.types.TextCurve)  # data that is nothing but settings
SHAPED = (bpy.types.Image, bpy.types.Material, bpy.types.World)  # in this order: each uses those before it


def known_as(block: bpy.types.ID) -> tuple:
    """The key by which a datablock of an earlier build and one of a later build are the same."""
    kind = block.type if isinstance(block, bpy.types.Object) else block.id_type
    if isinstance(block, bpy.types.World):
        return (kind,)
    return kind, block.get(tags.KIND), block.get(tags.LABEL), tags.built_as(block)


def paired(old: Iterable[bpy.types.ID], made: Iterable[bpy.types.ID]) -> list[tuple]:
    """The pairs of an old datablock and the same new one; of several with the same key, those with the same
    name."""
    left: dict = {}
    for block in old:
        left.setdefault(known_as(block), []).append(block)
    exactly, rest = [], []
    for new in made:
        alike = left.get(known_as(new), [])
        same = next((one for one in alike if one.get(tags.TAG) == new.get(tags.TAG)), None)
        if same:
            alike.remove(same)
            exactly.append((same, new))
        else:
            rest.append(new)
    return exactly + [(left[known_as(new)].pop(0), new) for new in rest if left.get(known_as(new))]


class Living:
    """The old datablocks that live on, and the new ones that are `gone` for them. `names` has, for each that
    lives on, its name in a build and its present name. `called` has the names of the old ones before the
    build. `ours` are more datablocks of ours, which stay. `resting` are the old ones that are in no scene."""

    def __init__(
        self,
        old: Sequence[bpy.types.ID],
        made: Sequence[bpy.types.ID],
        called: Mapping[bpy.types.ID, str],
        ours: Collection[bpy.types.ID] = (),
        resting: Collection[bpy.types.ID] = (),
    ):
        self.ours, self.called = {*old, *made, *ours}, called
        self.users = bpy.data.user_map(subset=[*self.ours]) if old else {}
        before = {*old, *ours}
        self.theirs = {block: remembered.changed(block, before) for block in old}
        self.names: dict = {}
        self.gone: list = []
        for kind in SHAPED:
            for pair in paired(*([one for one in blocks if isinstance(one, kind)] for blocks in (old, made))):
                self._keep_shaped(*pair)
        self.pairs = paired(*([one for one in blocks if is_drawn(one)] for blocks in (old, made)))
        self._keep_data()
        self.staying = {*(before for before, _ in self.pairs), *self.names}
        shown = shown_collections()
        for before, new in self.pairs:
            rooms = shown.intersection(new.users_collection)  # others say which lamps light it
            if before in resting:
                for room in shown.intersection(tags.listed(before, tags.ROOMS)) or rooms:
                    room.objects.link(before)
            for room in rooms:
                room.objects.unlink(new)
            self._take_place(before, new, [*rooms, *(one for one in bpy.data.scenes if one.camera != new)])
        for before, new in self.pairs:
            self._take_over(before, new)

    def _keep_shaped(self, old, new):
        """A picture, a material or a world lives on if a person changed it, or if it has not changed at
        all."""
        same = remembered.shape(old) == remembered.shape(new) != ""
        if same or remembered.is_changed(old, self.ours):
            old = self._own(old, lambda user, shaped=old: _shows(user, shaped))
            self._take_place(old, new)
            self._take_over(old, new)
        elif not self._shared(old, lambda user: _shows(user, old)):
            old.user_remap(new)

    def _keep_data(self):
        """The data of objects that live on: cameras, lamps and type; of meshes only the materials that a
        person chose."""
        done = set()
        for old, new in self.pairs:
            before, made = old.data, new.data
            if before is None or before in done or before not in self.ours or type(before) is not type(made):
                continue
            done.add(before)
            if isinstance(made, _TABLED):
                old.data = self._own(before, lambda user, data=before: getattr(user, "data", None) == data)
                new.data = old.data
                self._take_place(old.data, made, [new])
                self._take_over(old.data, made)
            elif isinstance(made, bpy.types.Mesh):
                remembered.remember(made, self.ours)
                for key in self.theirs[before]:
                    remembered.write(made, key, remembered.settings(before)[key])

    def _shared(self, old, uses):
        return any(user not in self.ours and uses(user) for user in self.users.get(old, ()))

    def _own(self, old, uses):
        """The old datablock. If the user's own datablocks use it, it is theirs from now on, and this is a
        copy."""
        if not self._shared(old, uses):
            return old
        own = old.copy()
        self.ours.add(own)
        self.theirs[own] = self.theirs[old]
        self.called = {**self.called, own: self.called[old]}
        return own

    def _take_place(self, old, new, told=()):
        """Let everything that refers to the new datablock refer to the old one, which takes its place. Users
        that are `told` need not be searched for, which takes long."""
        called = self.called[old]
        self.names[old] = new.name if called == old.get(tags.TAG) else called
        if not self.users[new].issubset(told):
            new.user_remap(old)
        old[tags.TAG] = new[tags.TAG]
        self.gone.append(new)

    def _take_over(self, old, new):
        """Set on the old datablock what we set on the new one, except for what a person has changed."""
        before, memory = remembered.settings(old), remembered.memory(new, self.ours)
        theirs, motion = self.theirs[old], remembered.remembered(old).get("motion", {})
        if isinstance(old, bpy.types.Object):
            if remembered.modifier_of(old) is None:  # a person removed it, and with it all that moved it
                motion = {at: told for at, told in motion.items() if remembered.AT_MODIFIER not in at}
            theirs = theirs - _take_parts(old, new)
        for key, value in remembered.settings(new).items():
            wanted = before[key] if key in theirs else value
            if key not in before or before[key] != wanted or remembered.is_input(key):
                remembered.write(old, key, wanted)
        if "lens" in theirs and old.type == "PERSP":  # whatever the lens, the middle of the picture stays
            for key in set(remembered.LENS_SHIFTS).difference(theirs):
                setattr(old, key, getattr(new, key) * old.lens / new.lens)
        curves.hand_over(new, old, motion)
        for name in {name for block in (old, new) for name in block.keys() if name.startswith("mc_")}:
            if name in new:
                old[name] = new[name]
            else:
                del old[name]
        remembered.keep(old, memory)
        if isinstance(old, bpy.types.Object):
            old.update_tag()

    def remember(self, blocks: Iterable[bpy.types.ID]) -> None:
        """Remember on each of these datablocks what we set, if that is not done yet."""
        for block in blocks:
            if tags.SET not in block and (
                is_drawn(block) or isinstance(block, (*_TABLED, *SHAPED, bpy.types.Mesh))
            ):
                remembered.remember(block, self.ours)

    def remove(self, blocks: Collection[bpy.types.ID]) -> None:
        """Remove datablocks from the file. Some may have gone already, and cannot be asked."""
        self.ours.difference_update(blocks)
        bpy.data.batch_remove([*blocks])

    def name(self) -> None:
        """Give the datablocks that live on their names, once the new ones are gone."""
        for block, name in self.names.items():
            block.name = name


def shown_collections() -> set[bpy.types.Collection]:
    """The collections of all scenes in the file."""
    return {one for scene in bpy.data.scenes for one in _collections(scene)}


def _collections(scene):
    return [scene.collection, *scene.collection.children_recursive]


def refers_to(ob: bpy.types.Object, user: bpy.types.ID) -> bool:
    """Whether a user of an object refers to the object itself, and does not only show it, as scenes do."""
    if not isinstance(user, bpy.types.Scene):
        return True
    return ob == user.camera or any(ob == marker.camera for marker in user.timeline_markers)


def _shows(user, shaped):
    """Whether a user of a picture, a material or a world really shows it; a scene only lists its
    datablocks."""
    return not isinstance(user, bpy.types.Scene) or user.world == shaped


def is_drawn(block: bpy.types.ID) -> bool:
    """Whether it is an object that lives on: one that a person can see."""
    return isinstance(block, bpy.types.Object) and block.get(tags.KIND) != tags.SOURCE


def _take_parts(old, new):
    """Give an old object our modifier and our constraints as the new one has them. Returns the keys that a
    person may not change: the objects from which numbers are read."""
    for name in remembered.remembered(old).get("constraints", ()):
        if name in old.constraints:
            old.constraints.remove(old.constraints[name])
    for constraint in new.constraints:
        old.constraints.copy(constraint)
    modifier = remembered.modifier_of(new)
    own = next((one for one in old.modifiers if one.name == remembered.MODIFIER), None)
    if modifier is None:
        if own is not None and own.type == "NODES":  # a floor of shadows that is none any more
            old.modifiers.remove(own)
        return set()
    if own is None or own.type != "NODES":
        own = old.modifiers.new(remembered.MODIFIER, "NODES")
        old.modifiers.move(len(old.modifiers) - 1, 0)
    own.node_group = modifier.node_group
    return {"data"}
