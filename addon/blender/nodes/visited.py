"""How far a sweep has visited a product."""

from typing import Any

from . import shared
from .formula import Group
from .shared_inputs import stride_inputs


@shared
def visit(g: Group) -> Any:
    """How far the sweep has visited a product: 0 before its step, 1 after it."""
    sweep = g.input("Sweep", float)
    step = 0
    for axis in "ijk":
        index = g.input(axis, int)
        stride, block = stride_inputs(g, axis, block=1).values()
        # An axis that is not swept adds the constant 0, which costs nothing, rather than a field.
        step = g.switch(stride > 0, (index % block) * stride, 0) + step
    g.output("Weight", float, g.clamp(sweep - step))
    g.output("Age", float, sweep - step - 1.0)
    return g.finish()
