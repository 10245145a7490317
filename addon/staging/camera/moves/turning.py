"""What an orbit and a crane share: a rig that turns, and sees its subject all the way."""

from collections.abc import Sequence

import numpy as np

from ..clearance import clear
from ..framing import axes_at
from ..setup import Setup

ANGLES = np.radians(7.5)  # steps in which a turn is looked at
SPARE = 0.004  # of the frame, for what happens between these


def turning(s: Setup, angles: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The pose of a rig at the first of some angles, and its shift, from which the subject is seen at
    all of them as the target turns."""
    middle = s.chosen.middle
    seen = np.concatenate([s.chosen.seen(axes_at(*a)) - middle @ np.stack(axes_at(*a)).T for a in angles])
    seen = seen.reshape(1, -1, 3)  # what turns has one outline
    reach, centre = clear(seen, s.optics, s.margins + SPARE, s.written)
    return np.array([*middle, *angles[0], reach]), centre
