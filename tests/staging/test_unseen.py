"""What gives way to what is made of it entry by entry, and takes no room."""

from dataclasses import replace

import numpy as np
import pytest
from from_tables import planned_from
from matrix_cinema.kinds.stage import roots_of
from matrix_cinema.picture.figure_foot import pooled_notes
from matrix_cinema.staging.guides import flow_guides, row_guides
from matrix_cinema.staging.pooling import pools_of
from matrix_cinema.staging.writing.captions import name_of, notes
from matrix_cinema.staging.writing.legend import legend_of

SCENE = {
    "expression": "out = (Q = x @ W + b) @ K.T",
    "matrices": {
        "x": {"init": "normal", "shape": [5, 6]},
        "W": {"init": "normal", "shape": [6, 4]},
        "b": {"init": "normal", "shape": [1, 4]},
        "K": {"init": "normal", "shape": [5, 4]},
    },
}


def planned(sums, **more):
    return planned_from(SCENE | {"layout": {"scheme": "stage", "sums": sums}} | more)


def test_a_sum_stands_in_the_place_of_its_product_with_the_row_beside_it():
    beside, in_place = planned("beside"), planned("in place")
    assert beside.unseen == frozenset() and in_place.unseen == {"x @ W"}
    places = {
        plane.stage.name: plane.places(np.arange(4), np.arange(4)) for plane in in_place.arrangement.planes
    }
    assert np.array_equal(places["x @ W"], places["Q"])
    told = " ".join(name for bar in legend_of(in_place) for name, _ in bar.rows)
    assert "products in x @ W" in told, "they are still drawn"
    assert np.linalg.norm(places["b"][0] - places["Q"][0]) < 4.0
    assert (
        np.ptp(in_place.arrangement.corners(), axis=0).prod()
        < np.ptp(beside.arrangement.corners(), axis=0).prod()
    )


def test_a_stack_leaves_room_for_the_labels_of_its_star():
    apart = []
    for heads in ([], [2]):
        shapes = {"Q": [*heads, 5, 4], "K": [*heads, 5, 4], "B": [5, 5]}
        matrices = {name: {"init": "normal", "shape": shape} for name, shape in shapes.items()}
        layout = {"scheme": "stage", "sums": "in place", "star_room": 9.0}
        said = {"expression": "attn = softmax(Q @ K.T + B)", "matrices": matrices, "layout": layout}
        p = planned_from(said | {"star": "attn"})
        first = {plane.stage.of or plane.stage.name: plane for plane in reversed(p.arrangement.planes)}
        apart.append(np.linalg.norm(first["attn"].origin - first["Q"].origin))
        assert len(p.unseen) == (heads or [1])[0]
    assert apart[0] == apart[1]


def test_a_row_that_is_added_to_what_is_not_drawn_has_its_sign():
    own = {name: SCENE["matrices"][name] for name in ("x", "W", "b")}
    p = planned("in place", expression="Q = x @ W + b", matrices=own)
    assert {name_of(p, plane)[0] for plane in p.arrangement.seen} == {"Q", "x", "W", "+ b"}


def test_notes_are_of_what_is_seen():
    matrices = {name: {"init": "normal", "shape": [6, 2000]} for name in ("Q", "K")}
    scene = {"expression": "attn = softmax(Q @ K.T)", "matrices": matrices, "layout": {"scheme": "stage"}}
    for hidden in (False, True):
        p = planned_from(scene | {"animation": {"hide_inputs": hidden}})
        told = " ".join([*notes(p), *pooled_notes(p)])
        assert ("each bead is" in told) == ("a block of" in told) == (not hidden)


def test_what_several_take_or_what_a_star_is_does_not_give_way():
    own = {name: SCENE["matrices"][name] for name in ("x", "W", "b")}
    twice = {"expression": "out = (Q = (S = x @ W) + b) @ (S * 2).T", "matrices": own}
    assert planned("in place", **twice).unseen == frozenset()
    assert planned("in place", expression="Q = (S = x @ W) + b", star="S", matrices=own).unseen == frozenset()


@pytest.mark.parametrize(
    "said",
    [
        {"spotlight": "S[0, 1]"},
        {"readout": "S"},
        {"why": "S[0, 1]"},
        {"look": {"highlight": "S[0]"}},
        {"camera": {"subject": "S"}},
        {"beats": [{"say": "A product.", "show": "S"}]},
        {"beats": [{"say": "A product.", "present": "S"}]},
    ],
)
def test_what_a_description_points_at_does_not_give_way(said):
    own = {name: SCENE["matrices"][name] for name in ("x", "W", "b")}
    scene = {"expression": "Q = (S = x @ W) + b", "matrices": own}
    assert planned("in place", **scene).unseen == {"S"}
    assert planned("in place", **scene, **said).unseen == frozenset()


def test_a_star_that_is_hidden_leaves_the_stage():
    hidden = {"animation": {"hide_inputs": True}, "layout": {}, "star": "K"}
    for expression in ("out = softmax(x @ W) @ K.T", "K"):
        names = [name for name in SCENE["matrices"] if name in expression]
        matrices = {name: SCENE["matrices"][name] for name in names}
        p = planned_from({"expression": expression, "matrices": matrices} | hidden)
        assert p.scene.layout.scheme == p.scene.camera.view == "stage" and "K" in p.unseen


def test_hidden_inputs_take_no_room():
    shown, hidden = planned("beside"), planned("beside", animation={"hide_inputs": True})
    assert hidden.unseen == {"x", "W", "b", "K"}
    assert {plane.stage.name for plane in hidden.arrangement.seen} == {"x @ W", "Q", "out"}
    assert (
        np.ptp(hidden.arrangement.corners(), axis=0).prod()
        <= np.ptp(shown.arrangement.corners(), axis=0).prod()
    )


@pytest.mark.parametrize("drawn, places", [("always", 2), ("once", 1), ("never", 0)])
def test_a_matrix_that_two_results_use_stands_as_often_as_the_scene_says(drawn, places):
    shapes = {"x": [5, 6], "W": [6, 4], "U": [6, 4]}
    matrices = {name: {"init": "normal", "shape": shape} for name, shape in shapes.items()}
    matrices["x"]["drawn"] = drawn
    p = planned_from({"expression": "(Q = x @ W) @ (K = x @ U).T", "matrices": matrices})
    stands = [plane.unseen for plane in p.arrangement.planes if plane.stage.name == "x"]
    assert len(stands) == 2 and stands.count(False) == places
    assert p.unseen == ({"x"} if drawn == "never" else set())


def test_what_is_hidden_counts_in_no_budget_or_range_and_has_no_guide():
    matrices = {
        "Q": {"init": "normal", "shape": [8, 6]},
        "K": {"init": "normal", "shape": [8, 6], "min": 0.0},
        "V": {"init": "expr: 90", "shape": [8, 3]},
    }
    said = {
        "expression": "out = 0.001 * (softmax(Q @ K.T) @ V)",
        "matrices": matrices,
        "layout": {"scheme": "stage"},
        "look": {"sensitivity": "global"},
    }
    shown, hidden = (planned_from(said | {"animation": {"hide_inputs": hides}}) for hides in (False, True))
    assert shown.drawn - hidden.drawn == 8 * 6 + 8 * 6 + 8 * 3
    assert shown.final["out"].high == 90.0 and hidden.final["out"].high < 1.0
    assert {guide.name for guide in row_guides(hidden.arrangement)} == {"softmax(Q @ K.T)", "out"}
    assert len(flow_guides(hidden.arrangement, 1.0, 0.5)) == 2


def test_a_cuboid_without_products_and_arguments_has_no_vanes():
    own = {name: SCENE["matrices"][name] for name in ("x", "W")}
    more = {"products": {"S": {"interior": False}}, "matrices": own, "expression": "S = x @ W"}
    shown, hidden = (planned("beside", **more, animation={"hide_inputs": hides}) for hides in (False, True))
    assert len(flow_guides(shown.arrangement, 1.0, 0.5)) == 1
    assert flow_guides(hidden.arrangement, 1.0, 0.5) == []


def test_what_is_seen_has_no_larger_beads_for_a_matrix_that_is_not():
    matrices = {"A": {"init": "normal", "shape": [1200, 4]}, "B": {"init": "normal", "shape": [4, 300]}}
    said = {"expression": "S = A @ B", "matrices": matrices, "layout": {"scheme": "stage"}}
    p = planned_from(said)
    planes = tuple(replace(plane, unseen=plane.stage.name == "S") for plane in p.arrangement.planes)
    sizes = {plane.stage.name: (plane.rows, plane.columns) for plane in planes}
    pools = pools_of(p.root, sizes, replace(p.arrangement, planes=planes), p.scene)
    alone = {plane.stage.name: pool for plane, pool in zip(planes, pools, strict=True)}
    together = {plane.stage.name: pool for plane, pool in zip(planes, p.pools, strict=True)}
    assert alone["A"].rows < together["A"].rows == together["S"].rows == alone["S"].rows


def test_a_result_that_another_one_uses_may_stand_beside_it_and_be_drawn_once():
    matrices = {name: {"init": "normal", "shape": [4, 4]} for name in "ABC"}
    said = {"expression": "W = A @ B\nZ = C @ (W + A)\nW", "matrices": matrices}
    p = planned_from(said | {"products": {"W": {"drawn": "once"}}})
    assert [root.name for root in roots_of(p.root)] == ["W", "Z"]
    stands = [plane for plane in p.arrangement.planes if plane.stage.name == "W"]
    assert [(plane.role, plane.unseen) for plane in stands] == [("result", False), ("operand", True)]
