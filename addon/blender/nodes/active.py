"""Which entries of an argument the sweep uses now."""

from typing import Any

from . import shared
from .formula import Field, Group
from .shared_inputs import stride_inputs


@shared
def active(g: Group) -> Any:
    """1 for the entries of an argument that the sweep's current step uses, else 0.

    A step is current from when it begins to fade in until the next step begins. Its indices within the blocks
    are its digits in the mixed radix of the strides. Of an axis with stride 0 all entries are in use; an
    argument without a swept axis is not lit. A bead stands for its first entry and `more` entries; it is lit
    if one of them is in use.
    """
    sweep = g.input("Sweep", float)
    steps = g.input("Steps", int)
    step = g.current_step(sweep)
    swept = False
    lit = g.running(sweep, steps)
    for axis in ("row", "column"):
        index, more = g.input(axis, int), g.input(f"{axis} more", int, 0)
        stride, block = stride_inputs(g, axis, block=1).values()
        has = stride > 0
        digit = (step // g.whole("MAXIMUM", stride, 1)) % block
        # How many entries after the bead's first one the next one in use is.
        until = (digit + block - index % block) % block
        lit = lit & ~(has & (until > more))
        swept = has if swept is False else swept | has
    g.output("Lit", float, g.switch(lit & swept, 1.0, 0.0))
    return g.finish()


class Use:
    """The inputs that tell which entries of a matrix are in use: whether a product uses the matrix at all
    (`taken`), and whether it does so `now`."""

    def __init__(self, g: Group):
        self.g = g
        steps = g.input("Consumer Steps", int, 0)
        sweep = g.input("Consumer Sweep", float, 0.0, hint="Sweep of the product that uses this matrix")
        self.inputs = {"Steps": steps, "Sweep": sweep} | stride_inputs(g, "row", "column", block=1)
        self.by = g.input("Lit By", "object", hint="Points whose `lit` marks further entries in use")
        self.taken, self.now = steps > 0, g.running(sweep, steps)

    def lit(self, i: Field, j: Field, down: Any = 0, across: Any = 0) -> Field:
        """How far entry (i, j) is lit, 0 to 1, or a bead that has `down` and `across` more entries."""
        g = self.g
        places = {"row": i, "column": j, "row_more": down, "column_more": across}
        lit = g.call(active(), **places, **self.inputs)["Lit"]
        return g.real("MAXIMUM", lit, g.point_of(self.by, g.index(), "lit"))
