"""What the axes of given matrices are called and the tokens along them, kept in a built scene."""

import json
from types import SimpleNamespace
from typing import Any

import bpy

from ..attention.tokens import told_apart
from ..kinds.stage import Stage
from ..kinds.values import Evaluation
from ..staging.plan import Plan
from ..staging.writing.captions import axis_names_of, labels_of
from . import tags

FIELDS = ("row_axis", "column_axis", "row_labels", "column_labels")


def write_tokens(p: Plan, target: bpy.types.Scene) -> None:
    """Keep them in the scene, of each given matrix that has any."""
    said = {name: [getattr(one, field) for field in FIELDS] for name, one in p.matrices.items()}
    target[tags.TOKENS] = json.dumps({name: own for name, own in said.items() if any(own)})


def read_tokens(scene: bpy.types.Scene) -> dict[str, dict[str, Any]]:
    """By the name of a given matrix what `FIELDS` says of it; {} of a scene that says nothing readable."""
    try:
        said = json.loads(scene.get(tags.TOKENS, "{}"))
        return {name: dict(zip(FIELDS, own, strict=True)) for name, own in said.items()}
    except (TypeError, ValueError, AttributeError):
        return {}


def axes_of(
    scene: bpy.types.Scene, evaluation: Evaluation, stage: Stage
) -> tuple[tuple[str, list[str]], tuple[str, list[str]]]:
    """(what a row is, the rows' tokens) and the same of the columns of a stage; "" and [] where unknown."""
    nothing, said = dict(zip(FIELDS, ("", "", (), ()), strict=True)), read_tokens(scene)
    leaves = {name: SimpleNamespace(**said.get(name, nothing)) for name in evaluation.results}
    p = SimpleNamespace(matrices=leaves, evaluation=evaluation)
    names = axis_names_of(p, stage)
    rows, columns = ([str(one) for one in own] for own in labels_of(p, stage))
    return (names[0], list(told_apart(rows))), (names[1], list(told_apart(columns)))
