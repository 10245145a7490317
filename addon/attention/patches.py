"""Patches of a picture that a model has cut up, by their labels of row and column, "r3c5"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LABEL = re.compile(r"r([0-9]{1,4})c([0-9]{1,4})")


@dataclass(frozen=True, eq=False)
class CutPicture:
    """What a model saw, uint8 [height, width, 3], and the (rows, columns) of patches that it made of it."""

    pixels: np.ndarray
    grid: tuple[int, int]

    def regions(self, labels: Sequence[str]) -> np.ndarray:
        """(left, bottom, right, top) of the patch that each label names, in parts of the picture from its
        lower left corner: (n, 4), NaN where it names none."""
        rows, columns = self.grid
        found = np.full((len(labels), 4), np.nan)
        for n, place in enumerate(places_of(labels)):
            if place and place[0] < rows and place[1] < columns:
                row, column = place
                found[n] = column / columns, 1 - (row + 1) / rows, (column + 1) / columns, 1 - row / rows
        return found


def cut_picture(pixels: np.ndarray | None, labels: Sequence[str]) -> CutPicture | None:
    """The picture as these labels cut it; None where there is none, or they are not those of a grid."""
    grid = grid_of(labels)
    return None if pixels is None or grid is None else CutPicture(pixels, grid)


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
