"""Frames per second in Blender's two numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.description.frame_rate import LEAST, MOST, frame_rate


@pytest.mark.parametrize(
    "rate, fps, base",
    [
        (24, 24, 1.0),
        (25.0, 25, 1.0),
        (23.976, 24, 1.001),
        (23.98, 24, 1.001),
        (24000 / 1001, 24, 1.001),
        (29.97, 30, 1.001),
        (59.94, 60, 1.001),
        (119.88, 120, 1.001),
        (12.5, 25, 2.0),
        (23.9, 239, 10.0),
    ],
)
def test_known_rates(rate, fps, base):
    assert frame_rate(rate) == (fps, base)


@given(st.floats(LEAST, MOST))
def test_any_rate_is_met_to_a_two_hundredth(rate):
    fps, base = frame_rate(rate)
    assert 1 <= fps <= 32767 and abs(fps / base - rate) <= 0.005  # 32767: the most that Blender takes
