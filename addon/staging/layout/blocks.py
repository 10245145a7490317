"""Into how many parts each dimension is cut: what is one dimension is cut alike everywhere.

The k of a product is the j of its left argument and the i of its right one; so a cut that is asked for
at one product runs through the tree, as far as results share the dimension. A given matrix hands
nothing on: where it is used twice, it may be cut in two ways.
"""

from collections.abc import Mapping

from ...algebra.evaluate import sides_of
from ...description.scene import ProductOptions
from ...errors import InputError
from ...kinds.stage import Shape, Stage, stages_of

ROWS, COLUMNS, INNER = "i", "j", "k"


def blocks_of(
    root: Stage, shapes: Mapping[str, Shape], products: Mapping[str, ProductOptions]
) -> dict[str, tuple[int, int, int]]:
    """The number of parts of (i, k, j) for each product under `root`, by name.

    `shapes` maps every stage's name to (rows, columns), `products` a product's name to its options
    (see files.scene). Raises InputError when one dimension is asked to be cut in two ways.
    """
    shared = shared_dimensions(root, shapes)
    asked: dict[tuple[str, str], tuple[int, str]] = {}  # dimension -> (parts, who asked)
    for name, options in products.items():
        for axis in (ROWS, INNER, COLUMNS):
            parts, dimension = getattr(options, f"{axis}_blocks"), shared.find((name, axis))
            known, other = asked.get(dimension, (parts, ""))
            if parts > 1 and known != parts:
                raise InputError(
                    f"products: {name}: {axis}_blocks = {parts}, but {other} cuts the same dimension into "
                    f"{known}; expected the same number"
                )
            if parts > 1:
                asked[dimension] = parts, f"{name}.{axis}_blocks"

    def parts_of(stage):
        return tuple(asked.get(shared.find((stage.name, axis)), (1,))[0] for axis in (ROWS, INNER, COLUMNS))

    return {stage.name: parts_of(stage) for stage in stages_of(root) if stage.operands}


def shared_dimensions(root: Stage, shapes: Mapping[str, Shape]) -> "_Shared":
    """Which dimensions of the results under `root` are the same: its `find((name, axis))`, with axis "i", "j"
    or "k" of a product and "i" or "j" of a sheet, is alike for those."""
    shared = _Shared()
    for stage in stages_of(root):
        sides = sides_of(stage, shapes)
        for n, operand in enumerate(stage.operands):
            theirs = operand.turned((ROWS, COLUMNS))
            for mine, own in zip(stage.axes(n, sides), theirs, strict=True):
                if mine and operand.stage.operands:
                    shared.join((stage.name, mine), (operand.stage.name, own))
    return shared


class _Shared:
    """Which dimensions are the same: a forest of (name, axis)."""

    def __init__(self):
        self.parents = {}

    def find(self, dimension):
        while dimension in self.parents:
            dimension = self.parents[dimension]
        return dimension

    def join(self, a, b):
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parents[a] = b
