"""What is left out of a picture and takes no room in it: given matrices that a scene hides, and results that
give way to what is made of them entry by entry.

`x @ W + b` is a product, a row, and their sum. Drawn as on paper they take the room of three matrices, and
one is looked at. Where the sum is all that the product is for, it stands in the product's place.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ...description.scene import ProductOptions, Scene
from ...kinds.stage import Shape, Stage, stages_of


@dataclass(frozen=True)
class Unseen:
    """Names of stages: `matrices` that are not seen, products whose `interiors` are not, and of the matrices
    those `giving_way`, with the name of the sheet in whose place they stand."""

    matrices: frozenset[str] = frozenset()
    interiors: frozenset[str] = frozenset()
    giving_way: Mapping[str, str] = field(default_factory=dict)


ALL_SEEN = Unseen()


def unseen_of(root: Stage, shapes: Mapping[str, Shape], scene: Scene, stars: Collection[str] = ()) -> Unseen:
    """What a description leaves out of the picture; `shapes` maps a stage's name to (rows, columns)."""
    stages = stages_of(root)
    way = (
        _giving_way(stages, shapes, {*stars, *_named(stages, scene)})
        if scene.layout.sums == "in place"
        else {}
    )
    given = {one.name for one in stages if hides(scene, one)}
    bare = {one.name for one in stages if one.has_interior and _is_bare(one, scene)}
    return Unseen(frozenset(given | set(way)), frozenset(bare if given or way else ()), way)


def hides(scene: Scene, stage: Stage) -> bool:
    """Whether a description leaves this matrix out of the picture because it is given."""
    return scene.animation.hide_inputs and not stage.operands


def _named(stages, scene):
    """The names of the matrices that a description shows or points at."""
    beats = () if isinstance(scene.beats, str) else scene.beats
    readout = (scene.readout,) if isinstance(scene.readout, str) else scene.readout
    told = [text for beat in beats for text in (beat.show, beat.spotlight, beat.present)]
    pointed = [scene.spotlight, scene.why, scene.look.highlight, scene.camera.subject]
    text = "\n".join([*pointed, *readout, *told])
    names = {name for one in stages for name in (one.name, one.of) if name}
    return {name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}


def _giving_way(stages, shapes, kept):
    """{a result: the sheet that it gives way to}: of the sheet's operands the only one that is made, and for
    it alone, if it has its shape or is taken over as it is. What has a name that is `kept` does not."""
    uses = Counter(operand.stage.name for one in stages for operand in one.operands)
    found = {}
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
            found[alike[0].name] = sheet.name
    return found


def _is_bare(stage, scene):
    """Whether a product is asked to have no interior."""
    options = stage.options(scene)
    return isinstance(options, ProductOptions) and options.interior is False
