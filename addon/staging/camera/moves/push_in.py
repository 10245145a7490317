"""The camera comes nearer to its subject."""

import numpy as np

from ..setup import Setup
from ..shot import Phase, Shot, frames_between, held, pose_at
from ..views import INSIDE, parts_of
from .still import inside_pose

PULL_BACK = 1.5  # the distance at the start, in distances at the end


def push_in(s: Setup) -> Shot:
    """Towards the subject: from a view of everything if a subject is chosen, else from a little further
    away."""
    if s.options.view in INSIDE:
        return s.shot([held(inside_pose(s), s.first), held(inside_pose(s, 1 / PULL_BACK), s.last)])
    end = s.framed(s.chosen)
    if s.options.subject:
        start = s.framed(s.bare(parts_of(s.p.arrangement)), s.roomy)
        keys = [held(start, s.first), held(end, s.last)]
        # Labels change where those for one end are too large by as much as those for the other are too small.
        frames = frames_between(s.first, s.last + 1.0)
        nearer = np.array([pose_at(keys, frame)[5] for frame in frames]) ** 2 <= start[5] * end[5]
        change = float(frames[nearer.argmax()])
        return s.shot(keys, phases=(Phase(1.0, change, s.first), s.ending(change)))
    # The middle of the subject stays at its place in the picture.
    start, middle = end.copy(), s.chosen.middle
    start[5] *= PULL_BACK
    start[:3] = middle + (end[:3] - middle) * PULL_BACK
    return s.shot([held(start, s.first), held(end, s.last)])
