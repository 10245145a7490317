"""How a stage is drawn, as data: hidden objects whose points carry its values, and the inputs of node
groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

VALUES = ""  # the part of a stage's points that carries its finished values


@dataclass(frozen=True)
class Points:
    """A hidden object with points of a stage, as the value of an input: its finished values, or another
    `part`."""

    stage: str
    part: str = VALUES


Inputs = dict[str, bool | int | float | Points]  # of a node group, by name


@dataclass(frozen=True, eq=False)
class Stored:
    """Points that the file stores: one for each of the `values` (rows, columns), in row-major order. `mask`
    is True where an entry exists; None where all do."""

    part: str
    values: np.ndarray
    mask: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Computed:
    """Points that a node group makes of its `inputs` and, where `of` is given, of the points of that
    object."""

    part: str
    group: str
    inputs: Inputs = field(default_factory=dict)
    of: Points | None = None
    follows_sweep: bool = False  # whether its input `Sweep` follows that of its stage


Hidden = Stored | Computed
