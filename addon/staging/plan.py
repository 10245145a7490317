"""A scene description to everything that has to be drawn, as numbers: nothing of Blender here.

All that can be wrong with a description is found here, before any scene is touched.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ..algebra.epilogue import with_epilogues
from ..algebra.evaluate import Evaluation, evaluate, shapes
from ..algebra.expression import parse
from ..algebra.initialise import initialise
from ..algebra.stacks import spread
from ..algebra.stages import MASKS, Concat, Grid, Leaf, Product, Slice, leaf_names, stage, stages_of
from ..description.leading import Axis, member_name
from ..description.matrices import LabelledMatrix, open_matrices
from ..description.scene import Product as ProductOptions
from ..description.scene import Scene
from ..description.style import Style
from ..errors import InputError, nearest
from ..look.color_maps import color_map, zero_of
from ..look.environment import environment_path
from ..look.styles import map_called, style_of, with_style_file
from ..look.typeface import Typeface, typeface_of
from .camera.views import check as check_camera
from .highlights import highlights
from .layout.arrangement import Arrangement, Scatter, arrange
from .layout.blocks import blocks_of
from .layout.schemes import scheme_of
from .limits import check_declared, check_memory
from .pooling import Pool, drawn_values, grid, pools_of
from .scales import Scale, crowding, extent, matrix_scale, probability_scale, product_scale
from .timing.schedule import Sweep, algorithms_of, sweeps_of
from .timing.timeline import Timeline, timeline
from .writing.numerals import FEW, FEW_PRODUCTS, shown

# Products of one cuboid in a chain. More of them are a grey block before all that follows.
CLEAR = 200_000


@dataclass(frozen=True, eq=False)
class Plan:
    """What to draw. Dictionaries are by stage name; `final`, `raw` and `product` hold scales.

    `description` is what was asked for. Where it has matrices of many heads, `scene` says the same of
    each of them (see `spread_scene`), and `axes` are the leading axes of each given matrix. Neither names
    a style file: what it says has become part of them. `environment` is where the picture lies that lights
    the scene, or None.
    """

    description: Scene
    axes: dict[str, tuple[Axis, ...]]
    scene: Scene
    style: Style
    environment: Path | None
    root: object
    matrices: dict[str, LabelledMatrix]
    evaluation: Evaluation
    arrangement: Arrangement
    pools: tuple[Pool, ...]  # of the arrangement's planes
    sweeps: dict[str, Sweep]
    interiors: frozenset[str]  # of the products that are drawn in their cuboids
    timeline: Timeline
    final: dict[str, Scale]
    raw: dict[str, Scale]
    products: dict[str, Scale]
    drawn: int  # elements that are seen at once, at most
    as_points: bool
    numbers: bool  # whether values are written on the elements
    beams: bool  # whether row and column are joined to their products
    typeface: Typeface

    @property
    def style_name(self):
        """What the style is called where materials are shared: a changed style has a name of its own."""
        if self.scene.style == Style():
            return self.scene.look.style
        return f"{self.scene.look.style} {hashlib.sha256(repr(self.scene.style).encode()).hexdigest()[:6]}"

    @cached_property
    def crowding(self):
        """About how many products one looks through in the most crowded cuboid."""
        look, every = self.scene.look, [0.0]
        for cuboid in self.arrangement.cuboids:
            left, right = (self.evaluation.operand(operand).final for operand in cuboid.stage.operands)
            width = look.product_scale * look.element_scale
            if cuboid.stage.name in self.interiors:
                scale = self.products[cuboid.stage.name]
                every.append(crowding(left, right, scale, look.min_size, width))
        return max(every)

    def hidden(self, stage):
        """Whether a matrix is left out of the picture."""
        return self.scene.animation.hide_inputs and isinstance(stage, Leaf)


def plan(scene):
    """Check and evaluate a description. Raises InputError, in one line, for whatever is wrong with it."""
    scene = with_style_file(scene)
    chosen = style_of(scene)
    environment = environment_path(scene, chosen)
    description, written = scene, root_of(scene)
    results = [s.name for s in stages_of(written) if s.operands]
    for name in scene.products:
        if name not in results:
            hint = nearest(name, results, "results")
            raise InputError(f'products: "{name}" is not a result of the expression; {hint}')
    found = open_matrices(scene, leaf_names(written), initialise)
    axes = {name: one.declared.leading for name, one in found.items() if one.declared.leading}
    root = root_of(scene, axes)
    scene = spread_scene(scene, root)
    declared = _members({name: one.declared for name, one in found.items()})
    sizes = shapes(root, {name: m.values.shape for name, m in declared.items()})
    check_declared(root, sizes)
    arrangement = arrangement_of(root, sizes, scene)
    check_camera(scene.camera, arrangement)
    pools = pools_of(root, sizes, arrangement, scene)

    matrices = _members({name: one.load() for name, one in found.items()})
    matrices = {name: matrices[name] for name in leaf_names(root)}
    evaluation = evaluate(root, {name: m.values for name, m in matrices.items()})
    check_range(root, evaluation)
    sweeps = sweeps_of(root, sizes, scene)
    counts = count_products(arrangement, scene, evaluation, sweeps)
    interiors = interiors_of(scene, counts)
    drawn = count_elements(arrangement, (), pools) + sum(counts[name] for name in interiors)
    as_points = drawn > scene.look.instance_budget
    check_memory(drawn, as_points)
    final, raw, products = _scales(scene, chosen, root, evaluation, matrices, arrangement.planes, pools)
    made = Plan(
        description,
        axes,
        scene,
        chosen,
        environment,
        root,
        matrices,
        evaluation,
        arrangement,
        tuple(pools),
        sweeps,
        interiors,
        timeline(root, sweeps, algorithms_of(root, scene), scene.animation, scene.render.rate),
        final,
        raw,
        products,
        drawn,
        as_points,
        shown(scene.look.numbers, sum(plane.rows * plane.columns for plane in arrangement.planes), FEW),
        shown(scene.look.beams, drawn, FEW_PRODUCTS) and not scene.animation.hide_inputs,
        typeface_of(scene),
    )
    highlights(made)
    return made


def _members(given):
    """The matrices of two axes that given ones of more consist of, by name."""
    return {member_name(name, index): one for name, m in given.items() for index, one in m.members().items()}


def root_of(scene, axes=None):
    """The root stage of a description's expression, over given matrices with the leading `axes` (see
    stacks), or as it is written. Raises InputError for what cannot be read."""
    if not scene.expression.strip():
        raise InputError('the scene has no "expression"; an example is expression = "out = A @ B"')
    epilogues = {name: own.epilogue for name, own in scene.products.items() if own.epilogue}
    root = stage(with_epilogues(parse(scene.expression), epilogues))
    if axes is not None:
        root = spread(root, axes)
    return root.cut(scene.layout.row_length) if isinstance(root, Grid) else root


def spread_scene(scene, root):
    """The description with what it says of a matrix of many heads said of each that is under `root`."""
    tables = {}
    for s in stages_of(root):
        for key in ("matrices", "products"):
            table = getattr(scene, key)
            if s.of in table:
                tables.setdefault(key, dict(table))[s.name] = table[s.of]
    return replace(scene, **tables)


def arrangement_of(root, sizes, scene):
    """Where everything of a description stands; `sizes` maps a stage's name to (rows, columns)."""
    blocks, layout = blocks_of(root, sizes, scene.products), scene.layout
    scatter = Scatter(layout.scatter, layout.molecule, layout.blast)
    return arrange(root, sizes, layout.gap, scheme_of(layout, scene.products), blocks, scatter)


def count_products(arrangement, scene, evaluation, sweeps):
    """How many products of each result are seen at once at most, by its name: none that a mask leaves out,
    and only those of the trail where what has settled is gone."""
    counts = {}
    for cuboid in arrangement.cuboids:
        stage, sweep = cuboid.stage, sweeps[cuboid.stage.name]
        made = cuboid.rows * cuboid.inner * cuboid.columns
        sides = (evaluation[stage], evaluation.operand(stage.left), evaluation.operand(stage.right))
        for side, third in zip(sides, (cuboid.inner, cuboid.columns, cuboid.rows), strict=True):
            if side.mask is not None:
                made = int(side.mask.sum()) * third
                break
        if passing(scene) and sweep.steps:
            made = math.ceil(made * min(1.0, (math.ceil(scene.animation.trail) + 1) / sweep.steps))
        counts[stage.name] = counts.get(stage.name, 0) + made
    return counts


def passing(scene):
    """Whether a product is seen only as long as it is in the trail of its sweep."""
    return scene.animation.trail > 0.0 and scene.look.settled_scale == 0.0


def interiors_of(scene, counts):
    """The names of the products that are drawn in their cuboids, of which `counts` are seen at once.

    What the description does not say is decided here: one cuboid shows its products, as does each in a
    chain of them unless they are more than CLEAR and stay.
    """
    most = CLEAR if len(counts) > 1 and not passing(scene) else math.inf
    said = {name: scene.products.get(name, ProductOptions()).interior for name in counts}
    return frozenset(name for name in counts if said[name] or (said[name] is None and counts[name] <= most))


def count_elements(arrangement, interiors, pools=None):
    """How many elements the scene has: entries of all matrices, or their beads where `pools` are given, and
    all products of the `interiors`."""
    entries = 0
    for plane, pool in zip(arrangement.planes, pools or [Pool()] * len(arrangement.planes), strict=True):
        rows, columns = grid(plane, pool)
        entries += len(rows) * len(columns)
    shown = [c for c in arrangement.cuboids if c.stage.name in interiors]
    return entries + sum(c.rows * c.inner * c.columns for c in shown)


def check_range(root, evaluation):
    """Refuse what is too large, or all too small, for the single precision in which Blender computes: the
    values of a stage before and after its epilogue, its products and their sums."""
    single = np.finfo(np.float32)
    least, most = float(single.smallest_normal), float(single.max)
    for s in stages_of(root):
        matrices = [evaluation[s].raw, evaluation[s].final] if s.operands else [evaluation[s].final]
        ranges = [extent(values)[1] for values in matrices]
        if isinstance(s, Product):
            left, right = (np.abs(evaluation.operand(operand).final) for operand in s.operands)
            with np.errstate(over="ignore", under="ignore"):
                ranges += [(left @ right).max(), (left.max(axis=0) * right.max(axis=1)).max()]
        for largest in map(float, ranges):
            if not largest <= most:
                raise InputError(f"{s.text}: {largest:.3g} is too large to draw; the most is {most:.3g}")
            if 0.0 < largest < least:
                raise InputError(
                    f"{s.text}: {largest:.3g} at most is too small to draw; the least is {least:.3g}"
                )


def is_probability(stage, given=()):
    """Whether a stage's final values are the output of a softmax, so between 0 and 1.

    So are parts of such, and what a mask leaves; `given` are the names of given matrices that are.
    """
    if isinstance(stage, Leaf):
        return stage.name in given
    steps = [step.function for step in stage.epilogue if step.function not in MASKS]
    if steps:
        return steps[-1] == "softmax"
    if isinstance(stage, (Slice, Concat)) or getattr(stage, "operator", "") in ("copy", "masked"):
        operands = stage.operands[:1] if getattr(stage, "operator", "") == "masked" else stage.operands
        return all(is_probability(operand.stage, given) for operand in operands)
    return False


def _scales(scene, chosen, root, evaluation, matrices, planes, pools):
    """The scales of the final values, of the raw sums and of the products, by stage name. What is pooled
    has the range of its beads."""
    look = scene.look

    def known(name, where):
        color_map(name, where)
        return map_called(name, chosen)

    def extent_of(stage, values):
        mask, pairs = evaluation[stage].mask, zip(planes, pools, strict=True)
        own = [drawn_values(values, *pair, mask) for pair in pairs if pair[0].stage.name == stage.name]
        return extent(np.concatenate(own), look.clip)

    def matrix(stage, values, choice):
        return matrix_scale(extent_of(stage, values), overall, look.sensitivity, choice, look.clip)

    signed = known(look.color_map or chosen.signed_map, "look: color_map")
    unsigned = known(look.probability_map or chosen.unsigned_map, "look: probability_map")
    stages = stages_of(root)
    overall = max(extent_of(s, evaluation[s].final)[1] for s in stages)
    given = {name for name, one in matrices.items() if one.probability}
    final, raw, products = {}, {}, {}
    for s in stages:
        own = (scene.matrices if isinstance(s, Leaf) else scene.products).get(s.name)
        choice = known(own.color_map, f"{s.name}: color_map") if own and own.color_map else ""
        if is_probability(s, given):
            final[s.name] = probability_scale(choice or unsigned)
        else:
            final[s.name] = matrix(s, evaluation[s].final, choice or signed)
        if s.operands:
            raw[s.name] = matrix(s, evaluation[s].raw, signed) if s.epilogue else final[s.name]
        if isinstance(s, Product):
            products[s.name] = product_scale(
                evaluation.operand(s.left).final, evaluation.operand(s.right).final, look.product_clip, signed
            )
    return tuple(_alike(scales, stages) for scales in (final, raw, products))


def _alike(scales, stages):
    """The same scales, but one range for all the matrices of a stack, that of the largest."""
    stacks = {}
    for s in stages:
        if s.name in scales and s.of:
            stacks.setdefault(s.of, []).append(s.name)
    for names in stacks.values():
        low, high = min(scales[n].low for n in names), max(scales[n].high for n in names)
        scales |= {name: replace(scales[name], low=low, high=high) for name in names}
    return scales


def zero(scale):
    """The place of zero in the scale's colour map."""
    return zero_of(scale.color_map)
