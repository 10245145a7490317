"""Limits of the machine. Declared sizes are checked before anything is read or computed."""

from math import prod

from ..algebra.evaluate import sides_of
from ..description.leading import MOST_MATRICES
from ..description.scene import Look
from ..errors import InputError
from ..kinds.stage import Stage, stages_of
from ..memory import available_memory

# Memory of one drawn element while Cycles renders it, measured on scenes of 2 and 67 million.
INSTANCE_BYTES = 2_000
POINT_BYTES = 140
MOST_WORK = 2**34  # multiplications and steps on an entry: some ten seconds of numpy


def check_declared(root: Stage, sizes: dict[str, tuple[int, int]]) -> None:
    """Raise InputError if the stages under `root` are too many or too large to be evaluated. `sizes` maps
    their names to (rows, columns)."""
    stages = stages_of(root)
    if len(stages) > MOST_MATRICES:
        raise InputError(
            f"the expression makes {len(stages):,} matrices of its heads and layers; the most is "
            f"{MOST_MATRICES:,}; take fewer of them, by heads, layers, slices or index"
        )
    check_memory(sum(map(prod, sizes.values())), as_points=True)
    work = 0
    for stage in stages:
        each = 1 + len(stage.epilogue) + (stage.inner(sides_of(stage, sizes)) or 0)
        work += each * prod(sizes[stage.name])
    if work > MOST_WORK:
        raise InputError(
            f"the expression takes {work:,} operations to evaluate; the most is {MOST_WORK:,}; "
            "use smaller matrices"
        )


def drawn_as_points(elements: int, look: Look) -> bool:
    """Whether so many elements are drawn as points, not as instances of a mesh."""
    return elements > look.instance_budget


def memory_needed(elements: int, as_points: bool) -> int:
    """About how many bytes of memory it takes to render these elements."""
    return elements * (POINT_BYTES if as_points else INSTANCE_BYTES)


def check_memory(elements: int, as_points: bool) -> None:
    """Raise InputError for a scene that does not fit into the free memory; the error has the numbers."""
    need = memory_needed(elements, as_points)
    have = available_memory()
    if have is not None and need > have:
        raise InputError(
            f"the scene has {elements:,} elements, which need about {need / 1e9:,.1f} GB to draw; "
            f"{have / 1e9:,.1f} GB are free; use smaller matrices or interior = false in [products]"
        )
