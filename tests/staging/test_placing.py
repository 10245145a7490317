"""Placing labels: what is taken never shares room, and as much as possible stays where it wants to be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.staging.writing.boxes import Obstacles, gaps_between, meeting, strips
from matrix_cinema.staging.writing.placing import LABEL_GAP, NOWHERE, Later, Option, settle, spread

corner = st.floats(0, 1)
places = st.tuples(corner, corner, st.floats(0.05, 0.4), st.floats(0.02, 0.2), st.floats(0, 90))
items = st.lists(st.lists(places, min_size=1, max_size=6), min_size=1, max_size=8)


def option(left, low, width, height, cost):
    return Option(np.array([[left, low, left + width, low + height]]), cost, lambda: "written")


@given(items, st.lists(places, max_size=3))
def test_nothing_that_is_taken_shares_room(items, fixed):
    fixed = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in fixed]).reshape(-1, 4)
    taken = settle([[option(*place) for place in places] for places in items], fixed)
    for n, one in enumerate(taken):
        others = np.concatenate([fixed, *(o.boxes for m, o in enumerate(taken) if m != n)])
        assert not meeting(one.boxes, others, LABEL_GAP).any()


def test_the_cheapest_place_is_taken_and_what_has_none_is_left_out():
    a = [option(0, 0, 1, 1, 1), option(2, 0, 1, 1, 5)]
    b = [option(0.5, 0, 1, 1, 0)]
    first, second = settle([a, b], np.empty((0, 4)))
    assert (first.boxes[0, 0], second.boxes[0, 0]) == (2, 0.5)  # the other one leaves its cheapest place
    assert not meeting(first.boxes, second.boxes, LABEL_GAP).any()
    assert settle([b], np.array([[0, 0, 2, 2]]))[0].write() is None


def test_a_crowded_out_label_gets_a_place_if_all_cost_less():
    """In turn, the first takes 5, the second is left 0, and the third moves away from that: 65 in all."""
    places = ((5, 0.0), (3, 35.0)), ((5, 0.0), (0, 40.0)), ((1, 0.0), (2, 25.0))
    taken = settle(
        [[option(left, 0, 1.5, 1, cost) for left, cost in one] for one in places], np.empty((0, 4))
    )
    assert [one.cost for one in taken] == [35.0, 0.0, 0.0]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.floats(0.01, 50.0))
def test_spread_keeps_apart_and_moves_least(spots, apart):
    """The places are far enough apart, and no block of touching ones would gain by moving: its mean shift is
    0."""
    spots = np.sort(spots)
    places = spread(spots, apart)
    assert (np.diff(places) >= apart - 1e-6).all()
    blocks = np.split(np.arange(len(spots)), np.flatnonzero(np.diff(places) > apart + 1e-6) + 1)
    assert all(abs((places - spots)[block].mean()) < 1e-6 for block in blocks)
    if (np.diff(spots) >= apart).all():
        np.testing.assert_allclose(places, spots, atol=1e-9)


def test_obstacles_count_what_lies_under_a_box():
    square = np.array([[(0, 0), (2, 0), (2, 2), (0, 2)]], float)
    boxes = np.array([[0.5, 0.5, 1.5, 1.5], [3, 3, 4, 4], [1.0, 0.5, 3.0, 1.5]])
    inside, outside, half = Obstacles(square).under(boxes)
    assert inside == 1 and outside == 0 and 0.3 < half < 0.7
    assert Obstacles(np.concatenate([square, square[:, ::-1]])).under(boxes)[0] == 2  # either way round
    assert Obstacles(square).under(np.array([[-4.0, -4.0, 0.1, 0.1]]))[0] > 0  # a corner that reaches into it
    assert not len(Obstacles(square).under(np.empty((0, 4))))  # where nothing is written


def test_strips_hold_the_line():
    a, b = np.array([[0.0, 0.0]]), np.array([[1.0, 2.0]])
    boxes = strips(a, b, 0.0)
    for t in np.linspace(0, 1, 50):
        at = (a + t * (b - a))[0]
        assert ((boxes[:, :2] <= at + 1e-9) & (boxes[:, 2:] >= at - 1e-9)).all(axis=1).any()


def test_no_boxes_have_no_gaps():
    quad = np.array([[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]])
    assert gaps_between(np.empty((0, 4)), quad).shape == (0, 1)
    assert gaps_between(np.array([[2.0, 0.0, 3.0, 1.0]]), quad).item() == pytest.approx(1.0)


@given(items, st.integers(1, 3))
def test_what_is_made_later_is_taken_as_if_it_had_been_there(items, together):
    """Options that are made when they are needed, a few at a time and in two steps, end as those made at
    once."""
    ready = [[option(*place) for place in places] for places in items]

    def later(options):
        return Later(
            min(one.cost for one in options),
            lambda: [Later(one.cost, lambda one=one: [one]) for one in options],
        )

    waiting = [
        [later(options[n : n + together]) for n in range(0, len(options), together)] for options in ready
    ]
    assert settle(waiting, NOWHERE) == settle(ready, NOWHERE)


def test_what_costs_more_than_what_is_taken_is_never_made():
    made = []

    def make():
        made.append(option(4, 0, 1, 1, 5))
        return made[-1:]

    cheap = option(0, 0, 1, 1, 1)
    assert settle([[Later(5.0, make), cheap]], NOWHERE) == [cheap] and not made
    assert settle([[Later(5.0, make), cheap]], cheap.boxes) == made[:1]


def test_labels_of_their_own_widths_keep_their_distances():
    spots, apart = np.array([0.0, 1.0, 2.0, 6.0]), np.array([2.0, 1.5, 1.0])
    placed = spread(spots, apart)
    assert (np.diff(placed) >= apart - 1e-9).all() and placed[3] == 6.0
    assert placed[:3].mean() == pytest.approx(1.0)
