"""Capture files: the shipped one, the format's checks, recomputing attention, damaged files."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.attention.statistics import statistics_of
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.errors import InputError
from matrix_cinema.formats import capture_file as ours
from matrix_cinema.formats import safetensors
from paths import ROOT

MINILM = ROOT / "examples/data/minilm.safetensors"
WITH_WEIGHTS = MINILM.with_name("minilm_layer_5.safetensors")
TOKENS = ["a", "b", "c", "d", "e"]


def make(path, change=None, tensors=None, **layer):
    """A small capture of one layer, written to `path`; returns its tensors."""
    rng = np.random.default_rng(3)
    arrays = {
        "L0.q": rng.normal(size=(4, 5, 3)),
        "L0.k": rng.normal(size=(2, 5, 3)),
        "L0.v": rng.normal(size=(2, 5, 2)),
    } | (tensors or {})
    description = {"n_q_heads": 4, "n_kv_heads": 2, "head_dim": 3, "scale": 0.5} | layer
    metadata = {"tokens_q": TOKENS, "layers": {"0": description}, "unknown": [1, {"x": 2}]}
    if change:
        change(metadata)
    ours.write_capture(path, arrays, metadata)
    return arrays


def raw(path, metadata, tensors=None):
    """A capture file exactly as given, without the writer's checks."""
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    safetensors.write(path, tensors or {}, {"attn_capture": text})


def test_the_shipped_capture_has_the_heads_it_is_shipped_for():
    capture = ours.open_capture(MINILM)
    assert list(capture.layers) == ["0", "3", "5"] and MINILM.stat().st_size < 600_000
    assert capture.model["licence"] == "Apache-2.0" and len(capture.tokens_q) == 16
    it, animal = capture.tokens_q.index("it"), capture.tokens_q.index("animal")
    previous = np.diagonal(capture.recompute(0, 2).pattern, -1)
    assert previous.mean() > 0.99
    assert capture.recompute(5, 11).pattern[it, animal] == pytest.approx(0.673, abs=0.001)
    assert capture.recompute(3, 1).pattern[it, animal] == pytest.approx(0.677, abs=0.001)


def test_the_shipped_capture_is_consistent():
    """z from q, k, v; q, k, v from x and the projections; what the heads write sums to the output."""
    capture = ours.open_capture(MINILM)
    for layer in capture.layers.values():
        for head in layer.heads:
            assert capture.recompute(layer.name, head).errors["z"] <= layer.max_abs_error < 1e-6
    last, capture = capture, ours.open_capture(WITH_WEIGHTS)
    for name in ("q", "k", "v", "z"):
        assert np.array_equal(capture.tensor(5, name, 7), last.tensor(5, name, 7))
    x = capture.tensor(5, "x")
    for name in "QKV":
        made = x @ capture.tensor(5, f"W_{name}", 7) + capture.tensor(5, f"b_{name}", 7)
        assert np.abs(made - capture.tensor(5, name.lower(), 7)).max() < 1e-5
    heads = sum(capture.tensor(5, "z", head) @ capture.tensor(5, "W_O", head) for head in range(12))
    assert np.abs(heads + capture.tensor(5, "b_O") - capture.tensor(5, "attn_out")).max() < 1e-5


def test_tensors_are_float64_matrices_and_errors_name_what_exists(tmp_path):
    path = tmp_path / "x.safetensors"
    arrays = make(path)
    capture = ours.open_capture(path)
    assert capture.names(0) == ("q", "k", "v", "z", "scores", "pattern")
    for head in range(4):
        for name, group in (("q", head), ("k", head // 2), ("v", head // 2)):
            got = capture.tensor(0, name, head)
            assert got.dtype == np.float64 and np.array_equal(got, arrays[f"L0.{name}"][group])
    assert capture.tensor("0", "scores", 3).shape == (5, 5) and capture.tensor(0, "z", 3).shape == (5, 2)
    for ask, message in (
        (lambda: capture.layer(9), f"layer 9 is not in {path}; layers: 0"),
        (lambda: capture.tensor(0, "q", 4), f"head 4 is not in layer 0 of {path}; heads: 0-3"),
        (lambda: capture.tensor(0, "q"), "tensor q of layer 0 needs a head; heads: 0-3"),
        (lambda: capture.tensor(0, "patern", 0), 'no tensor "patern"; did you mean "pattern"'),
        (lambda: capture.tensor(0, "W_Q", 0), "tensors: k, pattern, q, scores, v, z"),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert message in str(caught.value)


def test_some_heads_only(tmp_path):
    """Heads keep their numbers when only some are stored, and find their keys and values."""
    arrays = make(tmp_path / "all")
    some = {"L0.q": arrays["L0.q"][[1, 3]], "L0.k": arrays["L0.k"][[1, 0]], "L0.v": arrays["L0.v"][[1, 0]]}
    make(tmp_path / "some", tensors=some, heads=[1, 3], kv_heads=[1, 0])
    everything, part = ours.open_capture(tmp_path / "all"), ours.open_capture(tmp_path / "some")
    for head in (1, 3):
        assert np.array_equal(everything.recompute(0, head).z, part.recompute(0, head).z)
    with pytest.raises(InputError, match="heads: 1, 3"):
        part.tensor(0, "q", 0)
    with pytest.raises(InputError, match="key/value head 1 is used"):
        make(tmp_path / "x", tensors={"L0.k": some["L0.k"][:1]}, kv_heads=[0])


def by_definition(q, k, v, scale, softcap=0.0, bias=None, allowed=None, sink=None):
    """Attention entry by entry, as in a textbook."""
    z = np.zeros((len(q), v.shape[1]))
    pattern = np.zeros((len(q), len(k)))
    for i in range(len(q)):
        weights = {}
        for j in range(len(k)):
            if allowed is None or allowed[i][j]:
                logit = sum(q[i][c] * k[j][c] for c in range(q.shape[1])) * scale
                logit = softcap * np.tanh(logit / softcap) if softcap else logit
                weights[j] = np.exp(logit + (0.0 if bias is None else bias[i][j]))
        total = sum(weights.values()) + (0.0 if sink is None else np.exp(sink))
        for j, weight in weights.items():
            pattern[i, j] = weight / total
            z[i] += pattern[i, j] * v[j]
    return pattern, z


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_attend_is_attention_by_definition(seed, softcap, bias, mask, sink):
    rng = np.random.default_rng(seed)
    rows, columns, d, e = rng.integers(1, 6, 4)
    q, k, v = rng.normal(size=(rows, d)), rng.normal(size=(columns, d)), rng.normal(size=(columns, e))
    given_as = (
        float(rng.uniform(0.1, 2)),
        float(rng.uniform(0.5, 3)) * softcap,
        rng.normal(size=(rows, columns)) if bias else None,
        rng.random((rows, columns)) < 0.6 if mask else None,
        float(rng.normal()) if sink else None,
    )
    pattern, z = by_definition(q, k, v, *given_as)
    scores, logits, made, out = ours.attend(q, k, v, *given_as)
    assert np.allclose(scores, q @ k.T) and np.allclose(made, pattern) and np.allclose(out, z)
    assert np.all(np.isneginf(logits) == (False if given_as[3] is None else ~given_as[3]))
    sums = made.sum(axis=1)
    open_rows = np.ones(rows, bool) if given_as[3] is None else given_as[3].any(axis=1)
    assert np.all(sums[~open_rows] == 0) and np.all(sums <= 1 + 1e-12)
    if not sink:
        assert np.allclose(sums[open_rows], 1)


def test_attend_survives_large_logits():
    pattern = ours.attend(np.array([[1e5]]), np.array([[1.0], [0.0]]), np.eye(2), 1.0, sink=-1e5)[2]
    assert np.array_equal(pattern, [[1.0, 0.0]])


ROW, COLUMN = np.arange(5)[:, None], np.arange(5)[None, :]
BIAS = np.random.default_rng(1).normal(size=(4, 5, 5))
CUSTOM = np.random.default_rng(2).random((4, 5, 5)) < 0.7
PADDING = np.array([1, 1, 1, 0, 0], bool)[None, None]


@pytest.mark.parametrize(
    ("layer", "tensors", "allowed", "bias"),
    [
        ({}, {}, np.ones((5, 5), bool), None),
        ({"mask": {"kind": "causal"}}, {}, COLUMN <= ROW, None),
        ({"mask": {"kind": "causal", "offset": 2}}, {}, COLUMN <= ROW + 2, None),
        ({"mask": {"kind": "window", "size": 2}}, {}, (COLUMN <= ROW) & (COLUMN > ROW - 2), None),
        ({"mask": {"kind": "padding"}}, {"L0.mask": PADDING}, (COLUMN < 3) & (ROW >= 0), None),
        ({"mask": {"kind": "custom"}}, {"L0.mask": CUSTOM}, CUSTOM[3], None),
        ({"mask": {"kind": "bias"}}, {"L0.bias": BIAS}, np.ones((5, 5), bool), BIAS[3]),
        ({"mask": {"kind": "causal"}}, {"L0.bias": BIAS[:, :1]}, COLUMN <= ROW, BIAS[3, :1].repeat(5, 0)),
    ],
)
def test_masks(tmp_path, layer, tensors, allowed, bias):
    path = tmp_path / "x"
    arrays = make(path, tensors=tensors, softcap=2.0, sinks=[0.0, 0.1, 0.2, 0.3], **layer)
    capture = ours.open_capture(path)
    assert np.array_equal(capture.allowed(0, 3), allowed)
    made = capture.recompute(0, 3)
    q, k, v = arrays["L0.q"][3], arrays["L0.k"][1], arrays["L0.v"][1]
    pattern, z = by_definition(q, k, v, 0.5, 2.0, bias, allowed, 0.3)
    assert np.allclose(made.pattern, pattern) and np.allclose(made.z, z)


def test_recompute_measures_its_error(tmp_path):
    make(tmp_path / "a")
    made = ours.open_capture(tmp_path / "a").recompute(0, 1)
    stored = {"L0.z": np.zeros((4, 5, 2)), "L0.pattern": np.zeros((4, 5, 5))}
    stored["L0.z"][1], stored["L0.pattern"][1] = made.z, made.pattern
    stored["L0.z"][1, 2, 1] += 0.25
    make(tmp_path / "b", tensors=stored)
    again = ours.open_capture(tmp_path / "b")
    assert again.recompute(0, 1).errors == {"pattern": 0.0, "z": pytest.approx(0.25)}
    assert np.array_equal(again.tensor(0, "z", 1), stored["L0.z"][1]), "what is stored is what is given"


def change(**entries):
    return lambda metadata: metadata.update(entries)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"change": change(version="2.0")}, "version 2.0; this program reads versions 1.x"),
        ({"change": change(version=[1])}, "version is"),
        ({"change": change(format="other")}, 'format "attn-capture"'),
        ({"change": change(layers={})}, "no layers"),
        ({"change": change(layers={"0": 3})}, "not a table"),
        ({"change": change(layers=None)}, "layers is missing"),
        ({"change": change(tokens_q=["a"])}, "query tokens"),
        ({"change": change(tokens_q="abc")}, "list of texts"),
        ({"change": change(tokens_q=[1])}, "list of texts"),
        ({"change": lambda m: m["layers"].update({"x": m["layers"]["0"]})}, "named by its number"),
        ({"tensors": {"L1.q": np.zeros((4, 5, 3))}}, "layer 1 has tensors but no entry"),
        ({"tensors": {"L0.k": np.zeros((2, 4, 3))}}, "k is 2 x 4 x 3; expected 2 x 5 x 3"),
        ({"tensors": {"L0.k": np.zeros((4, 5, 3))}}, "stored key/value heads"),
        ({"tensors": {"L0.k": np.zeros((2, 5, 4))}}, "head dimension"),
        ({"tensors": {"L0.v": np.zeros((2, 5))}}, "v is 2 x 5; expected"),
        ({"tensors": {"L0.v": np.zeros((2, 5, 0))}}, "v is 2 x 5 x 0"),
        ({"tensors": {"L0.z": np.zeros((4, 5, 3))}}, "value dimension"),
        ({"tensors": {"L0.bias": np.zeros((2, 5, 5))}}, "bias is 2 x 5 x 5"),
        ({"tensors": {"L0.mask": np.zeros((1, 5, 5))}}, "L0.mask is F64; expected BOOL"),
        ({"tensors": {"L0.q": np.zeros((4, 5, 3), "c8")}}, "expected real numbers"),
        ({"mask": {"kind": "custom"}}, "no tensor L0.mask"),
        ({"mask": {"kind": "casual"}}, 'did you mean "causal"'),
        ({"mask": {"kind": "window"}}, "size is missing"),
        ({"mask": {"kind": "window", "size": 0}}, "size is out of range"),
        ({"kind": "both"}, "unknown kind"),
        ({"n_q_heads": 3}, "do not share"),
        ({"n_q_heads": 10**9}, "from 1 to 4096"),
        ({"n_q_heads": "4"}, "not a whole number"),
        ({"n_q_heads": True}, "not a whole number"),
        ({"scale": "0.5"}, "scale is not a number"),
        ({"scale": None}, "scale is missing"),
        ({"scale": 10**400}, "not a finite number"),
        ({"sinks": [1.0]}, "1 sinks for 4"),
        ({"sinks": [1.0, 2.0, 3.0, "x"]}, r"sinks\[3\]"),
        ({"softcap": -1}, "above 0"),
        ({"heads": [0, 1, 2, 9]}, "from 0 to 3"),
        ({"heads": [0, 1, 2, 2]}, "twice"),
        ({"heads": [1, 2]}, "stored query heads"),
    ],
)
def test_refuses(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        make(tmp_path / "x", **changes)
    assert "\n" not in str(caught.value) and str(tmp_path / "x") in str(caught.value)
    assert not (tmp_path / "x").exists(), "what cannot be read must not be written"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}', "[" * 100_000, '{"format": "attn-capture"}'])
def test_refuses_metadata_that_is_not_a_table(tmp_path, text):
    raw(tmp_path / "x", text)
    with pytest.raises(InputError):
        ours.open_capture(tmp_path / "x")


def test_refuses_a_file_that_is_no_capture(tmp_path):
    safetensors.write(tmp_path / "x", {"a": np.zeros(2)}, {})
    with pytest.raises(InputError, match="not an attention capture"):
        ours.open_capture(tmp_path / "x")


def test_reads_version_1_as_a_number_and_ignores_unknown_keys(tmp_path):
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 2, "scale": 1, "new": {"x": 1}}
    metadata = {"format": "attn-capture", "version": 1, "layers": {"4": layer, "3.cross": layer}, "new": 3}
    raw(tmp_path / "x", metadata, {"L4.q": np.ones((1, 3, 2)), "other": np.zeros(2), "L4.new": np.zeros(3)})
    capture = ours.open_capture(tmp_path / "x")
    assert list(capture.layers) == ["3.cross", "4"] and capture.names(4) == ("q",)
    with pytest.raises(InputError, match="has no k to recompute"):
        capture.recompute(4, 0)


def test_numbers_that_are_not_finite_are_told_with_their_place(tmp_path):
    q = np.zeros((4, 5, 3))
    q[2, 3, 1] = np.nan
    make(tmp_path / "x", tensors={"L0.q": q})
    capture = ours.open_capture(tmp_path / "x")
    capture.recompute(0, 1)
    with pytest.raises(InputError, match="L0.q head 2: row 3, column 1 is nan"):
        capture.recompute(0, 2)


def test_too_many_scores_are_refused_before_they_are_made(tmp_path):
    long = np.zeros((1, 10_000, 1), "f4")
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 1}
    make(tmp_path / "x", change(tokens_q=None), {"L0.q": long, "L0.k": long, "L0.v": long}, **layer)
    with pytest.raises(InputError, match="10000 x 10000 scores are too many"):
        ours.open_capture(tmp_path / "x").recompute(0, 0)


def test_no_damage_goes_unnoticed(tmp_path):
    """Any change of any byte: refused in one line, or every number and word is still the same."""
    path = tmp_path / "x"
    make(path, mask={"kind": "causal"}, tensors={"L0.z": np.zeros((4, 5, 2), "f4")})
    good = path.read_bytes()
    rng = random.Random(11)

    def everything():
        capture = ours.open_capture(path)
        made = [capture.tensor(0, name, head) for name in capture.names(0) for head in range(4)]
        return capture.layers, capture.tokens_q, capture.text, [(m.shape, m.tobytes()) for m in made]

    expected = everything()
    refused = 0
    for n in range(3000):
        bad = bytearray(good)
        at = rng.randrange(len(bad))
        bad[at] ^= 1 << rng.randrange(8)
        if n % 3 == 0:
            del bad[at : at + rng.randrange(1, 9)]
        path.write_bytes(bad)
        try:
            found = everything()
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
            continue
        assert found == expected
    assert refused > 2500


def wide(path, heads=1, length=10_000):
    """A small file whose heads would be large when recomputed."""
    tensors = {"L0.q": np.ones((heads, length, 1), np.float16), "L0.k": np.ones((1, length, 1), np.float16)}
    layer = {"n_q_heads": heads, "n_kv_heads": 1, "head_dim": 1, "scale": 1.0}
    ours.write_capture(path, tensors, {"layers": {"0": layer}})
    return ours.open_capture(path)


def test_what_would_take_memory_without_end_is_refused_by_its_size(tmp_path, monkeypatch):
    capture = wide(tmp_path / "x.safetensors")
    for asked in (capture.recompute, capture.allowed):
        with pytest.raises(InputError, match="10000 x 10000 scores are too many to recompute"):
            asked(0, 0)
    monkeypatch.setattr("matrix_cinema.memory.available_memory", lambda: 10**8)
    capture = wide(tmp_path / "x.safetensors", length=2000)
    with pytest.raises(InputError, match=r"a head of layer 0 of .* needs about 0.2 GB of memory; 0.1 GB"):
        capture.recompute(0, 0)


def test_what_would_take_time_without_end_is_refused_by_its_size(tmp_path):
    capture = wide(tmp_path / "x.safetensors", heads=1200, length=2000)
    with pytest.raises(InputError, match="4,800,000,000 weights of all heads are too many to look at"):
        statistics_of(capture, [(capture.layer(0), capture.layer(0).heads)])


def test_a_capture_that_does_not_say_its_tokens_has_no_mask(tmp_path):
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 1, "scale": 1.0}
    ours.write_capture(tmp_path / "x.safetensors", {"L0.b_Q": np.ones((1, 1))}, {"layers": {"0": layer}})
    with pytest.raises(InputError, match="does not say how many queries and keys it has"):
        scene_from_capture(tmp_path / "x.safetensors", 0, 0)


def test_a_checksum_is_computed_once(tmp_path, monkeypatch):
    make(tmp_path / "x.safetensors")
    capture, summed = ours.open_capture(tmp_path / "x.safetensors"), []
    monkeypatch.setattr(ours, "_sum", lambda shape, data: summed.append(shape) or sums[shape])
    sums = {capture.tensors.shape(name): sum for name, sum in capture.metadata["checksums"].items()}
    for head in range(4):
        capture.tensor(0, "q", head)
    assert summed == [(4, 5, 3)]
