"""Whatever is drawn of products that step together is exact, at any frame."""

import dataclasses

import numpy as np
import pytest
from matrix_cinema.description.scene import Animation, Look, MatrixOptions, ProductOptions, Scene

EXPRESSION = "out = (attn = softmax(Q @ K.T / sqrt(k), mask=causal)) @ V"


def attention(**animation):
    return Scene(
        expression=EXPRESSION,
        matrices={
            "Q": MatrixOptions(init="gaussian", shape=(6, 4), seed=1),
            "K": MatrixOptions(init="gaussian", shape=(6, 4), seed=2),
            "V": MatrixOptions(init="gaussian", shape=(6, 3), seed=3),
        },
        animation=Animation(**{"algorithm": "vmprod", "sweep_seconds": 1.0, "fuse": "sync", **animation}),
        look=Look(labels=False, legend=False, title=False, numbers="off"),
    )


@pytest.mark.parametrize("easing", ["smooth", pytest.param("linear", marks=pytest.mark.one_blender)])
@pytest.mark.parametrize("fuse", ["sync", "async"])
def test_every_frame_of_a_fused_pair_is_exact(factory, fuse, easing):
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    target = build(attention(fuse=fuse, easing=easing))
    report = verify(target, frames=np.arange(1, target.frame_end + 0.1, 1.7))
    assert report.ok, "\n".join(report.lines())
    assert any(0 < row.drawn < 36 for row in report.rows if row.name == "attn" and row.kind == "matrix")


def test_a_fused_child_finishes_row_by_row(factory):
    """While row 2 is made, rows 0 and 1 already hold probabilities and the rest is not there."""
    from matrix_cinema.blender.build import draw
    from matrix_cinema.blender.read import drawn_objects, elements
    from matrix_cinema.picture.drawing import film_of
    from matrix_cinema.staging.plan import plan

    p = plan(attention(dwell=0.5))
    target = draw(film_of(p))
    move = p.timeline.moves["attn"]
    frame = move.start + (move.swept - move.start) * 2.25 / 6  # in the middle of step 2, before its rest
    target.frame_set(int(frame), subframe=frame % 1)
    (attn,) = [ob for ob in drawn_objects(target, "matrix") if ob["mc_name"] == "attn"]
    drawn = elements(attn, factory.context.evaluated_depsgraph_get())
    final = p.evaluation["attn"].final
    done = drawn["i"] < 2
    assert np.allclose(drawn["value"][done], final[drawn["i"][done], drawn["j"][done]], atol=1e-6)
    assert set(drawn["i"]) == {0, 1, 2}


def test_hidden_inputs_are_not_drawn_and_the_rest_is_exact(factory):
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    target = build(attention(hide_inputs=True))
    hidden = {ob["mc_name"] for ob in target.objects if ob.get("mc_kind") == "matrix" and ob.hide_render}
    assert hidden == {"Q", "K", "V"}
    assert verify(target).ok


def test_cut_and_inherited_products_are_exact(factory):
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    products = {"out": ProductOptions(i_blocks=3, k_blocks=2), "attn": ProductOptions(animation="inherit")}
    scene = attention(algorithm="axpy")
    report = verify(build(dataclasses.replace(scene, products=products)))
    assert report.ok, "\n".join(report.lines())


def test_a_smooth_sweep_is_slow_at_both_ends(factory):
    from matrix_cinema.blender.update import build
    from matrix_cinema.ui.sweep import curve_of

    scene = attention(easing="smooth")
    matrices = {"Q": MatrixOptions(init="rows", shape=(4, 4)), "V": MatrixOptions(init="cols", shape=(4, 4))}
    target = build(dataclasses.replace(scene, expression="out = Q @ V.T", matrices=matrices))
    (product,) = [ob for ob in target.objects if ob.get("mc_kind") == "product"]
    curve = curve_of(product)
    start, end = curve.range()
    for part in (0.0, 0.1, 0.25, 0.5, 0.8, 1.0):
        expected = 4 * (1 - np.cos(np.pi * part)) / 2
        assert curve.evaluate(start + part * (end - start)) == pytest.approx(expected, abs=1e-3)


def test_the_last_frame_of_a_loop_leads_into_the_first(factory):
    """All is exact at every frame, finished at `mc_done`, and one frame after the last as at the first."""
    from matrix_cinema.blender.read import drawn_objects, elements
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    scene = build(attention(fuse="none", loop_seconds=0.25, sweep_seconds=0.4))
    report = verify(scene)
    assert report.ok, "\n".join(report.lines())
    assert scene.frame_start < scene["mc_done"] < scene.frame_end

    def drawn_at(frame):
        scene.frame_set(frame)
        depsgraph = factory.context.evaluated_depsgraph_get()
        return [len(elements(ob, depsgraph)["value"]) for ob in drawn_objects(scene, "matrix")]

    assert drawn_at(scene.frame_end + 1) == drawn_at(1) != drawn_at(scene["mc_done"])
    after, end = drawn_at(scene.frame_end), drawn_at(scene["mc_done"])
    assert all(a <= b for a, b in zip(after, end, strict=True))
