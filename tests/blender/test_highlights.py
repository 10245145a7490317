"""What each step lights up and makes, step by step, as in mm's table of animations."""

import numpy as np
import pytest
from built_scenes import described, drawn, random
from matrix_cinema.blender.update import build

N = 4


def lit_by(algorithm, n, t):
    """(left, right): the local entries that step t lights. mm lights no argument that a step uses whole."""
    line = range(n)
    row, column = {(t, c) for c in line}, {(r, t) for r in line}
    first, second = divmod(t, n)
    return {
        "dotprod": ({(first, c) for c in line}, {(r, second) for r in line}),
        "dotprod_columns": ({(second, c) for c in line}, {(r, first) for r in line}),
        "vmprod": (row, set()),
        "mvprod": (set(), column),
        "vvprod": (column, row),
        "axpy": ({(r, second) for r in line}, {(second, first)}),
    }[algorithm]


def made_by(algorithm, n, t, products):
    """The sums of a block after step t: finished elements, rows or columns, or running sums."""
    i, j, k = np.indices((n, n, n))
    step = {
        "dotprod": i * n + j, "dotprod_columns": j * n + i, "vmprod": i, "mvprod": j, "vvprod": k,
        "axpy": j * n + k,
    }[algorithm]  # fmt: skip
    return (products * (step <= t)).sum(axis=2)


@pytest.mark.parametrize("blocks", [pytest.param(1, marks=pytest.mark.one_blender), 2])
@pytest.mark.parametrize("algorithm", ["dotprod", "dotprod_columns", "vmprod", "mvprod", "vvprod", "axpy"])
def test_steps_of_4x4x4_light_and_make_what_mms_table_says(factory, algorithm, blocks):
    arrays = random(3, A=(N, N), B=(N, N))
    cut = {f"{axis}_blocks": blocks for axis in "ijk"}
    scene = build(
        described(
            "out = A @ B", arrays, animation={"algorithm": algorithm}, products={"out": cut},
            look={"settled_scale": 1.0},
        )
    )  # fmt: skip
    n = N // blocks
    steps = {"vmprod": n, "mvprod": n, "vvprod": n}.get(algorithm, n * n)
    products = arrays["A"][:, None, :] * arrays["B"].T[None]  # [i, j, k]
    curve_end = 1 + 6  # frames; see SWEEP and FPS there
    for t in sorted({0, 1, steps // 2, steps - 1}):
        middle = 1 + (curve_end - 1) * (t + 0.5) / steps
        for name, lit in zip("AB", lit_by(algorithm, n, t), strict=True):
            shown = drawn(scene, "matrix", name, middle)
            on = shown["lit"] > 0.5
            found = set(zip((shown["i"][on]).tolist(), (shown["j"][on]).tolist(), strict=True))
            # All blocks step together, with the same local index.
            tiles = list(np.ndindex(blocks, blocks))
            assert found == {(r + n * a, c + n * b) for r, c in lit for a, b in tiles}, (name, t)
        # Just after the step: sums of all blocks of k, where mm shows the nearest block's alone.
        shown = drawn(scene, "matrix", "out", 1 + (curve_end - 1) * (t + 1) / steps)
        expected = np.zeros((N, N))
        for a, b, c in np.ndindex(blocks, blocks, blocks):
            part = products[a * n : a * n + n, b * n : b * n + n, c * n : c * n + n]
            expected[a * n : a * n + n, b * n : b * n + n] += made_by(algorithm, n, t, part)
        found = np.zeros((N, N))
        found[shown["i"], shown["j"]] = shown["value"]
        np.testing.assert_allclose(found, expected, atol=2e-5)
