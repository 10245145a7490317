"""Which colour an element has."""

from typing import Any

from . import shared
from .formula import Field, Group


@shared
def tone(g: Group) -> Any:
    """Where a value lies in its colour map, 0 to 1: `Zero` at 0, 1 at `High`."""
    value = g.input("Value", float)
    high = g.input("High", float, 1.0)
    zero = g.input("Zero", float, 0.5)
    g.output("Tone", float, g.clamp(zero + (1.0 - zero) * (value / high)))
    return g.finish()


def colored(g: Group, value: Field, High: Field, Zero: Field, Low: Field | None = None) -> Field:
    """The place of `value` in the colour map of these inputs."""
    return g.call(tone(), Value=value, High=High, Zero=Zero)["Tone"]
