"""Sums, gates, functions, slices and concatenations on real geometry, against NumPy, at any frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from paths import ROOT

bpy = pytest.importorskip("bpy")

from built_scenes import as_matrix, described, drawn, random  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from sheet_trees import trees  # noqa: E402

A, B, ROW, COLUMN = (5, 4), (5, 4), (1, 4), (5, 1)
SHEETS = {
    "A + B": lambda a, b, r, c: a + b,
    "A - B": lambda a, b, r, c: a - b,
    "B - A": lambda a, b, r, c: b - a,
    "A * B": lambda a, b, r, c: a * b,
    "A / B": lambda a, b, r, c: a / b,
    "A + R": lambda a, b, r, c: a + r,
    "R / A": lambda a, b, r, c: r / a,
    "A * C": lambda a, b, r, c: a * c,
    "C - R": lambda a, b, r, c: c - r,
    "R.T + A.T": lambda a, b, r, c: r.T + a.T,
    "C.T * B.T": lambda a, b, r, c: c.T * b.T,
    "concat(A, C, B)": lambda a, b, r, c: np.concatenate([a, c, b], axis=1),
    "concat(R, A, axis=0)": lambda a, b, r, c: np.concatenate([r, a], axis=0),
    "A[1:4, 2:]": lambda a, b, r, c: a[1:4, 2:],
    "A.T[-2:, 1:3]": lambda a, b, r, c: a.T[-2:, 1:3],
}
SECONDS = 0.5  # at 10 frames a second: a sheet sweeps over 5 frames


def matrices():
    return random(3, A=A, B=B, R=ROW, C=COLUMN)


def sheet(expression, **tables):
    arrays = {name: value for name, value in matrices().items() if name in expression}
    timing = {"sheet_seconds": SECONDS, "epilogue_seconds": 0.4} | tables.pop("animation", {})
    return build(described(f"out = {expression}", arrays, animation=timing, **tables))


@pytest.mark.parametrize("expression", SHEETS)
def test_a_sheet_is_made_row_by_row(factory, expression):
    a, b, r, c = matrices().values()
    expected = SHEETS[expression](a, b, r, c)
    rows = len(expected)
    scene = sheet(expression)
    for frame in (1, 2, 3.3, 6, scene.frame_end):
        seen = np.clip(rows * (min(frame, 6) - 1) / 5 - np.arange(rows), 0, 1)[:, None]
        np.testing.assert_allclose(
            as_matrix(drawn(scene, "matrix", "out", frame), expected.shape),
            seen * expected,
            atol=1e-6 * np.abs(expected).max(),
        )
    assert verify(scene).ok


def test_columns_come_one_by_one_where_the_animation_is_one_of_columns(factory):
    scene = sheet("A + B", animation={"algorithm": "mvprod"})
    values = as_matrix(drawn(scene, "matrix", "out", 1 + 5 * 2.5 / 4), A)
    total = matrices()["A"] + matrices()["B"]
    np.testing.assert_allclose(values, total * [1, 1, 0.5, 0], atol=1e-6)


def test_without_animation_a_sheet_is_there_from_the_start(factory):
    scene = sheet("relu(A) + B", animation={"algorithm": "none"})
    expected = np.maximum(matrices()["A"], 0) + matrices()["B"]
    np.testing.assert_allclose(as_matrix(drawn(scene, "matrix", "out", 1), A), expected, atol=1e-6)


def test_an_epilogue_follows_the_sum(factory):
    scene = sheet("tanh(A + B)")
    total = matrices()["A"] + matrices()["B"]
    for frame, expected in ((6, total), (8, (total + np.tanh(total)) / 2), (10, np.tanh(total))):
        np.testing.assert_allclose(as_matrix(drawn(scene, "matrix", "out", frame), A), expected, atol=1e-6)
    assert verify(scene).ok


def test_masked_entries_stay_absent_through_sheets(factory):
    arrays = random(5, S=(4, 4), M=(4, 4))
    scene = build(described("out = (low = tril(S)) * M", arrays))
    expected = np.tril(arrays["S"]) * arrays["M"]
    elements = drawn(scene, "matrix", "out", scene.frame_end)
    assert len(elements["value"]) == 10
    np.testing.assert_allclose(as_matrix(elements, (4, 4)), expected, atol=1e-6)
    assert verify(scene).ok


def test_a_mask_that_is_a_matrix_takes_entries_away(factory):
    arrays = random(5, Q=(4, 3), K=(5, 3)) | {"M": (np.indices((4, 5)).sum(axis=0) % 3 > 0).astype(float)}
    scene = build(described("out = softmax(masked((s = Q @ K.T), M))", arrays))
    s = arrays["Q"] @ arrays["K"].T
    powers = np.exp(s) * arrays["M"]
    elements = drawn(scene, "matrix", "out", scene.frame_end)
    assert len(elements["value"]) == arrays["M"].sum()
    np.testing.assert_allclose(
        as_matrix(elements, (4, 5)), powers / powers.sum(axis=1, keepdims=True), atol=1e-6
    )
    assert verify(scene).ok


def test_a_residual_block_in_time_and_in_value(factory):
    """Products wait for sheets, and sheets for products."""
    arrays = random(7, x=(3, 4), W=(4, 5), b=(1, 5), V=(5, 4))
    scene = build(described("out = (h = relu(x @ W + b)) @ V + x", arrays))
    x, w, b, v = arrays.values()
    raw = x @ w + b
    hidden = np.maximum(raw, 0)
    np.testing.assert_allclose(
        as_matrix(drawn(scene, "matrix", "out", scene.frame_end), (3, 4)), hidden @ v + x, atol=1e-5
    )
    report = verify(scene)
    assert report.ok, report.lines()
    first, second = (sweep(ob) for ob in scene.objects if ob.get("mc_kind") == "product")
    named = {ob.get("mc_name"): ob for ob in scene.objects if ob.get("mc_kind") == "matrix"}
    hidden, out = sweep(named["h"]), sweep(named["out"])
    if first > second:
        first, second = second, first
    assert first[1] <= hidden[0] < hidden[1] <= second[0] < second[1] <= out[0] < out[1] <= scene.frame_end


def sweep(ob):
    """The first and the last frame of an object's own sweep."""
    curve = compat.find_curve(ob, compat.input_path(ob.modifiers[MODIFIER], "Sweep"))
    return [point.co[0] for point in curve.keyframe_points]


def test_verify_tells_a_wrong_operator(factory):
    scene = sheet("A - B")
    (ob,) = [ob for ob in scene.objects if ob.get("mc_name") == "out"]
    compat.set_input(ob.modifiers[MODIFIER], "Operator", 1)
    ob.update_tag()
    assert not verify(scene).ok


def test_an_operand_lights_the_row_in_use_and_a_bias_stays_dark(factory):
    scene = sheet("A + R")
    lit = drawn(scene, "matrix", "A", 2.5)
    assert set(lit["i"][lit["lit"] > 0]) == {1}
    assert not drawn(scene, "matrix", "R", 2.5)["lit"].any()


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "chains").glob("*.toml")), ids=lambda p: p.stem)
@pytest.mark.one_blender
def test_examples_draw_what_they_say(factory, path):
    scene = build(load_scene(path))
    report = verify(scene, [1.0, 0.35 * scene.frame_end, 0.7 * scene.frame_end, scene.frame_end])
    assert report.ok, report.lines()


@given(trees())
@settings(max_examples=8)
def test_random_trees_of_sheets_and_products(tree):
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    expression, sizes = tree
    scene = build(described(f"out = {expression}", random(11, **sizes)))
    report = verify(scene, [1.0, 0.4 * scene.frame_end, scene.frame_end])
    assert report.ok, report.lines()


@pytest.mark.parametrize("expression", ["A / tril(B)", "tril(A) - tril(B)", "softmax(A, mask=causal) * B"])
def test_what_is_masked_does_not_divide(factory, expression):
    assert verify(sheet(expression)).ok
