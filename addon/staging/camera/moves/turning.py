"""The part that orbit and crane share: a rig that turns, and sees its subject all the time."""

from collections.abc import Sequence

import numpy as np

from ..clearance import clear
from ..framing import axes_at
from ..setup import Setup

ANGLES = np.radians(7.5)  # steps in which a turn is checked
SPARE = 0.004  # of the frame, as a margin for what happens between the steps


def turning(s: Setup, angles: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """(pose of a rig at the first of some angles, its shift) with which the subject is visible at all these
    angles while the target turns."""
    middle = s.chosen.middle
    seen = np.concatenate([s.chosen.seen(axes_at(*a)) - middle @ np.stack(axes_at(*a)).T for a in angles])
    seen = seen.reshape(1, -1, 3)  # the turning points count as one outline
    reach, centre = clear(seen, s.optics, s.margins + SPARE, s.written)
    return np.array([*middle, *angles[0], reach]), centre
