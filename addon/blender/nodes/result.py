"""The result of a matmul."""

from typing import Any

from . import shared
from .finished import finished
from .formula import Group
from .partial_sums import partial_sums
from .shared_inputs import every_input, product_inputs


@shared
def Result(g: Group) -> Any:
    """The result of a matmul: its partial sums, which `Finish` turns into the finished values.

    If there is an epilogue, the object's own points have the finished values as `value`, and `present` if a
    mask can hide entries.
    """
    mesh = g.input("Geometry", "geometry")
    names = product_inputs(g)
    sums = g.call(
        partial_sums(),
        **{
            **{key: value for key, value in names.items() if key.startswith(("Stride", "Block"))},
            "Sweep": names["sweep"],
            "Inner": names["inner"],
            "Columns": names["columns"],
            "Rows": names["rows"],
            "Left": names["left"],
            "Right": names["right"],
            **{f"{s}_{a}": names[f"{s} {a}"] for s in ("Left", "Right") for a in ("Row", "Column")},
            "Sums": g.input("Sums", "object", hint="The object with the sums after every few steps"),
            "Every": every_input(g),
        },
    )
    points = g.points(names["rows"] * names["columns"])
    final = g.sample(mesh, g.attribute("value"), g.index())
    present = g.sample(mesh, g.attribute("present", "BOOLEAN"), g.index())
    return finished(g, points, names["columns"], names["sweep"], sums["Sum"], sums["Visited"], final, present)
