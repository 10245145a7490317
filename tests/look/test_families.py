"""Signed values and probabilities have colours that nobody takes for each other, and that the ground is not.

Distances are in OKLab (Ottosson 2020), in which about 0.02 can just be told; colour-blind readers see as
Machado, Oliveira and Fernandes (2009) have it, at full severity.
"""

import numpy as np
import pytest
from colors import contrast, linear, luminance, oklab
from matrix_cinema.look.color_maps import color_map
from matrix_cinema.look.styles import STYLES

SEEN = {
    "all": np.eye(3),
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopes": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
CLEAR = {"all": 0.085}  # how far apart the families are at least, seen by all
DICHROMAT = 0.035  # and by those who lack one kind of cone
SIGNS = 0.05  # and how far the signs are, whoever looks
HALF, PROBABLE = 0.5, 0.3  # of the largest magnitude, and a probability, from where on they are
GROUND = 1.3  # contrast of the faintest element with the ground behind it
# mm's own colours are as they are: a probability is a positive value there.
OF_FAMILIES = [name for name in STYLES if name != "mm"]


def seen_by(colors, who):
    return oklab(np.clip(linear(colors / 255) @ np.transpose(SEEN[who]), 0, 1))


def apart(one, other):
    return np.linalg.norm(one[:, None] - other[None], axis=2).min()


@pytest.mark.parametrize("who", SEEN)
@pytest.mark.parametrize("name", OF_FAMILIES)
def test_signed_values_and_probabilities_are_told_apart(name, who):
    signed, unsigned = (color_map(one) for one in (STYLES[name].signed_map, STYLES[name].unsigned_map))
    magnitude, probability = np.abs(np.linspace(-1, 1, 256)), np.linspace(0, 1, 256)
    strong = seen_by(signed[magnitude >= HALF], who)
    probable = seen_by(unsigned[probability >= PROBABLE], who)
    assert apart(strong, probable) >= CLEAR.get(who, DICHROMAT)
    negative, positive = np.split(strong, 2)
    assert apart(negative, positive) >= SIGNS


@pytest.mark.parametrize("name", STYLES)
def test_the_faintest_element_is_not_the_grounds_colour(name):
    style = STYLES[name]
    grounds = luminance(linear([style.background, style.backdrop]))
    signed, unsigned = color_map(style.signed_map), color_map(style.unsigned_map)
    for faint in (signed[128 + 13 : 129 + 13], signed[114:115], unsigned[13:14]):  # a tenth of the largest
        least = contrast(luminance(linear(faint / 255)), grounds).min()
        assert least >= GROUND, (faint, least)
