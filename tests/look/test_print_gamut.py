"""What four inks reach: greys and muted colours, not the corners of a screen's."""

import numpy as np
import pytest
from matrix_cinema.look.print_gamut import SEEN_DIFFERENCE, beyond_print, lab, unprintable


def test_lab_is_that_of_the_standard():
    white, red = lab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    assert white == pytest.approx([100, 0, 0], abs=0.05)
    assert red == pytest.approx([54.29, 80.81, 69.89], abs=0.1)  # sRGB red, relative to D50


def test_greys_and_muted_colours_are_printed_and_a_screen_s_corners_are_not():
    greys = np.repeat(np.linspace(0, 1, 9)[:, None], 3, axis=1)
    muted = np.array([[0.2, 0.4, 0.6], [0.8, 0.3, 0.3], [0.5, 0.6, 0.4]])
    corners = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert beyond_print(greys).max() < 1 and beyond_print(muted).max() <= SEEN_DIFFERENCE
    assert beyond_print(corners).min() > 2 * SEEN_DIFFERENCE
    assert unprintable(np.concatenate([greys, muted, corners])) == 4
