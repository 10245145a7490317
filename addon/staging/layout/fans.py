"""Which results that stand side by side share faces, as the query heads of a group share keys and values."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...kinds.stage import Stage


@dataclass(frozen=True)
class Fan:
    """Results whose products share the argument on one `side`, as the query heads of a group share keys and
    values. `depth` is how many products share it: that of the result, the one that makes its argument on the
    other side, and so on."""

    roots: tuple[Stage, ...]
    side: str = "right"
    depth: int = 0

    @property
    def down(self) -> bool:
        """Whether its results stand under each other: they share what stands above or below."""
        return self.side == "right" and self.depth > 0

    def consumers(self, root: Stage) -> list[str]:
        """The names of the products of one result whose face is shared."""
        return [stage.name for stage in _spine(root, self.side)[: self.depth]]


def fans(row: Sequence[Stage]) -> list[Fan]:
    """The results of a row as fans, each of one result or of neighbours that share faces."""
    found: list[Fan] = []
    for root in row:
        if found:
            last, best = found[-1], ("", 0)
            for side in ("right", "left") if len(last.roots) == 1 else (last.side,):
                depth = _shared_depth(last.roots[-1], root, side)
                if depth > best[1]:
                    best = side, depth
            if best[1] and (len(last.roots) == 1 or best[1] == last.depth):
                found[-1] = Fan((*last.roots, root), *best)
                continue
        found.append(Fan((root,)))
    return found


def _spine(root, side):
    """A product, the one that makes its left argument and so on; `side` "right". Or mirrored."""
    found, stage = [], root
    while stage.has_interior:
        found.append(stage)
        operand = stage.left if side == "right" else stage.right
        if operand.transposed:
            break
        stage = operand.stage
    return found


def _shared_depth(a, b, side):
    """How many products down the spines of two results have the same argument on that side."""
    depth = 0
    for one, other in zip(_spine(a, side), _spine(b, side), strict=False):
        mine, theirs = getattr(one, side), getattr(other, side)
        if one is other or (mine.stage, mine.transposed) != (theirs.stage, theirs.transposed):
            break
        depth += 1
    return depth
