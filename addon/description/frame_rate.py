"""Frames per second as Blender keeps them: a whole number, divided by a base."""

from fractions import Fraction

LEAST, MOST = 1, 240  # frames per second
_NEAR = 0.005  # 23.98 means 24000 / 1001, as 23.976 does


def frame_rate(rate: float) -> tuple[int, float]:
    """(fps, base) with fps / base = `rate` frames per second, from LEAST to MOST.

    Rates of broadcast (23.976, 29.97, 59.94, 119.88) are exactly 1000/1001 of a whole number, as SMPTE has
    them; any other is the nearest fraction with a denominator of up to 100.
    """
    whole = round(rate)
    if rate == whole:
        return whole, 1.0
    if whole % 6 == 0 and abs(rate - whole * 1000 / 1001) < _NEAR:
        return whole, 1.001
    fraction = Fraction(rate).limit_denominator(100)
    return fraction.numerator, float(fraction.denominator)
