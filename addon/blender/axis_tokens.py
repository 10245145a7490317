"""The titles of the axes of a built scene's matrices, and the tokens along them, as the file has them."""

import contextlib
from types import SimpleNamespace

import bpy

from ..attention.tokens import as_labels
from ..errors import InputError
from ..kinds.stage import Stage, stages_of
from ..kinds.values import Evaluation
from ..staging.writing.captions import axis_names_of, labels_of
from .stored import GivenText, given_texts


def axes_of(
    scene: bpy.types.Scene, evaluation: Evaluation, stage: Stage
) -> tuple[tuple[str, list[str]], tuple[str, list[str]]]:
    """(the title of the rows, the rows' tokens) of a stage, and the same of its columns; "" and [] if
    unknown."""
    said: dict[str, GivenText] = {}
    with contextlib.suppress(InputError):  # a file may say anything
        said = given_texts(scene)
    given = {one.name: said.get(one.of or one.name, GivenText()) for one in stages_of(evaluation.root)}
    p = SimpleNamespace(matrices=given, evaluation=evaluation)
    names = axis_names_of(p, stage)
    rows, columns = ([str(one) for one in own] for own in labels_of(p, stage))
    return (names[0], list(as_labels(rows))), (names[1], list(as_labels(columns)))
