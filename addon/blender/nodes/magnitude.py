"""The magnitude of an element, from which its size is made."""

from typing import Any

from . import shared
from .formula import Field, Group


@shared
def magnitude(g: Group) -> Any:
    """Where |value| lies in its range: 0 at `Low`, 1 at `High`. (`elements` makes the size of it.)"""
    value = g.input("Value", float)
    low = g.input("Low", float)
    high = g.input("High", float, 1.0)
    g.output("Magnitude", float, g.clamp((g.absolute(value) - low) / (high - low)))
    return g.finish()


def sized(g: Group, value: Field, Low: Field, High: Field, Zero: Field | None = None) -> Field:
    """The magnitude of `value`, by the group `magnitude`."""
    return g.call(magnitude(), Value=value, Low=Low, High=High)["Magnitude"]
