"""The camera rises to its view, or sinks to it."""

import numpy as np

from ..setup import Setup
from ..shot import Shot, held
from .turning import ANGLES, turning

LOWER = np.radians(28.0)  # how far from its view a crane begins
LOWEST = np.radians(3.0)  # above the ground


def crane(s: Setup) -> Shot:
    """Up to the view, or down to a low view, with the subject in the picture all the time."""
    tilt, turn = s.angles
    height = np.pi / 2 - tilt
    if height < 0.0:
        begin = height + LOWER
    elif max(LOWEST, height - LOWER) < height - 0.5 * LOWER:
        begin = max(LOWEST, height - LOWER)
    else:
        begin = height + LOWER
    count = int(np.ceil(abs(height - begin) / ANGLES)) + 1
    angles = [(np.pi / 2 - h, turn) for h in np.linspace(begin, height, count)]
    start, shift = turning(s, angles)
    end = start.copy()
    end[3] = tilt
    return s.shot([held(start, s.first), held(end, s.last)], shift)
