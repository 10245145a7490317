"""Leading axes: what stands before the rows and columns of a matrix, such as its heads."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_AXES = 2
MOST_MATRICES = 2_000  # in one scene, with all heads and layers
HEAD_AXIS = "head"  # the axis that sum_heads and concat_heads are about, always the last


@dataclass(frozen=True)
class LeadingAxis:
    """A leading axis: what it is ("head", "layer"), and the number of each of its entries.

    `each` entries of the finest matrix with this axis share one entry here: a key/value head of
    grouped-query attention is that of so many query heads, query head h having h // each.
    """

    name: str
    numbers: tuple[int, ...]
    each: int = 1


def member_name(name: str, index: Sequence[int]) -> str:
    """The name of one matrix of a stack: attn[3], or (Q @ K.T)[3] where it has no name of its own."""
    if not index:
        return name
    return f"{f'({name})' if ' ' in name else name}[{','.join(map(str, index))}]"


def title(axes: Sequence[LeadingAxis], index: Sequence[int]) -> str:
    """What to call the entry `index` of leading axes: "head 3", or "L5H3" where there are two."""
    if len(axes) == 1:
        return f"{axes[0].name} {index[0]}"
    return "".join(f"{axis.name[:1].upper()}{n}" for axis, n in zip(axes, index, strict=True))
