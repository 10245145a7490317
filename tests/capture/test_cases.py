"""A model for each kind of thing that recording once got wrong: the right value, or the refusal by name.

Truth comes from the models' own weights by the names of their modules, and from hooks on these.
"""

import math
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.attention.attend import attend  # noqa: E402
from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.formats.capture_checks import checks_of  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402
from torch import nn  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
transformers.logging.set_verbosity_error()
IDS = torch.randint(3, 100, (1, 11), generator=torch.Generator().manual_seed(0))
SIZES = {
    "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 8, "initializer_range": 0.3,
}  # fmt: skip
GROUPED = SIZES | {"num_key_value_heads": 2}
ROTARY = {"kind": "rotary", "layout": "half", "dims": 8, "theta": 10000.0}


def library(name, **config):
    torch.manual_seed(1)
    return getattr(transformers, f"{name}")(_config(name)(**config)).eval()


def _config(name):
    for end in ("ForCausalLM", "Model"):
        name = name.removesuffix(end)
    return getattr(transformers, f"{name}Config")


def recorded(model, call, **options):
    """The arrays and description of the only or first layer."""
    with torch.no_grad(), record(model, **options) as recording:
        call(model)
    return next(iter(recording.layers.values()))


def close(made, true, tolerance=1e-5):
    assert made.shape == true.shape
    return np.abs(made - true).max() <= tolerance * max(1.0, np.abs(true).max())


def weight(linear, heads):
    """The weights of a linear map, as a capture has them: [heads, inputs, width]."""
    return linear.weight.detach().T.unflatten(1, (heads, -1)).permute(1, 0, 2).numpy()


def saved(recording, tmp_path):
    """Save a recording and open the file again; every equation in it has to hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CaptureWarning)
        recording.save(tmp_path / "x.safetensors")
    capture = open_capture(tmp_path / "x.safetensors")
    for layer in capture.layers.values():
        checks = list(checks_of(capture, layer))
        assert len(checks) >= 4 and all(check.ok for check in checks), checks
    return capture


def test_a_norm_before_the_residual_stream(tmp_path):
    """Gemma 2: stream + added is what the next norm reads, and resid_pre is not claimed."""
    model, read = library("Gemma2Model", head_dim=8, **GROUPED), []
    nn.init.normal_(model.layers[0].post_attention_layernorm.weight)
    hook = model.layers[0].pre_feedforward_layernorm.register_forward_pre_hook(
        lambda _, given: read.append(given[0][0].numpy())
    )
    with torch.no_grad(), record(model) as recording:
        model(IDS)
    hook.remove()
    arrays, description = recording.layers["0"]
    assert close(arrays["stream"] + arrays["added"], read[0]) and "resid_pre" not in arrays
    assert description["residual"] == {"kind": "rms_norm", "epsilon": 1e-6}
    assert "rms_norm" in description["not_written"]["resid_pre"]
    saved(recording, tmp_path)


def test_attention_that_is_seen_in_part_is_left_out_by_name():
    """Longformer with a global token: windows and that token are one softmax of two products."""
    sizes = {name: value for name, value in SIZES.items() if name != "initializer_range"}
    model = library("LongformerModel", attention_window=[4, 4], pad_token_id=0, **sizes)
    looks_far = torch.zeros(1, 8, dtype=torch.long)
    looks_far[0, 0] = 1
    with pytest.raises(
        InputError, match=r"softmax over scores in encoder\.layer\.\*.* is not in the recording"
    ) as told:
        recorded(model, lambda m: m(IDS[:, :8], global_attention_mask=looks_far))
    assert "setitem" in str(told.value), "the step that is not understood"


class Convolved(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Conv1d(32, 32, 1) for _ in range(3))

    def forward(self, x):
        q, k, v = (one(x).mT for one in (self.q, self.k, self.v))
        return (q @ k.mT).softmax(-1) @ v


def test_elements_of_a_batch_are_no_heads():
    torch.manual_seed(0)
    model, x = Convolved().eval(), torch.randn(3, 32, 9)
    for batch in range(3):
        arrays, description = recorded(model, lambda m: m(x), batch=batch)
        assert description["n_q_heads"] == 1 and arrays["q"].shape == (1, 9, 32)
        true = (
            model.q.weight[:, :, 0].detach().numpy() @ x[batch].numpy()
            + model.q.bias.detach().numpy()[:, None]
        )
        assert close(arrays["q"][0], true.T)


class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.linear, self.scale = nn.Linear(8, 24), scale

    def forward(self, x):
        q, k, v = self.linear(x).chunk(3, -1)
        return self.scale(q @ k.mT).softmax(-1) @ v


@pytest.mark.parametrize(
    ("scale", "is_"),
    [
        (lambda s: s * np.float32(0.35), float(np.float32(0.35))),
        (lambda s: torch.div(s, other=8**0.5), 8**-0.5),
        (lambda s: (s * 0.35).clamp(-1e4, 1e4), 0.35),
    ],
)
def test_scales_of_every_kind_are_no_bias(scale, is_):
    torch.manual_seed(0)
    arrays, description = recorded(Scaled(scale).eval(), lambda m: m(torch.randn(1, 5, 8)))
    assert description["scale"] == pytest.approx(is_, rel=1e-7) and "bias" not in arrays
    assert description["position"]["kind"] == "absolute" and description["mask"]["kind"] == "none"


def test_scores_that_were_clamped_are_left_out_by_name():
    torch.manual_seed(0)
    with pytest.raises(InputError, match="clamp; recomputing misses its output"):
        recorded(Scaled(lambda s: (s * 0.35).clamp(-0.1, 0.1)).eval(), lambda m: m(torch.randn(1, 5, 8)))


def test_weights_are_those_that_ran(tmp_path):
    """They are not those after a step of an optimiser inside the block."""
    model = library("LlamaForCausalLM", **GROUPED)
    before = model.model.layers[0].self_attn.v_proj.weight.detach().clone()
    optimiser = torch.optim.SGD(model.parameters(), 0.5)
    with record(model) as recording:
        model(IDS, labels=IDS).loss.backward()
        optimiser.step()
    after = model.model.layers[0].self_attn.v_proj.weight.detach()
    assert (before - after).abs().max() > 1e-3
    arrays, _ = recording.layers["0"]
    assert np.array_equal(arrays["W_V"], before.T.unflatten(1, (2, 8)).permute(1, 0, 2).numpy())
    saved(recording, tmp_path)


def test_generating_from_a_single_token_has_its_rotary_positions(tmp_path):
    model = library("LlamaForCausalLM", **GROUPED)
    options = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0, "max_new_tokens": 8}
    with torch.no_grad(), record(model) as recording:
        model.generate(IDS[:, :1], **options)
    arrays, description = recording.layers["0"]
    assert description["position"] == ROTARY and description["projections_found_by"]["Q"] == "length"
    attention = model.model.layers[0].self_attn
    assert np.array_equal(arrays["W_Q"], weight(attention.q_proj, 8))
    assert close(np.einsum("tm,hmd->htd", arrays["x"], arrays["W_Q"]), arrays["q_pre"])
    saved(recording, tmp_path)


@pytest.mark.parametrize(
    "how", [{"num_beams": 3}, {"cache_implementation": "static"}, {"use_cache": False}, {}], ids=str
)
def test_every_way_of_decoding_is_one_full_forward(how):
    """The steps of a layer are one layer, as if the sequence that came out had been read at once."""
    model = library("LlamaForCausalLM", **GROUPED)
    options = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0, "max_new_tokens": 8}
    with torch.no_grad(), record(model) as recording:
        out = model.generate(IDS[:, :5], **options, **how)
    with torch.no_grad(), record(model) as full:
        model(out[:, :-1])
    assert list(recording.layers) == list(full.layers) == ["0", "1"]
    for name, (true, same) in full.layers.items():
        arrays, description = recording.layers[name]
        assert description["mask"] == same["mask"] and description["position"] == same["position"]
        assert all(close(arrays[one], true[one], 1e-4) for one in ("q", "k", "v", "z", "x", "attn_out"))


@pytest.mark.parametrize(
    "how", [{"num_beams": 3}, {"suppress_tokens": [*range(2), *range(3, 101)]}], ids=["beams", "one word"]
)
def test_decoding_that_looks_back_is_one_full_forward(how):
    """The memory is the same for all beams, and without positions a word has the same query everywhere."""
    sizes = {"vocab_size": 101, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    torch.manual_seed(1)
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(**sizes)).eval()
    options = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0, "max_new_tokens": 7}
    options |= {"decoder_start_token_id": 2}
    with torch.no_grad(), record(model) as recording:
        out = model.generate(IDS[:, :5], **options, **how)
    with torch.no_grad(), record(model) as full:
        model(IDS[:, :5], decoder_input_ids=out[:, :-1])
    assert list(recording.layers) == list(full.layers)
    for name, (true, _) in full.layers.items():
        assert all(close(recording.layers[name][0][one], true[one], 1e-4) for one in ("q", "k", "v", "z"))


def test_values_of_an_input_of_their_own(tmp_path):
    """As in DETR and SAM: positions are added to the input of queries and keys, but not to that of values."""
    torch.manual_seed(0)
    model = nn.MultiheadAttention(32, 4, batch_first=True).eval()
    x, places = torch.randn(2, 1, 6, 32)
    with torch.no_grad(), record(model) as recording:
        model(x + places, x + places, x)
    arrays, _ = recording.layers["0"]
    assert np.array_equal(arrays["x"], (x + places)[0]) and np.array_equal(arrays["x_v"], x[0])
    assert close(np.einsum("tm,hmd->htd", arrays["x_v"], arrays["W_V"]) + arrays["b_V"][:, None], arrays["v"])
    saved(recording, tmp_path)


def test_latent_keys_and_values_are_saved(tmp_path):
    """DeepSeek-V3: queries, keys and values through maps of low rank, each of its own input."""
    sizes = {name: value for name, value in SIZES.items() if name != "num_key_value_heads"}
    model = library(
        "DeepseekV3Model", **sizes, num_key_value_heads=8, q_lora_rank=24, kv_lora_rank=16,
        qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8, n_routed_experts=4, num_experts_per_tok=2,
        moe_intermediate_size=32, n_group=1, topk_group=1,
    )  # fmt: skip
    with torch.no_grad(), record(model) as recording:
        model(IDS)
    capture = saved(recording, tmp_path)
    assert list(capture.layers) == ["0", "1"]
    attention = model.layers[1].self_attn
    values = attention.kv_b_proj.weight.detach().T.unflatten(1, (8, 16))[:, :, 8:].permute(1, 0, 2).numpy()
    assert all(close(capture.tensor(1, "W_V", head), values[head]) for head in range(8))
    assert capture.layer(1).head_dim == 16 and capture.layer(1).shapes["x_v"] == (11, 16)


class LowRank(nn.Module):
    """A linear map and what LoRA (Hu et al. 2021) adds to it, as peft writes it."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.a, self.b = (
            nn.Linear(base.in_features, 4, bias=False),
            nn.Linear(4, base.out_features, bias=False),
        )

    def forward(self, x):
        result = self.base(x)
        return result + self.b(self.a(nn.functional.dropout(x, 0.1, self.training))) * 2.0


def test_low_rank_changes_are_merged_with_their_factors_beside(tmp_path):
    model = library("LlamaForCausalLM", **GROUPED)
    for layer in model.model.layers:
        layer.self_attn.q_proj = LowRank(layer.self_attn.q_proj)
    model.eval()
    with torch.no_grad(), record(model) as recording:
        model(IDS)
    own, (arrays, _) = model.model.layers[0].self_attn.q_proj, recording.layers["0"]
    merged = (own.base.weight + 2.0 * own.b.weight @ own.a.weight).detach()
    assert close(arrays["W_Q"], merged.T.unflatten(1, (8, 8)).permute(1, 0, 2).numpy())
    low = np.einsum("mr,hrd->hmd", arrays["A_Q"], arrays["B_Q"])
    assert arrays["A_Q"].shape == (64, 4) and close(arrays["W_Q"] - low, weight(own.base, 8))
    saved(recording, tmp_path)


def test_two_low_rank_changes_of_one_map_are_one(tmp_path):
    """As with two active adapters of peft."""

    class Two(LowRank):
        def __init__(self, base):
            super().__init__(base)
            self.c, self.d = nn.Linear(base.in_features, 2, bias=False), nn.Linear(2, base.out_features)

        def forward(self, x):
            return super().forward(x) + self.d(self.c(x)) * 0.5

    model = library("LlamaForCausalLM", **GROUPED)
    for layer in model.model.layers:
        layer.self_attn.q_proj = Two(layer.self_attn.q_proj)
    with torch.no_grad(), record(model.eval()) as recording:
        model(IDS)
    own, (arrays, _) = model.model.layers[0].self_attn.q_proj, recording.layers["0"]
    whole = own.base.weight + 2.0 * own.b.weight @ own.a.weight + 0.5 * own.d.weight @ own.c.weight
    assert close(arrays["W_Q"], whole.detach().T.unflatten(1, (8, 8)).permute(1, 0, 2).numpy())
    assert close(arrays["b_Q"], 0.5 * own.d.bias.detach().unflatten(0, (8, 8)).numpy())
    low = np.einsum("mr,hrd->hmd", arrays["A_Q"], arrays["B_Q"])
    assert arrays["A_Q"].shape == (64, 6) and close(arrays["W_Q"] - low, weight(own.base, 8))
    saved(recording, tmp_path)


def test_a_low_rank_change_of_a_fused_map_that_runs_on_rows(tmp_path):
    """GPT-2's Conv1D puts all tokens of a batch in one row before its product; LoRA's maps do not."""
    model = library("GPT2Model", vocab_size=101, n_embd=64, n_layer=2, n_head=8)
    for layer in model.h:
        layer.attn.c_attn.in_features, layer.attn.c_attn.out_features = 64, 192
        layer.attn.c_attn = LowRank(layer.attn.c_attn)
    with torch.no_grad(), record(model.eval(), batch=1) as recording:
        model(IDS.repeat(2, 1))
    own, (arrays, _) = model.h[0].attn.c_attn, recording.layers["0"]
    merged = (own.base.weight + 2.0 * (own.b.weight @ own.a.weight).T).detach()
    for n, name in enumerate("QKV"):
        wanted = merged[:, 64 * n : 64 * (n + 1)].unflatten(1, (8, 8)).permute(1, 0, 2)
        assert close(arrays[f"W_{name}"], wanted.numpy()) and arrays[f"A_{name}"].shape == (64, 4)
    saved(recording, tmp_path)


def test_queries_that_a_map_and_a_product_make_together_have_no_weights(tmp_path):
    """As VB-LoRA: what is added is x times a softmax of parameters."""

    class Computed(nn.Module):
        def __init__(self, base):
            super().__init__()
            self.base, self.bank, self.a = base, nn.Parameter(torch.randn(8, 8)), nn.Linear(64, 8)

        def forward(self, x):
            return self.base(x) + self.a(x) @ self.bank.softmax(-1).repeat(1, 8)

    model = library("LlamaForCausalLM", **GROUPED)
    for layer in model.model.layers:
        layer.self_attn.q_proj = Computed(layer.self_attn.q_proj)
    with torch.no_grad(), record(model.eval()) as recording:
        model(IDS)
    arrays, description = recording.layers["0"]
    assert "W_Q" not in arrays and "make it together" in description["not_written"]["W_Q"]
    saved(recording, tmp_path)


def test_a_vector_as_weight_passes():
    class Vector(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8))

        def forward(self, x):
            return nn.functional.linear(x, self.weight)

    model, x = Vector(), torch.randn(2, 8)
    with pytest.raises(InputError, match="no attention was seen"), record(model):
        assert torch.equal(model(x), x @ model.weight)


@pytest.mark.parametrize("given", [{"heads": []}, {"heads": 3}, {"layers": 0}, {"layers": "01"}])
def test_arguments_are_refused_before_the_model_runs(given):
    ran = []
    with pytest.raises(InputError, match=r"give a list of numbers from 0, as \[0, 5\], or None for all"):
        with record(nn.MultiheadAttention(8, 2), **given):
            ran.append(True)
    assert not ran


def test_tokens_of_another_kind_leave_the_recording_as_it_is(tmp_path):
    model = library("BertModel", **SIZES)
    with torch.no_grad(), record(model) as recording:
        model(IDS)
    with pytest.raises(InputError, match="tokens has to be a list of texts"):
        recording.save(tmp_path / "x.safetensors", tokens=IDS[0])
    with pytest.warns(CaptureWarning, match="no labels, 12 texts were given for 11 tokens"):
        recording.save(tmp_path / "x.safetensors", tokens=["a"] * 12)
    assert list(open_capture(tmp_path / "x.safetensors").layers) == ["0", "1"]


def test_keys_and_values_that_all_heads_share(tmp_path):
    """Multi-query attention by einsum: bhid,bjd->bhij."""

    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = nn.Linear(32, 32), nn.Linear(32, 8), nn.Linear(32, 8)

        def forward(self, x):
            q = self.q(x).view(1, 9, 4, 8).transpose(1, 2)
            pattern = torch.einsum("bhid,bjd->bhij", q, self.k(x)).softmax(-1)
            return torch.einsum("bhij,bjd->bhid", pattern, self.v(x))

    torch.manual_seed(0)
    model, x = Shared().eval(), torch.randn(1, 9, 32)
    with torch.no_grad(), record(model) as recording:
        out = model(x)
    arrays, description = recording.layers["0"]
    assert (description["n_q_heads"], description["n_kv_heads"], description["scale"]) == (4, 1, 1.0)
    assert close(arrays["z"], out[0].numpy()) and close(arrays["k"][0], model.k(x)[0].detach().numpy())
    for head in range(4):
        z = attend(arrays["q"][head], arrays["k"][0], arrays["v"][0], 1.0)[3]
        assert close(z, out[0, head].numpy())
    saved(recording, tmp_path)


def test_projections_by_hand(tmp_path):
    class ByHand(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.ParameterList([nn.Parameter(torch.randn(8, 8)) for _ in range(3)])
            self.b = nn.Parameter(torch.randn(8))

        def forward(self, x):
            q, k, v = (x @ w + self.b for w in self.w)
            return (q @ k.mT).softmax(-1) @ v

    torch.manual_seed(0)
    model = ByHand().eval()
    with torch.no_grad(), record(model) as recording:
        model(torch.randn(1, 5, 8))
    arrays, description = recording.layers["0"]
    assert description["projections_found_by"] == dict.fromkeys("QKV", "value")
    for name, w in zip("QKV", model.w, strict=True):
        assert np.array_equal(arrays[f"W_{name}"][0], w.detach().numpy())
        assert np.array_equal(arrays[f"b_{name}"][0], model.b.detach().numpy())
    saved(recording, tmp_path)


def test_two_texts_and_one_picture(tmp_path):
    """The second of two texts is recorded. There is only one picture, so its layers are those of that one."""
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}
    text = small | {"vocab_size": 101, "bos_token_id": 1, "eos_token_id": 2}
    vision = small | {"image_size": 32, "patch_size": 16}
    model = library("CLIPModel", text_config=text, vision_config=vision)
    texts, picture = torch.cat([IDS[:, :5], IDS[:, 5:10]]), torch.randn(1, 3, 32, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(input_ids=texts, pixel_values=picture)
    with torch.no_grad(), record(model) as alone:
        model(input_ids=texts[1:], pixel_values=picture)
    assert list(recording.layers) == list(alone.layers) and len(alone.layers) == 2
    for name, (arrays, _) in recording.layers.items():
        assert close(arrays["z"], alone.layers[name][0]["z"], 1e-4)
    assert set(saved(recording, tmp_path).layers) == {"text.0", "vision.0"}


def test_the_residual_stream_around_multihead_attention(tmp_path):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

        def forward(self, x):
            return x + self.attention(x, x, x, need_weights=False)[0]

    torch.manual_seed(0)
    model, x = Block().eval(), torch.randn(1, 5, 32)
    with torch.no_grad(), record(model) as recording:
        out = model(x)
    arrays, _ = recording.layers["0"]
    assert np.array_equal(arrays["resid_pre"], x[0].numpy())
    made = arrays["resid_pre"] + np.einsum("hte,heo->to", arrays["z"], arrays["W_O"]) + arrays["b_O"]
    assert close(made, out[0].numpy())
    saved(recording, tmp_path)


def test_rounding_of_half_precision_is_no_bias():
    model = library("LlamaForCausalLM", attn_implementation="eager", **GROUPED).to(torch.bfloat16)
    with pytest.warns(CaptureWarning, match=r"recorded in bfloat16, .*; use model.float\(\)"):
        arrays, description = recorded(model, lambda m: m(IDS))
    assert "bias" not in arrays and description["position"]["kind"] == "rotary"
    assert description["mask"] == {"kind": "causal"}


def test_autocast_is_told_as_such():
    """The model is in float32 already, so model.float() would change nothing."""
    model = library("LlamaForCausalLM", **GROUPED)
    with pytest.warns(CaptureWarning) as told:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            recorded(model, lambda m: m(IDS))
    lines = [str(one.message) for one in told if one.category is CaptureWarning]
    instead = "; leave torch.autocast, .half() and the like out"
    assert all("in bfloat16" in line and line.endswith(instead) for line in lines), lines


class Heads(nn.Module):
    """Four heads. `attend(q, k, v)`, each [batch, heads, tokens, width], returns the results of the heads."""

    def __init__(self, attend):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(32, 32) for _ in range(4))
        self.attend = attend

    def forward(self, x):
        q, k, v = (one(x).unflatten(-1, (4, 8)).transpose(1, 2) for one in (self.q, self.k, self.v))
        return x + self.out(self.attend(q, k, v).transpose(1, 2).flatten(2))


@torch.library.custom_op("matrix_cinema_tests::linear_4bit", mutates_args=())
def linear_4bit(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Like the kernels of quantised models: nobody outside can see its weights."""
    return x @ weight.to(x.dtype)


class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.randint(-2, 3, (32, 32)).to(torch.int8))

    def forward(self, x):
        return linear_4bit(x, self.weight)


class Recurrent(nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0]


@pytest.mark.parametrize("unseen", [Quantised, lambda: Recurrent(32, 32, batch_first=True)])
def test_what_makes_queries_unseen_is_not_taken_for_the_map_before_it(unseen, tmp_path):
    """Nor are elements of the batch taken for heads where both share one axis."""
    torch.manual_seed(0)
    attend = lambda q, k, v: torch.bmm(  # noqa: E731
        torch.bmm(q.flatten(0, 1), k.flatten(0, 1).mT).softmax(-1), v.flatten(0, 1)
    ).unflatten(0, (3, 4))
    heads = Heads(attend)
    heads.q, heads.k, heads.v = (unseen() for _ in range(3))
    model, x = nn.Sequential(nn.Linear(32, 32), heads).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert description["n_q_heads"] == 4 and description["batch"] == {"element": 1, "of": 3}
    with torch.no_grad():
        q = heads.q(model[0](x))[1].unflatten(-1, (4, 8)).transpose(0, 1)
    assert close(arrays["q"], q.numpy()) and not {"W_Q", "W_K", "W_V"} & set(arrays)
    assert all("a quantised map" in description["not_written"][f"W_{name}"] for name in "QKV")
    assert {"W_O", "resid_pre"} <= set(arrays)
    recording.save(tmp_path / "x.safetensors")


SECOND_MAPS = {  # the next residual stream, from x, the first map's result y, its input z, and a second map
    "later": lambda x, y, z, more: x + y,
    "summed": lambda x, y, z, more: x + (y + more(z)),
    "LoRA with dropout": lambda x, y, z, more: x + (y + 2 * more(more(nn.functional.dropout(z)))),
    "added by itself": lambda x, y, z, more: x + y + more(z),
    "LoRA with dropout, by itself": lambda x, y, z, more: x + y + 2 * more(more(nn.functional.dropout(z))),
    "of the first": lambda x, y, z, more: x + (y + more(more(y).relu())),
    "twice": lambda x, y, z, more: x + y + y,
}


@pytest.mark.parametrize("form", SECOND_MAPS)
def test_a_second_map_of_what_the_heads_gave_does_not_take_the_place_of_the_first(form, tmp_path):
    """The second map may be a gate, or a head for another task, that runs later. If both are summed, neither
    alone is the output. If it is an adapter of the first map's result, that result is still the output."""

    class Both(Heads):
        def forward(self, x):
            q, k, v = (one(x).unflatten(-1, (4, 8)).transpose(1, 2) for one in (self.q, self.k, self.v))
            z = ((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2)
            self.y = self.out(z)
            self.stream = SECOND_MAPS[form](x, self.y, z, self.more)
            return self.stream + self.more(z).mean()

    torch.manual_seed(0)
    model, x = Both(None).eval(), torch.randn(3, 9, 32)
    model.more = nn.Linear(32, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    if form not in ("later", "of the first"):
        assert not {"W_O", "attn_out", "resid_pre"} & set(arrays)
        twice = "it is added to the residual stream twice"
        why = twice if form == "twice" else "two linear maps take the result of the heads"
        assert description["not_written"]["W_O"] == why
    else:
        assert np.array_equal(arrays["W_O"].reshape(32, 32), model.out.weight.detach().T.numpy())
        assert close(arrays["attn_out"], model.y[1].numpy()) and close(arrays["resid_pre"], x[1].numpy())
    if form == "later":
        assert close(arrays["resid_pre"] + arrays["attn_out"], model.stream[1].numpy())
    saved(recording, tmp_path)


def test_what_the_output_goes_through_before_it_is_added_is_named(tmp_path):
    torch.manual_seed(0)
    model, x = Heads(lambda q, k, v: (q @ k.mT).softmax(-1) @ v).eval(), torch.randn(3, 9, 32)
    model.out = nn.Sequential(nn.Linear(32, 32), nn.GELU())
    with torch.no_grad(), record(model, batch=1) as recording:
        y = model(x)
    arrays, description = recording.layers["0"]
    assert description["residual"] == {"kind": "other", "steps": ["gelu"]}
    assert description["not_written"]["resid_pre"].startswith("gelu stands between the output and")
    assert close(arrays["stream"] + arrays["added"], y[1].numpy())
    saved(recording, tmp_path)


class Gated(nn.Module):
    """`together` makes the queries of own(x), the map `other`, and x."""

    def __init__(self, together):
        super().__init__()
        self.own, self.other, self.together = nn.Linear(32, 32), nn.Linear(32, 32), together

    def forward(self, x):
        return self.together(self.own(x), self.other, x)


def _of_low_rank(x, other):
    """What LoHa (Hyeon-Woo et al. 2022) adds: its weights are two products, multiplied entry by entry."""
    a, b = other.weight.split([4, 28])
    return nn.functional.linear(x, (a.mT @ a) * (b.mT @ b))


def _convolved(other, x):
    """What LoRA adds to a part of a fused map, as its authors write it: by groups of channels."""
    return nn.functional.conv1d(x.mT, other.weight[:, :16, None], groups=2).mT


TOGETHER = {
    "a gate": (lambda own, other, x: own * other(x).sigmoid(), False),
    "a sum": (lambda own, other, x: own + other(x.flip(1)), False),
    "LoRA with dropout": (lambda own, other, x: own + other(nn.functional.dropout(x, 0.1)), False),
    "LoHa": (lambda own, other, x: own + _of_low_rank(x, other), False),
    "a convolution": (lambda own, other, x: own + _convolved(other, x), False),
    "a gate of all tokens before": (lambda own, other, x: own * other(x).cumsum(1).flip(1), False),
    "a gate in another order": (lambda own, other, x: own * other(x)[:, torch.arange(9)[None]][:, 0], False),
    "a norm": (lambda own, other, x: nn.functional.rms_norm(own, (32,)), True),
    "a convolution of what it gave": (lambda own, other, x: own + _convolved(other, own), True),
    "a condition": (
        lambda own, other, x: nn.functional.rms_norm(own, (32,)) * other(x.mean(1, keepdim=True)), True
    ),
}  # fmt: skip


@pytest.mark.parametrize("together", TOGETHER)
def test_where_two_maps_make_queries_neither_is_given_for_them(together, tmp_path):
    torch.manual_seed(0)
    form, known = TOGETHER[together]
    model = Heads(lambda q, k, v: (q @ k.mT).softmax(-1) @ v)
    model.q = Gated(form)
    with torch.no_grad(), record(model.eval(), batch=1) as recording:
        model(torch.randn(3, 9, 32))
    arrays, description = recording.layers["0"]
    assert description["projections_found_by"] == {"K": "value", "V": "value"} | (
        {"Q": "path"} if known else {}
    )
    if known:
        assert close(arrays["W_Q"], weight(model.q.own, 4))
    else:
        told, names = description["not_written"]["W_Q"].split(": ")
        assert "W_Q" not in arrays and told == "two linear maps make it together"
        assert set(names.split(" and ")) in ({"q.own", "q.other"}, {"q.own", "q"})
    saved(recording, tmp_path)


def test_weights_that_are_computed_are_those_of_a_linear_map(tmp_path):
    """Such as those of weight_norm, and weights computed from quantised ones, also where x has no batch."""

    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            normed = nn.utils.parametrizations.weight_norm
            self.q, self.k, self.v, self.out = (normed(nn.Linear(8, 8)) for _ in range(4))

        def forward(self, x):
            return x + self.out((self.q(x) @ self.k(x).mT).softmax(-1) @ self.v(x))

    torch.manual_seed(0)
    model, x = Normed().eval(), torch.randn(5, 8)
    for given in (x, x[None]):
        with torch.no_grad(), record(model) as recording:
            model(given)
        arrays, description = recording.layers["0"]
        assert description["projections_found_by"] == dict.fromkeys("QKV", "value")
        assert close(arrays["W_Q"], weight(model.q, 1)) and {"W_O", "resid_pre"} <= set(arrays)
        saved(recording, tmp_path)


MIXTURES = {
    "weights of the largest": lambda g, outs: torch.einsum(
        "btk,btkd->btd", *_of_the_largest(g.softmax(-1), outs)
    ),
    "softmax of the largest": lambda g, outs: torch.einsum(
        "btk,btkd->btd", (two := _of_the_largest(g, outs))[0].softmax(-1), two[1]
    ),
    "entry by entry": lambda g, outs: (
        (two := _of_the_largest(g, outs))[0].softmax(-1)[..., None] * two[1]
    ).sum(-2),
}


def _of_the_largest(g, outs):
    """(gate values, results) of the two experts that the gate `g` prefers for each token."""
    numbers, which = g.topk(2)
    return numbers, outs.gather(-2, which[..., None].expand(*which.shape, outs.shape[-1]))


@pytest.mark.parametrize("mixture", MIXTURES)
def test_what_weighs_chosen_experts_is_no_attention(mixture):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = Heads(lambda q, k, v: (q @ k.mT).softmax(-1) @ v)
            self.gate, self.experts = nn.Linear(32, 4), nn.Linear(32, 4 * 32)

        def forward(self, x):
            x = self.attention(x)
            return x + MIXTURES[mixture](self.gate(x), self.experts(x).unflatten(-1, (4, 32)))

    with warnings.catch_warnings():
        warnings.simplefilter("error", CaptureWarning)
        recorded(Block().eval(), lambda m: m(torch.randn(3, 9, 32)))


def test_a_pattern_that_weighs_something_besides_is_one_layer():
    """Shaw et al. 2018: values and, with the same pattern, a vector of each pair of places."""
    torch.manual_seed(0)
    places = torch.randn(9, 9, 8)

    def attend(q, k, v):
        pattern = ((q @ k.mT + torch.einsum("bhid,ijd->bhij", q, places)) / 8**0.5).softmax(-1)
        return pattern @ v + torch.einsum("bhij,ijd->bhid", pattern, places)

    model = Heads(attend).eval()
    with pytest.warns(CaptureWarning, match="a second product of a pattern in the model"):
        with torch.no_grad(), record(model, batch=1) as recording:
            model(torch.randn(3, 9, 32))
    assert list(recording.layers) == ["0"] and recording.layers["0"][0]["q"].shape == (4, 9, 8)


def test_attention_among_channels_is_left_out_by_name():
    """XCiT: the softmax runs over channels, and tokens are summed over."""
    torch.manual_seed(0)
    model = Heads(lambda q, k, v: ((q.mT @ k).softmax(-1) @ v.mT).mT).eval()
    with pytest.raises(InputError, match="summed over tokens: attention among channels"):
        recorded(model, lambda m: m(torch.randn(3, 9, 32)))


LOOPS = {
    "elements": lambda q, k, v, weigh: torch.stack([weigh(*one) for one in zip(q, k, v, strict=True)]),
    "elements of a batch of one": lambda q, k, v, weigh: torch.cat(
        [weigh(q[n : n + 1], k[n : n + 1], v[n : n + 1]) for n in range(len(q))]
    ),
    "heads": lambda q, k, v, weigh: torch.stack(
        [weigh(q[:, h], k[:, h], v[:, h]) for h in range(q.shape[1])], 1
    ),
    "queries": lambda q, k, v, weigh: torch.cat([weigh(one, k, v) for one in q.split(1, 2)], 2),
    "queries in chunks": lambda q, k, v, weigh: torch.cat([weigh(part, k, v) for part in q.split(3, 2)], 2),
    "queries, one at the end": lambda q, k, v, weigh: torch.cat(
        [weigh(one, k, v) for one in q.split(4, 2)], 2
    ),
    "heads of queries": lambda q, k, v, weigh: torch.cat(
        [torch.stack([weigh(one[:, h], k[:, h], v[:, h]) for h in range(4)], 1) for one in q.split(4, 2)], 2
    ),
    "elements, heads and queries": lambda q, k, v, weigh: torch.stack(
        [torch.stack([torch.cat([weigh(one[None], k[n, h], v[n, h]) for one in q[n, h]]) for h in range(4)])
         for n in range(3)]
    ),
    "twice the same": lambda q, k, v, weigh: (weigh(q, k, v), weigh(q, k, v))[1],
}  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
def test_attention_in_a_loop_is_one_layer(loop, tmp_path):
    """A loop takes elements of the batch, heads or queries one by one or in chunks. The recorded layer is the
    same as without a loop. Chunks of queries are not heads, though one linear map takes all their results.
    """
    torch.manual_seed(0)
    weigh = lambda q, k, v: (q @ k.mT / 8**0.5).softmax(-1) @ v  # noqa: E731
    model, x = Heads(lambda q, k, v: LOOPS[loop](q, k, v, weigh)).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    model.attend = weigh
    with torch.no_grad(), record(model, batch=1) as whole:
        model(x)
    assert list(recording.layers) == ["0"]
    (arrays, description), (true, same) = recording.layers["0"], whole.layers["0"]
    assert set(arrays) == set(true) and description["batch"] == same["batch"] == {"element": 1, "of": 3}
    assert description["n_q_heads"] == same["n_q_heads"] == 4
    assert all(close(arrays[name], true[name]) for name in true)
    saved(recording, tmp_path)


def in_windows(windows, over_all_keys=False):
    """Attention by windows: the queries of some tokens, over the keys of the same tokens or of all."""

    def attend(q, k, v):
        z = torch.zeros_like(q)
        for own in windows:
            keys = slice(None) if over_all_keys else own
            z[:, :, own] = (q[:, :, own] @ k[:, :, keys].mT / 8**0.5).softmax(-1) @ v[:, :, keys]
        return z

    return attend


def packed(q, k, v):
    parts = [t.split([2, 3, 4], 2) for t in (q, k, v)]
    z = [(a @ b.mT / 8**0.5).softmax(-1) @ c for a, b, c in zip(*parts, strict=True)]
    return torch.cat(z, 2)


THIRDS = torch.arange(9) % 3
WINDOWS = {  # (attention, the window of each token)
    "texts packed into one": (packed, torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 2])),
    "every third token": (in_windows([slice(n, None, 3) for n in range(3)]), THIRDS),
    "every other query": (in_windows([slice(0, None, 2), slice(1, None, 2)], True), torch.zeros(9)),
}


@pytest.mark.parametrize("form", WINDOWS)
def test_windows_one_by_one_are_one_layer_with_a_mask(form, tmp_path):
    """As in Qwen2.5-VL, whose pictures and windows stand in one row of tokens. Tokens keep their order."""
    attend, own = WINDOWS[form]
    torch.manual_seed(0)
    model, x = Heads(attend).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    allowed = own[:, None] == own
    away = torch.zeros(9, 9).masked_fill(~allowed, -torch.inf)
    model.attend = lambda q, k, v: (q @ k.mT / 8**0.5 + away).softmax(-1) @ v
    with torch.no_grad(), record(model, batch=1) as whole:
        model(x)
    assert list(recording.layers) == ["0"]
    (arrays, description), (true, same) = recording.layers["0"], whole.layers["0"]
    assert set(arrays) == set(true) and description["mask"] == same["mask"]
    assert all(close(arrays[name].astype(float), true[name].astype(float)) for name in true)
    saved(recording, tmp_path)


def test_a_layer_of_which_one_window_is_rotated_has_projections_of_that_length(tmp_path):
    torch.manual_seed(0)

    def rotated(t):
        left, right = t.chunk(2, -1)
        return t * math.cos(1) + torch.cat([-right, left], -1) * math.sin(1)

    def attend(q, k, v):
        (q, q2), (k, k2), (v, v2) = (t.split([4, 5], 2) for t in (q, k, v))
        return torch.cat([(q @ k.mT).softmax(-1) @ v, (rotated(q2) @ rotated(k2).mT).softmax(-1) @ v2], 2)

    model, x = Heads(attend).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert description["projections_found_by"] == {"Q": "length", "K": "length", "V": "value"}
    assert close(arrays["W_Q"], weight(model.q, 4)) and np.array_equal(arrays["x"], x[1])
    saved(recording, tmp_path)


ALLOWED = torch.eye(9, dtype=torch.bool) | (torch.rand(2, 9, 9) > 0.5)
TWO_WAYS = {  # scores -> scores for the first half of the values' columns, and for the second
    "two masks": lambda s: [s.masked_fill(~one, -torch.inf) for one in ALLOWED],
    "two biases": lambda s: [s + one for one in ALLOWED],
    "two scales": lambda s: [s, s / 3],
}


@pytest.mark.parametrize("form", TWO_WAYS)
def test_one_pattern_is_not_taken_for_another_of_the_same_queries_and_keys(form, tmp_path):
    torch.manual_seed(0)

    def attend(q, k, v):
        each = zip(TWO_WAYS[form](q @ k.mT), v.chunk(2, -1), strict=True)
        return torch.cat([scores.softmax(-1) @ values for scores, values in each], -1)

    model, x = Heads(attend).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model, batch=1) as recording:
        y = model(x)
    arrays, description = recording.layers["0"]
    assert description["n_q_heads"] == 8 and close(arrays["resid_pre"] + arrays["attn_out"], y[1].numpy())
    saved(recording, tmp_path)


LOOPS_OF_LAYERS = {
    "heads": lambda q, k, v: LOOPS["heads"](q, k, v, lambda q, k, v: (q @ k.mT).softmax(-1) @ v),
    "windows": packed,
}


@pytest.mark.parametrize("form", LOOPS_OF_LAYERS)
def test_a_layer_is_chosen_by_its_number_where_its_parts_run_one_by_one(form):
    torch.manual_seed(0)
    model, x = nn.Sequential(*(Heads(LOOPS_OF_LAYERS[form]) for _ in range(3))).eval(), torch.randn(3, 9, 32)
    with torch.no_grad(), record(model) as every:
        model(x)
    assert list(every.layers) == ["0", "1", "2"]
    for number in range(3):
        with torch.no_grad(), record(model, layers=[number]) as one:
            model(x)
        ((name, (arrays, description)),) = one.layers.items()
        true = every.layers[name][0]
        assert name == str(number) and description["module"] == str(number)
        assert set(arrays) == set(true) and all(np.array_equal(arrays[n], true[n]) for n in true)


def test_an_element_that_is_not_in_the_batch_is_told_where_elements_run_one_by_one():
    model = Heads(lambda q, k, v: LOOPS["elements"](q, k, v, lambda q, k, v: (q @ k.mT).softmax(-1) @ v))
    with pytest.raises(InputError, match="batch element 3 is not there; the batch has 3"):
        recorded(model.eval(), lambda m: m(torch.randn(3, 9, 32)), batch=3)


def test_queries_that_are_made_of_weights_have_a_projection(tmp_path):
    """As in Perceiver, and in the first layer of DETR's decoder."""
    torch.manual_seed(0)

    class Latent(Heads):
        def forward(self, x):
            q = self.q(self.latents.expand(len(x), -1, -1))
            q, k, v = (t.unflatten(-1, (4, 8)).transpose(1, 2) for t in (q, self.k(x), self.v(x)))
            return self.out(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))

    model, x = Latent(None).eval(), torch.randn(3, 9, 32)
    model.latents = nn.Parameter(torch.randn(1, 5, 32))
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    arrays, _ = recording.layers["0.cross"]
    assert close(arrays["W_Q"], weight(model.q, 4))
    assert np.array_equal(arrays["x"], model.latents[0].detach()) and np.array_equal(arrays["x_k"], x[1])
    saved(recording, tmp_path)


def test_keys_that_are_more_than_the_tokens_of_the_queries_are_of_a_cross_attention(tmp_path):
    """As in the resampler of Flamingo: latents attend to a picture and to themselves."""
    torch.manual_seed(0)

    class Resampler(Heads):
        def forward(self, x, latents):
            both = self.norm(torch.cat([x, latents], 1))
            q, k, v = (
                one(t).unflatten(-1, (4, 8)).transpose(1, 2)
                for one, t in ((self.q, self.norm(latents)), (self.k, both), (self.v, both))
            )
            return self.out(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))

    model = Resampler(None).eval()
    model.norm = nn.LayerNorm(32)
    with torch.no_grad(), record(model) as recording:
        model(torch.randn(1, 9, 32), torch.randn(1, 5, 32))
    assert list(recording.layers) == ["0.cross"]
    saved(recording, tmp_path)


BY_HEADS = {  # (what makes queries of x, [batch, tokens, 32], and weights; the shape of these weights)
    "of all": (lambda x, w: x[:, None] @ w, (4, 32, 8)),
    "of all, by einsum": (lambda x, w: torch.einsum("btm,hmd->bhtd", x, w), (4, 32, 8)),
    "of all, by a map each": (lambda x, w: torch.stack([x @ one for one in w], 1), (4, 32, 8)),
    "of its part": (lambda x, w: x.unflatten(-1, (4, 8)).transpose(1, 2) @ w, (4, 8, 8)),
    "of its part, by einsum": (
        lambda x, w: torch.einsum("bthd,hde->bhte", x.unflatten(-1, (4, 8)), w), (4, 8, 8)
    ),
    "of its part, by one map for all": (
        lambda x, w: (nn.functional.layer_norm(x, (32,)).view(3, 9, 4, 8) @ w).transpose(1, 2), (8, 8)
    ),
    "of all, in one more axis": (lambda x, w: (x @ w).unflatten(-1, (4, 8)).transpose(1, 2), (1, 32, 32)),
}  # fmt: skip


@pytest.mark.parametrize("form", BY_HEADS)
def test_heads_with_weights_of_their_own_are_no_elements_of_the_batch(form, tmp_path):
    torch.manual_seed(0)
    make, shape = BY_HEADS[form]

    class ByHeads(Heads):
        def forward(self, x):
            q, k, v = (make(x, w) for w in self.weights)
            self.z = (q @ k.mT).softmax(-1) @ v
            return x + self.out(self.z.transpose(1, 2).flatten(2))

    model, x = ByHeads(None).eval(), torch.randn(3, 9, 32)
    model.weights = nn.ParameterList(nn.Parameter(torch.randn(shape) / 4) for _ in range(3))
    with torch.no_grad(), record(model, batch=1) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert description["n_q_heads"] == 4 and description["batch"] == {"element": 1, "of": 3}
    assert close(arrays["z"], model.z[1].numpy()) and {"W_O", "resid_pre"} <= set(arrays)
    if "part" in form:
        assert set(description["not_written"]) == {"W_Q", "W_K", "W_V"}
        recording.save(tmp_path / "x.safetensors")
    else:
        own = model.weights[0].detach()
        own = own if len(own) == 4 else own[0].unflatten(1, (4, 8)).transpose(0, 1)
        assert close(arrays["W_Q"], own.numpy())
        saved(recording, tmp_path)


def test_heads_that_differ_in_more_than_their_weights_are_told(tmp_path):
    """Where each head has an input of its own, no weights are written. A sink of some heads is not that of
    all."""
    torch.manual_seed(0)

    class Several(nn.Module):
        def __init__(self, sink):
            super().__init__()
            self.maps, self.out, self.sink = (
                nn.ModuleList(nn.Linear(32, 24) for _ in range(4)),
                nn.Linear(32, 32),
                sink,
            )

        def forward(self, x):
            z = []
            for n, one in enumerate(self.maps):
                q, k, v = one(x if self.sink else x * (n + 1)).chunk(3, -1)
                s = torch.cat([q @ k.mT, torch.ones(*x.shape[:2], 1)], -1) if n and self.sink else q @ k.mT
                z.append(s.softmax(-1)[..., :9] @ v)
            return x + self.out(torch.cat(z, -1))

    x = torch.randn(3, 9, 32)
    with torch.no_grad(), record(None, batch=1) as recording:
        Several(False).eval()(x)
    arrays, description = recording.layers["0"]
    assert not {"W_Q", "W_K", "W_V"} & set(arrays)
    assert description["not_written"]["W_Q"].startswith("heads have inputs of their own")
    with torch.no_grad(), record(None, batch=1) as recording:
        Several(True).eval()(x)
    for n, (_, about) in enumerate(recording.layers.values()):
        assert about["n_q_heads"] == 1 and ("sinks" in about) == (n > 0)
    assert len(saved(recording, tmp_path).layers) == 4


def test_keys_in_another_order_stand_in_that_of_their_tokens(tmp_path):
    """Keys are recorded in the order of their tokens, because their labels are."""
    torch.manual_seed(0)
    order = torch.tensor([3, 1, 0, 2, 4])
    away = torch.full((5, 5), -torch.inf).triu(1)
    model = Heads(
        lambda q, k, v: (q @ k[:, :, order].mT + away[:, order]).softmax(-1) @ v[:, :, order]
    ).eval()
    x = torch.randn(1, 5, 32)
    with torch.no_grad(), record(model) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert np.array_equal(arrays["x"], x[0]) and "x_k" not in arrays
    assert description["mask"] == {"kind": "causal"}
    k = model.k(x).unflatten(-1, (4, 8)).transpose(1, 2)[0]
    assert close(arrays["k"], k.detach().numpy())
    saved(recording, tmp_path)


@pytest.mark.parametrize(
    ("name", "dtype", "more", "rotation"),
    [
        ("LlamaForCausalLM", torch.bfloat16, GROUPED | {"attn_implementation": "eager"}, ROTARY),
        ("LlamaForCausalLM", torch.float16, GROUPED, ROTARY),
        (
            "GPTJForCausalLM",
            torch.bfloat16,
            {"vocab_size": 101, "n_embd": 64, "n_layer": 1, "n_head": 8, "rotary_dim": 4},
            ROTARY | {"layout": "pairs", "dims": 4},
        ),
    ],
)
def test_rotary_positions_are_known_in_half_precision(name, dtype, more, rotation):
    with pytest.warns(CaptureWarning, match="recorded in"):
        _, description = recorded(library(name, **more).to(dtype), lambda m: m(IDS))
    assert description["position"] == rotation


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_padding_on_the_left(implementation, tmp_path):
    """Queries of padding may attend to nothing, and each library gives another result; all else holds."""
    model = library("LlamaForCausalLM", attn_implementation=implementation, **GROUPED)
    there = torch.tensor([[0, 0, 0, *[1] * 8]])
    with torch.no_grad(), record(model) as recording:
        model(IDS, attention_mask=there)
    arrays, description = recording.layers["0"]
    assert description["mask"] == {"kind": "custom"}
    told = {"z of queries without keys": "what 3 of 11 give all the same is 0 here"}
    assert description.get("not_written", {}) == (told if implementation == "eager" else {})
    allowed = arrays["mask"][0]
    assert not allowed[:3].any() and np.array_equal(allowed[3:, 3:], np.tri(8, dtype=bool))
    assert {"W_O", "attn_out", "resid_pre"} <= set(arrays) and not arrays["z"][:, :3].any()
    saved(recording, tmp_path)
