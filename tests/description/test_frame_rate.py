"""Frames per second in Blender's two numbers."""

import tomllib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.description.frame_rate import LEAST_RATE, MOST_RATE, frame_rate, rate_of, rate_text
from matrix_cinema.description.scene import Scene, from_dict, from_json, to_json, to_toml
from matrix_cinema.errors import InputError


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


@given(st.floats(LEAST_RATE, MOST_RATE))
def test_any_rate_is_met_to_a_two_hundredth(rate):
    fps, base = frame_rate(rate)
    assert 1 <= fps <= 32767 and abs(fps / base - rate) <= 0.005  # 32767: the most that Blender takes


@pytest.mark.parametrize(
    "text", ["24000/1001", "23.976", "23.98", "24", " 30000 / 1001", "59.94", "25/2", "240"]
)
def test_a_scene_says_its_rate_as_a_number_or_a_text(text):
    scene = from_dict(Scene, {"render": {"fps": text}}, "test")
    exact = Fraction(rate_text(rate_of(text)))
    assert abs(Fraction(scene.render.rate) - exact) < 1e-9
    if "/" not in text:
        assert from_dict(Scene, {"render": {"fps": float(text)}}, "test") == scene
    again = from_json(to_json(scene)), from_dict(Scene, tomllib.loads(to_toml(scene)), "test")
    assert all(one.render.rate == scene.render.rate for one in again)


@pytest.mark.parametrize(
    "text, written",
    [
        ("23.976", "24000/1001"),
        ("29.97", "30000/1001"),
        ("59.94", "60000/1001"),
        ("25", "25"),
        ("12.5", "25/2"),
    ],
)
def test_a_rate_is_written_exactly(text, written):
    assert rate_text(rate_of(text)) == written and rate_text(rate_of(written)) == written


@pytest.mark.parametrize(
    "text",
    ["", "0", "241", "24/0", "24000/0000", "-24", "1e2", "nan", "inf", "24,5", "24/1/1", "9" * 5000, "0.5"],
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(InputError, match="test: render: fps: .* from 1 to 240, such as 24, 23.976 or"):
        from_dict(Scene, {"render": {"fps": text}}, "test")
