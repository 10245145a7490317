"""When products move: what waits for what, what steps together, how long it takes."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.scene import ANIMATIONS, Animation, ProductOptions, Scene
from matrix_cinema.errors import InputError
from matrix_cinema.staging.timing.schedule import algorithms_of, sweeps_of
from matrix_cinema.staging.timing.timeline import fused_children, timeline

FPS = 24
SQUARE = {name: (3, 3) for name in "ABCDE"}


def timed(expression, sizes=SQUARE, products=None, **animation):
    """The timeline of an expression, its sweeps and animations; a second is 24 frames."""
    scene = Scene(expression=expression, products=products or {}, animation=Animation(**animation))
    root = stage(parse(expression))
    sweeps, algorithms = sweeps_of(root, shapes(root, sizes), scene), algorithms_of(root, scene)
    return timeline(root, sweeps, algorithms, scene.animation, FPS), sweeps, algorithms


def spans(moves):
    """(start, end) of each sweep in seconds after the first frame."""
    return {name: ((m.start - 1) / FPS, (m.swept - 1) / FPS) for name, m in moves.items()}


def test_children_move_before_parents_and_side_by_side():
    (made, *_) = timed("out = (l = A @ B) @ (r = C @ D)", sweep_seconds=2.0, pause_seconds=0.5)
    assert spans(made.moves) == {"l": (0, 2), "r": (0, 2), "out": (2.5, 4.5)}


def test_an_epilogue_follows_its_sweep():
    (made, *_) = timed("softmax(A @ B)", sweep_seconds=2.0, epilogue_seconds=1.0, hold_seconds=0.5)
    (move,) = made.moves.values()
    assert move.finish_keys() == [(49.0, 0.0), (73.0, 1.0)]
    assert made.last_frame == 85


def test_fused_rows_take_the_steps_of_one_product():
    """A@B@C with 3 rows takes 3 steps fused and, with the step between, 7 one after the other in mm."""
    apart, *_ = timed("out = (l = A @ B) @ C", algorithm="vmprod", steps_per_second=1.0)
    assert spans(apart.moves) == {"l": (0, 3), "out": (3, 6)}
    for fuse in ("sync", "async"):
        together, *_ = timed("out = (l = A @ B) @ C", algorithm="vmprod", steps_per_second=1.0, fuse=fuse)
        assert spans(together.moves) == {"l": (0, 3), "out": (0, 3)}
        assert together.moves["l"].fused and not together.moves["out"].fused


@pytest.mark.parametrize(
    ("parent", "left", "right", "expected"),
    [
        ("vmprod", "vmprod", "vmprod", ("l",)),
        ("mvprod", "mvprod", "mvprod", ("r",)),
        ("vvprod", "mvprod", "vmprod", ("l", "r")),
        ("vvprod", "vmprod", "mvprod", ()),
        ("vmprod", "mvprod", "vmprod", ()),
        ("dotprod", "dotprod", "dotprod", ()),
        ("axpy", "axpy", "axpy", ()),
    ],
)
def test_only_parallel_planes_fuse(parent, left, right, expected):
    products = {
        "out": ProductOptions(animation=parent),
        "l": ProductOptions(animation=left),
        "r": ProductOptions(animation=right),
    }
    made, *_ = timed("out = (l = A @ B) @ (r = C @ D)", products=products, fuse="sync")
    assert tuple(name for name, move in made.moves.items() if move.fused) == expected
    for name in expected:
        assert (made.moves[name].start, made.moves[name].swept) == (
            made.moves["out"].start,
            made.moves["out"].swept,
        )


def test_a_transposed_child_fuses_in_the_direction_in_which_it_is_taken():
    for moving, fuses in (("mvprod", True), ("vmprod", False)):
        products = {"out": ProductOptions(animation="vmprod"), "l": ProductOptions(animation=moving)}
        made, *_ = timed("out = (l = A @ B).T @ C", products=products, fuse="sync")
        assert made.moves["l"].fused == fuses


def test_in_sync_a_child_waits_for_its_parent_and_in_async_it_is_ahead():
    products = {"r": ProductOptions(animation="dotprod")}
    text = "out = (l = A @ B) @ (r = C @ D)"
    timing = {"algorithm": "vmprod", "steps_per_second": 1.0}
    sync, *_ = timed(text, products=products, fuse="sync", **timing)
    assert spans(sync.moves) == {"l": (9, 12), "r": (0, 9), "out": (9, 12)}
    ahead, *_ = timed(text, products=products, fuse="async", **timing)
    assert spans(ahead.moves) == {"l": (0, 3), "r": (0, 9), "out": (9, 12)}


def test_a_chain_fuses_from_end_to_end():
    made, *_ = timed("(((A @ B) @ C) @ D) @ E", algorithm="vmprod", fuse="sync", sweep_seconds=1.0)
    assert set(spans(made.moves).values()) == {(0, 1)}


def test_what_is_needed_elsewhere_first_is_not_fused():
    """The right argument needs the whole of the left one before its first row is used."""
    made, *_ = timed("out = (l = A @ B) @ (r = l @ C)", algorithm="vmprod", fuse="sync", sweep_seconds=1.0)
    assert spans(made.moves) == {"l": (0, 1), "r": (0, 1), "out": (1, 2)}
    made, *_ = timed("out = (l = A @ B) @ (r = C @ l)", algorithm="vmprod", fuse="sync", sweep_seconds=1.0)
    assert spans(made.moves) == {"l": (0, 1), "r": (1, 2), "out": (2, 3)}


@given(
    fuse=st.sampled_from(("none", "sync", "async")),
    expression=st.sampled_from(
        [
            "out = (attn = softmax((q = A @ B) @ (k = C @ D).T)) @ (v = E @ E)",
            "A @ B @ C @ D @ E",
            "A @ (B @ (C @ (D @ E)))",
            "(A @ B) @ (C @ D)",
            "out = (x = A @ B) @ (y = x @ C) @ x.T",
        ]
    ),
    algorithms=st.lists(st.sampled_from(ANIMATIONS), min_size=6, max_size=6),
    blocks=st.sampled_from([1, 2, 3]),
)
@example(  # x steps with y, y with x @ y, which waits for all of x
    "sync",
    "out = (x = A @ B) @ (y = x @ C) @ x.T",
    ["vmprod", "vmprod", "vvprod", "vmprod", "none", "none"],
    1,
)
def test_nothing_is_used_before_it_is_there(fuse, expression, algorithms, blocks):
    """A product without fusion starts when its arguments are finished; with it, step t uses what step
    t of the child makes, at the same time or later."""
    root = stage(parse(expression))
    names = [s.name for s in timed_products(root)]
    products = dict(zip(names, (ProductOptions(animation=a) for a in algorithms), strict=False))
    products[names[-1]] = ProductOptions(animation=products[names[-1]].animation, i_blocks=blocks)
    made, sweeps, found = timed(expression, products=products, fuse=fuse, steps_per_second=2.0)
    parts = fused_children(root, sweeps, found) if fuse != "none" else {}
    for parent in timed_products(root):
        move = made.moves[parent.name]
        for operand in parent.operands:
            child = made.moves.get(operand.stage.name)
            if child is None:
                continue
            if operand.stage.name in parts.get(parent.name, ()):
                assert child.start <= move.start and child.swept <= move.swept and child.steps == move.steps
            else:
                assert move.start >= child.finished


def timed_products(root):
    from matrix_cinema.kinds.product import Product as ProductStage
    from matrix_cinema.kinds.stage import stages_of

    return [s for s in stages_of(root) if isinstance(s, ProductStage)]


def test_inherited_animations_follow_the_parent_through_what_is_done_on_the_way():
    products = {
        "out": ProductOptions(animation="mvprod"),
        "attn": ProductOptions(animation="inherit"),
        "q": ProductOptions(animation="inherit"),
    }
    *_, algorithms = timed("out = (attn = softmax((q = A @ B) @ C)) @ D", products=products, algorithm="axpy")
    assert algorithms == {"q": "mvprod", "attn": "mvprod", "out": "mvprod"}
    *_, algorithms = timed(
        "out = A @ B", products={"out": ProductOptions(animation="inherit")}, algorithm="axpy"
    )
    assert algorithms == {"out": "axpy"}


def test_blocks_run_through_the_tree():
    """i goes down on the left, j on the right, and k is the left child's j and the right child's i."""
    products = {"out": ProductOptions(i_blocks=3, k_blocks=2, j_blocks=3)}
    sizes = {"A": (6, 5), "B": (5, 4), "C": (4, 5), "D": (5, 6)}
    _, sweeps, _ = timed("out = (l = A @ B) @ (r = C @ D)", sizes, products=products)
    assert sweeps["out"].block_sizes == (2, 2, 2)
    assert sweeps["l"].block_sizes == (2, 2, 5)
    assert sweeps["r"].block_sizes == (2, 2, 5)


def test_steps_per_second_and_a_total():
    made, *_ = timed("A @ B", algorithm="vmprod", steps_per_second=2.0, hold_seconds=0.0)
    assert spans(made.moves) == {"A @ B": (0, 1.5)}
    for expression in ("A @ B", "A @ B @ C", "softmax(A @ B)"):
        made, *_ = timed(expression, total_seconds=10.0, pause_seconds=0.3)
        assert made.last_frame == 240
        free, *_ = timed(expression, pause_seconds=0.3)
        for name, move in made.moves.items():
            part = (free.moves[name].finished - 1) / (free.last_frame - 1)
            assert (move.finished - 1) / 239 == pytest.approx(part, rel=0.02)


def test_a_loop_leads_back_to_its_beginning():
    made, *_ = timed("softmax(A @ B) @ C", hold_seconds=0.5, loop_seconds=1.0, epilogue_seconds=0.25)
    plain, *_ = timed("softmax(A @ B) @ C", hold_seconds=0.5, epilogue_seconds=0.25)
    assert made.last_frame == plain.last_frame + FPS and made.done == plain.last_frame + 1
    assert (plain.done, plain.moves["softmax(A @ B)"].back) == (plain.last_frame, None)
    for name, move in made.moves.items():
        fades = [move.finish_keys()] if move.finished > move.swept else []
        for keys in (move.sweep_keys(), move.settle_keys(), *fades):
            frames, values = np.array(keys).T
            assert (np.diff(frames) > 0).all()
            assert frames[-1] == made.last_frame + 1 and values[-1] == values[0] == 0
            assert np.interp(made.done, frames, values) == values.max()
        assert move.sweep_keys()[:2] == plain.moves[name].sweep_keys()
    whole, *_ = timed("A @ B", total_seconds=8.0, loop_seconds=1.0)
    assert whole.last_frame == 8 * FPS
    still, *_ = timed("A @ B", algorithm="none", loop_seconds=1.0)
    assert still.moves["A @ B"].sweep_keys() == [(1.0, 1.0)]
    quick, *_ = timed("softmax(A @ B)", hold_seconds=0.0, loop_seconds=0.05, epilogue_seconds=0.5)
    for move in quick.moves.values():
        assert (np.diff([frame for frame, _ in move.settle_keys()]) > 0).all()


def test_rests_are_between_steps_and_nothing_is_passed_over():
    made, *_ = timed("A @ B", algorithm="vmprod", steps_per_second=1.0, dwell=0.5)
    (move,) = made.moves.values()
    frames, values = np.array(move.sweep_keys()).T
    assert (np.diff(frames) > 0).all() and (np.diff(values) >= 0).all()
    assert values[0] == 0 and values[-1] == 3
    for step in range(3):  # moving for half a second, then at rest
        moving, resting = 1 + FPS * (step + 0.25), 1 + FPS * (step + 0.75)
        assert np.interp(moving, frames, values) == pytest.approx(step + 0.5, abs=1e-3)
        assert np.interp(resting, frames, values) == pytest.approx(step + 1, abs=1e-3)
    assert np.interp(1 + FPS * 2.75, frames, values) < 3  # so that the last step stays lit


def test_too_many_rests_are_refused():
    with pytest.raises(InputError, match="dwell: big has 12,000 steps"):
        timed("big = A @ B", {"A": (120, 2), "B": (2, 100)}, algorithm="dotprod", dwell=0.5)


@pytest.mark.parametrize(
    ("seconds", "remedy"),
    [
        ({"steps_per_second": 1e-9}, "72,000,000,019 frames .* steps_per_second has to be more"),
        ({"steps_per_second": 1e-320}, "inf frames .* steps_per_second has to be more"),
        ({"steps_per_second": 1e-320, "total_seconds": 9.0}, "inf frames .* steps_per_second has to be more"),
        ({"total_seconds": 50_000.0}, "1,200,000 frames .* total_seconds has to be less"),
        ({"hold_seconds": 50_000.0}, "1,200,037 frames .* its seconds have to be fewer"),
    ],
)
def test_films_longer_than_blender_has_frames_are_refused(seconds, remedy):
    with pytest.raises(InputError, match=f"animation: the film would have {remedy}.*") as refused:
        timed("A @ B", **seconds)
    assert "Blender has at most 1,048,574" in str(refused.value)


def test_slow_steps_in_a_film_of_a_given_length_are_fine():
    (made, *_) = timed("A @ B", steps_per_second=1e-9, total_seconds=2.0)
    assert made.last_frame == 2 * FPS


@pytest.mark.parametrize("total", [0.0, 4.0])
def test_a_matrix_alone_can_be_a_loop(total):
    (made, *_) = timed("B", hold_seconds=1.0, loop_seconds=2.0, total_seconds=total)
    assert made.moves == {} and made.last_frame == (total or 3) * FPS + (not total)
