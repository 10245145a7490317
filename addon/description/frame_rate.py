"""Frame rates as Blender stores them: a whole number of frames (fps), divided by a base."""

import re
from fractions import Fraction

from ..errors import InputError

LEAST_RATE, MOST_RATE = 1, 240  # frames per second
_NEAR = 0.005  # 23.98 means 24000/1001, and so does 23.976
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,12})?)(?:\s*/\s*([0-9]{1,6}))?")


def frame_rate(rate: float) -> tuple[int, float]:
    """(fps, base) with fps / base = `rate` frames per second, from LEAST_RATE to MOST_RATE.

    The rates of broadcast (23.976, 29.97, 59.94, 119.88) become exactly 1000/1001 of a whole number, as SMPTE
    defines them. Any other rate becomes the nearest fraction with a denominator of at most 100.
    """
    whole = round(rate)
    if rate == whole:
        return whole, 1.0
    if whole % 6 == 0 and abs(rate - whole * 1000 / 1001) < _NEAR:
        return whole, 1.001
    fraction = Fraction(rate).limit_denominator(100)
    return fraction.numerator, float(fraction.denominator)


def rate_of(text: str) -> float:
    """The frames per second that a text such as "24", "23.976" or "24000/1001" means. Raises InputError."""
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) / float(found[2] or 1) if found and float(found[2] or 1) else 0.0
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise InputError(
            f'"{text[:40]}" is not a number of frames per second from {LEAST_RATE} to {MOST_RATE}, '
            "such as 24, 23.976 or 24000/1001"
        )
    return rate


def rate_text(rate: float) -> str:
    """The exact text of a rate: "24", "24000/1001"."""
    fps, base = frame_rate(rate)
    return str(Fraction(fps) / Fraction(base).limit_denominator(1000))
