"""How large an element is."""

from typing import Any

from . import shared
from .formula import Field, Group


@shared
def magnitude(g: Group) -> Any:
    """Where |value| lies in its range: 0 at `Low`, 1 at `High`; the size law is applied later."""
    value = g.input("Value", float)
    low = g.input("Low", float)
    high = g.input("High", float, 1.0)
    g.output("Magnitude", float, g.clamp((g.absolute(value) - low) / (high - low)))
    return g.finish()


def sized(g: Group, value: Field, Low: Field, High: Field, Zero: Field | None = None) -> Field:
    """Where the magnitude of `value` lies in the range of these inputs."""
    return g.call(magnitude(), Value=value, Low=Low, High=High)["Magnitude"]
