"""What draws a stage, as data: hidden objects whose points carry its values, and inputs of node groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

VALUES = ""  # the part of a stage's points that carries its finished values


@dataclass(frozen=True)
class Points:
    """The hidden object with a stage's points, as the value of an input: those of its finished values, or of
    another `part` of it."""

    stage: str
    part: str = VALUES


Inputs = dict[str, bool | int | float | Points]  # of a node group, by name


@dataclass(frozen=True, eq=False)
class Stored:
    """Points that the file stores, one for each entry in row-major order: `values` (rows, columns), and which
    of them are there (None: all)."""

    part: str
    values: np.ndarray
    mask: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Computed:
    """Points that a node group makes of its `inputs`, and of the points of the object `of` where it is
    given."""

    part: str
    group: str
    inputs: Inputs = field(default_factory=dict)
    of: Points | None = None
    follows_sweep: bool = False  # whether its input `Sweep` is that of its stage


Hidden = Stored | Computed
