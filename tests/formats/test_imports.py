"""Importing what other tools saved: by name, by shape, with scale and mask found from the numbers."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.attention.attend import attend
from matrix_cinema.cli import commands as cli
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.errors import InputError
from matrix_cinema.formats.capture_file import open_capture
from matrix_cinema.formats.imports import import_attentions, import_file

H, G, L, D = 4, 2, 6, 8
CAUSAL = np.tri(L, dtype=bool)


def attention(seed=0, scale=D**-0.5, allowed=CAUSAL, kv=G, dtype=np.float32):
    """Arrays of one layer, [heads, tokens, width], with the pattern and z that belong to them."""
    rng = np.random.default_rng(seed)
    q, k, v = (rng.normal(size=(n, L, D)).astype(dtype) for n in (H, kv, kv))
    wide = [np.repeat(t, H // len(t), axis=0).astype(float) for t in (q, k, v)]
    made = [attend(*(t[h] for t in wide), scale, allowed=allowed) for h in range(H)]
    return {
        "q": q,
        "k": k,
        "v": v,
        "pattern": np.stack([m[2] for m in made]).astype(dtype),
        "z": np.stack([m[3] for m in made]).astype(dtype),
    }


def saved(folder, name="x.npz", **arrays):
    np.savez(folder / name, **arrays)
    return folder / name


def imported(path, **how):
    output = path.with_suffix(".out.safetensors")
    import_file(path, output, **how)
    return open_capture(output)


def test_queries_keys_and_values_by_name(tmp_path):
    arrays = attention()
    capture = imported(saved(tmp_path, **arrays, tokens=np.array(list("abcdef"))))
    layer = capture.layer(0)
    assert (layer.n_q_heads, layer.n_kv_heads, layer.mask, layer.scale) == (H, G, "causal", D**-0.5)
    assert layer.max_abs_error < 1e-6 and capture.tokens_q == tuple("abcdef")
    assert np.array_equal(capture.tensor(0, "k", 3), arrays["k"][1])
    assert np.allclose(capture.recompute(0, 3).z, arrays["z"][3], atol=1e-6)


@settings(max_examples=30)
@given(
    st.integers(0, 10_000),
    st.sampled_from([D**-0.5, 1.0, 0.25, 0.0625]),
    st.sampled_from(["none", "causal", "stripes"]),
    st.booleans(),
)
def test_scale_and_mask_are_found_from_the_pattern(tmp_path_factory, seed, scale, kind, with_z):
    stripes = (np.indices((L, L)).sum(axis=0) % 3 > 0) | np.eye(L, dtype=bool)
    allowed = {"none": np.ones((L, L), bool), "causal": CAUSAL, "stripes": stripes}[kind]
    arrays = attention(seed, scale, allowed, dtype=np.float64)
    if not with_z:
        del arrays["z"]
    layer = (capture := imported(saved(tmp_path_factory.mktemp("i"), **arrays))).layer(0)
    assert layer.scale == pytest.approx(scale, rel=1e-6) and layer.max_abs_error < 1e-9
    assert layer.mask == {"stripes": "custom"}.get(kind, kind)
    assert np.array_equal(capture.allowed(0, 2), allowed)


def test_without_a_pattern_the_mask_is_found_from_the_output(tmp_path):
    arrays = attention()
    del arrays["pattern"]
    assert imported(saved(tmp_path, **arrays)).layer(0).mask == "causal"
    del arrays["z"]
    layer = imported(saved(tmp_path, **arrays)).layer(0)
    assert (layer.mask, layer.max_abs_error) == ("none", None), "nothing says otherwise"
    layer = imported(saved(tmp_path, **arrays, mask=np.tri(L)[None], scale=0.5)).layer(0)
    assert (layer.mask, layer.scale) == ("custom", 0.5)


@pytest.mark.parametrize("batch", [False, True])
def test_patterns_of_a_transformers_model(tmp_path, batch):
    torch = pytest.importorskip("torch", reason="NO TORCH: imports of tensors are left out")
    patterns = [attention(n)["pattern"] for n in range(3)]
    attentions = tuple(torch.tensor(p[None] if batch else p, requires_grad=True) for p in patterns)
    import_attentions(attentions, tmp_path / "x.safetensors", tokens=list("abcdef"), text="abcdef")
    capture = open_capture(tmp_path / "x.safetensors")
    assert list(capture.layers) == ["0", "1", "2"] and capture.layer(1).mask == "causal"
    assert capture.names(0) == ("pattern",)
    assert np.array_equal(capture.tensor(2, "pattern", 1), patterns[2][1])
    assert scene_from_capture(tmp_path / "x.safetensors", 2, 1).expression == "attn = tril(P)"


def test_patterns_saved_one_by_one_or_together(tmp_path):
    patterns = np.stack([attention(n, allowed=np.ones((L, L), bool))["pattern"] for n in range(2)])
    np.savez(tmp_path / "a.npz", *patterns[:, None])  # arr_0, arr_1, each with a batch of one
    files = [
        tmp_path / "a.npz",
        saved(tmp_path, "b.npz", attentions=patterns),
        saved(tmp_path, "c.npz", attentions=patterns[:, None]),
        saved(tmp_path, "d.npz", layer_0=patterns[0], layer_1=patterns[1]),
    ]
    for path in files:
        capture = imported(path)
        assert list(capture.layers) == ["0", "1"], path
        assert np.array_equal(capture.tensor(1, "pattern", 3), patterns[1, 3]), path


def test_cross_attention_has_two_lists_of_tokens(tmp_path):
    pattern = np.full((1, 2, 3, 5), 0.2)
    import_attentions([pattern], tmp_path / "x.safetensors", tokens=(list("abc"), list("vwxyz")))
    layer = open_capture(tmp_path / "x.safetensors").layer(0)
    assert (layer.tokens_q, layer.tokens_k) == (tuple("abc"), tuple("vwxyz"))


def test_a_transformer_lens_cache(tmp_path):
    arrays, rng = attention(kv=H), np.random.default_rng(1)
    lens = {f"blocks.0.attn.hook_{n}": np.moveaxis(arrays[n], 0, 1)[None] for n in "qkvz"}
    lens["blocks.0.attn.hook_pattern"] = arrays["pattern"][None]
    lens["blocks.0.hook_resid_pre"] = rng.normal(size=(1, L, 16)).astype("f4")
    lens["blocks.0.attn.W_O"] = rng.normal(size=(H, D, 16)).astype("f4")
    lens["blocks.0.attn.b_O"] = rng.normal(size=16).astype("f4")
    lens["hook_embed"] = np.zeros((1, L, 16))
    capture = imported(saved(tmp_path, **lens))
    assert np.array_equal(capture.tensor(0, "q", 1), arrays["q"][1])
    assert capture.layer(0).shapes["W_O"] == (H, D, 16) and capture.layer(0).mask == "causal"
    # Rotated queries and keys are those that attend; the others are those before.
    lens |= {f"blocks.0.attn.hook_rot_{n}": lens[f"blocks.0.attn.hook_{n}"] for n in "qk"}
    lens |= {f"blocks.0.attn.hook_{n}": np.ones((1, L, H, D), "f4") for n in "qk"}
    capture = imported(saved(tmp_path, **lens))
    assert np.array_equal(capture.tensor(0, "q", 1), arrays["q"][1])
    assert (capture.tensor(0, "q_pre", 1) == 1).all()


def test_an_encoder_and_a_decoder_by_name(tmp_path):
    seven, three = attention(0)["pattern"], attention(1)["pattern"]
    cross = attention(2, allowed=np.ones((L, L), bool))["pattern"]
    arrays = {"encoder_attentions_0": seven[None], "decoder_attentions": three[None, None]}
    arrays |= {"cross_attentions_0": cross, "tokens_q": np.array(list("uvwxyz")), "decoder": np.zeros(3)}
    arrays |= {"encoder_tokens": np.array(list("abcdef"))}
    capture = imported(saved(tmp_path, **arrays))
    assert list(capture.layers) == ["encoder.0", "decoder.0", "decoder.0.cross"]
    assert np.array_equal(capture.tensor("decoder.0.cross", "pattern", 2), cross[2])
    assert capture.layer("encoder.0").tokens_q == tuple("abcdef")
    assert capture.layer("decoder.0").tokens_q == tuple("uvwxyz")


@pytest.mark.parametrize("scale", [D**-0.5, 0.21])
@pytest.mark.parametrize("softcap", [50.0, 20.0, 3.7])
def test_a_softcap_is_found(tmp_path, scale, softcap):
    rng = np.random.default_rng(3)
    q, k, v = (3 * rng.normal(size=(H, L, D)) for _ in "qkv")
    made = [attend(q[h], k[h], v[h], scale, softcap, allowed=CAUSAL) for h in range(H)]
    arrays = {"q": q, "k": k, "v": v, "pattern": np.stack([m[2] for m in made])}
    layer = imported(saved(tmp_path, **arrays)).layer(0)
    assert layer.softcap == pytest.approx(softcap, rel=1e-3) and layer.scale == pytest.approx(scale, rel=1e-3)
    assert layer.max_abs_error < 1e-6 and layer.mask == "causal"
    layer = imported(saved(tmp_path, **arrays, softcap=np.float32(softcap))).layer(0)
    assert layer.softcap == pytest.approx(softcap, rel=1e-6)


@pytest.mark.parametrize("mask", ["none", "causal"])
def test_queries_that_may_attend_to_nothing(tmp_path, mask):
    """Two tokens of padding at the left: their softmax is NaN, and all that later layers make of them."""
    allowed = np.ones((L, L), bool) if mask == "none" else CAUSAL.copy()
    allowed[:, :2] = allowed[:2] = False
    arrays = attention(allowed=allowed)
    arrays["pattern"][:, :2] = arrays["z"][:, :2] = np.nan
    arrays["q"][:, :2] = np.nan
    capture = imported(saved(tmp_path, **arrays))
    assert np.array_equal(capture.allowed(0, 1), allowed)
    assert not capture.recompute(0, 1).pattern[:2].any() and capture.layer(0).max_abs_error < 1e-6
    capture = imported(saved(tmp_path, pattern=arrays["pattern"]))
    assert not capture.allowed(0, 1)[:2].any() and capture.allowed(0, 1)[2:, 2:].any()


def lens_of(arrays, block=0, **names):
    """A cache of TransformerLens of one text."""
    names = {n: f"hook_{n}" for n in ("q", "k", "v", "z")} | names
    lens = {f"blocks.{block}.attn.{name}": np.moveaxis(arrays[n], 0, 1)[None] for n, name in names.items()}
    return lens | {f"blocks.{block}.attn.hook_pattern": arrays["pattern"][None]}


def test_transformer_lens_with_grouped_keys_and_an_input_for_each_head(tmp_path):
    rng, width = np.random.default_rng(1), 16
    x = rng.normal(size=(L, width)).astype("f4")
    weights = {"W_Q": (H, width, D), "_W_K": (G, width, D), "_W_V": (G, width, D)}
    weights = {name: rng.normal(size=shape).astype("f4") for name, shape in weights.items()}
    q, k, v = (x @ weights[name] for name in weights)
    made = [attend(q[h], k[h // 2], v[h // 2], D**-0.5, allowed=CAUSAL) for h in range(H)]
    arrays = {"q": q, "k": k, "v": v, "pattern": np.stack([m[2] for m in made])}
    arrays["z"] = np.stack([m[3] for m in made]).astype("f4")
    lens = lens_of(arrays) | {f"blocks.0.attn.{name}": array for name, array in weights.items()}
    lens["blocks.0.ln1.hook_normalized"] = np.repeat(x[None, :, None], H, axis=2)
    capture = imported(saved(tmp_path, **lens))
    assert (capture.layer(0).n_q_heads, capture.layer(0).n_kv_heads) == (H, G)
    shapes = capture.layer(0).shapes
    assert shapes["W_K"] == (G, width, D) and shapes["x"] == (L, width)
    # Keys that were repeated for their groups stand once, and so do weights.
    repeated = {n: np.repeat(arrays[n], 2, axis=0) for n in "kv"}
    lens |= lens_of(arrays | repeated)
    lens["blocks.0.attn.W_K"] = np.repeat(lens.pop("blocks.0.attn._W_K"), 2, axis=0)
    assert imported(saved(tmp_path, **lens)).layer(0).shapes == shapes
    # An input that is not what the queries are made of is left out, and told.
    lens["blocks.0.ln1.hook_normalized"] = 2 * x[None]
    told = import_file(saved(tmp_path, **lens), tmp_path / "y.safetensors")
    assert len(told) == 1 and told[0].startswith("layer 0: x is left out")
    assert "x" not in open_capture(tmp_path / "y.safetensors").layer(0).shapes


def test_first_and_latest_names_of_transformer_lens(tmp_path):
    arrays = attention()
    old = lens_of(arrays)
    old["blocks.0.attn.hook_attn"] = old.pop("blocks.0.attn.hook_pattern")
    bridge = lens_of(arrays, z="o.hook_in", **{n: f"{n}.hook_out" for n in "qkv"})
    flat = {n: a.reshape(1, L, -1) if n.endswith(("hook_out", "hook_in")) else a for n, a in bridge.items()}
    for lens in (old, bridge, flat):
        capture = imported(saved(tmp_path, **lens))
        assert np.array_equal(capture.tensor(0, "k", 3), arrays["k"][1])
        assert capture.layer(0).max_abs_error < 1e-6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"weights": np.ones((2, 2))}, "no name is known"),
        ({"q": np.ones((2, 3, 4))}, "neither a pattern nor queries and keys"),
        (
            {"q": np.ones((3, 3, 4)), "k": np.arange(24.0).reshape(2, 3, 4)},
            "cannot share 2 heads of k evenly",
        ),
        ({"q": np.ones((2, 3, 4)), "k": np.full((2, 3, 4), np.nan)}, r"k\[0, 0, 0\] is not a finite number"),
        ({"attentions_0": np.full((2, 3, 3), 1 / 3), "attentions_1": np.ones((2, 0, 0))}, "is empty"),
        ({"q": np.ones((2, 0, 4)), "k": np.ones((2, 3, 4))}, "q is empty: 2 x 0 x 4"),
        ({"pattern": np.full((2, 3, 3), 1 / 3), "v": np.ones((2, 4, 5))}, "4 and 3 key tokens"),
        ({"cross_attentions_0": np.array(list("ab"))}, "cross_attentions_0: holds <U1, not numbers"),
        ({"attentions": np.full((1, 2, 3, 3), 2.0)}, "not a softmax"),
        ({"pattern": np.full((2, 3, 3), -1 / 3)}, "not a softmax"),
        ({"q": np.ones((2, 1, 2, 3, 4)), "k": np.ones((2, 3, 4))}, "has 5 axes"),
        ({"q": np.ones((3, 2, 3, 4)), "k": np.ones((3, 2, 3, 4)), "tokens": np.array(list("ab"))}, "3"),
        ({"q": np.array(list("ab")), "k": np.ones((2, 3, 4))}, "not numbers"),
    ],
)
def test_what_is_refused(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message):
        imported(saved(tmp_path, **arrays))


def test_a_pattern_that_is_not_of_these_queries_is_refused(tmp_path):
    arrays = attention()
    arrays["q"] = arrays["q"][:, ::-1].copy()
    with pytest.raises(InputError, match="misses the pattern or z"):
        imported(saved(tmp_path, **arrays))


def test_no_pickle_is_read(tmp_path):
    (tmp_path / "x.pt").write_bytes(pickle.dumps({"q": 1}))
    with pytest.raises(InputError, match="is a pickle"):
        import_file(tmp_path / "x.pt", tmp_path / "y.safetensors")
    np.savez(tmp_path / "x.npz", q=np.array([{}], object))
    with pytest.raises(InputError, match="holds pickled objects, such as a tuple of tensors"):
        imported(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("q.npy", b"\0" * (600 << 20))
    with pytest.raises(InputError, match="unpacks to more than"):
        imported(tmp_path / "bomb.npz")


def test_mutated_archives_raise_nothing_else(tmp_path):
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    np.savez(buffer, **attention(), tokens=np.array(list("abcdef")))
    good = np.frombuffer(buffer.getvalue(), np.uint8)
    for _ in range(300):
        bad = good.copy()
        places = rng.integers(len(bad), size=rng.integers(1, 12))
        bad[places] = rng.integers(256, size=len(places))
        bad = bad[: rng.integers(len(bad))] if rng.random() < 0.2 else bad
        (tmp_path / "x.npz").write_bytes(bad.tobytes())
        try:
            imported(tmp_path / "x.npz")
        except InputError as error:
            assert "\n" not in str(error)


def test_the_command(tmp_path, capsys):
    path, tokens = saved(tmp_path, **attention()), tmp_path / "tokens.txt"
    tokens.write_bytes("a\u2028\nb\x0c\r\nc\nd\né\nf\n".encode())  # only line breaks end lines
    output = tmp_path / "y.safetensors"
    asked = ["capture", "-o", str(output)]
    assert cli.run([*asked, "--from", str(path), "--tokens", str(tokens), "--text", "abc"]) == 0
    assert "1 layer, 6 tokens" in capsys.readouterr().out and open_capture(output).tokens_k[4] == "é"
    assert open_capture(output).metadata["tokens_q"][:2] == ["a\u2028", "b\x0c"]
    (tmp_path / "target.txt").write_text("uvwxyz"[0] + "".join(f"\n{letter}" for letter in "vwxyz"))
    stacks = saved(tmp_path, "e.npz", encoder_attentions_0=attention()["pattern"])
    with np.load(stacks) as of:
        stacks = saved(tmp_path, "e.npz", **of, cross_attentions_0=attention(1)["pattern"])
    two = ["--from", str(stacks), "--tokens", str(tokens), str(tmp_path / "target.txt")]
    assert cli.run([*asked, *two]) == 0
    assert open_capture(output).layer("decoder.0.cross").tokens_q == tuple("uvwxyz")
    for wrong, says in (
        (["--from", str(tmp_path / "none.npz")], "no such file"),
        (["--from", str(path), "--heads", "0"], "--heads is for --model and --call"),
        (["--from", str(path), "--tokens", "a", "b", "c"], "--tokens takes one, or two"),
        (["--model", "x"], "--text"),
        ([], "--from"),
        (["--model", "x", "--text", "a", "--tokens", "b"], "--tokens is for --from"),
    ):
        assert cli.run([*asked, *wrong]) == 2
        assert says in capsys.readouterr().err


def changed(**parts):
    """`attention` with some arrays changed by functions, or others in their place."""
    arrays = attention()
    return arrays | {name: part(arrays.get(name)) if callable(part) else part for name, part in parts.items()}


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        (changed(k=lambda k: k[:, :0]), "k is empty: 2 x 0 x 8"),
        (changed(pattern=lambda p: p[:0]), "pattern is empty"),
        ({"pattern": np.zeros((0, 3, 3))}, "is empty"),
        ({"q": np.zeros((2, 3, 0)), "k": np.zeros((2, 3, 0))}, "q is empty"),
        (changed(v=lambda v: v[:, :4]), "4 and 6 key tokens"),
        (changed(z=lambda z: z[:3]), "3 and 4 stored query heads"),
        (changed(pattern=lambda p: p[:, :, :5]), "do not belong together"),
        (changed(k=np.ones((3, L, D)), v=np.ones((3, L, D))), "4 heads of q cannot share 3 heads of k"),
        (changed(bias=np.zeros((3, 1, 1))), "3 and 4 stored query heads"),
        (changed(mask=np.ones((1, 2, 6), bool)), "2 and 6 query tokens"),
        (changed(W_Q=np.zeros((4, 9, 7))), "7 and 8 head dimension"),
        (changed(q=np.array([[["a", "b"]]])), "q: holds <U1, not numbers"),
        (changed(pattern=np.array([[[b"a"]]])), "pattern: holds .S1, not numbers"),
        (changed(scale=np.array("half")), "scale: is not a number by which"),
        (changed(scale=np.array(np.nan)), "scale: is not a number by which"),
        (changed(scale=np.array(0)), "scale: is not a number by which"),
        (changed(tokens=np.array([b"\xff"] * L)), "tokens: holds something that is not text"),
        (changed(tokens=np.full(L, 0x110000, "<u4").view("<U1")), "tokens: holds something that is not text"),
        (changed(tokens=np.full(L, 0xD800, "<u4").view("<U1")), "is not valid UTF-8"),
        ({"q": np.ones((40, 3000, 1)), "k": np.ones((40, 3000, 1))}, "3000 scores are too many"),
        ({"arr_" + "1" * 5000: np.eye(3)[None]}, "no name is known"),
    ],
)  # fmt: skip
def test_parts_that_are_empty_or_of_text_or_do_not_fit(tmp_path, arrays, says):
    with pytest.raises(InputError, match=says) as caught:
        imported(saved(tmp_path, **arrays))
    assert "\n" not in str(caught.value) and not list(tmp_path.glob("*.out*"))


def test_tokens_may_be_bytes(tmp_path):
    tokens = np.array([word.encode() for word in ("a", "b", "é", "d", "e", "f")])
    assert imported(saved(tmp_path, **attention(), tokens=tokens)).tokens_q[2] == "é"
