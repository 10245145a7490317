"""Finds the element under a point of the picture, and describes it: its entry, its tokens, its factors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np

from ..staging.writing.numerals import number
from . import compat, tags
from .axis_tokens import axes_of
from .objects import MODIFIER
from .read import elements, shape_of
from .remembered import modifier_of
from .verify import Reference, reference_of

PICKABLE = ("matrix", "product", "readout")
NEAR = 4.0  # pixels from an element that still hit it, so that small ones can be hit at all
UNSEEN_PIXELS = 0.1  # pixels: what is there, but has not come yet


@dataclass(frozen=True)
class Hit:
    """An element of a built scene. `kind` is that of its object, and `name` the name in the expression. Its
    `entry` is (i, j), or (i, j, k) of a product. `position` (x, y, z) is the place of its middle in the
    world."""

    scene: str
    kind: str
    name: str
    entry: tuple[int, ...]
    position: tuple[float, float, float]


@dataclass(frozen=True)
class Told:
    """The text about an element: a heading, and then a line for each thing."""

    head: str
    lines: tuple[str, ...]


# Where it is


def hit(
    depsgraph: bpy.types.Depsgraph,
    projection: Any,
    size: tuple[float, float],
    point: tuple[float, float],
    most: int | None = None,
) -> Hit | None:
    """The front element under a point (x, y) in pixels of a view with `size` in pixels, or None.

    `projection` (4, 4) takes the world to the view's clipping space. Objects of more than `most` elements are
    passed over.
    """
    best, nearest = None, np.inf
    for ob, world in _drawn(depsgraph):
        found = elements(ob, depsgraph, sizes=True)
        if most is not None and found["count"] > most:
            continue
        places = _in_world(found, world)
        scale = np.linalg.norm(world[:3, :3], axis=0).max()
        at, depths = _under(places, scale * found["radius"], np.array(projection), size, point)
        if len(at) and depths.min() < nearest:
            n, nearest = int(at[depths.argmin()]), float(depths.min())
            entry = tuple(int(found[axis][n]) for axis in "ijk" if axis in found)
            x, y, z = map(float, places[n])
            best = ob, entry, (x, y, z)
    if best is None:
        return None
    ob, entry, position = best
    scene = tags.scene_of(ob)
    return Hit(scene.name, ob[tags.KIND], ob[tags.NAME], entry, position) if scene else None


def found_again(depsgraph: bpy.types.Depsgraph, sought: Hit) -> Hit | None:
    """The same element where it stands now; None if no object of the view has it any more."""
    for ob, world in _drawn(depsgraph):
        scene = tags.scene_of(ob)
        if (ob[tags.KIND], ob[tags.NAME], scene and scene.name) != (sought.kind, sought.name, sought.scene):
            continue
        found = elements(ob, depsgraph, sizes=True)
        axes = [found[axis] for axis in "ijk" if axis in found]
        if len(axes) != len(sought.entry):
            continue
        at = np.flatnonzero(np.all([axis == n for axis, n in zip(axes, sought.entry, strict=True)], axis=0))
        if len(at):
            x, y, z = map(float, _in_world(found, world)[at[0]])
            return replace(sought, position=(x, y, z))
    return None


def _in_world(found, world):
    return found["place"] @ world[:3, :3].T + world[:3, 3]


def _drawn(depsgraph: bpy.types.Depsgraph) -> Iterator[tuple[bpy.types.Object, np.ndarray]]:
    """Our objects that a view shows, each with its matrix in the world, (4, 4), including objects in
    instanced collections."""
    for ob in depsgraph.view_layer.objects:
        shown = ob.instance_collection if ob.instance_type == "COLLECTION" else None
        if not ob.visible_get(view_layer=depsgraph.view_layer):
            continue
        if _is_ours(ob):
            yield ob, np.array(ob.evaluated_get(depsgraph).matrix_world)
        elif shown:
            world = np.array(ob.evaluated_get(depsgraph).matrix_world)
            for inner in shown.all_objects:
                if _is_ours(inner) and not inner.hide_viewport:
                    placed = np.array(inner.evaluated_get(depsgraph).matrix_world)
                    placed[:3, 3] -= shown.instance_offset
                    yield inner, world @ placed


def _is_ours(ob):
    return bool(ob.get(tags.KIND) in PICKABLE and shape_of(ob) and modifier_of(ob))


def _under(places, radii, projection, size, point):
    """(numbers of the elements that a point hits, their depths)."""
    clipped = np.column_stack([places, np.ones(len(places))]) @ projection.T
    depth = clipped[:, 3]
    before = depth > 1e-6
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = (clipped[:, :2] / depth[:, None] + 1) / 2 * size
        distance = np.hypot(*(seen - point).T)
        # The length on the picture of a unit at right angles to the line of sight; a shifted lens also moves
        # deeper things.
        across, look = projection[0, :3], projection[3, :3]
        across = across - look * (across @ look) / ((look @ look) or 1.0)
        unit = np.linalg.norm(across) / depth * size[0] / 2
        drawn = radii * unit
    at = np.flatnonzero(before & (drawn > UNSEEN_PIXELS) & (distance <= np.maximum(drawn, NEAR)))
    return at, clipped[at, 2] / depth[at]


# What it is


def told(found: Hit) -> Told | None:
    """The text about an element at the current frame; None if the element is gone. Raises InputError and
    JobError for a scene that has lost its data."""
    scene = bpy.data.scenes.get(found.scene)
    if scene is None:
        return None
    reference = _reference(scene)
    stage, entry = reference.stages.get(found.name), found.entry
    if stage is None or not all(
        n < size for n, size in zip(entry, reference.evaluation[stage].shape, strict=False)
    ):
        return None
    axes = axes_of(scene, reference.evaluation, stage)
    where = [_at(*axis, n, word) for axis, n, word in zip(axes, entry, ("row", "column"), strict=False)]
    if found.kind == "product":
        return _product(scene, reference, stage, entry, where)
    return _matrix(scene, reference, stage, entry, where)


def _at(axis, tokens, n, word):
    """An entry's place on an axis in words: "query 7: it", "row 3"."""
    return f"{axis or word} {n}" + (f": {tokens[n]}" if n < len(tokens) else "")


def _matrix(scene, reference, stage, entry, where):
    values, (i, j) = reference.evaluation[stage], entry
    head = f"{stage.name}[{i}, {j}] = {number(float(values.final[i, j]))}"
    lines = [", ".join(where)]
    if values.mask is not None and not values.mask[i, j]:
        lines.append("masked: it does not exist")
    if stage.has_interior:
        count = reference.evaluation.operand(stage.operands[0]).shape[1]
        lines.append(_so_far(scene, reference, stage, entry, count))
    if stage.epilogue:
        made = ", ".join(step.function for step in stage.epilogue)
        lines.append(f"{number(float(values.raw[i, j]))} → {made} → {number(float(values.final[i, j]))}")
    return Told(head, tuple(lines))


def _product(scene, reference, stage, entry, where):
    i, j, k = entry
    left, right = (side.final for side in reference.evaluation.sides(stage))
    factors = float(left[i, k]), float(right[k, j])
    head = f"{stage.name}: product {i}, {j}, {k} = {number(factors[0] * factors[1])}"
    names = [operand.text.strip("`") for operand in stage.operands]
    signs = [number(one) for one in factors]
    return Told(
        head,
        (
            ", ".join([*where, f"inner {k}"]),
            f"{names[0]}[{i}, {k}] × {names[1]}[{k}, {j}] = {signs[0]} × {signs[1]}",
            _so_far(scene, reference, stage, (i, j), left.shape[1]),
        ),
    )


def _so_far(scene, reference, stage, entry, count):
    """A line about how many of an entry's products are visited at the current frame, and about their sum."""
    sweep = reference.sweeps[stage.name]
    products = {ob.get(tags.NAME): ob for ob in scene.objects if ob.get(tags.KIND) == "product"}
    drawn = products.get(stage.name)
    depsgraph = scene.view_layers[0].depsgraph
    whole = float(reference.evaluation[stage].raw[entry])
    if drawn is None or depsgraph is None or sweep.steps == 0:
        return f"sum of all {count} products {number(whole)}"
    position = compat.get_input(drawn.evaluated_get(depsgraph).modifiers[MODIFIER], "Sweep")
    if position >= sweep.steps:
        return f"sum of all {count} products {number(whole)}"
    sums, _ = stage.so_far(reference.evaluation, sweep, position)
    return f"sum so far {number(float(sums[entry]))}, of all {count} products {number(whole)}"


_known: tuple[Any, Reference | None] = (None, None)


def _reference(scene):
    """The reference of a scene, computed once for as long as the scene shows the same numbers."""
    global _known
    digests = tuple(ob.get(tags.SHA256) for ob in scene.objects if ob.get(tags.KIND) == "matrix")
    key = scene.name, scene.get(tags.DESCRIPTION), digests
    if _known[0] != key:
        _known = key, reference_of(scene)
    return _known[1]
