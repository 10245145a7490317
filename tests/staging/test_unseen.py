"""What gives way to what is made of it entry by entry, and takes no room."""

import numpy as np
from matrix_cinema.description.scene import Scene, from_dict
from matrix_cinema.staging.plan import plan

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
    return plan(from_dict(Scene, SCENE | {"layout": {"scheme": "stage", "sums": sums}} | more, "test"))


def test_a_sum_stands_in_the_place_of_its_product_with_the_row_beside_it():
    beside, in_place = planned("beside"), planned("in place")
    assert beside.left_out == frozenset() and in_place.left_out == {"x @ W"}
    places = {
        plane.stage.name: plane.places(np.arange(4), np.arange(4)) for plane in in_place.arrangement.planes
    }
    assert np.array_equal(places["x @ W"], places["Q"])
    assert np.linalg.norm(places["b"][0] - places["Q"][0]) < 4.0
    assert (
        np.ptp(in_place.arrangement.corners(), axis=0).prod()
        < np.ptp(beside.arrangement.corners(), axis=0).prod()
    )


def test_what_several_take_or_what_a_star_is_does_not_give_way():
    own = {name: SCENE["matrices"][name] for name in ("x", "W", "b")}
    twice = {"expression": "out = (Q = (S = x @ W) + b) @ (S * 2).T", "matrices": own}
    assert planned("in place", **twice).left_out == frozenset()
    assert (
        planned("in place", expression="Q = (S = x @ W) + b", star="S", matrices=own).left_out == frozenset()
    )


def test_hidden_inputs_take_no_room():
    shown, hidden = planned("beside"), planned("beside", animation={"hide_inputs": True})
    assert hidden.left_out == {"x", "W", "b", "K"}
    assert {plane.stage.name for plane in hidden.arrangement.seen} == {"x @ W", "Q", "out"}
    assert (
        np.ptp(hidden.arrangement.corners(), axis=0).prod()
        <= np.ptp(shown.arrangement.corners(), axis=0).prod()
    )
