"""Patches by their labels."""

import numpy as np
from matrix_cinema.attention.patches import crops, grid_of, places_of

LABELS = ("[CLS]", *(f"r{row}c{column}" for row in (0, 1) for column in (0, 1, 2)))


def test_the_grid_of_labels():
    assert places_of(LABELS)[:3] == [None, (0, 0), (0, 1)] and grid_of(LABELS) == (2, 3)
    assert grid_of(("the", "cat")) is None is grid_of(LABELS[:-1]) is grid_of(LABELS[::-1])


def test_crops_are_the_picture_s_parts():
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    found = crops(picture, LABELS, 2)
    assert not found[0].any() and (found[1:, :, :, 3] == 255).all()
    assert np.array_equal(found[6][..., :3], picture[2:4, 4:6])
    assert crops(picture, ("the",), 2) is None
