"""Checks that the drawn numbers are those of the expression: reads them back, and compares them in float64.

Every matrix that the file stores, which is every matrix but bare products, is compared with the digest taken
when the scene was built. Everything else (products, partial sums, finished values) is evaluated anew from the
given matrices and compared with the evaluated geometry at several frames. Every element has to stand where
the layout puts it; but a person may have moved a matrix as a whole.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..algebra.evaluate import evaluate
from ..description.scene import POOLINGS
from ..errors import InputError, JobError
from ..kinds.places import Plane, Ruler
from ..kinds.stage import Stage, leaf_names, stages_of
from ..kinds.sweep import Sweep
from ..kinds.values import Evaluation
from ..staging.layout.arrangement import Arrangement
from ..staging.plan import arrangement_of, posed_scene, root_of, unstacked_scene
from ..staging.pooling import Pool, bead_starts, pooled
from ..staging.timing.schedule import sweeps_of
from . import compat, tags
from .digest import digest
from .objects import MODIFIER
from .older import gained
from .read import drawn_objects, elements, evaluated_scene, stored_mask, stored_values
from .remembered import modifier_of, remembered
from .stored import described, leading_axes

TOLERANCE = 1e-5  # of a matrix's largest magnitude
MOST_COMPARED = 4_000_000  # elements of one object that are compared at a frame; of more, every n-th
OUTSIDE = "an element has indices that its matrix does not"
PLACE_TOLERANCE = 1e-4  # of the distance between two rows, and as much again for each 100 rows away


@dataclass(frozen=True)
class Row:
    """One object at one frame: elements drawn and expected, and the largest error as a fraction
    of the largest magnitude. `note` says what else is wrong; `every` is n where only each n-th element
    was compared (all are counted)."""

    frame: float
    kind: str
    name: str
    sweep: float | None
    drawn: int
    expected: int
    error: float
    note: str = ""
    every: int = 1

    @property
    def ok(self) -> bool:
        return not self.note and self.error <= TOLERANCE


@dataclass(frozen=True)
class Report:
    """What was compared. `older` says that an earlier version built the scene."""

    rows: tuple[Row, ...]
    older: bool = False

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    def lines(self) -> list[str]:
        """The report as a table, one text for each line."""
        width = max([len(row.name) for row in self.rows] + [4])
        head = f"{'frame':>8}  {'kind':7}  {'name':{width}}  {'sweep':>8}  {'drawn':>10}  {'expected':>10}"
        out = [head + "  largest error"]
        for row in self.rows:
            sweep = "" if row.sweep is None else f"{row.sweep:.2f}"
            state = f"  of 1 in {row.every}" if row.every > 1 else ""
            state += "" if row.ok else f"  FAILED {row.note}".rstrip()
            out.append(
                f"{row.frame:8.2f}  {row.kind:7}  {row.name:{width}}  {sweep:>8}  {row.drawn:10,}  "
                f"{row.expected:10,}  {row.error:.1e}{state}"
            )
        worst = max((row.error for row in self.rows), default=0.0)
        failed = sum(not row.ok for row in self.rows)
        empty = sum(row.ok and not row.drawn for row in self.rows)
        compared = f"{len(self.rows) - empty} comparisons"
        compared += f" (not counting {empty} where nothing is drawn)" if empty else ""
        allowed = f"(allowed {TOLERANCE:.0e} of the largest magnitude)"
        out.append(f"{compared}, {failed} failed, largest error {worst:.1e} {allowed}")
        if any(row.every > 1 for row in self.rows):
            many = f"of objects with over {MOST_COMPARED:,} elements"
            out.append(f"{many} one in so many was compared; all are counted")
        if failed and self.older:
            out.append("an earlier version built this scene and may place things elsewhere; build it again")
        return out


@dataclass(frozen=True)
class Reference:
    """The numbers that a built scene should draw, computed anew from its stored given matrices."""

    evaluation: Evaluation
    sweeps: dict[str, Sweep]
    arrangement: Arrangement

    @property
    def stages(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in stages_of(self.evaluation.root)}


def verify(
    scene: bpy.types.Scene,
    frames: Sequence[float] | None = None,
    given: Mapping[str, np.ndarray] | None = None,
) -> Report:
    """Compare a built Blender scene with a float64 evaluation of its expression.

    `frames` (may be fractional) default to `telling_frames`. If the sources are at hand, `given` has the
    given matrices by name, with which the stored ones are compared. The scene's frame is set back afterwards.
    Raises InputError if the scene was not built by us or has no such frame. Raises JobError if it has lost
    objects, or was built by a version whose inputs have other names.
    """
    first, final = scene.frame_start, scene.frame_end
    for moment in () if frames is None else frames:
        if not first <= moment <= final:
            raise InputError(f"frame {moment:g}: the scene has frames {first} to {final}")
    reference, given = reference_of(scene), given or {}
    stored = {ob[tags.NAME]: ob for ob in drawn_objects(scene, "matrix")}
    kept = [name for name, stage in reference.stages.items() if not stage.is_computed]
    rows = [_stored_row(scene, stored[name], given.get(name)) for name in kept]
    frame, subframe = scene.frame_current, scene.frame_subframe
    try:
        for moment in telling_frames(scene) if frames is None else frames:
            rows += _rows_at(scene, float(moment), reference)
    except KeyError as error:  # a node group without an input that ours have
        told = "another version built it; build it again"
        raise JobError(f"{scene.name}: {error.args[0]}: {told}") from None
    finally:
        scene.frame_set(frame, subframe=subframe)
    return Report(tuple(rows), bool(gained(scene)))


def reference_of(scene: bpy.types.Scene) -> Reference:
    """The Reference of a built scene. Raises InputError and JobError, see `verify`."""
    description = described(scene)
    root = root_of(description, leading_axes(scene))  # as its matrices had them when it was built
    description = unstacked_scene(description, root)
    matrices = drawn_objects(scene, "matrix")
    _check_objects(scene, root, matrices, drawn_objects(scene, "product"), drawn_objects(scene, "readout"))
    by_name = {ob[tags.NAME]: ob for ob in matrices}
    leaves = {name: stored_values(by_name[name]) for name in leaf_names(root)}
    masks = {name: stored_mask(by_name[name]) for name in leaves}
    evaluation = evaluate(root, leaves, {name: mask for name, mask in masks.items() if mask is not None})
    shapes = {name: values.shape for name, values in evaluation.results.items()}
    arrangement = arrangement_of(root, shapes, posed_scene(description, root, shapes))
    return Reference(evaluation, sweeps_of(root, shapes, description), arrangement)


def _rows_at(scene, moment, reference):
    """The Rows of all that is drawn at a moment."""
    scene.frame_set(int(moment // 1), subframe=moment % 1)
    depsgraph = evaluated_scene(scene)
    matrices, products = drawn_objects(scene, "matrix"), drawn_objects(scene, "product")
    stages, arrangement = reference.stages, reference.arrangement
    sweeps = {}  # by name: the sweep, and its present position
    for ob in matrices + products:  # the sweep of a matrix with products is moved by that of the products
        if (name := ob[tags.NAME]) in reference.sweeps:
            position = compat.get_input(ob.evaluated_get(depsgraph).modifiers[MODIFIER], "Sweep")
            sweeps[name] = reference.sweeps[name], position
    last = moment == tags.number(scene, tags.DONE, scene.frame_end)
    for ob in _evaluated(matrices, depsgraph):
        planes = [plane for plane in arrangement.planes if plane.stage.name == ob[tags.NAME]]
        yield _matrix_row(moment, last, ob, planes, reference.evaluation, sweeps, depsgraph)
    for ob in _evaluated(drawn_objects(scene, "readout"), depsgraph):
        flat = _flat(ob, stages[ob[tags.NAME]])
        yield _matrix_row(moment, last, ob, [flat], reference.evaluation, sweeps, depsgraph)
    for ob in _evaluated(drawn_objects(scene, "why"), depsgraph):
        yield _why_row(moment, ob, reference, depsgraph)
    for ob in _evaluated(products, depsgraph):
        (cuboid,) = [c for c in arrangement.cuboids if c.stage.name == ob[tags.NAME]]
        yield _product_row(moment, ob, cuboid, reference.evaluation, sweeps, depsgraph)


def _evaluated(objects, depsgraph):
    """Those that are visible and that Blender has evaluated. A floor of shadows lets Blender evaluate hidden
    matrices too."""
    for ob in objects:
        geometry = None
        with contextlib.suppress(TypeError):
            geometry = ob.evaluated_get(depsgraph).evaluated_geometry()
        if geometry is not None and ob.visible_get(view_layer=depsgraph.view_layer):
            yield ob


def _pool_of(ob):
    size, rule = ob.get(tags.POOL, (1, 1)), ob.get(tags.POOL_RULE, "max")
    whole = hasattr(size, "__len__") and all(isinstance(n, int) and n > 0 for n in size)
    if not whole or len(size) != 2 or rule not in POOLINGS:
        raise InputError(f'object "{ob.name}": its property {tags.POOL} is not the size of a bead')
    return Pool(size[0], size[1], rule)


def _check_objects(scene, root, matrices, products, readouts):
    """Check that every matrix and product of the expression is drawn, and that no other object claims to be
    one, or a readout of one."""
    known = {s.name for s in stages_of(root)}
    for ob in readouts:
        if ob[tags.NAME] not in known or not modifier_of(ob):
            raise JobError(f"{scene.name}: readout {ob[tags.NAME]} is of no matrix of the expression")
    for kind, objects, names in (
        ("matrix", matrices, [s.name for s in stages_of(root)]),
        ("product", products, [s.name for s in stages_of(root) if s.has_interior]),
    ):
        found = [ob[tags.NAME] for ob in objects if modifier_of(ob)]
        for name in set(names) - set(found):
            raise JobError(f"{scene.name}: {kind} {name} of the expression is not drawn")
        for name in set(found) - set(names):
            raise JobError(f"{scene.name}: {kind} {name} is drawn but not in the expression")


def telling_frames(scene: bpy.types.Scene) -> list[float]:
    """The start, a fractional position and the end of each sweep, halfway through each epilogue, the
    frame at which all is finished, and the last one."""
    frames = {
        float(scene.frame_start),
        float(scene.frame_end),
        float(tags.number(scene, tags.DONE, scene.frame_end)),
    }
    for ob in drawn_objects(scene, "product") + drawn_objects(scene, "matrix"):
        for start, end in _spans(ob, "Sweep"):
            frames |= {start, start + 0.37 * (end - start), min(end, scene.frame_end)}
        for start, end in _spans(ob, "Finish"):
            frames.add((start + end) / 2)
    return sorted(frames)


def _spans(ob, name):
    """[(first, last frame)] of each rise and fall of an input by its keyframes; [] if it has none of its
    own."""
    modifier = ob.modifiers[MODIFIER]
    if not modifier.node_group.interface.items_tree.get(name):
        return []
    curve = compat.find_curve(ob, compat.input_path(modifier, name))
    keys = [tuple(point.co) for point in curve.keyframe_points] if curve else []
    if len(keys) < 2:
        return []
    top = max(value for _, value in keys)
    tops = [frame for frame, value in keys if value == top]
    falls = [(tops[-1], keys[-1][0])] if keys[-1][0] > tops[-1] else []
    return [(keys[0][0], tops[0]), *falls]


def _stored_row(scene, ob, source):
    """The Row of a matrix's stored values: they should be the same, to the bit, as when the scene was built.
    Those of a given matrix should be those of its `source`, if that is at hand."""
    values, note, error = stored_values(ob), "", 0.0
    if ob.get(tags.SHA256) != digest(values):
        note = "a stored value is not what it was when the scene was built"
    if source is not None:
        if source.shape != values.shape:
            note = note or f"its source has shape {source.shape}"
        else:
            error = float(np.abs(values - source).max() / (np.abs(source).max() or 1.0))
    return Row(scene.frame_start, "stored", ob[tags.NAME], None, values.size, values.size, error, note)


def _matrix_row(moment, last, ob, planes, evaluation, sweeps, depsgraph):
    """Compares a matrix or a readout, on one of `planes`, with its values. A result is compared with its
    partial sums and their change into final values, and at the `last` frame only with the final values."""
    stage = planes[0].stage
    result, position = evaluation[stage], None
    expected, largest = result.final, np.abs(result.final).max()
    present = np.ones(result.shape, bool) if result.mask is None else result.mask
    if stage.operands:
        sweep, position = sweeps[stage.name]
        modifier = ob.evaluated_get(depsgraph).modifiers[MODIFIER]
        finish = compat.get_input(modifier, "Finish")
        sums, visited = stage.so_far(evaluation, sweep, position)
        if compat.get_input(modifier, "Finish Visited"):
            finish = visited()
        expected = (1 - finish) * sums + finish * result.final
        expected = result.final if last else expected
        finish = np.mean(finish)
        largest = (1 - finish) * np.abs(result.raw).max() + finish * largest
    drawn, kind = _as_put(ob, elements(ob, depsgraph)), ob[tags.KIND]
    if kind == "readout":
        drawn["position"] = _in_steps(ob, drawn["place"])
    if not _inside(drawn, *result.shape):
        return Row(moment, kind, stage.name, position, len(drawn["value"]), 0, np.inf, OUTSIDE)
    pool = _pool_of(ob)
    firsts = bead_starts(planes[0], pool)
    at = tuple(np.searchsorted(firsts[n], drawn["ij"[n]], "right") - 1 for n in (0, 1))
    begun = (firsts[0][at[0]] == drawn["i"]) & (firsts[1][at[1]] == drawn["j"])
    expected, present, error_of = _beads(expected, present, firsts, pool.rule, TOLERANCE * largest)
    values = np.zeros(expected.shape)
    values[at] = drawn["value"]
    error = error_of(values)[present].max(initial=0.0) / (largest or 1.0)
    note = ""
    if not begun.all():
        note = "a bead does not begin where its block does"
    elif _repeated({"i": at[0], "j": at[1], "value": drawn["value"]}, expected.shape):
        note = "an entry is drawn twice"
    elif not present[at].all():
        note = "a masked entry is drawn"
    note = note or _misplaced(drawn, planes, pool)
    visible = int((present & (np.abs(expected) > TOLERANCE * largest)).sum())
    return Row(moment, kind, stage.name, position, len(drawn["value"]), visible, float(error), note)


def _as_put(ob, drawn):
    """The drawn elements at the place where the build put the object, wherever a person has moved it
    since."""
    at = remembered(ob).get("values", {}).get("location")
    if isinstance(at, list) and len(at) == 3 and all(isinstance(x, int | float) for x in at):
        return drawn | {"position": drawn["place"] + at}
    return drawn


def _flat(ob, stage):
    """The plane of a readout in its own space, where a row is one step along y and a column one along x."""
    rows, columns = ob[tags.SHAPE]
    down, on = np.eye(3)[1], np.eye(3)[0]
    rulers = Ruler(rows, rows), Ruler(columns, columns)
    return Plane(stage, *rulers, np.zeros(3), down, on, np.eye(3)[2], "readout", stage.name)


def _in_steps(ob, places):
    """Places in a readout's own space, (n, 3), counted in its steps to the right and down; all are wrong if
    the steps do not lead there."""
    down, on = (
        np.array(compat.get_input(ob.modifiers[MODIFIER], f"{axis} Step")) for axis in ("Row", "Column")
    )
    upright = on[0] > 0 > down[1] and not np.any([on[1:], down[[0, 2]]])
    return places / (on[0], down[1], on[0]) if upright else np.full_like(places, np.nan)


def _beads(entries, present, firsts, rule, tolerance):
    """(values, which are there, errors) of the beads whose blocks begin at `firsts`; `errors` is a function
    of what is drawn. Where the highest and the lowest entry are as large, to `tolerance`, either is right."""
    rows, columns = firsts
    expected, there = pooled(entries, rows, columns, rule, present)
    if rule != "max":
        return expected, there, lambda drawn: np.abs(drawn - expected)
    shown = np.where(present, entries, 0.0)
    either = [pooled(sign * np.maximum(sign * shown, 0.0), rows, columns, rule)[0] for sign in (1, -1)]
    other = np.where(np.abs(sum(either)) <= tolerance, -expected, expected)
    return expected, there, lambda drawn: np.minimum(np.abs(drawn - expected), np.abs(drawn - other))


def _product_row(moment, ob, cuboid, evaluation, sweeps, depsgraph):
    """Compares the interior: each element is the product at its place, and all visited products are there."""
    stage = cuboid.stage
    left, right = (side.final for side in evaluation.sides(stage))
    result, (sweep, position) = evaluation[stage], sweeps[stage.name]
    drawn = _as_put(ob, elements(ob, depsgraph, MOST_COMPARED))
    i, j, k, count, every = (drawn[key] for key in ("i", "j", "k", "count", "every"))
    if not _inside(drawn, cuboid.rows, cuboid.columns, cuboid.inner):
        return Row(moment, "product", stage.name, position, count, 0, np.inf, OUTSIDE, every)
    largest = (np.abs(left).max(axis=0) * np.abs(right).max(axis=1)).max()
    error = np.abs(drawn["value"] - left[i, k] * right[k, j]).max(initial=0.0) / (largest or 1.0)
    note = ""
    if len(i) and sweep.weights(position, i, j, k).min() <= 0.0:
        note = "a product is drawn before its step"
    elif _repeated(drawn, (cuboid.rows, cuboid.columns, cuboid.inner)):
        note = "a product is drawn twice"
    elif result.mask is not None and not result.mask[i, j].all():
        note = "a product of a masked entry is drawn"
    least = compat.get_input(ob.modifiers[MODIFIER], "Threshold")
    expected = _visited(left, right, sweep, position, result.mask, least)
    if compat.get_input(ob.modifiers[MODIFIER], "Settled Size") > 0 and count != expected:
        note = note or "visited products are missing"
    note = note or _misplaced(drawn, [cuboid])
    return Row(moment, "product", stage.name, position, count, expected, float(error), note, every)


def _why_row(moment, ob, reference, depsgraph):
    """The bars behind an entry: each is a product of its row and its column, and all of them add up to it."""
    name, stage = ob[tags.NAME], reference.stages.get(ob[tags.NAME])
    if stage is None or not stage.has_interior:
        raise JobError(f"{ob.name}: {name} is no product of the expression")
    (i, j), drawn = ob[tags.ENTRY], elements(ob, depsgraph)
    left, right = (side.final for side in reference.evaluation.sides(stage))
    expected = left[i] * right[:, j]
    count, largest = drawn["count"], np.abs(expected).max() or 1.0
    if count != len(expected) or sorted(drawn["k"].tolist()) != list(range(count)):
        return Row(moment, "why", name, None, count, len(expected), np.inf, "bars are missing or twice there")
    error = np.abs(drawn["value"] - expected[drawn["k"]]).max() / largest
    unit = compat.get_input(ob.modifiers[MODIFIER], "Unit")
    middles = (np.cumsum(drawn["value"]) - 0.5 * drawn["value"]) * unit
    off = np.abs(drawn["place"][:, 1] - middles).max() / (unit * np.abs(expected).sum() or 1.0)
    note = "" if off < PLACE_TOLERANCE else "a bar does not begin where the one before it ends"
    total = abs(drawn["value"].sum() - reference.evaluation[stage].raw[i, j]) / np.abs(expected).sum()
    return Row(moment, "why", name, None, count, count, float(max(error, total)), note)


def _inside(drawn, *shape):
    """Whether all indices exist in a matrix or a product of this shape, (rows, columns[, inner])."""
    return all(
        ((drawn[axis] >= 0) & (drawn[axis] < size)).all() for axis, size in zip("ijk", shape, strict=False)
    )


def _repeated(drawn, shape):
    """Whether two elements are the same entry or product."""
    seen = np.zeros(shape, bool)
    seen[tuple(drawn[axis] for axis in "ijk" if axis in drawn)] = True
    return int(seen.sum()) != len(drawn["value"])


def _misplaced(drawn, parts, pool=None):
    """A note if the elements do not stand where one of the planes or cuboids `parts` puts them. A bead stands
    halfway between the first and the last entry of its block."""

    def places(part):
        first = last = [drawn[axis] for axis in "ijk" if axis in drawn]
        if pool:
            rulers, factors = (part.row_ruler, part.column_ruler), (pool.rows, pool.columns)
            last = [
                np.minimum(np.minimum(n + factor, n - n % ruler.block + ruler.block), ruler.count) - 1
                for n, factor, ruler in zip(first, factors, rulers, strict=True)
            ]
        return 0.5 * (part.places(*first) + part.places(*last))

    off = min(np.abs(places(part) - drawn["position"]).max(initial=0.0) for part in parts)
    far = np.abs(drawn["position"]).max(initial=0.0)
    return "" if off <= PLACE_TOLERANCE * (1 + far / 100) else f"elements are {off:.2g} from their places"


def _visited(left, right, sweep, position, mask, least):
    """How many products are visited whose entry the `mask` keeps and whose magnitude is above `least`, in
    float32 as the nodes compute them."""
    left, right = left.astype(np.float32), right.astype(np.float32)
    smallest = [np.abs(side[side != 0]).min(initial=1.0) for side in (left, right)]
    if least == 0 and smallest[0] * smallest[1] > 0:  # no product of two numbers that are not 0 is 0
        counts = sweep.sums(np.ceil(position), left != 0, right != 0)
        return round((counts if mask is None else counts[mask]).sum())
    k, j = np.arange(left.shape[1])[:, None], np.arange(right.shape[1])[None, :]
    total = 0
    for i in range(left.shape[0]):
        seen = (sweep.weights(position, i, j, k) > 0) & (np.abs(left[i][:, None] * right) > np.float32(least))
        total += int((seen if mask is None else seen & mask[i]).sum())
    return total
