"""The animation of every stage, and its Sweep."""

from collections.abc import Mapping

from ...algebra.evaluate import sides_of
from ...description.scene import ProductOptions, Scene
from ...kinds.stage import Shape, Stage, roots_of, stages_of
from ...kinds.sweep import Sweep
from ..layout.blocks import blocks_of


def sweeps_of(root: Stage, shapes: Mapping[str, Shape], scene: Scene) -> dict[str, Sweep]:
    """The Sweep of every result under `root`, by name, from its animation and from the blocks of its axes,
    which run through the whole tree. `shapes` maps every stage's name to (rows, columns)."""
    algorithms, blocks = algorithms_of(root, scene), blocks_of(root, shapes, scene.products)
    sweeps: dict[str, Sweep] = {}
    for stage in stages_of(root):
        if stage.operands:
            algorithm = algorithms.get(stage.name) or _own(stage, scene)
            sweep = stage.sweep(algorithm, sides_of(stage, shapes), blocks[stage.name])
            if sweep is not None:
                sweeps[stage.name] = sweep
    return sweeps


def algorithms_of(root: Stage, scene: Scene) -> dict[str, str]:
    """The animation of every product under `root`, by name. "inherit" takes the animation of the product that
    uses the result, also if other stages are in between; the root takes the scene's."""
    algorithms = {}
    # stage -> the animation of the product that uses it
    taken_by = {result.name: scene.animation.algorithm for result in roots_of(root)}
    for stage in reversed(stages_of(root)):  # parents before children
        algorithm = taken_by[stage.name]
        if stage.has_interior:
            chosen = _own(stage, scene)
            algorithms[stage.name] = algorithm = algorithm if chosen == "inherit" else chosen
        for operand in stage.operands:
            taken_by.setdefault(operand.stage.name, algorithm)
    return algorithms


def _own(stage, scene):
    return scene.products.get(stage.name, ProductOptions()).animation or scene.animation.algorithm
