"""Results that stand side by side and share faces, as the query heads of a group share keys and values."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...kinds.stage import Operand, Stage


@dataclass(frozen=True)
class Fan:
    """Neighbouring results, `roots`, whose products have the same argument on one `side`; of one result
    alone, that result. `depth` is how many products of each result share it: the product that makes the
    result, the one that makes its argument on the other side, and so on."""

    roots: tuple[Stage, ...]
    side: str = "right"
    depth: int = 0

    @property
    def down(self) -> bool:
        """Whether the results stand one under the other. So they do if what they share stands above or
        below."""
        return self.side == "right" and self.depth > 0

    def consumers(self, root: Stage) -> list[str]:
        """The names of the products of one of the results that share their face."""
        return [stage.name for stage in _spine(root, self.side)[: self.depth]]

    @property
    def products(self) -> list[str]:
        """The names of all products that share faces."""
        return [name for root in self.roots for name in self.consumers(root)]

    @property
    def shared(self) -> list[Operand]:
        """The arguments that are shared, that of the result's product first."""
        return [getattr(product, self.side) for product in _spine(self.roots[0], self.side)[: self.depth]]


def fans(row: Sequence[Stage]) -> list[Fan]:
    """The results of a row as fans, in their order."""
    row_of_fans: list[Fan] = []
    for root in row:
        if row_of_fans and (joined := _joined_by(row_of_fans[-1], root)):
            row_of_fans[-1] = joined
        else:
            row_of_fans.append(Fan((root,)))
    return row_of_fans


def runs_down(root: Stage) -> bool:
    """Whether results stand one under the other, around what they share."""
    return any(fan.down for row in root.rows_of_results for fan in fans(row))


def _joined_by(fan, root):
    """The fan with one more result, or None if that shares no face with the fan's last result."""
    alone = len(fan.roots) == 1
    sides = ("right", "left") if alone else (fan.side,)
    depths = {side: _shared_depth(fan.roots[-1], root, side) for side in sides}
    side = max(depths, key=depths.__getitem__)
    if not depths[side] or not (alone or depths[side] == fan.depth):
        return None
    return Fan((*fan.roots, root), side, depths[side])


def _shared_depth(first, second, side):
    """How many products of two results, from the result on, have the same argument on this side."""
    depth = 0
    for product, other in zip(_spine(first, side), _spine(second, side), strict=False):
        argument, others = getattr(product, side), getattr(other, side)
        if product is other or (argument.stage, argument.transposed) != (others.stage, others.transposed):
            break
        depth += 1
    return depth


def _spine(root, side):
    """The product that makes a result, the product that makes its argument on the side other than `side`, and
    so on, as long as arguments are taken as they are, not transposed."""
    products, stage = [], root
    while stage.has_interior:
        products.append(stage)
        operand = stage.left if side == "right" else stage.right
        if operand.transposed:
            break
        stage = operand.stage
    return products
