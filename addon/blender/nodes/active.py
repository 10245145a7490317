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
    without any swept axis is not lit.
    """
    sweep = g.input("Sweep", float)
    steps = g.input("Steps", int)
    running = (sweep > 0.0) & (steps > sweep)
    step = g.current_step(sweep)
    swept = False
    lit = running
    for axis in ("row", "column"):
        index = g.input(axis, int)
        stride, block = stride_inputs(g, axis)
        has = stride > 0
        digit = (step // g.whole("MAXIMUM", stride, 1)) % block
        lit = lit & (~has | (digit == index % block))
        swept = has if swept is False else swept | has
    g.output("Lit", float, g.switch(lit & swept, 1.0, 0.0))
    return g.finish()


def argument_inputs(g: Group, i: Field, j: Field) -> tuple[Field, Field]:
    """The inputs that say which entries of this matrix are in use now. Returns whether a product takes the
    matrix at all, and how far each entry is lit, 0 to 1."""
    steps = g.input("Consumer Steps", int, 0)
    inputs = {"Sweep": g.input("Consumer Sweep", float, 0.0, hint="Sweep of what takes this matrix")}
    for axis in ("row", "column"):
        inputs[f"Stride_{axis}"], inputs[f"Block_{axis}"] = stride_inputs(g, axis)
    lit = g.call(active(), row=i, column=j, Steps=steps, **inputs)["Lit"]
    by = g.input(
        "Lit By", "object", hint="Points whose `lit` says which entries are in use, beside the steps"
    )
    points = g.node("GeometryNodeObjectInfo", {"Object": by})["Geometry"]
    return steps > 0, g.real("MAXIMUM", lit, g.sample(points, g.attribute("lit"), g.index()))
