"""A built scene as another description has it, by the least that makes it so.

Each field of a description says what its change changes (`description.option`). What stands is set again
where that is enough; else all is drawn anew, with the film of before where no place and no value has changed.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from ..description.changes import changes
from ..description.option import DRAWING, LIGHT, MATERIALS, NOTHING, SETTINGS, SIZES
from ..description.scene import Scene, from_json, to_json
from ..errors import InputError
from ..look.styles import style_of, with_style_file
from ..picture.drawing import Drawing, film_of
from ..staging.plan import Plan, plan, restyled
from . import appearance, compat, studio, tags
from .build import draw
from .materials.haze import haze_material
from .objects import MODIFIER, set_inputs
from .stored import plan_of
from .studio import Around, put, take

IN_PLACE = frozenset({NOTHING, SETTINGS, LIGHT, SIZES, MATERIALS})


@dataclasses.dataclass(frozen=True)
class _Drawn:
    """The last Drawing that was drawn, for a scene of this description and these given matrices."""

    description: str
    digests: frozenset[tuple[str, str]]
    drawing: Drawing


_last: _Drawn | None = None


def build_anew(scene: Scene, target: bpy.types.Scene | None = None) -> bpy.types.Scene:
    """`build.build`, whose Drawing is remembered for the updates to come."""
    return _draw(film_of(plan(scene)), target)


def update(scene: Scene, target: bpy.types.Scene) -> None:
    """Make the built scene `target` as a build of the description `scene` would. The frame stays. Raises
    InputError, for a description that cannot be built or a scene that was not, before anything is touched.

    What stands is set where this changes it, and where it still is as it was set before: anything else is the
    user's."""
    before, after = described(target), with_style_file(scene)
    if is_in_place(before, after, target):
        _set_again(before, after, target)
        return
    frame, subframe = target.frame_current, target.frame_subframe
    last = _remembered(target) if changes(before, after) <= IN_PLACE | {DRAWING} else None
    _draw(_restyled(last, after) if last else film_of(plan_of(target, after)), target)
    if target.frame_start <= frame <= target.frame_end:
        target.frame_set(frame, subframe=subframe)


def is_in_place(before: Scene, after: Scene, target: bpy.types.Scene) -> bool:
    """Whether an update of a built scene between these descriptions, which name no style file, only sets
    again what stands: that is done in a moment."""
    words = changes(before, after)
    if not words <= IN_PLACE:
        return False
    return LIGHT not in words or (_fixtures(before) == _fixtures(after) and Around.kept(target) is not None)


def described(target: bpy.types.Scene) -> Scene:
    """The description that a scene was built from. Raises InputError where it was not built here."""
    text = target.get(tags.DESCRIPTION)
    if not isinstance(text, str) or not tags.is_built(target):
        raise InputError(f"{target.name}: was not built here")
    return from_json(text, target.name)


def _fixtures(scene):
    """What of the light is made and cannot be set: which lamps there are, which of them are kept from the
    floor, and whether there is haze."""
    style = style_of(scene)
    if style.flat:
        return None
    values = studio.lamp_values(style, scene.light, Around(np.zeros(3), 1.0, np.eye(3)[0], np.eye(3)[1]))
    kinds = {name: (kind, own.get("data.shape")) for name, (kind, own) in values.items()}
    return kinds, studio.spared(style, scene.light), bool(style.haze)


# What was drawn last


def _draw(drawing: Drawing, target: bpy.types.Scene | None) -> bpy.types.Scene:
    global _last
    target = draw(drawing, target)
    _last = _Drawn(target[tags.DESCRIPTION], _digests(target), drawing)
    return target


def _remembered(target: bpy.types.Scene) -> Drawing | None:
    """The Drawing of a built scene as it is, if that was the last one."""
    same = _last and (_last.description, _last.digests) == (target[tags.DESCRIPTION], _digests(target))
    return _last.drawing if _last and same else None


def _digests(target):
    """The digests of the given matrices of a built scene, whose values its description does not say."""
    return frozenset((ob[tags.NAME], ob[tags.SHA256]) for ob in _drawn(target, "matrix") if tags.SHA256 in ob)


def _restyled(drawing: Drawing, after: Scene) -> Drawing:
    return dataclasses.replace(drawing, plan=restyled(drawing.plan, after))


# What stands, set again


def _set_again(before: Scene, after: Scene, target: bpy.types.Scene) -> None:
    global _last
    words, last = changes(before, after), _remembered(target)
    old = new = None
    if last:
        old, last = last.plan, _restyled(last, after)
        new = last.plan
    elif words & {SIZES, MATERIALS}:
        old = plan_of(target)
        new = restyled(old, after)
    with tags.updating(target):
        _set_settings(before, after, target)
        if LIGHT in words:
            _set_light(before, after, target)
        if old and new and SIZES in words:
            _set_sizes(old, new, target)
        if new and (MATERIALS in words or (SIZES in words and new.style.interior != "solid")):
            _shade_elements(new, target)
    target[tags.DESCRIPTION] = to_json(after)
    if last:
        _last = _Drawn(target[tags.DESCRIPTION], _digests(target), last)


def _set_settings(before: Scene, after: Scene, target: bpy.types.Scene) -> None:
    points = any(compat.get_input(ob.modifiers[MODIFIER], "As Points") for ob in _drawn(target, "product"))
    old, new = (studio.settings(one.render, style_of(one), points) for one in (before, after))
    _set_values(target, old, new)


def _set_light(before: Scene, after: Scene, target: bpy.types.Scene) -> None:
    around, style = Around.kept(target), style_of(after)
    if around is None:
        return
    old, new = (studio.lamp_values(style_of(one), one.light, around) for one in (before, after))
    for ob in tags.owned(target):
        if isinstance(ob, bpy.types.Object) and ob.type == "LIGHT":
            name = next((name for name in new if ob.data == tags.standing("lights", name)), "")
            if name in old:
                _set_values(ob, old[name][1], new[name][1])
    if target.world in tags.owned(target):
        studio.shade_world(target.world, style, around, tags.standing("images", studio.ENVIRONMENT))
    if style.haze and not style.flat:
        haze_material(studio.haze_density(style, around.size))


def _set_sizes(old: Plan, new: Plan, target: bpy.types.Scene) -> None:
    for kind, size in (
        ("product", appearance.product_size),
        ("matrix", appearance.matrix_size),
        ("readout", appearance.matrix_size),
    ):
        for ob in _drawn(target, kind):
            if _same(compat.get_input(ob.modifiers[MODIFIER], "Scale"), size(old)):
                set_inputs(ob, {"Scale": size(new)})
                if kind != "readout":  # which follows its matrix
                    appearance.come(new, ob, ob[tags.NAME], size(new))


def _shade_elements(p: Plan, target: bpy.types.Scene) -> None:
    """Write the materials of all elements again."""
    for kind, shade in (
        ("product", appearance.product_material),
        ("matrix", appearance.matrix_material),
        ("readout", appearance.readout_material),
    ):
        for ob in _drawn(target, kind):
            shade(p, ob[tags.NAME])
    for ob in _drawn(target, "number"):
        of_products = compat.get_input(ob.modifiers[MODIFIER], "Only Lit")
        shade = appearance.product_number_material if of_products else appearance.matrix_number_material
        shade(p, ob[tags.NAME])


def _drawn(target: bpy.types.Scene, kind: str) -> Iterator[bpy.types.Object]:
    """The objects of a kind that a scene was built of, each with its modifier."""
    for ob in tags.owned(target):
        if isinstance(ob, bpy.types.Object) and ob.get(tags.KIND) == kind and MODIFIER in ob.modifiers:
            yield ob


def _set_values(owner: Any, old: studio.Values, new: studio.Values) -> None:
    """Set the properties that differ in the two, unless they are not as they were set before."""
    for path, value in new.items():
        if path not in old or (not _same(old[path], value) and _same(take(owner, path), old[path])):
            put(owner, path, value)


def _same(value: Any, other: Any) -> bool:
    """Whether two values of a property are the same in single precision."""
    if isinstance(other, str):
        return bool(value == other)
    return bool(np.allclose(np.array(value, float), np.array(other, float), rtol=1e-5, atol=1e-7))
