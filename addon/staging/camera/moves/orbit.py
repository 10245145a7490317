"""The camera goes round its subject."""

import numpy as np

from ..setup import Setup
from ..shot import Key, Shot, held
from .turning import ANGLES, turning


def orbit(s: Setup) -> Shot:
    """Round the subject, at a distance from which all of it is visible all the time."""
    tilt, turn = s.angles
    turns = 2 * np.pi * s.options.turns
    whole = s.options.turns == round(s.options.turns)
    # A film of whole turns is a loop: the first frame follows its last.
    last = s.last + 1.0 if whole else s.last
    count = int(np.ceil(min(abs(turns), 2 * np.pi) / ANGLES)) + 1
    sweep = np.sign(turns) * min(abs(turns), 2 * np.pi)
    angles = [(tilt, turn + a) for a in np.linspace(0.0, sweep, count)]
    start, shift = turning(s, angles)
    end = start.copy()
    end[4] += turns
    if last == s.first or turns == 0.0:
        return s.shot([held(start)], shift)
    slope = (end - start) / (last - s.first) if whole else np.zeros(6)
    return s.shot([Key(s.first, start, slope), Key(last, end, slope)], shift)
