"""When each product is visited: every animation is a choice of strides and blocks.

A product (i, j, k) is visited at step si·(i mod bi) + sj·(j mod bj) + sk·(k mod bk), so that all
blocks of a matmul move in lockstep. At sweep position s a product of step t counts with weight
clamp(s − t, 0, 1): it fades in between t and t + 1.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError, nearest


@dataclass(frozen=True)
class Sweep:
    """Strides and block sizes, both in the order (i, j, k), and the number of steps.

    At position `steps` everything is visited. With 0 steps there is no sweep: everything is
    visited from the start.
    """

    strides: tuple[int, int, int]
    block_sizes: tuple[int, int, int]
    steps: int

    def step(self, i, j, k):
        """The step at which the products (i, j, k) are visited, 0 first; indices may be arrays."""
        (si, sj, sk), (bi, bj, bk) = self.strides, self.block_sizes
        return si * (i % bi) + sj * (j % bj) + sk * (k % bk)

    def weights(self, position, i, j, k):
        """How much of the products (i, j, k) is there at a sweep position, 0 to 1; float64."""
        visited = position - self.step(i, j, k)
        return np.ones(np.shape(visited)) if self.steps == 0 else np.clip(visited, 0.0, 1.0)


def sweep_of(algorithm, shape, blocks=(1, 1, 1)):
    """The sweep of one matmul.

    `shape` is (rows, inner, columns) and `blocks` how many parts each of these is cut into; a
    part is ⌈n / blocks⌉ long, the last may be shorter. Raises InputError for an unknown algorithm.
    """
    if algorithm not in _STRIDES:
        hint = nearest(algorithm, _STRIDES, "known animations")
        raise InputError(f'unknown animation "{algorithm}"; {hint}')
    (rows, inner, columns), (i_blocks, k_blocks, j_blocks) = shape, blocks
    bi, bj, bk = (-(-n // b) for n, b in ((rows, i_blocks), (columns, j_blocks), (inner, k_blocks)))
    strides = _STRIDES[algorithm](bi, bj, bk)
    last = sum(stride * (size - 1) for stride, size in zip(strides, (bi, bj, bk), strict=True))
    return Sweep(strides, (bi, bj, bk), 0 if algorithm == "none" else last + 1)


# What each step adds, as the strides (si, sj, sk) given the block sizes (bi, bj, bk).
_STRIDES = {
    "none": lambda bi, bj, bk: (0, 0, 0),
    "dotprod": lambda bi, bj, bk: (bj, 1, 0),  # a line along k, element by element along rows
    "dotprod_columns": lambda bi, bj, bk: (1, bi, 0),  # the same, down columns
    "axpy": lambda bi, bj, bk: (0, bk, 1),  # a line along i: a column of left times one number
    "vmprod": lambda bi, bj, bk: (1, 0, 0),  # a plane: one row of left times right
    "mvprod": lambda bi, bj, bk: (0, 1, 0),  # a plane: left times one column of right
    "vvprod": lambda bi, bj, bk: (0, 0, 1),  # a plane: an outer product
    "scalar": lambda bi, bj, bk: (bj * bk, bk, 1),  # one product at a time, each dot product in turn
}
