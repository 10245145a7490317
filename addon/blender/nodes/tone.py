"""The tone of an element: its place in the colour map."""

from typing import Any

from . import shared
from .formula import Field, Group


@shared
def tone(g: Group) -> Any:
    """The place of a value in its colour map, 0 to 1: the value 0 is at `Zero`, the value `High` at 1."""
    value = g.input("Value", float)
    high = g.input("High", float, 1.0)
    zero = g.input("Zero", float, 0.5)
    g.output("Tone", float, g.clamp(zero + (1.0 - zero) * (value / high)))
    return g.finish()


def colored(g: Group, value: Field, High: Field, Zero: Field, Low: Field | None = None) -> Field:
    """The tone of `value`, by the group `tone`."""
    return g.call(tone(), Value=value, High=High, Zero=Zero)["Tone"]
