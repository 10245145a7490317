"""Signed values and probabilities have colours that nobody takes for each other, and that the ground is not.

Distances are in OKLab (Ottosson 2020), in which about 0.02 can just be told; colour-blind readers see as
Machado, Oliveira and Fernandes (2009) have it, at full severity.
"""

import numpy as np
import pytest
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
CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                  [0.2119034982, 0.6806995451, 0.1073969566],
                  [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
OKLAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                  [1.9779984951, -2.4285922050, 0.4505937099],
                  [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
CLEAR = {"all": 0.085}  # how far apart the families are at least, seen by all
DICHROMAT = 0.035  # and by those who lack one kind of cone
SIGNS = 0.05  # and how far the signs are, whoever looks
HALF, PROBABLE = 0.5, 0.3  # of the largest magnitude, and a probability, from where on they are
GROUND = 1.3  # contrast of the faintest element with the ground behind it
# mm's own colours are as they are: a probability is a positive value there.
OF_FAMILIES = [name for name in STYLES if name != "mm"]


def linear(colors):
    c = np.asarray(colors, float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen_by(colors, who):
    return np.cbrt(np.clip(linear(colors) @ np.transpose(SEEN[who]), 0, 1) @ CONES.T) @ OKLAB.T


def apart(one, other):
    return np.linalg.norm(one[:, None] - other[None], axis=2).min()


def brightness(colors):
    return linear(colors) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """That of WCAG 2, from 1 on."""
    one, other = np.broadcast_arrays(one, other)
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


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
    grounds = brightness(255 * np.array([style.background, style.backdrop]))
    signed, unsigned = color_map(style.signed_map), color_map(style.unsigned_map)
    for faint in (signed[128 + 13 : 129 + 13], signed[114:115], unsigned[13:14]):  # a tenth of the largest
        least = contrast(brightness(faint), grounds).min()
        assert least >= GROUND, (faint, least)
