"""Axes that are drawn shorter than their entries are many, where a scene would be a hair that nobody sees,
or its star small.

A matrix of 4 × 50,257 is a hair across the picture, thinner than a pixel. Its long axis is drawn with many
entries to a unit, so that beads of these (see staging.pooling) are as wide as a row is high. So are
weights of 384 × 32 around an attention of 16 × 16.
"""

from collections.abc import Collection, Mapping

from ...algebra.evaluate import sides_of
from ...description.scene import ProductOptions, Scene
from ...kinds.stage import Shape, Stage, stages_of

SLENDEREST = 32  # times longer than all else: what is more is shortened
LENGTH = 10  # to so many times all else
LEAST_ACROSS = 8  # entries across, in this reckoning


def shortened(
    root: Stage, shapes: Mapping[str, Shape], scene: Scene, stars: Collection[str] = ()
) -> dict[int, int]:
    """How many entries there are to a unit along axes of a length, by that length, where it is more than one.

    Only where the description leaves pooling to us and asks for no interior; and where all that lines up is
    shortened alike, which parts of a long axis are not. `shapes` maps a stage's name to (rows, columns). Axes
    of more than `layout.longest` units are drawn so long unless one of the `stars` has them.
    """
    stages, found = stages_of(root), {}
    own = [stage.options(scene) for stage in stages]
    if scene.look.pooling != "auto" or any(one.pooling not in ("", "auto") for one in own):
        return {}
    if any(isinstance(one, ProductOptions) and one.interior for one in own):
        return {}
    alone = [stage for row in root.rows_of_results for stage in row]
    solids = [_solid(stage, shapes) for stage in stages if stage.operands or stage in alone]
    for length in {max(solid) for solid in solids}:
        around = [
            sorted(solid)[-2] if max(solid) == length else max(solid) for solid in solids if length in solid
        ]
        across = max(LEAST_ACROSS, *around)
        if length > SLENDEREST * across:
            found[length] = -(-length // (LENGTH * across))
    found |= _longer(stages, solids, shapes, scene.layout.longest, stars)
    return {} if any(_cuts(stage, shapes, found) for stage in stages) else found


def _longer(stages, solids, shapes, longest, stars):
    """How many entries there are to a unit along axes of more than `longest` units that no star has."""
    own = {length for s in stages if s.name in stars or s.of in stars for length in shapes[s.name]}
    lengths = {length for solid in solids for length in solid if longest and length > longest}
    return {length: -(-length // longest) for length in lengths - own}


def _solid(stage, shapes):
    """The lengths of what a stage is drawn as: its cuboid, or its sheet."""
    inner = stage.inner(sides_of(stage, shapes)) if stage.operands else None
    return (*shapes[stage.name], *([] if inner is None else [inner]))


def _cuts(stage, shapes, found):
    """Whether a shortened axis lines up with one of another length, of which it is a part."""
    if stage.has_interior:
        return False
    own = shapes[stage.name]
    return any(
        length != count != 1 and (length in found or count in found)
        for side in sides_of(stage, shapes)
        for length, count in zip(own, side, strict=True)
    )
