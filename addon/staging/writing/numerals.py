"""Numbers written on the elements of small scenes: when, and how.

One matrix has one number of decimals and one power of ten, so that its numbers line up and do not jump
while they count.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

FEW = 64  # the most matrix entries of a scene that gets numbers by default
FEW_PRODUCTS = 4096  # the most elements of a scene that gets beams by default
COMPACT = 4  # characters of a compact number, without its sign
MOST_OF_A_WEIGHT, LOST_OF_A_ROW = 3, 0.005  # decimals of a weight; what a rounded row may lack of its sum
PLAIN_MAGNITUDES = (1e-3, 1e6)  # magnitudes that are written without a power of ten, the second no more
MOST_POWER = 37  # of ten, whose reciprocal is a normal number in single precision, too


def shown(choice: str, count: int, few: int) -> bool:
    """Whether something is drawn. `choice` is "on", "off" or "auto": only if the `count` is at most `few`."""
    return choice == "on" or (choice == "auto" and count <= few)


@dataclass(frozen=True)
class Notation:
    """How the numbers of one matrix are written: 2.5e−5 has 1 of `decimals`, and the `exponent` -5. The
    longest has so many `characters`; all numbers of the matrix are as small as it has to be. A positive
    number that rounds to 0 is written as the text `small`, if there is one."""

    decimals: int
    exponent: int = 0
    characters: int = 1
    small: str = ""

    @property
    def ending(self) -> str:
        return f"e{self.exponent}".replace("-", "−") if self.exponent else ""


def notation(*matrices: np.ndarray) -> Notation:
    """The Notation in which the largest of these values has at least two digits, so that values can be told
    apart. It has no more decimals than the values need; none if all are whole."""
    values = np.concatenate([np.ravel(m) for m in matrices])
    largest = np.abs(values).max(initial=0.0)
    if not largest:
        return Notation(0)
    power = math.floor(math.log10(largest))
    exponent = (
        0
        if PLAIN_MAGNITUDES[0] <= largest < PLAIN_MAGNITUDES[1]
        else max(-MOST_POWER, min(power, MOST_POWER))
    )
    values, largest, power = values * 10.0**-exponent, largest * 10.0**-exponent, power - exponent
    room = COMPACT - 1 - len(str(int(largest))) if not exponent else 0
    most = max(0, room, 1 - power)
    exact = (n for n in range(most) if np.abs(values - np.round(values, n)).max() <= 1e-6 * largest)
    found = Notation(next(exact, most), exponent)
    return replace(found, characters=_longest(values, found))


def notation_of_weights(weights: np.ndarray, *others: np.ndarray) -> Notation:
    """The Notation of probabilities, with others that the same matrix has before. As they are written, the
    weights of each row add up to what they are, and none that is there looks like 0."""
    found = notation(weights, *others)
    if found.exponent:
        return found
    decimals = found.decimals
    while decimals < MOST_OF_A_WEIGHT and _lost(weights, decimals) > LOST_OF_A_ROW:
        decimals += 1
    rounded = np.round(weights, decimals)
    is_small = bool(((weights > 0.0) & (rounded == 0.0)).any())
    found = replace(found, decimals=decimals, small=f"<{10.0**-decimals:.{decimals}f}".replace("0.", "."))
    found = found if is_small else replace(found, small="")
    longest = (_longest(one, found) for one in (weights, *others))
    return replace(found, characters=max(*longest, len(found.small)))


def _lost(weights, decimals):
    """How far the sum of a row is off, at most, if its weights are rounded."""
    return np.abs((np.round(weights, decimals) - weights).sum(axis=1)).max(initial=0.0)


def _longest(values: np.ndarray, written: Notation) -> int:
    """The characters of the longest of these values, whole ones without decimals."""
    values = np.round(values, written.decimals) + 0.0
    digits = np.floor(np.log10(np.maximum(np.abs(values), 1.0))).astype(int) + 1
    fraction = np.where(values == np.round(values), 0, 1 + written.decimals)
    ending = np.where(values == 0.0, 0, len(written.ending))
    return int((digits + (values < 0.0) + fraction + ending).max())


def alike(numbers: Sequence[float] | np.ndarray) -> list[str]:
    """These numbers, with signs, with the decimals of the first, which has three significant digits: +3.45,
    −2.40."""
    largest = abs(numbers[0])
    if not PLAIN_MAGNITUDES[0] <= largest < PLAIN_MAGNITUDES[1]:
        return [("+" if x > 0 else "") + number(float(x)) for x in numbers]
    decimals = max(0, 2 - math.floor(math.log10(largest)))
    return [("+" if x > 0 else "") + f"{x:.{decimals}f}".replace("-", "−") for x in numbers]


def number(x: float) -> str:
    """Three significant digits, with a true minus sign: 0.0125, −12300, 2.5e−5."""
    rounded = round(x, 2 - math.floor(math.log10(abs(x)))) if x else 0.0
    return re.sub(r"e([+-])0*", r"e\1", f"{rounded:.6g}").replace("+", "").replace("-", "−")
