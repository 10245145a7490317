"""The scene of one head: what its expression says is what the capture says."""

from pathlib import Path

import numpy as np
import pytest
from matrix_cinema.algebra.evaluate import evaluate
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.stages import leaf_names, stage
from matrix_cinema.errors import InputError
from matrix_cinema.files.capture import open_capture, write_capture
from matrix_cinema.files.matrices import load_matrices
from matrix_cinema.files.presets import scene_from_capture
from matrix_cinema.files.scene import from_json, to_json

MINILM = Path(__file__).resolve().parent.parent / "examples/data/minilm.safetensors"


def drawn(scene):
    """The scene's attn and out, by the algebra."""
    root = stage(parse(scene.expression))
    matrices = load_matrices(scene, leaf_names(root), None)
    evaluation = evaluate(root, {name: matrix.values for name, matrix in matrices.items()})
    return evaluation["attn"].final, evaluation["out"].final, matrices


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
        ({"mask": {"kind": "bias"}}, {"bias": np.arange(5.0)[None, None]}, (5, 5), "+ bias"),
    ],
)
def test_every_mask_that_can_be_drawn(tmp_path, layer, tensors, shape, says):
    path = make(tmp_path / "x.safetensors", layer, tensors, *shape)
    scene = scene_from_capture(path, 0, 3)
    assert says in scene.expression
    attn, out, matrices = drawn(scene)
    expected = open_capture(path).recompute(0, 3)
    assert np.allclose(attn, expected.pattern) and np.allclose(out, expected.z)
    assert matrices["Q"].row_labels[1] == "·1", "tokens are tidied"


def test_cross_attention_by_name(tmp_path):
    path = make(tmp_path / "x.safetensors", {"kind": "cross"}, {}, 2, 5, "1.cross")
    scene = scene_from_capture(path, "1.cross", 2)
    attn, out, matrices = drawn(scene)
    assert np.allclose(out, open_capture(path).recompute("1.cross", 2).z) and attn.shape == (2, 5)
    assert len(matrices["Q"].row_labels) == 2 and len(matrices["V"].row_labels) == 5


@pytest.mark.parametrize(
    ("layer", "tensors", "message"),
    [
        ({"mask": {"kind": "custom"}}, {"mask": STRIPES}, "custom mask that cannot be drawn"),
        ({"sinks": [0.0] * 4}, {}, "sinks, which cannot be drawn"),
    ],
)
def test_refuses_what_cannot_be_drawn(tmp_path, layer, tensors, message):
    with pytest.raises(InputError, match=message):
        scene_from_capture(make(tmp_path / "x.safetensors", layer, tensors), 0, 0)


def test_refuses_what_is_not_there():
    with pytest.raises(InputError, match="layer 9 is not in .*; layers: 0, 3, 5"):
        scene_from_capture(MINILM, 9, 0)
    with pytest.raises(InputError, match="head 12 is not in layer 5 .*; heads: 0-11"):
        scene_from_capture(MINILM, 5, 12)
