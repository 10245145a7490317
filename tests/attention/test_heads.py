"""Statistics of heads, on patterns made for it and on the shipped capture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.attention import statistics
from matrix_cinema.formats.capture_file import open_capture, write_capture
from paths import ROOT

DATA = ROOT / "examples/data"
MINILM = DATA / "minilm.safetensors"
ALL = np.ones((5, 5), bool)
CAUSAL = np.tril(ALL)


def softmax(logits, allowed):
    weights = np.exp(logits) * allowed
    return weights / weights.sum(axis=1, keepdims=True)


def test_a_previous_token_head():
    pattern = np.eye(5, k=-1)
    pattern[0, 0] = 1
    for allowed in (ALL, CAUSAL):
        assert statistics.to_previous(pattern, allowed) == 1
        assert statistics.entropy(pattern, allowed) == 0
    # The first query of a causal head has no choice, so it does not count as attending to itself.
    assert statistics.to_itself(pattern, CAUSAL) == 0
    assert statistics.to_itself(pattern, ALL) == pytest.approx(1 / 5)
    assert statistics.to_first(pattern, CAUSAL) == pytest.approx(1 / 4)  # query 1, whose previous one it is


def test_an_induction_head_looks_for_what_followed_the_same_token():
    tokens = ("<s>", "a", "b", "a", "b")
    pattern = np.eye(5)
    pattern[3], pattern[4] = [0, 0, 0.75, 0.25, 0], [0, 0, 0, 0.5, 0.5]
    assert statistics.to_what_followed(pattern, CAUSAL, tokens, tokens) == pytest.approx(0.625)
    # Where all keys may be attended to, what follows a token itself or comes later does not count.
    assert statistics.to_what_followed(np.eye(5, k=1), ALL, tokens, tokens) == 0
    assert np.isnan(statistics.to_what_followed(pattern, CAUSAL, tuple("abcde"), tuple("abcde")))
    assert np.isnan(statistics.to_what_followed(pattern, CAUSAL, (), ()))


def test_queries_that_begin_after_the_keys():
    """Two queries decoded onto three keys that were there: they are keys 3 and 4."""
    pattern = np.array([[0, 0, 1.0, 0, 0], [0, 0, 0, 0.75, 0.25]])
    allowed = np.tril(np.ones((2, 5), bool), 3)
    assert statistics.to_previous(pattern, allowed, 3) == pytest.approx(0.875)
    assert statistics.to_itself(pattern, allowed, 3) == pytest.approx(0.125)
    assert statistics.strongest_pair(pattern, allowed, 3) == (0, 2, 1.0)


def test_entropy_is_a_fraction_of_the_largest_for_the_keys_that_are_allowed():
    assert statistics.entropy(softmax(np.zeros((5, 5)), ALL), ALL) == pytest.approx(1)
    assert statistics.entropy(softmax(np.zeros((5, 5)), CAUSAL), CAUSAL) == pytest.approx(1)
    half = np.tile([0.5, 0.5, 0, 0, 0], (5, 1))
    assert statistics.entropy(half, ALL) == pytest.approx(np.log(2) / np.log(5))
    assert statistics.entropy(half / 4, ALL) == pytest.approx(np.log(2) / np.log(5))  # a sink has the rest


def test_separators_are_summed():
    pattern = np.tile([0.1, 0.2, 0.3, 0.4, 0.0], (5, 1))
    assert statistics.to_separators(pattern, ALL, {1, 3}) == pytest.approx(0.6)
    assert np.isnan(statistics.to_separators(pattern, ALL, set()))


def test_the_strongest_pair_leaves_out_what_tells_nothing():
    pattern = np.full((5, 5), 0.01)
    pattern[3, 1], pattern[2, 2], pattern[1, 0], pattern[0, 3], pattern[2, 4] = 0.5, 0.9, 0.8, 0.7, 0.6
    assert statistics.strongest_pair(pattern, ALL, 0, {0, 4}, {0, 4}) == (3, 1, 0.5)
    assert statistics.strongest_pair(pattern, ALL, 0, {0, 4}, {0}) == (2, 4, 0.6)
    assert statistics.strongest_pair(pattern, ALL, 0, (), {0, 4}) == (0, 3, 0.7)
    assert statistics.strongest_pair(pattern, ALL, None) == (2, 2, 0.9)  # cross-attention: no token is itself
    assert statistics.strongest_pair(pattern, CAUSAL & np.eye(5, dtype=bool)) is None


def test_special_tokens():
    tokens = ["[CLS]", "<s>", "</s>", "<|im_end|>", "[SEP]", "[UNK]", "<0x0A>", "<", "a", "[a]", "<unk>"]
    assert statistics.special(tokens) == {0, 1, 2, 3, 4}


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_every_number_is_a_part_of_a_whole(seed, causal):
    rng = np.random.default_rng(seed)
    allowed = CAUSAL if causal else ALL
    pattern = softmax(rng.normal(size=(5, 5)) * 10, allowed)
    shares = [statistics.to_previous(pattern, allowed), statistics.to_itself(pattern, allowed)]
    assert all(0 <= share <= 1 for share in [*shares, statistics.to_first(pattern, allowed)])
    assert -1e-12 <= statistics.entropy(pattern, allowed) <= 1 + 1e-12
    query, key, weight = statistics.strongest_pair(pattern, allowed)
    assert query != key and allowed[query, key] and weight == pattern[query, key]


def test_the_known_heads_of_the_shipped_capture():
    capture = open_capture(MINILM)
    it, animal = capture.tokens_q.index("it"), capture.tokens_q.index("animal")
    previous = statistics.head_statistics(capture, 0, 2)
    assert previous.previous > 0.99 and previous.entropy < 0.05
    assert statistics.head_statistics(capture, 0, 3).previous < 0.3
    for layer, head in ((3, 1), (5, 11)):
        assert statistics.head_statistics(capture, layer, head).pair == (
            it,
            animal,
            pytest.approx(0.67, abs=0.01),
        )


def test_the_shipped_induction_heads():
    """Layer 0 has previous-token heads; each of layer 1 looks for what followed the same letter."""
    path = DATA / "induction.safetensors"
    capture = open_capture(path)
    assert path.stat().st_size < 500_000 and capture.tokens_q == ("<s>", *"MatrixMatrix")
    assert all(one.n_kv_heads == 2 and one.mask == "causal" for one in capture.layers.values())
    assert [h for h in range(8) if statistics.head_statistics(capture, 0, h).previous > 0.9] == [0, 5, 6, 7]
    second = np.arange(7, 13)  # places of the second Matrix; what followed the first is 5 before each
    for head in range(8):
        assert statistics.head_statistics(capture, 1, head).induction > 0.94
        made = capture.recompute(1, head)
        assert made.pattern[second, second - 5].mean() > 0.94
        assert made.errors["z"] <= capture.layer(1).max_abs_error < 1e-6


def test_padding_is_not_counted(tmp_path):
    """The last two of five tokens are padding, which attends to all but itself."""
    rng = np.random.default_rng(1)
    q, k = rng.normal(size=(2, 1, 5, 4)) * 3
    mask = np.ones((1, 5, 5), bool)
    mask[..., 3:] = False
    description = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    short, padded = tmp_path / "short.safetensors", tmp_path / "padded.safetensors"
    layers = {"0": description}
    write_capture(short, {"L0.q": q[:, :3], "L0.k": k[:, :3]}, {"tokens_q": list("abc"), "layers": layers})
    layers = {"0": description | {"mask": {"kind": "padding"}}}
    tensors = {"L0.q": q, "L0.k": k, "L0.mask": mask}
    write_capture(padded, tensors, {"tokens_q": list("abc--"), "layers": layers})
    expected = statistics.head_statistics(open_capture(short), 0, 0)
    assert str(statistics.head_statistics(open_capture(padded), 0, 0)) == str(expected)


def test_the_first_key_of_a_causal_model_links_nothing(tmp_path):
    """All queries rest on the first key; of the others key 1 has the most."""
    q, k = np.ones((1, 4, 1)), np.array([[[9.0], [2.0], [0.0], [0.0]]])
    for kind, pair in (("causal", (2, 1)), ("none", (1, 0))):
        path = tmp_path / f"{kind}.safetensors"
        layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 1, "scale": 1.0, "mask": {"kind": kind}}
        write_capture(path, {"L0.q": q, "L0.k": k}, {"tokens_q": list("abcd"), "layers": {"0": layer}})
        found = statistics.head_statistics(open_capture(path), 0, 0)
        assert found.pair[:2] == pair and found.first > 0.99 and np.isnan(found.separator)
