"""Patches of a picture that a model has cut up, by their labels of row and column, "r3c5"."""

import re
from collections.abc import Sequence

import numpy as np

_LABEL = re.compile(r"r([0-9]{1,4})c([0-9]{1,4})")


def places_of(labels: Sequence[str]) -> list[tuple[int, int] | None]:
    """(row, column) of the patch that each label names, None for others, such as that of a class token."""
    found = [_LABEL.fullmatch(label) for label in labels]
    return [(int(one[1]), int(one[2])) if one else None for one in found]


def grid_of(labels: Sequence[str]) -> tuple[int, int] | None:
    """(rows, columns) of the grid whose patches the labels are, all of them in order, or None."""
    places = [place for place in places_of(labels) if place]
    if not places:
        return None
    rows, columns = max(row for row, _ in places) + 1, max(column for _, column in places) + 1
    whole = [(row, column) for row in range(rows) for column in range(columns)]
    return (rows, columns) if places == whole else None


def crops(picture: np.ndarray, labels: Sequence[str], side: int) -> np.ndarray | None:
    """What of a picture [height, width, 3] each label names: uint8 [labels, side, side, 4], the nearest
    pixels; transparent where it names none. None where the labels are not those of a grid."""
    grid = grid_of(labels)
    if grid is None:
        return None
    height, width = picture.shape[:2]
    found = np.zeros((len(labels), side, side, 4), np.uint8)
    within = (np.arange(side) + 0.5) / side
    for n, place in enumerate(places_of(labels)):
        if place:
            rows = ((place[0] + within) * height / grid[0]).astype(int)
            columns = ((place[1] + within) * width / grid[1]).astype(int)
            found[n, :, :, :3], found[n, :, :, 3] = picture[np.ix_(rows, columns)], 255
    return found
