"""Patches of a picture that a model has cut up. The label of a patch has its row and column from 0:
"r3c5"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LABEL = re.compile(r"r([0-9]{1,4})c([0-9]{1,4})")


@dataclass(frozen=True, eq=False)
class CutPicture:
    """A picture that a model saw: `pixels`, uint8 [height, width, 3], and its `grid` of patches, (rows,
    columns)."""

    pixels: np.ndarray
    grid: tuple[int, int]

    def regions(self, labels: Sequence[str]) -> np.ndarray:
        """(left, bottom, right, top) of the patch of each label, 0 to 1 from the picture's lower left corner:
        (n, 4). NaN for a label that names no patch."""
        rows, columns = self.grid
        regions = np.full((len(labels), 4), np.nan)
        for n, place in enumerate(places_of(labels)):
            if place and place[0] < rows and place[1] < columns:
                row, column = place
                regions[n] = column / columns, 1 - (row + 1) / rows, (column + 1) / columns, 1 - row / rows
        return regions


def cut_picture(pixels: np.ndarray | None, labels: Sequence[str]) -> CutPicture | None:
    """The picture as these labels cut it; None where there is no picture, or the labels are not those of a
    grid."""
    grid = grid_of(labels)
    return None if pixels is None or grid is None else CutPicture(pixels, grid)


def places_of(labels: Sequence[str]) -> list[tuple[int, int] | None]:
    """(row, column) of the patch of each label; None for a label that names no patch, as that of a class
    token."""
    matches = map(_LABEL.fullmatch, labels)
    return [(int(match[1]), int(match[2])) if match else None for match in matches]


def grid_of(labels: Sequence[str]) -> tuple[int, int] | None:
    """(rows, columns) of a grid, if the labels name all of its patches in order; else None."""
    places = [place for place in places_of(labels) if place]
    if not places:
        return None
    rows, columns = max(row for row, _ in places) + 1, max(column for _, column in places) + 1
    whole = [(row, column) for row in range(rows) for column in range(columns)]
    return (rows, columns) if places == whole else None


def crops(picture: np.ndarray, labels: Sequence[str], side: int) -> np.ndarray | None:
    """The patches of a picture, uint8 [height, width, 3], that the labels name: uint8 [labels, side, side,
    4], of the nearest pixels; transparent for a label that names no patch. None where the labels are not
    those of a grid."""
    grid = grid_of(labels)
    if grid is None:
        return None
    height, width = picture.shape[:2]
    cut = np.zeros((len(labels), side, side, 4), np.uint8)
    within = (np.arange(side) + 0.5) / side
    for n, place in enumerate(places_of(labels)):
        if place:
            rows = ((place[0] + within) * height / grid[0]).astype(int)
            columns = ((place[1] + within) * width / grid[1]).astype(int)
            cut[n, :, :, :3], cut[n, :, :, 3] = picture[np.ix_(rows, columns)], 255
    return cut
