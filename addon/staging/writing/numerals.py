"""Numbers written on the elements of small scenes: when, and with how many decimals.

One matrix has one number of decimals, so that its numbers line up and do not jump while they count.
"""

import numpy as np

FEW = 64  # matrix entries in the whole scene up to which numbers are written by themselves
FEW_PRODUCTS = 4096  # elements up to which row and column are joined to their products by themselves
LONGEST = 4  # characters of a compact number, without its sign


def shown(choice, count, few):
    """Whether something is drawn in a scene that has `count` of it: `choice` is "on", "off" or "auto"."""
    return choice == "on" or (choice == "auto" and count <= few)


def decimals(*matrices):
    """Decimals for the values of a matrix: 0 when all are whole, else as many as a compact number has
    room for, and no more than the values need."""
    values = np.concatenate([np.ravel(m) for m in matrices])
    whole = len(str(int(np.abs(values).max(initial=0.0))))
    room = max(0, LONGEST - 1 - whole)
    tolerance = 1e-6 * (np.abs(values).max(initial=0.0) or 1.0)
    for n in range(room):
        if np.abs(values - np.round(values, n)).max(initial=0.0) <= tolerance:
            return n
    return room
