"""When each product is visited: every animation is a choice of strides and blocks.

Product (i, j, k) is visited at step si·(i mod bi) + sj·(j mod bj) + sk·(k mod bk). So all blocks of a matmul
are visited at the same time. At sweep position s a product of step t counts with weight clamp(s − t, 0, 1):
it fades in between t and t + 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError, nearest

MOST_STEPS = 2**24  # a sweep's position is a float32, which holds whole numbers exactly up to here
MOST_STORED = 2**24  # stored sums of a product
_AT_ONCE = 1 << 22  # products that `sums` holds at once


@dataclass(frozen=True)
class Sweep:
    """Strides and block sizes, both in the order (i, j, k), and the number of steps.

    At position `steps` everything is visited. With 0 steps everything is visited from the start.
    """

    strides: tuple[int, int, int]
    block_sizes: tuple[int, int, int]
    steps: int

    def inputs(self, axis: str, name: str) -> dict[str, int]:
        """The inputs "Stride name" and "Block name" of a node group for an axis: "i", "j" or "k"; "" for an
        axis that plays no part in the steps."""
        if not axis:
            return {f"Stride {name}": 0, f"Block {name}": 1}
        n = "ijk".index(axis)
        return {f"Stride {name}": self.strides[n], f"Block {name}": self.block_sizes[n]}

    def step(self, i: Any, j: Any, k: Any) -> Any:
        """The step at which the products (i, j, k) are visited, 0 first; indices may be arrays."""
        (si, sj, sk), (bi, bj, bk) = self.strides, self.block_sizes
        return si * (i % bi) + sj * (j % bj) + sk * (k % bk)

    def weights(self, position: float, i: Any, j: Any, k: Any) -> np.ndarray:
        """The weight of the products (i, j, k) at a sweep position: float64, 0 to 1."""
        visited = position - self.step(i, j, k)
        return np.ones(np.shape(visited)) if self.steps == 0 else np.clip(visited, 0.0, 1.0)

    def sums(self, position: float, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The sums over k of weights(position, i, j, k) · left[i, k] · right[k, j], in float64.

        `left` is (rows, inner) and `right` (inner, columns); the sums are (rows, columns). Only sums that are
        being visited are added up product by product. All others are whole or 0, so this takes about as long
        as left @ right.
        """
        left, right = np.asarray(left, np.float64), np.asarray(right, np.float64)
        i, j, k = np.arange(len(left))[:, None], np.arange(right.shape[1]), np.arange(len(right))
        (si, sj, sk), bk = self.strides, self.block_sizes[2]
        if sk == 0:
            return self.weights(position, i, j, 0) * (left @ right)
        if si == sj == 0:
            return (left * self.weights(position, 0, 0, k)) @ right
        first, last = self.weights(position, i, j, 0), self.weights(position, i, j, min(bk, len(k)) - 1)
        sums = np.where(last == 1.0, left @ right, 0.0)
        rows, columns = np.nonzero((first > 0.0) & (last < 1.0))
        at_once = max(1, _AT_ONCE // len(k))
        for n in range(0, len(rows), at_once):
            i, j = rows[n : n + at_once], columns[n : n + at_once]
            weighted = self.weights(position, i[:, None], j[:, None], k) * left[i]
            sums[i, j] = np.einsum("nk,nk->n", weighted, right.T[j])
        return sums

    def stored_every(self, inner: int, entries: int) -> int:
        """After how many steps along k the sums of all `entries` are stored. The sums at any position are a
        stored sum and the few products since then.

        It is about the square root of the steps. It is less if a step visits products of many blocks, and
        more if there would be more than MOST_STORED sums.
        """
        if self.strides[2] == 0:
            return 1
        steps = min(self.block_sizes[2], inner)
        even = math.isqrt(steps * steps // inner)
        return max(1, even, -(-steps * entries // MOST_STORED))


def sweep_of(algorithm: str, shape: Sequence[int], blocks: Sequence[int] = (1, 1, 1)) -> Sweep:
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
    if last >= MOST_STEPS:
        raise InputError(
            f"{algorithm} of {rows} × {inner} × {columns} takes {last + 1:,} steps; at most {MOST_STEPS:,} "
            "can be told apart; vmprod, mvprod and vvprod take fewer"
        )
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
