"""The patches of a picture beside the axes whose entries they are."""

from dataclasses import replace

import numpy as np
import pytest
import seen_captures
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.picture.figure_panel import PanelRoom, panel
from matrix_cinema.picture.figure_type import page_type
from matrix_cinema.picture.film import compose
from matrix_cinema.staging.camera.framing import axes
from matrix_cinema.staging.camera.views import direction_of
from matrix_cinema.staging.patches import reach
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import meeting, strips
from matrix_cinema.staging.writing.canvas import Canvas


@pytest.fixture
def seen(tmp_path):
    return scene_from_capture(seen_captures.write(tmp_path / "x.safetensors"), layer=0, head=0)


def strip_of(p, name, of_rows):
    (found,) = (one for one in p.strips if one.plane.stage.name == name and one.of_rows == of_rows)
    return found


def test_every_axis_of_patches_has_a_strip(seen):
    p = plan(seen)
    found = {(one.plane.stage.name, one.of_rows) for one in p.strips}
    assert {("Q", True), ("attn", True), ("attn", False), ("V", True), ("out", True)} <= found
    assert ("Q", False) not in found, "columns of Q are no patches"
    for strip in p.strips:
        assert np.array_equal(strip.picture.pixels, seen_captures.PIXELS) and strip.picture.grid == (2, 3)
        assert len(strip.regions) == 6, "the class token has no patch"
    assert np.allclose(strip_of(p, "attn", True).regions[4], (1 / 3, 0.0, 2 / 3, 0.5)), "r1c1"


def test_rows_of_two_pictures_have_no_patches_of_the_first_alone(seen):
    """Q and K have pictures of their own, whose patches have the same labels."""
    both = {name: seen.matrices[name] for name in ("Q", "K")}
    p = plan(replace(seen, expression="out = concat(Q, K, axis=0)", matrices=both, beats="off"))
    assert {strip.plane.stage.name for strip in p.strips} == {"Q", "K"}


def test_a_patch_stands_in_line_with_its_entry_upright_and_outside(seen):
    p = plan(seen)
    strip = strip_of(p, "attn", True)
    plane, right_up = strip.plane, np.stack(axes(direction_of(p))[:2])
    entries = plane.origin + np.outer(plane.row_ruler.at(np.arange(1, 7)), plane.row)
    away = strip.corners.mean(axis=1) - entries
    assert np.allclose(away @ plane.row, 0.0) and np.allclose(away, away[0])
    low, high = reach(p, plane, True)
    assert (low > 0.0) != (high > 0.0) and (high > 0.0) == strip.far
    across = away[0] @ plane.column
    assert across < -0.5 - 0.4 or across > plane.column_ruler.length + 0.5 + 0.4
    for patch in strip.corners @ right_up.T:  # lower left, lower right, upper right, upper left
        assert patch[1, 0] > patch[0, 0] and patch[2, 1] > patch[1, 1] and patch[3, 1] > patch[0, 1]


def test_labels_stand_clear_of_patches_which_the_camera_sees(seen):
    made = compose(plan(seen), 16 / 9)
    p = plan(seen)
    corners = np.concatenate([strip.outline for strip in p.strips])
    assert (np.abs(made.shot.view(float(p.timeline.last_frame)).project(corners)) <= 1.0).all()
    assert [label for label in made.lettering.labels if label.text == "r1c1"]


def test_names_of_a_figure_stand_clear_of_patches(seen):
    p = plan(seen)
    made = panel(PanelRoom(p, page_type(7.0, lambda text, size: 0.5 * size * len(text)), 400.0))
    kinds = ("name", "detail")
    names = np.array([one.box for one in made.items if getattr(one, "kind", "") in kinds])
    canvas = Canvas(p, made.view, made.width, made.height, page_type(7.0, lambda text, size: 1.0))
    assert len(canvas.strips) == len(p.strips) and len(names) >= 5
    first, last, beyond, end = canvas.strips.transpose(1, 0, 2)
    boxes = strips(0.5 * (first + end), 0.5 * (last + beyond), 0.25 * np.abs(end - first))
    assert not meeting(names, boxes, 0.0).any()


def test_a_slice_keeps_the_patches_of_its_entries(seen):
    own = {name: seen.matrices[name] for name in "QK"}
    sliced = replace(seen, expression="out = Q[2:5, :] @ K.T", star="", beats="off", matrices=own)
    strip = strip_of(plan(sliced), "out", True)
    assert np.allclose(strip.regions[0], (1 / 3, 0.5, 2 / 3, 1.0)) and len(strip.regions) == 3, (
        "r0c1 is first"
    )


def test_nothing_is_written_where_labels_are_off(seen):
    assert plan(replace(seen, look=replace(seen.look, labels=False))).strips == ()
