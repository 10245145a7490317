"""Into how many parts each dimension is cut. A dimension that several results share is cut alike in all of
them.

The k of a product is the j of its left argument and the i of its right one. So a cut that a scene asks for at
one product runs through the tree as far as results share the dimension. A given matrix hands no cut on: where
it is used twice, it may be cut in two ways.
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

    `shapes` maps every stage's name to (rows, columns), `products` a product's name to its options. Raises
    InputError where two of them would cut one dimension in two ways.
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
    """Which dimensions of the results under `root` are one. A dimension is (name, axis): "i", "j" or "k" of a
    product, "i" or "j" of a sheet."""
    shared = _Shared()
    for stage in stages_of(root):
        sides = sides_of(stage, shapes)
        for n, operand in enumerate(stage.operands):
            for axis, entering in zip(stage.axes(n, sides), operand.turned((ROWS, COLUMNS)), strict=True):
                if axis and operand.stage.operands:
                    shared.join((stage.name, axis), (operand.stage.name, entering))
    return shared


class _Shared:
    """Dimensions that are one, as a forest: those of one tree are."""

    def __init__(self):
        self.parents = {}

    def find(self, dimension):
        """The dimension that stands for all those that are one with this one."""
        while dimension in self.parents:
            dimension = self.parents[dimension]
        return dimension

    def join(self, a, b):
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parents[a] = b
