"""Updates a built scene to another description with as little work as possible.

Each field of a description says what its change changes (`description.option`). If it is enough, values of
the standing scene are set again. Otherwise everything is drawn anew, with the film of before if no place and
no value has changed.
"""

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Generator
from functools import cache, partial
from typing import Any

import bpy
import numpy as np

from ..description.changes import changes
from ..description.option import COLORS, DRAWING, FILM, LIGHT, MATERIALS, NOTHING, SETTINGS, SIZES
from ..description.scene import Scene, to_json
from ..errors import InputError
from ..kinds.stage import stages_of
from ..look.styles import style_of, with_style_file
from ..picture.drawing import Drawing, film_of
from ..staging.plan import Plan, restyled
from ..staging.scales import exchanged_maps
from . import appearance, at_rest, compat, studio, tags
from .build import draw, frame_kept
from .filmed_anew import drawn_in, draws_the_same, film_anew
from .laid_out_anew import lay_out_where_turned
from .materials.base import asked
from .materials.haze import haze_material
from .node_values import set_values
from .nodes import PREFIX, node_group, store
from .objects import MODIFIER, as_points, set_inputs
from .property_paths import same, set_changed
from .rebuild import adopt, apart, sharing, standing
from .recolored import recolor
from .remembered import modifier_of, setting
from .stored import described, plan_for, plan_of
from .studio import Around

Objects = collections.defaultdict[Any, list[bpy.types.Object]]  # by their kind

IN_PLACE = frozenset({NOTHING, SETTINGS, LIGHT, SIZES, MATERIALS, COLORS})
FILM_ANEW = frozenset({NOTHING, SETTINGS, LIGHT, FILM})

# The steps of a build or an update. Nothing is touched before the last, which is TO_FILM or TO_DRAW.
TO_PLAN, TO_COMPOSE, TO_GROUPS, TO_FILM, TO_DRAW = "plan", "compose", "groups", "film", "draw"
Steps = Generator[str, None, bpy.types.Scene]  # says before each step which it is; returns the built scene


@dataclasses.dataclass(frozen=True)
class _Last:
    """The plan of a scene, its Drawing if it was drawn here, and the digests of its given matrices by
    name."""

    digests: dict[str, str]
    plan: Plan
    drawing: Drawing | None = None


_last: _Last | None = None


def build(scene: Scene, target: bpy.types.Scene | None = None) -> bpy.types.Scene:
    """Build a description as a film into the Blender scene `target`, by default the current one: see
    `build.draw`. The Drawing is remembered for later updates. If files of a scene that was built before are
    gone, their numbers come from that scene. Raises InputError before anything is touched."""
    return done(build_in_steps(scene, target))


def build_in_steps(
    scene: Scene, target: bpy.types.Scene | None = None, *, keeps_frame: bool = False
) -> Steps:
    """As `build`, but that a scene may keep its frame. Until the last step it can be closed, and all is as it
    was."""
    yield TO_PLAN
    made = plan_for(scene, target)
    yield TO_COMPOSE
    drawing = film_of(made)
    if not bpy.app.background:  # without a window nobody waits to stop it
        yield from groups_ahead(made)
    yield TO_DRAW
    target = target or bpy.context.scene
    with frame_kept(target) if keeps_frame else contextlib.nullcontext():
        draw(drawing, target)
    lay_out_where_turned(drawing, target)  # at the frame at which it may have been turned
    _remember(drawing, target)
    return target


def groups_ahead(p: Plan) -> Generator[str, None, None]:
    """Make the large node groups of a plan that this process has not made yet, one in each step. That is most
    of the work of a first drawing, which then only reads them."""
    names = ["Product"] * bool(p.arrangement.cuboids) + [stage.group for stage in stages_of(p.root)]
    for name in dict.fromkeys(names):
        if not store.is_kept(PREFIX + name):
            yield TO_GROUPS
            with apart("node_groups", partial(node_group, name)) as made:
                store.keep(made)


def done(steps: Steps) -> bpy.types.Scene:
    """Take all steps. Returns the built scene."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def update(scene: Scene, target: bpy.types.Scene) -> None:
    """Make the built scene `target` equal to a build of the description `scene`. The frame stays. Raises
    InputError, before anything is touched, for a description that cannot be built and for a scene that was
    not built.

    A value is only set if the change concerns it and if it is still as it was set before: any other value is
    the user's."""
    done(update_in_steps(scene, target))


def update_in_steps(scene: Scene, target: bpy.types.Scene) -> Steps:
    """As `update`; it draws all anew only after TO_DRAW. Until the last step it can be closed, and all is as
    it was."""
    if not tags.is_built(target):
        raise InputError(
            f'scene "{target.name}": was not built by this program, or is a copy; build it first'
        )
    before, after = described(target), with_style_file(scene)
    if set_again := in_place(before, after, target):
        set_again()
        return target
    words, last = changes(before, after), _remembered(before, target)
    is_restyled = words <= IN_PLACE | {DRAWING}
    drawing = is_restyled and last and last.drawing and _restyled(last.drawing, after)
    if not drawing:
        yield TO_PLAN
        made = plan_of(target, after)
        yield TO_COMPOSE
        drawing = film_of(made)
        if not bpy.app.background:
            yield from groups_ahead(made)
    drawn = None  # the matrices and products that can stay, because only keys differ
    if makes_only_film_anew(before, after):
        old = restyled(last.plan, before) if last else plan_of(target)
        drawn = drawn_in(target, drawing.plan) if draws_the_same(old, drawing.plan) else None
    yield TO_FILM if drawn else TO_DRAW
    with frame_kept(target):
        if drawn:
            film_anew(drawing, drawn, target)
        else:
            draw(drawing, target)
    lay_out_where_turned(drawing, target)
    _remember(drawing, target)
    return target


def makes_only_film_anew(before: Scene, after: Scene) -> bool:
    """Whether a change makes the film anew and no more, if the new one has all drawn where it stands."""
    return changes(before, after) <= FILM_ANEW


def in_place(before: Scene, after: Scene, target: bpy.types.Scene) -> Callable[[], None] | None:
    """The function that updates a built scene from one of these descriptions to the other, if that only sets
    values, which takes a moment; None if more is needed. The descriptions name no style file. Raises
    InputError."""
    words = changes(before, after)
    if SETTINGS in words:
        compat.engine(after.render.engine)
    if not words <= IN_PLACE or (LIGHT in words and Around.kept(target) is None):
        return None
    plans = cache(partial(_plans, before, after, target))  # which may have to be made of the whole scene
    if COLORS in words and exchanged_maps(*(p.scales for p in plans())) is None:
        return None
    if _fixtures(before) != _fixtures(after):
        return None
    return partial(_set_again, before, after, target, plans)


def _fixtures(scene):
    """The parts of light and materials that have to be made, because no value can be set for them. For flat
    elements: what they have besides their colour. Else also: which lamps there are, which of them do not
    light the floor, and whether there is haze."""
    style = style_of(scene)
    flat = bool(style.edges), bool(style.shading)
    if style.flat:
        return flat
    values = studio.lamp_values(style, scene.light, Around(np.zeros(3), 1.0, np.eye(3)[0], np.eye(3)[1]))
    kinds = {name: (kind, own.get("data.shape")) for name, (kind, own) in values.items()}
    return flat, kinds, studio.spared(style, scene.light), bool(style.haze)


# What was drawn last


def _remember(drawing: Drawing, target: bpy.types.Scene) -> None:
    global _last
    _last = _Last(_digests(target), drawing.plan, drawing)


def _remembered(before: Scene, target: bpy.types.Scene) -> _Last | None:
    """The memory of the last drawing, if it is of a built scene of the description `before`; their looks may
    differ."""
    if _last is None or _last.digests != _digests(target):
        return None
    words = changes(_last.plan.description, before)
    return _last if words <= IN_PLACE | {DRAWING} else None


def _restyled(drawing: Drawing, after: Scene) -> Drawing | None:
    """The Drawing of a description with another look; None if its legend would be another one."""
    made = restyled(drawing.plan, after)
    maps = exchanged_maps(drawing.plan.scales, made.scales)
    if maps is None:
        return None
    return dataclasses.replace(drawing, plan=made, overlay=drawing.overlay.with_maps(maps))


def _digests(target):
    """The digests of the given matrices of a built scene, whose values its description does not say."""
    return {ob[tags.NAME]: ob[tags.SHA256] for ob in _drawn(target)["matrix"] if tags.SHA256 in ob}


# What stands, set again


def _set_again(
    before: Scene, after: Scene, target: bpy.types.Scene, plans_of: Callable[[], tuple[Plan, Plan]]
) -> None:
    adopt(target)
    words, drawn = changes(before, after), _drawn(target)
    plans = plans_of() if words & {SIZES, MATERIALS, COLORS} else None
    if plans and COLORS in words:
        plans = _set_colors(*plans, drawn, target)
    settled = [
        studio.settings(one.render, style_of(one), as_points(drawn["product"])) for one in (before, after)
    ]
    with setting(target):
        set_changed(target, *settled)
    if LIGHT in words:
        _set_light(before, after, target)
    if plans and SIZES in words:
        _set_sizes(*plans, drawn)
    if plans and (MATERIALS in words or plans[1].style.interior != "solid"):
        _set_materials(target, *(partial(_elements, p, drawn) for p in plans))
    target[tags.DESCRIPTION] = to_json(after)


def _plans(before: Scene, after: Scene, target: bpy.types.Scene) -> tuple[Plan, Plan]:
    """The plans of both descriptions. The plan of a scene that was not drawn here is made once, and
    remembered. Raises InputError."""
    global _last
    last = _remembered(before, target)
    if last is None:
        last = _last = _Last(_digests(target), plan_of(target))
    old = restyled(last.plan, before)
    return old, restyled(old, after)


def _set_light(before: Scene, after: Scene, target: bpy.types.Scene) -> None:
    around, blocks, styles = Around.kept(target), standing(target), (style_of(before), style_of(after))
    if around is None:
        return
    lights = (before.light, after.light)
    old, new = (studio.lamp_values(style, own, around) for style, own in zip(styles, lights, strict=True))
    lamps = {blocks.get(("lights", name)): name for name in new}
    for ob in tags.owned(target):
        if isinstance(ob, bpy.types.Object) and ob.type == "LIGHT" and (name := lamps.get(ob.data)):
            with setting(ob, ob.data):
                set_changed(ob, old[name][1], new[name][1])
    if target.world in blocks.values():
        picture = blocks.get(("images", studio.ENVIRONMENT_NAME))
        writes = [partial(studio.write_world, style=s, around=around, environment=picture) for s in styles]
        with setting(target.world):
            set_values(compat.node_tree(target.world), *writes)
    if styles[1].haze and not styles[1].flat:
        densities = (studio.haze_density(style, around.size) for style in styles)
        _set_materials(target, *(partial(haze_material, density) for density in densities))


def _set_materials(target: bpy.types.Scene, old: Callable[[], Any], new: Callable[[], Any]) -> None:
    """Set the values that differ between the materials of the two in the materials of a built scene."""
    blocks = standing(target)
    with asked() as before:
        old()
    with asked() as after:
        new()
    with sharing(target):
        for name, write in after.items():
            if name in before and ("materials", name) in blocks:
                with setting(blocks["materials", name]):
                    set_values(compat.node_tree(blocks["materials", name]), before[name], write)


def _set_colors(old: Plan, new: Plan, drawn: Objects, target: bpy.types.Scene) -> tuple[Plan, Plan]:
    """Exchange the colour maps of a built scene. Returns the plans, whose other differences remain."""
    maps = exchanged_maps(old.scales, new.scales) or {}
    recolored = dataclasses.replace(old, final=new.final, raw=new.raw, products=new.products)
    if any(one != other for one, other in maps.items()):
        recolor(target, maps, *(partial(_elements, p, drawn) for p in (old, recolored)))
    return recolored, new


def _set_sizes(old: Plan, new: Plan, drawn: Objects) -> None:
    kinds = {
        "product": appearance.product_size,
        "matrix": appearance.matrix_size,
        "readout": appearance.matrix_size,
    }
    ours = [
        (ob, kind, size)
        for kind, size in kinds.items()
        for ob in drawn[kind]
        if same(compat.get_input(ob.modifiers[MODIFIER], "Scale"), size(old))
    ]
    with setting(*(ob for ob, _, _ in ours)):
        for ob, kind, size in ours:
            set_inputs(ob, {"Scale": size(new)})
            if kind == "matrix":
                at_rest.set_size(ob, size(new))
            if kind != "readout":  # which follows its matrix
                appearance.come(new, ob, ob[tags.NAME], size(new))


def _elements(p: Plan, drawn: Objects) -> None:
    """Make the materials of all elements."""
    for kind, shade in (
        ("product", appearance.product_material),
        ("matrix", appearance.matrix_material),
        ("readout", appearance.readout_material),
    ):
        for ob in drawn[kind]:
            shade(p, ob[tags.NAME])
    for ob in drawn["number"]:
        of_products = compat.get_input(ob.modifiers[MODIFIER], "Only Lit")
        shade = appearance.product_number_material if of_products else appearance.matrix_number_material
        shade(p, ob[tags.NAME])


def _drawn(target: bpy.types.Scene) -> Objects:
    """The objects that a scene was built of and that have our modifier, by their kind."""
    found: Objects = collections.defaultdict(list)
    for ob in tags.owned(target):
        if modifier_of(ob):
            found[ob.get(tags.KIND)].append(ob)
    return found
