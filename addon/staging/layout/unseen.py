"""Matrices that are not seen in the picture and take no room there: given matrices that a scene hides, and
results that give way.

`x @ W + b` is a product, a row, and their sum. Drawn as on paper they take the room of three matrices, though
only the sum is looked at. If only the sum takes the product, the product gives way: the sum stands in its
place.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ...description.scene import ProductOptions, Scene
from ...kinds.stage import Shape, Stage, stages_of


@dataclass(frozen=True)
class Unseen:
    """Names of the `matrices` that are not seen, of those seen only `once`, where they are placed first, and
    of the products whose `interiors` are not seen. `giving_way` maps each of these matrices that gives way to
    the name of the sheet that stands in its place."""

    matrices: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    interiors: frozenset[str] = frozenset()
    giving_way: Mapping[str, str] = field(default_factory=dict)


ALL_SEEN = Unseen()


def unseen_of(root: Stage, shapes: Mapping[str, Shape], scene: Scene, stars: Collection[str] = ()) -> Unseen:
    """The Unseen of a scene; `shapes` maps a stage's name to (rows, columns)."""
    stages, giving_way = stages_of(root), {}
    if scene.layout.sums == "in place":
        giving_way = _giving_way(stages, shapes, {*stars, *_named(stages, scene)})
    matrices = {stage.name for stage in stages if hides(scene, stage)} | set(giving_way)
    products = [stage.name for stage in stages if stage.has_interior]
    interiors = {name for name in products if scene.products.get(name, ProductOptions()).interior is False}
    once = {stage.name for stage in stages if _is_drawn(stage, scene, "once")}
    bare = frozenset(interiors if matrices or once else ())
    return Unseen(frozenset(matrices), frozenset(once), bare, giving_way)


def hides(scene: Scene, stage: Stage) -> bool:
    """Whether a scene hides this matrix because it is given, or because it says so of it."""
    return _is_drawn(stage, scene, "never") or (scene.animation.hide_inputs and not stage.operands)


def _is_drawn(stage, scene, how):
    return stage.options(scene).drawn == how


def _named(stages, scene):
    """The names of the matrices that a scene shows or points at."""
    beats = () if isinstance(scene.beats, str) else scene.beats
    readout = (scene.readout,) if isinstance(scene.readout, str) else scene.readout
    told = [text for beat in beats for text in (beat.show, beat.spotlight, beat.why, beat.present)]
    pointed = [scene.spotlight, scene.why, scene.look.highlight, scene.camera.subject]
    text = "\n".join([*pointed, *readout, *told])
    names = {name for stage in stages for name in (stage.name, stage.of) if name}
    return {name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}


def _giving_way(stages, shapes, kept):
    """{name of a result: name of the sheet that it gives way to}.

    A result gives way if only the sheet uses it. It must also be the only one, of the sheet's operands that
    are results, that has the sheet's shape or is taken over as it is. Results whose names are `kept` do not
    give way.
    """
    uses = Counter(operand.stage.name for stage in stages for operand in stage.operands)
    giving_way = {}
    for sheet in stages:
        if not sheet.operands or sheet.has_interior:
            continue
        alike = [
            operand.stage
            for operand in sheet.operands
            if operand.stage.operands
            and (operand in sheet.unchanged or shapes[operand.stage.name] == shapes[sheet.name])
        ]
        if len(alike) == 1 and uses[alike[0].name] == 1 and not {alike[0].name, alike[0].of} & kept:
            giving_way[alike[0].name] = sheet.name
    return giving_way
