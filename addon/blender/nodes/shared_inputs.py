"""Inputs that several groups have."""

from .formula import Field, Group

WHOLE = 1_000_000_000  # longer than any axis


def gap_inputs(g: Group, axis: str) -> dict[str, Field]:
    """The inputs for gaps along an axis, by name: the entries between two gaps, the width of a gap."""
    return {
        f"Gap Block {axis}": g.input(f"Gap Block {axis}", int, WHOLE, low=1, hint="Entries between gaps"),
        f"Gap {axis}": g.input(f"Gap {axis}", float, 0.0, hint="Width of the gap between blocks, in entries"),
    }


def stride_inputs(g: Group, *axes: str, block: int = WHOLE) -> dict[str, Field]:
    """The inputs for the sweep along axes, by name: the steps from one entry to the next, and the entries of
    a block."""
    inputs = {}
    for axis in axes:
        inputs[f"Stride {axis}"] = g.input(f"Stride {axis}", int, 0, low=0)
        inputs[f"Block {axis}"] = g.input(f"Block {axis}", int, block, low=1)
    return inputs


def sweep_input(g: Group) -> Field:
    """The input for the position of a sweep."""
    return g.input("Sweep", float, 0.0, low=0.0, hint="How many steps have been visited")


def every_input(g: Group) -> Field:
    return g.input("Every", int, 1, low=1, hint="Steps along k from one stored sum to the next")


def range_inputs(g: Group, when: str = "") -> dict[str, Field]:
    """The inputs that turn values into sizes and colours."""
    low = g.input(f"{when}Low", float, 0.0, hint="Magnitude of the smallest element")
    high = g.input(
        f"{when}High", float, 1.0, hint="Magnitude of the largest element and end of the colour map"
    )
    zero = g.input(f"{when}Zero", float, 0.5, hint="Place of zero in the colour map: 0.5 when signed")
    return {"Low": low, "High": high, "Zero": zero}


def masked_input(g: Group) -> Field:
    return g.input("Masked", bool, False, hint="Entries whose `present` is off are absent")


def look_inputs(g: Group) -> dict[str, Field]:
    """The inputs for the look, the last inputs of every drawn object."""
    return {
        "Min Size": g.input("Min Size", float, 0.12, low=0.0, high=1.0),
        "Zero Size": g.input("Zero Size", float, 0.0, low=0.0, hint="Size of a zero; 0: absent"),
        "Scale": g.input("Scale", float, 0.9, low=0.0, hint="Width of the largest element, in entries"),
        "Element": g.input("Element", "object", hint="The object to instance; it has radius 1"),
        "As Points": g.input("As Points", bool, False, hint="Draw as spheres, not as instances"),
        "Material": g.input("Material", "material"),
    }


def product_inputs(g: Group) -> dict[str, Field]:
    """The inputs of a matmul: sizes, arguments, strides and sweep."""
    return {"Sweep": sweep_input(g)} | multiplication_inputs(g)


def multiplication_inputs(g: Group) -> dict[str, Field]:
    """Sizes, arguments and strides of a matmul, by the names of the inputs.

    An argument is an object whose own points have `value`. Its entry (row, column), as it is multiplied, is
    the point row · Row + column · Column, so that a transposed argument needs no copy.
    """
    names = {name: g.input(name, int, 1, low=1) for name in ("Inner", "Columns", "Rows")}
    names |= {side: g.input(side, "object") for side in ("Left", "Right")}
    for step in ("Left Row", "Left Column", "Right Row", "Right Column"):
        names[step] = g.input(step, int, 1, hint="Step in the argument's points")
    return names | stride_inputs(g, *"ijk")
