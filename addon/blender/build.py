"""A scene description to a complete Blender scene.

The plan is made and checked first; only then is anything in the file touched. What is built
needs neither this extension nor its data files to render.
"""

import json
from dataclasses import astuple

import bpy

from ..algebra.evaluate import bounds
from ..algebra.stages import Concat, Product, Slice, is_sum
from ..description.frame_rate import frame_rate
from ..description.scene import Scene, to_json
from ..errors import InputError, nearest
from ..picture.drawing import Drawing, film_of
from ..staging.plan import plan, zero
from ..staging.pooling import grid
from ..staging.writing.numerals import notation
from . import camera, studio, tags
from . import text as lettering
from .beams import write_beams
from .digest import digest
from .lines import write_guides
from .materials import beam_material, element_material, number_material
from .nodes.groups import OPERATORS, PAIRED
from .numbers import lift_to, write_numbers
from .objects import (
    MODIFIER,
    element_object,
    follow,
    keyframe,
    matrix_object,
    pairs_object,
    product_object,
    set_inputs,
    sums_object,
    values_object,
)

COLLECTION = "Matrix Cinema"
# Where numbers are written, sizes of the smallest element and of a zero, relative to the largest.
NUMBERED_SIZE, ZERO_SIZE = 0.72, 0.12


def build(scene: Scene, target: bpy.types.Scene | None = None) -> bpy.types.Scene:
    """Build a description into the Blender scene `target` (default: the current one), as a film.

    What an earlier build left in that scene is replaced; anything else in it stays. Raises
    InputError before anything is touched. Returns the Blender scene.
    """
    return draw(film_of(plan(scene)), target)


def draw(drawing: Drawing, target: bpy.types.Scene | None = None) -> bpy.types.Scene:
    """Draw what is planned, composed and checked; see `build`. Raises InputError, before anything is touched,
    for an element, a font or an environment that Blender cannot use."""
    p = drawing.plan
    _check_object(p.scene.look)
    target = target or bpy.context.scene
    with tags.rebuilding(target):
        environment = studio.load_environment(p)
        font = lettering.load_font(p)
        rooms = _collections(target)
        _draw_matrices(p, rooms)
        _draw_picture(drawing, environment, font, rooms, target)
    target.frame_start, target.frame_end = 1, p.timeline.last_frame
    target.render.fps, target.render.fps_base = frame_rate(p.scene.render.fps)
    target[tags.DONE] = p.timeline.done
    target[tags.ELEMENTS] = p.drawn
    target[tags.DESCRIPTION] = to_json(p.description)
    target[tags.AXES] = json.dumps({name: [astuple(axis) for axis in axes] for name, axes in p.axes.items()})
    target.frame_set(target.frame_start)
    return target


def _draw_matrices(p, rooms):
    """Matrices, products and what is written on them, with the keyframes of all that is computed."""
    values = _values(p, rooms["Values"])
    cube, sphere = _elements(p, rooms["Values"])
    products = {c.stage.name: _product(p, c, values, sphere, rooms) for c in p.arrangement.cuboids}
    swept = dict(products)  # by name, the objects whose Sweep is keyframed; sheets join when drawn
    matrices = [
        _matrix(p, plane, pool, values, swept, cube, rooms["Matrices"])
        for plane, pool in zip(p.arrangement.planes, p.pools, strict=True)
    ]
    if p.numbers:
        _numbers(p, matrices, products, rooms["Lettering"])
    if p.beams:
        _beams(p, products, values, rooms["Products"])
    write_guides(p, rooms["Products"])
    for name, move in p.timeline.moves.items():
        keyframe(swept[name], "Sweep", move.sweep_keys(), smooth=p.scene.animation.easing == "smooth")
        if name in products and move.settled > move.swept:
            keyframe(products[name], "Settle", move.settle_keys())


def _draw_picture(drawing, environment, font, rooms, target):
    """The camera, what is written in the scene and before it, and the light."""
    p = drawing.plan
    if drawing.standing is None:
        lens = camera.place(drawing.shot, rooms["Stage"], target)
    else:
        lens = camera.stand(drawing, rooms["Stage"], target)
    lift_to(lens, rooms["Lettering"])
    for one in drawing.labels:
        shown = (one.phase.start, one.phase.end) if len(drawing.labels) > 1 else None
        lettering.write_labels(p, one.lettering, one.view, font, lens, rooms["Lettering"], shown)
    lettering.write_overlay(p, drawing.first, drawing.overlay, font, rooms["Lettering"], target)
    studio.light(p, drawing.first, drawing.lit, environment, rooms["Stage"], target)
    if drawing.turntable:
        camera.carry_lights(target.camera, rooms["Stage"])


def _check_object(look):
    """The one thing that a plan cannot check: whether the user's own element is in this file, and is
    a mesh that no rebuilding removes."""
    if look.shape != "object":
        return
    ours = {block for scene in bpy.data.scenes for block in tags.owned(scene)}
    own = [ob.name for ob in bpy.data.objects if ob.type == "MESH" and ob not in ours]
    if look.object not in own:
        hint = nearest(look.object, own, "mesh objects")
        raise InputError(f'look: object: there is no mesh object "{look.object}" in this file; {hint}')


def clear(target):
    """Remove what an earlier build left in the scene."""
    with tags.rebuilding(target):
        pass


def _collections(target):
    top = tags.room(COLLECTION, target.collection)
    top[tags.KIND] = tags.SCENE
    rooms = {name: tags.room(name, top) for name in ("Matrices", "Products", "Lettering", "Stage")}
    return rooms | {"Values": tags.room("Values", top, hidden=True)}


def _values(p, collection):
    """One hidden object for each stage that is drawn, by name, and by (name, "sums") one for the sums of
    each product, which are its values where nothing is done to them."""
    found = {}
    for plane in p.arrangement.planes:
        stage, name = plane.stage, plane.stage.name
        if name in found:
            continue
        if isinstance(stage, Product):
            found[name] = found[name, "sums"] = sums_object(name, collection)
        if not is_sum(stage):
            found[name] = values_object(name, p.evaluation[name].final, p.evaluation[name].mask, collection)
        if _is_stored(stage):
            found[name, "parts"] = values_object(f"{name} parts", p.evaluation[name].raw, None, collection)
    for stage in (cuboid.stage for cuboid in p.arrangement.cuboids):
        set_inputs(found[stage.name, "sums"], _multiplication(p, stage, found) | _every(p, stage))
    return found


def _every(p, stage):
    """The input that says after how many steps along k the sums of a product are kept."""
    (rows, columns), inner = p.evaluation[stage].shape, p.evaluation.operand(stage.left).shape[1]
    return {"Every": p.sweeps[stage.name].stored_every(inner, rows * columns)}


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


def _drawing(p, element, scale, material, *, numbered=False):
    """The inputs that every drawn object has; a `numbered` element has room for its number."""
    smallest = p.scene.look.min_size
    return {
        "Min Size": max(smallest, NUMBERED_SIZE) if numbered else smallest,
        "Zero Size": ZERO_SIZE if numbered else 0.0,
        "Scale": scale * p.scene.look.element_scale,
        "Element": element,
        "As Points": p.as_points,
        "Material": material,
    }


def _multiplication(p, stage, values):
    """The inputs that say what is multiplied, and in which steps."""
    sweep = p.sweeps[stage.name]
    inputs = {}
    for side, operand in (("Left", stage.left), ("Right", stage.right)):
        columns = p.evaluation[operand.stage].shape[1]
        inputs[side] = values[operand.stage.name]
        inputs[f"{side} Row"], inputs[f"{side} Column"] = (1, columns) if operand.transposed else (columns, 1)
    rows, columns = p.evaluation[stage].shape
    inputs |= {"Rows": rows, "Inner": p.evaluation.operand(stage.left).shape[1], "Columns": columns}
    for axis, stride, size in zip("ijk", sweep.strides, sweep.block_sizes, strict=True):
        inputs |= {f"Stride {axis}": stride, f"Block {axis}": size}
    return inputs


def _joining(p, stage, values):
    """The inputs that say which operands become a sheet, and in which steps."""
    sweep, (_, columns) = p.sweeps[stage.name], p.evaluation[stage].shape
    inputs = {"Columns": columns, "Operator": OPERATORS.index(getattr(stage, "operator", "copy"))}
    for axis, stride, size in zip("ij", sweep.strides, sweep.block_sizes, strict=False):
        inputs |= {f"Stride {axis}": stride, f"Block {axis}": size}
    if _is_stored(stage):
        inputs["Operator"] = OPERATORS.index("copy")
        return inputs | {"Left": values[stage.name, "parts"], "Left Row": columns, "Left Column": 1}
    for side, operand in zip(("Left", "Right"), stage.operands, strict=False):
        rows, columns = p.evaluation.operand(operand).shape
        row, column = (1, rows) if operand.transposed else (columns, 1)
        inputs[side] = values[operand.stage.name]
        # A single row or column is repeated.
        inputs |= {f"{side} Row": row if rows > 1 else 0, f"{side} Column": column if columns > 1 else 0}
        if isinstance(stage, Slice):
            first_row, first_column = bounds(stage.rows, rows)[0], bounds(stage.columns, columns)[0]
            inputs[f"{side} Start"] = first_row * row + first_column * column
    return inputs


def _is_stored(stage):
    """Whether a sheet takes its values before the epilogue from the file: it has too many operands for
    the nodes."""
    return isinstance(stage, Concat) or len(stage.operands) > 2


def _pairs(p, stage, values, collection):
    """The inputs by which products that a mask leaves out are not even made."""
    sides = [(operand.stage, operand.transposed) for operand in stage.operands]
    for paired, (masked, transposed) in enumerate([(stage, False), *sides], start=1):
        if p.evaluation[masked].mask is not None:
            sweep, axes = p.sweeps[stage.name], ["ijk".index(axis) for axis in PAIRED[paired]]
            ob = pairs_object(stage.name, values[masked.name], collection)
            inputs = {"Columns": p.evaluation[masked].shape[1], "Transposed": transposed}
            for name, axis in zip(("first", "second"), axes, strict=False):
                inputs |= {f"Stride {name}": sweep.strides[axis], f"Block {name}": sweep.block_sizes[axis]}
            set_inputs(ob, inputs)
            return {"Pairs": ob, "Paired": paired}
    return {}


def _product(p, cuboid, values, element, rooms):
    name = cuboid.stage.name
    scale, look = p.products[name], p.scene.look
    ob = product_object(cuboid, rooms["Products"])
    ob[tags.STEPS] = p.timeline.moves[name].steps
    material = element_material(scale.color_map, scale.color_map, p.style_name, p.style, crowding=p.crowding)
    set_inputs(
        ob,
        _multiplication(p, cuboid.stage, values)
        | _pairs(p, cuboid.stage, values, rooms["Values"])
        | _drawing(p, element, look.product_scale, material, numbered=p.numbers)
        | {
            "Zero Size": 0.0,  # a product of nothing is nothing
            "Low": scale.low,
            "High": scale.high,
            "Zero": zero(scale),
            "Trail": p.scene.animation.trail,
            "Settled Size": p.scene.look.settled_scale,
            "Threshold": p.scene.look.product_threshold * scale.high,
            "Steps": p.timeline.moves[name].steps,
            "Sweep": float(p.timeline.moves[name].steps),
        },
    )
    if name not in p.interiors:
        ob.hide_render = ob.hide_viewport = True
        # What follows its Sweep would have a hidden object evaluated too; its modifier is off as well.
        ob.modifiers[MODIFIER].show_viewport = ob.modifiers[MODIFIER].show_render = False
    return ob


def _matrix(p, plane, pool, values, swept, element, collection):
    stage = plane.stage
    ob = matrix_object(plane, pool, values[stage.name], collection)
    rows, columns = grid(plane, pool)
    final = p.final[stage.name]
    if not is_sum(stage):
        ob[tags.SHA256] = digest(p.evaluation[stage].final)
    if stage.operands:
        raw, making = p.raw[stage.name], _multiplication if isinstance(stage, Product) else _joining
        material = element_material(raw.color_map, final.color_map, p.style_name, p.style)
        set_inputs(
            ob,
            making(p, stage, values)
            | _drawing(p, element, 0.9, material, numbered=p.numbers)
            | {
                "Sum Low": raw.low,
                "Sum High": raw.high,
                "Sum Zero": zero(raw),
                "Final Low": final.low,
                "Final High": final.high,
                "Final Zero": zero(final),
                "Masked": p.evaluation[stage].mask is not None,
            },
        )
        if isinstance(stage, Product):
            set_inputs(ob, {"Sums": values[stage.name, "sums"]} | _every(p, stage))
        if swept.setdefault(stage.name, ob) is not ob:
            follow(ob, "Sweep", swept[stage.name], "Sweep")
        if stage.epilogue:
            move = p.timeline.moves[stage.name]
            keyframe(ob, "Finish", move.finish_keys())
            set_inputs(ob, {"Finish Visited": move.fused})
    else:
        material = element_material(final.color_map, final.color_map, p.style_name, p.style)
        set_inputs(
            ob,
            _drawing(p, element, 0.9, material, numbered=p.numbers)
            | {"Low": final.low, "High": final.high, "Zero": zero(final)},
        )
    if pool:
        # Ellipsoids, as long as they are few enough; points are round. No bead reaches into an interior.
        few = len(rows) * len(columns) <= p.scene.look.instance_budget
        set_inputs(ob, {"As Points": p.as_points and not few, "Depth": p.scene.layout.gap})
    if plane.consumer in swept:
        _light_up(p, plane, ob, swept[plane.consumer])
    ob.hide_render = ob.hide_viewport = p.hidden(plane.stage)
    return ob


def _light_up(p, plane, ob, consumer):
    """Tell a matrix which of its entries what takes it, or makes the root, is using."""
    sweep = p.sweeps[plane.consumer]
    strides = dict(zip("ijk", sweep.strides, strict=True))
    blocks = dict(zip("ijk", sweep.block_sizes, strict=True))
    row, column = {"left": "ik", "right": "kj"}.get(plane.role, "ij")
    if plane.transposed:
        row, column = column, row
    if plane.role == "operand":
        # A single row that is repeated is no step's own; nor is a part whose rows are others there.
        shape = p.evaluation[plane.consumer].shape[:: -1 if plane.transposed else 1]
        same = [own == its for own, its in zip((plane.rows, plane.columns), shape, strict=True)]
        strides = {row: strides[row] * same[0], column: strides[column] * same[1]}
    set_inputs(
        ob,
        {
            "Consumer Steps": sweep.steps,
            "Stride row": strides[row],
            "Stride column": strides[column],
            "Block row": blocks[row],
            "Block column": blocks[column],
        },
    )
    follow(ob, "Consumer Sweep", consumer, "Sweep")


def _numbers(p, matrices, products, collection):
    """Write the values on the matrices, and on the products in use."""
    style_name = p.style_name
    for plane, ob in zip(p.arrangement.planes, matrices, strict=True):
        name = plane.stage.name
        if p.hidden(plane.stage):
            continue
        result, final = p.evaluation[name], p.final[name].color_map
        first = p.raw[name].color_map if plane.stage.operands else final
        material = number_material(first, final, style_name, p.style)
        every = [result.raw, result.final] + ([_products_of(p, plane.stage)] if products.get(name) else [])
        write_numbers(ob, notation(*every), material, collection)
    for cuboid in p.arrangement.cuboids:
        name = cuboid.stage.name
        if name in p.interiors:
            color_map = p.products[name].color_map
            material = number_material(color_map, color_map, style_name, p.style)
            every = notation(_products_of(p, cuboid.stage))
            write_numbers(products[name], every, material, collection, only_lit=True)


def _products_of(p, stage):
    """All products of a small matmul, (rows, inner, columns)."""
    left, right = (p.evaluation.operand(operand).final for operand in stage.operands)
    return left[:, :, None] * right[None]


def _beams(p, products, values, collection):
    """Join rows and columns in use to their products, wherever these are drawn and swept."""
    material = beam_material(p.style_name, p.style)
    for cuboid in p.arrangement.cuboids:
        name = cuboid.stage.name
        sweep = p.sweeps[name]
        if sweep.steps and name in p.interiors:
            planes = p.arrangement.faces_of(cuboid)
            multiplied = _multiplication(p, cuboid.stage, values)
            write_beams(products[name], cuboid, planes, sweep.steps, multiplied, material, collection)
