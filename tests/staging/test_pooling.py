"""Pooling in NumPy: what a bead is, whatever the shape and the factors; and which factors are chosen."""

import numpy as np
import pytest
from from_tables import planned_from, scene_from
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matrix_cinema.description.scene import Layout, MatrixOptions, Scene, load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.places import Ruler
from matrix_cinema.staging.camera.views import bare_view
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.pooling import (
    BEAD_PITCH,
    LEGIBLE_PITCH,
    Pool,
    notes,
    parsed,
    pitches,
    pooled,
    starts,
)
from paths import ROOT

EXAMPLES = ROOT / "examples"
RULES = ("max", "mean", "rms")
factors = st.integers(1, 9)


@st.composite
def matrices(draw):
    """(values, rows, columns where beads begin, present)."""
    shape = draw(arrays.array_shapes(min_dims=2, max_dims=2, max_side=14))
    values = draw(arrays.arrays(float, shape, elements=st.floats(-9, 9, width=32)))
    present = draw(arrays.arrays(bool, shape))
    rows, columns = (starts(Ruler(n, draw(st.integers(1, n)), 2.0), draw(factors)) for n in shape)
    return values, rows, columns, present


def blocks(values, rows, columns):
    """The entries of each bead."""
    for n, parts in enumerate(np.split(values, rows[1:], axis=0)):
        for m, part in enumerate(np.split(parts, columns[1:], axis=1)):
            yield (n, m), part


@given(matrices(), st.sampled_from(RULES))
def test_a_bead_is_what_the_rule_says_of_its_entries(case, rule):
    values, rows, columns, present = case
    beads, there = pooled(values, rows, columns, rule, present)
    assert beads.shape == there.shape == (len(rows), len(columns))
    for (at, part), (_, mask) in zip(
        blocks(values, rows, columns), blocks(present, rows, columns), strict=True
    ):
        entries = part[mask]
        assert there[at] == (entries.size > 0)
        if not entries.size:
            continue
        expected = {
            "max": max(entries, key=lambda v: (abs(v), v)),
            "mean": entries.mean(),
            "rms": np.sqrt((entries**2).mean()),
        }[rule]
        assert beads[at] == pytest.approx(expected, abs=1e-12)


@given(matrices())
def test_the_largest_keeps_extremes_and_signs(case):
    values, rows, columns, _ = case
    beads, there = pooled(values, rows, columns, "max")
    assert there.all() and np.isin(beads, values).all()
    assert np.abs(beads).max() == np.abs(values).max()


@given(matrices())
def test_the_mean_keeps_the_total(case):
    values, rows, columns, present = case
    beads, _ = pooled(values, rows, columns, "mean", present)
    counts = np.add.reduceat(np.add.reduceat(present.astype(int), rows, 0), columns, 1)
    assert (beads * counts).sum() == pytest.approx(values[present].sum(), abs=1e-9)


@given(matrices(), st.sampled_from(RULES))
def test_transposing_commutes(case, rule):
    values, rows, columns, present = case
    beads, there = pooled(values, rows, columns, rule, present)
    turned, turned_there = pooled(values.T, columns, rows, rule, present.T)
    assert np.allclose(turned.T, beads, rtol=0, atol=1e-12) and (turned_there.T == there).all()


@given(matrices(), st.sampled_from(RULES))
def test_one_bead_for_each_entry_is_the_matrix(case, rule):
    values, *_ = case
    beads, _ = pooled(values, *(np.arange(n) for n in values.shape), rule)
    assert np.allclose(beads, np.abs(values) if rule == "rms" else values, rtol=1e-12, atol=1e-12)


@given(st.integers(1, 40), st.data())
def test_beads_begin_anew_at_every_part(count, data):
    block, factor = data.draw(st.integers(1, count)), data.draw(factors)
    found = starts(Ruler(count, block, 2.0), factor)
    lengths = np.diff([*found, count])
    assert found[0] == 0 and (lengths > 0).all() and (lengths <= factor).all()
    assert set(range(0, count, block)) <= set(found)
    assert len(found) == sum(-(-min(block, count - n) // factor) for n in range(0, count, block))


@pytest.mark.parametrize(
    "text, expected",
    [("auto", None), ("off", (1, 1)), ("4x4", (4, 4)), ("2 × 16", (2, 16)), ("1024x1", (1024, 1))],
)
def test_a_wish_is_read(text, expected):
    assert parsed(text, "look") == expected


@pytest.mark.parametrize("text", ["", "on", "4", "0x4", "4x0", "4x1025", "4x4x4", "-4x4", "4.5x4", "٤x٤"])
def test_another_wish_is_an_error_that_says_what_would_be_right(text):
    with pytest.raises(InputError, match=r'look: pooling: .*"4x4"'):
        parsed(text, "look")


GAUSSIAN = {
    name: {"init": "gaussian", "shape": shape}
    for name, shape in (("A", [256, 768]), ("B", [768, 512]), ("C", [512, 256]))
}
BARE = {"h": {"interior": False}, "out": {"interior": False}}


def large(**tables):
    """Two products of large matrices."""
    whole = {"expression": "out = (h = A @ B) @ C", "matrices": GAUSSIAN, "products": BARE, **tables}
    whole["look"] = whole.get("look", {}) | {"product_clip": 100.0}  # the quickest to find
    return scene_from(whole)


def pools(scene):
    p = plan(scene)
    return {plane.stage.name: pool for plane, pool in zip(p.arrangement.planes, p.pools, strict=True)}


def test_large_matrices_are_pooled_alike_along_what_they_share():
    found = pools(large())
    assert all(found.values())
    assert found["A"].columns == found["B"].rows
    assert found["B"].columns == found["h"].columns == found["C"].rows
    assert found["A"].rows == found["h"].rows == found["out"].rows


@pytest.mark.parametrize("width", (320, 640, 1280, 2560))
def test_beads_are_large_enough_to_be_seen_and_not_much_larger(width):
    scene = large(render={"width": width, "height": width * 9 // 16})
    p = plan(scene)
    view = bare_view(p.scene, p.arrangement)
    for plane, pool in zip(p.arrangement.planes, p.pools, strict=True):
        sides = zip(pitches(plane, view, (width, width * 9 // 16)), (pool.rows, pool.columns), strict=True)
        for pitch, factor in sides:
            assert BEAD_PITCH <= pitch * factor < 4 * BEAD_PITCH or (factor == 1 and pitch >= LEGIBLE_PITCH)


def test_what_is_small_is_not_pooled_by_itself():
    """What is one of many, or stands edge-on, may be small; a few blocks of it would tell nothing."""
    matrices = {"A": {"init": "gaussian", "shape": [63, 40]}, "B": {"init": "gaussian", "shape": [40, 9]}}
    small = {"expression": "out = A @ B", "matrices": matrices, "render": {"width": 80, "height": 45}}
    assert not any(planned_from(small).pools)
    matrices["A"]["shape"] = [64, 40]
    assert Pool(4, 1) in planned_from(small).pools  # no more slender


def test_more_pixels_need_less_pooling():
    small, great = (pools(large(render={"width": 16 * n, "height": 9 * n}))["A"] for n in (40, 200))
    assert small.rows > great.rows and small.columns > great.columns
    scene = large(render={"width": 16000, "height": 9000})
    p = plan(scene)
    assert not any(p.pools)
    view = bare_view(p.scene, p.arrangement)
    assert min(min(pitches(plane, view, (16000, 9000))) for plane in p.arrangement.planes) > LEGIBLE_PITCH


def test_the_description_has_the_last_word():
    matrices = GAUSSIAN | {
        "A": GAUSSIAN["A"] | {"pooling": "off"},
        "B": GAUSSIAN["B"] | {"pooling_rule": "mean"},
    }
    products = BARE | {"h": {"interior": False, "pooling": "2x2"}}
    look = {"pooling": "4x8", "pooling_rule": "rms"}
    assert pools(large(look=look, matrices=matrices, products=products)) == {
        "A": Pool(),
        "B": Pool(4, 8, "mean"),
        "C": Pool(4, 8, "rms"),
        "h": Pool(2, 2, "rms"),
        "out": Pool(4, 8, "rms"),
    }


def test_a_block_is_not_larger_than_its_part():
    cut = {"h": {"interior": False, "i_blocks": 4}, "out": {"interior": False}}
    found = pools(large(look={"pooling": "100x1000"}, products=cut))
    assert found["A"] == Pool(64, 768, "max") and found["C"] == Pool(100, 256, "max")


def test_a_wrong_wish_names_its_matrix():
    with pytest.raises(InputError, match='^A: pooling: "4"'):
        plan(large(matrices=GAUSSIAN | {"A": GAUSSIAN["A"] | {"pooling": "4"}}))


@pytest.mark.parametrize("rule, low", [("max", 3.5), ("mean", 0.0), ("rms", 0.5)])
def test_the_range_is_that_of_the_beads(rule, low):
    """What is pooled to its mean would be all but colourless between the entries' extremes."""
    p = plan(large(look={"pooling": "16x16", "pooling_rule": rule}))
    high = {"max": 6.0, "mean": 0.4, "rms": 1.5}[rule]
    assert low < p.final["A"].high < high


def test_the_picture_says_what_a_bead_is():
    matrices = {name: MatrixOptions(init="uniform", shape=(2, 2)) for name in "ABC"}
    planes = plan(Scene(expression="A @ B.T @ C", matrices=matrices)).arrangement.planes

    def told(*pools):
        chosen = [plane for plane in planes if plane.stage.name != "B"]
        return notes(chosen[: len(pools)], pools)

    assert told(Pool(), Pool()) == []
    assert told(Pool(4, 4), Pool(4, 4)) == ["each bead is the largest of 4 × 4 entries"]
    assert told(Pool(4, 4, "mean"), Pool()) == ["each larger bead is the mean of 4 × 4 entries"]
    assert told(Pool(6, 8), Pool(4, 4), Pool(8, 6), Pool(2, 2, "rms")) == [
        "each bead is the largest of 4 × 4 to 8 × 6 entries",
        "each bead is the root mean square of 2 × 2 entries",
    ]
    (turned,) = [plane for plane in planes if plane.stage.name == "B"]
    assert notes([turned], [Pool(16, 1)]) == ["each bead is the largest of 1 × 16 entries"]


def test_weights_have_the_beads_of_what_they_are_multiplied_with_and_the_picture_says_so():
    shapes = {"x": (16, 384), "W": (384, 64), "K": (16, 64)}
    matrices = {name: MatrixOptions(init="normal", shape=shape) for name, shape in shapes.items()}
    layout = Layout(scheme="stage", longest=8)
    p = plan(Scene(expression="attn = softmax(x @ W @ K.T)", matrices=matrices, layout=layout, star="attn"))
    of = {plane.stage.name: pool for plane, pool in zip(p.arrangement.planes, p.pools, strict=True)}
    assert (of["x"].rows, of["x"].columns) == (1, 48) and (of["W"].rows, of["W"].columns) == (48, 8)
    assert notes(p.arrangement.seen, p.seen_pools) == [
        "along an axis of 64 each bead is the largest of 8",
        "along an axis of 384 each bead is the largest of 48",
    ]


LEGIBLE_TODAY = [
    path for folder in (".", "textbook", "chains", "heads") for path in (EXAMPLES / folder).glob("*.toml")
]


@pytest.mark.parametrize("path", sorted(LEGIBLE_TODAY), ids=lambda path: path.stem)
def test_scenes_that_are_legible_stay_as_they_are(path):
    planned = plan(load_scene(path))
    assert planned.scene.layout.longest or not any(planned.pools)  # but where axes are drawn shorter
