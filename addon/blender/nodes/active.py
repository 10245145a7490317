"""Which entries of an argument are in use."""

from typing import Any

from . import shared
from .formula import Field, Group
from .shared_inputs import stride_inputs


@shared
def active(g: Group) -> Any:
    """1 for the entries of an argument that the sweep's current step uses, else 0.

    The current step is the one that fades in, until the next one begins. Its local indices are
    its digits in the mixed radix of the strides; an axis with stride 0 is used whole. An argument
    without any swept axis is not lit. A bead, which holds `more` entries besides its first, is lit where one
    of them is.
    """
    sweep = g.input("Sweep", float)
    steps = g.input("Steps", int)
    running = (sweep > 0.0) & (steps > sweep)
    step = g.current_step(sweep)
    swept = False
    lit = running
    for axis in ("row", "column"):
        index, more = g.input(axis, int), g.input(f"{axis} more", int, 0)
        stride, block = stride_inputs(g, axis)
        has = stride > 0
        digit = (step // g.whole("MAXIMUM", stride, 1)) % block
        until = (digit + block - index % block) % block  # entries from the first one to one in use
        lit = lit & ~(has & (until > more))
        swept = has if swept is False else swept | has
    g.output("Lit", float, g.switch(lit & swept, 1.0, 0.0))
    return g.finish()


class Use:
    """The inputs that say which entries of a matrix are in use now: whether a product takes the matrix at all
    (`taken`), whether it does so `now`."""

    def __init__(self, g: Group):
        self.g = g
        steps = g.input("Consumer Steps", int, 0)
        sweep = g.input("Consumer Sweep", float, 0.0, hint="Sweep of what takes this matrix")
        self.inputs = {"Steps": steps, "Sweep": sweep}
        for axis in ("row", "column"):
            self.inputs[f"Stride_{axis}"], self.inputs[f"Block_{axis}"] = stride_inputs(g, axis)
        self.by = g.input(
            "Lit By", "object", hint="Points whose `lit` says which entries are in use, beside the steps"
        )
        self.taken, self.now = steps > 0, (sweep > 0.0) & (steps > sweep)

    def lit(self, i: Field, j: Field, down: Any = 0, across: Any = 0) -> Field:
        """How far entry (i, j) is lit, 0 to 1; or a bead with so many more entries down and across."""
        g = self.g
        places = {"row": i, "column": j, "row_more": down, "column_more": across}
        lit = g.call(active(), **places, **self.inputs)["Lit"]
        points = g.node("GeometryNodeObjectInfo", {"Object": self.by})["Geometry"]
        return g.real("MAXIMUM", lit, g.sample(points, g.attribute("lit"), g.index()))
