"""Long axes that are drawn shortened, with several entries to a unit.

A matrix of 4 × 50,257 would be a hair across the picture, thinner than a pixel. With many entries to a unit,
beads of these (see `staging.pooling`) are about as wide as a row is high. Weights of 384 × 32 around an
attention of 16 × 16 are shortened too, so that the star is large.
"""

from collections.abc import Collection, Mapping

from ...algebra.evaluate import sides_of
from ...description.scene import ProductOptions, Scene
from ...kinds.stage import Shape, Stage, roots_of, stages_of

SLENDEREST = 32  # an axis of more times the next longest axis is shortened
LENGTH = 10  # to so many times the next longest axis
LEAST_ACROSS = 8  # the next longest axis counts as at least so many entries


def shortened(
    root: Stage, shapes: Mapping[str, Shape], scene: Scene, stars: Collection[str] = ()
) -> dict[int, int]:
    """{length of an axis: how many of its entries make a unit}, for the axes that are shortened.

    `shapes` maps a stage's name to (rows, columns). Axes of more than `layout.longest` units are shortened to
    that, unless one of the `stars` has them. Nothing is shortened if the scene sets a pooling or asks for an
    interior, or if a shortened axis would line up with a part of it that is not shortened alike.
    """
    stages, lengths = stages_of(root), {}
    options = [stage.options(scene) for stage in stages]
    if scene.look.pooling != "auto" or any(each.pooling not in ("", "auto") for each in options):
        return {}
    if any(isinstance(each, ProductOptions) and each.interior for each in options):
        return {}
    results = roots_of(root)
    solids = [  # the lengths of the cuboids and sheets
        (*shapes[stage.name], *([inner] if (inner := stage.inner(sides_of(stage, shapes))) else []))
        for stage in stages
        if stage.operands or stage in results
    ]
    for length in {max(solid) for solid in solids}:
        around = [
            sorted(solid)[-2] if max(solid) == length else max(solid) for solid in solids if length in solid
        ]
        across = max(LEAST_ACROSS, *around)
        if length > SLENDEREST * across:
            lengths[length] = -(-length // (LENGTH * across))
    longest, every = scene.layout.longest, {length for solid in solids for length in solid}
    of_stars = {length for s in stages if s.name in stars or s.of in stars for length in shapes[s.name]}
    lengths |= {n: -(-n // longest) for n in every - of_stars if longest and n > longest}
    return {} if any(_cuts(stage, shapes, lengths) for stage in stages) else lengths


def _cuts(stage, shapes, lengths):
    """Whether a shortened axis of a sheet lines up with an operand's axis of another length, one a part of
    the other."""
    if stage.has_interior:
        return False
    return any(
        length != count != 1 and (length in lengths or count in lengths)
        for side in sides_of(stage, shapes)
        for length, count in zip(shapes[stage.name], side, strict=True)
    )
