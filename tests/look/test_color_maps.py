"""Colour maps are whole tables that say what they are for, and styles use each for what it is for."""

import dataclasses
import re

import numpy as np
import pytest
from colors import linear, luminance
from matrix_cinema.errors import InputError
from matrix_cinema.look.color_maps import color_map, color_maps, zero_of
from matrix_cinema.look.styles import STYLES, style

UNIFORM = [name for name in color_maps() if not name.startswith("mm")]  # mm's own colours are as they are


def lightness(table):
    """CIE L* of sRGB colours (n, 3), 0 to 100 (IEC 61966-2-1, CIE 15)."""
    y = luminance(linear(table / 255.0))
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def chroma(color):
    return float(np.ptp(color.astype(float)))


@pytest.mark.parametrize("name", color_maps())
def test_a_map_is_256_colours_with_a_use_and_a_credit(name):
    entry = color_maps()[name]
    assert all(re.fullmatch("[0-9a-f ]+", row) for row in entry["colors"])
    assert color_map(name).shape == (256, 3) and color_map(name).dtype == np.uint8
    assert entry["use"] in ("signed", "unsigned") and len(entry["credit"]) > 10
    assert zero_of(name) == {"signed": 0.5, "unsigned": 0.0}[entry["use"]]
    steps = np.abs(np.diff(color_map(name).astype(int), axis=0)).max(axis=1)
    assert steps.max() <= 24 or name not in UNIFORM  # no seams


@pytest.mark.parametrize("name", [n for n in UNIFORM if color_maps()[n]["use"] == "unsigned"])
def test_an_unsigned_map_gets_lighter_or_darker_all_the_way(name):
    steps = np.diff(lightness(color_map(name)))
    assert abs(lightness(color_map(name))[[0, -1]] @ [-1, 1]) > 40
    assert (steps * np.sign(steps.sum()) > -0.25).all()  # but for rounding to 8 bits


@pytest.mark.parametrize("name", [n for n in UNIFORM if color_maps()[n]["use"] == "signed"])
def test_a_signed_map_has_a_neutral_zero_and_two_sides_that_differ(name):
    table = color_map(name)
    light = lightness(table)
    middle = 0.5 * (light[127] + light[128])
    assert np.sign(light[0] - middle) == np.sign(light[255] - middle)  # zero is the darkest or the lightest
    assert min(abs(light[0] - middle), abs(light[255] - middle)) > 20
    assert abs(light[0] - light[255]) < 15  # neither sign looks larger
    assert max(chroma(table[127]), chroma(table[128])) < 0.45 * min(chroma(table[30]), chroma(table[225]))
    red, _, blue = (table[225].astype(int) - table[30]).tolist()
    assert abs(red) > 60 and abs(blue) > 60 and np.sign(red) != np.sign(blue)  # warm against cold


@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_coherent(name):
    chosen = style(name)
    assert color_maps()[chosen.signed_map]["use"] == "signed"
    assert color_maps()[chosen.unsigned_map]["use"] == "unsigned"
    assert None not in dataclasses.astuple(chosen)
    for key in ("background", "backdrop", "ground_color", "text"):
        assert len(getattr(chosen, key)) == 3 and all(0 <= x <= 1 for x in getattr(chosen, key))
    for behind in (chosen.background, chosen.backdrop):
        back, text = (lightness(255 * np.array([color]))[0] for color in (behind, chosen.text))
        assert abs(back - text) > 60  # type can be read
    if chosen.flat:  # nothing may change a colour
        assert (chosen.view_transform, chosen.contrast, chosen.exposure) == ("Standard", "none", 0.0)
        assert chosen.ground == "none" and chosen.backdrop == chosen.background
    zero = color_map(chosen.signed_map)[127:129].mean(axis=0)
    assert len(chosen.about) > 10 and np.isfinite(zero).all()
    assert dataclasses.asdict(chosen)["shape"] in ("cube", "sphere")


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(InputError, match='look: unknown colour map "virids"; did you mean "viridis"'):
        color_map("virids", "look")
    with pytest.raises(InputError, match='look: style: unknown style "papr"; did you mean "paper"'):
        style("papr")
