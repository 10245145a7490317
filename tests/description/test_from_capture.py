"""The scene of one head: what its expression says is what the capture says."""

import json

import numpy as np
import pytest
from loaded import load_matrices
from matrix_cinema.algebra.evaluate import evaluate
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.initialise import initialise
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.description.scene import from_json, to_json
from matrix_cinema.errors import InputError
from matrix_cinema.formats import safetensors
from matrix_cinema.formats.capture_file import open_capture, write_capture
from matrix_cinema.kinds.stage import leaf_names
from matrix_cinema.staging.plan import plan
from paths import ROOT

DATA = ROOT / "examples/data"
MINILM = DATA / "minilm.safetensors"


def drawn(scene):
    """The scene's attn and out, by the algebra."""
    results, matrices = evaluated(scene)
    return results["attn"].final, results["out"].final, matrices


def evaluated(scene):
    root = stage(parse(scene.expression))
    matrices = load_matrices(scene, leaf_names(root), initialise)
    return evaluate(root, {name: matrix.values for name, matrix in matrices.items()}), matrices


def make(path, layer, tensors=None, queries=5, keys=5, name="0"):
    rng = np.random.default_rng(0)
    arrays = {"q": rng.normal(size=(4, queries, 3)), "k": rng.normal(size=(2, keys, 3))}
    arrays |= {"v": rng.normal(size=(2, keys, 2))} | (tensors or {})
    description = {"n_q_heads": 4, "n_kv_heads": 2, "head_dim": 3, "scale": 3**-0.5} | layer
    tokens = [f"Ġ{n}" for n in range(max(queries, keys))]
    metadata = {"tokens_q": tokens[:queries], "tokens_k": tokens[:keys], "layers": {name: description}}
    write_capture(path, {f"L{name}.{key}": array for key, array in arrays.items()}, metadata)
    return path


def test_the_shipped_head():
    scene = scene_from_capture(MINILM, 5, 11)
    assert scene.expression == "out = (attn = softmax(Q @ K.T / sqrt(32))) @ V"
    assert scene.title == "all-MiniLM-L6-v2 · layer 5 · head 11" and scene.caption.startswith("The animal")
    assert (scene.capture.file, scene.folder) == ("minilm.safetensors", str(MINILM.parent))
    assert scene.look.settled_scale == 0.0  # no products are left that cover a matrix
    attn, out, matrices = drawn(scene)
    expected = open_capture(MINILM).recompute(5, 11)
    assert np.allclose(attn, expected.pattern, atol=1e-12) and np.allclose(out, expected.z, atol=1e-12)
    assert matrices["K"].row_labels[2] == "animal" and matrices["K"].row_axis == "key"
    assert from_json(to_json(scene)).matrices == scene.matrices


STRIPES = (np.arange(5)[:, None] + np.arange(5) & 1)[None] == 0
MASK = np.zeros((1, 1, 5), bool)
MASK[..., :3] = True


@pytest.mark.parametrize(
    ("layer", "tensors", "shape", "says"),
    [
        ({}, {}, (5, 5), "softmax(Q @ K.T / sqrt(3))"),
        ({"scale": 0.25}, {}, (5, 5), "softmax(Q @ K.T * 0.25)"),
        ({"scale": 1}, {}, (5, 5), "softmax(Q @ K.T)"),
        ({"mask": {"kind": "causal"}}, {}, (5, 5), "mask=causal"),
        ({"mask": {"kind": "causal", "offset": 3}}, {}, (2, 5), "tril"),
        ({"mask": {"kind": "window", "size": 2}}, {}, (5, 5), "mask=window(2)"),
        ({"mask": {"kind": "window", "size": 2, "offset": 3}}, {}, (2, 5), "triu"),
        ({"mask": {"kind": "padding"}}, {"mask": MASK}, (5, 5), "mask=padded(3)"),
        ({"softcap": 1.5}, {}, (5, 5), "tanh"),
        ({"mask": {"kind": "causal"}, "softcap": 0.5}, {"bias": np.ones((1, 5, 5))}, (5, 5), "+ bias"),
        (
            {"mask": {"kind": "bias"}},
            {"bias": np.arange(5.0)[None, None]},
            (5, 5),
            "(scores = Q @ K.T / sqrt(3)) + bias",
        ),
        ({"mask": {"kind": "custom"}}, {"mask": STRIPES}, (5, 5), "softmax(masked(Q @ K.T / sqrt(3), mask))"),
        ({"mask": {"kind": "causal"}}, {"mask": STRIPES}, (5, 5), "masked(tril("),
        ({"mask": {"kind": "padding"}}, {"mask": ~MASK}, (5, 5), "masked("),
        ({"mask": {"kind": "window", "size": 2}}, {"mask": MASK}, (5, 5), "masked(triu(tril("),
        ({"sinks": [0.5, -1.25, 2.0, 1e-3]}, {}, (5, 5), "concat((scores = Q @ K.T / sqrt(3)), sink)"),
        ({"sinks": [1.0] * 4, "mask": {"kind": "causal"}}, {}, (5, 5), "concat((scores = tril("),
        (
            {"sinks": [1.0] * 4, "mask": {"kind": "custom"}},
            {"mask": STRIPES},
            (5, 5),
            "concat((scores = masked(",
        ),
    ],
)
@pytest.mark.parametrize("parts", [(), ("steps",)])
def test_every_mask_and_sink(tmp_path, layer, tensors, shape, says, parts):
    path = make(tmp_path / "x.safetensors", layer, tensors, *shape)
    scene = scene_from_capture(path, 0, 3, parts)
    assert parts or says in scene.expression
    attn, out, matrices = drawn(scene)
    expected = open_capture(path).recompute(0, 3)
    assert np.allclose(attn, expected.pattern) and np.allclose(out, expected.z)
    assert matrices["Q"].row_labels[1] == "·1", "tokens are tidied"
    planned = plan(scene)
    assert planned.final["attn"].color_map == planned.style.unsigned_map, "also without its sink"


def test_cross_attention_by_name(tmp_path):
    path = make(tmp_path / "x.safetensors", {"kind": "cross"}, {}, 2, 5, "1.cross")
    scene = scene_from_capture(path, "1.cross", 2)
    attn, out, matrices = drawn(scene)
    assert np.allclose(out, open_capture(path).recompute("1.cross", 2).z) and attn.shape == (2, 5)
    assert len(matrices["Q"].row_labels) == 2 and len(matrices["V"].row_labels) == 5


@pytest.mark.parametrize(
    ("file", "layer", "head"), [("minilm_layer_5", 5, 11), ("induction", 0, 7), ("induction", 1, 2)]
)
def test_projections_and_output_give_what_was_captured(file, layer, head):
    path = DATA / f"{file}.safetensors"
    scene = scene_from_capture(path, layer, head, ("projections", "output"))
    results, _ = evaluated(scene)
    capture = open_capture(path)
    for name, tensor in (("Q", "q"), ("K", "k"), ("V", "v"), ("z", "z"), ("attn", "pattern")):
        wanted = capture.tensor(layer, tensor, head)
        assert np.abs(results[name].final - wanted).max() < 2e-6 * max(np.abs(wanted).max(), 1), name
    wanted = capture.tensor(layer, "z", head) @ capture.tensor(layer, "W_O", head)
    assert np.allclose(results["write"].final, wanted, atol=1e-5)
    assert ("rotary(" in scene.expression) == (file == "induction")


def test_steps_are_matrices_of_their_own():
    scene = scene_from_capture(DATA / "induction.safetensors", 1, 2, ("steps",))
    results, _ = evaluated(scene)
    expected = open_capture(DATA / "induction.safetensors").recompute(1, 2)
    assert np.allclose(results["scores"].final, expected.scores, atol=1e-9)
    assert np.allclose(results["scaled"].final, expected.scores / 4, atol=1e-9)
    assert np.array_equal(results["kept"].mask, np.isfinite(expected.logits))


def test_a_pattern_alone_and_with_values(tmp_path):
    """Nothing but what is known is drawn: the pattern, and its product with the values."""
    pattern = np.tril(np.ones((4, 5, 5)))
    pattern /= pattern.sum(axis=-1, keepdims=True)
    layer = {"n_q_heads": 4, "n_kv_heads": 2, "head_dim": 1, "scale": 1.0, "mask": {"kind": "causal"}}
    tensors = {"L0.pattern": pattern, "L0.v": np.random.default_rng(0).normal(size=(2, 5, 3))}
    metadata = {"tokens_q": list("abcde"), "layers": {"0": layer}}
    write_capture(tmp_path / "both.safetensors", tensors, metadata)
    attn, out, _ = drawn(scene_from_capture(tmp_path / "both.safetensors", 0, 3))
    assert np.array_equal(attn, pattern[3]) and np.allclose(out, pattern[3] @ tensors["L0.v"][1])
    del tensors["L0.v"]
    write_capture(tmp_path / "alone.safetensors", tensors, metadata)
    scene = scene_from_capture(tmp_path / "alone.safetensors", 0, 3)
    results, matrices = evaluated(scene)
    assert scene.expression == "attn = tril(P)" and np.array_equal(results["attn"].final, pattern[3])
    assert np.array_equal(results["attn"].mask, np.tri(5, dtype=bool))
    planned = plan(scene)
    assert {planned.final[name].high for name in ("P", "attn")} == {1.0}
    assert planned.final["P"].color_map == planned.style.unsigned_map


@pytest.mark.parametrize(("file", "layer"), [("minilm_layer_5", 5), ("induction", 0)])
def test_a_whole_layer_with_the_residual_stream(file, layer):
    path = DATA / f"{file}.safetensors"
    scene = scene_from_capture(path, layer, None, ("residual",))
    planned, capture = plan(scene), open_capture(path)
    assert scene.title.endswith(f"{len(capture.layer(layer).heads)} heads")
    for head in capture.layer(layer).heads:
        for name, tensor in (("attn", "pattern"), ("z", "z")):
            wanted = capture.tensor(layer, tensor, head)
            assert np.allclose(planned.evaluation[f"{name}[{head}]"].final, wanted, atol=1e-5)
    attn_out, before = capture.tensor(layer, "attn_out"), capture.tensor(layer, "resid_pre")
    assert np.allclose(planned.evaluation["attn_out"].final, attn_out, atol=1e-5)
    assert np.allclose(planned.evaluation["out"].final, before + attn_out, atol=1e-5)


def test_heads_with_masks_of_their_own(tmp_path):
    masks = np.random.default_rng(3).random((4, 5, 5)) > 0.4
    masks[:, range(5), range(5)] = True
    path = make(tmp_path / "x.safetensors", {"mask": {"kind": "custom"}}, {"mask": masks})
    planned = plan(scene_from_capture(path, 0, None))
    for head in range(4):
        found = planned.evaluation[f"attn[{head}]"]
        assert np.array_equal(found.mask, masks[head])
        assert np.allclose(found.final, open_capture(path).recompute(0, head).pattern)
    with pytest.raises(InputError, match="what all heads write together"):
        scene_from_capture(MINILM.with_name("minilm_layer_5.safetensors"), 5, 0, ("residual",))


@pytest.mark.parametrize("mask", ["none", "causal"])
def test_a_whole_layer_whose_heads_have_sinks_of_their_own(tmp_path, mask):
    sinks = [1.0, -2.0, 3.5, 0.25]
    path = make(tmp_path / "x.safetensors", {"sinks": sinks, "mask": {"kind": mask}}, {})
    planned = plan(scene_from_capture(path, 0, None))
    for head in range(4):
        expected = open_capture(path).recompute(0, head)
        assert np.array_equal(planned.matrices[f"sink[{head}]"].values, np.full((5, 1), sinks[head]))
        assert np.allclose(planned.evaluation[f"attn[{head}]"].final, expected.pattern)
        assert np.allclose(planned.evaluation[f"out[{head}]"].final, expected.z)


def test_refuses_what_cannot_be_drawn(tmp_path):
    path = make(tmp_path / "x.safetensors", {}, {})
    for parts, says in ((("output",), "no W_O"), (("projections",), "no x"), (("outputs",), '"output"')):
        with pytest.raises(InputError, match=says):
            scene_from_capture(path, 0, 0, parts)
    # Queries that are something else than the projections, as after a norm.
    tensors = {
        "x": np.ones((5, 4)),
        "W_Q": np.ones((4, 4, 3)),
        "W_K": np.ones((2, 4, 3)),
        "W_V": np.ones((2, 4, 2)),
    }
    with pytest.raises(InputError, match="its input times W_Q is not q"):
        scene_from_capture(make(path, {}, tensors), 0, 0, ("projections",))


def test_refuses_what_is_not_there():
    with pytest.raises(InputError, match="layer 9 is not in .*; layers: 0, 3, 5"):
        scene_from_capture(MINILM, 9, 0)
    with pytest.raises(InputError, match="head 12 is not in layer 5 .*; heads: 0-11"):
        scene_from_capture(MINILM, 5, 12)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({}, ""),
        ({"dims": None}, ""),  # as in most models: all columns, in halves
        ({"layout": None}, ""),
        ({"dims": 7}, "a dims that is not an even number up to 16"),
        ({"dims": 18}, "a dims that is not"),
        ({"dims": "all"}, "a dims that is not"),
        ({"layout": "mirrored"}, "a layout that is not half or pairs"),
        ({"layout": ["half"]}, "a layout that is not"),
        ({"layout": "pairs"}, "its input times W_Q is not q"),
        ({"theta": -1}, "a theta that is not a number above 0"),
        ({"theta": "many"}, "a theta that is not"),
        ({"theta": 10**400}, "a theta that is not"),
    ],
)
def test_rotary_positions_that_lack_something_or_are_none(tmp_path, said, refused):
    tensors, metadata = safetensors.read(DATA / "induction.safetensors")
    described = json.loads(metadata["attn_capture"])
    position = described["layers"]["1"]["position"]
    assert (position["kind"], position["dims"], position["layout"]) == ("rotary", 16, "half")
    position = {key: value for key, value in (position | said).items() if value is not None}
    described["layers"]["1"]["position"] = position
    write_capture(tmp_path / "x.safetensors", tensors, described)
    if not refused:
        assert "rotary(" in scene_from_capture(tmp_path / "x.safetensors", 1, 2, ("projections",)).expression
        return
    with pytest.raises(InputError, match=refused):
        scene_from_capture(tmp_path / "x.safetensors", 1, 2, ("projections",))
