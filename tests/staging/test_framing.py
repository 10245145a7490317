"""The camera stands as near as it can with everything in the frame, whatever it sees and from where."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matrix_cinema.staging.camera.framing import (
    DIRECTIONS,
    SENSOR,
    Optics,
    angles,
    axes,
    direction_at,
    nearest,
    side_towards,
    skew_of,
    view_from,
    window,
)

coordinates = st.floats(-100, 100, width=32)
clouds = st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=12).map(np.array)
directions = st.sampled_from(list(DIRECTIONS.values())) | st.tuples(
    st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)
).filter(lambda d: np.hypot(d[0], d[1]) > 1e-2)
margins = st.tuples(*[st.floats(0, 0.4)] * 4)


def frame(points, direction, optics, margins):
    """The nearest view of points (n, 3)."""
    own = axes(direction)
    reach, centre = nearest(points @ np.stack(own).T, optics, margins)
    return view_from(own, centre, reach, optics, -1e3)


@given(clouds, directions, st.floats(8, 400), st.floats(0.2, 5), margins)
@settings(max_examples=300)
def test_everything_is_inside_and_the_fit_is_tight(points, direction, lens, aspect, margin):
    extent = np.ptp(points, axis=0).max()
    assume(extent > 1e-2)
    view = frame(points, direction, Optics(aspect, lens), margin)
    depths = view.seen(points)[2]
    assert depths.min() > -1e-6 * extent
    assume(depths.min() > 1e-3 * extent)  # a camera within its subject sees nothing of sense
    left, right, bottom, top = margin
    low = np.array([-1 + 2 * left, -1 + 2 * bottom])
    high = np.array([1 - 2 * right, 1 - 2 * top])
    seen = view.project(points)
    slack = 1e-6 * np.abs(seen).max() + 1e-6
    assert (seen >= low - slack).all() and (seen <= high + slack).all()
    # Some side pair holds the camera back: both of its ends are touched.
    near = 1e-5 * (1 + 100 / depths.min())
    touched = (seen.min(axis=0) - low < near) & (high - seen.max(axis=0) < near)
    assert touched.any(), (seen.min(axis=0) - low, high - seen.max(axis=0))
    # The other pair is centred: as much free on both of its sides, measured across the view.
    x, y, z = view.seen(points)
    for across, half, lo, hi in (
        (x, view.half_width, low[0], high[0]),
        (y, view.half_height, low[1], high[1]),
    ):
        free_low, free_high = (across - lo * half * z).min(), (hi * half * z - across).min()
        assert free_low == pytest.approx(free_high, abs=1e-6 * (extent + np.abs(depths).max()))


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_the_axes_are_upright_and_right_handed(direction):
    right, up, forward = axes(direction)
    np.testing.assert_allclose(
        np.array([right, up, forward]) @ np.array([right, up, forward]).T, np.eye(3), atol=1e-12
    )
    np.testing.assert_allclose(np.cross(right, up), -forward, atol=1e-12)
    assert right[2] == 0 and up[2] >= 0
    assert forward @ direction < 0
    np.testing.assert_allclose(direction_at(*angles(direction)), -forward, atol=1e-12)


@given(clouds, directions, st.floats(0.2, 5), margins)
@settings(max_examples=200)
def test_an_orthographic_frame_is_tight_whatever_the_depth(points, direction, aspect, margin):
    extent = np.ptp(points, axis=0).max()
    assume(extent > 1e-2)
    view = frame(points, direction, Optics(aspect, orthographic=True), margin)
    assume(view.half_width > 1e-3 * extent)  # what is seen end on has no size
    seen = view.project(points)
    left, right, bottom, top = margin
    low, high = np.array([2 * left - 1, 2 * bottom - 1]), np.array([1 - 2 * right, 1 - 2 * top])
    free = np.stack([seen.min(axis=0) - low, high - seen.max(axis=0)])
    assert free.min() > -1e-9 * extent / view.half_width - 1e-9
    assert np.abs(free).max(axis=0).min() < 1e-6
    np.testing.assert_allclose(free[0], free[1], atol=1e-6)


@given(clouds, directions, st.floats(0.5, 2), st.booleans(), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=200)
def test_what_moves_straight_between_two_places_loses_nothing(points, direction, aspect, flat, part, far):
    """Places that see all points are a convex set."""
    optics, margin = Optics(aspect, 50.0, flat), (0.1, 0.0, 0.05, 0.0)
    seen = points @ np.stack(axes(direction)).T
    reach, centre = nearest(seen, optics, margin)
    other = reach + far * np.ptp(points)
    corner = window(seen, other, optics, margin)[0]
    reach, centre = reach + part * (other - reach), centre + part * (corner - centre)
    low, high = window(seen, reach, optics, margin)
    slack = 1e-9 * (1 + np.abs(points).max())
    assert (low - slack <= centre).all() and (centre <= high + slack).all()


def test_the_frame_is_the_lens_and_the_sensor():
    """SENSOR millimetres along the longer side; 36 mm at 36 mm sees a width of 1 at distance 1."""
    points = np.array([[-1.0, 0, 0], [1, 0, 0]])
    wide = frame(points, (0, -1, 0), Optics(2.0, 36.0), (0, 0, 0, 0))
    assert (wide.half_width, wide.half_height) == (0.5, 0.25)
    np.testing.assert_allclose(wide.position, [0, -2, 0], atol=1e-12)
    tall = frame(points, (0, -1, 0), Optics(0.5, 36.0), (0, 0, 0, 0))
    assert (tall.half_width, tall.half_height) == (0.25, 0.5)
    np.testing.assert_allclose(tall.position, [0, -4, 0], atol=1e-12)
    assert frame(points, (0, -1, 0), Optics(1.0, 72.0), (0, 0, 0, 0)).half_width == 0.25 * SENSOR / 36
    half = frame(points, (0, -1, 0), Optics(2.0, 36.0), (0.25, 0.25, 0, 0))
    np.testing.assert_allclose(half.position, [0, -4, 0], atol=1e-12)
    left = frame(points, (0, -1, 0), Optics(2.0, 36.0), (0.5, 0, 0, 0))  # only the right half is free
    np.testing.assert_allclose(left.project(points), [[0, 0], [1, 0]], atol=1e-12)


@given(clouds, directions, st.floats(20, 400), st.floats(0.2, 5), margins)
@settings(max_examples=200)
def test_an_oblique_frame_is_tight_and_shows_its_side_as_on_paper(points, direction, lens, aspect, margin):
    extent = np.ptp(points, axis=0).max()
    assume(extent > 1e-2)
    side, optics = side_towards(direction), Optics(aspect, lens, skew=skew_of(direction))
    view = frame(points, side, optics, margin)
    assume(view.seen(points)[2].min() > 1e-3 * extent)
    left, right, bottom, top = margin
    low, high = np.array([-1 + 2 * left, -1 + 2 * bottom]), np.array([1 - 2 * right, 1 - 2 * top])
    seen = view.project(points)
    slack = 1e-5 * np.abs(seen).max() + 1e-6
    assert (seen >= low - slack).all() and (seen <= high + slack).all()
    assert ((seen.min(axis=0) - low < 1e-3) & (high - seen.max(axis=0) < 1e-3)).any()
    # What stands on the side keeps its right angles; one looks along the direction in the frame's middle.
    here = points[0]
    at = view.project(np.array([here, here + view.right, here + view.up]))
    across, up = (at[1:] - at[0]) * (view.half_width, view.half_height) * view.seen(here[None])[2]
    np.testing.assert_allclose([across[1], up[0]], 0.0, atol=1e-9)
    assert across[0] == pytest.approx(1.0) and up[1] == pytest.approx(1.0)
    middle = view.position + 50.0 * (view.forward + optics.skew[0] * view.right + optics.skew[1] * view.up)
    np.testing.assert_allclose(view.project(middle[None])[0], 0.0, atol=1e-9)
    toward = direction / np.linalg.norm(direction)
    np.testing.assert_allclose(view.line, -toward, atol=1e-9)
    np.testing.assert_allclose(view.parallel @ toward * [1, 1, 0], 0.0, atol=1e-9)
