"""The scheme "flat": all matrices lie in one plane, around what they make."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.description.scene import Scene, from_dict
from matrix_cinema.errors import InputError
from matrix_cinema.staging.layout.arrangement import Arranger
from matrix_cinema.staging.layout.schemes import FlatScheme
from matrix_cinema.staging.plan import plan
from paths import ROOT
from product_trees import trees

HEAD = {"Q": (5, 4), "K": (7, 4), "V": (7, 3)}


def flat(expression, sizes, gap=2.0, stars=(), roomy=None):
    root = stage(parse(expression))
    scheme = FlatScheme(frozenset(stars))
    return Arranger(root, shapes(root, sizes), gap, scheme, roomy=roomy or {}).arrangement()


def boxes(arrangement):
    """(left, low, right, high) of each plane on the page, by name."""
    found = {}
    for plane in arrangement.planes:
        (left, _, low), (right, _, high) = plane.corners().min(axis=0), plane.corners().max(axis=0)
        found[plane.stage.name] = np.array([left, low, right, high])
    return found


@given(trees(most=5), st.sampled_from([1.0, 2.0, 4.0]), st.booleans())
@settings(max_examples=120)
def test_matrices_lie_side_by_side_and_can_be_read(tree, gap, about_the_result):
    arrangement = flat(f"out = {tree[0].removesuffix('.T')}", tree[1], gap, ["out"] * about_the_result)
    assert np.ptp(arrangement.corners()[:, 1]) == 0.0
    for a, b in itertools.combinations(boxes(arrangement).values(), 2):
        assert np.maximum(a[:2] - b[2:], b[:2] - a[2:]).max() >= -1e-9
    for plane in arrangement.planes:
        for step in (plane.row, plane.column):  # one reads to the right and down
            assert step.tolist() in ([1.0, 0.0, 0.0], [0.0, 0.0, -1.0])
        assert plane.transposed == (plane.row[0] == 1.0)  # its name is that of the matrix as it lies there


@given(trees(most=5))
@settings(max_examples=60)
def test_the_argument_beside_a_result_is_level_with_it(tree):
    arrangement = flat(f"out = {tree[0].removesuffix('.T')}", tree[1])
    at = boxes(arrangement)
    for cuboid in arrangement.cuboids:
        made = at[cuboid.stage.name]
        sides = [at[operand.stage.name] for operand in cuboid.stage.operands]
        level = [np.array_equal(side[[1, 3]], made[[1, 3]]) for side in sides]
        in_line = [np.array_equal(side[[0, 2]], made[[0, 2]]) for side in sides]
        assert any(level) or any(in_line)
        assert cuboid.unseen


def test_what_takes_an_attention_stands_around_it():
    at = boxes(flat("z = (attn = Q @ K.T) @ V", HEAD, stars=["attn"]))
    attn = at["attn"]
    assert at["Q"][2] < attn[0] and np.array_equal(at["Q"][[1, 3]], attn[[1, 3]])
    assert at["K"][1] > attn[3] and np.array_equal(at["K"][[0, 2]], attn[[0, 2]])
    assert at["V"][3] < attn[1] and np.array_equal(at["V"][[0, 2]], attn[[0, 2]])
    assert at["z"][0] > attn[2] and np.array_equal(at["z"][[1, 3]], attn[[1, 3]])


def test_weights_stand_on_the_way_to_what_they_give():
    said = "write = (z = (attn = (Q = x @ W_Q) @ (K = y @ W_K).T) @ (V = v @ W_V)) @ W_O"
    weights = {"W_Q": (6, 4), "W_K": (6, 4), "W_V": (6, 3), "W_O": (3, 6)}
    at = boxes(flat(said, weights | {"x": (5, 6), "y": (7, 6), "v": (7, 6)}, stars=["attn"]))
    for names in (("x", "W_Q", "Q"), ("W_K", "K"), ("W_V", "V"), ("z", "W_O", "write")):
        for left, right in itertools.pairwise(names):
            assert at[left][2] < at[right][0], (left, right)
        middles = [0.5 * (at[name][1] + at[name][3]) for name in names]
        assert middles == pytest.approx([middles[0]] * len(names)), names


def test_terms_of_a_sum_stand_one_under_the_other_beside_it():
    sizes = {"A": (3, 4), "B": (4, 5), "C": (3, 6), "D": (6, 5), "b": (1, 5)}
    at = boxes(flat("out = (p = A @ B) + (q = C @ D) + b", sizes, stars=["out"]))
    p, q, out = at["p"], at["q"], at["out"]
    assert p[1] > q[3] and p[[0, 2]].tolist() == q[[0, 2]].tolist() and p[2] < out[0]
    assert p[1] + q[3] == pytest.approx(out[1] + out[3])  # level with the middle between them
    assert at["b"][1] > out[3]  # a row that is added stays at the sheet


def test_low_values_stand_above_what_they_make():
    """V of fewer keys than columns takes less height beside K."""
    at = boxes(flat("z = (attn = Q @ K.T) @ V", HEAD | {"V": (7, 9)}, stars=["attn"]))
    assert at["V"][1] > at["z"][3] and np.array_equal(at["V"][[0, 2]], at["z"][[0, 2]])


def test_a_star_has_room_for_its_labels():
    near, far = (
        boxes(flat("z = (attn = Q @ K.T) @ V", HEAD, stars=["attn"], roomy=roomy))
        for roomy in (None, {"attn": 10.0})
    )
    for name, moved in {"Q": 8.0, "K": 8.0, "z": 10.0}.items():
        apart = [
            np.maximum(at[name][:2] - at["attn"][2:], at["attn"][:2] - at[name][2:]).max()
            for at in (near, far)
        ]
        assert apart[1] - apart[0] == pytest.approx(moved), name


def test_heads_of_a_group_have_what_they_share_between_them():
    p = plan(grouped())
    at = boxes(p.arrangement)
    assert at["attn[4]"][1] > at["K[1]"][3] > at["K[1]"][1] > at["attn[7]"][3]
    assert at["z[4]"][1] > at["V[1]"][3] > at["V[1]"][1] > at["z[7]"][3]
    assert at["z[4]"][1] - at["V[1]"][3] == pytest.approx(at["V[1]"][1] - at["z[7]"][3], abs=0.6)
    assert len([plane for plane in p.arrangement.seen if plane.stage.of in ("K", "V")]) == 2


def grouped(**layout):
    return from_dict(
        Scene,
        {
            "expression": "z = (attn = softmax(Q @ K.T)) @ V",
            "capture": {
                "file": str(ROOT / "examples/data/induction.safetensors"),
                "layer": 0,
                "heads": [4, 7],
            },
            "matrices": {name: {"tensor": name.lower(), "slices": ["0:8", ":"]} for name in "QKV"},
            "layout": {"scheme": "flat", "star_room": 5.0, "longest": 8} | layout,
        },
        "test",
    )


def test_no_products_are_drawn_on_a_page():
    p = plan(grouped())
    assert not p.interiors
    said = {
        "expression": "S = A @ B",
        "matrices": {name: {"init": "gaussian", "shape": [3, 3]} for name in "AB"},
    }
    with pytest.raises(InputError, match="interior"):
        plan(
            from_dict(
                Scene, said | {"layout": {"scheme": "flat"}, "products": {"S": {"interior": True}}}, "test"
            )
        )


def test_what_is_added_to_keys_has_the_name_of_what_lies_there():
    arrangement = flat("attn = Q @ (K + P).T", {"Q": (5, 4), "K": (7, 4), "P": (7, 4)}, stars=["attn"])
    for plane in arrangement.planes:
        assert plane.transposed == (plane.row[0] == 1.0)
    (given,) = (plane for plane in arrangement.planes if plane.stage.name == "P")
    assert given.transposed and given.axes == ("i", "j")  # rows of P are rows of the sum


@pytest.mark.parametrize("parts, scheme", [((), "custom"), (("projections", "output"), "flat")])
def test_a_whole_head_of_a_capture_stands_on_a_page(parts, scheme):
    p = plan(scene_from_capture(ROOT / "examples/data/minilm_layer_5.safetensors", 5, 11, parts))
    assert p.scene.layout.scheme == scheme
