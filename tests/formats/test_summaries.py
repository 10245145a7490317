"""Means over heads and passes, and attention rollout, against their definitions; and where there are none."""

import numpy as np
import pytest
from loaded import load_matrices
from matrix_cinema.description.from_capture import scene_from_capture, scene_of_tensor
from matrix_cinema.description.scene import CaptureOptions as Capture
from matrix_cinema.description.scene import MatrixOptions as Matrix
from matrix_cinema.description.scene import Scene
from matrix_cinema.errors import InputError
from matrix_cinema.formats.capture_file import open_capture, write_capture

H, L = 3, 4


def patterns(seed, allowed=True):
    weights = np.exp(np.random.default_rng(seed).normal(size=(H, L, L))) * allowed
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def stored():
    """name -> patterns [heads, queries, keys] of two layers in each of three passes."""
    names = ("0", "1", "0@1", "1@1", "0@2", "1@2")
    return {name: patterns(n, np.tri(L)) for n, name in enumerate(names)}


@pytest.fixture(scope="module")
def capture(stored, tmp_path_factory):
    about = {"n_q_heads": H, "n_kv_heads": 1, "head_dim": 1, "scale": 1.0, "mask": {"kind": "causal"}}
    layers = {str(n): about | {"name": name} for n, name in enumerate(stored)}
    tensors = {f"L{n}.pattern": array for n, array in enumerate(stored.values())}
    path = tmp_path_factory.mktemp("captures") / "x.safetensors"
    write_capture(path, tensors, {"layers": layers, "tokens_q": list("abcd")})
    return open_capture(path)


def test_means(capture, stored):
    assert np.allclose(capture.tensor("1@1", "mean_pattern"), stored["1@1"].mean(axis=0), atol=1e-15)
    wanted = np.mean([stored[name][2] for name in ("1", "1@1", "1@2")], axis=0)
    for name in ("1", "1@2"):
        assert np.allclose(capture.tensor(name, "mean_over_passes", 2), wanted, atol=1e-15)
    with pytest.raises(InputError, match="needs a head"):
        capture.tensor(1, "mean_over_passes")


def test_pictures_are_called_as_a_person_says_it(capture):
    titles = {"mean_pattern": "mean attention of 3 heads", "mean_over_passes": "mean attention of 3 passes"}
    for name, title in (titles | {"rollout": "attention rollout"}).items():
        scene = scene_of_tensor(capture.path, 1, 2, name)
        assert scene.matrices[name].label == title


def test_what_was_read_in_several_passes(stored, tmp_path):
    """A mean over several texts has no labels, and its caption tells all of them."""
    about = {"n_q_heads": H, "n_kv_heads": 1, "head_dim": 1, "scale": 1.0, "mask": {"kind": "causal"}}
    texts = {"0": "a b c d", "0@1": "e f g h"}
    layers = {
        str(n): about | {"name": name, "tokens_q": text.split(), "tokens_k": text.split()}
        for n, (name, text) in enumerate(texts.items())
    }
    tensors = {f"L{n}.pattern": stored[name] for n, name in enumerate(texts)}
    passes = [{"text": text} for text in texts.values()]
    write_capture(tmp_path / "x.safetensors", tensors, {"layers": layers, "passes": passes})
    for name, caption, labels in (
        ("pattern", "a b c d", "abcd"),
        ("mean_over_passes", "a b c d / e f g h", ""),
    ):
        scene = scene_of_tensor(tmp_path / "x.safetensors", 0, 2, name)
        assert scene.caption == caption
        assert load_matrices(scene, [name], None)[name].row_labels == tuple(labels)
    side_by_side = scene_from_capture(tmp_path / "x.safetensors", 0, 2, passes="all")
    assert side_by_side.caption == "a b c d / e f g h"


def test_rollout_is_the_product_over_the_layers(capture, stored):
    half = {name: 0.5 * (array.mean(axis=0) + np.eye(L)) for name, array in stored.items()}
    assert np.allclose(capture.tensor("1@2", "rollout"), half["1@2"] @ half["0@2"], atol=1e-15)
    assert np.allclose(capture.tensor(0, "rollout"), half["0"], atol=1e-15)
    assert np.allclose(capture.tensor(1, "rollout").sum(axis=1), 1.0)


def test_where_there_is_no_summary(tmp_path):
    about = {"n_q_heads": 2, "n_kv_heads": 2, "head_dim": 3, "scale": 1.0}
    rng = np.random.default_rng(0)

    def tensors(queries, keys):
        return {"q": rng.normal(size=(2, queries, 3)), "k": rng.normal(size=(2, keys, 3))}

    def made(**layers):
        numbers = {name: f"{n}.cross" if name == "cross" else str(n) for n, name in enumerate(layers)}
        arrays = {f"L{numbers[name]}.{t}": a for name, (own, _) in layers.items() for t, a in own.items()}
        described = {numbers[name]: about | more for name, (_, more) in layers.items()}
        write_capture(tmp_path / "x.safetensors", arrays, {"layers": described})
        return open_capture(tmp_path / "x.safetensors")

    capture = made(one=(tensors(3, 3), {}), cross=(tensors(3, 5), {"kind": "cross"}), two=(tensors(4, 4), {}))
    with pytest.raises(InputError, match="layer 1.cross .* there is no rollout, it is a cross-attention"):
        capture.tensor("1.cross", "rollout")
    with pytest.raises(InputError, match="layer 2 .* there is no rollout, layer 1 is not in the file"):
        capture.tensor(2, "rollout")
    capture = made(one=(tensors(3, 3), {}), two=(tensors(4, 4), {}))
    with pytest.raises(InputError, match="3 x 3 tokens are not the 4 x 4 of layer 1, as a rollout needs"):
        capture.tensor(1, "rollout")
    few = {"heads": [1], "kv_heads": [1]}
    capture = made(one=({name: array[:1] for name, array in tensors(3, 3).items()}, few))
    with pytest.raises(InputError, match="a mean over heads needs all 2; the file has 1"):
        capture.tensor(0, "mean_pattern")
    with pytest.raises(InputError, match='no tensor "rollout"'):
        made(one=({"v": np.ones((2, 3, 3))}, {})).tensor(0, "rollout")


def matrix(capture, tensor, **chosen):
    folder, _, file = capture.path.rpartition("/")
    scene = Scene(capture=Capture(file, **chosen), matrices={"A": Matrix(tensor=tensor)}, folder=folder)
    return load_matrices(scene, ["A"], None)["A"]


def test_passes_are_an_axis_of_a_scene(capture, stored):
    found = matrix(capture, "pattern", layer=1, head=2, passes="all")
    assert [(axis.name, axis.numbers) for axis in found.leading] == [("pass", (0, 1, 2))]
    assert np.allclose(found.values, [stored[name][2] for name in ("1", "1@1", "1@2")])
    assert found.row_labels == tuple("abcd") and found.probability
    found = matrix(capture, "pattern", layer=0, passes=(2, 0), heads="all")
    assert [axis.name for axis in found.leading] == ["pass", "head"] and found.values.shape == (2, H, L, L)
    assert np.allclose(found.values[0], stored["0@2"])
    found = matrix(capture, "rollout", layer="0@1", layers="all")
    assert found.values.shape == (2, L, L) and found.probability
    assert np.allclose(found.values[1], capture.tensor("1@1", "rollout"))
    for chosen, says in (
        ({"passes": (3,)}, "pass 3 of layer 0 is not in .*; passes: 0-2"),
        ({"passes": "all", "layers": "all"}, "give layers or passes, not both"),
        ({"passes": (1, 1)}, "names one twice"),
        ({"layer": "0@1", "layers": (4,)}, "layer 4 is not in .*; layers: 0, 1"),
    ):
        with pytest.raises(InputError, match=says):
            matrix(capture, "pattern", **chosen)
