"""The camera stands still."""

import numpy as np

from ..setup import Setup
from ..shot import Shot, held
from ..views import INSIDE, inside_view


def still(s: Setup) -> Shot:
    if s.options.view in INSIDE:
        return s.shot([held(inside_pose(s))])
    return s.shot([held(s.framed(s.chosen))])


def inside_pose(s: Setup, retreat: float = 1.0) -> np.ndarray:
    """The pose of a camera inside a product. Its target is on the face that it looks at."""
    view = inside_view(s.p, s.optics, retreat)
    face = inside_view(s.p, s.optics, 0.0).position
    return np.array([*face, *s.angles, (face - view.position) @ view.forward])
