"""What has to hold of the picture of every scene that is about a matrix, computed from its plan.

The star's entries are far enough apart at 1280 × 720, it faces the camera, nothing stands before it at the
still's frame, and the labels of both its axes stand at itself; or it is shown once more in a readout.
"""

import numpy as np
import pytest
from made_examples import HEIGHT, WIDE, WIDTH, composed, planned
from matrix_cinema.staging.camera.seen_planes import SeenPlanes
from matrix_cinema.staging.camera.views import sight_of
from matrix_cinema.staging.readouts import unlabelled

SCENES = [
    "attention_head",
    *(f"attention/{name}" for name in (
        "01_scores", "02_full_head", "03_softmax", "05_induction", "06_grouped_query", "07_rotary",
        "08_circuit", "09_head_writes", "10_masks")),
    *(f"heads/{name}" for name in ("grouped_query", "minilm_layer", "multi_head")),
]  # fmt: skip
APART, FACING = 9.0, 45.0  # pixels, degrees


def filmed(name):
    """(plan, film, the view of the still) of a scene at 1280 × 720."""
    p, film = planned(name), composed(name)
    return p, film, film.shot.view(float(p.scene.render.still_frame(1, p.timeline.done)))


def shown_again(film):
    return {one.plane.stage.name for one in film.beside.readouts}


@pytest.mark.parametrize("name", SCENES)
def test_its_star_can_be_read(name):
    p, film, view = filmed(name)
    seen = SeenPlanes(p.arrangement.seen, np.stack(view.axes))
    stars = [(n, plane) for n, plane in enumerate(p.arrangement.seen) if p.is_star(plane.stage)]
    assert stars
    for n, star in stars:
        if star.stage.name in shown_again(film):
            continue
        corner = np.array([star.origin, star.origin + star.row, star.origin + star.column])
        first, down, right = view.project(corner) * (WIDTH / 2, HEIGHT / 2)
        row, column = down - first, right - first
        lengths = np.hypot(*row), np.hypot(*column)
        across = abs(row[0] * column[1] - row[1] * column[0]) / max(lengths)
        assert min(*lengths, across) >= APART, star.stage.name
        assert np.degrees(np.arccos(min(1.0, seen.facing[n]))) <= FACING, star.stage.name
        assert seen.part_uncovered(n) == 1.0, star.stage.name
        assert row[1] < 0 < column[0], f"{star.stage.name} does not read down and to the right"


@pytest.mark.parametrize(
    "name, shared",
    [("attention/06_grouped_query", "of both heads"), ("heads/grouped_query", "16 × 8, heads 4, 7")],
)
def test_each_head_of_a_group_has_its_tokens_and_its_name_at_itself(name, shared):
    p, film = planned(name), composed(name)
    tokens = [label.owner for label in film.lettering.labels if label.kind == "token"]
    details = {label.owner: label.text for label in film.lettering.labels if label.kind == "detail"}
    for head in p.scene.capture.heads:
        assert tokens.count(f"attn[{head}]") == 16
        assert details[f"attn[{head}]"] == f"8 × 8, head {head}"
    assert details["K[1]"] == shared


@pytest.mark.parametrize("name", ["attention/06_grouped_query", "heads/grouped_query"])
def test_links_tell_what_heads_share_and_say_once_what_all_do(name):
    labels = composed(name).lettering.labels
    signs = sorted(label.owner for label in labels if label.kind == "sign")
    assert signs == sorted(made.stage.name for made in planned(name).arrangement.cuboids)
    lines = [stroke for stroke in composed(name).lettering.strokes if stroke.kind == "link"]
    assert len(lines) == 5 * len(signs)  # from both operands, and an arrow of three lines
    assert sum("softmax" in label.text for label in labels if label.kind == "steps") == 1


def test_an_axis_that_the_stars_labels_name_is_named_nowhere_else():
    labels = composed("attention/09_head_writes").lettering.labels
    assert [label.owner for label in labels if label.text == "model dimension"] == ["sum"]


def test_one_head_is_drawn_alike_in_both_pictures_of_groups():
    def ways(name):
        p = planned(name)
        plane = next(plane for plane in p.arrangement.planes if plane.stage.name == "Q[4]")
        return np.sign(np.round(sight_of(p)[:2] @ np.array([plane.row, plane.column]).T, 6))

    assert np.array_equal(ways("attention/06_grouped_query"), ways("heads/grouped_query"))


@pytest.mark.parametrize("name", SCENES)
def test_what_stands_before_its_star_is_gone_at_the_still(name):
    p = planned(name)
    frame = p.scene.render.still_frame(1, p.timeline.done)
    for product in p.before_star & p.interiors:
        assert p.timeline.moves[product].settled <= frame, product


@pytest.mark.parametrize("name", SCENES)
def test_both_axes_of_its_star_are_labelled_at_it(name):
    p, film, view = filmed(name)
    stars = [plane for plane in p.arrangement.planes if p.is_star(plane.stage)]
    stars = [star for star in stars if star.stage.name not in shown_again(film)]
    assert not stars or not unlabelled(p, stars, view, WIDE, film.lettering)
