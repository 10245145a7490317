"""Several passes in one capture: what a loop runs, prompts one by one, elements of a batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
T = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.capture.passes import merged, record_batch  # noqa: E402
from matrix_cinema.capture.record import record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402

SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(0)
    return T.BertModel(T.BertConfig(**SIZES, vocab_size=40, initializer_range=0.5)).eval()


def saved(recording, path, **what):
    recording.save(path / "x.safetensors", **what)
    return open_capture(path / "x.safetensors")


def run(model, *ids):
    with torch.no_grad():
        return model(torch.tensor(ids))


def same(a, b, one, other):
    return np.allclose(a.tensor(one, "pattern", 1), b.tensor(other, "pattern", 1), atol=1e-6)


def test_a_loop_gives_its_passes_by_itself(bert, tmp_path):
    """As the steps of a diffusion model do: the same layers again and again, on other numbers."""
    steps = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    with record(bert) as recording:
        for ids in steps:
            run(bert, ids)
    capture = saved(recording, tmp_path, tokens=["a", "b", "c"])
    assert list(capture.layers) == ["0", "1", "0@1", "1@1", "0@2", "1@2"]
    assert capture.layer("1@2").pass_number == 2 and capture.layer("1@2").tokens_q == ("a", "b", "c")
    for number, ids in enumerate(steps):
        with record(bert) as alone:
            run(bert, ids)
        alone.save(tmp_path / "y.safetensors")
        assert same(capture, open_capture(tmp_path / "y.safetensors"), f"1@{number}" if number else "1", 1)
    with record(bert, layers=[1]) as recording:
        for ids in steps:
            run(bert, ids)
    assert list(saved(recording, tmp_path).layers) == ["1", "1@1", "1@2"]


def test_prompts_that_begin_alike_are_passes_of_their_own(bert, tmp_path):
    each = []
    for ids in ([1, 2, 3], [1, 2, 3, 4]):
        with record(bert) as recording:
            run(bert, ids)
        each.append(recording)
    tokens = [["a", "b", "c"], ["a", "b", "c", "d"]]
    capture = saved(merged(each), tmp_path, tokens=tokens, text=["a b c", "a b c d"])
    assert list(capture.layers) == ["0", "1", "0@1", "1@1"]
    assert capture.layer("0@1").tokens_k == ("a", "b", "c", "d") and capture.layer(0).tokens_k == (
        "a",
        "b",
        "c",
    )
    assert capture.text_of(capture.layer("1@1")) == "a b c d" and capture.text == "a b c"
    with pytest.raises(InputError, match="tokens has the texts of 3 passes; expected those of the 2"):
        merged(each).save(tmp_path / "x.safetensors", tokens=[["a"]] * 3)


def test_elements_of_a_batch(bert, tmp_path):
    with record_batch(bert, [0, 2]) as recording:
        run(bert, [1, 2, 3], [4, 5, 6], [7, 8, 9])
    capture = saved(recording, tmp_path, tokens=[list("abc"), list("xyz")])
    assert list(capture.layers) == ["0", "1", "0@1", "1@1"] and capture.layer("1@1").tokens_q == tuple("xyz")
    with record(bert) as alone:
        run(bert, [7, 8, 9])
    alone.save(tmp_path / "y.safetensors")
    assert same(capture, open_capture(tmp_path / "y.safetensors"), "1@1", 1)


def test_a_module_that_runs_several_times_in_a_pass_is_several_layers(tmp_path):
    torch.manual_seed(0)
    config = T.AlbertConfig(**SIZES | {"num_hidden_layers": 3}, vocab_size=40, embedding_size=16)
    model = T.AlbertModel(config).eval()
    with record(model) as recording:
        run(model, [1, 2, 3])
    assert list(saved(recording, tmp_path).layers) == ["0", "1", "2"]
