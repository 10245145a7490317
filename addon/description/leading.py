"""Leading axes: the axes of an array before its rows and columns, such as heads and layers."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_AXES = 2
MOST_MATRICES = 2_000  # in one scene, with all heads and layers
HEAD_AXIS = "head"  # the axis over which sum_heads and concat_heads work; always the last leading axis


@dataclass(frozen=True)
class LeadingAxis:
    """A leading axis: what it is ("head", "layer"), and the number of each of its entries.

    `each` is how many entries of another matrix's axis share one entry of this axis. In grouped-query
    attention `each` query heads share a key/value head: query head h uses key/value head h // each.
    """

    name: str
    numbers: tuple[int, ...]
    each: int = 1


def member_name(name: str, index: Sequence[int]) -> str:
    """The name of one matrix of a stack: attn[3], or (Q @ K.T)[3] if the stack has no name of its own."""
    if not index:
        return name
    return f"{f'({name})' if ' ' in name else name}[{','.join(map(str, index))}]"


def title(axes: Sequence[LeadingAxis], index: Sequence[int]) -> str:
    """What people call the matrix at `index`: "head 3" with one leading axis, "L5H3" with two."""
    if len(axes) == 1:
        return f"{axes[0].name} {index[0]}"
    return "".join(f"{axis.name[:1].upper()}{n}" for axis, n in zip(axes, index, strict=True))
