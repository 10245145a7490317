"""Ten families against a reference in float64, from the models' own weights by the names of modules."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.capture.record import record  # noqa: E402

HEADS, IDS = 4, torch.randint(3, 100, (2, 9), generator=torch.Generator().manual_seed(3))
SIZES = {
    "vocab_size": 101, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": HEADS, "max_position_embeddings": 64, "initializer_range": 0.3,
}  # fmt: skip
IN_BERT = "attention.self.query attention.self.key attention.self.value attention.output.dense"
BERT = ("encoder.layer.1", IN_BERT)
WRITES = "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj"
# Family: its configuration, the block and the four maps in it, whether it is causal, whether q and k turn.
FAMILIES = {
    "Bert": (SIZES, *BERT, False, False),
    "Roberta": (SIZES, *BERT, False, False),
    "Electra": (SIZES | {"embedding_size": 32}, *BERT, False, False),
    "Ernie": (SIZES, *BERT, False, False),
    "MegatronBert": (SIZES, *BERT, False, False),
    "RobertaPreLayerNorm": (SIZES, *BERT, False, False),
    "DistilBert": (
        {"vocab_size": 101, "dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": HEADS,
         "initializer_range": 0.3},
        "transformer.layer.1",
        "attention.q_lin attention.k_lin attention.v_lin attention.out_lin", False, False),
    "OPT": (SIZES | {"ffn_dim": 48, "word_embed_proj_dim": 32}, "decoder.layers.1",
            WRITES.replace("o_proj", "out_proj"), True, False),
    "Llama": (SIZES | {"num_key_value_heads": HEADS}, "layers.1", WRITES, True, True),
    "Qwen2": (SIZES | {"num_key_value_heads": HEADS}, "layers.1", WRITES, True, True),
}  # fmt: skip


def turned(x):
    """Rotary positions, Su et al. 2021, of [heads, tokens, width] by halves, base 10000."""
    half = x.shape[-1] // 2
    angles = np.arange(x.shape[1])[:, None] * 10000.0 ** (-np.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def reference(model, given, block, maps, causal, rotary):
    """(pattern, z, output, residual) of the second element, from weights and what the maps were given."""
    block = model.get_submodule(block)
    maps, inputs = [block.get_submodule(name) for name in maps.split()], {}

    def keep(module, args, kwargs):
        inputs.setdefault(module, (args or [*kwargs.values()])[0])

    hooks = [one.register_forward_pre_hook(keep, with_kwargs=True) for one in (block, maps[0])]
    with torch.no_grad():
        model(**given)
    for hook in hooks:
        hook.remove()
    x = inputs[maps[0]][1].numpy()

    def through(linear, values):
        made = values @ linear.weight.detach().numpy().T
        return made if linear.bias is None else made + linear.bias.detach().numpy()

    q, k, v = (through(one, x).reshape(len(x), HEADS, -1).transpose(1, 0, 2) for one in maps[:3])
    q, k = (turned(q), turned(k)) if rotary else (q, k)
    logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    logits = np.where(np.tri(len(x), dtype=bool) | (not causal), logits, -np.inf)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    pattern = weights / weights.sum(-1, keepdims=True)
    z = pattern @ v
    output = through(maps[3], z.transpose(1, 0, 2).reshape(len(x), -1))
    return pattern, z, output, inputs[block][1].numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_recorded_is_what_the_weights_say(family):
    config, *own = FAMILIES[family]
    torch.manual_seed(1)
    kind = getattr(transformers, f"{family}Config")
    model = getattr(transformers, f"{family}Model")(kind(**config)).eval().double()
    for parameter in model.parameters():  # the biases of a new model are zeros
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, float(parameter.detach().mean()), 0.2)
    given = {"input_ids": IDS}
    pattern, z, output, stream = reference(model, given, *own)
    with torch.no_grad(), record(model, layers=[1], batch=1) as recording:
        model(**given)
    ((arrays, description),) = recording.layers.values()
    logits = np.einsum("hqd,hkd->hqk", arrays["q"], arrays["k"]) * description["scale"]
    if description["mask"]["kind"] == "causal":
        logits = np.where(np.tri(9, dtype=bool), logits, -np.inf)
    made = np.exp(logits - logits.max(-1, keepdims=True))
    for one, true in (
        (made / made.sum(-1, keepdims=True), pattern),
        (arrays["z"], z),
        (arrays["attn_out"], output),
        (arrays["resid_pre"], stream),
    ):
        assert one.shape == true.shape and np.abs(one - true).max() <= 1e-5 * np.abs(true).max()


@pytest.mark.parametrize("element", [0, 1])
def test_keys_and_values_that_multihead_attention_adds(element):
    """`bias_k` and `bias_v`, and then zeros, stand after the tokens' own: against what torch itself gives."""
    torch.manual_seed(0)
    model = torch.nn.MultiheadAttention(32, 4, batch_first=True, add_bias_kv=True, add_zero_attn=True).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.4)
    x = torch.randn(2, 6, 32)
    with torch.no_grad(), record(model, batch=element) as recording:
        model(x, x, x)
    with torch.no_grad():
        out, patterns = model(x, x, x, average_attn_weights=False)
    arrays, description = recording.layers["0"]
    for name, own in (("k", model.bias_k), ("v", model.bias_v)):
        assert np.array_equal(arrays[name][:, 6], own.detach().reshape(4, 8).numpy())
        assert not arrays[name][:, 7].any()
    scores = arrays["q"].astype(float) @ arrays["k"].swapaxes(1, 2) * description["scale"]
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    assert np.abs(weights - patterns[element].numpy()).max() < 1e-6
    written = np.einsum("hqd,hdm->qm", weights @ arrays["v"], arrays["W_O"]) + arrays["b_O"]
    assert np.abs(written - out[element].numpy()).max() < 1e-5
