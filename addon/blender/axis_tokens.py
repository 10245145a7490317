"""The titles of the axes of a built scene's matrices, and the tokens along them, as the file has them."""

from types import SimpleNamespace
from typing import Any

import bpy

from ..attention.tokens import as_labels
from ..kinds.stage import Stage, stages_of
from ..kinds.values import Evaluation
from ..staging.writing.captions import axis_names_of, labels_of
from . import tags

UNSAID: dict[str, Any] = {"row_axis": "", "column_axis": "", "row_labels": (), "column_labels": ()}


def _given(scene):
    """What the scene says of each given matrix, by name; {} if it says nothing readable."""
    said = tags.told(scene, tags.GIVEN, {})
    return {name: UNSAID | one for name, one in said.items() if isinstance(one, dict)}


def axes_of(
    scene: bpy.types.Scene, evaluation: Evaluation, stage: Stage
) -> tuple[tuple[str, list[str]], tuple[str, list[str]]]:
    """(the title of the rows, the rows' tokens) of a stage, and the same of its columns; "" and [] if
    unknown."""
    said = _given(scene)
    own = {one.name: said.get(one.of or one.name, UNSAID) for one in stages_of(evaluation.root)}
    leaves = {name: SimpleNamespace(**one) for name, one in own.items()}
    p = SimpleNamespace(matrices=leaves, evaluation=evaluation)
    names = axis_names_of(p, stage)
    rows, columns = ([str(one) for one in own] for own in labels_of(p, stage))
    return (names[0], list(as_labels(rows))), (names[1], list(as_labels(columns)))
