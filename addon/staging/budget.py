"""Decides how much is drawn: which results show their products, and how many elements that makes."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..description.scene import ProductOptions, Scene
from ..errors import InputError
from ..kinds.stage import Stage, stages_of
from ..kinds.sweep import Sweep
from ..kinds.values import Evaluation
from .layout.arrangement import Arrangement
from .pooling import Pool, bead_starts
from .scales import extent

# Products of one cuboid in a chain. More of them are a grey block before all that follows.
MOST_CLEAR_PRODUCTS = 200_000


def count_products(
    arrangement: Arrangement, scene: Scene, evaluation: Evaluation, sweeps: Mapping[str, Sweep]
) -> dict[str, int]:
    """The most products of each result that are visible at once, by its name. Masked products do not count;
    if settled products vanish, only those of the trail count."""
    counts = {}
    for stage in (cuboid.stage for cuboid in arrangement.cuboids):
        made, steps = stage.products_made(evaluation), sweeps[stage.name].steps
        if passing(scene) and steps:
            made = math.ceil(made * min(1.0, (math.ceil(scene.animation.trail) + 1) / steps))
        counts[stage.name] = made
    return counts


def passing(scene: Scene) -> bool:
    """Whether a product is visible only while it is in the trail of its sweep."""
    return scene.animation.trail > 0.0 and scene.look.settled_scale == 0.0


def interiors_of(scene: Scene, counts: Mapping[str, int], arrangement: Arrangement) -> frozenset[str]:
    """The names of the results whose products are drawn; `counts` are the products visible at once.

    Where the description does not say: a cuboid alone shows its products. In a chain of cuboids, each shows
    its products unless they stay after they were made and are more than MOST_CLEAR_PRODUCTS. A cuboid with a
    shortened axis shows none: its products would lie in one another.
    """
    most = MOST_CLEAR_PRODUCTS if len(counts) > 1 and not passing(scene) else math.inf
    said = {name: scene.products.get(name, ProductOptions()).interior for name in counts}
    dense = {cuboid.stage.name for cuboid in arrangement.cuboids if cuboid.shortened}
    unseen = {cuboid.stage.name for cuboid in arrangement.cuboids if cuboid.unseen}
    clear = {name for name in counts if counts[name] <= most} - dense - unseen
    return frozenset(name for name in counts if said[name] or (said[name] is None and name in clear))


def count_elements(
    arrangement: Arrangement, interiors: Iterable[str], pools: Sequence[Pool] | None = None
) -> int:
    """The number of elements in the picture: the entries of all matrices that are seen, or their beads if
    `pools` are given (one for each plane), and the products of the `interiors`."""
    entries = 0
    for plane, pool in zip(arrangement.planes, pools or [Pool()] * len(arrangement.planes), strict=True):
        if not plane.unseen:
            rows, columns = bead_starts(plane, pool)
            entries += len(rows) * len(columns)
    return entries + sum(cuboid.size for cuboid in arrangement.cuboids if cuboid.stage.name in interiors)


def check_range(root: Stage, evaluation: Evaluation) -> None:
    """Raise InputError for values that are too large, or all too small, for Blender's single precision: those
    of a stage before and after its epilogue, and those in between."""
    single = np.finfo(np.float32)
    least, most = float(single.smallest_normal), float(single.max)
    for stage in stages_of(root):
        values = evaluation[stage]
        matrices = [values.raw, values.final] if stage.operands else [values.final]
        ranges = [extent(matrix)[1] for matrix in matrices] + stage.ranges(evaluation.sides(stage))
        for largest in ranges:
            if not largest <= most:
                raise InputError(f"{stage.text}: {largest:.3g} is too large to draw; the most is {most:.3g}")
            if 0.0 < largest < least:
                raise InputError(
                    f"{stage.text}: {largest:.3g} at most is too small to draw; the least is {least:.3g}"
                )
