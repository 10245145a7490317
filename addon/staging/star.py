"""The star of a scene: the matrix that its picture is about. If the scene names none, it is the last result
of a softmax."""

from collections.abc import Collection

import numpy as np

from ..errors import InputError, nearest
from ..kinds.stage import Stage, roots_of, stages_of
from .camera.seen_planes import spread_over
from .camera.views import names_of
from .layout.arrangement import Arrangement
from .scales import is_probability

NO_STAR = "none"  # what a scene says in place of a name


def star_of(root: Stage, wanted: str) -> str:
    """The name of the star among the stages under `root`; "" for no star.

    `wanted` is the scene's `star`: a name; several names, as in "before; after", of which the last one is the
    star; NO_STAR; or "" for the last result of a softmax. Raises InputError for a name that no stage has.
    """
    if wanted == NO_STAR:
        return ""
    stages = stages_of(root)
    names = names_of(stages)
    if wanted:
        for name in _several(wanted):
            if name not in names:
                raise InputError(f'star: nothing is named "{name}"; {nearest(name, names, "names")}')
        return _several(wanted)[-1]
    softmaxes = [stage for stage in stages if stage.operands and is_probability(stage)]
    return (softmaxes[-1].of or softmaxes[-1].name) if softmaxes else ""


def stars_of(root: Stage, wanted: str) -> frozenset[str]:
    """The names of all stars under `root`: those that are `wanted`, or else one for each result. Raises
    InputError for a name that no stage has."""
    if wanted:
        return frozenset(_several(wanted)) - {NO_STAR}
    return frozenset(star_of(result, "") for result in roots_of(root)) - {""}


def _several(wanted):
    """The names in a list of them, such as "before; after"."""
    return [name.strip() for name in wanted.split(";")]


def is_among(stage: Stage, stars: Collection[str]) -> bool:
    """Whether a matrix, or the stack that it is of, is one of these stars."""
    return stage.name in stars or stage.of in stars


def before_star(made: Arrangement, stars: Collection[str], direction: np.ndarray) -> frozenset[str]:
    """The names of the products whose cuboids stand between a star and a camera in this direction (3,)."""
    points = [spread_over(plane) for plane in made.seen if is_among(plane.stage, stars)]
    if not points:
        return frozenset()
    points, names = np.concatenate(points), set()
    along = np.where(np.abs(direction) < 1e-9, 1e-9, direction)
    for cuboid in made.cuboids:
        # How far along the line of sight from each point the line enters the box of the cuboid and leaves it.
        corners = cuboid.corners()
        to_sides = (np.stack([corners.min(axis=0), corners.max(axis=0)])[:, None] - points) / along
        enters, leaves = to_sides.min(axis=0).max(axis=1), to_sides.max(axis=0).min(axis=1)
        if ((leaves > np.maximum(enters, 0.0)) & (leaves > 1e-6)).any():
            names.add(cuboid.stage.name)
    return frozenset(names)
