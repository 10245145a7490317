"""From values to magnitudes: which range each matrix and each product is drawn in."""

import numpy as np
import pytest
from from_tables import planned_from, planned_of
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matrix_cinema.description.scene import SENSITIVITIES
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.inspection import plan_lines
from matrix_cinema.staging.budget import count_elements
from matrix_cinema.staging.limits import check_memory
from matrix_cinema.staging.scales import Scale, crowding, extent, is_probability, matrix_scale, product_scale

sizes = st.integers(1, 6)
magnitudes = st.floats(0, 1e6)


@given(arrays(np.float64, st.tuples(sizes, sizes), elements=st.floats(-1e6, 1e6)))
def test_the_extent_is_of_magnitudes(values):
    assert extent(values) == (np.abs(values).min(), np.abs(values).max())


def test_the_extent_of_nothing():
    assert extent(np.empty((0, 3))) == (0.0, 0.0)


@given(magnitudes, magnitudes, magnitudes, st.sampled_from(SENSITIVITIES))
@example(1.0, 4.0, 9.0, "semilocal")
def test_ranges_by_sensitivity(a, b, other, sensitivity):
    low, high = sorted((a, b))
    overall = max(high, other)
    scale = matrix_scale((low, high), overall, sensitivity, "vik")
    ends = {
        "local": (0.0, high),
        "global": (0.0, overall),
        "semilocal": (0.0, (high * overall) ** 0.5),
        "superlocal": (low if low < high else 0.0, high),
    }[sensitivity]
    assert scale.low == ends[0] and scale.high == pytest.approx(ends[1] or 1.0)
    assert scale.low < scale.high  # so that the magnitude (a - low) / (high - low) is a number
    assert (scale.color_map, scale.clip) == ("vik", 100.0)


@given(st.tuples(sizes, sizes, sizes), st.integers(0, 2**32 - 1), st.floats(50, 100))
def test_the_scale_of_products_is_the_percentile_of_them_all(shape, seed, percentile):
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=shape[:2]), rng.normal(size=shape[1:])
    products = np.abs(left[:, :, None] * right[None])
    scale = product_scale(left, right, percentile, "vik")
    assert scale.high == pytest.approx(np.percentile(products, percentile))
    assert (scale.low, scale.clip) == (0.0, percentile)


def test_a_sample_of_many_products_is_near_and_their_largest_exact():
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(80, 60)), rng.normal(size=(60, 70))
    products = np.abs(left[:, :, None] * right[None])
    near = product_scale(left, right, 99.0, "vik", budget=20_000)
    assert near.high == pytest.approx(np.percentile(products, 99.0), rel=0.1)
    assert product_scale(left, right, 100.0, "vik", budget=20_000).high == pytest.approx(products.max())


def test_zeros_have_a_range_too():
    zero = np.zeros((2, 2))
    assert product_scale(zero, zero, 99.7, "vik").high == 1.0
    assert product_scale(zero, zero, 100.0, "vik").high == 1.0
    assert matrix_scale((0.0, 0.0), 0.0, "semilocal", "vik") == Scale(0.0, 1.0, "vik")
    sparse = np.zeros((20, 20))
    sparse[0, 0] = 3.0  # above the percentile: the largest is shown instead of nothing
    assert product_scale(sparse, sparse, 90.0, "vik").high == 9.0


def planned(expression, look=None, **tables):
    values = {"Q": [[1, -2], [3, 4]], "K": [[5, 6], [7, -8]], "V": [[0.5, 0], [0, 0.25]]}
    matrices = {name: {"values": rows} for name, rows in values.items() if name in expression}
    return planned_of(expression, matrices=matrices, look=look or {}, **tables)


def test_probabilities_have_a_map_and_a_range_of_their_own():
    p = planned("out = (attn = softmax(Q @ K.T)) @ V", look={"style": "paper"})
    stages = {plane.stage.name: plane.stage for plane in p.arrangement.planes}
    assert is_probability(stages["attn"]) and not is_probability(stages["out"])
    assert p.final["attn"] == Scale(0.0, 1.0, "jade")
    scores = np.array([[1, -2], [3, 4]]) @ np.array([[5, 7], [6, -8]])
    assert p.raw["attn"] == Scale(0.0, np.abs(scores).max(), "sky_clay")
    assert p.final["V"] == Scale(0.0, 0.5, "sky_clay") and p.final["out"].color_map == "sky_clay"
    assert p.raw["out"] == p.final["out"]  # without an epilogue there is one range
    assert p.products["attn"].color_map == "sky_clay" and p.products["attn"].clip == 99.7


def test_maps_by_scene_and_by_matrix():
    look = {"color_map": "berlin", "probability_map": "viridis"}
    p = planned("out = softmax(Q @ K.T) @ V", look=look, products={"out": {"color_map": "inferno"}})
    assert p.final["Q"].color_map == "berlin" and p.final["out"].color_map == "inferno"
    assert p.final["softmax(Q @ K.T)"].color_map == "viridis"
    with pytest.raises(InputError, match='look: probability_map: unknown colour map "x"'):
        planned("Q @ K", look={"probability_map": "x"})


def test_elements_are_counted_and_a_scene_beyond_memory_is_refused(monkeypatch):
    p = planned("out = Q @ K")
    assert count_elements(p.arrangement, p.interiors) == 3 * 4 + 8
    hidden = planned("out = Q @ K", products={"out": {"interior": False}})
    assert count_elements(hidden.arrangement, hidden.interiors) == 3 * 4
    assert not p.as_points and planned("out = Q @ K", look={"instance_budget": 19}).as_points
    assert planned("out = Q @ K", look={"settled_scale": 0.0}, animation={"trail": 1.0}).drawn == 3 * 4 + 8
    causal = planned("out = softmax(Q @ K, mask=causal)")
    assert causal.drawn == 3 * 4 + 3 * 2  # of the four entries one is masked
    monkeypatch.setattr("matrix_cinema.staging.limits.available_memory", lambda: 10**9)
    with pytest.raises(InputError, match=r"1,000,000,000 elements, which need about .* GB .* 1\.0 GB"):
        check_memory(10**9, as_points=True)
    check_memory(10**6, as_points=True)
    monkeypatch.setattr("matrix_cinema.staging.limits.available_memory", lambda: None)
    check_memory(10**12, as_points=True)  # nothing is known, nothing is refused


def test_a_chain_hides_interiors_that_would_be_a_block_of_noise(monkeypatch):
    chain = "out = (attn = softmax(Q @ K)) @ V[:, 0:1]"  # 8 products and 4

    def interiors(clear, expression=chain, trail=0.0, **products):
        monkeypatch.setattr("matrix_cinema.staging.budget.MOST_CLEAR_PRODUCTS", clear)
        tables = {"products": products, "animation": {"trail": trail}}
        return planned(expression, look={"settled_scale": 0.0}, **tables).interiors

    assert interiors(8) == {"attn", "out"}
    assert interiors(7) == {"out"} and interiors(3) == set()
    assert interiors(3, attn={"interior": True}) == {"attn"}
    assert interiors(8, attn={"interior": False}) == {"out"}
    assert interiors(3, trail=1.0) == {"attn", "out"}  # what has settled is gone
    assert interiors(3, "out = Q @ K") == {"out"}  # a cuboid that stands alone
    assert interiors(3, out={"k_blocks": 2}) == set()  # its two parts are one product
    hidden = planned(chain)
    assert hidden.drawn == 4 * 4 + 2 * 2 and not hidden.interiors  # Q, K, attn, V, its part and out
    assert "products that are not drawn, only summed: those of attn, out" in plan_lines(hidden)


def test_how_many_products_a_look_through_a_cuboid_meets():
    full = Scale(0.0, 1.0, "vik")
    ones = np.ones((20, 20))
    # 20 layers of spheres whose width is 0.5: each covers pi / 16 of its cell.
    assert crowding(ones, ones, full, 0.1, 0.5) == pytest.approx(20 * np.pi / 16)
    assert crowding(np.zeros((4, 4)), ones[:4, :4], full, 0.1, 0.5) == 0
    large = np.ones((100, 60))
    side = (100 * 60 * 100) ** (1 / 3)
    assert crowding(large, large.T, full, 0.1, 1.0, sample=8) == pytest.approx(side * np.pi / 4)
    small = crowding(ones / 100, ones, full, 0.1, 0.5)  # the square root of 0.01 is 0.1: 0.19 of the width
    assert small == pytest.approx(20 * np.pi / 16 * 0.19**2)


def test_what_is_added_up_has_one_scale_and_so_has_the_sum():
    given = {"x": (6, 8), "z": (3, 6, 4), "W": (3, 4, 8), "b": (1, 8)}
    scene = {"expression": "out = x + (heads = sum_heads((write = z @ W)) + b); other = x @ x.T"}
    scene["matrices"] = {name: {"init": "normal", "shape": list(shape)} for name, shape in given.items()}
    p = planned_from(scene)
    added = ["x", "b", "heads", "out", *(f"write[{n}]" for n in range(3))]
    assert len({p.final[name] for name in added}) == 1
    assert {p.raw[name] for name in added if name in p.raw} == {p.final["out"]}
    assert p.final["out"].high == max(np.abs(p.evaluation[name].final).max() for name in added)
    assert len({p.final[f"z[{n}]"] for n in range(3)}) == 1 and p.final["z[0]"] != p.final["out"]
    assert p.final["other"] != p.final["out"]
