"""The film of a built scene made anew: camera, light, text, frames around entries, and keys. Matrices and
products stay as they are, so that Blender computes none of them again."""

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from ..picture.drawing import Drawing
from ..staging.plan import Plan
from . import compat, curves, remembered, tags
from .appearance import settled_size
from .build import tell
from .filmed import Drawn, write_film, write_keys, write_sweeps
from .laid_out_anew import room_of
from .objects import MODIFIER, set_inputs
from .property_paths import same
from .rebuild import adding


def draws_the_same(old: Plan, new: Plan) -> bool:
    """Whether two plans of the same values draw their matrices and products alike, except for keys and for
    the sizes of settled products."""
    return _told(_drawn_by(old)) == _told(_drawn_by(new))


def _drawn_by(p: Plan) -> Iterator[Any]:
    for plane, pool in zip(p.arrangement.planes, p.pools, strict=True):
        yield plane.stage.name, plane.row_ruler, plane.column_ruler, plane.origin, plane.row, plane.column
        yield plane.consumer, plane.transposed, plane.axes, plane.lit_by, plane.unseen, pool
    for one in p.arrangement.cuboids:
        yield one.stage.name, one.i_ruler, one.k_ruler, one.j_ruler, one.origin, one.unseen
        yield one.i_step, one.j_step, one.k_step
    for name, move in p.timeline.moves.items():
        yield name, move.steps, move.fused, move.settled > move.swept
    yield p.interiors, p.as_points, p.numbers, p.beams and p.before_star, p.scene.layout.gap
    yield p.final, p.raw, p.products, p.crowding, sorted(p.arrivals)
    if p.spotlight:
        yield sorted(p.spotlight.spots.items()), len(p.spotlight.shines) > 1


def _told(one):
    """A value as one that can be compared."""
    if isinstance(one, np.ndarray):
        return one.shape, one.tobytes()
    if isinstance(one, tuple | list | Iterator):
        return [_told(each) for each in one]
    return one


def drawn_in(target: bpy.types.Scene, p: Plan) -> Drawn | None:
    """The Drawn objects of the scene that was built of a plan. None if some of them are missing, or if an
    earlier version built the scene."""
    there = [
        ob for ob in tags.owned(target) if isinstance(ob, bpy.types.Object) and ob.name in target.objects
    ]
    if not any(tags.FILMED in ob for ob in there):
        return None
    kinds: dict = {}
    for ob in sorted(there, key=lambda ob: (len(str(ob.get(tags.TAG))), str(ob.get(tags.TAG)))):
        if remembered.modifier_of(ob):
            kinds.setdefault((ob.get(tags.KIND), ob.get(tags.NAME)), []).append(ob)
    named = [plane.stage.name for plane in p.arrangement.planes]
    cuboids = [one.stage.name for one in p.arrangement.cuboids]
    matrices = {name: kinds.get(("matrix", name), []) for name in named}
    products = {name: kinds.get(("product", name), []) for name in cuboids}
    whole = all(len(obs) == named.count(name) for name, obs in matrices.items())
    if not whole or any(len(obs) != 1 for obs in products.values()):
        return None
    each = {name: iter(obs) for name, obs in matrices.items()}
    planes = [(plane, next(each[plane.stage.name])) for plane in p.arrangement.planes]
    return Drawn(planes, {name: ob for name, (ob,) in products.items()})


def film_anew(drawing: Drawing, drawn: Drawn, target: bpy.types.Scene) -> None:
    """Make the film of a built scene anew. Its matrices and products, `drawn`, are those of this Drawing
    already. What a person changed stays, as in a build. Raises InputError as `build.draw` does."""
    p, ours = drawing.plan, tags.owned(target)
    compat.engine(p.scene.render.engine)
    rooms = {name: room_of(target, name) for name in ("Products", "Lettering", "Stage")}
    with remembered.setting(target), adding(target, _of_film(target)):
        _key_anew(p, drawn, set(ours))
        write_film(drawing, drawn, rooms, target)
        _settle_anew(p, drawn.products)
    tell(p, target)


def _of_film(target: bpy.types.Scene) -> list[bpy.types.ID]:
    """The datablocks that are made anew with the film of a scene. Others that these use, such as materials of
    type, are shared, unless they have keys or depend on the size of the scene."""
    ours = tags.owned(target)
    objects = [ob for ob in ours if tags.FILMED in ob or tags.WRITTEN in ob]
    around = [ob for ob in objects if ob.get(tags.KIND) in ("ground", "haze")]
    sized = {material for ob in around for material in ob.data.materials}
    sized |= {one.node_group for one in map(remembered.modifier_of, around) if one}  # the shadows on a floor
    spared = {ob.light_linking.receiver_collection for ob in objects if ob.type == "LIGHT"}
    keyed = [
        one for one in ours if isinstance(one, bpy.types.Material) and one.node_tree and curves.motion(one)
    ]
    worlds = [one for one in ours if isinstance(one, bpy.types.World)]
    return [*objects, *worlds, *keyed, *(one for one in ours if one in sized or one in spared)]


def _key_anew(p: Plan, drawn: Drawn, ours: set[bpy.types.ID]) -> None:
    """Give the drawn objects their keys anew, except those that a person changed. Actions of the user's stay
    in the file."""
    fresh = {ob: _without_keys(ob) for ob in {*(ob for _, ob in drawn.planes), *drawn.products.values()}}
    stand_in = Drawn(
        [(plane, fresh[ob]) for plane, ob in drawn.planes],
        {name: fresh[ob] for name, ob in drawn.products.items()},
    )
    write_keys(p, stand_in)
    write_sweeps(p, stand_in)
    for ob, new in fresh.items():
        told = remembered.remembered(ob)
        before = told.get("motion", {})
        told["motion"] = {at: one for at, one in before.items() if at.startswith("driver ")}
        told["motion"] |= curves.keys(new)
        old = curves.actions(ob)
        curves.hand_over_keys(new, ob, before)
        remembered.keep(ob, told)
        for was, made in zip(old, curves.actions(ob), strict=False):
            if was in ours:
                name, was.name = was.name, "mc keys"
                made.name = name
    bpy.data.batch_remove([*fresh.values()])


def _settle_anew(p, products):
    """Set the sizes of products after their sweeps: from another side, other products stand before the
    star."""
    sizes = {ob: settled_size(p, name) for name, ob in products.items()}
    others = [ob for ob, size in sizes.items() if not same(_settled(ob), size)]
    with remembered.setting(*others):
        for ob in others:
            set_inputs(ob, {"Settled Size": sizes[ob]})


def _settled(ob):
    return compat.get_input(ob.modifiers[MODIFIER], "Settled Size")


def _without_keys(ob):
    copy = ob.copy()
    if copy.animation_data:
        copy.animation_data.action = None
    return copy
