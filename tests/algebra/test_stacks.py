"""Heads, layers and batches: leading axes evaluate as in NumPy, and stand side by side."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import evaluate, shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.algebra.stacks import unstacked
from matrix_cinema.attention.attend import attend
from matrix_cinema.description.leading import LeadingAxis, member_name
from matrix_cinema.description.scene import (
    CaptureOptions,
    Layout,
    MatrixOptions,
    ProductOptions,
    Scene,
    from_dict,
    load_scene,
    to_dict,
    to_toml,
)
from matrix_cinema.errors import InputError
from matrix_cinema.formats.capture_file import write_capture
from matrix_cinema.kinds.given import Given
from matrix_cinema.kinds.product import Product
from matrix_cinema.kinds.stage import SideBySide, leaf_names, roots_of, stages_of
from matrix_cinema.staging.layout.arrangement import Arranger
from matrix_cinema.staging.layout.fans import fans
from matrix_cinema.staging.layout.schemes import MmScheme, StageScheme
from matrix_cinema.staging.plan import plan, root_of
from paths import ROOT

MINILM = ROOT / "examples" / "data" / "minilm.safetensors"


def counted(*sizes):
    """Leading axes whose entries are numbered from 0, as those of an array."""
    names = ("layer", "head")[-len(sizes) :]
    return tuple(LeadingAxis(name, tuple(range(n))) for name, n in zip(names, sizes, strict=True))


def spread_arrays(expression, arrays):
    """(root, leaves): the expression over arrays of two axes or more."""
    axes = {name: counted(*array.shape[:-2]) for name, array in arrays.items() if array.ndim > 2}
    leaves = {
        member_name(name, index): array[index]
        for name, array in arrays.items()
        for index in np.ndindex(array.shape[:-2])
    }
    return unstacked(stage(parse(expression)), axes), leaves


def values_of(expression, arrays):
    """The values of the roots, stacked again."""
    root, leaves = spread_arrays(expression, arrays)
    evaluation = evaluate(root, leaves)
    if not isinstance(root, SideBySide):
        return evaluation[root].final
    return np.array([[evaluation[one].final for one in row] for row in root.rows_of_results])


@st.composite
def stacked_trees(draw, depth=4):
    """(expression, arrays by name, NumPy's value): a random tree over matrices with leading axes."""
    layers, heads = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 4]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = {}

    def leaf(rows, columns):
        leading = draw(st.sampled_from([(), (heads,), (layers, heads), (1, heads), (layers, 1), (1,)]))
        name = "abcdefghijlmnopqrstuvwxyz"[len(arrays)]
        arrays[name] = random.uniform(-1, 1, (*leading, rows, columns))
        return name, arrays[name]

    def grow(rows, columns, levels):
        if levels == 0 or len(arrays) > 14:
            return leaf(rows, columns)
        kind = draw(st.sampled_from(["leaf", "@", "@", "+", "*", "T", "relu", "softmax"]))
        if kind == "leaf":
            return leaf(rows, columns)
        if kind == "T":
            text, value = grow(columns, rows, levels - 1)
            return f"({text}).T", np.swapaxes(value, -1, -2)
        if kind in ("relu", "softmax"):
            text, value = grow(rows, columns, levels - 1)
            if kind == "relu":
                return f"relu({text})", np.maximum(value, 0)
            power = np.exp(value - value.max(axis=-1, keepdims=True))
            return f"softmax({text})", power / power.sum(axis=-1, keepdims=True)
        inner = draw(st.integers(1, 4)) if kind == "@" else columns
        (left, a), (right, b) = (
            grow(rows, inner, levels - 1),
            grow(inner if kind == "@" else rows, columns, levels - 1),
        )
        made = {"@": np.matmul, "+": np.add, "*": np.multiply}[kind](a, b)
        return f"({left} {kind} {right})", made

    text, value = grow(draw(st.integers(1, 4)), draw(st.integers(1, 4)), depth)
    return text, arrays, value


@given(stacked_trees())
@settings(max_examples=250)
def test_leading_axes_evaluate_as_numpy_broadcasts_them(tree):
    text, arrays, value = tree
    found = values_of(text, arrays)
    expected = value.reshape((1,) * (4 - value.ndim) + value.shape)
    found = found.reshape((1,) * (4 - found.ndim) + found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def attention(heads, groups, size=3):
    random = np.random.default_rng(1)
    draws = {"Q": heads, "K": groups, "V": groups}
    return {name: random.standard_normal((n, size, 2)) for name, n in draws.items()}


GQA = "z = (attn = softmax(Q @ K.T / sqrt(k))) @ V"


@pytest.mark.parametrize(("heads", "groups"), [(8, 2), (4, 1), (6, 3), (4, 4)])
def test_query_heads_of_a_group_share_their_keys_and_values_by_reference(heads, groups):
    arrays = attention(heads, groups)
    root, leaves = spread_arrays(GQA, arrays)
    assert len(leaf_names(root)) == heads + 2 * groups  # stored once, whoever uses it
    for h, z in enumerate(roots_of(root)):
        group = h // (heads // groups)
        assert (z.right.stage.name, z.left.stage.right.stage.name) == (f"V[{group}]", f"K[{group}]")
        assert z.name == f"z[{h}]" and z.of == "z" and z.title == f"head {h}"
    scores = arrays["Q"] @ np.repeat(arrays["K"], heads // groups, 0).swapaxes(1, 2) / np.sqrt(2)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = weights @ np.repeat(arrays["V"], heads // groups, 0)
    np.testing.assert_allclose(values_of(GQA, arrays)[0], expected, rtol=1e-12)


def test_keys_that_query_heads_share_are_drawn_once():
    root, leaves = spread_arrays(GQA, attention(8, 2))
    (row,) = root.rows_of_results
    assert [(len(fan.roots), fan.side, fan.depth) for fan in fans(row)] == [(4, "right", 2)] * 2
    for scheme in (StageScheme(), MmScheme("blocks"), MmScheme("zigzag")):
        arrangement = Arranger(
            root, shapes(root, {n: m.shape for n, m in leaves.items()}), 2.0, scheme
        ).arrangement()
        drawn = [plane.stage.name for plane in arrangement.planes]
        assert sorted(drawn) == sorted(s.name for s in stages_of(root))  # each exactly once
        sides = {}
        for cuboid in arrangement.cuboids:
            faces = arrangement.faces_of(cuboid)
            # Each product is straight below or above its entry of the shared face.
            i, j, k = np.indices((cuboid.rows, cuboid.columns, cuboid.inner)).reshape(3, -1)
            row, column = (j, k) if cuboid.stage.right.transposed else (k, j)
            away = cuboid.places(i, j, k) - faces["right"].places(row, column)
            np.testing.assert_allclose(away - np.outer(away @ cuboid.i_step, cuboid.i_step), 0, atol=1e-9)
            (side,) = {*np.sign(away @ cuboid.i_step)}  # -1: above what is shared
            sides.setdefault(cuboid.stage.right.stage.name, []).append((cuboid.origin[2], side))
        above = 4 if isinstance(scheme, StageScheme) else 2  # of the four heads of a group
        for heads in sides.values():
            assert [side for _, side in sorted(heads, reverse=True)] == [-1] * above + [1] * (4 - above)


def test_one_matrix_is_drawn_once_for_a_row_of_weights():
    arrays = {"x": np.ones((3, 4)), "W": np.ones((5, 4, 2))}
    root, leaves = spread_arrays("Q = x @ W", arrays)
    assert [(len(fan.roots), fan.side) for fan in fans(root.rows_of_results[0])] == [(5, "left")]
    arrangement = Arranger(root, shapes(root, {n: m.shape for n, m in leaves.items()}), 2.0).arrangement()
    assert [plane.stage.name for plane in arrangement.planes].count("x") == 1
    assert len(arrangement.cuboids) == 5


@given(stacked_trees(depth=3), st.sampled_from(["stage", "blocks", "zigzag"]), st.sampled_from([1.0, 2.5]))
@settings(max_examples=150)
def test_nothing_stands_in_anything_else(tree, scheme, gap):
    text, arrays, _ = tree
    root, leaves = spread_arrays(text, arrays)
    sizes = shapes(root, {name: leaf.shape for name, leaf in leaves.items()})
    arrangement = Arranger(
        root, sizes, gap, StageScheme() if scheme == "stage" else MmScheme(scheme)
    ).arrangement()
    assert {plane.stage.name for plane in arrangement.planes} == set(sizes)
    products = [s.name for s in stages_of(root) if isinstance(s, Product)]
    assert sorted(c.stage.name for c in arrangement.cuboids) == sorted(products)
    boxes = []
    for part in (*arrangement.planes, *arrangement.cuboids):
        corners = part.corners(0.0)
        boxes.append((corners.min(axis=0), corners.max(axis=0)))
    for (low, high), (other_low, other_high) in itertools.combinations(boxes, 2):
        assert np.maximum(low - other_high, other_low - high).max() >= 0.99


def test_heads_are_summed_and_put_side_by_side():
    random = np.random.default_rng(3)
    arrays = {"z": random.normal(size=(3, 4, 2)), "W_O": random.normal(size=(3, 2, 5)), "b": np.ones((1, 5))}
    expected = (arrays["z"] @ arrays["W_O"]).sum(0) + 1
    np.testing.assert_allclose(values_of("sum_heads(z @ W_O) + b", arrays), expected, rtol=1e-12)
    arrays["W"] = arrays["W_O"].reshape(6, 5)
    np.testing.assert_allclose(values_of("concat_heads(z) @ W + b", arrays), expected, rtol=1e-12)
    assert values_of("concat_heads(z.T)", arrays).shape == (2, 12)
    arrays["z"] = random.normal(size=(2, 3, 4, 2))  # of each layer
    found = values_of("sum_heads(z @ W_O) * 2", arrays)
    np.testing.assert_allclose(found[0], 2 * (arrays["z"] @ arrays["W_O"]).sum(1), rtol=1e-12)
    with pytest.raises(InputError, match="b is one matrix; expected one of several heads"):
        spread_arrays("sum_heads(b)", arrays)


def test_what_does_not_fit_says_which_entries():
    root = stage(parse("x @ W"))
    with pytest.raises(InputError, match="heads 0, 1, 2 and 0, 1 do not fit"):
        unstacked(root, {"x": counted(3), "W": counted(2)})
    with pytest.raises(InputError, match="heads 0, 3 and 1, 2 do not fit"):
        unstacked(root, {"x": (LeadingAxis("head", (0, 3)),), "W": (LeadingAxis("head", (1, 2)),)})
    with pytest.raises(InputError, match="the leading axes layer, batch, head; the most is 2"):
        unstacked(root, {"x": counted(2, 2), "W": (LeadingAxis("batch", (0, 1)),)})
    # What is only counted takes the other's numbers; one for all fits everything.
    for own in (counted(2), counted(1)):
        named = unstacked(root, {"x": (LeadingAxis("head", (3, 11)),), "W": own})
        assert [one.title for one in roots_of(named)] == ["head 3", "head 11"]


def test_a_chosen_few_of_grouped_heads_find_their_keys():
    axes = {"Q": (LeadingAxis("head", (1, 2, 7)),), "K": (LeadingAxis("head", (0, 1), 4),)}
    root = unstacked(stage(parse("Q @ K.T")), axes)
    assert [one.right.stage.name for one in roots_of(root)] == ["K[0]", "K[0]", "K[1]"]
    assert roots_of(root)[1].name == "(Q @ K.T)[2]"


def test_several_expressions_stand_side_by_side_and_share_names():
    root = stage(parse("K = x @ W_K; V = x @ W_V\nQ = x @ W_Q"))
    assert [one.name for one in roots_of(root)] == ["K", "V", "Q"]
    root = stage(parse("h = x @ W\nout = h @ U; y = h + x"))
    assert [one.name for one in roots_of(root)] == ["out", "y"]  # h stands where it is used
    first, second = roots_of(root)
    assert first.left.stage is second.operands[0].stage
    assert stage(parse("h = x @ W; out = relu(h)")).name == "out"
    continued = stage(parse("out = (a @ b\n) @ c\n + d;"))  # no line begins anew within brackets or before +
    assert not isinstance(continued, SideBySide)
    with pytest.raises(InputError, match='"h" already names x @ W'):
        stage(parse("h = x @ W; h = x @ U"))
    with pytest.raises(InputError, match="character 12 "):
        stage(parse("h = x @ W; @ V"))


# Where they come from


def described(**matrices):
    return Scene(expression="out = x @ W", matrices=matrices)


def test_arrays_and_initialisers_have_leading_axes(tmp_path):
    array = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.save(tmp_path / "w.npy", array)
    scene = described(
        x=MatrixOptions(init="normal", shape=(3, 4, 4)), W=MatrixOptions(file=str(tmp_path / "w.npy"))
    )
    p = plan(scene)
    assert [[s.title for s in row] for row in p.root.rows_of_results] == [
        ["L0H0", "L0H1", "L0H2"], ["L1H0", "L1H1", "L1H2"]
    ]  # fmt: skip
    np.testing.assert_array_equal(p.evaluation["W[1,2]"].final, array[1, 2])
    # A matrix of a stack draws what it would draw if it stood alone.
    alone = plan(
        Scene(expression="`x[2]` @ W", matrices={
            "x[2]": MatrixOptions(init="normal", shape=(4, 4)),
            "W": MatrixOptions(file=str(tmp_path / "w.npy"), index=(0, 0)),
        })
    )  # fmt: skip
    np.testing.assert_array_equal(p.evaluation["x[2]"].final, alone.evaluation["x[2]"].final)
    of_batch = MatrixOptions(init="eye", shape=(3, 4, 4), leading_axes=("batch",))
    named = plan(described(x=scene.matrices["x"], W=of_batch))
    assert [s.title for s in roots_of(named.root)][:2] == ["B0H0", "B0H1"]
    for wrong in (("a", "b"), ("head", "head")):
        with pytest.raises(InputError, match="leading_axes names the axes before rows and columns"):
            plan(
                described(
                    x=MatrixOptions(init="eye", shape=(3, 4, 4), leading_axes=wrong), W=scene.matrices["W"]
                )
            )
    with pytest.raises(InputError, match="up to 2 leading axes"):
        plan(described(x=MatrixOptions(init="eye", shape=(2, 2, 3, 4, 4)), W=scene.matrices["W"]))
    array[1, 2, 0, 1] = np.nan
    np.save(tmp_path / "w.npy", array)
    with pytest.raises(InputError, match=r"matrix W\[1,2\]: row 0, column 1 is nan"):
        plan(scene)


def of_minilm(**capture):
    spec = {name: MatrixOptions(tensor=name.lower()) for name in "QKV"}
    return Scene(expression=GQA, matrices=spec, capture=CaptureOptions(file=str(MINILM), **capture))


def test_heads_and_layers_of_a_capture():
    p = plan(of_minilm(layers=(0, 5), heads=(3, 11)))
    assert [[s.title for s in row] for row in p.root.rows_of_results] == [
        ["L0H3", "L0H11"],
        ["L5H3", "L5H11"],
    ]
    single = plan(of_minilm(layer=5, head=11))
    for name in ("Q", "attn", "z"):
        np.testing.assert_array_equal(p.evaluation[f"{name}[5,11]"].final, single.evaluation[name].final)
    assert p.matrices["Q[5,11]"].row_labels == single.matrices["Q"].row_labels
    assert len({p.final[f"Q[{n}]"] for n in ("0,3", "0,11", "5,3", "5,11")}) == 1  # one range for all
    every = of_minilm(layer=5, heads="all")
    every = replace(every, star="none")  # which takes seconds to pose among so many
    assert len(roots_of(plan(every).root)) == 12
    with pytest.raises(InputError, match="names one twice"):
        plan(of_minilm(heads=(3, 3)))
    with pytest.raises(InputError, match="head 12 is not in layer"):
        plan(of_minilm(layer=5, heads=(12,)))


def test_query_heads_of_a_capture_take_the_keys_of_their_group(tmp_path):
    random = np.random.default_rng(0)
    heads, kv_heads, tokens, width = 8, 2, 5, 4
    tensors = {
        "L3.q": random.normal(size=(heads, tokens, width)),
        "L3.k": random.normal(size=(kv_heads, tokens, width)),
        "L3.v": random.normal(size=(kv_heads, tokens, width)),
    }
    tensors = {name: array.astype(np.float32) for name, array in tensors.items()}
    layer = {
        "module": "attention", "kind": "self", "n_q_heads": heads, "n_kv_heads": kv_heads,
        "head_dim": width, "scale": width**-0.5, "mask": {"kind": "none"},
    }  # fmt: skip
    write_capture(tmp_path / "gqa.safetensors", tensors, {
        "model": {}, "text": "", "tokens_q": list("abcde"), "layers": {"3": layer}
    })  # fmt: skip
    scene = of_minilm(layer=3, heads=(1, 3, 6))
    p = plan(replace(scene, capture=replace(scene.capture, file=str(tmp_path / "gqa.safetensors"))))
    assert [s.title for s in roots_of(p.root)] == ["head 1", "head 3", "head 6"]
    assert sorted(n for n in p.matrices if n[0] in "KV") == ["K[0]", "K[1]", "V[0]", "V[1]"]
    for head in (1, 3, 6):
        q = tensors["L3.q"][head].astype(float)
        k, v = (tensors[f"L3.{name}"][head // 4].astype(float) for name in "kv")
        np.testing.assert_allclose(p.evaluation[f"z[{head}]"].final, attend(q, k, v, 0.5)[3], rtol=1e-12)
    drawn = [plane.stage.name for plane in p.arrangement.planes]
    assert len(drawn) == len(set(drawn))


def test_a_row_ends_where_it_is_told_to():
    scene = of_minilm(layer=5, heads=(0, 2, 4, 7, 11))
    root = root_of(
        replace(scene, layout=Layout(row_length=2)), {"Q": (LeadingAxis("head", scene.capture.heads),)}
    )
    assert [[s.title for s in row] for row in root.rows_of_results] == [
        ["head 0", "head 2"], ["head 4", "head 7"], ["head 11"]
    ]  # fmt: skip


def test_the_description_round_trips(tmp_path):
    scene = of_minilm(layers=(0, 5), heads="all")
    path = tmp_path / "scene.toml"
    path.write_text(to_toml(scene))
    assert load_scene(path).capture == scene.capture
    assert from_dict(Scene, to_dict(scene), "scene").capture == scene.capture
    for wrong in ("some", [0, -1], [0.5], 3):
        with pytest.raises(InputError, match="capture: heads"):
            from_dict(Scene, {"capture": {"heads": wrong}}, "scene")


def test_what_is_said_of_a_result_is_said_of_each_head():
    arrays = {
        name: MatrixOptions(init="normal", shape=array.shape) for name, array in attention(4, 2).items()
    }
    scene = Scene(
        expression=GQA, matrices=arrays, products={"attn": ProductOptions(animation="mvprod", i_blocks=3)}
    )
    p = plan(scene)
    assert all(p.sweeps[f"attn[{n}]"].strides == (0, 1, 0) for n in range(4))
    assert all(p.sweeps[f"attn[{n}]"].block_sizes[0] == 1 for n in range(4))
    moves = {(p.timeline.moves[f"z[{n}]"].start, p.timeline.moves[f"z[{n}]"].finished) for n in range(4)}
    assert len(moves) == 1  # heads move in parallel
    assert p.description == scene and not any(isinstance(s, Given) and s.of == "" for s in stages_of(p.root))
