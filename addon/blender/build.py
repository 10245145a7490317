"""A drawing becomes a complete Blender scene, which needs neither this extension nor its data files to
render."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import astuple

import bpy

from ..description.scene import to_json
from ..errors import InputError, nearest
from ..kinds.points import Computed, Points
from ..kinds.stage import stages_of
from ..picture.drawing import Drawing
from ..staging.plan import Plan
from ..staging.pooling import bead_starts
from ..staging.scales import is_probability
from ..staging.writing.numerals import notation, notation_of_weights
from . import before_build, compat, studio, tags
from . import text as lettering
from .appearance import (
    matrix_material,
    matrix_number_material,
    matrix_size,
    product_material,
    product_number_material,
    product_size,
    settled_size,
)
from .at_rest import write_at_rest
from .beams import write_beams
from .digest import digest
from .filmed import Drawn, write_film, write_keys, write_sweeps
from .markers import write_markers
from .materials.lines import beam_material
from .numbers import write_numbers
from .objects import (
    MODIFIER,
    element_object,
    follow,
    hidden_object,
    matrix_object,
    product_object,
    resolved,
    set_inputs,
    spots_object,
)
from .rebuild import rebuilding
from .stored import write_given

COLLECTION = "Matrix Cinema"
ZERO_SIZE = 0.12  # of a zero, relative to the largest element, where numbers are written


def draw(drawing: Drawing, target: bpy.types.Scene | None = None) -> bpy.types.Scene:
    """Draw a drawing into the Blender scene `target`, by default the current one, and return that scene.

    The earlier build in the scene is replaced; anything else in it stays. Raises InputError, before anything
    is touched, for an element, a font, an environment or an engine that Blender cannot use."""
    p = drawing.plan
    compat.engine(p.scene.render.engine)
    _check_object(p.scene.look)
    target = target or bpy.context.scene
    with before_build.kept(target), rebuilding(target):
        studio.load_environment(p)  # before anything is drawn: they may not be readable
        lettering.load_font(p)
        rooms = _collections(target)
        drawn = _draw_matrices(p, rooms)
        write_film(drawing, drawn, rooms, target)
    tell(p, target)
    shown = p.scene.render.still_frame(p.timeline.begins, p.timeline.done)
    target.frame_set(shown)  # what a render shows first
    return target


def tell(p: Plan, target: bpy.types.Scene) -> None:
    """Write the properties by which a scene says that it was built, and of which plan."""
    target[tags.DONE] = p.timeline.done
    target[tags.ELEMENTS] = p.drawn
    write_markers(p.beats, target)
    target[tags.DESCRIPTION] = to_json(p.description)
    write_given(p, target)
    target[tags.AXES] = json.dumps({name: [astuple(axis) for axis in axes] for name, axes in p.axes.items()})


def _draw_matrices(p, rooms):
    """Matrices, products and the text on them, with the keyframes of everything that is computed."""
    points, followers = _points(p, rooms["Values"])
    cube, sphere = _elements(p, rooms["Values"])
    products = {
        c.stage.name: _product(p, c, points, sphere, rooms["Products"]) for c in p.arrangement.cuboids
    }
    swept = dict(products)  # by name, the objects whose Sweep is keyframed; sheets join when drawn
    matrices = [
        _matrix(p, plane, pool, points, swept, cube, rooms["Matrices"])
        for plane, pool in zip(p.arrangement.planes, p.pools, strict=True)
    ]
    for ob, name in followers:
        follow(ob, "Sweep", swept[name], "Sweep")
    drawn = Drawn(list(zip(p.arrangement.planes, matrices, strict=True)), products)
    write_keys(p, drawn)
    if p.numbers:
        _numbers(p, matrices, products, rooms["Lettering"])
    if p.beams:
        _beams(p, products, points, rooms["Products"])
    if p.spotlight:
        _spotlight(p, matrices, products, rooms["Values"])
    write_at_rest(p, drawn.planes, rooms["Values"])
    write_sweeps(p, drawn)
    return drawn


@contextlib.contextmanager
def frame_kept(target: bpy.types.Scene) -> Iterator[None]:
    """A block in which a scene may be drawn again. Afterwards it is at the same frame as before, if it still
    has that frame."""
    frame, subframe = target.frame_current, target.frame_subframe
    yield
    if target.frame_start <= frame <= target.frame_end:
        target.frame_set(frame, subframe=subframe)


def _check_object(look):
    """Raise InputError unless the object that is to be drawn for each number is a mesh of the user's in this
    file. A plan cannot check that, for it knows no Blender."""
    if look.shape != "object":
        return
    if not look.object:
        raise InputError("look: object: choose the mesh object to draw for each number")
    own = [ob.name for ob in own_meshes()]
    if look.object not in own:
        hint = nearest(look.object, own, "mesh objects")
        what = "is no mesh" if look.object in bpy.data.objects else "is not in this file"
        raise InputError(f'look: object: "{look.object}" {what}; {hint}')


def own_meshes() -> list[bpy.types.Object]:
    """The mesh objects of the file that no rebuild removes: one of them may be drawn for each number."""
    ours = {block for scene in bpy.data.scenes for block in tags.owned(scene)}
    return [ob for ob in bpy.data.objects if ob.type == "MESH" and ob not in ours]


def _collections(target):
    top = tags.room(COLLECTION, target.collection)
    top[tags.KIND] = tags.SCENE
    rooms = {name: tags.room(name, top) for name in ("Matrices", "Products", "Lettering", "Stage")}
    return rooms | {"Values": tags.room("Values", top, hidden=True)}


def _points(p, collection):
    """(the hidden objects of all stages, by Points; the objects whose Sweep follows that of a stage, each
    with the stage's name)."""
    found: dict = {}
    made, followers = [], []
    for stage in stages_of(p.root):
        for n, hidden in enumerate(stage.hidden(p.evaluation, p.sweeps.get(stage.name))):
            ob = hidden_object(stage.name, hidden, found, collection)
            found[Points(stage.name, hidden.part)] = ob
            if n == 0:
                found[Points(stage.name)] = ob
            if isinstance(hidden, Computed):
                made.append((ob, hidden.inputs))
                followers += [(ob, stage.name)] * hidden.follows_sweep
    for ob, inputs in made:
        set_inputs(ob, resolved(inputs, found))
    return found, followers


def _elements(p, collection):
    """The objects that are instanced for entries and for products."""
    look = p.scene.look
    if look.shape == "object":
        ob = bpy.data.objects[look.object]
        return ob, ob
    sphere = element_object("sphere", collection)
    if (look.shape or p.style.shape) == "sphere":
        return sphere, sphere
    return element_object("cube", collection, p.style.bevel), sphere


def _drawing(p, element, size, material):
    """The inputs that every drawn object has."""
    return {
        "Min Size": p.least_size,
        "Zero Size": ZERO_SIZE if p.numbers else 0.0,
        "Scale": size,
        "Element": element,
        "As Points": p.as_points,
        "Material": material,
    }


def _range(scale, when=""):
    """The inputs that say how a scale turns values into sizes and colours."""
    return {f"{when}Low": scale.low, f"{when}High": scale.high, f"{when}Zero": scale.zero}


def _product(p, cuboid, points, element, collection):
    name = cuboid.stage.name
    scale = p.products[name]
    ob = product_object(cuboid, collection)
    ob[tags.STEPS] = p.timeline.moves[name].steps
    material = product_material(p, name)
    set_inputs(
        ob,
        resolved(cuboid.stage.interior_inputs(p.evaluation, p.sweeps[name]), points)
        | _drawing(p, element, product_size(p), material)
        | _range(scale)
        | {
            "Zero Size": 0.0,  # a product of nothing is nothing
            "Trail": p.scene.animation.trail,
            "Settled Size": settled_size(p, name),
            "Threshold": p.scene.look.product_threshold * scale.high,
            "Steps": p.timeline.moves[name].steps,
            "Sweep": float(p.timeline.moves[name].steps),
        },
    )
    if name not in p.interiors:
        ob.hide_render = ob.hide_viewport = True
        # Drivers that follow its Sweep would make Blender evaluate it although it is hidden; so its modifier
        # is off as well.
        ob.modifiers[MODIFIER].show_viewport = ob.modifiers[MODIFIER].show_render = False
    return ob


def _matrix(p, plane, pool, points, swept, element, collection):
    stage = plane.stage
    ob = matrix_object(plane, pool, points[Points(stage.name)], collection)
    rows, columns = bead_starts(plane, pool)
    final, raw = p.final[stage.name], p.raw.get(stage.name, p.final[stage.name])
    if not stage.is_computed:
        ob[tags.SHA256] = digest(p.evaluation[stage].final)
    material = matrix_material(p, stage.name)
    made = resolved(stage.inputs(p.evaluation, p.sweeps.get(stage.name)), points)
    made |= {"Masked": p.evaluation[stage].mask is not None}
    set_inputs(ob, made | _drawing(p, element, matrix_size(p), material))
    if stage.operands:
        set_inputs(ob, _range(raw, "Sum ") | _range(final, "Final "))
        if swept.setdefault(stage.name, ob) is not ob:
            follow(ob, "Sweep", swept[stage.name], "Sweep")
    else:
        set_inputs(ob, _range(final))
    if stage.epilogue:
        set_inputs(ob, {"Finish Visited": p.timeline.moves[stage.name].fused})
    if pool:
        # Ellipsoids, as long as they are few enough; points are round. No bead reaches into an interior.
        few = len(rows) * len(columns) <= p.scene.look.instance_budget
        set_inputs(ob, {"As Points": p.as_points and not few, "Depth": p.scene.layout.gap})
    if plane.consumer in swept:
        _light_up(p, plane, ob, swept[plane.consumer], points)
    ob.hide_render = ob.hide_viewport = plane.unseen
    return ob


def _light_up(p, plane, ob, consumer, points):
    """Let the entries of a matrix light up while they are in use: by the product that uses the matrix, or for
    the root by the product that makes it."""
    sweep = p.sweeps[plane.consumer]
    row, column = ("", "") if plane.lit_by else plane.axes
    set_inputs(ob, sweep.inputs(row, "row") | sweep.inputs(column, "column"))
    set_inputs(ob, {"Consumer Steps": sweep.steps})
    if plane.lit_by:
        set_inputs(ob, {"Lit By": points[plane.lit_by]})
    follow(ob, "Consumer Sweep", consumer, "Sweep")


def _spotlight(p, matrices, products, collection):
    """Set which entries are in the spotlights."""
    spots = {name: spots_object(name, one, collection) for name, one in p.spotlight.spots.items()}
    for plane, ob in zip(p.arrangement.planes, matrices, strict=True):
        set_inputs(ob, {"Spots": spots.get(plane.stage.name)})
    for cuboid in p.arrangement.cuboids:
        ob, stage = products[cuboid.stage.name], cuboid.stage
        sides = {"Left Spots": stage.left, "Right Spots": stage.right}
        set_inputs(ob, {name: spots.get(operand.stage.name) for name, operand in sides.items()})


def _numbers(p, matrices, products, collection):
    """Write the values on the matrices, and on the products in use."""
    for plane, ob in zip(p.arrangement.planes, matrices, strict=True):
        name = plane.stage.name
        if plane.unseen:
            continue
        result, material = p.evaluation[name], matrix_number_material(p, name)
        every = [result.final, result.raw] + ([_products_of(p, plane.stage)] if products.get(name) else [])
        weights = is_probability(plane.stage)
        written = notation_of_weights(*every) if weights else notation(*every)
        write_numbers(ob, written, material, collection)
    for cuboid in p.arrangement.cuboids:
        name = cuboid.stage.name
        if name in p.interiors:
            material = product_number_material(p, name)
            written = notation(_products_of(p, cuboid.stage))
            write_numbers(products[name], written, material, collection, only_lit=True)


def _products_of(p, stage):
    """All products of a small matmul, (rows, inner, columns)."""
    left, right = (side.final for side in p.evaluation.sides(stage))
    return left[:, :, None] * right[None]


def _beams(p, products, points, collection):
    """Join rows and columns in use to their products, wherever these are drawn and swept, but before a star,
    which the beams would cover."""
    material = beam_material(p.scene.look.style, p.style)
    for cuboid in p.arrangement.cuboids:
        name = cuboid.stage.name
        sweep = p.sweeps[name]
        if sweep.steps and name in p.interiors and name not in p.before_star:
            planes = p.arrangement.faces_of(cuboid)
            multiplied = resolved(cuboid.stage.multiplied(p.evaluation, sweep), points)
            write_beams(products[name], cuboid, planes, sweep.steps, multiplied, material, collection)
