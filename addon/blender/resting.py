"""Datablocks that rest: a person changed or used them, and the present build does not draw them.

A person may change a lamp, choose a style without lamps, and come back: the lamp is then as they left it. A
resting datablock is in the file and in the list RESTING of its scene, but in no visible collection. A build
that makes it again lets it live on (`heirs`), and puts it back into its collections.
"""

from collections.abc import Collection, Iterable, Mapping

import bpy

from . import curves, remembered, tags
from .heirs import SHAPED, is_drawn, known_as, refers_to, shown_collections

_SHARED = (bpy.types.Image, bpy.types.Material, bpy.types.NodeTree, bpy.types.VectorFont)


def lay_down(
    left: Collection[bpy.types.ID],
    made: Iterable[bpy.types.ID],
    called: Mapping[bpy.types.ID, str],
    ours: set[bpy.types.ID],
) -> set[bpy.types.ID]:
    """Lay down those of the datablocks `left`, which no build draws any more, that are to rest. Returns them
    with the datablocks that they use. `called` has the names that they had, `ours` are all of ours, and
    `made` are those that stay."""
    rests = {one for one in left if isinstance(one, SHAPED) and remembered.is_changed(one, ours)}
    objects = [one for one in left if is_drawn(one)]
    users = bpy.data.user_map(subset=objects) if objects else {}
    for ob in objects:
        if _is_changed(ob, called[ob], ours) or any(refers_to(ob, user) for user in users[ob] - ours):
            rests.add(ob)
    more = set(rests)
    while more:
        for ob in [one for one in more if is_drawn(one)]:
            _take_out(ob, ours)
            rests |= _let_go(ob, left)
        more = _used_by(rests, left, made, ours)
        rests |= more
    return rests


def _is_changed(ob, called, ours):
    """Whether a person has set anything on an object or its data, or added anything to it."""
    return (
        called != ob.get(tags.TAG)
        or remembered.is_changed(ob, ours)
        or (ob.data is not None and ob.data in ours and remembered.is_changed(ob.data, ours))
        or any(one.name != remembered.MODIFIER for one in ob.modifiers)
        or any(_is_theirs(one, ob, ours) for one in ob.constraints)
        or any(not key.startswith(("mc_", "cycles")) for key in ob.keys())
        or tags.ROOMS in ob
        or any(room not in ours for room in _rooms(ob))
    )


def _is_theirs(constraint, ob, ours):
    """Whether a constraint is a person's. Earlier versions did not remember their own constraints, which
    refer to datablocks of ours."""
    if tags.SET not in ob:
        return getattr(constraint, "target", None) not in ours
    return constraint.name not in remembered.remembered(ob).get("constraints", ())


def _rooms(ob):
    """The collections of scenes that an object is in."""
    return shown_collections().intersection(ob.users_collection)


def _take_out(ob, ours):
    """Take an object out of all scenes. It remembers the user's collections that it was in."""
    rooms = _rooms(ob)
    if theirs := [room for room in rooms if room not in ours and room in set(bpy.data.collections)]:
        tags.write_list(ob, tags.ROOMS, theirs)
    for room in rooms:
        room.objects.unlink(ob)


def _let_go(ob, left):
    """Let an object no longer read numbers that are removed; it gets others when it is drawn again. Returns
    the datablocks that it has in their place."""
    told, made = remembered.remembered(ob), set()
    for at, digest in curves.motion(ob).items():
        if at.startswith("driver 0 ") and told.get("motion", {}).get(at) == digest:
            ob.animation_data.drivers.remove(curves.drivers(ob)[at.removeprefix("driver 0 ")])
            del told["motion"][at]
    modifier = remembered.modifier_of(ob) if isinstance(ob.data, bpy.types.Mesh) else None
    if modifier and ob.data.materials:  # a floor, whose mesh holds no numbers; its nodes read what goes
        ob.modifiers.remove(modifier)
    elif modifier and ob.data in left:
        ob.data = bpy.data.meshes.new(str(ob[tags.TAG]))
        ob.data[tags.TAG] = ob.data.name
        made.add(ob.data)
    for key, value in remembered.settings(ob).items():
        if remembered.is_input(key) and isinstance(value, bpy.types.Object) and value in left:
            remembered.write(ob, key, None)
            told.get("values", {}).pop(key, None)
    if told:
        remembered.keep(ob, told)
    return made


def _used_by(rests, left, made, ours):
    """The datablocks among `left` that resting ones use, and that were not made again."""
    rest = [one for one in left if one not in rests]
    users, same = bpy.data.user_map(subset=rest) if rest else {}, {known_as(one): one for one in made}
    used = {one for one in rest if not rests.isdisjoint(users[one])}
    for one in [one for one in used if isinstance(one, _SHARED)]:
        heir = same.get(known_as(one))
        if heir is not None and type(heir) is type(one) and users[one] <= ours:
            one.user_remap(heir)
            used.discard(one)
    return used
